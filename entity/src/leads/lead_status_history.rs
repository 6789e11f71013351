//! A change of a lead's status; the first is that into the status it was made with.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::lead::Status;
use crate::{
    id::{LeadId, LeadStatusHistoryId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// What made the status change.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Somebody did it.
    Manual,
    /// A call.
    Call,
    /// A rule: the score, a sequence.
    Automation,
    /// A recommendation that was followed.
    AiRecommendation,
    /// It was read from a file (ours).
    Import,
    /// The do-not-call list (ours).
    DncList,
    /// Two leads were one person (ours).
    Merge,
}

/// One row of `lead_status_history`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_status_history")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LeadStatusHistoryId,
    pub lead_id: LeadId,

    /// Null: it was made.
    pub from_status: Option<Status>,
    pub to_status: Status,
    /// Null: a program did it.
    pub changed_by_user_id: Option<UserId>,
    /// `user:<id>` or `system:<name>`.
    #[sea_orm(column_type = "Text")]
    pub actor: String,
    pub trigger_type: Trigger,
    /// The call, the import, the entry of the list.
    pub trigger_id: Option<Uuid>,
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    pub changed_at: DateTimeUtc,
    /// When the status was left; null: it is the present one.
    pub left_at: Option<DateTimeUtc>,

    #[sea_orm(belongs_to, from = "(tenant_id, lead_id)", to = "(tenant_id, id)")]
    pub lead: BelongsTo<super::lead::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Status>("lead_status_history_from_status_known", "from_status"),
            Check::one_of::<Status>("lead_status_history_to_status_known", "to_status"),
            Check::one_of::<Trigger>("lead_status_history_trigger_type_known", "trigger_type"),
            Check::new("lead_status_history_is_a_change", "from_status <> to_status"),
            Check::new("lead_status_history_left_after", "left_at >= changed_at"),
            Check::length("lead_status_history_reason_length", "reason", 500),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            // A lead is in one status at a time.
            Index::unique("lead_status_history_present", "tenant_id, lead_id")
                .with("where left_at is null"),
            Index::new("lead_status_history_of_lead", "tenant_id, lead_id, changed_at, id"),
            Index::new("lead_status_history_entered", "tenant_id, to_status, changed_at, lead_id"),
        ]
    }
}
