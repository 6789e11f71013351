//! The people at the tenant's customers.

mod field;

pub use entity::sales::contact::Model;
use entity::{
    email::Email,
    id::{ClientId, ContactId},
    phone::Phone,
    sales::{contact, quote::Stop},
    zone::Zone,
};
use sea_orm::{ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect, Select, Set};
use validator::Validate;

pub use self::field::{Field, Provenance, provenance, set_field, verify_field};
pub(crate) use self::field::{MOST, Said, known, locked, note, person, value_of, write};
use crate::{Error, Result, Tx, customers::customer, input, sales::quote};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::of_email;
}

/// Somebody to be added.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// Where they work.
    pub client_id: ClientId,
    /// Their first name.
    #[validate(custom(function = input::named), length(max = 100))]
    pub first_name: String,
    /// Their last name.
    #[validate(custom(function = input::named), length(max = 100))]
    pub last_name: String,
    /// Where mail reaches them.
    pub email: Option<Email>,
    /// Where calls reach them.
    pub phone: Option<Phone>,
    /// Where they are; `None`: nobody knows.
    pub time_zone: Option<Zone>,
}

/// Adds somebody.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such customer, [`Error::Invalid`].
#[tracing::instrument(name = "contact::add", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn add(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    customer::get(tx, &new.client_id).await?;
    tx.insert(contact::ActiveModel {
        id: Set(ContactId::new()),
        client_id: Set(new.client_id),
        first_name: Set(new.first_name),
        last_name: Set(new.last_name),
        email: Set(new.email),
        phone: Set(new.phone),
        time_zone: Set(new.time_zone),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    })
    .await
}

/// One of them.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such contact, or they were deleted.
#[tracing::instrument(name = "contact::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: ContactId) -> Result<Model> {
    let found = tx.get::<contact::Entity>(id).await?;
    found.filter(|c| c.deleted_at.is_none()).ok_or(Error::NotFound("contact"))
}

/// Somebody of a certain customer's.
pub(crate) async fn get_of(tx: &Tx, id: ContactId, client: &ClientId) -> Result<Model> {
    let found = get(tx, id).await?;
    if found.client_id == *client {
        Ok(found)
    } else {
        Err(Error::invalid("contact_id", "works for another customer"))
    }
}

/// Who has an address: two at the most, since two are too many already. Served by
/// `contacts_of_email`.
#[must_use]
pub fn of_email(tx: &Tx, email: &Email) -> Select<contact::Entity> {
    tx.find::<contact::Entity>()
        .filter(contact::Column::Email.eq(email.clone()))
        .filter(contact::Column::DeletedAt.is_null())
        .limit(2)
}

/// Records that somebody wants no more automatic mail, which ends the follow-ups of their quotes.
/// Saying so twice changes nothing.
///
/// # Errors
///
/// As [`get`].
#[tracing::instrument(name = "contact::unsubscribe", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn unsubscribe(tx: &Tx, id: ContactId) -> Result<Model> {
    let found = get(tx, id).await?;
    if found.unsubscribed_at.is_some() {
        return Ok(found);
    }
    let mut row = found.into_active_model();
    row.unsubscribed_at = Set(Some(tx.now()));
    row.updated_at = Set(tx.now());
    quote::stop_for_contact(tx, id, Stop::Unsubscribed).await?;
    tx.update(row).await
}
