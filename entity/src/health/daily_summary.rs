//! How all of a tenant's clients did on a day.

use sea_orm::entity::prelude::*;

use crate::{
    id::{DailySummaryId, TenantId},
    schema::{Check, Index, TableSpec},
};

/// One row of `daily_summary`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "daily_summary")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DailySummaryId,
    /// By the tenant's calendar.
    pub summary_date: Date,

    /// Those who have a score, and whose customer, if they belong to one, is not deleted.
    #[sea_orm(default_value = 0)]
    pub total_active_clients: i32,
    /// Null: there are none.
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub avg_health_score: Option<Decimal>,
    /// Clients about whom something must be done at once.
    #[sea_orm(default_value = 0)]
    pub critical_interventions: i32,
    /// What the customers of clients in the red and yellow zones pay a year, in the tenant's
    /// currency, each customer once.
    #[sea_orm(column_type = "Decimal(Some((16, 2)))", default_value = 0)]
    pub at_risk_revenue: Decimal,
    #[sea_orm(default_value = 0)]
    pub red_clients: i32,
    #[sea_orm(default_value = 0)]
    pub yellow_clients: i32,
    #[sea_orm(default_value = 0)]
    pub green_clients: i32,
    #[sea_orm(default_value = 0)]
    pub purple_clients: i32,
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", default_value = 0)]
    pub red_percentage: Decimal,
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", default_value = 0)]
    pub yellow_percentage: Decimal,
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", default_value = 0)]
    pub green_percentage: Decimal,
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", default_value = 0)]
    pub purple_percentage: Decimal,

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
                "daily_summary_counts_add_up",
                "least(red_clients, yellow_clients, green_clients, purple_clients, critical_interventions) >= 0 \
                 and total_active_clients = red_clients + yellow_clients + green_clients + purple_clients",
            ),
            Check::new("daily_summary_score_range", "avg_health_score between 0 and 100"),
            Check::new(
                "daily_summary_revenue_range",
                "at_risk_revenue between 0 and 99999999999999.99",
            ),
            Check::new(
                "daily_summary_shares_range",
                "red_percentage between 0 and 100 and yellow_percentage between 0 and 100 \
                 and green_percentage between 0 and 100 and purple_percentage between 0 and 100",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::unique("daily_summary_day", "tenant_id, summary_date")]
    }
}
