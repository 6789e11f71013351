//! Taking back what a program misheard.

use entity::{
    id::DncId,
    outreach::dnc::{self, Column},
    phone::Phone,
};
use sea_orm::{ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, Set};

use super::{Kind, Lock, REPLACED, because, lock, retire};
use crate::{Error, Result, Tx, leads::lead};

/// Takes back an entry that was made by mistake: nobody had asked. The one whose place it took, if
/// there was one, counts again; if none is left for good, the leads may be called again.
pub(in crate::outreach) async fn retract(
    tx: &Tx,
    phone: &Phone,
    id: DncId,
    reason: &str,
) -> Result<()> {
    lock(tx, phone, Lock::Change).await?;
    let entry = tx.get::<dnc::Entity>(id).await?.ok_or(Error::NotFound("entry"))?;
    let was_live = entry.removed_at.is_none();
    let entry = if was_live { retire(tx, entry, reason).await? } else { entry };
    let mut row = entry.into_active_model();
    row.retracted = Set(true);
    let entry = tx.update(row).await?;
    if !was_live {
        return Ok(());
    }
    let before = tx
        .find::<dnc::Entity>() // served by dnc_list_of_number
        .filter(Column::PhoneNumber.eq(phone.as_str()))
        .filter(Column::Id.lt(entry.id))
        .filter(Column::Retracted.eq(false))
        .order_by_desc(Column::Id)
        .one(tx)
        .await?;
    let before = before
        .filter(|before| before.removal_reason.as_deref() == Some(REPLACED))
        .filter(|before| before.expires_at.is_none_or(|until| until > tx.now()));
    if before.as_ref().is_none_or(|before| before.kind == Kind::Temporary) {
        lead::unblock(tx, phone, &because(&entry, reason)).await?;
    }
    let Some(before) = before else { return Ok(()) };
    let mut row = before.into_active_model();
    row.removed_at = Set(None);
    row.removed_by = Set(None);
    row.removal_reason = Set(None);
    tx.update(row).await?;
    Ok(())
}
