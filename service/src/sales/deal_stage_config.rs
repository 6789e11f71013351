//! What a tenant expects of the deals in each stage.

pub use entity::sales::deal_stage_config::Model;
use entity::{
    id::DealStageConfigId,
    sales::{
        deal::{self, Stage},
        deal_stage_config::{self, Column},
    },
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set, sea_query::OnConflict};
use validator::Validate;

use crate::{Result, Tx, input};

/// What is expected of one stage. `None` leaves it to the default, and so does a threshold of 0.
#[derive(Clone, Debug, Default, Validate)]
pub struct Expect {
    /// After how many days of silence its deals stall.
    #[validate(range(min = 0, max = 3650))]
    pub max_days_before_stale: Option<i32>,
    /// Its deals may lie as long as they like.
    pub never_stalls: bool,
    /// Days from one follow-up to the next.
    #[validate(range(min = 1, max = 365))]
    pub follow_up_interval_days: Option<i32>,
    /// How many follow-ups a deal gets.
    #[validate(range(min = 0, max = 100))]
    pub max_follow_ups: Option<i32>,
}

/// What holds for a deal: its own word, else its stage's, else the tenant's, else the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// After how many days of silence it stalls; `None`: never.
    pub stalls_after_days: Option<i32>,
    /// Days from one follow-up to the next.
    pub follow_up_interval_days: i32,
    /// How many follow-ups it gets in this stage.
    pub max_follow_ups: i32,
}

/// The shipped defaults of the open stages: days of silence, days between follow-ups, and
/// follow-ups at most (seed 002, the SQL set).
pub const DEFAULTS: [(Stage, i32, i32, i32); 4] = [
    (Stage::Lead, 3, 2, 5),
    (Stage::Qualified, 7, 3, 5),
    (Stage::Proposal, 5, 2, 7),
    (Stage::Negotiation, 7, 3, 5),
];

/// Says what is expected of a stage, in place of what was said before.
///
/// # Errors
///
/// [`Error::Invalid`](crate::Error::Invalid).
#[tracing::instrument(name = "deal_stage_config::set", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn set(tx: &Tx, stage: Stage, expect: Expect) -> Result<Model> {
    input::check(&expect)?;
    let row = deal_stage_config::ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(DealStageConfigId::new()),
        stage: Set(stage),
        max_days_before_stale: Set(expect.max_days_before_stale),
        never_stalls: Set(expect.never_stalls),
        follow_up_interval_days: Set(expect.follow_up_interval_days),
        max_follow_ups: Set(expect.max_follow_ups),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    let said_before = OnConflict::columns([Column::TenantId, Column::Stage])
        .update_columns([
            Column::MaxDaysBeforeStale,
            Column::NeverStalls,
            Column::FollowUpIntervalDays,
            Column::MaxFollowUps,
            Column::UpdatedAt,
        ])
        .to_owned();
    #[expect(clippy::disallowed_methods, reason = "the row names the tenant of the transaction")]
    Ok(deal_stage_config::Entity::insert(row)
        .on_conflict(said_before)
        .exec_with_returning(tx)
        .await?)
}

/// What holds for one deal in its stage.
///
/// # Errors
///
/// [`Error::NotFound`](crate::Error::NotFound) if the tenant has not been opened.
pub async fn rule_of(tx: &Tx, deal: &deal::Model) -> Result<Rule> {
    let said =
        tx.find::<deal_stage_config::Entity>().filter(Column::Stage.eq(deal.stage)).one(tx).await?;
    Ok(rule(deal, said.as_ref(), tx.tenant().await?.stall_after_days))
}

/// What holds for a deal, out of what each level says.
#[must_use]
pub fn rule(deal: &deal::Model, stage: Option<&Model>, tenant_days: Option<i32>) -> Rule {
    let (_, days, interval, most) =
        DEFAULTS.into_iter().find(|(s, ..)| *s == deal.stage).unwrap_or((deal.stage, 7, 3, 5));
    let said = |level: Option<i32>| level.filter(|days| *days > 0);
    let own = said(deal.stall_after_days);
    let by_stage = said(stage.and_then(|s| s.max_days_before_stale));
    let never = deal.never_stalls || own.is_none() && stage.is_some_and(|s| s.never_stalls);
    Rule {
        stalls_after_days: (!never).then(|| own.or(by_stage).or(said(tenant_days)).unwrap_or(days)),
        follow_up_interval_days: stage.and_then(|s| s.follow_up_interval_days).unwrap_or(interval),
        max_follow_ups: stage.and_then(|s| s.max_follow_ups).unwrap_or(most),
    }
}
