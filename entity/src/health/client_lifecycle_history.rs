//! How a client did in a week, one row each: as it was last computed in it.

use sea_orm::entity::prelude::*;

use super::client_health_score::{Momentum, Zone};
use crate::{
    email::Email,
    id::{ClientLifecycleHistoryId, TenantId},
    schema::{Check, Index, TableSpec},
};

/// One row of `client_lifecycle_history`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "client_lifecycle_history")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClientLifecycleHistoryId,
    #[sea_orm(column_type = "Text")]
    pub email: Email,
    /// The Sunday, by the tenant's calendar.
    pub week_ending_date: Date,

    #[sea_orm(column_type = "Decimal(Some((5, 2)))")]
    pub health_score: Decimal,
    pub health_zone: Zone,
    /// The zone that the client came into the week with; null: it was in none.
    pub previous_zone: Option<Zone>,
    #[sea_orm(column_type = "Decimal(Some((5, 2)))")]
    pub predictive_risk_score: Decimal,
    #[sea_orm(default_value = 0)]
    pub sessions_this_week: i32,
    #[sea_orm(default_value = 0)]
    pub sessions_previous_week: i32,
    /// In percent, against as much of the week before as has passed of this one; null: nothing to
    /// compare with.
    #[sea_orm(column_type = "Decimal(Some((7, 2)))", nullable)]
    pub week_over_week_change: Option<Decimal>,
    pub engagement_trend: Momentum,

    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(
        belongs_to,
        from = "(tenant_id, email)",
        to = "(tenant_id, email)",
        on_delete = "Cascade"
    )]
    pub client: BelongsTo<super::client_health_score::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Zone>("client_lifecycle_history_zone_known", "health_zone"),
            Check::one_of::<Zone>("client_lifecycle_history_previous_known", "previous_zone"),
            Check::one_of::<Momentum>("client_lifecycle_history_trend_known", "engagement_trend"),
            Check::new(
                "client_lifecycle_history_score_range",
                "health_score between 0 and 100 and predictive_risk_score between 0 and 100",
            ),
            Check::new(
                "client_lifecycle_history_sessions_range",
                "least(sessions_this_week, sessions_previous_week) >= 0 \
                 and week_over_week_change between -100 and 99999",
            ),
            Check::new(
                "client_lifecycle_history_week_ends_on_sunday",
                "extract(isodow from week_ending_date) = 7",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("client_lifecycle_history_once", "tenant_id, email, week_ending_date"),
            Index::new("client_lifecycle_history_of_week", "tenant_id, week_ending_date"),
        ]
    }
}
