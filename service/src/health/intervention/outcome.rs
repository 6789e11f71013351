//! What came of an intervention: what somebody says, and what the scores say afterwards.

use chrono::{DateTime, TimeDelta, Utc};
pub use entity::health::intervention_outcome::Model as Outcome;
use entity::{
    health::{
        intervention::{Column, Entity, Model, Status},
        intervention_outcome,
    },
    id::{InterventionId, InterventionOutcomeId},
};
use sea_orm::{ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};
use validator::Validate;

use crate::{Error, Result, Tx, input, page};

/// What came of an intervention, by whoever carried it out.
#[derive(Clone, Debug, Validate)]
pub struct OutcomeOf {
    /// In words.
    #[validate(custom(function = input::named), length(max = 500))]
    pub outcome: String,
    /// How well it went, from 1 to 5; `None`: not said.
    #[validate(range(min = 1, max = 5))]
    pub success_rating: Option<i32>,
    /// When to come back to it.
    #[validate(custom(function = input::instant))]
    pub follow_up_date: Option<DateTime<Utc>>,
    /// Anything else.
    #[validate(custom(function = input::plain), length(max = 5000))]
    pub notes: Option<String>,
}

impl OutcomeOf {
    /// An outcome in words, and nothing else.
    #[must_use]
    pub fn plain(outcome: &str) -> Self {
        Self {
            outcome: outcome.to_owned(),
            success_rating: None,
            follow_up_date: None,
            notes: None,
        }
    }
}

/// How many outcomes were measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Seven days after.
    pub after_7_days: u64,
    /// Thirty days after.
    pub after_30_days: u64,
}

/// Records what came of an intervention, once, and begins to watch how the client does after it.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such intervention; [`Error::Conflict`] if it was
/// completed or dismissed already; [`Error::Invalid`].
#[tracing::instrument(name = "intervention::record_outcome", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record_outcome(tx: &Tx, id: InterventionId, of: OutcomeOf) -> Result<Outcome> {
    input::check(&of)?;
    let held = open(tx, id).await?;
    let outcome = tx
        .insert(intervention_outcome::ActiveModel {
            id: Set(InterventionOutcomeId::new()),
            intervention_id: Set(id),
            client_email: Set(held.client_email.clone()),
            client_persona: Set(held.client_persona.clone()),
            intervention_type: Set(held.intervention_type),
            health_zone_at_intervention: Set(held.health_zone),
            momentum_before: Set(held.momentum_indicator),
            executed_at: Set(held.sent_at.unwrap_or(tx.now())),
            health_score_before: Set(held.health_score),
            risk_score_at_intervention: Set(held.predictive_risk_score),
            risk_score_before: Set(held.predictive_risk_score),
            created_at: Set(tx.now()),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .await?;
    close(tx, held, Status::Completed, of).await?;
    Ok(outcome)
}

/// Lets an intervention be, for a reason. Nothing is measured of it, and nobody is sent it.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such intervention; [`Error::Conflict`] if it was
/// completed or dismissed already; [`Error::Invalid`] if the reason is empty or longer than 500
/// characters.
#[tracing::instrument(name = "intervention::dismiss", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn dismiss(tx: &Tx, id: InterventionId, reason: &str) -> Result<Model> {
    input::text("reason", reason, 500)?;
    let held = open(tx, id).await?;
    close(tx, held, Status::Dismissed, OutcomeOf::plain(reason)).await
}

async fn open(tx: &Tx, id: InterventionId) -> Result<Model> {
    let of = tx.find::<Entity>().filter(Column::Id.eq(id)); // served by the primary key
    let held = of.lock_exclusive().one(tx).await?.ok_or(Error::NotFound("intervention"))?;
    match held.status {
        Status::Pending | Status::Sent => Ok(held),
        Status::Completed | Status::Dismissed => {
            Err(Error::conflict("the intervention is closed already"))
        }
    }
}

async fn close(tx: &Tx, held: Model, status: Status, of: OutcomeOf) -> Result<Model> {
    let mut row = held.into_active_model();
    row.status = Set(status);
    row.closed_at = Set(Some(tx.now()));
    row.outcome = Set(Some(of.outcome));
    row.success_rating = Set(of.success_rating);
    row.follow_up_date = Set(of.follow_up_date);
    row.notes = Set(of.notes);
    row.send_claim = Set(None);
    row.send_lease_until = Set(None);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// What was recorded, and has been measured, of an intervention.
///
/// # Errors
///
/// [`Error::NotFound`] if nothing was.
#[tracing::instrument(name = "intervention::outcome_of", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn outcome_of(tx: &Tx, id: InterventionId) -> Result<Outcome> {
    let of = tx.find::<intervention_outcome::Entity>(); // served by intervention_outcomes_once
    let of = of.filter(intervention_outcome::Column::InterventionId.eq(id));
    of.one(tx).await?.ok_or(Error::NotFound("outcome"))
}

/// Served by `intervention_outcomes_after_7d`, and for the sessions by `client_sessions_of_client`.
/// `$3` rows, `$4` seven days ago. A session held before it, and
/// only recorded since, was not booked for it. Better than before is: no longer declining, or
/// accelerating now.
pub const AFTER_7_DAYS: &str = "
with due as materialized (
    select o.id, c.health_score, c.predictive_risk_score, c.momentum_indicator,
           (select count(*) from client_sessions s
            where s.tenant_id = $1 and s.client_email = o.client_email
              and s.created_at >= o.executed_at
              and s.created_at < o.executed_at + interval '168 hours'
              and s.held_at >= o.executed_at
              and s.status <> 'cancelled') as booked
    from intervention_outcomes o
    join client_health_scores c on c.tenant_id = $1 and c.email = o.client_email
    where o.tenant_id = $1 and o.measured_7d_at is null and o.executed_at <= $4::timestamptz
      and c.calculated_at >= o.executed_at + interval '168 hours'
    order by o.executed_at, o.id limit $3 for update of o skip locked
)
update intervention_outcomes o
set health_score_7d_after = d.health_score, risk_score_7d_after = d.predictive_risk_score,
    sessions_booked_within_7d = d.booked::int,
    trend_changed_to_positive = (o.momentum_before = 'DECLINING'
                                 and d.momentum_indicator <> 'DECLINING')
                             or (o.momentum_before = 'STABLE'
                                 and d.momentum_indicator = 'ACCELERATING'),
    measured_7d_at = $2, updated_at = $2
from due d where o.tenant_id = $1 and o.id = d.id";

/// Served by `intervention_outcomes_after_30d`. `$3` rows, `$4` thirty days ago. Without a score
/// before or after, the success is null: nobody knows.
pub const AFTER_30_DAYS: &str = "
with due as materialized (
    select o.id, c.health_score, c.predictive_risk_score
    from intervention_outcomes o
    join client_health_scores c on c.tenant_id = $1 and c.email = o.client_email
    where o.tenant_id = $1 and o.measured_30d_at is null and o.executed_at <= $4::timestamptz
      and c.calculated_at >= o.executed_at + interval '720 hours'
    order by o.executed_at, o.id limit $3 for update of o skip locked
),
measured as (
    update intervention_outcomes o
    set health_score_30d_after = d.health_score, risk_score_30d_after = d.predictive_risk_score,
        outcome_success_score =
            case when d.health_score is not null and o.health_score_before is not null
                 then least(100, greatest(0, 50 + d.health_score - o.health_score_before)) end,
        measured_30d_at = $2, updated_at = $2
    from due d where o.tenant_id = $1 and o.id = d.id
    returning o.intervention_id, o.outcome_success_score
)
update intervention_log i
set outcome_measured_at = $2, intervention_effectiveness_score = m.outcome_success_score,
    updated_at = $2
from measured m where i.tenant_id = $1 and i.id = m.intervention_id";

/// Measures how clients do seven and thirty days, of 24 hours, after interventions: up to `limit` of
/// each, those carried out longest ago first. Measured is the latest score once it was computed that
/// much later or more, so that a sweep that comes late measures what is then, and says when. Call it
/// until both counts are 0.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000.
#[tracing::instrument(name = "intervention::measure_outcomes", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn measure_outcomes(tx: &Tx, limit: u64) -> Result<Measured> {
    page::check(limit)?;
    let rows = i64::try_from(limit).unwrap_or(i64::MAX);
    let sweep = async |sql: &str, days| -> Result<u64> {
        let since = tx.now() - TimeDelta::days(days);
        let done = tx.execute_raw(tx.ask(sql, [rows.into(), since.into()])).await?;
        Ok(done.rows_affected())
    };
    let measured = Measured {
        after_7_days: sweep(AFTER_7_DAYS, 7).await?,
        after_30_days: sweep(AFTER_30_DAYS, 30).await?,
    };
    tracing::Span::current().record("rows", measured.after_7_days + measured.after_30_days);
    Ok(measured)
}
