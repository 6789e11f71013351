//! What the tables of outreach hold of a person: requests and evidence, which must be kept.

use super::class::{CLASS, Class, Fate};

pub(super) const CLASSES: &[Class] = &[
    Class {
        table: "dnc_list",
        of: "t.phone_number {phones}",
        served_by: &["dnc_list_of_number|dnc_list_live"],
        fate: Fate::Kept(
            Some("greatest(t.added_at, t.removed_at, t.expires_at)"),
            "a request not to be called must be honoured and shown",
        ),
        personal: &[
            ("phone_number", ""),
            ("raw_number", ""),
            ("reason", ""),
            ("detected_phrase", ""),
            ("notes", ""),
            ("removal_reason", ""),
        ],
        plain: &[
            "id",
            "kind",
            "source",
            "consent_withdrawal_documented",
            "added_by_user_id",
            "added_at",
            "expires_at",
            "removed_at",
            "removed_by",
        ],
        ..CLASS
    },
    Class {
        table: "dnc_checks",
        of: "t.number {phones}",
        served_by: &["dnc_checks_of_number"],
        fate: Fate::Kept(Some("t.checked_at"), "it is the evidence of a check"),
        personal: &[("number", "")],
        plain: &["id", "purpose", "verdict", "refusals", "actor", "checked_at"],
        ..CLASS
    },
];
