//! What was done of a step for one lead: sent, and what became of it, or passed over and why. Each step
//! of an enrolment once.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::nurture_sequence::Channel;
use crate::{
    id::{LeadId, LeadSequenceEnrollmentId, LeadSequenceEnrollmentStepId, TenantId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// What became of it.
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
pub enum Outcome {
    /// Not sent, and why.
    Skipped,
    /// On its way.
    Sent,
    Delivered,
    Opened,
    Clicked,
    /// It came back.
    Bounced,
}

/// Why a step was passed over.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// It was not for such leads.
    Conditions,
    /// The lead wants no calls and no texts.
    DoNotCall,
    /// The lead has not agreed to be reached so.
    NoConsent,
    /// The lead has no address or number to be reached at so.
    NoAddress,
    /// Nobody knows where the lead is, and so what time it is there.
    UnknownZone,
}

/// One row of `lead_sequence_enrollment_steps`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_sequence_enrollment_steps")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LeadSequenceEnrollmentStepId,
    /// Not `enrollment_id`, which would make the name of the reference too long.
    pub enrollment: LeadSequenceEnrollmentId,
    /// By value: a record of what was sent outlives what it is about.
    pub lead_id: LeadId,

    /// Which, from 1 on.
    pub step: i32,
    pub channel: Channel,
    #[sea_orm(column_type = "Text")]
    pub template_id: String,
    pub executed_at: DateTimeUtc,
    pub status: Outcome,
    /// When we last heard what became of it.
    pub status_at: DateTimeUtc,
    pub skip_reason: Option<Skip>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "(tenant_id, enrollment)", to = "(tenant_id, id)")]
    pub enrolled: BelongsTo<super::lead_sequence_enrollment::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::new("lead_sequence_enrollment_steps_step_range", "step >= 1"),
            Check::one_of::<Channel>("lead_sequence_enrollment_steps_channel_known", "channel"),
            Check::one_of::<Outcome>("lead_sequence_enrollment_steps_status_known", "status"),
            Check::one_of::<Skip>("lead_sequence_enrollment_steps_skip_known", "skip_reason"),
            Check::length("lead_sequence_enrollment_steps_template_length", "template_id", 100),
            Check::new(
                "lead_sequence_enrollment_steps_skipped_why",
                "(status = 'skipped') = (skip_reason is not null)",
            ),
            Check::new("lead_sequence_enrollment_steps_status_after", "status_at >= executed_at"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("lead_sequence_enrollment_steps_once", "tenant_id, enrollment, step"),
            // When a lead last heard from us, through whichever sequence.
            Index::new(
                "lead_sequence_enrollment_steps_of_lead",
                "tenant_id, lead_id, executed_at desc",
            ),
            // For the limits by the day.
            Index::new("lead_sequence_enrollment_steps_by_day", "tenant_id, channel, executed_at"),
        ]
    }
}
