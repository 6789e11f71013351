//! A case: something that a client is unhappy with and that somebody has to put right.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{CaseId, ClientId, ContactId, TenantId, UserId},
    schema::{Check, Index, TableSpec},
};

/// How far it has got. A case is closed when it is resolved or closed, and open otherwise.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Status {
    New,
    Open,
    InProgress,
    Pending,
    Resolved,
    Closed,
}

/// How soon it matters.
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
pub enum Priority {
    Low,
    Normal,
    High,
    Urgent,
}

/// One row of `cases`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cases")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CaseId,
    #[sea_orm(column_type = "Text")]
    pub client_id: ClientId,
    pub contact_id: Option<ContactId>,
    /// The order that it is about, as the system that has the orders knows it.
    pub order_id: Option<Uuid>,

    /// `CASE-2026-0001`, unique within the tenant.
    #[sea_orm(column_type = "Text")]
    pub case_number: String,
    /// What the tenant calls its kind.
    #[sea_orm(column_type = "Text")]
    pub category: String,
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    /// By value; null: a program did it.
    pub opened_by: Option<UserId>,

    pub priority: Priority,
    #[sea_orm(default_value = "new")]
    pub status: Status,
    /// When it was put right or given up; null while it is open.
    pub resolved_at: Option<DateTimeUtc>,

    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(
        belongs_to,
        from = "(tenant_id, client_id)",
        to = "(tenant_id, client_id)",
        on_delete = "Cascade"
    )]
    pub customer: BelongsTo<crate::customers::customer::Entity>,
    #[sea_orm(belongs_to, from = "(tenant_id, contact_id)", to = "(tenant_id, id)")]
    pub contact: BelongsTo<Option<crate::sales::contact::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Status>("cases_status_known", "status"),
            Check::one_of::<Priority>("cases_priority_known", "priority"),
            Check::length("cases_category_length", "category", 100),
            Check::length("cases_subject_length", "subject", 500),
            Check::new("cases_number_form", "case_number ~ '^CASE-[0-9]{4}-[0-9]{4,}$'"),
            Check::new(
                "cases_resolved_at",
                "(status in ('resolved', 'closed')) = (resolved_at is not null)",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("cases_number", "tenant_id, case_number"),
            Index::new("cases_of_client", "tenant_id, client_id, id"),
            Index::new("cases_of_contact", "tenant_id, contact_id"),
            Index::new("cases_open_of_order", "tenant_id, order_id")
                .with("where status not in ('resolved', 'closed')"),
        ]
    }
}

impl Model {
    /// Whether somebody still has to do something about it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.status, Status::Resolved | Status::Closed)
    }
}
