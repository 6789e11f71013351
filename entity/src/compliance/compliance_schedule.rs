//! A compliance schedule: what has to be in order with which customers or contacts, how often, and
//! who is told when it is not. Its periods are counted from its anchor; see
//! `service::compliance::compliance_schedule::Plan`.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    customers::customer::{LifecycleStage, Status, Tier},
    id::{ClientId, ComplianceScheduleId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// How long a period is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Frequency {
    Monthly,
    Quarterly,
    SemiAnnual,
    Annual,
}

/// From what the next period is counted.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Cadence {
    /// The calendar: a late completion moves nothing.
    Fixed,
    /// The day on which the check before was completed, for each customer or contact by itself.
    Rolling,
}

/// Where a due day goes that falls on a Saturday or Sunday.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Adjust {
    /// Nowhere.
    None,
    /// To the Monday after.
    Following,
    /// To the Friday before.
    Preceding,
}

/// Which period is the first for a customer or contact that was added during one.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Joining {
    /// The one after.
    NextPeriod,
    /// That one, if its checks have not been made yet.
    ProRata,
}

/// What is checked.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A customer.
    Client,
    Contact,
    /// Somebody whom Keel has no table of: their checks are made by name, one by one.
    Vendor,
}

/// Something that must hold of a customer, or of a contact and its customer. A list is of
/// alternatives, and a column that is null is none of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    ClientId(Vec<ClientId>),
    Status(Vec<Status>),
    Tier(Vec<Tier>),
    LifecycleStage(Vec<LifecycleStage>),
    Industry(Vec<String>),
    CsmAssigned(Vec<String>),
    /// Whether somebody looks after the customer.
    HasCsm(bool),
    /// Contacts only, as the rest.
    IsPrimary(bool),
    HasEmail(bool),
    Department(Vec<String>),
}

/// Which customers or contacts a schedule is about: those of which all conditions hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<Condition>,
}

/// A column that must be filled in, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    // Of a customer.
    Industry,
    ContractEndDate,
    RenewalDate,
    PrimaryContactEmail,
    PrimaryContactName,
    CsmAssigned,
    HealthScore,
    LastEngagementDate,
    // Of a contact.
    Title,
    Department,
    Email,
    Phone,
    Mobile,
    TimeZone,
    Notes,
}

impl Field {
    /// The column's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Industry => "industry",
            Self::ContractEndDate => "contract_end_date",
            Self::RenewalDate => "renewal_date",
            Self::PrimaryContactEmail => "primary_contact_email",
            Self::PrimaryContactName => "primary_contact_name",
            Self::CsmAssigned => "csm_assigned",
            Self::HealthScore => "health_score",
            Self::LastEngagementDate => "last_engagement_date",
            Self::Title => "title",
            Self::Department => "department",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Mobile => "mobile",
            Self::TimeZone => "time_zone",
            Self::Notes => "notes",
        }
    }

    /// Whose column it is.
    #[must_use]
    pub fn of(self) -> Target {
        match self {
            Self::Industry
            | Self::ContractEndDate
            | Self::RenewalDate
            | Self::PrimaryContactEmail
            | Self::PrimaryContactName
            | Self::CsmAssigned
            | Self::HealthScore
            | Self::LastEngagementDate => Target::Client,
            Self::Title
            | Self::Department
            | Self::Email
            | Self::Phone
            | Self::Mobile
            | Self::TimeZone
            | Self::Notes => Target::Contact,
        }
    }
}

/// Columns, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Fields(pub Vec<Field>);

/// Who is told on one step of the ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    User(UserId),
    /// Whoever of the tenant's active users with this role was added first.
    Role(String),
}

/// Who is told, one after the other; the last one again where there are fewer than steps. Where
/// nobody is left of those, the role `admin`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Ladder(pub Vec<Rung>);

/// One row of `compliance_schedule`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "compliance_schedule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ComplianceScheduleId,

    #[sea_orm(column_type = "Text")]
    pub compliance_type: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    #[sea_orm(default_value = "quarterly")]
    pub frequency: Frequency,
    #[sea_orm(default_value = "fixed")]
    pub cadence: Cadence,
    #[sea_orm(default_value = "none")]
    pub adjust: Adjust,
    #[sea_orm(default_value = "next_period")]
    pub joining: Joining,
    /// The due day of period 0, from which those of all others are counted.
    pub anchor_date: Date,
    /// The period whose checks are made next.
    #[sea_orm(default_value = 0)]
    pub period_no: i32,
    /// When the checks of that period become late: the end of its due day.
    pub next_due_at: DateTimeUtc,
    /// The customer or contact up to which the checks of that period have been made; null: none.
    #[sea_orm(column_type = "Text", nullable)]
    pub generated_after: Option<String>,
    /// When one of its checks was last completed.
    pub last_completed_at: Option<DateTimeUtc>,

    pub target_entity_type: Target,
    #[sea_orm(column_type = "JsonBinary", default_expr = "Expr::cust(\"'{}'::jsonb\")")]
    pub target_filter: Filter,
    #[sea_orm(column_type = "JsonBinary", default_expr = "Expr::cust(\"'[]'::jsonb\")")]
    pub required_fields: Fields,
    /// Grows with each change of filter or required fields; each check says which it was made by.
    #[sea_orm(default_value = 1)]
    pub rule_version: i32,
    /// How many days of 24 hours before it is late a check is listed; null and 0: 14.
    #[sea_orm(default_value = 14)]
    pub notification_days_before: Option<i32>,
    /// How many days of 24 hours after it became late, or after the last escalation, a check is
    /// escalated; null and 0: 7.
    #[sea_orm(default_value = 7)]
    pub escalation_days_after: Option<i32>,
    #[sea_orm(column_type = "JsonBinary", default_expr = "Expr::cust(\"'[]'::jsonb\")")]
    pub escalate_to: Ladder,

    #[sea_orm(default_value = true)]
    pub is_active: bool,
    /// When it was given up; its checks stay.
    pub archived_at: Option<DateTimeUtc>,
    /// By value; null: a program made it.
    pub created_by: Option<UserId>,
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
            Check::length("compliance_schedule_type_length", "compliance_type", 100),
            Check::length("compliance_schedule_description_length", "description", 5000),
            Check::one_of::<Frequency>("compliance_schedule_frequency_known", "frequency"),
            Check::one_of::<Cadence>("compliance_schedule_cadence_known", "cadence"),
            Check::one_of::<Adjust>("compliance_schedule_adjust_known", "adjust"),
            Check::one_of::<Joining>("compliance_schedule_joining_known", "joining"),
            Check::one_of::<Target>("compliance_schedule_target_known", "target_entity_type"),
            Check::new(
                "compliance_schedule_anchor_range",
                "anchor_date between '1900-01-01' and '9999-12-31'",
            ),
            Check::new("compliance_schedule_period_range", "period_no >= 0"),
            Check::new("compliance_schedule_version_range", "rule_version > 0"),
            Check::new("compliance_schedule_filter_form", "jsonb_typeof(target_filter) = 'object'"),
            Check::new(
                "compliance_schedule_required_form",
                "jsonb_typeof(required_fields) = 'array'",
            ),
            Check::new("compliance_schedule_ladder_form", "jsonb_typeof(escalate_to) = 'array'"),
            Check::new(
                "compliance_schedule_notification_range",
                "notification_days_before between 0 and 366",
            ),
            Check::new(
                "compliance_schedule_escalation_range",
                "escalation_days_after between 0 and 366",
            ),
            Check::new(
                "compliance_schedule_archived_rests",
                "archived_at is null or not is_active",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new("compliance_schedule_due", "tenant_id, next_due_at, id")
                .with("where is_active"),
        ]
    }
}
