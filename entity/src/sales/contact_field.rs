//! Where a field of a contact comes from, and whether a person stands by it. A field of which there
//! is no row was given when the contact was added.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::contact_enrichment::Source;
use crate::{
    id::{ContactEnrichmentId, ContactFieldId, ContactId, TenantId, UserId},
    schema::{Check, Index, TableSpec},
};

/// A column of `contacts` that others than the contact may know.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Title,
    Department,
    Phone,
    Mobile,
    LinkedinUrl,
    Website,
}

/// One row of `contact_fields`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_fields")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContactFieldId,
    pub contact_id: ContactId,

    pub field: Field,
    /// What this is about; null: a person said that there is none.
    #[sea_orm(column_type = "Text", nullable)]
    pub value: Option<String>,
    pub source: Source,
    #[sea_orm(column_type = "Decimal(Some((5, 4)))")]
    pub confidence: Decimal,
    /// When the source said so.
    pub observed_at: DateTimeUtc,
    /// Which enrichment brought it, by value; null: a person did.
    pub enrichment_id: Option<ContactEnrichmentId>,
    /// Who stands by it, by value.
    pub verified_by: Option<UserId>,
    pub verified_at: Option<DateTimeUtc>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(
        belongs_to,
        from = "(tenant_id, contact_id)",
        to = "(tenant_id, id)",
        on_delete = "Cascade"
    )]
    pub contact: BelongsTo<super::contact::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::new("contact_fields_confidence_range", "confidence between 0 and 1"),
            Check::one_of::<Field>("contact_fields_field_known", "field"),
            Check::new(
                "contact_fields_none_if_verified",
                "value is not null or verified_at is not null",
            ),
            Check::one_of::<Source>("contact_fields_source_known", "source"),
            Check::length("contact_fields_value_length", "value", 500),
            Check::new(
                "contact_fields_verified_by_whom",
                "(verified_at is null) = (verified_by is null)",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::unique("contact_fields_field", "tenant_id, contact_id, field")]
    }
}
