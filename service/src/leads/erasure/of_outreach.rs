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
    Class {
        table: "lead_sequence_enrollments",
        of: "t.lead_id {leads}",
        served_by: &["lead_sequence_enrollments_of_lead|lead_sequence_enrollments_live"],
        fate: Fate::Emptied,
        personal: &[
            ("pause_reason", "case when t.pause_reason is not null then '[erased]' end"),
            ("stop_reason", "null"),
        ],
        plain: &[
            "id",
            "lead_id",
            "sequence_id",
            "version_id",
            "status",
            "current_step",
            "enrolled_at",
            "enrolled_by_user_id",
            "next_step_scheduled_at",
            "next_channel",
            "paused_at",
            "completed_at",
            "stop",
            "executed_steps",
            "lease_until",
            "created_at",
            "updated_at",
        ],
        secret: &["claim"],
        ..CLASS
    },
    Class {
        table: "lead_sequence_enrollment_steps",
        of: "t.lead_id {leads}",
        served_by: &["lead_sequence_enrollment_steps_of_lead"],
        fate: Fate::Kept(Some("t.executed_at"), "it is the evidence of what was sent"),
        personal: &[("lead_id", "")],
        plain: &[
            "id",
            "enrollment",
            "step",
            "channel",
            "template_id",
            "executed_at",
            "status",
            "status_at",
            "skip_reason",
            "created_at",
            "updated_at",
        ],
        ..CLASS
    },
];
