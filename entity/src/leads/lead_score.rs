//! What a lead's score was and what it consisted of, at each time at which it changed.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    id::{LeadId, LeadScoreHistoryId, TenantId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// How warm the lead is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Below 40.
    Cold,
    /// 40 or more.
    Cool,
    /// 60 or more.
    Warm,
    /// 80 or more.
    Hot,
}

/// What made the score another.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It was computed, since something had happened or time had gone by.
    Computed,
    /// A month or more without a contact.
    Decayed,
    /// Somebody set it, or let it go.
    Overridden,
}

/// What a score consists of. The parts sum exactly to the total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Factors {
    /// By what they answered.
    pub qualification: i64,
    /// By how lately and how often we spoke, and what they did with what we wrote.
    pub engagement: i64,
    /// By what they said in the last calls.
    pub intent: i64,
    /// By who and where they are.
    pub demographic: i64,
    /// What somebody added or took away to make the score what they say it is; absent: nobody did.
    #[serde(default, rename = "override", skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<i64>,
    /// The score.
    pub total: i64,
}

/// What each component of a score counts for, in ten-thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Weights {
    pub qualification: i64,
    pub engagement: i64,
    pub intent: i64,
    pub demographic: i64,
}

/// One row of `lead_score_history`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_score_history")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LeadScoreHistoryId,
    pub lead_id: LeadId,

    /// 0 to 100.
    pub score: i32,
    /// The score before; null: there was none.
    pub previous_score: Option<i32>,
    pub score_class: Class,
    pub cause: Cause,
    /// How many months without a contact it has lost for.
    #[sea_orm(default_value = 0)]
    pub decay_months: i32,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub factors: Option<Factors>,
    /// What each component counted for; null: what it counts for with whoever settles nothing.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub weights: Option<Weights>,
    /// `user:<id>` or `system:<name>`.
    #[sea_orm(column_type = "Text")]
    pub actor: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    pub calculated_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "(tenant_id, lead_id)", to = "(tenant_id, id)")]
    pub lead: BelongsTo<super::lead::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Append;

    fn checks() -> Vec<Check> {
        vec![
            Check::new("lead_score_history_score_range", "score between 0 and 100"),
            Check::new(
                "lead_score_history_previous_score_range",
                "previous_score between 0 and 100",
            ),
            Check::one_of::<Class>("lead_score_history_score_class_known", "score_class"),
            Check::one_of::<Cause>("lead_score_history_cause_known", "cause"),
            Check::new("lead_score_history_decay_months_range", "decay_months >= 0"),
            Check::new(
                "lead_score_history_factors_sum",
                "(factors ->> 'qualification')::bigint + (factors ->> 'engagement')::bigint \
                 + (factors ->> 'intent')::bigint + (factors ->> 'demographic')::bigint \
                 + coalesce((factors ->> 'override')::bigint, 0) = score \
                 and (factors ->> 'total')::bigint = score",
            ),
            Check::length("lead_score_history_reason_length", "reason", 500),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::new(
            "lead_score_history_of_lead",
            "tenant_id, lead_id, calculated_at desc, id desc",
        )]
    }
}
