//! Evidence that a number was looked up on the do-not-call list, and of what was answered.
//!
//! Kept for at least five years and never changed, so that "why did you call me" has an answer. It
//! refers to nothing, not even its tenant, except by value: evidence outlives what it is about.

use sea_orm::{ActiveEnum, Iterable, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    id::{DncCheckId, TenantId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// What the number was looked up for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Somebody asked.
    Check,
    /// To clear it for one call.
    Clear,
    /// Once more, under the lock, at the moment of dialling.
    Dial,
}

/// What was answered.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Clear,
    Refused,
}

/// Why a number may not be dialled.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It is no number that could be dialled. What cannot be read is never clear.
    Unparseable,
    /// It is on the list.
    Listed,
    /// Calls to it cost extra.
    Premium,
    /// It is before 08:00, or 21:00 or later, where the called party is or may be.
    OutsideWindow,
    /// Nobody knows where the called party is, and so what time it is there.
    UnknownZone,
    /// The clearance was given too long ago, or only later than it was to be used.
    ClearanceExpired,
    /// They must not come back: they were erased.
    Suppressed,
    /// A list that somebody else keeps has it: a country's, a state's, those who sue.
    ListedExternally,
    /// A list that must be looked at is not there, or older than 31 days.
    StaleScrub,
    /// They have not agreed to this purpose by this channel, or not any more.
    NoConsent,
    /// They were called as often as they may be in the last 24 hours.
    Capped,
    /// It is a Sunday or a holiday on which nobody calls where they are or may be.
    BannedDay,
}

/// One row of `dnc_checks`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dnc_checks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DncCheckId,

    /// In E.164 or, where it could not be read, as it was given to us.
    #[sea_orm(column_type = "Text")]
    pub number: String,
    pub purpose: Purpose,
    pub verdict: Verdict,
    /// Every reason to refuse, not the first; empty where the number is clear.
    #[sea_orm(column_type = "Array(sea_orm::sea_query::RcOrArc::new(ColumnType::Text))")]
    pub refusals: Vec<String>,
    /// Whoever asked: `user:<id>` or `system:<name>`.
    #[sea_orm(column_type = "Text")]
    pub actor: String,
    pub checked_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Append;
    const SEALED: bool = true;

    fn checks() -> Vec<Check> {
        vec![
            Check::new("dnc_checks_number_length", "char_length(number) <= 64"),
            Check::one_of::<Purpose>("dnc_checks_purpose_known", "purpose"),
            Check::one_of::<Verdict>("dnc_checks_verdict_known", "verdict"),
            Check::new("dnc_checks_refusals_known", {
                let known: Vec<_> =
                    Refusal::iter().map(|why| format!("'{}'", why.to_value())).collect();
                format!("refusals <@ array[{}]", known.join(", "))
            }),
            Check::new(
                "dnc_checks_refused_with_reasons",
                "(verdict = 'refused') = (cardinality(refusals) > 0)",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new("dnc_checks_of_number", "tenant_id, number, id desc"),
            Index::new("dnc_checks_guarded", "tenant_id, checked_at")
                .with("include (purpose, verdict) where purpose in ('clear', 'dial')"),
        ]
    }
}
