//! A nurture sequence: what a lead hears from us, step by step, until they are ready or have had
//! enough.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    id::{NurtureSequenceId, TenantId, UserId},
    leads::lead,
    schema::{Check, Index, TableSpec, Verbs},
};

/// How a step reaches the lead.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Sms,
    Email,
    /// Somebody calls; whoever dials clears the number first.
    Call,
}

/// Whether a lead may go through a sequence more than once.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum ReEntry {
    Never,
    /// When so many days have passed since the last time ended.
    AfterCoolDown,
}

/// What becomes of an enrolment when the lead wants no calls.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum OnDnc {
    /// It ends.
    Stop,
    /// E-mails go on; texts and calls are passed over.
    EmailOnly,
}

/// Which leads something is for. What is left out holds for any lead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// One of these statuses; empty: any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub status_in: Vec<lead::Status>,
    /// A score of at least so much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_gte: Option<i32>,
    /// A score of at most so much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_lte: Option<i32>,
}

/// One step of a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Which, from 1 on.
    pub step: i32,
    /// How many days after the step before it, or after the enrolment.
    pub delay_days: i32,
    pub channel: Channel,
    /// What the sender knows the text by.
    pub template_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// With `{{first_name}}` and `{{partner_name}}` where those are to stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// For which leads; the others pass it over.
    #[serde(default, skip_serializing_if = "is_any")]
    pub conditions: Conditions,
}

fn is_any(conditions: &Conditions) -> bool {
    *conditions == Conditions::default()
}

/// The steps of a sequence, in order: 1, 2, 3.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Steps(pub Vec<Step>);

/// One row of `nurture_sequences`. How many leads are enrolled and how many of them came to the end is
/// not stored: see the functions `total_enrollments` and `completion_rate`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "nurture_sequences")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NurtureSequenceId,

    #[sea_orm(column_type = "Text")]
    pub name: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    /// The version that new enrolments get.
    #[sea_orm(default_value = 1)]
    pub version: i32,
    /// The steps of that version.
    #[sea_orm(column_type = "JsonBinary")]
    pub steps: Steps,
    /// Which leads can be enrolled; null: any.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub trigger_conditions: Option<Conditions>,
    /// Whether leads can be enrolled, and hear from us.
    #[sea_orm(default_value = true)]
    pub active: bool,
    #[sea_orm(default_value = "after_cool_down")]
    pub re_entry: ReEntry,
    /// In days, from the end of one enrolment of a lead's to the next.
    #[sea_orm(default_value = 30)]
    pub cool_down_days: i32,
    #[sea_orm(default_value = "stop")]
    pub on_dnc: OnDnc,

    /// By value; null: a program made it.
    pub created_by_user_id: Option<UserId>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<crate::tenancy::tenant::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::length("nurture_sequences_name_length", "name", 255),
            Check::length("nurture_sequences_description_length", "description", 2000),
            Check::new("nurture_sequences_version_range", "version >= 1"),
            Check::new(
                "nurture_sequences_steps_form",
                "case jsonb_typeof(steps) when 'array' then jsonb_array_length(steps) between 1 and 50 \
                 else false end",
            ),
            Check::new(
                "nurture_sequences_trigger_conditions_form",
                "jsonb_typeof(trigger_conditions) = 'object'",
            ),
            Check::one_of::<ReEntry>("nurture_sequences_re_entry_known", "re_entry"),
            Check::new(
                "nurture_sequences_cool_down_days_range",
                "cool_down_days between 0 and 3650",
            ),
            Check::one_of::<OnDnc>("nurture_sequences_on_dnc_known", "on_dnc"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![]
    }
}
