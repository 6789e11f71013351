//! What each component counts for. The one place that knows where that is settled.

use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::Weights;
use crate::{
    Result, Tx,
    leads::system_config::{self, ScoringWeights},
};

/// What the components count for with whoever settles nothing.
pub(super) const DEFAULT: Weights =
    Weights { qualification: 4000, engagement: 3000, intent: 2000, demographic: 1000 };

/// What each component counts for with the tenant, in ten-thousandths.
///
/// # Errors
///
/// [`Error::Conflict`](crate::Error::Conflict) if what is settled cannot be read.
#[tracing::instrument(name = "lead_score::weights", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn weights(tx: &Tx) -> Result<Weights> {
    let settled = system_config::get::<ScoringWeights>(tx).await?;
    // Of at most four decimals, and so whole.
    let whole = |weight: Decimal| (weight * Decimal::from(10_000)).to_i64().unwrap_or_default();
    Ok(Weights {
        qualification: whole(settled.qualification),
        engagement: whole(settled.engagement),
        intent: whole(settled.intent),
        demographic: whole(settled.demographic),
    })
}
