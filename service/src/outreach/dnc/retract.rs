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
/// there was one, is put back; if none is left for good, the leads may be called again.
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
    // Whatever it replaced ended when it began.
    let before = tx
        .find::<dnc::Entity>() // served by dnc_list_of_number
        .filter(Column::PhoneNumber.eq(phone.as_str()))
        .filter(Column::Id.lt(entry.id))
        .filter(Column::RemovalReason.eq(REPLACED))
        .filter(Column::RemovedAt.gte(entry.added_at))
        .filter(Column::Retracted.eq(false))
        .order_by_desc(Column::Id)
        .one(tx)
        .await?;
    let before = before.filter(|b| b.expires_at.is_none_or(|until| until > tx.now()));
    if before.as_ref().is_none_or(|before| before.kind == Kind::Temporary) {
        lead::unblock(tx, phone, &because(&entry, reason)).await?;
    }
    let Some(before) = before else { return Ok(()) };
    tx.insert(dnc::ActiveModel {
        id: Set(DncId::new()),
        phone_number: Set(before.phone_number),
        raw_number: Set(before.raw_number),
        kind: Set(before.kind),
        reason: Set(before.reason),
        source: Set(before.source),
        detected_phrase: Set(before.detected_phrase),
        notes: Set(before.notes),
        consent_withdrawal_documented: Set(before.consent_withdrawal_documented),
        added_by_user_id: Set(before.added_by_user_id),
        added_at: Set(before.added_at),
        expires_at: Set(before.expires_at),
        ..Default::default()
    })
    .await?;
    Ok(())
}
