//! Leads that become customers.

use entity::{
    id::{ClientId, ContactId, LeadId},
    sales::contact::{self, ActiveModel},
};
use sea_orm::{ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use validator::Validate;

use super::{Because, Model, Note, Status, enter, get, locked, note};
use crate::{Error, Result, Tx, customers::customer, input, sales::contact as person};

/// Which customer a lead becomes.
#[derive(Clone, Debug)]
pub enum Becomes {
    /// One that is there already.
    Existing(ClientId),
    /// A new one.
    New(customer::New),
}

/// How a lead becomes a customer.
#[derive(Clone, Debug, Validate)]
pub struct Convert {
    /// Which.
    pub customer: Becomes,
    /// Which of its contacts they are; `None`: the one with their e-mail address or, if there is
    /// none, a new one with the lead's name, address, number and zone.
    pub contact: Option<ContactId>,
    /// Why, up to 255 characters; `None`: nobody said.
    #[validate(custom(function = input::named), length(max = 255))]
    pub reason: Option<String>,
}

impl Convert {
    /// Into a customer that is there already.
    #[must_use]
    pub fn into(client: ClientId) -> Self {
        Self { customer: Becomes::Existing(client), contact: None, reason: None }
    }
}

/// What became of a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The lead itself, recruited.
    pub lead: Model,
    /// The customer.
    pub client_id: ClientId,
    /// The lead as a person at the customer's; `None`: that contact was deleted since.
    pub contact_id: Option<ContactId>,
}

/// Makes a customer and a contact of a lead, which is recruited from then on. A lead that wants no
/// calls may become a customer like any other; it stays in status `dnc`, and blocked. Converting it
/// again changes nothing, and answers what it became the first time.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead, customer or contact, or no more;
/// [`Error::Conflict`] if there is a customer with the new one's key, or the lead came to its status
/// later than the context's time; [`Error::Invalid`], also if the contact is another customer's.
#[tracing::instrument(name = "lead::convert", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn convert(tx: &Tx, id: LeadId, ask: Convert) -> Result<Converted> {
    input::check(&ask)?;
    let lead = locked(tx, id).await?;
    if let Some(client_id) = lead.converted_client_id.clone() {
        return Ok(Converted { contact_id: lead.converted_contact_id, client_id, lead });
    }
    if tx.now() < lead.status_since {
        return Err(Error::conflict("the lead came to its status later than that"));
    }
    let client_id = match ask.customer {
        Becomes::Existing(id) => customer::get(tx, &id).await?.client_id,
        Becomes::New(new) => customer::register(tx, new).await?.client_id,
    };
    let contact_id = match ask.contact {
        Some(id) => person::get_of(tx, id, &client_id).await?.id,
        None => found_or_made(tx, &lead, &client_id).await?,
    };
    let reason = ask.reason.as_deref();
    let mut lead = lead;
    if !matches!(lead.status, Status::Recruited | Status::Dnc) {
        lead = enter(tx, lead, Status::Recruited, &Because::manual(reason)).await?;
    }
    let version = lead.version + 1;
    let mut row = lead.into_active_model();
    row.converted_client_id = Set(Some(client_id.clone()));
    row.converted_contact_id = Set(Some(contact_id));
    row.converted_at = Set(Some(tx.now()));
    row.version = Set(version);
    row.updated_at = Set(tx.now());
    let lead = tx.update(row).await?;
    let said =
        Note { lead: id, version, field: "converted", old: None, new: Some(client_id.to_string()) };
    note(tx, vec![said], reason).await?;
    Ok(Converted { lead, client_id, contact_id: Some(contact_id) })
}

/// The customer's contact with the lead's address, or the lead as a new one.
async fn found_or_made(tx: &Tx, lead: &Model, client: &ClientId) -> Result<ContactId> {
    if let Some(email) = &lead.email {
        let same = tx
            .find::<contact::Entity>() // served by contacts_of_email
            .filter(contact::Column::Email.eq(email.clone()))
            .filter(contact::Column::DeletedAt.is_null())
            .filter(contact::Column::ClientId.eq(client.clone()))
            .order_by_asc(contact::Column::Id)
            .limit(1)
            .one(tx)
            .await?;
        if let Some(same) = same {
            return Ok(same.id);
        }
    }
    let made = tx
        .insert(ActiveModel {
            id: Set(ContactId::new()),
            client_id: Set(client.clone()),
            first_name: Set(lead.first_name.clone()),
            last_name: Set(lead.last_name.clone()),
            email: Set(lead.email.clone()),
            phone: Set(lead.phone_number.clone()),
            time_zone: Set(lead.time_zone.clone()),
            created_at: Set(tx.now()),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .await?;
    Ok(made.id)
}

/// Makes a lead of a customer again, where it was made one by mistake: it has the status back that it
/// had before. Customer and contact stay; whoever wants them gone deletes them.
///
/// # Errors
///
/// [`Error::NotFound`] as [`get`]; [`Error::Conflict`] if it is no customer; [`Error::Invalid`] if no
/// reason is given.
#[tracing::instrument(name = "lead::undo_conversion", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn undo_conversion(tx: &Tx, id: LeadId, reason: &str) -> Result<Model> {
    use entity::leads::lead_status_history as moved;
    input::text("reason", reason, 255)?;
    let mut lead = locked(tx, id).await?;
    let (Some(client), Some(at)) = (lead.converted_client_id.clone(), lead.converted_at) else {
        return Err(Error::conflict("the lead was not converted"));
    };
    if lead.status == Status::Recruited {
        let present = tx
            .find::<moved::Entity>() // served by lead_status_history_present
            .filter(moved::Column::LeadId.eq(id))
            .filter(moved::Column::LeftAt.is_null())
            .one(tx)
            .await?;
        // Recruited by the conversion itself, and not before.
        let before = present.filter(|row| row.changed_at == at).and_then(|row| row.from_status);
        if let Some(before) = before {
            lead = enter(tx, lead, before, &Because::manual(Some(reason))).await?;
        }
    }
    let version = lead.version + 1;
    let mut row = lead.into_active_model();
    row.converted_client_id = Set(None);
    row.converted_contact_id = Set(None);
    row.converted_at = Set(None);
    row.version = Set(version);
    row.updated_at = Set(tx.now());
    tx.update(row).await?;
    let said =
        Note { lead: id, version, field: "converted", old: Some(client.to_string()), new: None };
    note(tx, vec![said], Some(reason)).await?;
    get(tx, id).await
}
