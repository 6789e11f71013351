//! Leads on their way through nurture sequences: enrolled, reached step by step, paused, stopped.
//!
//! A step is due so many days, where the lead is, after the step before it was really done, and then
//! when it is an hour for its channel there. So an outage puts things off, and never together.

mod calendar;
mod claims;
mod enroll;
mod heard;
mod judge;
mod message;
mod pause;
mod sent;
mod stop;

use chrono::{DateTime, Utc};
pub use entity::outreach::{
    lead_sequence_enrollment::{Executed, ExecutedSteps, Model, Status, Stop},
    lead_sequence_enrollment_step::{Model as Done, Outcome, Skip},
};
use entity::{
    id::{LeadId, LeadSequenceEnrollmentId, LeadSequenceEnrollmentStepId, NurtureSequenceId},
    leads::lead,
    outreach::{
        lead_sequence_enrollment::{Column, Entity},
        lead_sequence_enrollment_step, nurture_sequence_version,
    },
};
use sea_orm::{
    ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select, Set,
};
use serde::{Deserialize, Serialize};

use self::calendar::Place;
pub use self::{
    calendar::EMAIL_HOURS,
    claims::{Claim, Claimed, claim, stands},
    enroll::{Enrolled, Refusal, enroll},
    heard::{fail, heard, meeting_booked, reply},
    message::{Message, message},
    pause::{cancel, pause, resume},
    sent::{record_sent, release},
    stop::stop,
};
use crate::{Error, Page, Result, Tx, outreach::nurture_sequence::Steps, page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        claims::{DUE, SPENT, STANDS},
        heard::REPLY,
        of_lead_query, of_sequence_query, steps_query,
        stop::STOP,
    };
}

/// How many times a lead hears from us on one day, where they are, whatever they are enrolled in
/// (ours).
pub const PER_LEAD_AND_DAY: u64 = 1;

/// Which enrolments of a sequence to read.
#[derive(Clone, Debug)]
pub struct List {
    /// Of which sequence.
    pub sequence: NurtureSequenceId,
    /// How many to read at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before this one ended.
    pub after: Option<After>,
}

impl List {
    /// The first fifty.
    #[must_use]
    pub fn of(sequence: NurtureSequenceId) -> Self {
        Self { sequence, limit: 50, after: None }
    }
}

/// Where a page of enrolments ended, and for what time the list was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    as_of: DateTime<Utc>,
    id: LeadSequenceEnrollmentId,
}

/// One enrolment.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such enrolment.
#[tracing::instrument(name = "lead_sequence_enrollment::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: LeadSequenceEnrollmentId) -> Result<Model> {
    tx.get::<Entity>(id).await?.ok_or(Error::NotFound("enrollment"))
}

/// A lead's enrolments, the latest first, up to 1000; those that have ended are among them.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "lead_sequence_enrollment::of_lead", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn of_lead(tx: &Tx, lead: LeadId) -> Result<Vec<Model>> {
    let found = of_lead_query(tx, lead).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}

/// Served by `lead_sequence_enrollments_of_lead`.
#[must_use]
pub fn of_lead_query(tx: &Tx, lead: LeadId) -> Select<Entity> {
    tx.find::<Entity>().filter(Column::LeadId.eq(lead)).order_by_desc(Column::Id).limit(page::MOST)
}

/// A sequence's enrolments, oldest first; those that have ended are among them.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000.
#[tracing::instrument(name = "lead_sequence_enrollment::of_sequence", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn of_sequence(tx: &Tx, ask: &List) -> Result<Page<Model, After>> {
    page::check(ask.limit)?;
    let as_of = ask.after.map_or(tx.now(), |after| after.as_of);
    let found = of_sequence_query(tx, ask).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, ask.limit, |enrolled| After { as_of, id: enrolled.id }))
}

/// Served by `lead_sequence_enrollments_of_sequence`.
#[must_use]
pub fn of_sequence_query(tx: &Tx, ask: &List) -> Select<Entity> {
    tx.find::<Entity>()
        .filter(Column::SequenceId.eq(ask.sequence))
        .apply_if(ask.after, |query, after| query.filter(Column::Id.gt(after.id)))
        .order_by_asc(Column::Id)
        .limit(ask.limit + 1)
}

/// What was done of an enrolment's steps, in order: sent, and what became of it, or passed over and why.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such enrolment.
#[tracing::instrument(name = "lead_sequence_enrollment::steps", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn steps(tx: &Tx, id: LeadSequenceEnrollmentId) -> Result<Vec<Done>> {
    get(tx, id).await?;
    let found = steps_query(tx, id).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}

/// Served by `lead_sequence_enrollment_steps_once`.
#[must_use]
pub fn steps_query(
    tx: &Tx,
    id: LeadSequenceEnrollmentId,
) -> Select<lead_sequence_enrollment_step::Entity> {
    tx.find::<lead_sequence_enrollment_step::Entity>()
        .filter(lead_sequence_enrollment_step::Column::Enrollment.eq(id))
        .order_by_asc(lead_sequence_enrollment_step::Column::Step)
}

async fn locked(tx: &Tx, id: LeadSequenceEnrollmentId) -> Result<Model> {
    let found = tx.find::<Entity>().filter(Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    found.ok_or(Error::NotFound("enrollment"))
}

/// Where the lead of an enrolment is.
async fn place(tx: &Tx, lead: LeadId) -> Result<Place> {
    let lead = tx.get::<lead::Entity>(lead).await?.ok_or(Error::NotFound("lead"))?;
    Place::of(lead.time_zone.as_ref(), lead.phone_number.as_ref(), tx.zone().await?)
}

/// The steps that an enrolment goes through.
async fn steps_of(tx: &Tx, enrolled: &Model) -> Result<Steps> {
    let version = tx.get::<nurture_sequence_version::Entity>(enrolled.version_id).await?;
    Ok(version.ok_or(Error::NotFound("nurture sequence"))?.steps)
}

/// How a step went.
enum Went {
    Sent,
    Skipped(Skip),
}

/// Writes down that the next step was done, and plans the one behind it: so many days from now, and
/// not from when this one was due. One that was cancelled meanwhile stays so, and has sent it all the
/// same; one that was paused keeps the whole delay of what comes next.
async fn advance(
    tx: &Tx,
    enrolled: Model,
    steps: &Steps,
    at: &Place,
    went: &Went,
) -> Result<Model> {
    let n = usize::try_from(enrolled.current_step).unwrap_or(usize::MAX);
    let step = steps.0.get(n.saturating_sub(1)).ok_or(Error::NotFound("step"))?;
    let (status, skip_reason) = match went {
        Went::Sent => (Outcome::Sent, None),
        Went::Skipped(why) => (Outcome::Skipped, Some(*why)),
    };
    tx.insert(lead_sequence_enrollment_step::ActiveModel {
        id: Set(LeadSequenceEnrollmentStepId::new()),
        enrollment: Set(enrolled.id),
        lead_id: Set(enrolled.lead_id),
        step: Set(step.step),
        channel: Set(step.channel),
        template_id: Set(step.template_id.clone()),
        executed_at: Set(tx.now()),
        status: Set(status),
        status_at: Set(tx.now()),
        skip_reason: Set(skip_reason),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    })
    .await?;
    let (was, mut executed) = (enrolled.status, enrolled.executed_steps.clone());
    executed.0.push(Executed {
        step: step.step,
        executed_at: tx.now(),
        status,
        channel: step.channel,
    });
    let mut row = enrolled.into_active_model();
    row.executed_steps = Set(executed);
    row.current_step = Set(step.step + 1);
    row.claim = Set(None);
    row.lease_until = Set(None);
    row.updated_at = Set(tx.now());
    if matches!(was, Status::Active | Status::Paused) {
        let next = steps.0.get(n);
        row.next_step_scheduled_at =
            Set(next.map(|next| at.after(tx.now(), next.delay_days, next.channel)));
        row.next_channel = Set(next.map(|next| next.channel));
        if was == Status::Paused {
            row.paused_at = Set(next.map(|_| tx.now()));
        }
        if next.is_none() {
            row.status = Set(Status::Completed);
            row.completed_at = Set(Some(tx.now()));
            row.pause_reason = Set(None);
        }
    }
    tx.update(row).await
}
