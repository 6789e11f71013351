//! A time in which a user is not there, and gets no new work.

use sea_orm::entity::prelude::*;

use crate::{
    id::{TenantId, UserAbsenceId, UserId},
    schema::{Check, Index, TableSpec},
};

/// One row of `user_absences`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_absences")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserAbsenceId,
    pub user_id: UserId,

    pub starts_at: DateTimeUtc,
    /// From then on they are there again.
    pub ends_at: DateTimeUtc,
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "(tenant_id, user_id)", to = "(tenant_id, id)")]
    pub user: BelongsTo<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::new("user_absences_order", "ends_at > starts_at"),
            Check::length("user_absences_reason_length", "reason", 500),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::new("user_absences_of_user", "tenant_id, user_id, ends_at")]
    }
}
