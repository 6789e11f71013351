//! How one client is doing, known by e-mail: the latest scores and the latest look at its calls.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use super::pattern::Status as PatternStatus;
use crate::{
    email::Email,
    id::{ClientHealthScoreId, ClientId, TenantId},
    schema::{Check, Index, TableSpec},
};

/// Where the score falls, as whoever computes it says: purple from 85, green from 70, yellow from
/// 50, red below (seed 003).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Zone {
    Red,
    Yellow,
    Green,
    Purple,
}

/// Which way the number of sessions is going.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Momentum {
    Accelerating,
    Stable,
    Declining,
}

/// How much there is of something bad: a risk from 75, 60, 40 and below, or how soon to act.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    Low,
    Medium,
    High,
    Critical,
}

/// What adds to the risk that a client leaves, or takes from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// What every client starts from.
    Base,
    Declining,
    Accelerating,
    /// No session in seven days.
    Absent,
    /// Two or more in seven days.
    Active,
    /// The last session is more than fourteen days ago, or more than thirty, or there was none.
    LongAgo,
    /// It is at most seven days ago.
    Recent,
    /// Less than a tenth of the package is left, and it is hardly used.
    PackageEnding,
    /// More than half of it is left.
    PackageFull,
    /// Healthy, and on the way down.
    EarlyWarning,
}

/// By how many points one thing moved the risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskFactor {
    pub factor: Risk,
    pub points: i32,
}

/// Why a client is at risk: what the points, limited to 0 to 100, are the sum of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct RiskFactors(pub Vec<RiskFactor>);

/// One row of `client_health_scores`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "client_health_scores")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClientHealthScoreId,
    /// The customer that the client belongs to, where that is known.
    #[sea_orm(column_type = "Text", nullable)]
    pub client_id: Option<ClientId>,

    #[sea_orm(column_type = "Text")]
    pub email: Email,
    /// What the CRM that the client came from calls it.
    #[sea_orm(column_type = "Text", nullable)]
    pub contact_id: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub firstname: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub lastname: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub assigned_coach: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub hubspot_owner_name: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub previous_owner: Option<String>,
    pub owner_changed_at: Option<DateTimeUtc>,
    #[sea_orm(default_value = 0)]
    pub owner_change_count: i32,

    /// Scores run from 0 to 100; null until they were computed once.
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub health_score: Option<Decimal>,
    /// In percent, how much of the score's weights was known of: less than 100 without a package.
    pub score_coverage: Option<i32>,
    pub health_zone: Option<Zone>,
    /// When it fell into that zone: an intervention is logged once for each such time.
    pub zone_since: Option<DateTimeUtc>,
    pub engagement_score: Option<i32>,
    pub momentum_score: Option<i32>,
    pub package_score: Option<i32>,
    pub relationship_score: Option<i32>,
    pub financial_score: Option<i32>,
    /// Civil days since the last session or conversation; null: none is known.
    pub days_inactive: Option<i32>,
    /// 0: today. Null: no session is known.
    pub days_since_last_session: Option<i32>,
    #[sea_orm(default_value = 0)]
    pub sessions_7d: i32,
    #[sea_orm(default_value = 0)]
    pub sessions_30d: i32,
    #[sea_orm(default_value = 0)]
    pub sessions_90d: i32,
    #[sea_orm(default_value = 0)]
    pub outstanding_sessions: i32,
    #[sea_orm(default_value = 0)]
    pub sessions_purchased: i32,
    pub package_ends_on: Option<Date>,
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub churn_risk_score: Option<Decimal>,
    pub momentum_indicator: Option<Momentum>,
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub predictive_risk_score: Option<Decimal>,
    pub risk_category: Option<Level>,
    pub intervention_priority: Option<Level>,
    /// By how many percent the sessions of seven days differ from a usual week's; null: none were.
    #[sea_orm(column_type = "Decimal(Some((7, 2)))", nullable)]
    pub rate_of_change_percent: Option<Decimal>,
    #[sea_orm(default_value = false)]
    pub early_warning_flag: bool,
    #[sea_orm(column_type = "JsonBinary", default_expr = "Expr::cust(\"'[]'::jsonb\")")]
    pub risk_factors: RiskFactors,
    /// When the scores were last computed with success; null: never.
    pub calculated_at: Option<DateTimeUtc>,
    /// When that was last tried, with success or without: the queue's order.
    pub score_attempted_at: Option<DateTimeUtc>,

    #[sea_orm(default_value = "INSUFFICIENT_DATA")]
    pub pattern_status: PatternStatus,
    /// Calls a week in the weeks that the client was last compared with.
    #[sea_orm(column_type = "Decimal(Some((8, 2)))", default_value = 0)]
    pub avg_calls_per_week: Decimal,
    /// Calls in the week that began at `pattern_week_start`, up to `last_pattern_check`.
    #[sea_orm(default_value = 0)]
    pub calls_this_week: i32,
    /// How many calls that week should have had by then.
    #[sea_orm(column_type = "Decimal(Some((8, 2)))", default_value = 0)]
    pub expected_calls: Decimal,
    /// `expected_calls` less `calls_this_week`; below 0: more than expected.
    #[sea_orm(column_type = "Decimal(Some((8, 2)))", default_value = 0)]
    pub lost_calls: Decimal,
    /// By how many percent the calls differ from what was expected; null: nothing was expected.
    #[sea_orm(column_type = "Decimal(Some((9, 2)))", nullable)]
    pub deviation_pct: Option<Decimal>,
    /// The Monday that the figures are about, so that last week's are not read as this week's.
    pub pattern_week_start: Option<DateTimeUtc>,
    /// When its calls were last looked at with success; null: never.
    pub last_pattern_check: Option<DateTimeUtc>,
    /// When they were last looked at, with success or without: the queue's order.
    pub pattern_attempted_at: Option<DateTimeUtc>,

    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(
        belongs_to,
        from = "(tenant_id, client_id)",
        to = "(tenant_id, client_id)",
        on_delete = "Cascade"
    )]
    pub customer: BelongsTo<Option<crate::customers::customer::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        let score = |column| format!("{column} between 0 and 100");
        vec![
            Check::new(
                "client_health_scores_email_form",
                "email = lower(email) and char_length(email) between 3 and 254",
            ),
            Check::one_of::<Zone>("client_health_scores_zone_known", "health_zone"),
            Check::one_of::<Momentum>("client_health_scores_momentum_known", "momentum_indicator"),
            Check::one_of::<PatternStatus>("client_health_scores_pattern_known", "pattern_status"),
            Check::one_of::<Level>("client_health_scores_risk_category_known", "risk_category"),
            Check::one_of::<Level>("client_health_scores_priority_known", "intervention_priority"),
            Check::new("client_health_scores_score_range", score("health_score")),
            Check::new("client_health_scores_coverage_range", score("score_coverage")),
            Check::new("client_health_scores_engagement_range", score("engagement_score")),
            Check::new("client_health_scores_momentum_range", score("momentum_score")),
            Check::new("client_health_scores_package_range", score("package_score")),
            Check::new("client_health_scores_relationship_range", score("relationship_score")),
            Check::new("client_health_scores_financial_range", score("financial_score")),
            Check::new("client_health_scores_churn_range", score("churn_risk_score")),
            Check::new("client_health_scores_risk_range", score("predictive_risk_score")),
            Check::new(
                "client_health_scores_counts_range",
                "least(sessions_7d, sessions_30d, sessions_90d, outstanding_sessions, \
                 sessions_purchased, owner_change_count, calls_this_week, days_inactive, \
                 days_since_last_session) >= 0",
            ),
            Check::new(
                "client_health_scores_change_range",
                "deviation_pct between -9999999 and 9999999 \
                 and rate_of_change_percent between -99999 and 99999",
            ),
            Check::new(
                "client_health_scores_checked_week",
                "(last_pattern_check is null) = (pattern_week_start is null)",
            ),
            Check::new(
                "client_health_scores_calls_range",
                "avg_calls_per_week between 0 and 999999.99 \
                 and expected_calls between 0 and 999999.99 and lost_calls <= expected_calls",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("client_health_scores_email", "tenant_id, email"),
            Index::new("client_health_scores_of_client", "tenant_id, client_id"),
            Index::new(
                "client_health_scores_pattern_queue",
                "tenant_id, pattern_attempted_at nulls first, id",
            ),
            Index::new(
                "client_health_scores_breaks",
                "tenant_id, pattern_status desc, lost_calls desc, id",
            )
            .with("where pattern_status in ('PATTERN_BREAK', 'BELOW_PATTERN')"),
            Index::new(
                "client_health_scores_score_queue",
                "tenant_id, score_attempted_at nulls first, id",
            ),
            // Of each zone, of each coach: what the day's figures are counted from.
            Index::new("client_health_scores_of_coach", "tenant_id, assigned_coach")
                .with("where health_zone is not null"),
            // Whom to do something about, the greatest risk first.
            Index::new(
                "client_health_scores_at_risk",
                "tenant_id, predictive_risk_score desc nulls last, id",
            )
            .with("where health_zone in ('RED', 'YELLOW')"),
            Index::new(
                "client_health_scores_broken",
                "tenant_id, predictive_risk_score desc nulls last, id",
            )
            .with("where pattern_status = 'PATTERN_BREAK'"),
        ]
    }
}
