//! How all of a tenant's clients did in a week, and how many did better or worse than before.

use sea_orm::entity::prelude::*;

use crate::{
    id::{TenantId, WeeklyPatternId},
    schema::{Check, Index, TableSpec},
};

/// One row of `weekly_patterns`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "weekly_patterns")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WeeklyPatternId,
    /// The Monday, by the tenant's calendar.
    pub week_start_date: Date,
    /// The Sunday.
    pub week_end_date: Date,

    /// Those who were given a score in the week.
    #[sea_orm(default_value = 0)]
    pub total_clients: i32,
    #[sea_orm(default_value = 0)]
    pub red_clients: i32,
    #[sea_orm(default_value = 0)]
    pub yellow_clients: i32,
    #[sea_orm(default_value = 0)]
    pub green_clients: i32,
    #[sea_orm(default_value = 0)]
    pub purple_clients: i32,
    /// Null: there are none.
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub avg_health_score: Option<Decimal>,
    /// Those whose score is higher than that of the week before.
    #[sea_orm(default_value = 0)]
    pub clients_improving: i32,
    #[sea_orm(default_value = 0)]
    pub clients_declining: i32,
    /// What somebody wrote about it.
    #[sea_orm(column_type = "Text", nullable)]
    pub pattern_insights: Option<String>,

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
            Check::new(
                "weekly_patterns_counts_add_up",
                "least(red_clients, yellow_clients, green_clients, purple_clients, clients_improving, clients_declining) >= 0 \
                 and total_clients = red_clients + yellow_clients + green_clients + purple_clients",
            ),
            Check::new("weekly_patterns_score_range", "avg_health_score between 0 and 100"),
            Check::new(
                "weekly_patterns_whole_week",
                "extract(isodow from week_start_date) = 1 \
                 and week_end_date = week_start_date + 6",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::unique("weekly_patterns_week", "tenant_id, week_start_date")]
    }
}
