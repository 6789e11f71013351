//! A compliance check: one customer, contact or vendor in one period of a schedule.
//!
//! It is open until somebody completes, waives, skips or cancels it. That an open one is overdue
//! follows from the time, and is not stored: `overdue` is a word of seed 002 that is read and never
//! written.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use super::compliance_schedule::{Field, Fields, Target};
use crate::{
    id::{ClientId, ComplianceCheckId, ComplianceScheduleId, ContactId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// How far the check has got.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Pending,
    /// Something was found to be missing.
    InProgress,
    /// We have reminded somebody.
    AwaitingResponse,
    Completed,
    /// Open and late, as an import has it. We derive that instead.
    Overdue,
    /// Somebody of ours was told that it is late. It is still to be completed.
    Escalated,
    /// It need not be done.
    Waived,
    /// It was not done, and will not be.
    Skipped,
    /// There is nothing to check any more.
    Cancelled,
}

impl Status {
    /// Whether it is still to be completed.
    #[must_use]
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Completed | Self::Waived | Self::Skipped | Self::Cancelled)
    }
}

/// What is wrong with a field, or with the row that it should be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// Nothing is in it.
    Null,
    /// Nothing but spaces.
    Blank,
    /// The row was deleted.
    Gone,
}

/// What a validation found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// In which field; null: the row itself.
    pub field: Option<Field>,
    pub problem: Problem,
}

/// All that a validation found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Findings(pub Vec<Finding>);

/// One row of `compliance_checks`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "compliance_checks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ComplianceCheckId,
    /// Null: it was imported without one.
    pub schedule_id: Option<ComplianceScheduleId>,
    /// The schedule's, when the check was made.
    #[sea_orm(column_type = "Text")]
    pub compliance_type: String,

    pub entity_type: Target,
    /// A customer's `client_id`, a contact's id, or what the tenant calls a vendor.
    #[sea_orm(column_type = "Text")]
    pub entity_id: String,
    /// What it was called when the check was made.
    #[sea_orm(column_type = "Text", nullable)]
    pub entity_name: Option<String>,
    /// The customer, or the contact's customer; by value, so that the check outlives it.
    #[sea_orm(column_type = "Text", nullable)]
    pub client_id: Option<ClientId>,
    /// The contact, by value.
    pub contact_id: Option<ContactId>,

    /// The first day of the period.
    pub period_start: Date,
    /// The day after the period's last: its due day, before it is moved off a weekend.
    pub period_end: Date,
    /// The day on which it is due, that day included.
    pub due_on: Date,
    /// When that day ends in the tenant's zone, at which instant the check is late.
    pub due_at: DateTimeUtc,

    #[sea_orm(default_value = "pending")]
    pub status: Status,
    /// By value; null: nobody in particular.
    pub assigned_to: Option<UserId>,
    /// The schedule's, when the check was made.
    #[sea_orm(column_type = "JsonBinary", default_expr = "Expr::cust(\"'[]'::jsonb\")")]
    pub required_fields: Fields,
    #[sea_orm(default_value = 1)]
    pub rule_version: i32,
    /// What the last validation missed.
    #[sea_orm(column_type = "JsonBinary", default_expr = "Expr::cust(\"'[]'::jsonb\")")]
    pub missing_fields: Fields,
    #[sea_orm(column_type = "JsonBinary", default_expr = "Expr::cust(\"'[]'::jsonb\")")]
    pub validation_errors: Findings,
    pub validated_at: Option<DateTimeUtc>,

    /// How often it was opened: 1, and one more with each reopening.
    #[sea_orm(default_value = 1)]
    pub round: i32,
    pub reopened_at: Option<DateTimeUtc>,
    pub reminder_sent_at: Option<DateTimeUtc>,
    /// How many reminders were sent in this round.
    #[sea_orm(default_value = 0)]
    pub reminder_count: i32,
    pub reminder_claim: Option<Uuid>,
    /// Until when, by the database's clock, that claim is good.
    pub reminder_lease_until: Option<DateTimeUtc>,
    pub escalation_sent_at: Option<DateTimeUtc>,
    /// How many steps of the ladder were taken in this round.
    #[sea_orm(default_value = 0)]
    pub escalation_count: i32,
    /// Who was told last; by value.
    pub escalated_to: Option<UserId>,
    pub escalation_claim: Option<Uuid>,
    /// Until when, by the database's clock, that claim is good.
    pub escalation_lease_until: Option<DateTimeUtc>,

    pub completed_at: Option<DateTimeUtc>,
    /// By value; null: a program did it.
    pub completed_by: Option<UserId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub waived_reason: Option<String>,
    pub waived_at: Option<DateTimeUtc>,
    /// Who approved that: never the one whom it is assigned to.
    pub waived_by: Option<UserId>,
    /// The last due day that the waiver is good for, in this and later periods; null: for this
    /// check alone.
    pub waiver_until: Option<Date>,
    /// The check whose waiver this one was made under; by value.
    pub waived_under: Option<ComplianceCheckId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub notes: Option<String>,

    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<crate::tenancy::tenant::Entity>,
    #[sea_orm(belongs_to, from = "(tenant_id, schedule_id)", to = "(tenant_id, id)")]
    pub schedule: BelongsTo<Option<super::compliance_schedule::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::length("compliance_checks_type_length", "compliance_type", 100),
            Check::one_of::<Target>("compliance_checks_entity_type_known", "entity_type"),
            Check::length("compliance_checks_entity_id_length", "entity_id", 200),
            Check::length("compliance_checks_entity_name_length", "entity_name", 250),
            Check::new(
                "compliance_checks_entity_whole",
                "case entity_type when 'client' then client_id is not null and client_id = entity_id \
                 and contact_id is null \
                 when 'contact' then contact_id is not null and contact_id::text = entity_id \
                 and client_id is not null \
                 else client_id is null and contact_id is null end",
            ),
            Check::new("compliance_checks_period_order", "period_start < period_end"),
            Check::new(
                "compliance_checks_due_near_the_end",
                "due_on between period_end - 2 and period_end + 2",
            ),
            Check::one_of::<Status>("compliance_checks_status_known", "status"),
            Check::new(
                "compliance_checks_required_form",
                "jsonb_typeof(required_fields) = 'array'",
            ),
            Check::new("compliance_checks_missing_form", "jsonb_typeof(missing_fields) = 'array'"),
            Check::new(
                "compliance_checks_errors_form",
                "jsonb_typeof(validation_errors) = 'array'",
            ),
            Check::new("compliance_checks_version_range", "rule_version > 0"),
            Check::new(
                "compliance_checks_counts_range",
                "round > 0 and reminder_count >= 0 and escalation_count >= 0",
            ),
            Check::new(
                "compliance_checks_reminded_when",
                "reminder_count = 0 or reminder_sent_at is not null",
            ),
            Check::new(
                "compliance_checks_escalated_when",
                "(escalation_count = 0 or escalation_sent_at is not null) \
                 and (status <> 'escalated' or escalation_count > 0)",
            ),
            Check::new(
                "compliance_checks_reminder_claim_whole",
                "(reminder_claim is null) = (reminder_lease_until is null)",
            ),
            Check::new(
                "compliance_checks_escalation_claim_whole",
                "(escalation_claim is null) = (escalation_lease_until is null)",
            ),
            Check::new(
                "compliance_checks_completed_when",
                "(status = 'completed') = (completed_at is not null)",
            ),
            Check::new(
                "compliance_checks_waived_with_a_reason",
                "(status = 'waived') = (waived_reason is not null) \
                 and (status = 'waived') = (waived_at is not null) \
                 and (status = 'waived') = (waived_by is not null) \
                 and (status = 'waived' or (waiver_until is null and waived_under is null))",
            ),
            Check::length("compliance_checks_waived_reason_length", "waived_reason", 1000),
            Check::new("compliance_checks_waived_by_another", "waived_by <> assigned_to"),
            Check::length("compliance_checks_notes_length", "notes", 5000),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique(
                "compliance_checks_once",
                "tenant_id, schedule_id, entity_type, entity_id, period_start",
            ),
            Index::new("compliance_checks_due", "tenant_id, due_at, id").with(
                "where status in ('pending', 'in_progress', 'awaiting_response', 'overdue', \
                 'escalated')",
            ),
            // What may be reminded of, and what the ladder is not done with: without what was
            // escalated to the last and is still open.
            Index::new("compliance_checks_to_remind", "tenant_id, due_at, id")
                .with("where status in ('pending', 'in_progress', 'awaiting_response', 'overdue')"),
            Index::new("compliance_checks_to_escalate", "tenant_id, due_at, id").with(
                "where escalation_count < 3 and status in ('pending', 'in_progress', \
                 'awaiting_response', 'overdue', 'escalated')",
            ),
            Index::new("compliance_checks_entity", "tenant_id, entity_type, entity_id, due_at, id"),
            Index::new("compliance_checks_created", "tenant_id, created_at"),
            // With the open ones, all that fell due in a time.
            Index::new("compliance_checks_closed", "tenant_id, due_at")
                .with("where status in ('completed', 'waived', 'skipped', 'cancelled')"),
        ]
    }
}
