//! Holding an enrolment, letting it go on, ending it.

use chrono::TimeDelta;
use entity::id::LeadSequenceEnrollmentId;
use sea_orm::{IntoActiveModel, Set};

use super::{Model, Status, Stop, locked, place, stop::end};
use crate::{Error, Result, Tx, input};

/// Pauses an enrolment: nothing is sent until somebody [resumes](resume) it, and then what is left now
/// of the delay is waited for. What was decided already and not sent yet is not sent. One that is
/// paused stays as it is, and keeps the reason that it had.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such enrolment; [`Error::Conflict`] if it has ended;
/// [`Error::Invalid`] if the reason is empty or longer than 500 characters.
#[tracing::instrument(name = "lead_sequence_enrollment::pause", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn pause(tx: &Tx, id: LeadSequenceEnrollmentId, reason: &str) -> Result<Model> {
    input::text("reason", reason, 500)?;
    let found = locked(tx, id).await?;
    match found.status {
        Status::Paused => return Ok(found),
        Status::Active => {}
        _ => return Err(ENDED),
    }
    let mut row = found.into_active_model();
    row.status = Set(Status::Paused);
    row.paused_at = Set(Some(tx.now()));
    row.pause_reason = Set(Some(reason.to_owned()));
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// Lets a paused enrolment go on: what was left of the delay when it was paused is left now, to the
/// second and more, and then it is moved into the hours of the channel. What was overdue is due at
/// once. One that is active stays as it is.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such enrolment; [`Error::Conflict`] if it has ended.
#[tracing::instrument(name = "lead_sequence_enrollment::resume", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn resume(tx: &Tx, id: LeadSequenceEnrollmentId) -> Result<Model> {
    let found = locked(tx, id).await?;
    let (Some(next), Some(channel)) = (found.next_step_scheduled_at, found.next_channel) else {
        return Err(ENDED);
    };
    let Some(paused_at) = found.paused_at else { return Ok(found) };
    let at = tx.now() + (next - paused_at).max(TimeDelta::zero());
    let at = place(tx, found.lead_id).await?.window(at, channel).unwrap_or(at);
    let mut row = found.into_active_model();
    row.status = Set(Status::Active);
    row.next_step_scheduled_at = Set(Some(at));
    row.paused_at = Set(None);
    row.pause_reason = Set(None);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// Ends an enrolment. What was decided already and not sent yet is not sent.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such enrolment; [`Error::Conflict`] if it has ended;
/// [`Error::Invalid`] if the reason is empty or longer than 500 characters.
#[tracing::instrument(name = "lead_sequence_enrollment::cancel", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn cancel(tx: &Tx, id: LeadSequenceEnrollmentId, reason: &str) -> Result<Model> {
    input::text("reason", reason, 500)?;
    let found = locked(tx, id).await?;
    if !matches!(found.status, Status::Active | Status::Paused) {
        return Err(ENDED);
    }
    end(tx, found, Status::Cancelled, Stop::Requested, Some(reason)).await
}

pub(super) const ENDED: Error =
    Error::Conflict(std::borrow::Cow::Borrowed("the enrollment has ended"));
