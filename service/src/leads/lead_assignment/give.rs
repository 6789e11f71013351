//! Leads that somebody gives to somebody.

use entity::{
    id::{LeadId, UserId},
    leads::lead,
};

use super::{
    Assigned, Model,
    desk::{Given, write},
};
use crate::{
    Error, Result, Tx, input,
    leads::{distribution::Strategy, lead::locked},
    tenancy::user,
};

/// Gives a lead that is nobody's to somebody, as whoever asks chose. What they have, and whether they
/// are away, is whoever asks to know. To do so again changes nothing.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead, or nobody such; [`Error::Conflict`] if they do
/// not work for the tenant any more; [`Error::Invalid`] if no reason is given.
#[tracing::instrument(name = "lead_assignment::assign_to", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn assign_to(tx: &Tx, id: LeadId, to: UserId, reason: &str) -> Result<Assigned> {
    input::text("reason", reason, 500)?;
    let lead = locked(tx, id).await?;
    if let Some(owner) = lead.user_id {
        return Ok(Assigned::Already(owner));
    }
    Ok(Assigned::To(Box::new(by_hand(tx, lead, to, reason).await?)))
}

/// A lead that somebody takes from one and gives to another.
#[derive(Clone, Debug)]
pub struct Reassign {
    /// Which.
    pub lead: LeadId,
    /// Whose it is, as far as whoever asks knows.
    pub from: UserId,
    /// Whose it becomes.
    pub to: UserId,
    /// Why, up to 500 characters.
    pub reason: String,
}

/// Takes a lead from one and gives it to another.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead, or nobody such; [`Error::Conflict`] if it is not
/// that one's any more, or the other does not work for the tenant any more; [`Error::Invalid`] if it is
/// the other's already, or no reason is given.
#[tracing::instrument(name = "lead_assignment::reassign", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn reassign(tx: &Tx, ask: &Reassign) -> Result<Model> {
    input::text("reason", &ask.reason, 500)?;
    if ask.from == ask.to {
        return Err(Error::invalid("to", "the lead is theirs already"));
    }
    let lead = locked(tx, ask.lead).await?;
    if lead.user_id != Some(ask.from) {
        return Err(Error::conflict("the lead is somebody else's by now"));
    }
    by_hand(tx, lead, ask.to, &ask.reason).await
}

async fn by_hand(tx: &Tx, lead: lead::Model, to: UserId, reason: &str) -> Result<Model> {
    if !user::get(tx, to).await?.active {
        return Err(Error::conflict("they do not work here any more"));
    }
    let given = Given {
        lead,
        to,
        strategy: Strategy::Manual,
        pool: None,
        reason: reason.to_owned(),
        considered: None,
    };
    let row = given.row(tx);
    write(tx, &[given], vec![row.clone()]).await?;
    Ok(row)
}
