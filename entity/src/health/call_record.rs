//! A call, or an attempt at one, with a client.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    email::Email,
    id::{CallRecordId, TenantId},
    schema::{Check, Index, TableSpec},
};

/// How the client was reached.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CallType {
    Phone,
    #[sea_orm(string_value = "WHATSAPP")]
    #[serde(rename = "WHATSAPP")]
    WhatsApp,
    Email,
    Sms,
    InPerson,
}

/// Whether it came about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Completed,
    NoAnswer,
    Voicemail,
    Declined,
    Scheduled,
}

/// What came of it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    Booked,
    Interested,
    NotInterested,
    Callback,
    NoAnswer,
    Other,
}

/// One row of `call_records`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "call_records")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CallRecordId,
    #[sea_orm(column_type = "Text")]
    pub client_email: Email,
    /// The telephone system's own id for the call, by which it is recorded once.
    #[sea_orm(column_type = "Text", nullable)]
    pub external_id: Option<String>,

    #[sea_orm(column_type = "Text", nullable)]
    pub firstname: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub lastname: Option<String>,
    /// When it took place, whenever it was recorded.
    pub call_date: DateTimeUtc,
    pub call_type: CallType,
    pub status: Status,
    pub outcome: Option<Outcome>,
    #[sea_orm(column_type = "Text", nullable)]
    pub executed_by: Option<String>,
    pub duration_seconds: Option<i32>,
    #[sea_orm(column_type = "Text", nullable)]
    pub notes: Option<String>,
    #[sea_orm(default_value = false)]
    pub follow_up_needed: bool,
    pub follow_up_date: Option<DateTimeUtc>,

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
            Check::one_of::<CallType>("call_records_type_known", "call_type"),
            Check::one_of::<Status>("call_records_status_known", "status"),
            Check::one_of::<Outcome>("call_records_outcome_known", "outcome"),
            Check::new("call_records_duration_range", "duration_seconds >= 0"),
            Check::length("call_records_external_id_length", "external_id", 200),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new("call_records_of_client", "tenant_id, client_email, call_date desc"),
            // Those that the pattern counts: conversations that came about.
            Index::new("call_records_held", "tenant_id, client_email, call_date").with(
                "where status = 'COMPLETED' and call_type in ('PHONE', 'WHATSAPP', 'IN_PERSON')",
            ),
            Index::unique("call_records_once", "tenant_id, external_id")
                .with("where external_id is not null"),
        ]
    }
}
