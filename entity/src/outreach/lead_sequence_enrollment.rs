//! A lead on its way through a nurture sequence: which step comes next and when, or how it ended.
//!
//! A lead is on its way through a sequence at most once at a time, and may have come to its end many
//! times.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use super::{lead_sequence_enrollment_step::Outcome, nurture_sequence::Channel};
use crate::{
    id::{
        LeadId, LeadSequenceEnrollmentId, NurtureSequenceId, NurtureSequenceVersionId, TenantId,
        UserId,
    },
    schema::{Check, Index, TableSpec, Verbs},
};

/// How far the enrolment has got.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The next step comes at its time.
    Active,
    /// It keeps what is left of the delay until somebody resumes it.
    Paused,
    /// No step is left.
    Completed,
    /// Ended before, and why.
    Cancelled,
    /// What we sent did not arrive.
    Failed,
}

/// Why an enrolment ended before its last step.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The lead wants no calls.
    DoNotCall,
    Unsubscribed,
    ConsentWithdrawn,
    MeetingBooked,
    /// Somebody works with the lead now.
    Qualified,
    /// The lead was lost.
    Lost,
    Recruited,
    /// The lead turned out to be another one.
    Merged,
    Deleted,
    /// What we sent came back.
    Bounced,
    /// What we sent was given up.
    DeliveryFailed,
    /// Somebody said so.
    Requested,
}

/// What was done of a step, as seed 004 shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Executed {
    pub step: i32,
    pub executed_at: DateTimeUtc,
    pub status: Outcome,
    pub channel: Channel,
}

/// The steps that were done, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct ExecutedSteps(pub Vec<Executed>);

/// One row of `lead_sequence_enrollments`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_sequence_enrollments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LeadSequenceEnrollmentId,
    pub lead_id: LeadId,
    pub sequence_id: NurtureSequenceId,
    /// The steps that it goes through, whatever becomes of the sequence.
    pub version_id: NurtureSequenceVersionId,

    #[sea_orm(default_value = "active")]
    pub status: Status,
    /// The step that comes next, from 1 on; behind the last: none does.
    #[sea_orm(default_value = 1)]
    pub current_step: i32,
    pub enrolled_at: DateTimeUtc,
    /// By value; null: a program did.
    pub enrolled_by_user_id: Option<UserId>,
    /// When the next step is due; null exactly where it has ended. While it is paused, when it would
    /// have been.
    pub next_step_scheduled_at: Option<DateTimeUtc>,
    /// How that step reaches the lead.
    pub next_channel: Option<Channel>,
    /// Since when it has been paused.
    pub paused_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub pause_reason: Option<String>,
    /// When it ended, however it did.
    pub completed_at: Option<DateTimeUtc>,
    pub stop: Option<Stop>,
    /// The same in words, where somebody has said them.
    #[sea_orm(column_type = "Text", nullable)]
    pub stop_reason: Option<String>,
    /// What `lead_sequence_enrollment_steps` says, in the form of seed 004.
    #[sea_orm(column_type = "JsonBinary", default_expr = "Expr::cust(\"'[]'::jsonb\")")]
    pub executed_steps: ExecutedSteps,

    /// Which claim holds its next step.
    pub claim: Option<Uuid>,
    /// Until when, by the database's clock, that claim is good.
    pub lease_until: Option<DateTimeUtc>,

    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "(tenant_id, lead_id)", to = "(tenant_id, id)")]
    pub lead: BelongsTo<crate::leads::lead::Entity>,
    #[sea_orm(belongs_to, from = "(tenant_id, sequence_id)", to = "(tenant_id, id)")]
    pub sequence: BelongsTo<super::nurture_sequence::Entity>,
    #[sea_orm(belongs_to, from = "(tenant_id, version_id)", to = "(tenant_id, id)")]
    pub version: BelongsTo<super::nurture_sequence_version::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Status>("lead_sequence_enrollments_status_known", "status"),
            Check::one_of::<Channel>("lead_sequence_enrollments_channel_known", "next_channel"),
            Check::one_of::<Stop>("lead_sequence_enrollments_stop_known", "stop"),
            Check::new("lead_sequence_enrollments_current_step_range", "current_step >= 1"),
            Check::new(
                "lead_sequence_enrollments_live_has_a_next",
                "(status in ('active', 'paused')) = (next_step_scheduled_at is not null) \
                 and (next_step_scheduled_at is null) = (next_channel is null)",
            ),
            Check::new(
                "lead_sequence_enrollments_paused_whole",
                "(status = 'paused') = (paused_at is not null) \
                 and (paused_at is null) = (pause_reason is null)",
            ),
            Check::new(
                "lead_sequence_enrollments_ended_when",
                "(status in ('active', 'paused')) = (completed_at is null)",
            ),
            Check::new(
                "lead_sequence_enrollments_stop_has_a_cause",
                "(status in ('cancelled', 'failed')) = (stop is not null) \
                 and (stop_reason is null or stop is not null)",
            ),
            Check::length("lead_sequence_enrollments_pause_length", "pause_reason", 500),
            Check::length("lead_sequence_enrollments_stop_length", "stop_reason", 500),
            Check::new(
                "lead_sequence_enrollments_executed_form",
                "jsonb_typeof(executed_steps) = 'array'",
            ),
            Check::new(
                "lead_sequence_enrollments_claim_whole",
                "(claim is null) = (lease_until is null)",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("lead_sequence_enrollments_live", "tenant_id, lead_id, sequence_id")
                .with("where status in ('active', 'paused')"),
            Index::new("lead_sequence_enrollments_of_lead", "tenant_id, lead_id, id"),
            Index::new("lead_sequence_enrollments_of_sequence", "tenant_id, sequence_id, id")
                .with("include (status)"),
            Index::new("lead_sequence_enrollments_of_version", "tenant_id, version_id"),
            Index::new("lead_sequence_enrollments_due", "tenant_id, next_step_scheduled_at, id")
                .with("where status = 'active'"),
            // What is on its way counts against the limits of the day.
            Index::new("lead_sequence_enrollments_held", "tenant_id, next_channel, id")
                .with("where claim is not null"),
        ]
    }
}
