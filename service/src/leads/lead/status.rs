//! How far leads have come.

use entity::{
    id::{LeadId, LeadStatusHistoryId},
    leads::lead_status_history,
};
use sea_orm::{ActiveEnum, ColumnTrait, IntoActiveModel, QueryFilter, Set, sea_query::Expr};

use super::{
    Because, Model, Note,
    Status::{self, Cold, Contacted, Dnc, Hot, New, Nurturing, Qualified, Recruited},
    Why, left, locked, note,
};
use crate::{Error, Result, Tx};

/// What a lead of each status may become by [`move_to`] (ours; seed 004 has none). Nobody becomes new
/// again. Into `dnc`, and out of it, leads only the do-not-call list.
pub const TRANSITIONS: [(Status, &[Status]); 8] = [
    (New, &[Contacted, Qualified, Nurturing, Hot, Cold, Recruited]),
    (Contacted, &[Qualified, Nurturing, Hot, Cold, Recruited]),
    (Qualified, &[Contacted, Nurturing, Hot, Cold, Recruited]),
    (Nurturing, &[Contacted, Qualified, Hot, Cold, Recruited]),
    (Hot, &[Contacted, Qualified, Nurturing, Cold, Recruited]),
    (Cold, &[Contacted, Qualified, Nurturing, Hot, Recruited]),
    // Whoever left again is won anew from there.
    (Recruited, &[Cold]),
    (Dnc, &[]),
];

/// Whether a lead of one status may become another by [`move_to`].
#[must_use]
pub fn may_become(from: Status, to: Status) -> bool {
    TRANSITIONS.iter().any(|(status, next)| *status == from && next.contains(&to))
}

/// The status that other systems' words mean (defect 4-26), whatever their case; `None`: nobody
/// knows.
#[must_use]
pub fn of_foreign(word: &str) -> Option<Status> {
    let word = word.trim().to_lowercase().replace([' ', '-'], "_");
    match &*word {
        "not_interested" | "lost" | "disqualified" => Some(Cold),
        "converted" | "transferred" | "completed" => Some(Recruited),
        word => Status::try_from_value(&word.to_owned()).ok(),
    }
}

/// Moves a lead to another status, with its history. Moving it to where it is changes nothing and
/// records nothing.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead; [`Error::Conflict`] if it cannot become that
/// from what it is, or came to its status later than the context's time; [`Error::Invalid`] if the
/// reason is not text, or the status is `dnc`: that is for the do-not-call list.
#[tracing::instrument(name = "lead::move_to", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn move_to(tx: &Tx, id: LeadId, to: Status, because: &Because) -> Result<Model> {
    because.check()?;
    if to == Dnc {
        return Err(Error::invalid("status", "put the number on the do-not-call list"));
    }
    let lead = locked(tx, id).await?;
    if lead.status == to {
        return Ok(lead);
    }
    if !may_become(lead.status, to) {
        let (from, to) = (lead.status.to_value(), to.to_value());
        return Err(Error::conflict(format!("a lead that is {from} does not become {to}")));
    }
    if tx.now() < lead.status_since {
        return Err(Error::conflict("the lead came to its status later than that"));
    }
    enter(tx, lead, to, because).await
}

/// Writes down that a lead, which is locked, is in another status from now on.
pub(crate) async fn enter(tx: &Tx, lead: Model, to: Status, because: &Because) -> Result<Model> {
    // Another machine's clock may be ahead of ours.
    let at = tx.now().max(lead.status_since);
    tx.update_many::<lead_status_history::Entity>()
        .col_expr(lead_status_history::Column::LeftAt, Expr::value(at))
        .filter(lead_status_history::Column::LeadId.eq(lead.id))
        .filter(lead_status_history::Column::LeftAt.is_null())
        .exec(tx)
        .await?;
    let moved = row(tx, lead.id, Some(lead.status), to, because);
    let moved = lead_status_history::ActiveModel { changed_at: Set(at), ..moved };
    tx.insert_many(vec![moved]).await?;
    let version = lead.version + 1;
    let said = Note {
        lead: lead.id,
        version,
        field: "status",
        old: Some(lead.status.to_value()),
        new: Some(to.to_value()),
    };
    note(tx, vec![said], because.reason.as_deref()).await?;
    let mut row = lead.into_active_model();
    row.status = Set(to);
    row.status_since = Set(at);
    row.calling_blocked = Set(to == Dnc);
    row.version = Set(version);
    row.updated_at = Set(tx.now());
    let entered = tx.update(row).await?;
    left(tx, &[entered.id], Why::Moved(to)).await?;
    Ok(entered)
}

/// A row of history: a change of status that has not been followed by another.
pub(super) fn row(
    tx: &Tx,
    lead: LeadId,
    from: Option<Status>,
    to: Status,
    because: &Because,
) -> lead_status_history::ActiveModel {
    lead_status_history::ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(LeadStatusHistoryId::new()),
        lead_id: Set(lead),
        from_status: Set(from),
        to_status: Set(to),
        changed_by_user_id: Set(tx.context().user()),
        actor: Set(tx.context().actor.to_string()),
        trigger_type: Set(because.trigger),
        trigger_id: Set(because.trigger_id),
        reason: Set(because.reason.clone()),
        changed_at: Set(tx.now()),
        left_at: Set(None),
    }
}
