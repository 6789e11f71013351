//! A number that a tenant must not call: an entry of its do-not-call list.
//!
//! Entries are never deleted. An entry is in force until it is removed or, where it is temporary,
//! until it expires; also for who asks about a time before it was made.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{DncId, TenantId, UserId},
    phone::Phone,
    schema::{Check, Index, TableSpec, Verbs},
};

/// How long an entry holds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Somebody asked, or the law does: until it is removed, and never by lapse of time.
    Permanent,
    /// A cooling-off or a call-back date: until `expires_at`.
    Temporary,
}

/// One row of `dnc_list`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dnc_list")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DncId,

    #[sea_orm(column_type = "Text")]
    pub phone_number: Phone,
    /// As it was given to us.
    #[sea_orm(column_type = "Text")]
    pub raw_number: String,
    pub kind: Kind,
    /// `lead_requested`, `admin_added`, …
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    /// `call_transcript`, `manual_entry`, …
    #[sea_orm(column_type = "Text", nullable)]
    pub source: Option<String>,
    /// The words in which somebody asked not to be called.
    #[sea_orm(column_type = "Text", nullable)]
    pub detected_phrase: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub notes: Option<String>,
    #[sea_orm(default_value = true)]
    pub consent_withdrawal_documented: bool,
    /// By value, since the entry outlives the login; null: a program did.
    pub added_by_user_id: Option<UserId>,

    pub added_at: DateTimeUtc,
    /// Null exactly where the entry is permanent.
    pub expires_at: Option<DateTimeUtc>,
    /// Since when it no longer counts, because somebody removed it or a newer entry took its place.
    pub removed_at: Option<DateTimeUtc>,
    pub removed_by: Option<UserId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub removal_reason: Option<String>,
    /// Whether it was made by mistake, and nobody had asked: consents from before it hold on.
    #[sea_orm(default_value = false)]
    pub retracted: bool,

    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<crate::tenancy::tenant::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::new("dnc_list_phone_number_form", "phone_number ~ '^\\+[1-9][0-9]{6,14}$'"),
            Check::length("dnc_list_reason_length", "reason", 100),
            Check::one_of::<Kind>("dnc_list_kind_known", "kind"),
            Check::new(
                "dnc_list_expires_if_temporary",
                "(kind = 'temporary') = (expires_at is not null) and expires_at > added_at",
            ),
            Check::new(
                "dnc_list_removal_has_a_reason",
                "(removed_at is null) = (removal_reason is null) \
                 and char_length(removal_reason) > 0 and removed_at >= added_at",
            ),
            Check::new("dnc_list_retracted_is_removed", "not retracted or removed_at is not null"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("dnc_list_live", "tenant_id, phone_number")
                .with("include (expires_at, id) where removed_at is null"),
            Index::new("dnc_list_of_number", "tenant_id, phone_number, id desc"),
            Index::new("dnc_list_newest", "tenant_id, added_at desc, id desc"),
            Index::new("dnc_list_for_reason", "tenant_id, reason, added_at desc, id desc"),
            Index::new("dnc_list_from_source", "tenant_id, source, added_at desc, id desc"),
            Index::new("dnc_list_removed", "tenant_id, removed_at")
                .with("where removed_at is not null"),
        ]
    }
}
