//! What a step says.

use entity::{
    email::Email, leads::lead, outreach::nurture_sequence::Channel, phone::Phone, tenancy::user,
};

use super::Claim;
use crate::{
    Error, Result, Tx,
    outreach::nurture_sequence::{Words, render},
};

/// What a step says to its lead, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// For an e-mail.
    pub email: Option<Email>,
    /// For a text or a call. Whoever calls has the number [cleared](crate::outreach::dnc::clear).
    pub phone: Option<Phone>,
    /// With the names in their places.
    pub subject: Option<String>,
    /// The same.
    pub text: Option<String>,
}

/// What a claimed step says now, with the lead's first name and the name of whoever looks after them or,
/// if nobody does, the tenant's. A sender asks when it sends: what was claimed holds neither names nor
/// addresses.
///
/// # Errors
///
/// [`Error::NotFound`] if the lead is gone; [`Error::Invalid`] if a message has a placeholder that this
/// version does not know.
#[tracing::instrument(name = "lead_sequence_enrollment::message", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn message(tx: &Tx, claim: &Claim) -> Result<Message> {
    let lead = tx.get::<lead::Entity>(claim.lead_id).await?.filter(|l| l.deleted_at.is_none());
    let lead = lead.ok_or(Error::NotFound("lead"))?;
    let owner = match lead.user_id {
        Some(id) => tx.get::<user::Entity>(id).await?.map(|user| user.name),
        None => None,
    };
    let partner = match &owner {
        Some(name) => name,
        None => &tx.tenant().await?.name,
    };
    let words = Words { first_name: &lead.first_name, partner_name: partner };
    let filled = |field: &'static str, text: &Option<String>| {
        let text = text.as_deref().map(|text| render(text, words)).transpose();
        text.map_err(|why| Error::invalid(field, why))
    };
    let (subject, text) = (filled("subject", &claim.subject)?, filled("message", &claim.message)?);
    let is_mail = claim.channel == Channel::Email;
    Ok(Message {
        email: lead.email.filter(|_| is_mail),
        phone: lead.phone_number.filter(|_| !is_mail),
        subject,
        text,
    })
}
