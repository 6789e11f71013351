//! How many checks were completed, and how many in time.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use sea_orm::FromQueryResult;
use serde::Serialize;

use crate::{Error, Result, Tx, input};

/// Which checks to count.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    /// From then on; `None`: the 90 days up to the end (seed 002).
    pub from: Option<DateTime<Utc>>,
    /// Before then; `None`: up to now.
    pub to: Option<DateTime<Utc>>,
}

/// How the checks of one type fared. A rate of nothing is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct CompletionRate {
    /// The type.
    pub compliance_type: String,
    /// How many checks were made in the time.
    pub total_checks: i64,
    /// How many of them were completed.
    pub completed_count: i64,
    /// How many of them are open and late.
    pub overdue_count: i64,
    /// How many of them were waived.
    pub waived_count: i64,
    /// Completed in percent of all that were made, to two decimals (seed 002).
    pub completion_rate_pct: Option<Decimal>,
    /// Whole days of 24 hours from making to completing, on average, to two decimals.
    pub avg_days_to_complete: Option<Decimal>,
    /// How many checks fell due in the time, but for those that were waived or cancelled. Those that
    /// were skipped are among them.
    pub due_count: i64,
    /// How many of those were completed before their due day ended.
    pub on_time_count: i64,
    /// That in percent, to two decimals.
    pub on_time_rate_pct: Option<Decimal>,
}

/// Served by `compliance_checks_created`, `compliance_checks_due` and `compliance_checks_closed`.
/// `$3` and `$4` the time, the second excluded.
pub const RATES: &str = "
with made as (
    select c.compliance_type, count(*) as total,
           count(*) filter (where c.status = 'completed') as completed,
           count(*) filter (where c.due_at <= $2 and c.status in
               ('pending', 'in_progress', 'awaiting_response', 'overdue', 'escalated')) as overdue,
           count(*) filter (where c.status = 'waived') as waived,
           round(avg(floor(extract(epoch from c.completed_at - c.created_at) / 86400)), 2) as days
    from compliance_checks c
    where c.tenant_id = $1 and c.created_at >= $3::timestamptz and c.created_at < $4::timestamptz
    group by c.compliance_type
),
fell_due as (
    select c.compliance_type, c.status, c.completed_at, c.due_at
    from compliance_checks c
    where c.tenant_id = $1 and c.due_at >= $3::timestamptz and c.due_at < $4::timestamptz
      and c.status in ('pending', 'in_progress', 'awaiting_response', 'overdue', 'escalated')
    union all
    select c.compliance_type, c.status, c.completed_at, c.due_at
    from compliance_checks c
    where c.tenant_id = $1 and c.due_at >= $3::timestamptz and c.due_at < $4::timestamptz
      and c.status in ('completed', 'waived', 'skipped', 'cancelled')
),
due as (
    select f.compliance_type,
           count(*) filter (where f.status not in ('waived', 'cancelled')) as due,
           count(*) filter (where f.completed_at < f.due_at) as on_time
    from fell_due f
    group by f.compliance_type
)
select coalesce(m.compliance_type, d.compliance_type) as compliance_type,
       coalesce(m.total, 0) as total_checks, coalesce(m.completed, 0) as completed_count,
       coalesce(m.overdue, 0) as overdue_count, coalesce(m.waived, 0) as waived_count,
       round(100.0 * m.completed / nullif(m.total, 0), 2) as completion_rate_pct,
       m.days as avg_days_to_complete, coalesce(d.due, 0) as due_count,
       coalesce(d.on_time, 0) as on_time_count,
       round(100.0 * d.on_time / nullif(d.due, 0), 2) as on_time_rate_pct
from made m full join due d on d.compliance_type = m.compliance_type
order by 1";

/// How the checks of each type fared, by type: of those that were made in a time, and of those that
/// fell due in it.
///
/// # Errors
///
/// [`Error::Invalid`] if the time ends before it begins.
#[tracing::instrument(name = "compliance_check::completion_rates", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn completion_rates(tx: &Tx, ask: &Rates) -> Result<Vec<CompletionRate>> {
    let to = ask.to.unwrap_or(tx.now());
    input::at("to", to)?;
    let from = ask.from.unwrap_or(to - TimeDelta::days(90));
    input::at("from", from)?;
    if from > to {
        return Err(Error::invalid("from", "must not be after the end"));
    }
    let question = tx.ask(RATES, [from.into(), to.into()]);
    let found = CompletionRate::find_by_statement(question).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}
