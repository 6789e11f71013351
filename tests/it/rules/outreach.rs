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
    (
        "call_attempts_actor_length",
        "insert into call_attempts select tenant_id, gen_random_uuid(), phone_number, purpose, channel, \
         subject, place, lead_id, contact_id, outcome, '', attempted_at from call_attempts",
    ),
    (
        "call_attempts_actor_length",
        "insert into call_attempts select tenant_id, gen_random_uuid(), phone_number, purpose, channel, \
         subject, place, lead_id, contact_id, outcome, repeat('x', 201), attempted_at from call_attempts",
    ),
    (
        "call_attempts_channel_known",
        "insert into call_attempts select tenant_id, gen_random_uuid(), phone_number, purpose, 'pigeon', \
         subject, place, lead_id, contact_id, outcome, actor, attempted_at from call_attempts",
    ),
    (
        "call_attempts_outcome_known",
        "insert into call_attempts select tenant_id, gen_random_uuid(), phone_number, purpose, channel, \
         subject, place, lead_id, contact_id, 'whim', actor, attempted_at from call_attempts",
    ),
    (
        "call_attempts_phone_number_form",
        "insert into call_attempts select tenant_id, gen_random_uuid(), '206 555 0010', purpose, channel, \
         subject, place, lead_id, contact_id, outcome, actor, attempted_at from call_attempts",
    ),
    (
        "call_attempts_place_length",
        "insert into call_attempts select tenant_id, gen_random_uuid(), phone_number, purpose, channel, \
         subject, '', lead_id, contact_id, outcome, actor, attempted_at from call_attempts",
    ),
    (
        "call_attempts_place_length",
        "insert into call_attempts select tenant_id, gen_random_uuid(), phone_number, purpose, channel, \
         subject, repeat('x', 21), lead_id, contact_id, outcome, actor, attempted_at from call_attempts",
    ),
    (
        "call_attempts_purpose_known",
        "insert into call_attempts select tenant_id, gen_random_uuid(), phone_number, 'whim', channel, \
         subject, place, lead_id, contact_id, outcome, actor, attempted_at from call_attempts",
    ),
    (
        "call_attempts_subject_length",
        "insert into call_attempts select tenant_id, gen_random_uuid(), phone_number, purpose, channel, \
         '', place, lead_id, contact_id, outcome, actor, attempted_at from call_attempts",
    ),
    (
        "call_attempts_subject_length",
        "insert into call_attempts select tenant_id, gen_random_uuid(), phone_number, purpose, channel, \
         repeat('x', 201), place, lead_id, contact_id, outcome, actor, attempted_at from call_attempts",
    ),
    ("consents_basis_known", "basis = 'hearsay'"),
    ("consents_captured_by_length", "captured_by = ''"),
    ("consents_captured_by_length", "captured_by = repeat('x', 201)"),
    ("consents_channel_known", "channel = 'pigeon'"),
    ("consents_channel_of_subject", "channel = 'email'"),
    ("consents_channel_of_subject", "subject = 'a@b.example'"),
    ("consents_none_is_revoked", "basis = 'none'"),
    (
        "consents_none_is_revoked",
        "basis = 'none', revoked_at = granted_at + interval '1 second', revoked_how = 'x'",
    ),
    ("consents_purpose_known", "purpose = 'whim'"),
    ("consents_reference_length", "reference = ''"),
    ("consents_reference_length", "reference = repeat('x', 501)"),
    ("consents_revoked_somehow", "revoked_at = granted_at"),
    ("consents_revoked_somehow", "revoked_how = 'STOP'"),
    ("consents_revoked_somehow", "revoked_at = granted_at, revoked_how = ''"),
    ("consents_revoked_somehow", "revoked_at = granted_at, revoked_how = repeat('x', 501)"),
    (
        "consents_revoked_somehow",
        "revoked_at = granted_at - interval '1 microsecond', revoked_how = 'STOP'",
    ),
    ("consents_source_length", "source = ''"),
    ("consents_source_length", "source = repeat('x', 101)"),
    ("consents_subject_form", "subject = '+1 206'"),
    ("consents_text_version_length", "text_version = ''"),
    ("consents_text_version_length", "text_version = repeat('x', 201)"),
    ("consents_written_has_a_text", "text_version = null"),
    ("dnc_list_retracted_is_removed", "retracted = true"),
    ("external_list_numbers_answer_known", "answer = 'perhaps'"),
    ("external_list_numbers_date_if_asked", "answer = 'no'"),
    ("external_list_numbers_date_if_asked", "consent_date = '2026-01-01'"),
    ("external_list_numbers_date_range", "answer = 'no', consent_date = '1969-12-31'"),
    ("external_list_numbers_date_range", "answer = 'no', consent_date = 'infinity'"),
    ("external_list_numbers_phone_number_form", "phone_number = '206 555 0010'"),
    ("external_lists_jurisdiction_form", "jurisdiction = 'Florida'"),
    ("external_lists_kind_known", "kind = 'whim'"),
    ("external_lists_loaded_after", "loaded_at = as_of - interval '1 microsecond'"),
    ("external_lists_loaded_by_length", "loaded_by = ''"),
    ("external_lists_loaded_by_length", "loaded_by = repeat('x', 201)"),
    ("external_lists_source_length", "source = ''"),
    ("external_lists_source_length", "source = repeat('x', 201)"),
    ("external_lists_state_is_a_state", "kind = 'state'"),
    (
        "opt_out_reviews_decided_because_length",
        "state = 'dismissed', decided_at = heard_at, decided_by = 'x', decided_because = ''",
    ),
    (
        "opt_out_reviews_decided_because_length",
        "state = 'dismissed', decided_at = heard_at, decided_by = 'x', decided_because = repeat('x', 501)",
    ),
    (
        "opt_out_reviews_decided_by_length",
        "state = 'dismissed', decided_at = heard_at, decided_by = '', decided_because = 'x'",
    ),
    (
        "opt_out_reviews_decided_by_length",
        "state = 'dismissed', decided_at = heard_at, decided_by = repeat('x', 201), decided_because = 'x'",
    ),
    ("opt_out_reviews_decided_by_somebody", "state = 'dismissed'"),
    (
        "opt_out_reviews_decided_by_somebody",
        "decided_at = heard_at, decided_by = 'x', decided_because = 'x'",
    ),
    (
        "opt_out_reviews_decided_by_somebody",
        "state = 'dismissed', decided_at = heard_at, decided_because = 'x'",
    ),
    (
        "opt_out_reviews_decided_by_somebody",
        "state = 'dismissed', decided_at = heard_at, decided_by = 'x'",
    ),
    (
        "opt_out_reviews_decided_by_somebody",
        "state = 'dismissed', decided_at = heard_at - interval '1 microsecond', decided_by = 'x', decided_because = 'x'",
    ),
    ("opt_out_reviews_entry_if_listed", "grade = 'certain'"),
    (
        "opt_out_reviews_entry_if_listed",
        "state = 'confirmed', decided_at = heard_at, decided_by = 'x', decided_because = 'x'",
    ),
    ("opt_out_reviews_excerpt_length", "excerpt = ''"),
    ("opt_out_reviews_excerpt_length", "excerpt = repeat('x', 1001)"),
    ("opt_out_reviews_grade_known", "grade = 'whim', dnc_id = gen_random_uuid()"),
    ("opt_out_reviews_heard_by_length", "heard_by = ''"),
    ("opt_out_reviews_heard_by_length", "heard_by = repeat('x', 201)"),
    ("opt_out_reviews_phone_number_form", "phone_number = '206 555 0010'"),
    ("opt_out_reviews_phrase_length", "phrase = ''"),
    ("opt_out_reviews_phrase_length", "phrase = repeat('x', 201)"),
    ("opt_out_reviews_reference_length", "reference = ''"),
    ("opt_out_reviews_reference_length", "reference = repeat('x', 201)"),
    ("opt_out_reviews_source_length", "source = ''"),
    ("opt_out_reviews_source_length", "source = repeat('x', 101)"),
    (
        "opt_out_reviews_state_known",
        "state = 'whim', decided_at = heard_at, decided_by = 'x', decided_because = 'x'",
    ),
    (
        "suppression_keys_pads_form",
        "insert into suppression_keys select tenant_id, gen_random_uuid(), '00', outer_pad, made_at from suppression_keys",
    ),
    (
        "suppression_keys_pads_form",
        "insert into suppression_keys select tenant_id, gen_random_uuid(), inner_pad, repeat('G', 128), made_at from suppression_keys",
    ),
    ("suppressions_digest_form", "digest = '+12065550010'"),
    ("suppressions_lifting_has_a_reason", "lifted_at = suppressed_at"),
    ("suppressions_lifting_has_a_reason", "lifted_because = 'they asked'"),
    ("suppressions_lifting_has_a_reason", "lifted_at = suppressed_at, lifted_because = ''"),
    (
        "suppressions_lifting_has_a_reason",
        "lifted_at = suppressed_at, lifted_because = repeat('x', 501)",
    ),
    (
        "suppressions_lifting_has_a_reason",
        "lifted_at = suppressed_at - interval '1 microsecond', lifted_because = 'x'",
    ),
    ("suppressions_reason_length", "reason = ''"),
    ("suppressions_reason_length", "reason = repeat('x', 101)"),
    ("suppressions_suppressed_by_length", "suppressed_by = ''"),
    ("suppressions_suppressed_by_length", "suppressed_by = repeat('x', 201)"),
];

pub const UNIQUE: &[Broken] = &[
    (
        "consents_of_subject",
        "insert into consents (tenant_id, id, subject, purpose, channel, basis, text_version, \
         source, captured_by, granted_at, recorded_at) select tenant_id, gen_random_uuid(), \
         subject, purpose, channel, basis, text_version, source, captured_by, granted_at, \
         recorded_at from consents",
    ),
    (
        "dnc_list_live",
        "insert into dnc_list (tenant_id, id, phone_number, raw_number, kind, reason, \
         added_at) select tenant_id, gen_random_uuid(), phone_number, raw_number, kind, \
         reason, added_at from dnc_list",
    ),
    (
        "external_list_numbers_once",
        "insert into external_list_numbers (tenant_id, id, list_id, phone_number, answer) \
         select tenant_id, gen_random_uuid(), list_id, phone_number, answer \
         from external_list_numbers",
    ),
    (
        "external_lists_live",
        "insert into external_lists (tenant_id, id, kind, jurisdiction, source, as_of, \
         loaded_at, loaded_by) select tenant_id, gen_random_uuid(), kind, jurisdiction, source, \
         as_of - interval '1 day', loaded_at, loaded_by from external_lists",
    ),
    (
        "external_lists_version",
        "insert into external_lists (tenant_id, id, kind, jurisdiction, source, as_of, \
         loaded_at, loaded_by, superseded_at) select tenant_id, gen_random_uuid(), kind, \
         jurisdiction, source, as_of, loaded_at, loaded_by, loaded_at from external_lists",
    ),
    (
        "opt_out_reviews_pending",
        "insert into opt_out_reviews (tenant_id, id, phone_number, phrase, excerpt, grade, \
         source, heard_by, heard_at, state) select tenant_id, gen_random_uuid(), phone_number, \
         phrase, excerpt, grade, source, heard_by, heard_at, state from opt_out_reviews",
    ),
    (
        "suppression_keys_one",
        "insert into suppression_keys select tenant_id, gen_random_uuid(), inner_pad, \
         outer_pad, made_at from suppression_keys",
    ),
    (
        "suppressions_live",
        "insert into suppressions (tenant_id, id, digest, reason, suppressed_by, suppressed_at) \
         select tenant_id, gen_random_uuid(), digest, reason, suppressed_by, suppressed_at \
         from suppressions",
    ),
];
