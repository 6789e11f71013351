//! Logging what is to be done, once for each cause.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use entity::{
    email::Email,
    health::{
        client_health_score::{self, Momentum, Zone},
        intervention::{ActiveModel, Model, Status, Trigger},
    },
    id::{ClientHealthScoreId, ContactOwnerHistoryId, InterventionId},
};
use rust_decimal::Decimal;
use sea_orm::{ConnectionTrait, FromQueryResult, Set};

use super::recommend::{Facts, recommend};
use crate::{Result, Tx, page};

/// How many interventions to log.
#[derive(Clone, Debug)]
pub struct Due {
    /// How many clients of each cause, 1 to 1000. (Seed 003: 100.)
    pub limit: u64,
}

impl Default for Due {
    fn default() -> Self {
        Self { limit: 100 }
    }
}

/// Why an intervention is logged, with what it is known by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cause {
    /// The Monday of the week in which the pattern broke.
    PatternBreak(DateTime<Utc>),
    /// The zone, and since when.
    Zone(Zone, DateTime<Utc>),
    /// The change.
    OwnerChange(ContactOwnerHistoryId),
}

impl Cause {
    fn trigger(self) -> Trigger {
        match self {
            Self::PatternBreak(_) => Trigger::PatternBreak,
            Self::Zone(..) => Trigger::Zone,
            Self::OwnerChange(_) => Trigger::OwnerChange,
        }
    }

    fn key(self) -> String {
        let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
        match self {
            Self::PatternBreak(week) => text(week),
            Self::Zone(zone, since) => format!("{zone:?} {}", text(since)),
            Self::OwnerChange(change) => change.to_string(),
        }
    }
}

/// A client about whom something is to be done.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    cause: Cause,
    row: Row,
}

#[derive(Clone, Debug, FromQueryResult)]
struct Row {
    id: ClientHealthScoreId,
    email: Email,
    firstname: Option<String>,
    lastname: Option<String>,
    assigned_coach: Option<String>,
    health_score: Option<Decimal>,
    health_zone: Option<Zone>,
    predictive_risk_score: Option<Decimal>,
    momentum_indicator: Option<Momentum>,
    outstanding_sessions: i32,
    days_since_last_session: Option<i32>,
    avg_calls_per_week: Decimal,
    calls_this_week: i32,
    /// Since when there is cause.
    since: DateTime<Utc>,
}

impl Client {
    pub(crate) fn of(of: &client_health_score::Model, cause: Cause) -> Self {
        let row = Row {
            id: of.id,
            email: of.email.clone(),
            firstname: of.firstname.clone(),
            lastname: of.lastname.clone(),
            assigned_coach: of.assigned_coach.clone(),
            health_score: of.health_score,
            health_zone: of.health_zone,
            predictive_risk_score: of.predictive_risk_score,
            momentum_indicator: of.momentum_indicator,
            outstanding_sessions: of.outstanding_sessions,
            days_since_last_session: of.days_since_last_session,
            avg_calls_per_week: of.avg_calls_per_week,
            calls_this_week: of.calls_this_week,
            since: of.created_at,
        };
        Self { cause, row }
    }

    fn facts(&self) -> Facts {
        Facts {
            zone: self.row.health_zone,
            risk: self.row.predictive_risk_score,
            momentum: self.row.momentum_indicator,
            outstanding: self.row.outstanding_sessions,
            days_since_last: self.row.days_since_last_session,
        }
    }
}

macro_rules! due {
    ($since:literal, $cause:literal, $logged:literal) => {
        concat!(
            "
select c.id, c.email, c.firstname, c.lastname, c.assigned_coach, c.health_score, c.health_zone,
       c.predictive_risk_score, c.momentum_indicator, c.outstanding_sessions,
       c.days_since_last_session, c.avg_calls_per_week, c.calls_this_week, ",
            $since,
            " as since
from client_health_scores c
where c.tenant_id = $1 and $2::timestamptz is not null and ",
            $cause,
            "
  and not exists (select from customers k
                  where k.tenant_id = $1 and k.client_id = c.client_id
                    and k.deleted_at is not null)
  and not exists (select from intervention_log i
                  where i.tenant_id = $1 and i.client_email = c.email and ",
            $logged,
            ")
order by c.predictive_risk_score desc nulls last, c.id
limit $3 for update of c skip locked"
        )
    };
}

/// Served by `intervention_log_pending`. `$3` rows. What somebody is sending stays, and what waits in
/// the outbox; a broken pattern may break again in its own week, which is not logged twice.
pub const GONE: &str = "
with gone as materialized (
    select i.id from intervention_log i
    where i.tenant_id = $1 and i.status = 'pending'
      and exists (select from client_health_scores c
                  where c.tenant_id = $1 and c.email = i.client_email
                    and (i.triggered_by = 'zone'
                         and (c.health_zone is distinct from i.health_zone
                              or i.intervention_date < coalesce(c.zone_since, c.created_at))
                      or i.triggered_by = 'pattern_break'
                         and c.pattern_status <> 'PATTERN_BREAK'
                         and (c.pattern_week_start is null
                              or i.intervention_date < c.pattern_week_start)))
      and (i.send_lease_until is null or i.send_lease_until < statement_timestamp())
      and not exists (select from outbox o
                      where o.tenant_id = $1 and o.topic = 'intervention'
                        and o.subject_id = i.id and o.state in ('pending', 'dead'))
    order by i.predictive_risk_score desc nulls last, i.id limit $3 for update of i skip locked
)
update intervention_log i
set status = 'dismissed', closed_at = $2, outcome = 'its cause is gone', send_claim = null,
    send_lease_until = null, updated_at = $2
from gone where i.tenant_id = $1 and i.id = gone.id";

/// Served by `client_health_scores_at_risk`. `$3` rows, `$4` a week ago. What was dismissed since
/// its cause was gone was sent to nobody, and keeps nothing back.
pub const DUE_ZONES: &str = due!(
    "coalesce(c.zone_since, c.created_at)",
    "c.health_zone in ('RED', 'YELLOW')",
    "i.triggered_by = 'zone' and i.health_zone = c.health_zone
                    and (i.intervention_date > $4::timestamptz
                         and i.outcome is distinct from 'its cause is gone'
                         or i.intervention_date >= coalesce(c.zone_since, c.created_at))"
);

/// Served by `client_health_scores_broken`. `$3` rows, `$4` a week ago.
pub const DUE_BREAKS: &str = due!(
    "c.pattern_week_start",
    "c.pattern_status = 'PATTERN_BREAK'
  and c.pattern_week_start is not null",
    "i.triggered_by = 'pattern_break'
                    and (i.status = 'pending'
                         or i.intervention_date > $4::timestamptz
                            and i.outcome is distinct from 'its cause is gone'
                         or i.intervention_date >= c.pattern_week_start)"
);

/// Logs what is to be done about clients whose pattern is broken, and about those in the red or the
/// yellow zone, the greatest risk first: once for each week of a break, and once for each time that
/// a client falls into a zone. As long as one about a break is pending, or one of either cause was
/// logged in the last seven days, the same cause logs no other, so that a client who goes to and fro
/// between two zones is not written about each time. Clients of deleted customers are left out.
///
/// Before that it dismisses up to `limit` of those that nobody was sent and whose cause is gone,
/// the client having left the zone or calling again, so that nobody is told of what was long ago.
///
/// The answer is what was logged; nothing, if there was nothing or somebody else is at it.
///
/// # Errors
///
/// [`Error::Invalid`](crate::Error::Invalid) if the limit is not from 1 to 1000;
/// [`Error::NotFound`](crate::Error::NotFound) if the tenant has not been opened.
#[tracing::instrument(name = "intervention::open_due", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn open_due(tx: &Tx, ask: &Due) -> Result<Vec<Model>> {
    page::check(ask.limit)?;
    let rows = i64::try_from(ask.limit).unwrap_or(i64::MAX);
    tx.execute_raw(tx.ask(GONE, [rows.into()])).await?;
    let week_ago = tx.now() - TimeDelta::days(7);
    let mut clients = vec![];
    for (question, of_zone) in [(DUE_BREAKS, false), (DUE_ZONES, true)] {
        let question = tx.ask(question, [rows.into(), week_ago.into()]);
        for row in Row::find_by_statement(question).all(tx).await? {
            let cause = match row.health_zone.filter(|_| of_zone) {
                Some(zone) => Cause::Zone(zone, row.since),
                None => Cause::PatternBreak(row.since),
            };
            clients.push(Client { cause, row });
        }
    }
    clients.sort_by_key(|of| (std::cmp::Reverse(of.row.predictive_risk_score), of.row.id));
    let logged = log(tx, clients).await?;
    tracing::Span::current().record("rows", logged.len());
    Ok(logged)
}

/// Logs what is recommended for each, unless it has been logged for that cause.
pub(crate) async fn log(tx: &Tx, clients: Vec<Client>) -> Result<Vec<Model>> {
    let zone = tx.zone().await?;
    let rows = clients.iter().map(|client| {
        let (row, cause) = (&client.row, client.cause);
        let to_do = recommend(&client.facts());
        let of_calls = cause.trigger() == Trigger::PatternBreak;
        let name = row.firstname.as_ref().zip(row.lastname.as_ref());
        ActiveModel {
            tenant_id: Set(tx.context().tenant),
            id: Set(InterventionId::new()),
            client_email: Set(row.email.clone()),
            client_name: Set(name.map(|(first, last)| format!("{first} {last}"))),
            assigned_coach: Set(row.assigned_coach.clone()),
            triggered_by: Set(cause.trigger()),
            trigger_key: Set(cause.key()),
            intervention_type: Set(to_do.kind),
            intervention_priority: Set(to_do.priority),
            intervention_date: Set(tx.now()),
            due_at: Set(to_do.within.from(tx.now(), zone)),
            status: Set(Status::Pending),
            ai_recommendation: Set(Some(to_do.why.to_owned())),
            success_probability: Set(to_do.success_probability),
            health_score: Set(row.health_score),
            health_zone: Set(row.health_zone),
            predictive_risk_score: Set(row.predictive_risk_score),
            momentum_indicator: Set(row.momentum_indicator),
            usual_calls: Set(of_calls.then_some(row.avg_calls_per_week)),
            current_calls: Set(of_calls.then_some(row.calls_this_week)),
            created_at: Set(tx.now()),
            updated_at: Set(tx.now()),
            ..Default::default()
        }
    });
    tx.insert_new(rows.collect()).await
}
