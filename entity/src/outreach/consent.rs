//! What somebody agreed to: to be reached at a number or an address, for a purpose, by a channel.
//!
//! Rows are never deleted. Whoever consents again after having withdrawn gets a row of its own.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{ConsentId, TenantId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// What somebody is reached for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To sell them something.
    Marketing,
    /// About what they have bought or asked for: a delivery, an appointment, an answer.
    Informational,
}

/// How somebody is reached.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A person dials and speaks.
    Call,
    /// A machine dials, or a recorded or artificial voice speaks.
    AutodialledCall,
    Sms,
    Email,
}

/// What a consent rests on, weakest first.
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
pub enum Basis {
    /// On nothing: they withdrew what we have no record of.
    None,
    /// They said so, or gave their number for it.
    Express,
    /// They signed, on paper or by a click, a text that says so.
    ExpressWritten,
}

/// One row of `consents`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consents")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConsentId,

    /// A number in E.164, or an e-mail address in lower case.
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    pub purpose: Purpose,
    pub channel: Channel,
    pub basis: Basis,
    /// Which version of which text they agreed to.
    #[sea_orm(column_type = "Text", nullable)]
    pub text_version: Option<String>,
    /// Where it was captured: `web_form`, `call_recording`, `paper`.
    #[sea_orm(column_type = "Text")]
    pub source: String,
    /// Who or what captured it: `user:<id>`, `system:<name>`.
    #[sea_orm(column_type = "Text")]
    pub captured_by: String,
    /// Where the proof is: the form's address, the recording's id.
    #[sea_orm(column_type = "Text", nullable)]
    pub reference: Option<String>,
    pub granted_at: DateTimeUtc,
    pub revoked_at: Option<DateTimeUtc>,
    /// By what they withdrew it, in their words or ours: any reasonable means will do.
    #[sea_orm(column_type = "Text", nullable)]
    pub revoked_how: Option<String>,
    /// Since when the number is somebody else's, for all we know, who has consented to nothing.
    pub void_from: Option<DateTimeUtc>,
    /// When we wrote it down.
    pub recorded_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<crate::tenancy::tenant::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::new(
                "consents_subject_form",
                "subject ~ '^\\+[1-9][0-9]{6,14}$' \
                 or (subject like '_%@_%' and char_length(subject) <= 254)",
            ),
            Check::one_of::<Purpose>("consents_purpose_known", "purpose"),
            Check::one_of::<Channel>("consents_channel_known", "channel"),
            Check::new(
                "consents_channel_of_subject",
                "(channel = 'email') = (subject not like '+%')",
            ),
            Check::one_of::<Basis>("consents_basis_known", "basis"),
            Check::new(
                "consents_written_has_a_text",
                "basis <> 'express_written' or text_version is not null",
            ),
            Check::new(
                "consents_none_is_revoked",
                "basis <> 'none' or coalesce(revoked_at = granted_at, false)",
            ),
            Check::length("consents_text_version_length", "text_version", 200),
            Check::length("consents_source_length", "source", 100),
            Check::length("consents_captured_by_length", "captured_by", 200),
            Check::length("consents_reference_length", "reference", 500),
            Check::new(
                "consents_revoked_somehow",
                "(revoked_at is null) = (revoked_how is null) \
                 and revoked_at >= granted_at and char_length(revoked_how) between 1 and 500",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::unique(
            "consents_of_subject",
            "tenant_id, subject, purpose, channel, granted_at",
        )]
    }
}
