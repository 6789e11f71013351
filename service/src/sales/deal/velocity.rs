//! How long deals stay in each stage.

use chrono::{DateTime, TimeDelta, Utc};
use entity::sales::deal::Stage;
use rust_decimal::Decimal;
use sea_orm::FromQueryResult;
use serde::Serialize;

use crate::{Error, Result, Tx, input};

/// How long deals stayed in a stage that they left in some time. The days are those spent in `stage`
/// itself: what became of the deal says nothing about how long that takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct StageVelocity {
    /// The stage that they left.
    pub stage: Stage,
    /// How many times one did.
    pub transitions: i64,
    /// Whole days that they had been there, in the mean, to two decimals.
    pub avg_days: Decimal,
    /// Half of them were there as long as that or less, to two decimals.
    pub median_days: Decimal,
    /// The shortest stay.
    pub min_days: i32,
    /// The longest.
    pub max_days: i32,
}

/// Served by `deal_stage_history_velocity`. `$3` since when.
pub const VELOCITY: &str = "
select h.from_stage as stage, count(*) as transitions,
       round(avg(h.days_in_previous_stage), 2) as avg_days,
       round((percentile_cont(0.5) within group (order by h.days_in_previous_stage))::numeric, 2)
           as median_days,
       min(h.days_in_previous_stage) as min_days, max(h.days_in_previous_stage) as max_days
from deal_stage_history h
where h.tenant_id = $1 and h.changed_at >= $3::timestamptz and h.changed_at <= $2
  and h.from_stage is not null
group by h.from_stage order by avg_days desc, h.from_stage";

/// How long deals stayed in each stage that any left since `since` (`None`: in the last 90 days, seed
/// 002), the slowest first. The same as the view `deal_stage_velocity` says.
///
/// # Errors
///
/// [`Error::Invalid`] if `since` is in the future.
#[tracing::instrument(name = "deal::velocity", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn velocity(tx: &Tx, since: Option<DateTime<Utc>>) -> Result<Vec<StageVelocity>> {
    let since = since.unwrap_or(tx.now() - TimeDelta::days(90));
    input::at("since", since)?;
    if since > tx.now() {
        return Err(Error::invalid("since", "must not be in the future"));
    }
    let question = tx.ask(VELOCITY, [since.into()]);
    let found = StageVelocity::find_by_statement(question).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}
