//! A lead that nobody could be given, and that waits until somebody can.

use sea_orm::entity::prelude::*;

use super::distribution::Strategy;
use crate::{
    id::{DistributionPoolId, LeadId, TenantId},
    schema::{Check, Index, TableSpec},
};

/// One row of `lead_assignment_queue`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_assignment_queue")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub lead_id: LeadId,
    pub pool_id: DistributionPoolId,

    pub strategy: Strategy,
    /// What whoever gets it must be able to do.
    #[sea_orm(column_type = "Array(sea_orm::sea_query::RcOrArc::new(ColumnType::Text))")]
    pub needs: Vec<String>,
    pub waiting_since: DateTimeUtc,
    pub tried_at: DateTimeUtc,
    /// Why nobody could be given it when it was last tried.
    #[sea_orm(column_type = "Text")]
    pub reason: String,

    #[sea_orm(belongs_to, from = "(tenant_id, lead_id)", to = "(tenant_id, id)")]
    pub lead: BelongsTo<super::lead::Entity>,
    #[sea_orm(belongs_to, from = "(tenant_id, pool_id)", to = "(tenant_id, id)")]
    pub pool: BelongsTo<super::distribution::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Strategy>("lead_assignment_queue_strategy_known", "strategy"),
            Check::new("lead_assignment_queue_strategy_decides", "strategy <> 'manual'"),
            Check::length("lead_assignment_queue_reason_length", "reason", 500),
            Check::new("lead_assignment_queue_tried_after", "tried_at >= waiting_since"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new("lead_assignment_queue_waiting", "tenant_id, waiting_since, lead_id"),
            Index::new(
                "lead_assignment_queue_of_pool",
                "tenant_id, pool_id, waiting_since, lead_id",
            ),
        ]
    }
}
