//! A deal: one sale that a tenant hopes to make to a customer.
//!
//! A deal is closed exactly when its stage is of the category won or lost. It is idle since the
//! last time something really happened to it, which our own follow-ups are not.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{ClientId, ContactId, DealId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Trigger},
};

/// How far a deal has got.
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
pub enum Stage {
    Lead,
    Qualified,
    Proposal,
    Negotiation,
    #[serde(alias = "closed_won")]
    Won,
    #[serde(alias = "closed_lost")]
    Lost,
}

/// What a stage means for the deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    Open,
    Won,
    Lost,
}

impl Stage {
    /// What the stage means for the deal.
    #[must_use]
    pub fn category(self) -> Category {
        match self {
            Self::Lead | Self::Qualified | Self::Proposal | Self::Negotiation => Category::Open,
            Self::Won => Category::Won,
            Self::Lost => Category::Lost,
        }
    }
}

/// One row of `deals`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DealId,
    #[sea_orm(column_type = "Text")]
    pub client_id: ClientId,
    pub contact_id: Option<ContactId>,
    pub assigned_to: Option<UserId>,

    #[sea_orm(column_type = "Text")]
    pub title: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    /// What the tenant expects to be paid; null: nobody has said.
    #[sea_orm(column_type = "Decimal(Some((14, 2)))", nullable)]
    pub value: Option<Decimal>,
    /// ISO 4217.
    #[sea_orm(column_type = "Text", default_value = "USD")]
    pub currency: String,
    /// From 0, no chance, to 1, certain.
    #[sea_orm(column_type = "Decimal(Some((5, 4)))", default_value = 0.5)]
    pub probability: Decimal,
    pub expected_close_date: Option<Date>,
    #[sea_orm(column_type = "Text", nullable)]
    pub lost_reason: Option<String>,
    /// Who opened it; by value, since the deal outlives the login. Null: a program did.
    pub created_by: Option<UserId>,

    #[sea_orm(default_value = "lead")]
    pub stage: Stage,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub stage_entered_at: DateTimeUtc,
    /// The civil day on which it was won or lost; null while it is open.
    pub actual_close_date: Option<Date>,
    /// When either side last did something that counts; never our own follow-up.
    pub last_activity_at: Option<DateTimeUtc>,
    /// Until when nobody wants to hear of it.
    pub snoozed_until: Option<DateTimeUtc>,
    /// After how many days of silence this deal stalls; null or 0: as its stage says.
    pub stall_after_days: Option<i32>,
    /// This deal may lie as long as it likes.
    #[sea_orm(default_value = false)]
    pub never_stalls: bool,
    /// The latest of `created_at`, `stage_entered_at`, `last_activity_at` and `snoozed_until`,
    /// computed by the database, so that no writer can forget it.
    #[sea_orm(
        nullable,
        extra = "GENERATED ALWAYS AS (GREATEST(created_at, stage_entered_at, last_activity_at, snoozed_until)) STORED"
    )]
    pub idle_since: Option<DateTimeUtc>,
    /// When the present stall began, as the sweep recorded it; cleared by activity or a move.
    pub stalled_at: Option<DateTimeUtc>,

    #[sea_orm(default_value = true)]
    pub auto_follow_up_enabled: bool,
    /// How many follow-ups we have sent since it entered its stage.
    #[sea_orm(default_value = 0)]
    pub follow_up_count: i32,
    pub last_follow_up_at: Option<DateTimeUtc>,
    /// When something is planned; a planned step that was missed excuses nothing.
    pub next_follow_up_at: Option<DateTimeUtc>,
    /// Which claim holds the follow-up.
    pub follow_up_claim: Option<Uuid>,
    /// Until when, by the database's clock, that claim is good.
    pub follow_up_lease_until: Option<DateTimeUtc>,

    pub deleted_at: Option<DateTimeUtc>,
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
    pub customer: BelongsTo<crate::customers::customer::Entity>,
    #[sea_orm(belongs_to, from = "(tenant_id, contact_id)", to = "(tenant_id, id)")]
    pub contact: BelongsTo<Option<super::contact::Entity>>,
    #[sea_orm(
        belongs_to,
        relation_enum = "Assignee",
        from = "(tenant_id, assigned_to)",
        to = "(tenant_id, id)"
    )]
    pub assignee: BelongsTo<Option<crate::tenancy::user::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::length("deals_title_length", "title", 500),
            Check::new("deals_value_range", "value between 0 and 999999999999.99"),
            Check::new("deals_currency_form", "currency ~ '^[A-Z]{3}$'"),
            Check::new("deals_probability_range", "probability between 0 and 1"),
            Check::one_of::<Stage>("deals_stage_known", "stage"),
            Check::new(
                "deals_closed_with_a_date",
                "(stage in ('won', 'lost')) = (actual_close_date is not null)",
            ),
            Check::new("deals_stall_after_days_range", "stall_after_days between 0 and 3650"),
            Check::new("deals_follow_up_count_range", "follow_up_count between 0 and 1000"),
            Check::new(
                "deals_follow_up_claim_whole",
                "(follow_up_claim is null) = (follow_up_lease_until is null)",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new("deals_of_client", "tenant_id, client_id, id"),
            Index::new("deals_of_contact", "tenant_id, contact_id"),
            Index::new("deals_of_assignee", "tenant_id, assigned_to, id"),
            Index::new("deals_by_stage", "tenant_id, stage, id").with("where deleted_at is null"),
            // Those that follow their stage's threshold, longest silence first within each stage.
            Index::new("deals_stalled", "tenant_id, stage, idle_since, value desc nulls last, id").with(
                "where stage not in ('won', 'lost') and deleted_at is null and not never_stalls \
                 and coalesce(stall_after_days, 0) = 0",
            ),
            // Those with a threshold of their own, longest silence first within each threshold.
            Index::new(
                "deals_stalled_by_own_rule",
                "tenant_id, stall_after_days, idle_since, value desc nulls last, id",
            )
            .with(
                "where stage not in ('won', 'lost') and deleted_at is null and not never_stalls \
                 and stall_after_days > 0",
            ),
        ]
    }

    fn triggers() -> Vec<Trigger> {
        vec![
            // Whoever changes the stage and says nothing else has moved the deal now.
            Trigger::new(
                "deal_stage_entered",
                "before update",
                "when (new.stage <> old.stage and new.stage_entered_at = old.stage_entered_at) \
                 execute function keel.enter_deal_stage()",
            ),
            Trigger::new(
                "deal_stage_change",
                "after update",
                "when (new.stage <> old.stage) execute function keel.log_deal_stage_change()",
            ),
        ]
    }
}

impl Model {
    /// Whether there is anything left to win.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.stage.category() == Category::Open
    }
}
