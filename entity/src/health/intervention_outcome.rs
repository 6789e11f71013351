//! What came of an intervention: how the client stood before, a week after and a month after.

use sea_orm::entity::prelude::*;

use super::{
    client_health_score::{Momentum, Zone},
    intervention::Kind,
};
use crate::{
    email::Email,
    id::{InterventionId, InterventionOutcomeId, TenantId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// One row of `intervention_outcomes`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "intervention_outcomes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InterventionOutcomeId,
    pub intervention_id: InterventionId,
    #[sea_orm(column_type = "Text")]
    pub client_email: Email,
    #[sea_orm(column_type = "Text", nullable)]
    pub client_persona: Option<String>,
    pub intervention_type: Kind,
    pub health_zone_at_intervention: Option<Zone>,
    pub momentum_before: Option<Momentum>,
    /// When it was sent; if it never was, when its outcome was recorded.
    pub executed_at: DateTimeUtc,

    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub health_score_before: Option<Decimal>,
    /// As first seen by the sweep when it had been computed seven days after or later.
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub health_score_7d_after: Option<Decimal>,
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub health_score_30d_after: Option<Decimal>,
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub risk_score_at_intervention: Option<Decimal>,
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub risk_score_before: Option<Decimal>,
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub risk_score_7d_after: Option<Decimal>,
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub risk_score_30d_after: Option<Decimal>,
    /// Sessions recorded in the seven days after, without those that were cancelled.
    pub sessions_booked_within_7d: Option<i32>,
    /// Whether it goes up that went down or stood still, or no longer down, seven days after.
    pub trend_changed_to_positive: Option<bool>,
    /// 50, and as many points more or less as the health score gained or lost in thirty days.
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub outcome_success_score: Option<Decimal>,
    pub measured_7d_at: Option<DateTimeUtc>,
    pub measured_30d_at: Option<DateTimeUtc>,

    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(
        belongs_to,
        from = "(tenant_id, intervention_id)",
        to = "(tenant_id, id)",
        on_delete = "Cascade"
    )]
    pub intervention: BelongsTo<super::intervention::Entity>,

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
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Kind>("intervention_outcomes_type_known", "intervention_type"),
            Check::one_of::<Zone>(
                "intervention_outcomes_zone_known",
                "health_zone_at_intervention",
            ),
            Check::one_of::<Momentum>("intervention_outcomes_momentum_known", "momentum_before"),
            Check::new(
                "intervention_outcomes_scores_range",
                "health_score_before between 0 and 100 and health_score_7d_after between 0 and 100 \
                 and health_score_30d_after between 0 and 100 \
                 and outcome_success_score between 0 and 100",
            ),
            Check::new(
                "intervention_outcomes_risks_range",
                "risk_score_at_intervention between 0 and 100 \
                 and risk_score_before between 0 and 100 and risk_score_7d_after between 0 and 100 \
                 and risk_score_30d_after between 0 and 100",
            ),
            Check::new("intervention_outcomes_sessions_range", "sessions_booked_within_7d >= 0"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("intervention_outcomes_once", "tenant_id, intervention_id"),
            Index::new("intervention_outcomes_of_client", "tenant_id, client_email"),
            Index::new("intervention_outcomes_after_7d", "tenant_id, executed_at, id")
                .with("where measured_7d_at is null"),
            Index::new("intervention_outcomes_after_30d", "tenant_id, executed_at, id")
                .with("where measured_30d_at is null"),
        ]
    }
}
