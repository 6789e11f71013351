//! A message that Keel has decided upon and that somebody else sends: decided, written down and
//! claimed in one transaction, sent at least once under a key that never changes, in order for each
//! subject.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    id::{OutboxId, TenantId},
    schema::{Check, Index, TableSpec},
};

/// What the message is for, and so what its content means.
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
pub enum Topic {
    /// To the contact of a stalled deal.
    DealFollowUp,
    /// To the contact of a quote that was not answered.
    QuoteFollowUp,
    /// To the contact of a delivered order.
    FeedbackRequest,
    /// To whoever looks people up.
    EnrichmentRequest,
    /// To whoever owes a compliance check.
    ComplianceReminder,
    /// To whoever answers for one that is late.
    ComplianceEscalation,
    /// To whoever looks after a client at risk.
    Intervention,
    /// To a lead on the way through a nurture sequence.
    NurtureStep,
}

/// How far it has got.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// To be sent.
    Pending,
    /// Sent, and recorded as such.
    Delivered,
    /// It was no longer right to send it when its turn came.
    Cancelled,
    /// Given up after too many attempts; it waits for a person, and keeps its place.
    Dead,
}

/// What the message says, in the form that its topic has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Payload(pub Json);

/// One row of `outbox`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// In the order of which the messages about one subject are sent.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OutboxId,

    pub topic: Topic,
    /// The row that it is about: a deal, a quote, a check.
    pub subject_id: Uuid,
    /// What its receiver knows it by: the same however often it is sent.
    #[sea_orm(column_type = "Text")]
    pub key: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub payload: Payload,
    /// Why it was decided, for people.
    #[sea_orm(column_type = "Text")]
    pub why: String,
    /// When it was decided.
    pub enqueued_at: DateTimeUtc,

    #[sea_orm(default_value = "pending")]
    pub state: State,
    /// How many attempts to send it have failed.
    #[sea_orm(default_value = 0)]
    pub attempts: i32,
    /// Not before then, by the database's clock; null: at once.
    pub not_before: Option<DateTimeUtc>,
    /// Which claim holds it.
    pub claim: Option<Uuid>,
    /// Until when, by the database's clock, that claim is good.
    pub lease_until: Option<DateTimeUtc>,
    /// When it was delivered, cancelled or given up.
    pub ended_at: Option<DateTimeUtc>,
    /// What went wrong last, or why it was cancelled.
    #[sea_orm(column_type = "Text", nullable)]
    pub last_error: Option<String>,

    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<crate::tenancy::tenant::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Topic>("outbox_topic_known", "topic"),
            Check::one_of::<State>("outbox_state_known", "state"),
            Check::length("outbox_key_length", "key", 200),
            Check::length("outbox_why_length", "why", 500),
            Check::new("outbox_attempts_range", "attempts between 0 and 1000"),
            Check::new("outbox_claim_whole", "(claim is null) = (lease_until is null)"),
            Check::new("outbox_ended", "(state = 'pending') = (ended_at is null)"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("outbox_key", "tenant_id, key"),
            // What nobody has to decide anew; of one subject, the first.
            Index::new("outbox_of_subject", "tenant_id, topic, subject_id")
                .with("where state in ('pending', 'dead')"),
            Index::new("outbox_line", "tenant_id, subject_id, id").with("where state = 'pending'"),
            Index::new("outbox_pending", "tenant_id, id").with("where state = 'pending'"),
            // All that was ever said about a subject, to erase it.
            Index::new("outbox_about", "tenant_id, subject_id"),
            Index::new("outbox_dead", "tenant_id, id").with("where state = 'dead'"),
            // For the limits by the hour.
            Index::new("outbox_decided", "tenant_id, topic, enqueued_at"),
        ]
    }
}
