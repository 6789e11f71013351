//! How a check ends, and begins again.

use chrono::{Days, NaiveDate};
use entity::{
    compliance::{
        compliance_check::{ActiveModel, Findings, Model, Problem, Status},
        compliance_check_event::Kind,
        compliance_schedule::{self, Fields},
    },
    id::ComplianceCheckId,
    zone::date_at,
};
use sea_orm::{ColumnTrait, ExprTrait, IntoActiveModel, QueryFilter, Set, sea_query::Expr};
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{
    Note, locked, note, open,
    validation::{evidence, look, missing},
    was_assigned,
};
use crate::{Error, Result, Tx, compliance::compliance_schedule::roll_on, input};

/// How far a waiver goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiver {
    /// This check.
    This,
    /// This check, and those of the same schedule and subject that are due on this day or before;
    /// the one after is due again. Ten years from today at the most.
    Until(NaiveDate),
}

/// A check to be waived.
#[derive(Clone, Debug, Validate)]
pub struct Waive {
    /// Why.
    #[validate(custom(function = input::named), length(max = 1000))]
    pub reason: String,
    /// How far that goes.
    pub scope: Waiver,
}

/// Completes a check, if the required columns are all filled in on the row itself, now. What was
/// looked at is kept with its history. A late completion does not move the next period, unless the
/// schedule counts from it.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such check; [`Error::Conflict`] if it is closed, or what
/// it is of was deleted; [`Error::Invalid`] with the columns that are missing, or if the notes are
/// longer than 5000 characters.
#[tracing::instrument(name = "compliance_check::complete", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn complete(tx: &Tx, id: ComplianceCheckId, notes: Option<String>) -> Result<Model> {
    if let Some(notes) = &notes {
        input::text("notes", notes, 5000)?;
    }
    let check = open(tx, id).await?;
    let findings = look(tx, &check).await?;
    if findings.iter().any(|finding| finding.problem == Problem::Gone) {
        return Err(Error::conflict("what the check is of was deleted"));
    }
    let missing = missing(&findings);
    if !missing.is_empty() {
        let names: Vec<_> = missing.iter().map(|field| field.name()).collect();
        return Err(Error::invalid("required_fields", format!("missing: {}", names.join(", "))));
    }
    let said = Note {
        notes: notes.clone(),
        evidence: Some(evidence(&check, findings)),
        ..Note::default()
    };
    note(tx, &check, Kind::Completed, said).await?;
    if let Some(of) = check.schedule_id {
        complete_of(tx, of).await?;
    }
    let old_notes = check.notes.clone();
    let mut row = closed(check, Status::Completed);
    row.completed_at = Set(Some(tx.now()));
    row.completed_by = Set(tx.context().user());
    row.missing_fields = Set(Fields::default());
    row.validation_errors = Set(Findings::default());
    row.validated_at = Set(Some(tx.now()));
    row.notes = Set(notes.or(old_notes));
    let done = keep(tx, row).await?;
    roll_on(tx, &done, date_at(tx.zone().await?, tx.now())).await?;
    Ok(done)
}

/// Remembers with the schedule that one of its checks was completed.
async fn complete_of(tx: &Tx, id: entity::id::ComplianceScheduleId) -> Result<()> {
    use compliance_schedule::{Column, Entity};
    tx.update_many::<Entity>()
        .col_expr(Column::LastCompletedAt, Expr::value(tx.now()))
        .col_expr(Column::UpdatedAt, Expr::value(tx.now()))
        .filter(Column::Id.eq(id))
        .filter(Column::LastCompletedAt.is_null().or(Column::LastCompletedAt.lt(tx.now())))
        .exec(tx)
        .await?;
    Ok(())
}

/// Says that a check need not be done. That takes a person, and another than whoever is, or since it
/// was opened last was, to complete it.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such check; [`Error::Conflict`] if it is closed;
/// [`Error::Denied`] if a program asks, or one whom it is or was assigned to; [`Error::Invalid`] without a reason, or if
/// the waiver ends before it begins, or lasts for more than ten years.
#[tracing::instrument(name = "compliance_check::waive", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn waive(tx: &Tx, id: ComplianceCheckId, waive: Waive) -> Result<Model> {
    input::check(&waive)?;
    let Some(approver) = tx.context().user() else {
        return Err(Error::Denied("a person has to approve a waiver".into()));
    };
    let check = open(tx, id).await?;
    if was_assigned(tx, &check, approver).await? {
        return Err(Error::Denied("a waiver is approved by another than the assignee".into()));
    }
    let until = match waive.scope {
        Waiver::This => None,
        Waiver::Until(day) => Some(day),
    };
    if let Some(day) = until {
        let today = tx.today().await?;
        if day < today || day < check.due_on {
            return Err(Error::invalid("scope", "ends before it begins"));
        }
        if day > today + Days::new(3652) {
            return Err(Error::invalid("scope", "must not last for more than ten years"));
        }
    }
    let notes = Some(waive.reason.clone());
    note(tx, &check, Kind::Waived, Note { notes, ..Note::default() }).await?;
    let mut row = closed(check, Status::Waived);
    row.waived_reason = Set(Some(waive.reason));
    row.waived_at = Set(Some(tx.now()));
    row.waived_by = Set(Some(approver));
    row.waiver_until = Set(until);
    let done = keep(tx, row).await?;
    roll_on(tx, &done, done.period_end).await?;
    Ok(done)
}

/// Says that a check was not done and will not be: nobody approved that, and rates count it as not
/// completed.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such check; [`Error::Conflict`] if it is closed;
/// [`Error::Invalid`] without a reason.
#[tracing::instrument(name = "compliance_check::skip", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn skip(tx: &Tx, id: ComplianceCheckId, reason: &str) -> Result<Model> {
    let done = end(tx, id, reason, Status::Skipped, Kind::Skipped).await?;
    roll_on(tx, &done, done.period_end).await?;
    Ok(done)
}

/// Says that there is nothing to check in its period any more. Rates leave it out. Nothing follows it
/// at once: where the schedule still is about the customer or contact, it goes on with a later period.
///
/// # Errors
///
/// As [`skip`].
#[tracing::instrument(name = "compliance_check::cancel", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn cancel(tx: &Tx, id: ComplianceCheckId, reason: &str) -> Result<Model> {
    end(tx, id, reason, Status::Cancelled, Kind::Cancelled).await
}

async fn end(
    tx: &Tx,
    id: ComplianceCheckId,
    reason: &str,
    status: Status,
    kind: Kind,
) -> Result<Model> {
    input::text("reason", reason, 1000)?;
    let check = open(tx, id).await?;
    note(tx, &check, kind, Note { notes: Some(reason.to_owned()), ..Note::default() }).await?;
    keep(tx, closed(check, status)).await
}

/// Opens a check that was closed, however it was. Its history keeps how; its reminders and the
/// ladder begin anew, and the ladder counts from now if it was late before. A waiver that was good
/// for later periods ends with it, for those whose checks have not been made.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such check; [`Error::Conflict`] if it is open;
/// [`Error::Invalid`] without a reason.
#[tracing::instrument(name = "compliance_check::reopen", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn reopen(tx: &Tx, id: ComplianceCheckId, reason: &str) -> Result<Model> {
    input::text("reason", reason, 1000)?;
    let check = locked(tx, id).await?;
    if check.status.is_open() {
        return Err(Error::conflict("the check is open"));
    }
    let round = check.round + 1;
    let mut row = check.into_active_model();
    row.status = Set(Status::Pending);
    row.round = Set(round);
    row.reopened_at = Set(Some(tx.now()));
    row.reminder_count = Set(0);
    row.escalation_count = Set(0);
    row.escalated_to = Set(None);
    row.completed_at = Set(None);
    row.completed_by = Set(None);
    row.waived_reason = Set(None);
    row.waived_at = Set(None);
    row.waived_by = Set(None);
    row.waiver_until = Set(None);
    row.waived_under = Set(None);
    let opened = keep(tx, row).await?;
    let notes = Some(reason.to_owned());
    note(tx, &opened, Kind::Reopened, Note { notes, ..Note::default() }).await?;
    Ok(opened)
}

/// The row, closed: what was claimed of it is sent no more.
pub(super) fn closed(check: Model, status: Status) -> ActiveModel {
    let mut row = check.into_active_model();
    row.status = Set(status);
    row.reminder_claim = Set(None);
    row.reminder_lease_until = Set(None);
    row.escalation_claim = Set(None);
    row.escalation_lease_until = Set(None);
    row
}

async fn keep(tx: &Tx, mut row: ActiveModel) -> Result<Model> {
    row.updated_at = Set(tx.now());
    tx.update(row).await
}
