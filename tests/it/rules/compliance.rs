//! What breaks the rules of the tables of compliance.

use super::Broken;

const NOBODY: &str = "status = 'waived', waived_reason = 'x', waived_at = now(), \
                      waived_by = '00000000-0000-0000-0000-000000000001', \
                      assigned_to = '00000000-0000-0000-0000-000000000001'";

pub const CHECKS: &[Broken] = &[
    ("compliance_check_events_actor_length", "actor = ''"),
    ("compliance_check_events_actor_length", "actor = repeat('x', 201)"),
    ("compliance_check_events_evidence_of_kind", "evidence = '{}'"),
    ("compliance_check_events_evidence_of_kind", "kind = 'validated'"),
    ("compliance_check_events_kind_known", "kind = 'rumour'"),
    ("compliance_check_events_notes_length", "notes = ''"),
    ("compliance_check_events_notes_length", "notes = repeat('x', 5001)"),
    ("compliance_check_events_step_of_kind", "n = 1"),
    ("compliance_check_events_step_of_kind", "kind = 'reminder'"),
    ("compliance_check_events_step_of_kind", "kind = 'escalation', n = 0"),
    ("compliance_check_events_step_of_kind", "round = 0"),
    ("compliance_checks_completed_when", "status = 'completed'"),
    ("compliance_checks_completed_when", "completed_at = now()"),
    ("compliance_checks_counts_range", "round = 0"),
    ("compliance_checks_counts_range", "reminder_count = -1"),
    ("compliance_checks_counts_range", "escalation_count = -1"),
    ("compliance_checks_due_near_the_end", "due_on = period_end - 3"),
    ("compliance_checks_due_near_the_end", "due_on = period_end + 3"),
    ("compliance_checks_entity_id_length", "entity_id = ''"),
    ("compliance_checks_entity_id_length", "entity_id = repeat('x', 201)"),
    ("compliance_checks_entity_name_length", "entity_name = ''"),
    ("compliance_checks_entity_name_length", "entity_name = repeat('x', 251)"),
    ("compliance_checks_entity_type_known", "entity_type = 'deal'"),
    ("compliance_checks_entity_whole", "client_id = null"),
    ("compliance_checks_entity_whole", "client_id = 'cs_2_other'"),
    ("compliance_checks_entity_whole", "contact_id = gen_random_uuid()"),
    ("compliance_checks_entity_whole", "entity_type = 'contact'"),
    ("compliance_checks_entity_whole", "entity_type = 'contact', contact_id = gen_random_uuid()"),
    (
        "compliance_checks_entity_whole",
        "entity_type = 'contact', entity_id = id::text, contact_id = id, client_id = null",
    ),
    ("compliance_checks_entity_whole", "entity_type = 'vendor'"),
    (
        "compliance_checks_entity_whole",
        "entity_type = 'vendor', client_id = null, contact_id = gen_random_uuid()",
    ),
    ("compliance_checks_errors_form", "validation_errors = '{}'"),
    ("compliance_checks_escalated_when", "status = 'escalated'"),
    ("compliance_checks_escalated_when", "escalation_count = 1"),
    ("compliance_checks_escalation_claim_whole", "escalation_claim = gen_random_uuid()"),
    ("compliance_checks_escalation_claim_whole", "escalation_lease_until = now()"),
    ("compliance_checks_missing_form", "missing_fields = '{}'"),
    ("compliance_checks_notes_length", "notes = ''"),
    ("compliance_checks_notes_length", "notes = repeat('x', 5001)"),
    ("compliance_checks_period_order", "period_start = period_end"),
    ("compliance_checks_reminded_when", "reminder_count = 1"),
    ("compliance_checks_reminder_claim_whole", "reminder_claim = gen_random_uuid()"),
    ("compliance_checks_reminder_claim_whole", "reminder_lease_until = now()"),
    ("compliance_checks_required_form", "required_fields = '{}'"),
    ("compliance_checks_status_known", "status = 'done'"),
    ("compliance_checks_type_length", "compliance_type = ''"),
    ("compliance_checks_type_length", "compliance_type = repeat('x', 101)"),
    ("compliance_checks_version_range", "rule_version = 0"),
    ("compliance_checks_waived_by_another", NOBODY),
    (
        "compliance_checks_waived_reason_length",
        "status = 'waived', waived_reason = '', waived_at = now(), waived_by = gen_random_uuid()",
    ),
    (
        "compliance_checks_waived_reason_length",
        "status = 'waived', waived_reason = repeat('x', 1001), waived_at = now(), \
         waived_by = gen_random_uuid()",
    ),
    ("compliance_checks_waived_with_a_reason", "status = 'waived'"),
    ("compliance_checks_waived_with_a_reason", "waived_reason = 'x'"),
    ("compliance_checks_waived_with_a_reason", "waived_at = now()"),
    ("compliance_checks_waived_with_a_reason", "waived_by = gen_random_uuid()"),
    ("compliance_checks_waived_with_a_reason", "waiver_until = '2026-12-31'"),
    ("compliance_checks_waived_with_a_reason", "waived_under = gen_random_uuid()"),
    ("compliance_schedule_adjust_known", "adjust = 'sideways'"),
    ("compliance_schedule_anchor_range", "anchor_date = '1899-12-31'"),
    ("compliance_schedule_anchor_range", "anchor_date = '10000-01-01'"),
    ("compliance_schedule_archived_rests", "archived_at = now()"),
    ("compliance_schedule_cadence_known", "cadence = 'presto'"),
    ("compliance_schedule_description_length", "description = ''"),
    ("compliance_schedule_description_length", "description = repeat('x', 5001)"),
    ("compliance_schedule_escalation_range", "escalation_days_after = -1"),
    ("compliance_schedule_escalation_range", "escalation_days_after = 367"),
    ("compliance_schedule_filter_form", "target_filter = '[]'"),
    ("compliance_schedule_frequency_known", "frequency = 'weekly'"),
    ("compliance_schedule_joining_known", "joining = 'never'"),
    ("compliance_schedule_ladder_form", "escalate_to = '{}'"),
    ("compliance_schedule_notification_range", "notification_days_before = -1"),
    ("compliance_schedule_notification_range", "notification_days_before = 367"),
    ("compliance_schedule_period_range", "period_no = -1"),
    ("compliance_schedule_required_form", "required_fields = '{}'"),
    ("compliance_schedule_target_known", "target_entity_type = 'deal'"),
    ("compliance_schedule_type_length", "compliance_type = ''"),
    ("compliance_schedule_type_length", "compliance_type = repeat('x', 101)"),
    ("compliance_schedule_version_range", "rule_version = 0"),
];

pub const UNIQUE: &[Broken] = &[
    (
        "compliance_check_events_step_once",
        "insert into compliance_check_events (tenant_id, id, check_id, kind, n, actor, happened_at) \
         select tenant_id, gen_random_uuid(), id, 'reminder', 1, 'x', now() \
         from compliance_checks, generate_series(1, 2)",
    ),
    (
        "compliance_checks_once",
        "insert into compliance_checks (tenant_id, id, schedule_id, compliance_type, entity_type, \
         entity_id, client_id, period_start, period_end, due_on, due_at) select tenant_id, \
         gen_random_uuid(), schedule_id, compliance_type, entity_type, entity_id, client_id, \
         period_start, period_end, due_on, due_at from compliance_checks",
    ),
];
