//! About how many signs something was done.

use chrono::{DateTime, TimeDelta, Utc};
use entity::sales::opportunity_signal::SignalType;
use rust_decimal::Decimal;
use sea_orm::FromQueryResult;
use serde::Serialize;

use crate::{Error, Result, Tx, input};

/// Which signs to count.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    /// Those seen from then on; `None`: in the 90 days up to the end (seed 002).
    pub from: Option<DateTime<Utc>>,
    /// Those seen before then; `None`: up to now.
    pub to: Option<DateTime<Utc>>,
}

/// About how many signs of a type something was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct TypeRates {
    /// Of what.
    pub signal_type: SignalType,
    /// How many there were.
    pub total_signals: i64,
    /// About how many something was done.
    pub actioned_count: i64,
    /// The same in percent, to two decimals.
    pub action_rate_pct: Decimal,
    /// How strong they were in the mean, to two decimals.
    pub avg_strength: Decimal,
    /// How many hours it took in the mean until something was done, to two decimals; null: nothing
    /// was done about any.
    pub avg_hours_to_action: Option<Decimal>,
}

/// Served by `opportunity_signals_created`. `$3` and `$4` the time, the second excluded.
pub const RATES: &str = "
select s.signal_type, count(*) as total_signals,
       count(*) filter (where s.actioned) as actioned_count,
       round(100.0 * count(*) filter (where s.actioned) / nullif(count(*), 0), 2)
           as action_rate_pct,
       round(avg(s.signal_strength), 2) as avg_strength,
       round(avg(extract(epoch from s.actioned_at - s.created_at) / 3600)
             filter (where s.actioned), 2) as avg_hours_to_action
from opportunity_signals s
where s.tenant_id = $1 and $2 is not null
  and s.created_at >= $3::timestamptz and s.created_at < $4::timestamptz
group by s.signal_type order by s.signal_type";

/// About how many of the signs of a time something was done, for each type that there was, in the
/// order of the types' names.
///
/// # Errors
///
/// [`Error::Invalid`] if the time ends before it begins.
#[tracing::instrument(name = "opportunity_signal::rates", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn rates(tx: &Tx, ask: &Rates) -> Result<Vec<TypeRates>> {
    let to = ask.to.unwrap_or(tx.now());
    input::at("to", to)?;
    let from = ask.from.unwrap_or(to - TimeDelta::days(90));
    input::at("from", from)?;
    if from > to {
        return Err(Error::invalid("from", "must not be after the end"));
    }
    let question = tx.ask(RATES, [from.into(), to.into()]);
    Ok(TypeRates::find_by_statement(question).all(tx).await?)
}
