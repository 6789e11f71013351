//! Scoring all of a tenant's clients, some at a time.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use entity::{
    email::Email,
    health::{
        client_health_score::Zone,
        client_lifecycle_history::{self, Column},
    },
    id::{ClientHealthScoreId, ClientLifecycleHistoryId},
    zone::{date_at, day_start, instant, week_before, week_start},
};
use rust_decimal::{Decimal, RoundingStrategy};
use sea_orm::{
    ActiveEnum, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, Set, Statement, Value,
    sea_query::OnConflict,
};

use super::score::{Scored, Seen, score};
use crate::{Result, Tx, health::Failure, page};

/// How many clients to score.
#[derive(Clone, Debug)]
pub struct Compute {
    /// How many at once, 1 to 1000.
    pub limit: u64,
}

impl Default for Compute {
    fn default() -> Self {
        Self { limit: 1000 }
    }
}

/// What came of scoring some clients.
#[derive(Debug, Default)]
pub struct Computed {
    /// How many were looked at, with success or without. 0: all of them have been today, or
    /// somebody else is at the rest.
    pub looked_at: usize,
    /// How many fell into each zone.
    pub found: HashMap<Zone, usize>,
    /// Of how many neither a session nor a package is known: they have no score and no zone.
    pub unknown: usize,
    /// Those that could not be scored. They are tried again tomorrow.
    pub failed: Vec<Failure>,
}

/// Served by `client_health_scores_score_queue`: who was never scored, then who was longest ago,
/// leaving out those that somebody else is at. `$3` rows, `$4` the start of the day.
pub const QUEUE: &str = "
with never as materialized (
    select c.id from client_health_scores c
    where c.tenant_id = $1 and c.score_attempted_at is null
    order by c.id limit $3 for update skip locked
),
before as materialized (
    select c.id from client_health_scores c
    where c.tenant_id = $1 and c.score_attempted_at < $4
    order by c.score_attempted_at nulls first, c.id limit $3 for update skip locked
)
update client_health_scores c set score_attempted_at = $2
from (select id from never union all select id from before limit $3) q
where c.tenant_id = $1 and c.id = q.id
returning c.id, c.email, c.health_zone, c.sessions_purchased, c.outstanding_sessions";

/// Served by `client_sessions_attended` and `call_records_held`: what is known of each client's
/// sessions and calls, in one statement. `$3` e-mail addresses; `$4`, `$5` and `$6` the same civil
/// time seven, thirty and ninety days ago; `$7` and `$8` the starts of this week and the last.
pub const COUNTS: &str = "
select e.email,
       (select max(s.held_at) from client_sessions s
        where s.tenant_id = $1 and s.client_email = e.email and s.status = 'attended'
          and s.held_at <= $2) as last_session,
       (select max(r.call_date) from call_records r
        where r.tenant_id = $1 and r.client_email = e.email and r.status = 'COMPLETED'
          and r.call_type in ('PHONE', 'WHATSAPP', 'IN_PERSON') and r.call_date <= $2)
           as last_call,
       n.sessions_7d, n.sessions_30d, n.sessions_90d, n.this_week, n.last_week, n.last_week_so_far
from unnest($3::text[]) e (email)
cross join lateral (
    select count(*) filter (where s.held_at > $4::timestamptz) as sessions_7d,
           count(*) filter (where s.held_at > $5::timestamptz) as sessions_30d,
           count(*) as sessions_90d,
           count(*) filter (where s.held_at >= $7::timestamptz) as this_week,
           count(*) filter (where s.held_at >= $8::timestamptz and s.held_at < $7::timestamptz)
               as last_week,
           count(*) filter (where s.held_at >= $8::timestamptz and s.held_at < $7::timestamptz
                              and s.held_at <= $4::timestamptz) as last_week_so_far
    from client_sessions s
    where s.tenant_id = $1 and s.client_email = e.email and s.status = 'attended'
      and s.held_at > $6::timestamptz and s.held_at <= $2
) n";

#[derive(FromQueryResult)]
struct Queued {
    id: ClientHealthScoreId,
    email: Email,
    health_zone: Option<Zone>,
    sessions_purchased: i32,
    outstanding_sessions: i32,
}

#[derive(FromQueryResult)]
struct Counted {
    email: String,
    last_session: Option<DateTime<Utc>>,
    last_call: Option<DateTime<Utc>>,
    sessions_7d: i64,
    sessions_30d: i64,
    sessions_90d: i64,
    this_week: i64,
    last_week: i64,
    last_week_so_far: i64,
}

/// What is to be written about a client.
struct Entry {
    client: Queued,
    counted: Counted,
    days_since_last: Option<i32>,
    days_inactive: Option<i32>,
    scored: Option<Scored>,
}

/// The day, the week and the windows of a look.
struct Calendar {
    zone: Tz,
    now: DateTime<Utc>,
    today: NaiveDate,
    /// The Sunday that ends this week.
    sunday: NaiveDate,
}

/// Scores up to `limit` clients who have not been scored today, by the tenant's calendar, the
/// longest ago first, from their sessions, their calls and their package, and writes down how their
/// week is going. Call it, each time in a transaction of its own, until nobody is left: what was
/// committed is not done again, so that a run which was cut off goes on where it was, and several
/// may run at once.
///
/// A session counts if it was attended, at the time at which it was held. The windows of 7, 30 and
/// 90 days reach back to the same civil time so many days ago, that instant left out and this one
/// included; days since a session, or since any contact, are civil days in the tenant's zone.
///
/// Without a known package a client is scored from the rest, and the coverage says so. One
/// whose figures cannot be written is told of, keeps the old ones, and stops nobody else.
///
/// # Errors
///
/// [`Invalid`](crate::Error::Invalid) if the limit is not from 1 to 1000; [`NotFound`](crate::Error::NotFound) if the tenant has not
/// been opened; [`Database`](crate::Error::Database).
#[tracing::instrument(name = "client_health_score::compute", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn compute(tx: &Tx, ask: &Compute) -> Result<Computed> {
    page::check(ask.limit)?;
    let calendar = Calendar::of(tx.zone().await?, tx.now());
    let rows = i64::try_from(ask.limit).unwrap_or(i64::MAX);
    let day = day_start(calendar.zone, calendar.today);
    let queued =
        Queued::find_by_statement(tx.ask(QUEUE, [rows.into(), day.into()])).all(tx).await?;
    tracing::Span::current().record("rows", queued.len());
    let mut computed = Computed { looked_at: queued.len(), ..Computed::default() };
    if queued.is_empty() {
        return Ok(computed);
    }
    let entries = scored(tx, queued, &calendar).await?;
    let refused = tx.attempt_each(&entries, |some| Box::pin(write(tx, some, &calendar))).await?;
    let mut refused: HashMap<_, _> = refused.into_iter().collect();
    for (place, entry) in entries.into_iter().enumerate() {
        match refused.remove(&place) {
            None => computed.count(&entry),
            Some(error) => computed.failed.push(Failure { client: entry.client.id, error }),
        }
    }
    Ok(computed)
}

impl Computed {
    fn count(&mut self, entry: &Entry) {
        match &entry.scored {
            Some(scored) => *self.found.entry(scored.zone).or_default() += 1,
            None => self.unknown += 1,
        }
    }
}

impl Calendar {
    fn of(zone: Tz, now: DateTime<Utc>) -> Self {
        let sunday = date_at(zone, week_start(zone, now)) + TimeDelta::days(6);
        Self { zone, now, today: date_at(zone, now), sunday }
    }

    /// The same civil time so many days ago.
    fn ago(&self, days: u64) -> DateTime<Utc> {
        instant(self.zone, self.now.with_timezone(&self.zone).naive_local() - Days::new(days))
    }

    fn days_since(&self, at: DateTime<Utc>) -> i32 {
        (self.today - date_at(self.zone, at)).num_days().try_into().unwrap_or(i32::MAX)
    }

    fn entry(&self, client: Queued, counted: Counted) -> Entry {
        let days_since_last = counted.last_session.map(|at| self.days_since(at));
        let last_contact = counted.last_session.max(counted.last_call);
        let scored = score(&Seen {
            sessions_7d: counted.sessions_7d,
            sessions_30d: counted.sessions_30d,
            days_since_last: days_since_last.map(i64::from),
            outstanding: client.outstanding_sessions.into(),
            purchased: client.sessions_purchased.into(),
        });
        let days_inactive = last_contact.map(|at| self.days_since(at));
        Entry { client, counted, days_since_last, days_inactive, scored }
    }
}

async fn scored(tx: &Tx, queued: Vec<Queued>, calendar: &Calendar) -> Result<Vec<Entry>> {
    let emails: Vec<String> = queued.iter().map(|c| c.email.as_str().to_owned()).collect();
    let [week, month, quarter] = [7, 30, 90].map(|days| calendar.ago(days));
    let [this_week, last_week] =
        [0, 1].map(|weeks| week_before(calendar.zone, calendar.now, weeks));
    let rest: [Value; 6] = [
        emails.into(),
        week.into(),
        month.into(),
        quarter.into(),
        this_week.into(),
        last_week.into(),
    ];
    let counted = Counted::find_by_statement(tx.ask(COUNTS, rest)).all(tx).await?;
    let mut counted: HashMap<_, _> = counted.into_iter().map(|c| (c.email.clone(), c)).collect();
    let entries = queued.into_iter().filter_map(|client| {
        let of = counted.remove(client.email.as_str())?;
        Some(calendar.entry(client, of))
    });
    Ok(entries.collect())
}

/// Writes what was found: the week's row of the history, and the client's own.
async fn write(tx: &Tx, entries: &[Entry], calendar: &Calendar) -> Result<()> {
    const AT_ONCE: usize = 500; // of one size, so that the statement is prepared once
    // The zone that the client came into the week with stays what it was.
    let again = OnConflict::columns([Column::TenantId, Column::Email, Column::WeekEndingDate])
        .update_columns([
            Column::HealthScore,
            Column::HealthZone,
            Column::PredictiveRiskScore,
            Column::SessionsThisWeek,
            Column::SessionsPreviousWeek,
            Column::WeekOverWeekChange,
            Column::EngagementTrend,
            Column::UpdatedAt,
        ])
        .to_owned();
    for chunk in entries.chunks(AT_ONCE) {
        let weeks: Vec<_> = chunk.iter().filter_map(|entry| week(tx, entry, calendar)).collect();
        if !weeks.is_empty() {
            #[expect(clippy::disallowed_methods, reason = "the rows name the transaction's tenant")]
            let insert = client_lifecycle_history::Entity::insert_many(weeks);
            insert.on_conflict(again.clone()).exec_without_returning(tx).await?;
        }
        tx.execute_raw(update(tx, chunk)).await?;
    }
    Ok(())
}

fn week(
    tx: &Tx,
    entry: &Entry,
    calendar: &Calendar,
) -> Option<client_lifecycle_history::ActiveModel> {
    let scored = entry.scored.as_ref()?;
    let Counted { this_week, last_week, last_week_so_far, .. } = &entry.counted;
    let change = Decimal::from((this_week - last_week_so_far) * 100)
        .checked_div(Decimal::from(*last_week_so_far))
        .map(|c| c.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
        .map(|c| c.clamp(Decimal::from(-99_999), Decimal::from(99_999)));
    Some(client_lifecycle_history::ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(ClientLifecycleHistoryId::new()),
        email: Set(entry.client.email.clone()),
        week_ending_date: Set(calendar.sunday),
        health_score: Set(scored.score.into()),
        health_zone: Set(scored.zone),
        previous_zone: Set(entry.client.health_zone),
        predictive_risk_score: Set(scored.risk.into()),
        sessions_this_week: Set(whole(*this_week)),
        sessions_previous_week: Set(whole(*last_week)),
        week_over_week_change: Set(change),
        engagement_trend: Set(scored.indicator),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    })
}

/// The columns that a client's row is given, and their types.
const COLUMNS: [(&str, &str); 20] = [
    ("sessions_7d", "int"),
    ("sessions_30d", "int"),
    ("sessions_90d", "int"),
    ("days_since_last_session", "int"),
    ("days_inactive", "int"),
    ("health_score", "numeric"),
    ("score_coverage", "int"),
    ("health_zone", "text"),
    ("engagement_score", "int"),
    ("package_score", "int"),
    ("momentum_score", "int"),
    ("rate_of_change_percent", "numeric"),
    ("momentum_indicator", "text"),
    ("predictive_risk_score", "numeric"),
    ("risk_factors", "jsonb"),
    ("risk_category", "text"),
    ("intervention_priority", "text"),
    ("early_warning_flag", "bool"),
    ("zone_is_new", "bool"),
    ("id", "uuid"),
];

fn values(
    Entry { client, counted, days_since_last, days_inactive, scored }: &Entry,
) -> [Value; 20] {
    let of = scored.as_ref();
    let small = |part: fn(&Scored) -> i64| of.map(|s| whole(part(s))).into();
    [
        whole(counted.sessions_7d).into(),
        whole(counted.sessions_30d).into(),
        whole(counted.sessions_90d).into(),
        (*days_since_last).into(),
        (*days_inactive).into(),
        of.map(|s| Decimal::from(s.score)).into(),
        small(|s| s.coverage),
        of.map(|s| s.zone.to_value()).into(),
        small(|s| s.engagement),
        of.and_then(|s| s.package).map(whole).into(),
        small(|s| s.momentum),
        of.and_then(|s| s.change_pct).into(),
        of.map(|s| s.indicator.to_value()).into(),
        of.map(|s| Decimal::from(s.risk)).into(),
        of.map(|s| s.factors.clone()).unwrap_or_default().into(),
        of.map(|s| s.category.to_value()).into(),
        of.map(|s| s.priority.to_value()).into(),
        of.is_some_and(|s| s.early_warning).into(),
        (of.map(|s| s.zone) != client.health_zone).into(),
        client.id.into(),
    ]
}

/// Found by the primary key.
fn update(tx: &Tx, entries: &[Entry]) -> Statement {
    let mut bound: Vec<Value> = vec![tx.context().tenant.into(), tx.now().into()];
    let mut rows = vec![];
    for entry in entries {
        let row = COLUMNS.iter().enumerate();
        let row = row.map(|(n, (_, of))| format!("${}::{of}", bound.len() + 1 + n));
        rows.push(format!("({})", row.collect::<Vec<_>>().join(", ")));
        bound.extend(values(entry));
    }
    let columns = COLUMNS.map(|(column, _)| column);
    let set = columns.iter().filter(|column| !["zone_is_new", "id"].contains(column));
    let set: Vec<_> = set.map(|column| format!("{column} = v.{column}")).collect();
    let sql = format!(
        "update client_health_scores c
         set {}, calculated_at = $2, updated_at = $2,
             zone_since = case when v.health_zone is null then null
                               when v.zone_is_new or c.zone_since is null then $2
                               else c.zone_since end
         from (values {}) v ({})
         where c.tenant_id = $1 and c.id = v.id",
        set.join(", "),
        rows.join(", "),
        columns.join(", ")
    );
    Statement::from_sql_and_values(DbBackend::Postgres, sql, bound)
}

fn whole(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
