//! What comes back from leads, and from those who deliver.

use entity::{
    id::{LeadId, LeadSequenceEnrollmentId},
    outreach::lead_sequence_enrollment_step::{self, Column, Entity},
};
use sea_orm::{ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};

use super::{Model, Outcome, Status, Stop, locked, pause::ENDED, stop, stop::end};
use crate::{Error, Result, Tx, input, outreach::nurture_sequence::settings};

/// Served by `lead_sequence_enrollments_live`. `$3` the lead.
pub const REPLY: &str = "
update lead_sequence_enrollments e
set status = 'paused', paused_at = $2, pause_reason = 'replied', updated_at = $2
where e.tenant_id = $1 and e.lead_id = $3 and e.status = 'active'";

/// A lead has answered: whatever they are on the way through is paused, for somebody to talk to them
/// first; how many that was. If the tenant's settings say that it goes on, it does. Whether it was an
/// answer of theirs, and not of a machine's, the caller knows.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "lead_sequence_enrollment::reply", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn reply(tx: &Tx, lead: LeadId) -> Result<u64> {
    if !settings(tx).await?.auto_pause_on_reply {
        return Ok(0);
    }
    let done = tx.execute_raw(tx.ask(REPLY, [lead.into()])).await?.rows_affected();
    tracing::Span::current().record("rows", done);
    Ok(done)
}

/// A lead has agreed to meet: whatever they are on the way through ends; how many that was.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "lead_sequence_enrollment::meeting_booked", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn meeting_booked(tx: &Tx, lead: LeadId) -> Result<u64> {
    stop(tx, &[lead], Stop::MeetingBooked).await
}

/// Whoever delivers says what became of a step that was sent: delivered, opened, clicked, bounced. What
/// comes late or twice changes nothing. What has bounced ends the enrolment as failed.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such enrolment, or the step was not done; [`Error::Invalid`]
/// if the outcome is none that can be heard of; [`Error::Conflict`] if the step was passed over.
#[tracing::instrument(name = "lead_sequence_enrollment::heard", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn heard(
    tx: &Tx,
    id: LeadSequenceEnrollmentId,
    step: i32,
    outcome: Outcome,
) -> Result<Model> {
    if matches!(outcome, Outcome::Skipped | Outcome::Sent) {
        return Err(Error::invalid("outcome", "must be delivered, opened, clicked or bounced"));
    }
    let found = locked(tx, id).await?;
    let done = tx
        .find::<Entity>() // served by lead_sequence_enrollment_steps_once
        .filter(Column::Enrollment.eq(id))
        .filter(Column::Step.eq(step))
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or(Error::NotFound("step"))?;
    if done.status == Outcome::Skipped {
        return Err(Error::conflict("the step was passed over"));
    }
    if done.status >= outcome {
        return Ok(found);
    }
    let executed_at = done.executed_at;
    tx.update(lead_sequence_enrollment_step::ActiveModel {
        id: Set(done.id),
        status: Set(outcome),
        status_at: Set(tx.now().max(executed_at)),
        updated_at: Set(tx.now()),
        ..Default::default()
    })
    .await?;
    let mut executed = found.executed_steps.clone();
    for told in executed.0.iter_mut().filter(|told| told.step == step) {
        told.status = outcome;
    }
    let mut row = found.into_active_model();
    row.executed_steps = Set(executed);
    row.updated_at = Set(tx.now());
    let found = tx.update(row).await?;
    let is_live = matches!(found.status, Status::Active | Status::Paused);
    if outcome == Outcome::Bounced && is_live {
        return end(tx, found, Status::Failed, Stop::Bounced, None).await;
    }
    Ok(found)
}

/// Ends an enrolment because what is to be sent cannot be delivered.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such enrolment; [`Error::Conflict`] if it has ended;
/// [`Error::Invalid`] if the reason is empty or longer than 500 characters.
#[tracing::instrument(name = "lead_sequence_enrollment::fail", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn fail(tx: &Tx, id: LeadSequenceEnrollmentId, reason: &str) -> Result<Model> {
    input::text("reason", reason, 500)?;
    let found = locked(tx, id).await?;
    if !matches!(found.status, Status::Active | Status::Paused) {
        return Err(ENDED);
    }
    end(tx, found, Status::Failed, Stop::DeliveryFailed, Some(reason)).await
}
