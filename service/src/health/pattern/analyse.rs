//! Looking at all of a tenant's clients, some at a time.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use entity::{
    email::Email,
    health::pattern::{self, Column, Rule, Status},
    id::{ClientHealthScoreId, PatternId},
    zone::{date_at, day_start, week_before, week_start},
};
use sea_orm::{
    ActiveEnum, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, Set, Statement, Value,
    sea_query::OnConflict,
};

use super::judge::{BASELINE_WEEKS, Judged, Seen, judge, judge_as_seed};
use crate::{Result, Tx, health::Failure, page};

/// How many clients to look at, and how.
#[derive(Clone, Debug)]
pub struct Analyse {
    /// How many at once, 1 to 1000.
    pub limit: u64,
    /// By which rule.
    pub rule: Rule,
}

impl Default for Analyse {
    fn default() -> Self {
        Self { limit: 500, rule: Rule::Fair }
    }
}

/// What came of looking at some clients.
#[derive(Debug, Default)]
pub struct Analysed {
    /// How many were looked at, with success or without. 0: all of them have been today, or
    /// somebody else is at the rest.
    pub looked_at: usize,
    /// How many were found in each state.
    pub found: HashMap<Status, usize>,
    /// Those that could not be looked at. They are tried again tomorrow.
    pub failed: Vec<Failure>,
}

/// Served by `client_health_scores_pattern_queue`: who was never looked at, then who was longest
/// ago, leaving out those that somebody else is looking at. `$3` rows, `$4` the start of the day.
pub const QUEUE: &str = "
with never as materialized (
    select c.id from client_health_scores c
    where c.tenant_id = $1 and c.pattern_attempted_at is null
    order by c.id limit $3 for update skip locked
),
before as materialized (
    select c.id from client_health_scores c
    where c.tenant_id = $1 and c.pattern_attempted_at < $4
    order by c.pattern_attempted_at nulls first, c.id limit $3 for update skip locked
)
update client_health_scores c set pattern_attempted_at = $2
from (select id from never union all select id from before limit $3) q
where c.tenant_id = $1 and c.id = q.id
returning c.id, c.email, c.pattern_status, c.last_pattern_check";

/// Served by `call_records_held`. `$3` e-mail addresses, `$4` the start of the baseline, `$5` the
/// start of this week.
pub const COUNTS: &str = "
select e.email,
       (select min(r.call_date) from call_records r
        where r.tenant_id = $1 and r.client_email = e.email and r.status = 'COMPLETED'
          and r.call_type in ('PHONE', 'WHATSAPP', 'IN_PERSON') and r.call_date <= $2)
           as first_call,
       (select max(r.call_date) from call_records r
        where r.tenant_id = $1 and r.client_email = e.email and r.status = 'COMPLETED'
          and r.call_type in ('PHONE', 'WHATSAPP', 'IN_PERSON') and r.call_date <= $2)
           as last_call,
       (select count(*) from call_records r
        where r.tenant_id = $1 and r.client_email = e.email and r.status = 'COMPLETED'
          and r.call_type in ('PHONE', 'WHATSAPP', 'IN_PERSON')
          and r.call_date >= $4::timestamptz and r.call_date < $5::timestamptz) as before,
       (select count(*) from call_records r
        where r.tenant_id = $1 and r.client_email = e.email and r.status = 'COMPLETED'
          and r.call_type in ('PHONE', 'WHATSAPP', 'IN_PERSON')
          and r.call_date >= $5::timestamptz and r.call_date <= $2) as this_week
from unnest($3::text[]) e (email)";

/// Served by `call_records_of_client`. As above, but of every kind and by when they were recorded;
/// `$4` thirty days ago.
pub const SEED_COUNTS: &str = "
select e.email, null::timestamptz as first_call, null::timestamptz as last_call,
       (select count(*) from call_records r
        where r.tenant_id = $1 and r.client_email = e.email
          and r.created_at >= $4::timestamptz and r.created_at <= $2) as before,
       (select count(*) from call_records r
        where r.tenant_id = $1 and r.client_email = e.email
          and r.created_at >= $5::timestamptz and r.created_at <= $2) as this_week
from unnest($3::text[]) e (email)";

#[derive(FromQueryResult)]
struct Queued {
    id: ClientHealthScoreId,
    email: Email,
    pattern_status: Status,
    last_pattern_check: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct Counted {
    email: String,
    first_call: Option<DateTime<Utc>>,
    last_call: Option<DateTime<Utc>>,
    before: i64,
    this_week: i64,
}

/// What is to be written about a client.
struct Entry {
    client: Queued,
    this_week: i64,
    judged: Judged,
}

/// The day and the weeks of a look.
struct Calendar {
    rule: Rule,
    zone: Tz,
    now: DateTime<Utc>,
    today: NaiveDate,
    week: (DateTime<Utc>, DateTime<Utc>),
    baseline: DateTime<Utc>,
}

/// Looks at up to `limit` clients who have not been looked at today, by the tenant's calendar, the
/// longest ago first. Call it, each time in a transaction of its own, until nobody is left: what was
/// committed is not done again, so that a run which was cut off goes on where it was, and several
/// may run at once. A client looked at again on the same day has one row for it.
///
/// A client whose figures cannot be written is told of, keeps the old ones, and stops nobody else.
///
/// # Errors
///
/// [`Invalid`](crate::Error::Invalid) if the limit is not from 1 to 1000; [`NotFound`](crate::Error::NotFound) if the tenant has not
/// been opened; [`Database`](crate::Error::Database).
#[tracing::instrument(name = "pattern::analyse", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn analyse(tx: &Tx, ask: &Analyse) -> Result<Analysed> {
    page::check(ask.limit)?;
    let calendar = Calendar::of(tx.zone().await?, tx.now(), ask.rule);
    let rows = i64::try_from(ask.limit).unwrap_or(i64::MAX);
    let day = day_start(calendar.zone, calendar.today);
    let queued =
        Queued::find_by_statement(tx.ask(QUEUE, [rows.into(), day.into()])).all(tx).await?;
    tracing::Span::current().record("rows", queued.len());
    let mut analysed = Analysed { looked_at: queued.len(), ..Analysed::default() };
    if queued.is_empty() {
        return Ok(analysed);
    }
    let entries = judged(tx, queued, &calendar).await?;
    let refused = tx.attempt_each(&entries, |some| Box::pin(write(tx, some, &calendar))).await?;
    let mut refused: HashMap<_, _> = refused.into_iter().collect();
    for (place, entry) in entries.into_iter().enumerate() {
        match refused.remove(&place) {
            None => *analysed.found.entry(entry.judged.status).or_default() += 1,
            Some(error) => analysed.failed.push(Failure { client: entry.client.id, error }),
        }
    }
    Ok(analysed)
}

impl Calendar {
    fn of(zone: Tz, now: DateTime<Utc>, rule: Rule) -> Self {
        // The seed's server counts weeks in its own zone, which is UTC.
        let (weeks_in, baseline) = match rule {
            Rule::Fair => (zone, week_before(zone, now, BASELINE_WEEKS)),
            Rule::Seed => (Tz::UTC, now - TimeDelta::days(30)),
        };
        let week = (week_start(weeks_in, now), week_before(weeks_in, now, -1));
        Self { rule, zone, now, today: date_at(zone, now), week, baseline }
    }

    /// How many of the complete weeks of the baseline a client was there for.
    fn weeks(&self, first_call: Option<DateTime<Utc>>) -> i64 {
        let there = |weeks: &i64| {
            first_call.is_some_and(|first| first < week_before(self.zone, self.now, weeks - 1))
        };
        (1..=BASELINE_WEEKS).filter(there).count().try_into().unwrap_or(0)
    }

    fn judge(&self, client: &Queued, of: &Counted) -> Judged {
        match self.rule {
            Rule::Seed => judge_as_seed(of.before, of.this_week),
            Rule::Fair => judge(&Seen {
                now: self.now,
                week: self.week,
                weeks: self.weeks(of.first_call),
                before: of.before,
                this_week: of.this_week,
                last_call: of.last_call,
                last_found: client.last_pattern_check.map(|at| (client.pattern_status, at)),
            }),
        }
    }
}

async fn judged(tx: &Tx, queued: Vec<Queued>, calendar: &Calendar) -> Result<Vec<Entry>> {
    let emails: Vec<String> = queued.iter().map(|c| c.email.as_str().to_owned()).collect();
    let counts = match calendar.rule {
        Rule::Fair => COUNTS,
        Rule::Seed => SEED_COUNTS,
    };
    let rest = [emails.into(), calendar.baseline.into(), calendar.week.0.into()];
    let counted = Counted::find_by_statement(tx.ask(counts, rest)).all(tx).await?;
    let mut counted: HashMap<_, _> = counted.into_iter().map(|c| (c.email.clone(), c)).collect();
    let entries = queued.into_iter().filter_map(|client| {
        let of = counted.remove(client.email.as_str())?;
        let judged = calendar.judge(&client, &of);
        Some(Entry { client, this_week: of.this_week, judged })
    });
    Ok(entries.collect())
}

/// Writes what was found: the day's row of the history, and the client's own.
async fn write(tx: &Tx, entries: &[Entry], calendar: &Calendar) -> Result<()> {
    const AT_ONCE: usize = 500; // of one size, so that the statement is prepared once
    let again = OnConflict::columns([Column::TenantId, Column::ClientEmail, Column::AnalysisDate])
        .update_columns([
            Column::WeekStart,
            Column::CallsThisWeek,
            Column::AvgCallsPerWeek,
            Column::ExpectedCalls,
            Column::DeviationPct,
            Column::PatternStatus,
            Column::Rule,
            Column::UpdatedAt,
        ])
        .to_owned();
    for chunk in entries.chunks(AT_ONCE) {
        let history = chunk.iter().map(|entry| pattern::ActiveModel {
            tenant_id: Set(tx.context().tenant),
            id: Set(PatternId::new()),
            client_email: Set(entry.client.email.clone()),
            analysis_date: Set(calendar.today),
            week_start: Set(Some(calendar.week.0)),
            calls_this_week: Set(whole(entry.this_week)),
            avg_calls_per_week: Set(entry.judged.average),
            expected_calls: Set(entry.judged.expected),
            deviation_pct: Set(entry.judged.deviation_pct),
            pattern_status: Set(entry.judged.status),
            rule: Set(calendar.rule),
            created_at: Set(tx.now()),
            updated_at: Set(tx.now()),
        });
        #[expect(clippy::disallowed_methods, reason = "the rows name the transaction's tenant")]
        let insert = pattern::Entity::insert_many(history).on_conflict(again.clone());
        insert.exec_without_returning(tx).await?;
        tx.execute_raw(update(tx, chunk, calendar)).await?;
    }
    Ok(())
}

/// Found by the primary key.
fn update(tx: &Tx, entries: &[Entry], calendar: &Calendar) -> Statement {
    let mut values: Vec<Value> =
        vec![tx.context().tenant.into(), tx.now().into(), calendar.week.0.into()];
    let mut rows = vec![];
    for Entry { client, this_week, judged } in entries {
        let [id, status, calls, average, expected, deviation] =
            std::array::from_fn(|column| values.len() + 1 + column);
        rows.push(format!(
            "(${id}::uuid, ${status}::text, ${calls}::int, ${average}::numeric, \
             ${expected}::numeric, ${deviation}::numeric)"
        ));
        values.extend([
            client.id.into(),
            judged.status.to_value().into(),
            whole(*this_week).into(),
            judged.average.into(),
            judged.expected.into(),
            judged.deviation_pct.into(),
        ]);
    }
    let sql = format!(
        "update client_health_scores c
         set pattern_status = v.status, calls_this_week = v.calls, avg_calls_per_week = v.average,
             expected_calls = v.expected, lost_calls = v.expected - v.calls,
             deviation_pct = v.deviation, pattern_week_start = $3, last_pattern_check = $2,
             updated_at = $2
         from (values {}) v (id, status, calls, average, expected, deviation)
         where c.tenant_id = $1 and c.id = v.id",
        rows.join(", ")
    );
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

fn whole(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
