//! An import that is taken back, but for what people have done since.

use std::collections::HashSet;

use entity::{
    id::{LeadId, LeadImportId},
    leads::{
        lead_import::{Column, Entity, Model, Status},
        lead_import_row::{self, Kept},
    },
};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, FromQueryResult, IntoActiveModel, QueryFilter,
    QuerySelect, Set, sea_query::Expr,
};
use uuid::Uuid;

use super::work::alone;
use crate::{
    Error, Result, Tx, input,
    leads::lead::{self, Note, Why},
};

const AT_ONCE: i64 = 1000;

/// The next of an import's leads, locked in the order of their ids among themselves: served by
/// `pk-lead_import_rows` and `pk-leads`. `$3` import, `$4` the last row done with, `$5` how many.
pub const MADE: &str = "
with made as materialized (
  select r.row_no, r.lead_id from lead_import_rows r
  where r.tenant_id = $1 and r.import_id = $3 and r.row_no > $4
    and r.outcome in ('imported', 'do_not_call')
  order by r.row_no limit $5)
select m.row_no, l.id, l.version, l.user_id, l.deleted_at is not null as gone,
       l.converted_at is not null as converted,
       l.interaction_count > 0 or coalesce(l.last_contact_date > $2, false) as contacted
from made m join leads l on l.tenant_id = $1 and l.id = m.lead_id
order by l.id for update of l";

/// Which of these leads a person has changed: served by `lead_audit_log_of_lead`. `$3` leads.
pub const EDITED: &str = "
select distinct a.lead_id from lead_audit_log a
where a.tenant_id = $1 and $2::timestamptz is not null and a.lead_id = any ($3::uuid[])
  and a.version > 1 and a.user_id is not null";

/// Served by `pk-leads`. `$3` leads.
pub const REMOVE: &str = "
update leads l set deleted_at = $2, version = l.version + 1, updated_at = $2
where l.tenant_id = $1 and l.id = any ($3::uuid[])";

#[derive(FromQueryResult)]
struct Made {
    row_no: i32,
    id: LeadId,
    version: i32,
    user_id: Option<Uuid>,
    gone: bool,
    converted: bool,
    contacted: bool,
}

#[derive(FromQueryResult)]
struct Edited {
    lead_id: LeadId,
}

/// Takes an import back: its leads are deleted and their numbers free, and the file may come again.
/// Leads that people have worked with since stay as they are, each with why ([`Kept`]): who was
/// talked to, given to somebody else, won, or edited by a person; what programs did to it, a new
/// score, keeps no lead. What the file put on the do-not-call list stays there. Reverting again
/// changes nothing.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such import; [`Error::Invalid`] if no reason is given.
#[tracing::instrument(name = "lead_import::revert", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn revert(tx: &Tx, id: LeadImportId, reason: &str) -> Result<Model> {
    input::text("reason", reason, 255)?;
    alone(tx).await?;
    let of = tx.find::<Entity>().filter(Column::Id.eq(id)).lock_exclusive();
    let import = of.one(tx).await?.ok_or(Error::NotFound("import"))?;
    if import.status == Status::Reverted {
        return Ok(import);
    }
    let (mut removed, mut kept, mut after) = (0, 0, 0);
    loop {
        let asked = [id.0.into(), after.into(), AT_ONCE.into()];
        let asked = tx.ask_at(import.imported_at, MADE, asked);
        let made = Made::find_by_statement(asked).all(tx).await?;
        let Some(last) = made.iter().map(|lead| lead.row_no).max() else { break };
        after = last;
        let (stay, go) = judged(tx, &import, made).await?;
        removed += i32::try_from(go.len()).unwrap_or(i32::MAX);
        kept += i32::try_from(stay.len()).unwrap_or(i32::MAX);
        remove(tx, go, reason).await?;
        keep(tx, id, stay).await?;
    }
    tracing::Span::current().record("rows", removed);
    let mut row = import.into_active_model();
    row.status = Set(Status::Reverted);
    row.reverted_at = Set(Some(tx.now()));
    row.reverted_by = Set(tx.context().user());
    row.revert_reason = Set(Some(reason.to_owned()));
    row.removed_leads = Set(Some(removed));
    row.kept_leads = Set(Some(kept));
    tx.update(row).await
}

/// Which stay, and why, and which go.
async fn judged(tx: &Tx, import: &Model, made: Vec<Made>) -> Result<(Vec<(i32, Kept)>, Vec<Made>)> {
    let ids: Vec<Uuid> = made.iter().map(|lead| lead.id.0).collect();
    let edited = Edited::find_by_statement(tx.ask(EDITED, [ids.into()])).all(tx).await?;
    let edited: HashSet<LeadId> = edited.into_iter().map(|row| row.lead_id).collect();
    let (mut stay, mut go) = (vec![], vec![]);
    for lead in made {
        let why = if lead.gone {
            Kept::Gone
        } else if lead.converted {
            Kept::Converted
        } else if lead.contacted {
            Kept::Contacted
        } else if lead.user_id != import.user_id.map(|user| user.0) {
            Kept::Assigned
        } else if edited.contains(&lead.id) {
            Kept::Edited
        } else {
            go.push(lead);
            continue;
        };
        stay.push((lead.row_no, why));
    }
    Ok((stay, go))
}

async fn remove(tx: &Tx, leads: Vec<Made>, reason: &str) -> Result<()> {
    let ids: Vec<LeadId> = leads.iter().map(|lead| lead.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let these: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    tx.execute_raw(tx.ask(REMOVE, [these.into()])).await?;
    let notes = leads.into_iter().map(|lead| Note {
        lead: lead.id,
        version: lead.version + 1,
        field: "deleted",
        old: None,
        new: None,
    });
    lead::note(tx, notes.collect(), Some(reason)).await?;
    lead::left(tx, &ids, Why::Deleted).await
}

async fn keep(tx: &Tx, import: LeadImportId, stay: Vec<(i32, Kept)>) -> Result<()> {
    let all = [Kept::Edited, Kept::Contacted, Kept::Converted, Kept::Assigned, Kept::Gone];
    for why in all {
        let rows: Vec<i32> =
            stay.iter().filter(|(_, is)| *is == why).map(|(row, _)| *row).collect();
        if rows.is_empty() {
            continue;
        }
        tx.update_many::<lead_import_row::Entity>() // by its key
            .col_expr(lead_import_row::Column::Kept, Expr::value(why.to_value()))
            .filter(lead_import_row::Column::ImportId.eq(import))
            .filter(lead_import_row::Column::RowNo.is_in(rows))
            .exec(tx)
            .await?;
    }
    Ok(())
}
