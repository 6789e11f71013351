//! What breaks the rules of outreach's tables.

use super::Broken;

pub const CHECKS: &[Broken] = &[
    // Evidence is sealed against changes, so these come as new rows.
    (
        "dnc_checks_number_length",
        "insert into dnc_checks select tenant_id, gen_random_uuid(), repeat('9', 65), \
         purpose, verdict, refusals, actor, checked_at from dnc_checks",
    ),
    (
        "dnc_checks_purpose_known",
        "insert into dnc_checks select tenant_id, gen_random_uuid(), number, 'whim', verdict, \
         refusals, actor, checked_at from dnc_checks",
    ),
    (
        "dnc_checks_refusals_known",
        "insert into dnc_checks select tenant_id, gen_random_uuid(), number, purpose, \
         'refused', '{listed,whim}', actor, checked_at from dnc_checks",
    ),
    (
        "dnc_checks_refused_with_reasons",
        "insert into dnc_checks select tenant_id, gen_random_uuid(), number, purpose, \
         'refused', '{}', actor, checked_at from dnc_checks",
    ),
    (
        "dnc_checks_refused_with_reasons",
        "insert into dnc_checks select tenant_id, gen_random_uuid(), number, purpose, \
         'clear', '{listed}', actor, checked_at from dnc_checks",
    ),
    (
        "dnc_checks_verdict_known",
        "insert into dnc_checks select tenant_id, gen_random_uuid(), number, purpose, \
         'perhaps', '{}', actor, checked_at from dnc_checks",
    ),
    ("dnc_list_expires_if_temporary", "expires_at = added_at + interval '1 day'"),
    ("dnc_list_expires_if_temporary", "kind = 'temporary'"),
    ("dnc_list_expires_if_temporary", "kind = 'temporary', expires_at = added_at"),
    ("dnc_list_kind_known", "kind = 'forever'"),
    ("dnc_list_phone_number_form", "phone_number = '206 555 0010'"),
    ("dnc_list_reason_length", "reason = ''"),
    ("dnc_list_reason_length", "reason = repeat('x', 101)"),
    ("dnc_list_removal_has_a_reason", "removed_at = added_at"),
    ("dnc_list_removal_has_a_reason", "removal_reason = 'consent'"),
    ("dnc_list_removal_has_a_reason", "removed_at = added_at, removal_reason = ''"),
    (
        "dnc_list_removal_has_a_reason",
        "removed_at = added_at - interval '1 microsecond', removal_reason = 'consent'",
    ),
];

pub const UNIQUE: &[Broken] = &[(
    "dnc_list_live",
    "insert into dnc_list (tenant_id, id, phone_number, raw_number, kind, reason, \
         added_at) select tenant_id, gen_random_uuid(), phone_number, raw_number, kind, \
         reason, added_at from dnc_list",
)];
