//! Two leads that are one person become one, and two again if that was wrong.
//!
//! The folded lead is deleted in the kept one's favour, and says so (`merged_into_id`). Its records
//! (statuses, changes, scores, calls) stay with its id; [`lineage`] says whose records are a lead's.
//! What the merge changed is kept in full beside it, so that [`undo`] can put it back.

mod fold;
mod link;
mod undo;

pub use entity::leads::lead_merge::{Change, Changes, How, Model, MovedLink};
use entity::{
    id::{LeadId, LeadMergeId},
    leads::{
        lead::{self, Status},
        lead_merge::{self, Column, Entity},
        lead_tag,
    },
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde_json::{Map, Value as Json};

pub use self::{
    fold::{Field, folded},
    undo::undo,
};
use super::lead::{Because, Note, Trigger, Why, enter, get, index, left, note};
use crate::{Error, Result, Tx, input, page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        BOTH, LINEAGE, WRITE,
        link::{CLOSING_BACK, CLOSING_ON, KEPT, LINKS},
        undo::TAKEN,
    };
}

/// Which of two leads' values go on. By itself, the kept lead's do, and where it has none the folded
/// lead's; notes are joined, tags united, contacts counted together, the later contact is the last,
/// and the status is the further of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// What is to be the folded lead's, if it has it.
    pub from_folded: Vec<Field>,
    /// Why, up to 255 characters; `None`: nobody said.
    pub reason: Option<String>,
}

/// A row of `leads`, column by column.
pub(crate) type Row = Map<String, Json>;

/// Served by `pk-leads`. `$3` the two leads.
pub const BOTH: &str = "
select l.id, l.version, l.status, l.deleted_at is not null as is_deleted, l.merged_into_id,
       l.erased_at is not null as is_erased, to_jsonb(l) as row
from leads l where l.tenant_id = $1 and $2::timestamptz is not null and l.id = any ($3::uuid[])
order by l.id for update of l";

/// A lead that is locked.
#[derive(Clone, Debug, FromQueryResult)]
struct Locked {
    id: LeadId,
    version: i32,
    status: Status,
    is_deleted: bool,
    is_erased: bool,
    merged_into_id: Option<LeadId>,
    row: Json,
}

impl Locked {
    fn row(&self) -> Row {
        self.row.as_object().cloned().unwrap_or_default()
    }
}

/// Both leads, which nobody else can change until the transaction ends: in the order of their ids,
/// so that whoever merges others of them waits and does not stand in the way.
async fn both(tx: &Tx, keep: LeadId, fold: LeadId) -> Result<(Locked, Locked)> {
    let ids = vec![keep.0, fold.0];
    let found = Locked::find_by_statement(tx.ask(BOTH, [ids.into()])).all(tx).await?;
    let one = |id| found.iter().find(|lead| lead.id == id).cloned().ok_or(Error::NotFound("lead"));
    Ok((one(keep)?, one(fold)?))
}

/// Served by `pk-leads`. `$3` the lead, `$4` the columns that become something else, as JSON.
pub const WRITE: &str = "
update leads l set (
    first_name, last_name, phone_number, phone_extension, email, address, city, state, zip, country,
    time_zone, source, sub_source, source_metadata, tags, notes, user_id, last_contact_date,
    interaction_count, calling_blocked, converted_client_id, converted_contact_id, converted_at,
    deleted_at, merged_into_id, version, updated_at
) = (
    select p.first_name, p.last_name, p.phone_number, p.phone_extension, p.email, p.address, p.city,
           p.state, p.zip, p.country, p.time_zone, p.source, p.sub_source, p.source_metadata, p.tags,
           p.notes, p.user_id, p.last_contact_date, p.interaction_count, p.calling_blocked,
           p.converted_client_id, p.converted_contact_id, p.converted_at, p.deleted_at,
           p.merged_into_id, l.version + 1, $2
    from jsonb_populate_record(l, $4::jsonb) p
) where l.tenant_id = $1 and l.id = $3";

async fn write(tx: &Tx, id: LeadId, columns: Row) -> Result<()> {
    tx.execute_raw(tx.ask(WRITE, [id.into(), Json::Object(columns).into()])).await?;
    Ok(())
}

/// What a value is called in the audit.
fn told(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        Json::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(Json::as_str).collect();
            Some(items.join(", ")).filter(|text| !text.is_empty())
        }
        other => Some(other.to_string()),
    }
}

fn because(reason: Option<&str>, merge: LeadMergeId) -> Because {
    Because {
        trigger: Trigger::Merge,
        trigger_id: Some(merge.0),
        reason: reason.map(str::to_owned),
    }
}

/// Makes one lead of two: `keep` goes on, `fold` is deleted in its favour. Merging the same two the
/// same way again changes nothing.
///
/// If one of them is in status `dnc`, the kept one is from now on. Its score is as it was until it is
/// computed anew. What goes on by itself about the folded lead ends.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has not both of them, or one was deleted; [`Error::Invalid`] if
/// they are the same, or the reason is not text; [`Error::Conflict`] if the folded one was merged into
/// a third, or they became two different customers.
#[tracing::instrument(name = "lead_merge::merge", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn merge(tx: &Tx, keep: LeadId, fold: LeadId, choice: &Choice) -> Result<Model> {
    let reason = choice.reason.as_deref();
    if let Some(reason) = reason {
        input::text("reason", reason, 255)?;
    }
    if keep == fold {
        return Err(Error::invalid("fold", "must be another lead"));
    }
    let (kept, gone) = both(tx, keep, fold).await?;
    if gone.merged_into_id == Some(keep)
        && let Some(done) = live(tx, fold).await?
    {
        return Ok(done);
    }
    if gone.merged_into_id.is_some() {
        return Err(Error::conflict("the lead was merged into another"));
    }
    if kept.is_deleted || gone.is_deleted {
        return Err(Error::NotFound("lead"));
    }
    let (before, other) = (kept.row(), gone.row());
    let id = LeadMergeId::new();
    let (changes, tags) = folded(&before, &other, &choice.from_folded)?;
    let further = further(kept.status, gone.status);
    // First, so that its number is free.
    let away = [
        ("deleted_at".to_owned(), Json::from(tx.now().to_rfc3339())),
        ("merged_into_id".to_owned(), Json::from(keep.to_string())),
    ];
    write(tx, fold, away.into_iter().collect()).await?;
    let set = changes.iter().map(|change| (change.field.clone(), change.becomes.clone()));
    write(tx, keep, set.collect()).await?;
    let mut notes = vec![];
    for change in &changes {
        let field = fold::column(&change.field);
        let (old, new) = (told(&change.was), told(&change.becomes));
        notes.push(Note { lead: keep, version: kept.version + 1, field, old, new });
    }
    let (old, new) = (Some(fold.to_string()), Some(keep.to_string()));
    let field = "merged";
    notes.push(Note { lead: keep, version: kept.version + 1, field, old: old.clone(), new: None });
    notes.push(Note { lead: fold, version: gone.version + 1, field, old: None, new });
    note(tx, notes, reason).await?;
    let mut after = get(tx, keep).await?;
    retag(tx, &after).await?;
    index(tx, &after).await?;
    if further != kept.status {
        after = enter(tx, after, further, &because(reason, id)).await?;
    }
    let links = link::follow(tx, keep, fold).await?;
    left(tx, &[fold], Why::Merged).await?;
    let changes = Changes {
        kept: changes,
        folded: other.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        status_was: (after.status != kept.status).then_some(kept.status),
        tags,
        links,
    };
    tx.insert(lead_merge::ActiveModel {
        id: Set(id),
        kept_lead_id: Set(keep),
        folded_lead_id: Set(fold),
        reason: Set(choice.reason.clone()),
        changes: Set(Some(changes)),
        actor: Set(tx.context().actor.to_string()),
        merged_by: Set(tx.context().user()),
        merged_at: Set(tx.now()),
        ..Default::default()
    })
    .await
}

/// How far a status is: `new`, then `cold`, which at least somebody has talked to, then the funnel;
/// and whoever wants no calls wants none.
fn rank(status: Status) -> u8 {
    match status {
        Status::New => 0,
        Status::Cold => 1,
        Status::Contacted => 2,
        Status::Qualified => 3,
        Status::Nurturing => 4,
        Status::Hot => 5,
        Status::Recruited => 6,
        Status::Dnc => 7,
    }
}

fn further(one: Status, other: Status) -> Status {
    if rank(other) > rank(one) { other } else { one }
}

/// Writes the searched form of a lead's tags anew.
async fn retag(tx: &Tx, lead: &lead::Model) -> Result<()> {
    let of = lead_tag::Column::LeadId.eq(lead.id);
    tx.delete_many::<lead_tag::Entity>().filter(of).exec(tx).await?;
    let rows = lead.tags.iter().map(|tag| lead_tag::ActiveModel {
        tenant_id: Set(lead.tenant_id),
        tag: Set(tag.clone()),
        lead_id: Set(lead.id),
    });
    tx.insert_many(rows.collect()).await
}

/// The merge by which a lead is folded into another. Served by `lead_merges_live`.
async fn live(tx: &Tx, fold: LeadId) -> Result<Option<Model>> {
    let of = tx.find::<Entity>().filter(Column::FoldedLeadId.eq(fold));
    Ok(of.filter(Column::UndoneAt.is_null()).one(tx).await?)
}

/// One merge, with what it changed.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such merge.
#[tracing::instrument(name = "lead_merge::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn read(tx: &Tx, id: LeadMergeId) -> Result<Model> {
    tx.get::<Entity>(id).await?.ok_or(Error::NotFound("merge"))
}

/// The merges by which others became part of a lead, latest first, those that were undone among
/// them; up to 1000.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead, or it was deleted.
#[tracing::instrument(name = "lead_merge::of", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn of(tx: &Tx, keep: LeadId) -> Result<Vec<Model>> {
    get(tx, keep).await?;
    let found = tx
        .find::<Entity>() // served by lead_merges_of_kept
        .filter(Column::KeptLeadId.eq(keep))
        .order_by_desc(Column::Id)
        .limit(page::MOST)
        .all(tx)
        .await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}

/// Served by `leads_merged`. `$3` a lead.
pub const LINEAGE: &str = "
with recursive one(id) as (
    select $3::uuid
    union
    select l.id from one o join leads l on l.tenant_id = $1 and l.merged_into_id = o.id
)
select id from one where $2::timestamptz is not null";

#[derive(FromQueryResult)]
struct Of {
    id: LeadId,
}

/// Whose records are a lead's: its own, and those of all that were merged into it, directly or over
/// others.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "lead_merge::lineage", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn lineage(tx: &Tx, id: LeadId) -> Result<Vec<LeadId>> {
    let found = Of::find_by_statement(tx.ask(LINEAGE, [id.into()])).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found.into_iter().map(|of| of.id).collect())
}
