//! A step of a tenant's day, at the hour that it is planned for: whether it was begun and whether it
//! is done. Whoever goes on after a crash finds here what is left.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{RunId, TenantId},
    schema::{Check, Index, TableSpec},
};

/// What is done, in the order in which it is done when several are due.
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
pub enum Step {
    /// Makes the compliance checks that are due, reminds and escalates.
    Compliance,
    /// Finds the deals that have stalled, and follows them up.
    Deals,
    /// Looks at how often clients call.
    Patterns,
    /// Closes the week of coaches and patterns.
    Week,
    /// Expires feedback requests, and asks for feedback.
    Feedback,
    /// Scores clients.
    Health,
    /// Expires quotes, and follows up those that are not answered.
    Quotes,
    /// Decides upon interventions.
    Interventions,
    /// Looks people up.
    Enrichment,
    /// Scores leads, and gives those that wait to whoever has become free.
    Leads,
    /// Reaches the leads that are on their way through nurture sequences.
    Nurture,
    /// Closes the day.
    Day,
}

/// One row of `engine_runs`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "engine_runs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RunId,

    pub step: Step,
    /// The hour that it was planned for.
    pub slot: DateTimeUtc,
    pub began_at: DateTimeUtc,
    /// When nothing was left to do; null: something is.
    pub ended_at: Option<DateTimeUtc>,
    /// How many things were done.
    #[sea_orm(default_value = 0)]
    pub handled: i64,
    /// How many could not be.
    #[sea_orm(default_value = 0)]
    pub failed: i64,
    /// Which of the parts of the step is being done, counted from 0.
    #[sea_orm(default_value = 0)]
    pub part: i32,
    /// Whether it is to be done once more from the first part on, when it has come to the last: a
    /// limit of the hour kept something from being done, or something failed.
    #[sea_orm(default_value = false)]
    pub again: bool,
    /// Not before then, by the tenant's time; null: at once.
    pub resume_at: Option<DateTimeUtc>,
    /// What went wrong last, or why it waits.
    #[sea_orm(column_type = "Text", nullable)]
    pub last_error: Option<String>,

    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<crate::tenancy::tenant::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Step>("engine_runs_step_known", "step"),
            Check::new("engine_runs_counts", "handled >= 0 and failed >= 0 and part >= 0"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::unique("engine_runs_slot", "tenant_id, step, slot")]
    }
}
