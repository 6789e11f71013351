//! A move of a deal from one stage to another. Moves are recorded and never changed.

use sea_orm::entity::prelude::*;

use super::deal::Stage;
use crate::{
    id::{DealId, DealStageHistoryId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// One row of `deal_stage_history`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deal_stage_history")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DealStageHistoryId,
    pub deal_id: DealId,

    /// Null: the deal was opened.
    pub from_stage: Option<Stage>,
    pub to_stage: Stage,
    pub changed_at: DateTimeUtc,
    /// By value, since the record outlives the login; null: a program did it.
    pub changed_by: Option<UserId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    /// Whole days, of 24 hours, spent in the stage that was left; null: the deal was opened.
    pub days_in_previous_stage: Option<i32>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,

    #[sea_orm(
        belongs_to,
        from = "(tenant_id, deal_id)",
        to = "(tenant_id, id)",
        on_delete = "Cascade"
    )]
    pub deal: BelongsTo<super::deal::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Append;

    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Stage>("deal_stage_history_from_known", "from_stage"),
            Check::one_of::<Stage>("deal_stage_history_to_known", "to_stage"),
            Check::new("deal_stage_history_moves", "from_stage is distinct from to_stage"),
            Check::new("deal_stage_history_days_range", "days_in_previous_stage >= 0"),
            Check::new(
                "deal_stage_history_days_when_moved",
                "(from_stage is null) = (days_in_previous_stage is null)",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new(
                "deal_stage_history_of_deal",
                "tenant_id, deal_id, changed_at desc, id desc",
            ),
            // What the mean time in a stage is made of.
            Index::new(
                "deal_stage_history_velocity",
                "tenant_id, changed_at, from_stage, days_in_previous_stage",
            ),
        ]
    }
}
