//! A quote: what a tenant offers to a customer, for how much and until when.
//!
//! It is followed up while it is active: sent, unanswered and in date. An active quote always has
//! the time of its next follow-up, and one whose follow-ups have stopped always says why.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    id::{ClientId, ContactId, DealId, QuoteId, TenantId, UserId},
    schema::{Check, Index, TableSpec},
};

/// How far the quote has got.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Draft,
    PendingApproval,
    Sent,
    Viewed,
    Accepted,
    Rejected,
    Expired,
    Countered,
}

/// What came of it in the end.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Won,
    Lost,
    NoDecision,
}

/// Why a quote is no longer followed up.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    Accepted,
    Rejected,
    Countered,
    /// The buyer answered without deciding.
    Replied,
    /// Our mail came back.
    Bounced,
    OutcomeRecorded,
    Unsubscribed,
    /// The number is on the do-not-call list, and the follow-up was to be a call or a text.
    DoNotCall,
    ConsentWithdrawn,
    ContactGone,
    CompanyGone,
    /// A newer version was sent.
    Superseded,
    /// Whoever looks after it said so.
    OwnerOverride,
    DealLost,
    DealWon,
    Expired,
    /// As many as were planned have been sent.
    Exhausted,
    /// There was no hour left in which to send it before the quote expired.
    MissedWindow,
}

/// One thing that the quote offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineItem {
    pub description: String,
    pub quantity: Decimal,
    pub unit_price: Decimal,
    pub total: Decimal,
}

/// What a quote offers, at most 100 things.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct LineItems(pub Vec<LineItem>);

/// What the tenant has learnt about the buyer's side. Each may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(default)]
pub struct Intel {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decision_makers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<String>,
}

/// One row of `quotes`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quotes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: QuoteId,
    #[sea_orm(column_type = "Text")]
    pub client_id: ClientId,
    pub contact_id: Option<ContactId>,
    pub deal_id: Option<DealId>,
    /// The version that this one replaces.
    pub supersedes_id: Option<QuoteId>,

    /// `Q-<year>-<at least four digits>`; the versions of a quote share it.
    #[sea_orm(column_type = "Text")]
    pub quote_number: String,
    #[sea_orm(default_value = 1)]
    pub version: i32,
    #[sea_orm(column_type = "Text")]
    pub title: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    #[sea_orm(column_type = "Decimal(Some((14, 2)))")]
    pub total_amount: Decimal,
    /// ISO 4217.
    #[sea_orm(column_type = "Text", default_value = "USD")]
    pub currency: String,
    #[sea_orm(column_type = "JsonBinary", default_expr = "Expr::cust(\"'[]'::jsonb\")")]
    pub line_items: LineItems,
    #[sea_orm(column_type = "JsonBinary", default_expr = "Expr::cust(\"'{}'::jsonb\")")]
    pub intel: Intel,
    /// The last day on which it can be accepted, by the tenant's calendar; null: no such day.
    pub valid_until: Option<Date>,
    /// By value; null: a program made it.
    pub created_by: Option<UserId>,

    #[sea_orm(default_value = "draft")]
    pub status: Status,
    pub sent_at: Option<DateTimeUtc>,
    /// When the buyer first opened it.
    pub viewed_at: Option<DateTimeUtc>,
    pub responded_at: Option<DateTimeUtc>,
    /// How often the buyer opened it, each session counted once.
    #[sea_orm(default_value = 0)]
    pub view_count: i32,
    /// When a newer version was sent in its place.
    pub superseded_at: Option<DateTimeUtc>,
    pub outcome: Option<Outcome>,
    #[sea_orm(column_type = "Text", nullable)]
    pub outcome_reason: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub outcome_competitor: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub outcome_notes: Option<String>,

    /// How many follow-ups were sent.
    #[sea_orm(default_value = 0)]
    pub follow_up_count: i32,
    /// How many are sent at most; null: 5.
    #[sea_orm(default_value = 5)]
    pub max_follow_ups: Option<i32>,
    pub last_follow_up_at: Option<DateTimeUtc>,
    /// Never null while the quote is active.
    pub next_follow_up_at: Option<DateTimeUtc>,
    pub follow_up_stopped_at: Option<DateTimeUtc>,
    pub follow_up_stop: Option<Stop>,
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
    #[sea_orm(belongs_to, from = "(tenant_id, deal_id)", to = "(tenant_id, id)")]
    pub deal: BelongsTo<Option<super::deal::Entity>>,
    #[sea_orm(
        self_ref,
        relation_enum = "Supersedes",
        from = "(tenant_id, supersedes_id)",
        to = "(tenant_id, id)"
    )]
    pub supersedes: BelongsTo<Option<Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::new("quotes_number_form", "quote_number ~ '^Q-[0-9]{4}-[0-9]{4,}$'"),
            Check::new("quotes_version_range", "version > 0"),
            Check::length("quotes_title_length", "title", 500),
            Check::length("quotes_description_length", "description", 5000),
            Check::new("quotes_total_amount_range", "total_amount between 0 and 999999999.00"),
            Check::new("quotes_currency_form", "currency ~ '^[A-Z]{3}$'"),
            Check::new("quotes_line_items_form", "jsonb_typeof(line_items) = 'array'"),
            Check::new("quotes_intel_form", "jsonb_typeof(intel) = 'object'"),
            Check::one_of::<Status>("quotes_status_known", "status"),
            Check::one_of::<Outcome>("quotes_outcome_known", "outcome"),
            Check::one_of::<Stop>("quotes_follow_up_stop_known", "follow_up_stop"),
            Check::new("quotes_counts_range", "view_count >= 0 and follow_up_count >= 0"),
            Check::new("quotes_max_follow_ups_range", "max_follow_ups between 0 and 100"),
            Check::new(
                "quotes_sent_when",
                "status not in ('sent', 'viewed') or sent_at is not null",
            ),
            Check::new(
                "quotes_stop_with_a_reason",
                "(follow_up_stopped_at is null) = (follow_up_stop is null)",
            ),
            Check::new(
                "quotes_active_has_a_next",
                "status not in ('sent', 'viewed') \
                 or (next_follow_up_at is null) = (follow_up_stop is not null)",
            ),
            Check::new(
                "quotes_follow_up_claim_whole",
                "(follow_up_claim is null) = (follow_up_lease_until is null)",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("quotes_number", "tenant_id, quote_number, version"),
            Index::new("quotes_of_client", "tenant_id, client_id"),
            Index::new("quotes_of_contact", "tenant_id, contact_id"),
            Index::new("quotes_of_deal", "tenant_id, deal_id"),
            // A version is replaced by one other at the most.
            Index::unique("quotes_superseded_once", "tenant_id, supersedes_id"),
            Index::new("quotes_follow_up", "tenant_id, next_follow_up_at, id").with(
                "where status in ('sent', 'viewed') and follow_up_stop is null \
                 and outcome is null and deleted_at is null",
            ),
            Index::new("quotes_expiry", "tenant_id, valid_until, id")
                .with("where status in ('sent', 'viewed') and deleted_at is null"),
            Index::new("quotes_closed", "tenant_id, created_at")
                .with("where status in ('accepted', 'rejected', 'expired') and deleted_at is null"),
        ]
    }
}
