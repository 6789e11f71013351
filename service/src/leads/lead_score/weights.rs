//! What each component counts for. The one place that knows where that is settled.

use super::Weights;
use crate::{Result, Tx};

/// What the components count for with whoever settles nothing.
pub(super) const DEFAULT: Weights =
    Weights { qualification: 4000, engagement: 3000, intent: 2000, demographic: 1000 };

/// What each component counts for with the tenant, in ten-thousandths.
///
/// # Errors
///
/// [`Error::Conflict`](crate::Error::Conflict) if what is settled cannot be read.
#[tracing::instrument(name = "lead_score::weights", skip_all, fields(tenant = %tx.context().tenant))]
#[expect(clippy::unused_async, reason = "it is read from `system_config`, once that is there")]
pub async fn weights(tx: &Tx) -> Result<Weights> {
    let _ = tx;
    Ok(DEFAULT)
}
