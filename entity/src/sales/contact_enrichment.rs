//! Something to be found out about a contact, from the first wish to what came of it. At most one
//! is under way for each contact (or address of nobody known) and source.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use super::contact_field::Field;
use crate::{
    email::Email,
    id::{ContactEnrichmentId, ContactId, TenantId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// Who is asked.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// What the person wrote under a message of theirs: read by us, nobody is asked.
    EmailSignature,
    Apollo,
    /// A person of the tenant.
    Manual,
    WebSearch,
}

/// How far it has got.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Pending,
    /// Somebody holds it, or it was handed over and the answer is awaited.
    Processing,
    Completed,
    /// Tried as often as may be.
    Failed,
    Skipped,
}

/// Why nothing was found out.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// The person wants to be left alone.
    Suppressed,
    ContactGone,
    CompanyGone,
    /// Nobody has the address.
    NoMatch,
    /// Several have it.
    Ambiguous,
    /// Somebody said so.
    Unwanted,
}

/// What was found, as it was found. Each may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(default)]
pub struct Extracted {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linkedin_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twitter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
}

/// A field of the contact that says something else than what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeConflict {
    pub field: Field,
    /// What the contact says; null: a person said that there is none.
    pub current: Option<String>,
    pub proposed: String,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct MergeConflicts(pub Vec<MergeConflict>);

/// One row of `contact_enrichment_queue`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_enrichment_queue")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContactEnrichmentId,
    /// About whom; null: whoever has the address.
    pub contact_id: Option<ContactId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub email_address: Option<Email>,

    pub source: Source,
    /// What the source calls it: the message's id.
    #[sea_orm(column_type = "Text", nullable)]
    pub source_id: Option<String>,
    /// What the person wrote, without what they quoted, at most the last 10000 characters. Gone
    /// once it was read.
    #[sea_orm(column_type = "Text", nullable)]
    pub source_text: Option<String>,
    /// When the source said so: when the message was written.
    pub observed_at: DateTimeUtc,

    #[sea_orm(default_value = "pending")]
    pub status: Status,
    /// How often it failed.
    #[sea_orm(default_value = 0)]
    pub attempts: i32,
    /// How often it may fail before it stays failed.
    #[sea_orm(default_value = 5)]
    pub most_attempts: i32,
    /// When it is tried again; once it was handed over: until when the answer is awaited.
    pub next_attempt_at: DateTimeUtc,
    /// Which claim holds it.
    pub claim: Option<Uuid>,
    /// Until when, by the database's clock, that claim is good.
    pub lease_until: Option<DateTimeUtc>,
    /// Since when the answer is awaited.
    pub handed_over_at: Option<DateTimeUtc>,

    #[sea_orm(column_type = "JsonBinary", default_expr = "Expr::cust(\"'{}'::jsonb\")")]
    pub extracted_data: Extracted,
    /// Whom it was about in the end.
    pub merged_to_contact_id: Option<ContactId>,
    #[sea_orm(column_type = "JsonBinary", default_expr = "Expr::cust(\"'[]'::jsonb\")")]
    pub merge_conflicts: MergeConflicts,
    pub skip_reason: Option<Skip>,
    /// Why the last attempt failed.
    #[sea_orm(column_type = "Text", nullable)]
    pub error_message: Option<String>,
    /// When it ended, however it did.
    pub processed_at: Option<DateTimeUtc>,

    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(
        belongs_to,
        from = "(tenant_id, contact_id)",
        to = "(tenant_id, id)",
        on_delete = "Cascade"
    )]
    pub contact: BelongsTo<Option<super::contact::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::new(
                "contact_enrichment_queue_attempts_range",
                "attempts between 0 and most_attempts",
            ),
            Check::new(
                "contact_enrichment_queue_claim_whole",
                "(claim is null) = (lease_until is null)",
            ),
            Check::new(
                "contact_enrichment_queue_conflicts_form",
                "jsonb_typeof(merge_conflicts) = 'array'",
            ),
            Check::new(
                "contact_enrichment_queue_email_form",
                "email_address = lower(email_address) and char_length(email_address) <= 254",
            ),
            Check::new(
                "contact_enrichment_queue_ended_when",
                "(status in ('completed', 'failed', 'skipped')) = (processed_at is not null)",
            ),
            Check::length("contact_enrichment_queue_error_length", "error_message", 1000),
            Check::new(
                "contact_enrichment_queue_extracted_form",
                "jsonb_typeof(extracted_data) = 'object'",
            ),
            Check::new(
                "contact_enrichment_queue_failed_why",
                "status <> 'failed' or error_message is not null",
            ),
            Check::new(
                "contact_enrichment_queue_held_while_processing",
                "(status = 'processing') = (claim is not null or handed_over_at is not null)",
            ),
            Check::new(
                "contact_enrichment_queue_merged_to_its_contact",
                "merged_to_contact_id is null \
                 or (status = 'completed' and merged_to_contact_id is not distinct from contact_id)",
            ),
            Check::one_of::<Skip>("contact_enrichment_queue_skip_known", "skip_reason"),
            Check::new(
                "contact_enrichment_queue_skipped_why",
                "(status = 'skipped') = (skip_reason is not null)",
            ),
            Check::length("contact_enrichment_queue_source_id_length", "source_id", 200),
            Check::one_of::<Source>("contact_enrichment_queue_source_known", "source"),
            Check::one_of::<Status>("contact_enrichment_queue_status_known", "status"),
            Check::new(
                "contact_enrichment_queue_subject",
                "contact_id is not null or email_address is not null",
            ),
            Check::new("contact_enrichment_queue_text_length", "char_length(source_text) <= 10000"),
            Check::new(
                "contact_enrichment_queue_text_until_read",
                "(source = 'email_signature' and status not in ('completed', 'skipped')) \
                 = (source_text is not null)",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("contact_enrichment_queue_live_contact", "tenant_id, contact_id, source")
                .with("where contact_id is not null and status in ('pending', 'processing')"),
            Index::unique(
                "contact_enrichment_queue_live_email",
                "tenant_id, email_address, source",
            )
            .with("where contact_id is null and status in ('pending', 'processing')"),
            Index::new("contact_enrichment_queue_of_contact", "tenant_id, contact_id"),
            Index::new("contact_enrichment_queue_of_email", "tenant_id, email_address"),
            Index::new("contact_enrichment_queue_pending", "tenant_id, created_at, id")
                .with("where status = 'pending'"),
            Index::new("contact_enrichment_queue_signatures", "tenant_id, next_attempt_at, id")
                .with("where source = 'email_signature' and status = 'pending'"),
            Index::new("contact_enrichment_queue_requests", "tenant_id, next_attempt_at, id").with(
                "where source <> 'email_signature' and status in ('pending', 'processing') \
                     and handed_over_at is null",
            ),
            Index::new("contact_enrichment_queue_awaited", "tenant_id, next_attempt_at, id")
                .with("where handed_over_at is not null"),
        ]
    }
}
