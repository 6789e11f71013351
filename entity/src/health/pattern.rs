//! One look at how often a client calls, a day at most once: the history behind
//! [`client_health_score`](super::client_health_score).

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    email::Email,
    id::{PatternId, TenantId},
    schema::{Check, Index, TableSpec},
};

/// How this week's calls compare with what is usual.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Normal,
    /// More than a quarter, and at most half, of what was expected is missing.
    BelowPattern,
    /// More than half as much again as was expected.
    AbovePattern,
    /// More than half of what was expected is missing.
    PatternBreak,
    /// Fewer than three complete weeks are known.
    InsufficientData,
}

/// By which rule the client was judged.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The last four complete weeks, and as much of them as this week has had yet.
    Fair,
    /// The source system's own: thirty days divided by 4.3 against this week so far.
    Seed,
}

/// One row of `call_pattern_analysis`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "call_pattern_analysis")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(
        primary_key,
        auto_increment = false,
        default_expr = "Expr::cust(\"gen_random_uuid()\")"
    )]
    pub id: PatternId,
    #[sea_orm(column_type = "Text")]
    pub client_email: Email,

    /// By the tenant's calendar.
    #[sea_orm(default_expr = "Expr::cust(\"((now() at time zone 'UTC')::date)\")")]
    pub analysis_date: Date,
    pub week_start: Option<DateTimeUtc>,
    #[sea_orm(default_value = 0)]
    pub calls_this_week: i32,
    #[sea_orm(column_type = "Decimal(Some((8, 2)))", default_value = 0)]
    pub avg_calls_per_week: Decimal,
    #[sea_orm(column_type = "Decimal(Some((8, 2)))", default_value = 0)]
    pub expected_calls: Decimal,
    /// Null: nothing was expected, and so nothing can be divided by it.
    #[sea_orm(column_type = "Decimal(Some((9, 2)))", nullable)]
    pub deviation_pct: Option<Decimal>,
    pub pattern_status: Status,
    #[sea_orm(default_value = "fair")]
    pub rule: Rule,

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
    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Status>("call_pattern_analysis_status_known", "pattern_status"),
            Check::one_of::<Rule>("call_pattern_analysis_rule_known", "rule"),
            Check::new(
                "call_pattern_analysis_calls_range",
                "calls_this_week >= 0 and avg_calls_per_week between 0 and 999999.99 \
                 and expected_calls between 0 and 999999.99 \
                 and deviation_pct between -9999999 and 9999999",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::unique("call_pattern_analysis_day", "tenant_id, client_email, analysis_date")]
    }
}
