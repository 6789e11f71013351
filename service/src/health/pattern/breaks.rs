//! The clients who called less than was to be expected.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    email::Email,
    health::{client_health_score::Zone, pattern::Status},
    id::{ClientHealthScoreId, ClientId},
};
use rust_decimal::Decimal;
use sea_orm::{ActiveEnum, FromQueryResult};
use serde::{Deserialize, Serialize};

use crate::{Error, Page, Result, Tx, input, page};

/// Which breaks to read.
#[derive(Clone, Debug)]
pub struct Breaks {
    /// Those found in so many days, of 24 hours, up to now: 0 to 3650. (Seed 003: 7.)
    pub days_back: i64,
    /// How many to read at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before this one ended.
    pub after: Option<After>,
}

impl Default for Breaks {
    fn default() -> Self {
        Self { days_back: 7, limit: 50, after: None }
    }
}

/// Where a page of breaks ended, and for what time the list was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    as_of: DateTime<Utc>,
    status: Status,
    lost_calls: Decimal,
    id: ClientHealthScoreId,
}

/// A client who called less than was to be expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct Break {
    /// The client's row.
    pub id: ClientHealthScoreId,
    /// What the client is known by.
    pub client_email: Email,
    /// First and last name; the e-mail address, where either is unknown.
    pub client_name: String,
    /// The customer that the client belongs to, where that is known.
    pub client_id: Option<ClientId>,
    /// How bad it is: a break, or below pattern.
    pub pattern_status: Status,
    /// Calls in the week that began at `week_start`, up to `checked_at`.
    pub calls_this_week: i32,
    /// The usual number of calls in a whole week.
    pub avg_calls_per_week: Decimal,
    /// How many there should have been by then.
    pub expected_calls: Decimal,
    /// How many of those are missing. The list is in order of this, breaks first.
    pub lost_calls: Decimal,
    /// By how many percent the calls differ from what was expected; null: nothing was expected.
    pub deviation_pct: Option<Decimal>,
    /// The Monday that the figures are about.
    pub week_start: DateTime<Utc>,
    /// When they were computed.
    pub checked_at: DateTime<Utc>,
    /// How healthy the client is otherwise, where that was computed.
    pub health_zone: Option<Zone>,
    /// Who looks after the client.
    pub assigned_coach: Option<String>,
}

/// Served by `client_health_scores_breaks`. `$3` rows, `$4` found since; `$5` to `$7` the cursor:
/// status, lost calls, id.
pub const BREAKS: &str = "
select c.id, c.email as client_email,
       coalesce(c.firstname || ' ' || c.lastname, c.email) as client_name,
       c.client_id, c.pattern_status, c.calls_this_week, c.avg_calls_per_week, c.expected_calls,
       c.lost_calls, c.deviation_pct, c.pattern_week_start as week_start,
       c.last_pattern_check as checked_at, c.health_zone, c.assigned_coach
from client_health_scores c
where c.tenant_id = $1 and c.pattern_status in ('PATTERN_BREAK', 'BELOW_PATTERN')
  and c.last_pattern_check >= $4::timestamptz and c.last_pattern_check <= $2
  and ($7::uuid is null or c.pattern_status < $5::text
       or (c.pattern_status = $5::text and (c.lost_calls < $6::numeric
           or (c.lost_calls = $6::numeric and c.id > $7::uuid))))
order by c.pattern_status desc, c.lost_calls desc, c.id
limit $3";

/// The clients who were last found to break their pattern, or to be below it: breaks first, and of
/// each kind those first of whom the most calls are missing.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000, or the days are not from 0 to 3650.
#[tracing::instrument(name = "pattern::breaks", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn breaks(tx: &Tx, ask: &Breaks) -> Result<Page<Break, After>> {
    page::check(ask.limit)?;
    if !(0..=3650).contains(&ask.days_back) {
        return Err(Error::invalid("days_back", "must be from 0 to 3650"));
    }
    let as_of = ask.after.map_or(tx.now(), |after| after.as_of);
    input::at("after", as_of)?;
    let rows = i64::try_from(ask.limit + 1).unwrap_or(i64::MAX);
    let since = as_of - TimeDelta::days(ask.days_back);
    let question = tx.ask_at(
        as_of,
        BREAKS,
        [
            rows.into(),
            since.into(),
            ask.after.map(|a| a.status.to_value()).into(),
            ask.after.map(|a| a.lost_calls).into(),
            ask.after.map(|a| a.id).into(),
        ],
    );
    let found = Break::find_by_statement(question).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, ask.limit, |client| After {
        as_of,
        status: client.pattern_status,
        lost_calls: client.lost_calls,
        id: client.id,
    }))
}
