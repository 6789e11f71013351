//! A score that somebody set by hand, for a time. The last one of a lead counts, until it runs out or
//! is let go.

use sea_orm::entity::prelude::*;

use crate::{
    id::{LeadId, LeadScoreOverrideId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// One row of `lead_score_overrides`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_score_overrides")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LeadScoreOverrideId,
    pub lead_id: LeadId,

    /// 0 to 100.
    pub score: i32,
    /// Who answers for it; by value.
    pub owner_id: UserId,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    pub set_at: DateTimeUtc,
    /// From then on it does not count.
    pub expires_at: DateTimeUtc,
    /// When somebody let it go, or set another; null: nobody did.
    pub ended_at: Option<DateTimeUtc>,

    #[sea_orm(belongs_to, from = "(tenant_id, lead_id)", to = "(tenant_id, id)")]
    pub lead: BelongsTo<super::lead::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::new("lead_score_overrides_score_range", "score between 0 and 100"),
            Check::length("lead_score_overrides_reason_length", "reason", 500),
            Check::new("lead_score_overrides_expires_after", "expires_at > set_at"),
            Check::new("lead_score_overrides_ended_after", "ended_at >= set_at"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new("lead_score_overrides_of_lead", "tenant_id, lead_id"),
            Index::unique("lead_score_overrides_present", "tenant_id, lead_id")
                .with("where ended_at is null"),
        ]
    }
}
