//! What the do-not-call list does to leads.

use entity::{id::LeadId, phone::Phone};
use sea_orm::{ActiveEnum, ConnectionTrait, FromQueryResult};

use super::{Because, Note, Status, Why, enter, left, locked, note};
use crate::{Result, Tx};

/// Served by `leads_phone`. `$3` numbers in E.164.
pub const LISTED_LEADS: &str = "
select l.id, l.status, l.version from leads l
where l.tenant_id = $1 and $2::timestamptz is not null and l.deleted_at is null
  and l.phone_number = any ($3::text[])
order by l.id for update of l";

/// Served by `pk-leads`. `$3` leads.
pub const BLOCKED: &str = "
update leads l
set status = 'dnc', calling_blocked = true, status_since = greatest(l.status_since, $2),
    version = l.version + 1, updated_at = $2
where l.tenant_id = $1 and l.id = any ($3::uuid[])";

/// Served by `lead_status_history_present`. `$3` leads.
pub const LEFT: &str = "
update lead_status_history h set left_at = greatest(h.changed_at, $2)
where h.tenant_id = $1 and h.lead_id = any ($3::uuid[]) and h.left_at is null";

#[derive(FromQueryResult)]
struct Found {
    id: LeadId,
    status: Status,
    version: i32,
}

async fn found(tx: &Tx, phones: &[Phone]) -> Result<Vec<Found>> {
    let phones: Vec<String> = phones.iter().map(|phone| phone.as_str().to_owned()).collect();
    Ok(Found::find_by_statement(tx.ask(LISTED_LEADS, [phones.into()])).all(tx).await?)
}

fn moved(lead: &Found, to: Status) -> Note {
    Note {
        lead: lead.id,
        version: lead.version + 1,
        field: "status",
        old: Some(lead.status.to_value()),
        new: Some(to.to_value()),
    }
}

/// Puts the leads that have these numbers into status `dnc`, in which nobody may call them, and ends
/// what goes on about them; whom that concerned. Those that are in it already stay as they are.
pub(crate) async fn block(tx: &Tx, phones: &[Phone], because: &Because) -> Result<Vec<LeadId>> {
    let mut leads = found(tx, phones).await?;
    leads.retain(|lead| lead.status != Status::Dnc);
    let ids: Vec<LeadId> = leads.iter().map(|lead| lead.id).collect();
    if ids.is_empty() {
        return Ok(ids);
    }
    let these: Vec<uuid::Uuid> = ids.iter().map(|id| id.0).collect();
    tx.execute_raw(tx.ask(LEFT, [these.clone().into()])).await?;
    let rows = leads
        .iter()
        .map(|lead| super::status::row(tx, lead.id, Some(lead.status), Status::Dnc, because));
    tx.insert_many(rows.collect()).await?;
    tx.execute_raw(tx.ask(BLOCKED, [these.into()])).await?;
    let notes = leads.iter().map(|lead| moved(lead, Status::Dnc)).collect();
    note(tx, notes, because.reason.as_deref()).await?;
    left(tx, &ids, Why::Listed).await?;
    Ok(ids)
}

/// Served by `lead_status_history_present`. `$3` a lead.
pub const BEFORE: &str = "
select h.from_status from lead_status_history h
where h.tenant_id = $1 and $2::timestamptz is not null and h.lead_id = $3 and h.left_at is null";

#[derive(FromQueryResult)]
struct Before {
    from_status: Option<Status>,
}

/// Gives the lead that has a number, and is in status `dnc`, the status back that it had before
/// (defect 4-12). Sequences that ended do not begin anew.
pub(crate) async fn unblock(tx: &Tx, phone: &Phone, because: &Because) -> Result<Vec<LeadId>> {
    let mut done = vec![];
    for lead in found(tx, std::slice::from_ref(phone)).await? {
        if lead.status != Status::Dnc {
            continue;
        }
        let before = Before::find_by_statement(tx.ask(BEFORE, [lead.id.into()])).one(tx).await?;
        let to = before.and_then(|row| row.from_status).unwrap_or(Status::New);
        done.push(enter(tx, locked(tx, lead.id).await?, to, because).await?.id);
    }
    Ok(done)
}
