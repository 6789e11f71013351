//! A session that a client has booked, or had, or missed.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    email::Email,
    id::{ClientSessionId, TenantId},
    schema::{Check, Index, TableSpec},
};

/// What became of it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Booked,
    /// It took place, and counts.
    Attended,
    Cancelled,
    NoShow,
}

/// One row of `client_sessions`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "client_sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClientSessionId,
    #[sea_orm(column_type = "Text")]
    pub client_email: Email,
    /// The booking system's own id, by which a session is recorded once.
    #[sea_orm(column_type = "Text", nullable)]
    pub external_id: Option<String>,

    /// When it took place, or, if it is only booked, when it will.
    pub held_at: DateTimeUtc,
    #[sea_orm(default_value = "booked")]
    pub status: Status,
    #[sea_orm(column_type = "Text", nullable)]
    pub coach: Option<String>,

    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(
        belongs_to,
        from = "(tenant_id, client_email)",
        to = "(tenant_id, email)",
        on_delete = "Cascade"
    )]
    pub client: BelongsTo<super::client_health_score::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Status>("client_sessions_status_known", "status"),
            Check::length("client_sessions_external_id_length", "external_id", 200),
            Check::length("client_sessions_coach_length", "coach", 200),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new("client_sessions_of_client", "tenant_id, client_email, created_at"),
            // Those that the score counts.
            Index::new("client_sessions_attended", "tenant_id, client_email, held_at")
                .with("where status = 'attended'"),
            Index::unique("client_sessions_once", "tenant_id, external_id")
                .with("where external_id is not null"),
        ]
    }
}
