//! Reminding whoever is to fill in what is missing, and telling one of ours when they do not: each
//! step once, whoever else is at it.

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    compliance::{
        compliance_check::{Column, Entity, Model, Status},
        compliance_check_event::Kind,
        compliance_schedule::{Fields, Target},
    },
    id::{ClientId, ComplianceCheckId, ContactId, UserId},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DeriveActiveEnum, EnumIter, FromQueryResult, IntoActiveModel,
    QueryFilter, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Note,
    claims::{CLAIM_ESCALATIONS, CLAIM_REMINDERS, ESCALATION_STANDS, REMINDER_STANDS},
    note,
};
use crate::{
    Claims, Error, Result, Tx, claims::lease_seconds, page, sales::task, support::case::Priority,
};

/// How many days of 24 hours lie between two reminders at the least (ours).
pub const SPACING_DAYS: i32 = 3;
/// How many reminders there are before a check is escalated as soon as it is overdue (seed 002).
pub const REMINDERS_BEFORE_ESCALATION: i32 = 2;
/// How many reminders there are at the most (ours).
pub const MOST_REMINDERS: i32 = 5;
/// How many steps the ladder has (ours).
pub const LAST_RUNG: i32 = 3;

/// What is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A message to the contact.
    Reminder,
    /// A word to one of ours.
    Escalation,
}

/// The right to send one reminder or escalation of one check, until the lease ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromQueryResult)]
pub struct Claim {
    /// Which check.
    pub check_id: ComplianceCheckId,
    /// What is to be sent.
    pub step: Step,
    /// How often the check was opened.
    pub round: i32,
    /// Which reminder, or step of the ladder, of the round this is, counted from 1.
    pub n: i32,
    /// What it is about.
    pub compliance_type: String,
    /// What it is of.
    pub entity_type: Target,
    /// Which of those.
    pub entity_id: String,
    /// What that was called when the check was made.
    pub entity_name: Option<String>,
    /// The customer, or the contact's customer.
    pub client_id: Option<ClientId>,
    /// Whom to remind.
    pub contact_id: Option<ContactId>,
    /// Whom to tell; `None`: nobody of the ladder is left, and no active `admin`.
    pub escalate_to: Option<UserId>,
    /// The day on which it is due.
    pub due_on: NaiveDate,
    /// Whether that has passed.
    pub is_overdue: bool,
    /// What the last validation missed.
    pub missing_fields: Fields,
    /// Until when, by the database's clock, nobody else may claim it.
    pub lease_until: DateTime<Utc>,
    token: Uuid,
}

impl Claim {
    /// What a sender knows the message by: the same however often the step is claimed, so that a
    /// sender which has seen it before sends nothing.
    #[must_use]
    pub fn key(&self) -> String {
        let step = match self.step {
            Step::Reminder => "reminder",
            Step::Escalation => "escalation",
        };
        format!("compliance:{}:{step}:{}:{}", self.check_id, self.round, self.n)
    }

    /// The check's id.
    #[must_use]
    pub fn subject(&self) -> Uuid {
        self.check_id.0
    }
}

async fn claim(tx: &Tx, ask: &Claims, sql: &str) -> Result<Vec<Claim>> {
    page::check(ask.limit)?;
    let rows = i64::try_from(ask.limit).unwrap_or(i64::MAX);
    let seconds = lease_seconds(ask.lease)?;
    let question = tx.ask(sql, [rows.into(), Uuid::now_v7().into(), seconds.into()]);
    let mut claimed = Claim::find_by_statement(question).all(tx).await?;
    claimed.sort_by_key(|claim| claim.check_id);
    tracing::Span::current().record("rows", claimed.len());
    Ok(claimed)
}

/// Claims reminders of listed checks, the longest due first. No two workers ever hold the same one:
/// what another holds is passed over, and what a dead one held is free when its lease ends.
///
/// A reminder is sent while the check is listed and was not escalated, three days after the one
/// before at the earliest: before it is overdue up to five, and after that up to two and only until
/// the ladder begins. It goes to the contact itself or the customer's primary one, with an e-mail
/// address and not unsubscribed: [`due`](super::due) says where there is none.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000, or the lease not from a second to a day.
#[tracing::instrument(name = "compliance_check::claim_reminders", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn claim_reminders(tx: &Tx, ask: &Claims) -> Result<Vec<Claim>> {
    claim(tx, ask, CLAIM_REMINDERS).await
}

/// Claims the next step of the ladder of overdue checks, the longest overdue first, as
/// [`claim_reminders`] does.
///
/// The first step is taken when a check is overdue and was reminded of twice, or has been for as
/// many days as its schedule says; the second and the third as many days after the one before.
///
/// # Errors
///
/// As [`claim_reminders`].
#[tracing::instrument(name = "compliance_check::claim_escalations", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn claim_escalations(tx: &Tx, ask: &Claims) -> Result<Vec<Claim>> {
    claim(tx, ask, CLAIM_ESCALATIONS).await
}

fn no_longer_good() -> Error {
    Error::conflict("the claim on the check is no longer good")
}

/// The check, if the claim on it is good.
async fn held(tx: &Tx, claim: &Claim, step: Step) -> Result<Model> {
    let (token, count) = match step {
        Step::Reminder => (Column::ReminderClaim, Column::ReminderCount),
        Step::Escalation => (Column::EscalationClaim, Column::EscalationCount),
    };
    let found = tx
        .find::<Entity>()
        .filter(Column::Id.eq(claim.check_id))
        .filter(token.eq(claim.token))
        .filter(count.eq(claim.n - 1))
        .filter(Column::Round.eq(claim.round))
        .lock_exclusive()
        .one(tx)
        .await?;
    let good = |check: &Model| check.status.is_open() && claim.step == step;
    found.filter(good).ok_or_else(no_longer_good)
}

/// Records that a claimed reminder was sent: the check waits for an answer.
///
/// # Errors
///
/// [`Error::Conflict`] if the claim is no longer good, because the reminder was recorded already,
/// somebody else took it, or the check was closed. Nothing is written then.
#[tracing::instrument(name = "compliance_check::record_reminder", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record_reminder(tx: &Tx, claim: &Claim) -> Result<()> {
    let check = held(tx, claim, Step::Reminder).await?;
    note(tx, &check, Kind::Reminder, Note { n: Some(claim.n), ..Note::default() }).await?;
    let was_escalated = check.status == Status::Escalated;
    let mut row = check.into_active_model();
    if !was_escalated {
        row.status = Set(Status::AwaitingResponse);
    }
    row.reminder_count = Set(claim.n);
    row.reminder_sent_at = Set(Some(tx.now()));
    row.reminder_claim = Set(None);
    row.reminder_lease_until = Set(None);
    row.updated_at = Set(tx.now());
    tx.update(row).await.map(drop)
}

/// Records that somebody of ours was told, and gives them a task. The check is escalated, and still
/// to be completed.
///
/// # Errors
///
/// As [`record_reminder`].
#[tracing::instrument(name = "compliance_check::record_escalation", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record_escalation(tx: &Tx, claim: &Claim) -> Result<()> {
    let check = held(tx, claim, Step::Escalation).await?;
    let named = claim.entity_name.as_deref().unwrap_or(&claim.entity_id);
    let title = format!("Overdue: {} of {named}", claim.compliance_type);
    let missing: Vec<_> = check.missing_fields.0.iter().map(|field| field.name()).collect();
    let described = match missing.as_slice() {
        [] => format!("Due on {}.", claim.due_on),
        missing => format!("Due on {}. Missing: {}.", claim.due_on, missing.join(", ")),
    };
    let new = task::New {
        description: Some(described),
        client_id: claim.client_id.clone(),
        contact_id: claim.contact_id,
        assigned_to: claim.escalate_to,
        ..task::New::titled(&title, Priority::High)
    };
    task::open(tx, new).await?;
    let notes = claim.escalate_to.map(|user| format!("to user:{user}"));
    note(tx, &check, Kind::Escalation, Note { n: Some(claim.n), notes, ..Note::default() }).await?;
    let mut row = check.into_active_model();
    row.status = Set(Status::Escalated);
    row.escalation_count = Set(claim.n);
    row.escalation_sent_at = Set(Some(tx.now()));
    row.escalated_to = Set(claim.escalate_to);
    row.escalation_claim = Set(None);
    row.escalation_lease_until = Set(None);
    row.updated_at = Set(tx.now());
    tx.update(row).await.map(drop)
}

/// Gives a claim back without having sent anything, for others to take at once.
///
/// # Errors
///
/// [`Error::Conflict`] if the claim is no longer good.
#[tracing::instrument(name = "compliance_check::release_reminder", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn release_reminder(tx: &Tx, claim: &Claim) -> Result<()> {
    let sql = "update compliance_checks set reminder_claim = null, reminder_lease_until = null
               where tenant_id = $1 and id = $3 and reminder_claim = $4 and $2 is not null";
    release(tx, claim, sql).await
}

/// As [`release_reminder`].
///
/// # Errors
///
/// [`Error::Conflict`] if the claim is no longer good.
#[tracing::instrument(name = "compliance_check::release_escalation", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn release_escalation(tx: &Tx, claim: &Claim) -> Result<()> {
    let sql = "update compliance_checks set escalation_claim = null, escalation_lease_until = null
               where tenant_id = $1 and id = $3 and escalation_claim = $4 and $2 is not null";
    release(tx, claim, sql).await
}

async fn release(tx: &Tx, claim: &Claim, sql: &str) -> Result<()> {
    let free = tx.ask(sql, [claim.check_id.into(), claim.token.into()]);
    match tx.execute_raw(free).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(no_longer_good()),
    }
}

/// Whether a claimed reminder may still be sent: the check is open and was not escalated, and the
/// contact still the one to remind, there and willing.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "compliance_check::reminder_stands", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn reminder_stands(tx: &Tx, claim: &Claim) -> Result<bool> {
    let rest = [claim.check_id.into(), claim.token.into(), claim.contact_id.into()];
    Ok(tx.query_one_raw(tx.ask(REMINDER_STANDS, rest)).await?.is_some())
}

/// Whether somebody of ours is still to be told: the check is open, and what it is of still there.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "compliance_check::escalation_stands", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn escalation_stands(tx: &Tx, claim: &Claim) -> Result<bool> {
    let rest = [claim.check_id.into(), claim.token.into()];
    Ok(tx.query_one_raw(tx.ask(ESCALATION_STANDS, rest)).await?.is_some())
}
