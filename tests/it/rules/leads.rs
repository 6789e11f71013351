//! What breaks the rules of leads.

use super::Broken;

pub const CHECKS: &[Broken] = &[
    (
        "lead_audit_log_field_name_length",
        "insert into lead_audit_log select tenant_id, gen_random_uuid(), lead_id, user_id, actor, '', old_value, new_value, version, change_reason, ip_address, user_agent, changed_at from lead_audit_log",
    ),
    (
        "lead_audit_log_field_name_length",
        "insert into lead_audit_log select tenant_id, gen_random_uuid(), lead_id, user_id, actor, repeat('x', 101), old_value, new_value, version, change_reason, ip_address, user_agent, changed_at from lead_audit_log",
    ),
    (
        "lead_audit_log_ip_address_length",
        "insert into lead_audit_log select tenant_id, gen_random_uuid(), lead_id, user_id, actor, 'x', old_value, new_value, version, change_reason, repeat('1', 46), user_agent, changed_at from lead_audit_log",
    ),
    (
        "lead_audit_log_reason_length",
        "insert into lead_audit_log select tenant_id, gen_random_uuid(), lead_id, user_id, actor, 'x', old_value, new_value, version, repeat('x', 256), ip_address, user_agent, changed_at from lead_audit_log",
    ),
    (
        "lead_audit_log_user_agent_length",
        "insert into lead_audit_log select tenant_id, gen_random_uuid(), lead_id, user_id, actor, 'x', old_value, new_value, version, change_reason, ip_address, repeat('x', 501), changed_at from lead_audit_log",
    ),
    (
        "lead_audit_log_version_range",
        "insert into lead_audit_log select tenant_id, gen_random_uuid(), lead_id, user_id, actor, 'x', old_value, new_value, 0, change_reason, ip_address, user_agent, changed_at from lead_audit_log",
    ),
    // Defect 4-19: the form of the month was not checked.
    ("lead_source_costs_period_form", "period = '2024-13'"),
    ("lead_source_costs_period_form", "period = '2024-00'"),
    ("lead_source_costs_period_form", "period = '2024-1'"),
    ("lead_source_costs_period_form", "period = '1969-12'"),
    ("lead_source_costs_period_form", "period = '2024-01-01'"),
    ("lead_source_costs_cost_usd_range", "cost_usd = -0.01"),
    ("lead_source_costs_cost_usd_range", "cost_usd = 'NaN'"),
    ("lead_source_costs_currency_form", "currency = 'usd'"),
    ("lead_source_costs_notes_length", "notes = ''"),
    ("lead_source_costs_notes_length", "notes = repeat('x', 2001)"),
    ("lead_source_costs_source_length", "source = ''"),
    ("lead_source_costs_source_length", "source = repeat('x', 101)"),
    ("lead_source_costs_sub_source_length", "sub_source = ''"),
    ("lead_source_costs_sub_source_length", "sub_source = repeat('x', 101)"),
    (
        "segments_counted_version_range",
        "lead_count = 1, last_calculated_at = now(), counted_version = 0",
    ),
    (
        "segments_counted_version_range",
        "lead_count = 1, last_calculated_at = now(), counted_version = filter_version + 1",
    ),
    (
        "segments_counted_whole",
        "lead_count = null, last_calculated_at = now(), counted_version = 1",
    ),
    (
        "segments_counted_whole",
        "lead_count = 1, last_calculated_at = now(), counted_version = null",
    ),
    ("segments_description_length", "description = ''"),
    ("segments_description_length", "description = repeat('x', 2001)"),
    ("segments_filter_is_an_object", "filter = '[]'"),
    (
        "segments_filter_version_range",
        "filter_version = 0, lead_count = null, last_calculated_at = null, counted_version = null",
    ),
    ("segments_grammar_first", "grammar = 2"),
    (
        "segments_lead_count_range",
        "lead_count = -1, last_calculated_at = now(), counted_version = 1",
    ),
    ("segments_name_length", "name = ''"),
    ("segments_name_length", "name = repeat('x', 256)"),
    ("lead_status_history_from_status_known", "from_status = 'lost', to_status = 'new'"),
    ("lead_status_history_is_a_change", "from_status = 'new', to_status = 'new'"),
    ("lead_status_history_left_after", "left_at = changed_at - interval '1 microsecond'"),
    ("lead_status_history_reason_length", "reason = ''"),
    ("lead_status_history_reason_length", "reason = repeat('x', 501)"),
    ("lead_status_history_to_status_known", "to_status = 'lost'"),
    ("lead_status_history_trigger_type_known", "trigger_type = 'whim'"),
    ("lead_tags_tag_form", "tag = 'Warm'"),
    ("lead_tags_tag_form", "tag = ' warm'"),
    ("lead_tags_tag_form", "tag = ''"),
    ("lead_tags_tag_form", "tag = repeat('x', 51)"),
    ("lead_words_word_length", "word = ''"),
    ("lead_words_word_length", "word = word || repeat('x', 64)"),
    ("leads_address_length", "address = ''"),
    ("leads_address_length", "address = repeat('x', 501)"),
    ("leads_city_length", "city = ''"),
    ("leads_city_length", "city = repeat('x', 101)"),
    ("leads_converted_whole", "converted_at = now()"),
    ("leads_converted_whole", "converted_client_id = 'cs_1_acme'"),
    ("leads_converted_whole", "converted_contact_id = gen_random_uuid()"),
    ("leads_country_form", "country = 'us'"),
    ("leads_country_form", "country = 'USA'"),
    ("leads_email_form", "email = 'Grace@navy.example'"),
    ("leads_email_form", "email = repeat('x', 255)"),
    ("leads_erased_is_deleted", "erased_at = now(), phone_number = null"),
    ("leads_first_name_length", "first_name = ''"),
    ("leads_first_name_length", "first_name = repeat('x', 101)"),
    ("leads_interaction_count_range", "interaction_count = -1"),
    ("leads_last_name_length", "last_name = ''"),
    ("leads_last_name_length", "last_name = repeat('x', 101)"),
    ("leads_lead_score_range", "lead_score = -1"),
    ("leads_lead_score_range", "lead_score = 101"),
    ("leads_merged_is_deleted", "merged_into_id = gen_random_uuid()"),
    ("leads_merged_is_deleted", "merged_into_id = id, deleted_at = now()"),
    ("leads_notes_length", "notes = ''"),
    ("leads_notes_length", "notes = repeat('x', 10001)"),
    ("leads_phone_extension_length", "phone_extension = ''"),
    ("leads_phone_extension_length", "phone_extension = repeat('1', 21)"),
    // Defect 4-7: nothing checked the form.
    ("leads_phone_number_form", "phone_number = '202 555 0108'"),
    ("leads_phone_number_form", "phone_number = '12025550108'"),
    ("leads_phone_number_form", "phone_number = '+0025550108'"),
    ("leads_phone_number_form", "phone_number = '+123456'"),
    ("leads_phone_number_form", "phone_number = '+1234567890123456'"),
    ("leads_phone_number_unless_erased", "phone_number = null"),
    ("leads_phone_number_unless_erased", "erased_at = now(), deleted_at = now()"),
    ("leads_source_length", "source = ''"),
    ("leads_source_length", "source = repeat('x', 101)"),
    ("leads_state_length", "state = ''"),
    ("leads_state_length", "state = repeat('x', 51)"),
    // Defect 4-14: a lead that wants no calls could be called.
    ("leads_status_dnc_blocks", "status = 'dnc'"),
    ("leads_status_known", "status = 'lost'"),
    ("leads_sub_source_length", "sub_source = ''"),
    ("leads_sub_source_length", "sub_source = repeat('x', 101)"),
    ("leads_tags_number", "tags = array_fill('x'::text, array[51])"),
    ("leads_version_range", "version = 0"),
    ("leads_zip_length", "zip = ''"),
    ("leads_zip_length", "zip = repeat('x', 21)"),
];

pub const UNIQUE: &[Broken] = &[
    (
        "leads_phone",
        "insert into leads (tenant_id, id, first_name, last_name, phone_number, tags, status_since) \
         select tenant_id, gen_random_uuid(), 'f', 'l', phone_number, '{}', now() from leads",
    ),
    // Defect 4-19: two campaigns of a source are two costs, and one of none is one.
    (
        "lead_source_costs_one",
        "insert into lead_source_costs (tenant_id, id, source, period, cost_usd) select tenant_id, \
         gen_random_uuid(), 'x', period, 1 from lead_source_costs, generate_series(1, 2)",
    ),
    ("lead_status_history_present", "update lead_status_history set left_at = null"),
];
