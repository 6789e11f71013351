//! What breaks the rules of sales's tables.

use super::Broken;

pub const CHECKS: &[Broken] = &[
    ("contact_enrichment_proposals_confidence_range", "confidence = -0.0001"),
    ("contact_enrichment_proposals_confidence_range", "confidence = 1.0001"),
    ("contact_enrichment_proposals_confidence_range", "confidence = 'NaN'"),
    ("contact_enrichment_proposals_field_known", "field = 'shoe_size'"),
    ("contact_enrichment_proposals_resolved_by_whom", "resolved_at = now()"),
    ("contact_enrichment_proposals_resolved_by_whom", "resolved_by = gen_random_uuid()"),
    ("contact_enrichment_proposals_resolved_by_whom", "state = 'accepted'"),
    ("contact_enrichment_proposals_resolved_by_whom", "state = 'rejected', resolved_at = now()"),
    ("contact_enrichment_proposals_source_known", "source = 'rumour'"),
    ("contact_enrichment_proposals_state_known", "state = 'perhaps'"),
    ("contact_enrichment_proposals_value_length", "value = ''"),
    ("contact_enrichment_proposals_value_length", "value = repeat('x', 501)"),
    ("contact_enrichment_queue_attempts_range", "attempts = -1"),
    ("contact_enrichment_queue_attempts_range", "attempts = most_attempts + 1"),
    ("contact_enrichment_queue_claim_whole", "lease_until = now()"),
    ("contact_enrichment_queue_claim_whole", "claim = gen_random_uuid()"),
    ("contact_enrichment_queue_conflicts_form", "merge_conflicts = '{}'"),
    ("contact_enrichment_queue_email_form", "email_address = 'Ada@acme.example'"),
    ("contact_enrichment_queue_email_form", "email_address = repeat('x', 255)"),
    ("contact_enrichment_queue_ended_when", "processed_at = now() where status = 'pending'"),
    ("contact_enrichment_queue_ended_when", "processed_at = null where status = 'completed'"),
    ("contact_enrichment_queue_error_length", "error_message = ''"),
    ("contact_enrichment_queue_error_length", "error_message = repeat('x', 1001)"),
    ("contact_enrichment_queue_extracted_form", "extracted_data = '[]'"),
    (
        "contact_enrichment_queue_failed_why",
        "status = 'failed', processed_at = now() where status = 'pending'",
    ),
    (
        "contact_enrichment_queue_held_while_processing",
        "handed_over_at = now() where status = 'pending'",
    ),
    (
        "contact_enrichment_queue_held_while_processing",
        "status = 'processing' where status = 'pending'",
    ),
    (
        "contact_enrichment_queue_merged_to_its_contact",
        "merged_to_contact_id = contact_id where status = 'pending'",
    ),
    (
        "contact_enrichment_queue_merged_to_its_contact",
        "merged_to_contact_id = gen_random_uuid() where status = 'completed'",
    ),
    ("contact_enrichment_queue_skip_known", "skip_reason = 'boredom'"),
    ("contact_enrichment_queue_skipped_why", "skip_reason = 'suppressed'"),
    (
        "contact_enrichment_queue_skipped_why",
        "status = 'skipped', processed_at = now() where status = 'pending'",
    ),
    ("contact_enrichment_queue_source_id_length", "source_id = ''"),
    ("contact_enrichment_queue_source_id_length", "source_id = repeat('x', 201)"),
    ("contact_enrichment_queue_source_known", "source = 'rumour' where status = 'pending'"),
    ("contact_enrichment_queue_status_known", "status = 'waiting' where status = 'pending'"),
    ("contact_enrichment_queue_subject", "contact_id = null where status = 'pending'"),
    (
        "contact_enrichment_queue_text_length",
        "source = 'email_signature', source_text = repeat('x', 10001) where status = 'pending'",
    ),
    ("contact_enrichment_queue_text_until_read", "source_text = 'x'"),
    (
        "contact_enrichment_queue_text_until_read",
        "source = 'email_signature' where status = 'pending'",
    ),
    ("contact_fields_confidence_range", "confidence = -0.0001"),
    ("contact_fields_confidence_range", "confidence = 1.0001"),
    ("contact_fields_confidence_range", "confidence = 'NaN'"),
    ("contact_fields_field_known", "field = 'shoe_size'"),
    ("contact_fields_none_if_verified", "value = null"),
    ("contact_fields_source_known", "source = 'rumour'"),
    ("contact_fields_value_length", "value = ''"),
    ("contact_fields_value_length", "value = repeat('x', 501)"),
    ("contact_fields_verified_by_whom", "verified_at = now()"),
    ("contact_fields_verified_by_whom", "verified_by = gen_random_uuid()"),
    ("contacts_linkedin_url_length", "linkedin_url = ''"),
    ("contacts_linkedin_url_length", "linkedin_url = repeat('x', 501)"),
    ("contacts_website_length", "website = ''"),
    ("contacts_website_length", "website = repeat('x', 501)"),
    ("opportunity_signals_action_result_length", "action_result = ''"),
    ("opportunity_signals_action_result_length", "action_result = repeat('x', 2001)"),
    ("opportunity_signals_action_taken_length", "action_taken = ''"),
    ("opportunity_signals_action_taken_length", "action_taken = repeat('x', 201)"),
    ("opportunity_signals_actioned_whole", "actioned = true"),
    ("opportunity_signals_actioned_whole", "actioned_at = now()"),
    ("opportunity_signals_actioned_whole", "actioned_by = gen_random_uuid()"),
    ("opportunity_signals_actioned_whole", "action_result = 'x'"),
    ("opportunity_signals_actioned_whole", "actioned = true, actioned_at = now()"),
    ("opportunity_signals_context_form", "context = '[]'"),
    ("opportunity_signals_source_id_length", "source_id = ''"),
    ("opportunity_signals_source_id_length", "source_id = repeat('x', 201)"),
    ("opportunity_signals_source_known", "source_type = 'rumour'"),
    ("opportunity_signals_strength_range", "signal_strength = -0.01"),
    ("opportunity_signals_strength_range", "signal_strength = 1.01"),
    ("opportunity_signals_text_length", "extracted_text = ''"),
    ("opportunity_signals_text_length", "extracted_text = repeat('x', 2001)"),
    ("opportunity_signals_type_known", "signal_type = 'joy'"),
    ("contacts_email_form", "email = 'Ada@acme.example'"),
    ("contacts_email_form", "email = repeat('x', 255)"),
    ("contacts_first_name_length", "first_name = ''"),
    ("contacts_first_name_length", "first_name = repeat('x', 101)"),
    ("contacts_last_name_length", "last_name = ''"),
    ("contacts_last_name_length", "last_name = repeat('x', 101)"),
    ("contacts_mobile_form", "mobile = '212 555 1001'"),
    ("contacts_phone_form", "phone = '+0125551001'"),
    ("deal_activities_attempt_of_follow_up", "attempt_no = 1, stage_entered_at = now()"),
    ("deal_activities_attempt_of_follow_up", "stage_entered_at = now()"),
    ("deal_activities_attempt_of_follow_up", "activity_type = 'follow_up'"),
    ("deal_activities_attempt_of_follow_up", "activity_type = 'follow_up', attempt_no = 1"),
    (
        "deal_activities_attempt_of_follow_up",
        "activity_type = 'follow_up', attempt_no = 0, stage_entered_at = now()",
    ),
    ("deal_activities_type_known", "activity_type = 'rumour'"),
    ("deal_stage_config_follow_ups_range", "max_follow_ups = -1"),
    ("deal_stage_config_follow_ups_range", "max_follow_ups = 101"),
    ("deal_stage_config_interval_range", "follow_up_interval_days = 0"),
    ("deal_stage_config_interval_range", "follow_up_interval_days = 366"),
    ("deal_stage_config_stage_known", "stage = 'closed_won'"),
    ("deal_stage_config_stale_range", "max_days_before_stale = -1"),
    ("deal_stage_config_stale_range", "max_days_before_stale = 3651"),
    ("deal_stage_history_days_range", "from_stage = 'won', days_in_previous_stage = -1"),
    ("deal_stage_history_days_when_moved", "days_in_previous_stage = 0"),
    ("deal_stage_history_days_when_moved", "from_stage = 'won'"),
    ("deal_stage_history_from_known", "from_stage = 'limbo', days_in_previous_stage = 0"),
    ("deal_stage_history_moves", "from_stage = to_stage, days_in_previous_stage = 0"),
    ("deal_stage_history_to_known", "to_stage = 'limbo'"),
    ("deals_closed_with_a_date", "stage = 'won', stage_entered_at = now()"),
    ("deals_closed_with_a_date", "actual_close_date = '2026-03-02'"),
    ("deals_currency_form", "currency = 'usd'"),
    ("deals_follow_up_claim_whole", "follow_up_claim = null"),
    ("deals_follow_up_claim_whole", "follow_up_lease_until = null"),
    ("deals_follow_up_count_range", "follow_up_count = -1"),
    ("deals_follow_up_count_range", "follow_up_count = 1001"),
    ("deals_probability_range", "probability = -0.0001"),
    ("deals_probability_range", "probability = 1.0001"),
    ("deals_stage_known", "stage = 'closed_won'"),
    ("deals_stall_after_days_range", "stall_after_days = -1"),
    ("deals_stall_after_days_range", "stall_after_days = 3651"),
    ("deals_title_length", "title = ''"),
    ("deals_title_length", "title = repeat('x', 501)"),
    ("deals_value_range", "value = -0.01"),
    ("deals_value_range", "value = 'NaN'"),
    ("quote_activities_attempt_of_follow_up", "attempt_no = 1"),
    ("quote_activities_attempt_of_follow_up", "activity_type = 'follow_up'"),
    ("quote_activities_attempt_of_follow_up", "activity_type = 'follow_up', attempt_no = 0"),
    ("quote_activities_session_of_view", "session = 's'"),
    ("quote_activities_session_of_view", "activity_type = 'viewed'"),
    ("quote_activities_session_of_view", "activity_type = 'viewed', session = ''"),
    ("quote_activities_session_of_view", "activity_type = 'viewed', session = repeat('x', 201)"),
    ("quote_activities_type_known", "activity_type = 'rumour'"),
    ("quote_counters_range", "last_number = 0"),
    ("quote_counters_range", "year = 1969"),
    ("quote_counters_range", "year = 10000"),
    ("quote_outcomes_competitor_amount_range", "competitor_amount = -0.01"),
    ("quote_outcomes_competitor_amount_range", "competitor_amount = 'NaN'"),
    ("quote_outcomes_our_amount_range", "our_amount = -0.01"),
    ("quote_outcomes_our_amount_range", "our_amount = 'NaN'"),
    ("quote_outcomes_outcome_known", "outcome = 'drawn'"),
    ("quotes_active_has_a_next", "status = 'sent', next_follow_up_at = now()"),
    (
        "quotes_active_has_a_next",
        "status = 'sent', follow_up_stop = null, follow_up_stopped_at = null",
    ),
    ("quotes_counts_range", "view_count = -1"),
    ("quotes_counts_range", "follow_up_count = -1"),
    ("quotes_currency_form", "currency = 'EURO'"),
    ("quotes_description_length", "description = ''"),
    ("quotes_description_length", "description = repeat('x', 5001)"),
    ("quotes_follow_up_claim_whole", "follow_up_claim = gen_random_uuid()"),
    ("quotes_follow_up_claim_whole", "follow_up_lease_until = now()"),
    ("quotes_follow_up_stop_known", "follow_up_stop = 'boredom'"),
    ("quotes_intel_form", "intel = '[]'"),
    ("quotes_line_items_form", "line_items = '{}'"),
    ("quotes_max_follow_ups_range", "max_follow_ups = -1"),
    ("quotes_max_follow_ups_range", "max_follow_ups = 101"),
    ("quotes_number_form", "quote_number = 'Q-2026-001'"),
    ("quotes_outcome_known", "outcome = 'drawn'"),
    ("quotes_sent_when", "status = 'viewed', sent_at = null"),
    ("quotes_status_known", "status = 'lost'"),
    ("quotes_stop_with_a_reason", "follow_up_stop = null"),
    ("quotes_stop_with_a_reason", "follow_up_stopped_at = null"),
    ("quotes_title_length", "title = ''"),
    ("quotes_title_length", "title = repeat('x', 501)"),
    ("quotes_total_amount_range", "total_amount = -0.01"),
    ("quotes_total_amount_range", "total_amount = 999999999.01"),
    ("quotes_total_amount_range", "total_amount = 'NaN'"),
    ("quotes_version_range", "version = 0"),
    ("tasks_completed_at", "status = 'completed', completed_at = null"),
    ("tasks_completed_at", "status = 'pending', completed_at = now()"),
    ("tasks_priority_known", "priority = 'whenever'"),
    ("tasks_status_known", "status = 'todo'"),
    ("tasks_title_length", "title = ''"),
    ("tasks_title_length", "title = repeat('x', 501)"),
];

pub const UNIQUE: &[Broken] = &[
    (
        "contact_enrichment_proposals_field",
        "insert into contact_enrichment_proposals (tenant_id, id, enrichment_id, contact_id, field, \
         value, source, confidence, observed_at, state) select tenant_id, gen_random_uuid(), \
         enrichment_id, contact_id, field, 'x', source, 1, now(), state from \
         contact_enrichment_proposals",
    ),
    (
        "contact_enrichment_queue_live_contact",
        "insert into contact_enrichment_queue (tenant_id, id, contact_id, source, observed_at, \
         next_attempt_at) select tenant_id, gen_random_uuid(), contact_id, source, now(), now() \
         from contact_enrichment_queue where status = 'pending'",
    ),
    (
        "contact_enrichment_queue_live_email",
        "insert into contact_enrichment_queue (tenant_id, id, email_address, source, observed_at, \
         next_attempt_at) select id, gen_random_uuid(), 'kim@acme.example', 'apollo', now(), now() \
         from tenants, generate_series(1, 2)",
    ),
    (
        "contact_fields_field",
        "insert into contact_fields (tenant_id, id, contact_id, field, value, source, confidence, \
         observed_at) select tenant_id, gen_random_uuid(), contact_id, field, 'x', source, 1, now() \
         from contact_fields",
    ),
    (
        "opportunity_signals_once",
        "insert into opportunity_signals (tenant_id, id, source_type, source_id, signal_type) \
         select tenant_id, gen_random_uuid(), source_type, source_id, signal_type from \
         opportunity_signals",
    ),
    (
        "deal_activities_follow_up_once",
        "insert into deal_activities (tenant_id, id, deal_id, activity_type, occurred_at, \
         attempt_no, stage_entered_at) select tenant_id, gen_random_uuid(), id, 'follow_up', \
         now() + n * interval '1 day', 1, stage_entered_at from deals, generate_series(1, 2) \
         n",
    ),
    (
        "deal_activities_stalled_once",
        "insert into deal_activities (tenant_id, id, deal_id, activity_type, occurred_at) \
         select tenant_id, gen_random_uuid(), id, 'stalled', now() from deals, \
         generate_series(1, 2)",
    ),
    (
        "deal_stage_config_stage",
        "insert into deal_stage_config (tenant_id, id, stage) select tenant_id, \
         gen_random_uuid(), stage from deal_stage_config",
    ),
    (
        "quote_activities_follow_up_once",
        "insert into quote_activities (tenant_id, id, quote_id, activity_type, attempt_no) \
         select tenant_id, gen_random_uuid(), id, 'follow_up', 1 from quotes, \
         generate_series(1, 2)",
    ),
    (
        "quote_activities_view_once",
        "insert into quote_activities (tenant_id, id, quote_id, activity_type, session) \
         select tenant_id, gen_random_uuid(), id, 'viewed', 's' from quotes, \
         generate_series(1, 2)",
    ),
    (
        "quote_outcomes_once",
        "insert into quote_outcomes (tenant_id, id, quote_id, outcome, recorded_at) select \
         tenant_id, gen_random_uuid(), quote_id, 'lost', now() from quote_outcomes",
    ),
    (
        "quotes_number",
        "insert into quotes (tenant_id, id, client_id, quote_number, version, title, \
         total_amount) select tenant_id, gen_random_uuid(), client_id, quote_number, version, \
         'again', 1 from quotes",
    ),
    (
        "quotes_superseded_once",
        "insert into quotes (tenant_id, id, client_id, supersedes_id, quote_number, version, \
         title, total_amount) select tenant_id, gen_random_uuid(), client_id, id, \
         quote_number, version + n, 'again', 1 from quotes, generate_series(1, 2) n",
    ),
];
