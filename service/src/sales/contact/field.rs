//! Where the fields of a contact come from, and which of them a person stands by.

use chrono::{DateTime, Utc};
pub use entity::sales::contact_field::Field;
use entity::{
    id::{ContactEnrichmentId, ContactFieldId, ContactId, UserId},
    phone::Phone,
    sales::{
        contact::{ActiveModel, Entity, Model},
        contact_enrichment::Source,
        contact_field::{self, Column},
    },
};
use rust_decimal::Decimal;
use sea_orm::{
    ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
    sea_query::{LockType, OnConflict},
};
use serde::Serialize;

use super::get;
use crate::{Error, Result, Tx, input};

/// Where a field comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// Which field.
    pub field: Field,
    /// What the contact says; null: a person said that there is none.
    pub value: Option<String>,
    /// Who said so.
    pub source: Source,
    /// How sure that is, 0 to 1.
    pub confidence: Decimal,
    /// When the source said so.
    pub observed_at: DateTime<Utc>,
    /// Which enrichment brought it; null: a person did.
    pub enrichment_id: Option<ContactEnrichmentId>,
    /// Who stands by it; null: nobody does.
    pub verified_by: Option<UserId>,
    /// Since when.
    pub verified_at: Option<DateTime<Utc>>,
}

/// Where the fields of a contact come from, in the order of the fields. A field that is not there was
/// given when the contact was added, or is empty.
///
/// # Errors
///
/// As [`get`].
#[tracing::instrument(name = "contact::provenance", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn provenance(tx: &Tx, id: ContactId) -> Result<Vec<Provenance>> {
    let contact = get(tx, id).await?;
    let mut found = known(tx, id).await?;
    // What the contact no longer says came from somewhere else.
    found.retain(|row| row.value == value_of(&contact, row.field));
    found.sort_by_key(|row| row.field);
    tracing::Span::current().record("rows", found.len());
    let read = |row: contact_field::Model| Provenance {
        field: row.field,
        value: row.value,
        source: row.source,
        confidence: row.confidence,
        observed_at: row.observed_at,
        enrichment_id: row.enrichment_id,
        verified_by: row.verified_by,
        verified_at: row.verified_at,
    };
    Ok(found.into_iter().map(read).collect())
}

/// Records that a person stands by what a field says. No enrichment changes it from then on.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such contact; [`Error::Conflict`] if the field is empty:
/// that there is nothing to be known is said by [`set_field`]; [`Error::Denied`] to a program, which
/// can stand by nothing.
#[tracing::instrument(name = "contact::verify_field", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn verify_field(tx: &Tx, id: ContactId, field: Field) -> Result<()> {
    let by = person(tx)?;
    let contact = locked(tx, id).await?;
    let value = value_of(&contact, field).ok_or_else(|| Error::conflict("the field is empty"))?;
    let before = known(tx, id).await?.into_iter().find(|row| row.field == field);
    let known = before.filter(|row| row.value.as_deref() == Some(value.as_str()));
    let said = known.map_or_else(
        || Said::by_a_person(tx, by),
        |row| Said {
            source: row.source,
            confidence: row.confidence,
            observed_at: row.observed_at,
            enrichment_id: row.enrichment_id,
            verified_by: Some(by),
        },
    );
    note(tx, id, field, Some(value), said).await
}

/// Writes what a person knows of a field, and that they stand by it. `None`: that there is nothing.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such contact; [`Error::Invalid`], also if the number is
/// not one in E.164; [`Error::Denied`] to a program.
#[tracing::instrument(name = "contact::set_field", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn set_field(
    tx: &Tx,
    id: ContactId,
    field: Field,
    value: Option<String>,
) -> Result<Model> {
    let by = person(tx)?;
    if let Some(value) = &value {
        input::text("value", value, MOST)?;
    }
    let contact = locked(tx, id).await?;
    let changed = write(tx, contact, [(field, value.clone())]).await?;
    note(tx, id, field, value, Said::by_a_person(tx, by)).await?;
    Ok(changed)
}

/// How long a field is at the most, in characters.
pub(crate) const MOST: usize = 500;

/// Who said what a field says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    pub source: Source,
    pub confidence: Decimal,
    pub observed_at: DateTime<Utc>,
    pub enrichment_id: Option<ContactEnrichmentId>,
    pub verified_by: Option<UserId>,
}

impl Said {
    pub(crate) fn by_a_person(tx: &Tx, who: UserId) -> Self {
        Self {
            source: Source::Manual,
            confidence: Decimal::ONE,
            observed_at: tx.now(),
            enrichment_id: None,
            verified_by: Some(who),
        }
    }
}

/// Who asks, if it is a person.
pub(crate) fn person(tx: &Tx) -> Result<UserId> {
    tx.context().user().ok_or_else(|| Error::Denied("only a person can stand by it".into()))
}

/// The contact, whose fields nobody else can change until the transaction ends.
pub(crate) async fn locked(tx: &Tx, id: ContactId) -> Result<Model> {
    let found = tx
        .find::<Entity>()
        .filter(entity::sales::contact::Column::Id.eq(id))
        .filter(entity::sales::contact::Column::DeletedAt.is_null())
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?;
    found.ok_or(Error::NotFound("contact"))
}

/// What is known of where the fields come from.
pub(crate) async fn known(tx: &Tx, id: ContactId) -> Result<Vec<contact_field::Model>> {
    let found = tx
        .find::<contact_field::Entity>() // served by contact_fields_field
        .filter(Column::ContactId.eq(id))
        .all(tx)
        .await?;
    Ok(found)
}

/// What a contact says of a field.
pub(crate) fn value_of(contact: &Model, field: Field) -> Option<String> {
    match field {
        Field::Title => contact.title.clone(),
        Field::Department => contact.department.clone(),
        Field::Phone => contact.phone.as_ref().map(|phone| phone.as_str().to_owned()),
        Field::Mobile => contact.mobile.as_ref().map(|phone| phone.as_str().to_owned()),
        Field::LinkedinUrl => contact.linkedin_url.clone(),
        Field::Website => contact.website.clone(),
    }
}

/// Changes fields of a contact.
pub(crate) async fn write(
    tx: &Tx,
    contact: Model,
    values: impl IntoIterator<Item = (Field, Option<String>)>,
) -> Result<Model> {
    let number = |value: Option<String>| {
        let read = value.map(Phone::try_from).transpose();
        read.map_err(|_| Error::invalid("value", "must be a telephone number in E.164"))
    };
    let mut row: ActiveModel = contact.into_active_model();
    for (field, value) in values {
        match field {
            Field::Title => row.title = Set(value),
            Field::Department => row.department = Set(value),
            Field::Phone => row.phone = Set(number(value)?),
            Field::Mobile => row.mobile = Set(number(value)?),
            Field::LinkedinUrl => row.linkedin_url = Set(value),
            Field::Website => row.website = Set(value),
        }
    }
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// Writes down where what a field says now comes from.
pub(crate) async fn note(
    tx: &Tx,
    contact: ContactId,
    field: Field,
    value: Option<String>,
    said: Said,
) -> Result<()> {
    let row = contact_field::ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(ContactFieldId::new()),
        contact_id: Set(contact),
        field: Set(field),
        value: Set(value),
        source: Set(said.source),
        confidence: Set(said.confidence),
        observed_at: Set(said.observed_at),
        enrichment_id: Set(said.enrichment_id),
        verified_by: Set(said.verified_by),
        verified_at: Set(said.verified_by.map(|_| tx.now())),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    let again = OnConflict::columns([Column::TenantId, Column::ContactId, Column::Field])
        .update_columns([
            Column::Value,
            Column::Source,
            Column::Confidence,
            Column::ObservedAt,
            Column::EnrichmentId,
            Column::VerifiedBy,
            Column::VerifiedAt,
            Column::UpdatedAt,
        ])
        .to_owned();
    #[expect(clippy::disallowed_methods, reason = "the row names the tenant of the transaction")]
    contact_field::Entity::insert_many([row]).on_conflict(again).exec_without_returning(tx).await?;
    Ok(())
}
