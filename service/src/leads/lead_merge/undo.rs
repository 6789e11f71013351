//! Two leads again.

use entity::id::{LeadId, LeadMergeId};
use sea_orm::{
    ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde_json::{Value as Json, json};

use super::{
    Changes, Column, Entity, Locked, Model, Note, Row, Trigger, because, both, fold, get, index,
    link, note, retag, told, write,
};
use crate::{
    Error, Result, Tx, input,
    leads::lead::{self, Because, Status, enter},
    outreach::dnc,
};

/// Served by `leads_phone`. `$3` a number, `$4` the two leads.
pub const TAKEN: &str = "
select l.id from leads l
where l.tenant_id = $1 and $2::timestamptz is not null and l.phone_number = $3
  and l.deleted_at is null and l.id <> all ($4::uuid[])";

/// Parts two leads that were merged: each is again who it was, with its number, tags, links and
/// status. What people have changed about the kept lead since stays as they changed it, and what was
/// counted since stays counted there. Undoing it twice changes nothing.
///
/// Sequences that ended with the merge do not begin anew.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such merge; [`Error::Conflict`] if another lead has one of
/// their numbers by now, the kept lead was deleted, merged further or has taken in another since, it
/// became a customer since, or the person was erased; [`Error::Invalid`] if no reason is given.
#[tracing::instrument(name = "lead_merge::undo", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn undo(tx: &Tx, id: LeadMergeId, reason: &str) -> Result<Model> {
    input::text("reason", reason, 255)?;
    let merge = super::read(tx, id).await?;
    let (keep, fold) = (merge.kept_lead_id, merge.folded_lead_id);
    // Before the leads, in the order of whoever lists numbers.
    let seen = tx.get::<entity::leads::lead::Entity>(fold).await?;
    if let Some(phone) = seen.and_then(|lead| lead.phone_number) {
        dnc::hold(tx, &phone).await?;
    }
    let (kept, gone) = both(tx, keep, fold).await?;
    let merge = super::read(tx, id).await?; // whoever came first has written by now
    if merge.undone_at.is_some() {
        return Ok(merge);
    }
    let Some(changes) = merge.changes.clone() else {
        return Err(Error::conflict("the person was erased"));
    };
    possible(tx, &merge, &changes, &kept, &gone).await?;

    let now = kept.row();
    let back = fold::parted(&now, &changes.kept, &changes.tags);
    let own = back.get("phone_number").unwrap_or(&Json::Null);
    let freed = gone.row().get("phone_number").cloned().unwrap_or_default();
    free(tx, own, keep, fold).await?;
    free(tx, &freed, keep, fold).await?;
    if now.get("phone_number") == Some(&freed) && own.is_null() {
        return Err(Error::conflict("the kept lead has taken the other's number since"));
    }

    let again = Because { trigger: Trigger::Merge, ..because(Some(reason), id) };
    let mut version = kept.version;
    if let Some(was) = changes.status_was
        && kept.status == super::further(was, gone.status)
        && may_leave(tx, &kept, &back).await?
    {
        let lead = get(tx, keep).await?;
        version = enter(tx, lead, was, &again).await?.version;
    }
    let mut columns = back.clone();
    if get(tx, keep).await?.status == Status::Dnc {
        columns.remove("calling_blocked");
    }
    write(tx, keep, columns.clone()).await?;
    let home = [("deleted_at".to_owned(), Json::Null), ("merged_into_id".to_owned(), Json::Null)];
    write(tx, fold, home.into_iter().collect()).await?;
    said(tx, (keep, version + 1), (fold, gone.version + 1), &now, &columns, reason).await?;
    let parted = get(tx, keep).await?;
    retag(tx, &parted).await?;
    index(tx, &parted).await?;
    link::back(tx, keep, fold, &changes.links, merge.merged_at).await?;
    for lead in [parted, get(tx, fold).await?] {
        if let Some(phone) = &lead.phone_number
            && lead.status != Status::Dnc
            && dnc::listed_now(tx, phone).await?
        {
            lead::block(tx, std::slice::from_ref(phone), &again).await?;
        }
    }
    let mut row = merge.into_active_model();
    row.undone_at = Set(Some(tx.now()));
    row.undone_by = Set(tx.context().user());
    row.undo_reason = Set(Some(reason.to_owned()));
    tx.update(row).await
}

async fn possible(
    tx: &Tx,
    merge: &Model,
    changes: &Changes,
    kept: &Locked,
    gone: &Locked,
) -> Result<()> {
    let refuse = |why: &'static str| Err(Error::conflict(why));
    if kept.is_erased || gone.is_erased {
        return refuse("the person was erased");
    }
    if kept.merged_into_id.is_some() {
        return refuse("the kept lead was merged further: undo that first");
    }
    if kept.is_deleted {
        return refuse("the kept lead was deleted: restore it first");
    }
    if tx.now() < merge.merged_at {
        return refuse("they were merged later than that");
    }
    let latest = tx
        .find::<Entity>() // served by lead_merges_of_kept
        .filter(Column::KeptLeadId.eq(merge.kept_lead_id))
        .filter(Column::UndoneAt.is_null())
        .order_by_desc(Column::Id)
        .limit(1)
        .one(tx)
        .await?;
    if latest.is_some_and(|latest| latest.id != merge.id) {
        return refuse("the kept lead has taken in another since: undo that first");
    }
    let now = kept.row().get("converted_client_id").cloned().unwrap_or_default();
    let change = changes.kept.iter().find(|change| change.field == "converted_client_id");
    let then = match change {
        Some(change) => change.becomes.clone(),
        None if now.is_null() => Json::Null,
        None => {
            let at = kept.row().get("converted_at").cloned().unwrap_or_default();
            let at = at.as_str().and_then(|at| chrono::DateTime::parse_from_rfc3339(at).ok());
            if at.is_some_and(|at| at > merge.merged_at) { Json::Null } else { now.clone() }
        }
    };
    if now != then {
        return refuse("the lead became a customer since");
    }
    Ok(())
}

/// Refuses a number that a third lead has.
async fn free(tx: &Tx, phone: &Json, keep: LeadId, fold: LeadId) -> Result<()> {
    let Some(phone) = phone.as_str() else { return Ok(()) };
    let rest = [phone.into(), vec![keep.0, fold.0].into()];
    match tx.query_one_raw(tx.ask(TAKEN, rest)).await? {
        Some(_) => Err(Error::conflict("another lead has the number by now")),
        None => Ok(()),
    }
}

/// A lead whose own number is on the do-not-call list stays in status `dnc`.
async fn may_leave(tx: &Tx, kept: &Locked, back: &Row) -> Result<bool> {
    if kept.status != Status::Dnc {
        return Ok(true);
    }
    let now = kept.row();
    let phone = back.get("phone_number").or_else(|| now.get("phone_number"));
    let phone = phone.and_then(Json::as_str).map(str::to_owned);
    let phone = phone.and_then(|phone| entity::phone::Phone::try_from(phone).ok());
    match phone {
        Some(phone) => Ok(!dnc::listed_now(tx, &phone).await?),
        None => Ok(true),
    }
}

async fn said(
    tx: &Tx,
    keep: (LeadId, i32),
    fold: (LeadId, i32),
    now: &Row,
    columns: &Row,
    reason: &str,
) -> Result<()> {
    let mut notes = vec![];
    for (name, becomes) in columns {
        let (lead, version) = keep;
        let old = told(now.get(name).unwrap_or(&json!(null)));
        notes.push(Note { lead, version, field: fold::column(name), old, new: told(becomes) });
    }
    for ((lead, version), other) in [(keep, fold.0), (fold, keep.0)] {
        let old = Some(other.to_string());
        notes.push(Note { lead, version, field: "parted", old, new: None });
    }
    note(tx, notes, Some(reason)).await
}
