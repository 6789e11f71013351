//! A request for feedback: one for each order that was delivered, and what the customer answered.

use sea_orm::{ActiveEnum, Iterable, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    id::{CaseId, ClientId, ContactId, FeedbackRequestId, TenantId},
    schema::{Check, Index, TableSpec},
};

/// How far the request has got.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not sent yet.
    Pending,
    /// Sent, and not answered yet.
    Sent,
    /// Answered, in time or late.
    Responded,
    /// Sent, and not answered in time.
    Expired,
    /// Not sent, and why.
    Skipped,
}

/// Why a customer is not asked about an order.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The customer was deleted.
    CustomerGone,
    /// The order has a case that somebody still has to do something about.
    OpenCase,
    /// Nobody there is known to ask.
    NoContact,
    /// Whom we would ask was deleted.
    ContactGone,
    /// Whom we would ask has no e-mail address.
    NoEmail,
    /// Whom we would ask wants no automatic mail.
    Unsubscribed,
    /// A number of theirs is on the do-not-call list: who wants no calls is not written to either.
    DoNotCall,
    /// They were asked about another order not long ago.
    RecentlyAsked,
    OrderCancelled,
    OrderRefunded,
    /// It was not delivered after all.
    DeliveryReversed,
}

/// What an answer sounds like.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Sentiment {
    Positive,
    Neutral,
    Negative,
}

/// What an answer complains of.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Issue {
    Timeliness,
    Quality,
    Communication,
    Pricing,
}

/// One row of `feedback_requests`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "feedback_requests")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FeedbackRequestId,
    /// The order, as the system that has the orders knows it. It is asked about once.
    pub order_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub client_id: ClientId,
    /// Whom to ask; null: nobody is known.
    pub contact_id: Option<ContactId>,

    #[sea_orm(default_value = "pending")]
    pub status: Status,
    /// When the order was delivered.
    pub delivery_date: DateTimeUtc,
    /// When to ask.
    pub scheduled_for: DateTimeUtc,
    pub sent_at: Option<DateTimeUtc>,
    /// When the answer came; one that came before the request was sent is an answer, too.
    pub responded_at: Option<DateTimeUtc>,
    /// From when on an answer is late; null until the request was sent.
    pub expires_at: Option<DateTimeUtc>,
    /// Whether it was skipped because of an open case.
    #[sea_orm(default_value = false)]
    pub has_open_case: bool,
    /// Kept when a request that was skipped is answered all the same.
    pub skip_reason: Option<SkipReason>,

    /// The mail that the answer came in; null: it came otherwise.
    #[sea_orm(column_type = "Text", nullable)]
    pub response_email_id: Option<String>,
    pub sentiment: Option<Sentiment>,
    /// From -1 to 1.
    #[sea_orm(column_type = "Decimal(Some((3, 2)))", nullable)]
    pub sentiment_score: Option<Decimal>,
    /// What it complains of, each once.
    #[sea_orm(
        column_type = "Array(sea_orm::sea_query::RcOrArc::new(ColumnType::Text))",
        default_expr = "Expr::cust(\"'{}'::text[]\")"
    )]
    pub issues: Vec<String>,
    /// The same in words.
    #[sea_orm(column_type = "Text", nullable)]
    pub response_summary: Option<String>,
    /// Whether the answer came when the request had expired.
    #[sea_orm(default_value = false)]
    pub late: bool,
    /// The case that was opened because of the answer.
    pub case_created_id: Option<CaseId>,
    #[sea_orm(default_value = false)]
    pub service_recovery_triggered: bool,

    /// Which claim holds it.
    pub claim: Option<Uuid>,
    /// Until when, by the database's clock, that claim is good.
    pub lease_until: Option<DateTimeUtc>,

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
    pub contact: BelongsTo<Option<crate::sales::contact::Entity>>,
    #[sea_orm(belongs_to, from = "(tenant_id, case_created_id)", to = "(tenant_id, id)")]
    pub case_created: BelongsTo<Option<crate::support::case::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Status>("feedback_requests_status_known", "status"),
            Check::one_of::<SkipReason>("feedback_requests_skip_reason_known", "skip_reason"),
            Check::one_of::<Sentiment>("feedback_requests_sentiment_known", "sentiment"),
            Check::new("feedback_requests_issues_known", {
                let known: Vec<_> =
                    Issue::iter().map(|issue| format!("'{}'", issue.to_value())).collect();
                format!("issues <@ array[{}]", known.join(", "))
            }),
            Check::new("feedback_requests_due_after_delivery", "scheduled_for > delivery_date"),
            Check::new(
                "feedback_requests_sent_when",
                "(status not in ('sent', 'expired') or sent_at is not null) \
                 and (status not in ('pending', 'skipped') or sent_at is null)",
            ),
            Check::new(
                "feedback_requests_expires_when_sent",
                "(sent_at is null) = (expires_at is null) and expires_at > sent_at",
            ),
            Check::new(
                "feedback_requests_skipped_with_a_reason",
                "(status <> 'skipped' or skip_reason is not null) \
                 and (skip_reason is null or status in ('skipped', 'responded'))",
            ),
            Check::new(
                "feedback_requests_has_open_case",
                "has_open_case = coalesce(skip_reason = 'open_case', false)",
            ),
            Check::new(
                "feedback_requests_answer_whole",
                "(status = 'responded') = (responded_at is not null) \
                 and (responded_at is null) = (sentiment is null) \
                 and (responded_at is null) = (response_summary is null)",
            ),
            Check::new(
                "feedback_requests_answer_when_answered",
                "responded_at is not null \
                 or (not late and issues = '{}' and response_email_id is null)",
            ),
            Check::new("feedback_requests_score_range", "sentiment_score between -1 and 1"),
            Check::new(
                "feedback_requests_sentiment_of_score",
                "coalesce(sentiment, '') = coalesce(case sign(sentiment_score) \
                 when 1 then 'positive' when 0 then 'neutral' when -1 then 'negative' end, '')",
            ),
            Check::length("feedback_requests_summary_length", "response_summary", 500),
            Check::length("feedback_requests_email_id_length", "response_email_id", 998),
            Check::new(
                "feedback_requests_recovery_has_a_case",
                "service_recovery_triggered = (case_created_id is not null) \
                 and (case_created_id is null or responded_at is not null)",
            ),
            Check::new("feedback_requests_claim_whole", "(claim is null) = (lease_until is null)"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("feedback_requests_order", "tenant_id, order_id"),
            Index::unique("feedback_requests_case", "tenant_id, case_created_id"),
            Index::new("feedback_requests_of_client", "tenant_id, client_id"),
            // When somebody was asked; and what they are still to be asked, which was never sent.
            Index::new("feedback_requests_of_contact", "tenant_id, contact_id, sent_at"),
            Index::new("feedback_requests_due", "tenant_id, scheduled_for, id")
                .with("where status = 'pending'"),
            Index::new("feedback_requests_expiry", "tenant_id, expires_at, id")
                .with("where status = 'sent'"),
            Index::new("feedback_requests_delivered", "tenant_id, delivery_date"),
        ]
    }
}
