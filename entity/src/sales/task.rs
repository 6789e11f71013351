//! A task: something that a person is asked to do.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{ClientId, ContactId, DealId, TaskId, TenantId, UserId},
    schema::{Check, Index, TableSpec},
    support::case::Priority,
};

/// How far it has got.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Pending,
    InProgress,
    Completed,
    Cancelled,
}

/// One row of `tasks`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tasks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TaskId,
    #[sea_orm(column_type = "Text", nullable)]
    pub client_id: Option<ClientId>,
    pub contact_id: Option<ContactId>,
    pub deal_id: Option<DealId>,
    /// Null: whoever takes it.
    pub assigned_to: Option<UserId>,

    #[sea_orm(column_type = "Text")]
    pub title: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    pub priority: Priority,
    /// Null: whenever.
    pub due_date: Option<DateTimeUtc>,
    /// By value; null: a program did it.
    pub created_by: Option<UserId>,

    #[sea_orm(default_value = "pending")]
    pub status: Status,
    pub completed_at: Option<DateTimeUtc>,

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
    pub customer: BelongsTo<Option<crate::customers::customer::Entity>>,
    #[sea_orm(belongs_to, from = "(tenant_id, contact_id)", to = "(tenant_id, id)")]
    pub contact: BelongsTo<Option<super::contact::Entity>>,
    #[sea_orm(
        belongs_to,
        from = "(tenant_id, deal_id)",
        to = "(tenant_id, id)",
        on_delete = "Cascade"
    )]
    pub deal: BelongsTo<Option<super::deal::Entity>>,
    #[sea_orm(
        belongs_to,
        relation_enum = "Assignee",
        from = "(tenant_id, assigned_to)",
        to = "(tenant_id, id)"
    )]
    pub assignee: BelongsTo<Option<crate::tenancy::user::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Status>("tasks_status_known", "status"),
            Check::one_of::<Priority>("tasks_priority_known", "priority"),
            Check::length("tasks_title_length", "title", 500),
            Check::new("tasks_completed_at", "(status = 'completed') = (completed_at is not null)"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new("tasks_of_client", "tenant_id, client_id"),
            Index::new("tasks_of_contact", "tenant_id, contact_id"),
            Index::new("tasks_of_deal", "tenant_id, deal_id"),
            // Somebody's list of what is left to do, what is due first first.
            Index::new("tasks_of_assignee", "tenant_id, assigned_to, due_date, id"),
        ]
    }
}
