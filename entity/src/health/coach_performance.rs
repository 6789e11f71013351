//! How the clients of one coach did on a day.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{CoachPerformanceId, TenantId},
    schema::{Check, Index, TableSpec},
};

/// Which way a coach's clients are going.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Trend {
    /// More of them do better than the week before than do worse.
    Improving,
    Stable,
    Declining,
}

/// One row of `coach_performance`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "coach_performance")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CoachPerformanceId,
    #[sea_orm(column_type = "Text")]
    pub coach_name: String,
    /// By the tenant's calendar.
    pub report_date: Date,

    #[sea_orm(default_value = 0)]
    pub total_clients: i32,
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub avg_health_score: Option<Decimal>,
    #[sea_orm(default_value = 0)]
    pub red_clients: i32,
    #[sea_orm(default_value = 0)]
    pub yellow_clients: i32,
    #[sea_orm(default_value = 0)]
    pub green_clients: i32,
    #[sea_orm(default_value = 0)]
    pub purple_clients: i32,
    /// Those whose score is higher than that of the week before.
    #[sea_orm(default_value = 0)]
    pub clients_improving: i32,
    #[sea_orm(default_value = 0)]
    pub clients_declining: i32,
    pub trend: Trend,

    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<crate::tenancy::tenant::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::length("coach_performance_coach_name_length", "coach_name", 200),
            Check::one_of::<Trend>("coach_performance_trend_known", "trend"),
            Check::new(
                "coach_performance_counts_add_up",
                "least(red_clients, yellow_clients, green_clients, purple_clients, clients_improving, clients_declining) >= 0 \
                 and total_clients = red_clients + yellow_clients + green_clients + purple_clients",
            ),
            Check::new("coach_performance_score_range", "avg_health_score between 0 and 100"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::unique("coach_performance_day", "tenant_id, report_date, coach_name")]
    }
}
