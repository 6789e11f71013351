//! Whether one customer, contact or vendor is in order in one period.

mod claims;
mod due;
mod gone;
mod life;
mod rates;
mod remind;
mod validation;

pub use entity::compliance::{
    compliance_check::{Finding, Findings, Model, Problem, Status},
    compliance_check_event::{Evidence, Kind},
};
use entity::{
    compliance::{
        compliance_check::{Column, Entity},
        compliance_check_event,
        compliance_schedule::Target,
    },
    id::{ComplianceCheckEventId, ComplianceCheckId, UserId},
};
use sea_orm::{ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set};

pub use self::{
    due::{After, Due, DueCheck, Unreachable, due},
    gone::cancel_gone,
    life::{Waive, Waiver, cancel, complete, reopen, skip, waive},
    rates::{CompletionRate, Rates, completion_rates},
    remind::{
        Claim, LAST_RUNG, MOST_REMINDERS, REMINDERS_BEFORE_ESCALATION, SPACING_DAYS, Step,
        claim_escalations, claim_reminders, escalation_stands, record_escalation, record_reminder,
        release_escalation, release_reminder, reminder_stands,
    },
    validation::{Validated, validate},
};
use crate::{Error, Result, Tx, page, tenancy::user};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        claims::{CLAIM_ESCALATIONS, CLAIM_REMINDERS},
        due::DUE,
        gone::GONE,
        rates::RATES,
    };
    pub use super::{history_query, of_query};
}

/// One check.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such check.
#[tracing::instrument(name = "compliance_check::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: ComplianceCheckId) -> Result<Model> {
    tx.get::<Entity>(id).await?.ok_or(Error::NotFound("compliance check"))
}

/// Served by `compliance_checks_entity`.
#[must_use]
pub fn of_query(tx: &Tx, target: Target, entity_id: &str, limit: u64) -> Select<Entity> {
    tx.find::<Entity>()
        .filter(Column::EntityType.eq(target))
        .filter(Column::EntityId.eq(entity_id))
        .order_by_desc(Column::DueAt)
        .order_by_desc(Column::Id)
        .limit(limit)
}

/// The checks of one customer, contact or vendor, open or not, the latest due first.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000.
#[tracing::instrument(name = "compliance_check::of", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn of(tx: &Tx, target: Target, entity_id: &str, limit: u64) -> Result<Vec<Model>> {
    page::check(limit)?;
    let found = of_query(tx, target, entity_id, limit).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}

/// The check, which nobody else can change until the transaction ends.
async fn locked(tx: &Tx, id: ComplianceCheckId) -> Result<Model> {
    let found = tx.find::<Entity>().filter(Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    found.ok_or(Error::NotFound("compliance check"))
}

/// The same, if it is still open.
async fn open(tx: &Tx, id: ComplianceCheckId) -> Result<Model> {
    let found = locked(tx, id).await?;
    if !found.status.is_open() {
        return Err(Error::conflict("the check is closed"));
    }
    Ok(found)
}

/// Says who is to complete a check; `None`: nobody in particular. Its history keeps from whom to
/// whom; saying the same again changes nothing.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such check or user; [`Error::Conflict`] if the check is
/// closed.
#[tracing::instrument(name = "compliance_check::assign", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn assign(tx: &Tx, id: ComplianceCheckId, to: Option<UserId>) -> Result<Model> {
    if let Some(user) = to {
        user::get(tx, user).await?;
    }
    let check = open(tx, id).await?;
    let was = check.assigned_to;
    if was == to {
        return Ok(check);
    }
    let said = [("from", was), ("to", to)];
    let said =
        said.iter().filter_map(|(word, user)| user.map(|user| format!("{word} user:{user}")));
    let notes = Some(said.collect::<Vec<_>>().join(" "));
    note(tx, &check, Kind::Assigned, Note { notes, ..Note::default() }).await?;
    let mut row = check.into_active_model();
    row.assigned_to = Set(to);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// Whether the user is or was to complete the check, since it was opened last.
async fn was_assigned(tx: &Tx, check: &Model, user: UserId) -> Result<bool> {
    use compliance_check_event::Column;
    let changes = tx
        .find::<compliance_check_event::Entity>() // served by compliance_check_events_of_check
        .filter(Column::CheckId.eq(check.id))
        .filter(Column::Kind.eq(Kind::Assigned))
        .filter(Column::Round.eq(check.round))
        .all(tx)
        .await?;
    let named = format!("user:{user}");
    let names = |notes: Option<&str>| notes.is_some_and(|notes| notes.contains(&named));
    Ok(check.assigned_to == Some(user) || changes.iter().any(|said| names(said.notes.as_deref())))
}

/// Served by `compliance_check_events_of_check`.
#[must_use]
pub fn history_query(tx: &Tx, id: ComplianceCheckId) -> Select<compliance_check_event::Entity> {
    tx.find::<compliance_check_event::Entity>()
        .filter(compliance_check_event::Column::CheckId.eq(id))
        .order_by_desc(compliance_check_event::Column::HappenedAt)
        .order_by_desc(compliance_check_event::Column::Id)
        .limit(page::MOST)
}

/// What happened to a check, latest first.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such check.
#[tracing::instrument(name = "compliance_check::history", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn history(tx: &Tx, id: ComplianceCheckId) -> Result<Vec<compliance_check_event::Model>> {
    get(tx, id).await?;
    let found = history_query(tx, id).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}

/// What an entry of a check's history says beside its kind.
#[derive(Default)]
pub(crate) struct Note {
    pub(crate) n: Option<i32>,
    pub(crate) notes: Option<String>,
    pub(crate) evidence: Option<Evidence>,
}

pub(crate) async fn note_all(tx: &Tx, all: Vec<(&Model, Kind, Note)>) -> Result<()> {
    let entry = |(check, kind, note): (&Model, Kind, Note)| compliance_check_event::ActiveModel {
        tenant_id: Set(check.tenant_id),
        id: Set(ComplianceCheckEventId::new()),
        check_id: Set(check.id),
        kind: Set(kind),
        round: Set(check.round),
        n: Set(note.n),
        actor: Set(tx.context().actor.to_string()),
        happened_at: Set(tx.now()),
        notes: Set(note.notes),
        evidence: Set(note.evidence),
    };
    tx.insert_many(all.into_iter().map(entry).collect()).await
}

async fn note(tx: &Tx, check: &Model, kind: Kind, note: Note) -> Result<()> {
    note_all(tx, vec![(check, kind, note)]).await
}
