//! Something to do about a client, logged once for each cause.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::client_health_score::{Level, Momentum, Zone};
use crate::{
    email::Email,
    id::{InterventionId, TenantId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// Why it was logged.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The client calls much less than is usual; once a week.
    PatternBreak,
    /// The client fell into the red or the yellow zone; once each time.
    Zone,
    /// The client was given to yet another person; once each time.
    OwnerChange,
}

/// What to do.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    UrgentOutreach,
    Renewal,
    ReEngagement,
    WellnessCheck,
    Celebration,
    Incentive,
}

/// How far it is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has been told of it.
    Pending,
    Sent,
    /// What came of it is recorded.
    Completed,
    /// Somebody decided to let it be.
    Dismissed,
}

/// One row of `intervention_log`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "intervention_log")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InterventionId,
    #[sea_orm(column_type = "Text")]
    pub client_email: Email,
    #[sea_orm(column_type = "Text", nullable)]
    pub client_name: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub assigned_coach: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub client_persona: Option<String>,

    pub triggered_by: Trigger,
    /// Which break, fall or change it was: what it is logged once for.
    #[sea_orm(column_type = "Text")]
    pub trigger_key: String,
    pub intervention_type: Kind,
    pub intervention_priority: Level,
    /// When it was logged.
    pub intervention_date: DateTimeUtc,
    /// By when to act.
    pub due_at: DateTimeUtc,
    #[sea_orm(default_value = "pending")]
    pub status: Status,
    /// The rule that chose it, in words.
    #[sea_orm(column_type = "Text", nullable)]
    pub ai_recommendation: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub ai_reasoning: Option<String>,
    /// From 0 to 1.
    #[sea_orm(column_type = "Decimal(Some((5, 4)))")]
    pub success_probability: Decimal,

    /// How the client stood when it was logged; null: no score was known.
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub health_score: Option<Decimal>,
    pub health_zone: Option<Zone>,
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub predictive_risk_score: Option<Decimal>,
    pub momentum_indicator: Option<Momentum>,
    /// Calls a week as they used to be, and those of the week in which the pattern broke; null: it
    /// is not about calls.
    #[sea_orm(column_type = "Decimal(Some((8, 2)))", nullable)]
    pub usual_calls: Option<Decimal>,
    pub current_calls: Option<i32>,

    pub sent_at: Option<DateTimeUtc>,
    pub send_claim: Option<Uuid>,
    pub send_lease_until: Option<DateTimeUtc>,
    pub closed_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub outcome: Option<String>,
    /// From 1 to 5.
    pub success_rating: Option<i32>,
    pub follow_up_date: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub notes: Option<String>,
    pub outcome_measured_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub intervention_effectiveness_score: Option<Decimal>,

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
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Trigger>("intervention_log_triggered_by_known", "triggered_by"),
            Check::one_of::<Kind>("intervention_log_type_known", "intervention_type"),
            Check::one_of::<Level>("intervention_log_priority_known", "intervention_priority"),
            Check::one_of::<Status>("intervention_log_status_known", "status"),
            Check::one_of::<Zone>("intervention_log_zone_known", "health_zone"),
            Check::one_of::<Momentum>("intervention_log_momentum_known", "momentum_indicator"),
            Check::length("intervention_log_trigger_key_length", "trigger_key", 100),
            Check::length("intervention_log_outcome_length", "outcome", 500),
            Check::new("intervention_log_rating_range", "success_rating between 1 and 5"),
            Check::new("intervention_log_probability_range", "success_probability between 0 and 1"),
            Check::new(
                "intervention_log_scores_range",
                "health_score between 0 and 100 and predictive_risk_score between 0 and 100 \
                 and intervention_effectiveness_score between 0 and 100",
            ),
            Check::new(
                "intervention_log_calls_of_pattern_break",
                "case when triggered_by = 'pattern_break' \
                 then usual_calls between 0 and 999999.99 and usual_calls is not null \
                      and current_calls >= 0 and current_calls is not null \
                 else usual_calls is null and current_calls is null end",
            ),
            Check::new(
                "intervention_log_claim_whole",
                "(send_claim is null) = (send_lease_until is null) \
                 and (send_claim is null or status = 'pending')",
            ),
            Check::new(
                "intervention_log_sent_when",
                "(status <> 'sent' or sent_at is not null) \
                 and (status <> 'pending' or sent_at is null)",
            ),
            Check::new(
                "intervention_log_closed_with_outcome",
                "(status in ('completed', 'dismissed')) = (closed_at is not null) \
                 and (closed_at is null) = (outcome is null)",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique(
                "intervention_log_once",
                "tenant_id, client_email, triggered_by, trigger_key",
            ),
            Index::new(
                "intervention_log_pending",
                "tenant_id, predictive_risk_score desc nulls last, id",
            )
            .with("where status = 'pending'"),
        ]
    }
}
