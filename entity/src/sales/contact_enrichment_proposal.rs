//! What an enrichment says of one field of a contact, and what was done about it.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{contact_enrichment::Source, contact_field::Field};
use crate::{
    id::{ContactEnrichmentId, ContactEnrichmentProposalId, ContactId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// What was done about it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The field was empty, and nobody had said that it should be.
    Applied,
    /// The field says something else, and a person is to decide.
    Conflict,
    /// A person decided for it.
    Accepted,
    /// A person decided against it.
    Rejected,
    /// The field said so already, or the same was proposed before and is open or was rejected, or it
    /// was open, could be accepted no more, and was proposed again.
    Duplicate,
}

/// One row of `contact_enrichment_proposals`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "contact_enrichment_proposals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContactEnrichmentProposalId,
    pub enrichment_id: ContactEnrichmentId,
    pub contact_id: ContactId,

    pub field: Field,
    #[sea_orm(column_type = "Text")]
    pub value: String,
    /// What the contact said then; null: nothing.
    #[sea_orm(column_type = "Text", nullable)]
    pub current_value: Option<String>,
    pub source: Source,
    #[sea_orm(column_type = "Decimal(Some((5, 4)))")]
    pub confidence: Decimal,
    pub observed_at: DateTimeUtc,

    pub state: State,
    /// Who decided, by value.
    pub resolved_by: Option<UserId>,
    pub resolved_at: Option<DateTimeUtc>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(
        belongs_to,
        from = "(tenant_id, enrichment_id)",
        to = "(tenant_id, id)",
        on_delete = "Cascade"
    )]
    #[serde(skip)]
    pub enrichment: BelongsTo<super::contact_enrichment::Entity>,
    #[sea_orm(
        belongs_to,
        from = "(tenant_id, contact_id)",
        to = "(tenant_id, id)",
        on_delete = "Cascade"
    )]
    #[serde(skip)]
    pub contact: BelongsTo<super::contact::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::new(
                "contact_enrichment_proposals_confidence_range",
                "confidence between 0 and 1",
            ),
            Check::one_of::<Field>("contact_enrichment_proposals_field_known", "field"),
            Check::new(
                "contact_enrichment_proposals_resolved_by_whom",
                "(state in ('accepted', 'rejected')) = (resolved_at is not null) \
                 and (resolved_at is null) = (resolved_by is null)",
            ),
            Check::one_of::<Source>("contact_enrichment_proposals_source_known", "source"),
            Check::one_of::<State>("contact_enrichment_proposals_state_known", "state"),
            Check::length("contact_enrichment_proposals_value_length", "value", 500),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("contact_enrichment_proposals_field", "tenant_id, enrichment_id, field"),
            Index::new("contact_enrichment_proposals_of_contact", "tenant_id, contact_id, id"),
            Index::new("contact_enrichment_proposals_open", "tenant_id, created_at, id")
                .with("where state = 'conflict'"),
        ]
    }
}
