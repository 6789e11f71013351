//! What breaks the rules of links, merges and erasures.

use super::Broken;

pub const CHECKS: &[Broken] = &[
    (
        "erasures_kept_until_after",
        "insert into erasures select tenant_id, gen_random_uuid(), subject_kind, subject_id, reason, actor, erased_by, erased_at, counts, erased_at from erasures",
    ),
    (
        "erasures_reason_length",
        "insert into erasures select tenant_id, gen_random_uuid(), subject_kind, subject_id, '', actor, erased_by, erased_at, counts, kept_until from erasures",
    ),
    (
        "erasures_reason_length",
        "insert into erasures select tenant_id, gen_random_uuid(), subject_kind, subject_id, repeat('x', 501), actor, erased_by, erased_at, counts, kept_until from erasures",
    ),
    (
        "erasures_subject_kind_known",
        "insert into erasures select tenant_id, gen_random_uuid(), 'user', subject_id, reason, actor, erased_by, erased_at, counts, kept_until from erasures",
    ),
    // Whoever was referred came later.
    ("lead_links_both_ways_once", "kind = 'works_with'"),
    ("lead_links_ended_after", "ended_at = started_at - interval '1 microsecond'"),
    ("lead_links_from_one", "from_lead_id = null"),
    ("lead_links_from_one", "from_contact_id = gen_random_uuid()"),
    ("lead_links_from_one", "from_client_id = 'cs_1_acme'"),
    ("lead_links_kind_known", "kind = 'knows'"),
    ("lead_links_not_to_itself", "to_lead_id = from_lead_id"),
    ("lead_links_to_one", "to_lead_id = null"),
    ("lead_links_to_one", "to_contact_id = gen_random_uuid()"),
    ("lead_links_to_one", "to_client_id = 'cs_1_acme'"),
    ("lead_merges_reason_length", "reason = ''"),
    ("lead_merges_reason_length", "reason = repeat('x', 501)"),
    ("lead_merges_two_leads", "kept_lead_id = folded_lead_id"),
    ("lead_merges_undo_reason_length", "undone_at = now() + interval '99 years', undo_reason = ''"),
    (
        "lead_merges_undo_reason_length",
        "undone_at = now() + interval '99 years', undo_reason = repeat('x', 501)",
    ),
    ("lead_merges_undone_after", "undone_at = merged_at - interval '1 microsecond'"),
    ("lead_merges_undone_after", "undone_by = gen_random_uuid()"),
];

pub const UNIQUE: &[Broken] = &[
    (
        "lead_links_live",
        "insert into lead_links (tenant_id, id, kind, from_lead_id, to_lead_id, started_at) \
         select tenant_id, gen_random_uuid(), kind, from_lead_id, to_lead_id, now() from lead_links",
    ),
    (
        "lead_merges_live",
        "insert into lead_merges (tenant_id, id, kept_lead_id, folded_lead_id, actor, merged_at) \
         select tenant_id, gen_random_uuid(), kept_lead_id, folded_lead_id, 'x', now() \
         from lead_merges",
    ),
];
