//! A user: somebody who works for a tenant, and to whom its rows may be assigned.

use sea_orm::entity::prelude::*;

use crate::{
    email::Email,
    id::{TenantId, UserId},
    schema::{Check, Index, TableSpec},
    zone::Zone,
};

/// One row of `users`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,

    #[sea_orm(column_type = "Text")]
    pub email: Email,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// What the tenant calls the job; Keel decides nothing by it.
    #[sea_orm(column_type = "Text", default_value = "user")]
    pub role: String,
    /// Null: the tenant's.
    #[sea_orm(column_type = "Text", nullable)]
    pub time_zone: Option<Zone>,
    #[sea_orm(default_value = true)]
    pub active: bool,

    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<super::tenant::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::length("users_name_length", "name", 200),
            Check::length("users_role_length", "role", 100),
            Check::length("users_email_length", "email", 254),
            Check::new("users_email_lower", "email = lower(email)"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::unique("users_email", "tenant_id, email")]
    }
}
