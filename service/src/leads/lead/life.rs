//! Leads that are deleted, and come back.

use entity::{
    id::LeadId,
    leads::lead::{ActiveModel, Entity},
};
use sea_orm::{IntoActiveModel, Set};

use super::{Because, Model, Note, Trigger, Why, block, left, locked, locked_at_all, note};
use crate::{Error, Result, Tx, input, outreach::dnc};

/// Deletes a lead, so that no question finds it and its number is free for another. Its records stay,
/// and so may it itself come back.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead, or it was deleted already; [`Error::Invalid`]
/// if no reason is given.
#[tracing::instrument(name = "lead::delete", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn delete(tx: &Tx, id: LeadId, reason: &str) -> Result<Model> {
    input::text("reason", reason, 255)?;
    let lead = locked(tx, id).await?;
    let version = lead.version + 1;
    let mut row = lead.into_active_model();
    row.deleted_at = Set(Some(tx.now()));
    let deleted = written(tx, row, version, "deleted", reason).await?;
    left(tx, &[id], Why::Deleted).await?;
    Ok(deleted)
}

/// Brings a deleted lead back, as it was. If its number is on the do-not-call list for good, it comes back
/// in status `dnc`.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead; [`Error::Conflict`] if it is not deleted, was
/// merged into another or erased, or another lead has its number now; [`Error::Invalid`] if no reason
/// is given.
#[tracing::instrument(name = "lead::restore", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn restore(tx: &Tx, id: LeadId, reason: &str) -> Result<Model> {
    input::text("reason", reason, 255)?;
    // Before the lead, in the order of whoever lists numbers.
    let seen = tx.get::<Entity>(id).await?.ok_or(Error::NotFound("lead"))?;
    if let Some(phone) = &seen.phone_number {
        dnc::hold(tx, phone).await?;
    }
    let lead = locked_at_all(tx, id).await?.ok_or(Error::NotFound("lead"))?;
    if lead.deleted_at.is_none() {
        return Err(Error::conflict("the lead is not deleted"));
    }
    if lead.merged_into_id.is_some() {
        return Err(Error::conflict("the lead was merged into another"));
    }
    let Some(phone) = lead.phone_number.clone().filter(|_| lead.erased_at.is_none()) else {
        return Err(Error::conflict("the lead was erased"));
    };
    let version = lead.version + 1;
    let mut row = lead.into_active_model();
    row.deleted_at = Set(None);
    let restored = written(tx, row, version, "restored", reason).await?;
    if dnc::listed_now(tx, &phone).await? {
        let because = Because {
            trigger: Trigger::DncList,
            trigger_id: None,
            reason: Some("its number is on the do-not-call list".to_owned()),
        };
        block(tx, &[phone], &because).await?;
        return super::get(tx, id).await;
    }
    Ok(restored)
}

async fn written(
    tx: &Tx,
    mut row: ActiveModel,
    version: i32,
    what: &'static str,
    reason: &str,
) -> Result<Model> {
    row.version = Set(version);
    row.updated_at = Set(tx.now());
    let written = tx.update(row).await?;
    let said = Note { lead: written.id, version, field: what, old: None, new: None };
    note(tx, vec![said], Some(reason)).await?;
    Ok(written)
}
