//! How two of a tenant's people or customers stand to each other: who referred whom, who reports to
//! whom, who lives with whom.
//!
//! A link that holds both ways is written once, its lesser end first. Links end, and are deleted only
//! with the person.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{ClientId, ContactId, LeadId, LeadLinkId, TenantId, UserId},
    schema::{Check, Index, TableSpec},
};

/// What a link says of its two ends.
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
pub enum Kind {
    /// The first came to us by the second.
    ReferredBy,
    /// The first does as the second says.
    ReportsTo,
    /// They live together.
    SameHousehold,
    /// They work together.
    WorksWith,
}

/// One row of `lead_links`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_links")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LeadLinkId,
    pub kind: Kind,

    /// Of the three, one is set.
    pub from_lead_id: Option<LeadId>,
    pub from_contact_id: Option<ContactId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub from_client_id: Option<ClientId>,
    /// The same in one column, for Postgres to walk along: `lead:<id>`, `contact:<id>` or
    /// `customer:<id>`, which Postgres computes.
    #[sea_orm(
        column_type = "Text",
        nullable,
        extra = "GENERATED ALWAYS AS (COALESCE('lead:' || (from_lead_id)::text, 'contact:' || (from_contact_id)::text, 'customer:' || from_client_id)) STORED"
    )]
    pub from_end: Option<String>,
    /// Of the three, one is set.
    pub to_lead_id: Option<LeadId>,
    pub to_contact_id: Option<ContactId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub to_client_id: Option<ClientId>,
    #[sea_orm(
        column_type = "Text",
        nullable,
        extra = "GENERATED ALWAYS AS (COALESCE('lead:' || (to_lead_id)::text, 'contact:' || (to_contact_id)::text, 'customer:' || to_client_id)) STORED"
    )]
    pub to_end: Option<String>,

    pub started_at: DateTimeUtc,
    /// Since when it holds no longer; null: it does.
    pub ended_at: Option<DateTimeUtc>,
    /// By value; null: a program did it.
    pub created_by: Option<UserId>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(
        belongs_to,
        relation_enum = "FromLead",
        from = "(tenant_id, from_lead_id)",
        to = "(tenant_id, id)"
    )]
    pub from_lead: BelongsTo<Option<super::lead::Entity>>,
    #[sea_orm(
        belongs_to,
        relation_enum = "FromContact",
        from = "(tenant_id, from_contact_id)",
        to = "(tenant_id, id)",
        on_delete = "Cascade"
    )]
    pub from_contact: BelongsTo<Option<crate::sales::contact::Entity>>,
    #[sea_orm(
        belongs_to,
        relation_enum = "FromCustomer",
        from = "(tenant_id, from_client_id)",
        to = "(tenant_id, client_id)",
        on_delete = "Cascade"
    )]
    pub from_customer: BelongsTo<Option<crate::customers::customer::Entity>>,
    #[sea_orm(
        belongs_to,
        relation_enum = "ToLead",
        from = "(tenant_id, to_lead_id)",
        to = "(tenant_id, id)"
    )]
    pub to_lead: BelongsTo<Option<super::lead::Entity>>,
    #[sea_orm(
        belongs_to,
        relation_enum = "ToContact",
        from = "(tenant_id, to_contact_id)",
        to = "(tenant_id, id)",
        on_delete = "Cascade"
    )]
    pub to_contact: BelongsTo<Option<crate::sales::contact::Entity>>,
    #[sea_orm(
        belongs_to,
        relation_enum = "ToCustomer",
        from = "(tenant_id, to_client_id)",
        to = "(tenant_id, client_id)",
        on_delete = "Cascade"
    )]
    pub to_customer: BelongsTo<Option<crate::customers::customer::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Kind>("lead_links_kind_known", "kind"),
            Check::new(
                "lead_links_from_one",
                "num_nonnulls(from_lead_id, from_contact_id, from_client_id) = 1",
            ),
            Check::new(
                "lead_links_to_one",
                "num_nonnulls(to_lead_id, to_contact_id, to_client_id) = 1",
            ),
            Check::new("lead_links_not_to_itself", "from_end <> to_end"),
            Check::new(
                "lead_links_both_ways_once",
                "kind not in ('same_household', 'works_with') \
                 or from_end collate \"C\" <= to_end collate \"C\"",
            ),
            Check::new("lead_links_ended_after", "ended_at >= started_at"),
        ]
    }

    fn indexes() -> Vec<Index> {
        const LIVE: &str = "where ended_at is null";
        vec![
            Index::unique("lead_links_live", "tenant_id, from_end, kind, to_end").with(LIVE),
            Index::new("lead_links_back", "tenant_id, to_end, kind, from_end").with(LIVE),
            // For the references.
            Index::new("lead_links_from_lead", "tenant_id, from_lead_id"),
            Index::new("lead_links_from_contact", "tenant_id, from_contact_id"),
            Index::new("lead_links_from_client", "tenant_id, from_client_id"),
            Index::new("lead_links_to_lead", "tenant_id, to_lead_id"),
            Index::new("lead_links_to_contact", "tenant_id, to_contact_id"),
            Index::new("lead_links_to_client", "tenant_id, to_client_id"),
        ]
    }
}
