//! How many of the quotes that ended were won.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use sea_orm::FromQueryResult;
use serde::Serialize;

use crate::{Error, Result, Tx, input};

/// Which quotes to count.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    /// Those created from then on; `None`: in the 90 days up to now (seed 002).
    pub from: Option<DateTime<Utc>>,
    /// Those created before then; `None`: up to now.
    pub to: Option<DateTime<Utc>>,
}

/// How many of the quotes that ended were won. A quote without a recorded outcome counts by its
/// answer: accepted as won, rejected as lost. Versions that were replaced are left out. A rate of
/// nothing is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct WinRates {
    /// How many were accepted, rejected or expired.
    pub total_quotes: i64,
    /// How many of them were won.
    pub won_count: i64,
    /// How many went to somebody else.
    pub lost_count: i64,
    /// How many the buyer never decided.
    pub no_decision_count: i64,
    /// How many expired, whatever their outcome.
    pub expired_count: i64,
    /// Won in percent of all that ended, to two decimals.
    pub win_rate_pct: Option<Decimal>,
    /// Won in percent of won and lost, to two decimals.
    pub decided_win_rate_pct: Option<Decimal>,
    /// The mean amount of those that were won in the tenant's currency, to two decimals.
    pub avg_won_amount: Option<Decimal>,
    /// The mean amount of those that were lost in the tenant's currency, to two decimals.
    pub avg_lost_amount: Option<Decimal>,
}

/// Served by `quotes_closed`. `$3` and `$4` the time of creation, the second excluded.
pub const WIN_RATES: &str = "
select count(*) as total_quotes,
       count(*) filter (where q.outcome = 'won') as won_count,
       count(*) filter (where q.outcome = 'lost') as lost_count,
       count(*) filter (where q.outcome = 'no_decision') as no_decision_count,
       count(*) filter (where q.status = 'expired') as expired_count,
       round(100.0 * count(*) filter (where q.outcome = 'won') / nullif(count(*), 0), 2)
           as win_rate_pct,
       round(100.0 * count(*) filter (where q.outcome = 'won')
             / nullif(count(*) filter (where q.outcome in ('won', 'lost')), 0), 2)
           as decided_win_rate_pct,
       round(avg(q.total_amount) filter (where q.outcome = 'won' and q.currency = t.currency), 2)
           as avg_won_amount,
       round(avg(q.total_amount) filter (where q.outcome = 'lost' and q.currency = t.currency), 2)
           as avg_lost_amount
from quotes r join tenants t on t.id = $1
cross join lateral (
    select r.status, r.total_amount, r.currency,
           coalesce(r.outcome, case r.status when 'accepted' then 'won'
                                             when 'rejected' then 'lost' end) as outcome) q
where r.tenant_id = $1 and r.status in ('accepted', 'rejected', 'expired')
  and r.deleted_at is null and r.superseded_at is null and $2 is not null
  and r.created_at >= $3::timestamptz and r.created_at < $4::timestamptz";

/// How many of the quotes that were created in a time and have ended since were won.
///
/// # Errors
///
/// [`Error::Invalid`] if the time ends before it begins.
#[tracing::instrument(name = "quote::win_rates", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn win_rates(tx: &Tx, ask: &Rates) -> Result<WinRates> {
    let to = ask.to.unwrap_or(tx.now());
    input::at("to", to)?;
    let from = ask.from.unwrap_or(to - TimeDelta::days(90));
    input::at("from", from)?;
    if from > to {
        return Err(Error::invalid("from", "must not be after the end"));
    }
    let question = tx.ask(WIN_RATES, [from.into(), to.into()]);
    let found = WinRates::find_by_statement(question).one(tx).await?;
    found.ok_or(Error::NotFound("rates"))
}
