//! What was changed about leads, and by whom.

use entity::{
    id::{LeadAuditLogId, LeadId},
    leads::{
        lead_audit_log::{self, ActiveModel, Column, Entity},
        lead_status_history,
    },
};
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select, Set};

use super::{Moved, Noted, Origin, get};
use crate::{Result, Tx, page};

/// A change to be written down.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub lead: LeadId,
    /// The version of the lead that the change makes.
    pub version: i32,
    /// A column of `leads`, or what was done.
    pub field: &'static str,
    pub old: Option<String>,
    pub new: Option<String>,
}

/// Writes changes down, with who made them.
pub(crate) async fn note(tx: &Tx, notes: Vec<Note>, reason: Option<&str>) -> Result<()> {
    note_from(tx, notes, reason, None).await
}

/// The same, with where the request came from.
pub(super) async fn note_from(
    tx: &Tx,
    notes: Vec<Note>,
    reason: Option<&str>,
    origin: Option<&Origin>,
) -> Result<()> {
    let rows = notes.into_iter().map(|note| ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(LeadAuditLogId::new()),
        lead_id: Set(note.lead),
        user_id: Set(tx.context().user()),
        actor: Set(tx.context().actor.to_string()),
        field_name: Set(note.field.to_owned()),
        old_value: Set(note.old),
        new_value: Set(note.new),
        version: Set(note.version),
        change_reason: Set(reason.map(str::to_owned)),
        ip_address: Set(origin.and_then(|from| from.ip_address).map(|ip| ip.to_string())),
        user_agent: Set(origin.and_then(|from| from.user_agent.clone())),
        changed_at: Set(tx.now()),
    });
    tx.insert_many(rows.collect()).await
}

#[derive(FromQueryResult)]
struct Field {
    field_name: String,
}

/// The fields that have changed since a version.
pub(super) async fn fields_since(tx: &Tx, lead: LeadId, version: i32) -> Result<Vec<String>> {
    let found = changed_since(tx, lead, version).into_model::<Field>().all(tx).await?;
    let mut fields: Vec<_> = found.into_iter().map(|row| row.field_name).collect();
    fields.sort();
    fields.dedup();
    Ok(fields)
}

/// Served by `lead_audit_log_of_lead`.
#[must_use]
pub fn changed_since(tx: &Tx, lead: LeadId, version: i32) -> Select<Entity> {
    tx.find::<Entity>()
        .select_only()
        .column(Column::FieldName)
        .filter(Column::LeadId.eq(lead))
        .filter(Column::Version.gt(version))
}

/// What was changed about a lead, latest first, up to 1000 changes: what was done to the whole of it
/// among them (`created`, `deleted`, `restored`).
///
/// # Errors
///
/// [`NotFound`](crate::Error::NotFound) as [`get`].
#[tracing::instrument(name = "lead::changes", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn changes(tx: &Tx, id: LeadId) -> Result<Vec<Noted>> {
    get(tx, id).await?;
    let found = changes_query(tx, id).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}

/// Served by `lead_audit_log_of_lead`.
#[must_use]
pub fn changes_query(tx: &Tx, id: LeadId) -> Select<Entity> {
    tx.find::<lead_audit_log::Entity>()
        .filter(Column::LeadId.eq(id))
        .order_by_desc(Column::Version)
        .order_by_desc(Column::Id)
        .limit(page::MOST)
}

/// The statuses that a lead has been in, the present one first, up to 1000.
///
/// # Errors
///
/// [`NotFound`](crate::Error::NotFound) as [`get`].
#[tracing::instrument(name = "lead::statuses", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn statuses(tx: &Tx, id: LeadId) -> Result<Vec<Moved>> {
    get(tx, id).await?;
    let found = statuses_query(tx, id).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}

/// Served by `lead_status_history_of_lead`.
#[must_use]
pub fn statuses_query(tx: &Tx, id: LeadId) -> Select<lead_status_history::Entity> {
    use lead_status_history::Column;
    tx.find::<lead_status_history::Entity>()
        .filter(Column::LeadId.eq(id))
        .order_by_desc(Column::ChangedAt)
        .order_by_desc(Column::Id)
        .limit(page::MOST)
}
