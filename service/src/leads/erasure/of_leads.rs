//! What the tables of leads hold of a person.

use super::class::{CLASS, Class, Fate};

pub(super) const CLASSES: &[Class] = &[
    Class {
        table: "lead_tags",
        of: "t.lead_id {leads}",
        served_by: &["lead_tags_of_lead"],
        personal: &[("tag", "")],
        plain: &["lead_id"],
        ..CLASS
    },
    Class {
        table: "lead_words",
        of: "t.lead_id {leads}",
        served_by: &["pk-lead_words"],
        personal: &[("word", "")],
        plain: &["lead_id"],
        ..CLASS
    },
    Class {
        table: "lead_links",
        of: "t.from_lead_id {leads} or t.to_lead_id {leads} or t.from_contact_id {contacts} \
             or t.to_contact_id {contacts}",
        served_by: &[
            "lead_links_from_lead",
            "lead_links_to_lead",
            "lead_links_from_contact",
            "lead_links_to_contact",
        ],
        personal: &[
            ("kind", ""),
            ("from_lead_id", ""),
            ("from_contact_id", ""),
            ("from_client_id", ""),
            ("from_end", ""),
            ("to_lead_id", ""),
            ("to_contact_id", ""),
            ("to_client_id", ""),
            ("to_end", ""),
        ],
        plain: &["id", "started_at", "ended_at", "created_by", "created_at", "updated_at"],
        ..CLASS
    },
    Class {
        table: "lead_merges",
        of: "t.kept_lead_id {leads} or t.folded_lead_id {leads}",
        served_by: &["lead_merges_of_kept", "lead_merges_of_folded|lead_merges_live"],
        fate: Fate::Emptied,
        personal: &[("reason", "null"), ("changes", "null"), ("undo_reason", "null")],
        plain: &[
            "id",
            "kept_lead_id",
            "folded_lead_id",
            "actor",
            "merged_by",
            "merged_at",
            "undone_at",
            "undone_by",
        ],
        ..CLASS
    },
    Class {
        table: "lead_status_history",
        of: "t.lead_id {leads}",
        served_by: &["lead_status_history_of_lead|lead_status_history_present"],
        fate: Fate::Emptied,
        personal: &[("reason", "null")],
        plain: &[
            "id",
            "lead_id",
            "from_status",
            "to_status",
            "changed_by_user_id",
            "actor",
            "trigger_type",
            "trigger_id",
            "changed_at",
            "left_at",
        ],
        ..CLASS
    },
    Class {
        table: "lead_audit_log",
        of: "t.lead_id {leads}",
        served_by: &["lead_audit_log_of_lead"],
        fate: Fate::Emptied,
        personal: &[
            ("old_value", "null"),
            ("new_value", "null"),
            ("change_reason", "null"),
            ("ip_address", "null"),
            ("user_agent", "null"),
        ],
        plain: &["id", "lead_id", "user_id", "actor", "field_name", "version", "changed_at"],
        ..CLASS
    },
    Class {
        table: "leads",
        of: "t.id {leads}",
        served_by: &["pk-leads"],
        fate: Fate::Emptied,
        personal: &[
            ("first_name", "'[erased]'"),
            ("last_name", "'[erased]'"),
            ("phone_number", "null"),
            ("phone_extension", "null"),
            ("email", "null"),
            ("address", "null"),
            ("city", "null"),
            ("state", "null"),
            ("zip", "null"),
            ("country", "null"),
            ("time_zone", "null"),
            ("source_metadata", "null"),
            ("tags", "'{}'"),
            ("notes", "null"),
            ("lead_score_factors", "null"),
        ],
        also: ", deleted_at = coalesce(t.deleted_at, $2), erased_at = coalesce(t.erased_at, $2), \
               version = t.version + 1, updated_at = $2",
        plain: &[
            "id",
            "user_id",
            "source",
            "sub_source",
            "status",
            "status_since",
            "lead_score",
            "last_contact_date",
            "interaction_count",
            "calling_blocked",
            "version",
            "converted_client_id",
            "converted_contact_id",
            "converted_at",
            "merged_into_id",
            "deleted_at",
            "erased_at",
            "created_at",
            "updated_at",
        ],
        ..CLASS
    },
];
