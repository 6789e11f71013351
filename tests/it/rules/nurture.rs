//! What breaks the rules of nurture sequences.

use super::Broken;

pub const CHECKS: &[Broken] = &[
    ("lead_sequence_enrollment_steps_channel_known", "channel = 'fax'"),
    ("lead_sequence_enrollment_steps_skip_known", "status = 'skipped', skip_reason = 'whim'"),
    ("lead_sequence_enrollment_steps_skipped_why", "status = 'skipped'"),
    ("lead_sequence_enrollment_steps_skipped_why", "skip_reason = 'conditions'"),
    (
        "lead_sequence_enrollment_steps_status_after",
        "status_at = executed_at - interval '1 microsecond'",
    ),
    ("lead_sequence_enrollment_steps_status_known", "status = 'read'"),
    ("lead_sequence_enrollment_steps_step_range", "step = 0"),
    ("lead_sequence_enrollment_steps_template_length", "template_id = ''"),
    ("lead_sequence_enrollment_steps_template_length", "template_id = repeat('x', 101)"),
    ("lead_sequence_enrollments_channel_known", "next_channel = 'fax'"),
    ("lead_sequence_enrollments_claim_whole", "claim = gen_random_uuid()"),
    ("lead_sequence_enrollments_claim_whole", "lease_until = now()"),
    ("lead_sequence_enrollments_current_step_range", "current_step = 0"),
    ("lead_sequence_enrollments_ended_when", "completed_at = now()"),
    (
        "lead_sequence_enrollments_ended_when",
        "status = 'completed', next_step_scheduled_at = null, next_channel = null",
    ),
    ("lead_sequence_enrollments_executed_form", "executed_steps = '{}'"),
    ("lead_sequence_enrollments_live_has_a_next", "next_step_scheduled_at = null"),
    ("lead_sequence_enrollments_live_has_a_next", "next_channel = null"),
    (
        "lead_sequence_enrollments_live_has_a_next",
        "next_step_scheduled_at = null, next_channel = null",
    ),
    ("lead_sequence_enrollments_live_has_a_next", "status = 'completed', completed_at = now()"),
    (
        "lead_sequence_enrollments_pause_length",
        "status = 'paused', paused_at = now(), pause_reason = ''",
    ),
    (
        "lead_sequence_enrollments_pause_length",
        "status = 'paused', paused_at = now(), pause_reason = repeat('x', 501)",
    ),
    ("lead_sequence_enrollments_paused_whole", "status = 'paused'"),
    ("lead_sequence_enrollments_paused_whole", "status = 'paused', paused_at = now()"),
    ("lead_sequence_enrollments_paused_whole", "paused_at = now(), pause_reason = 'x'"),
    ("lead_sequence_enrollments_paused_whole", "pause_reason = 'x'"),
    (
        "lead_sequence_enrollments_status_known",
        "status = 'asleep', completed_at = now(), next_step_scheduled_at = null, next_channel = null",
    ),
    ("lead_sequence_enrollments_stop_has_a_cause", "stop = 'requested'"),
    ("lead_sequence_enrollments_stop_has_a_cause", "stop_reason = 'x'"),
    (
        "lead_sequence_enrollments_stop_has_a_cause",
        "status = 'cancelled', completed_at = now(), next_step_scheduled_at = null, next_channel = null",
    ),
    (
        "lead_sequence_enrollments_stop_has_a_cause",
        "status = 'failed', completed_at = now(), next_step_scheduled_at = null, next_channel = null",
    ),
    (
        "lead_sequence_enrollments_stop_known",
        "status = 'cancelled', completed_at = now(), next_step_scheduled_at = null, next_channel = null, stop = 'whim'",
    ),
    (
        "lead_sequence_enrollments_stop_length",
        "status = 'cancelled', completed_at = now(), next_step_scheduled_at = null, next_channel = null, stop = 'requested', stop_reason = ''",
    ),
    (
        "lead_sequence_enrollments_stop_length",
        "status = 'cancelled', completed_at = now(), next_step_scheduled_at = null, next_channel = null, stop = 'requested', stop_reason = repeat('x', 501)",
    ),
    ("nurture_sequence_versions_steps_form", "steps = '{}'"),
    ("nurture_sequence_versions_steps_form", "steps = '[]'"),
    (
        "nurture_sequence_versions_steps_form",
        "steps = (select jsonb_agg(n) from generate_series(1, 51) n)",
    ),
    ("nurture_sequence_versions_version_range", "version = 0"),
    ("nurture_sequences_cool_down_days_range", "cool_down_days = -1"),
    ("nurture_sequences_cool_down_days_range", "cool_down_days = 3651"),
    ("nurture_sequences_description_length", "description = ''"),
    ("nurture_sequences_description_length", "description = repeat('x', 2001)"),
    ("nurture_sequences_name_length", "name = ''"),
    ("nurture_sequences_name_length", "name = repeat('x', 256)"),
    ("nurture_sequences_on_dnc_known", "on_dnc = 'whim'"),
    ("nurture_sequences_re_entry_known", "re_entry = 'whim'"),
    ("nurture_sequences_steps_form", "steps = '{}'"),
    ("nurture_sequences_steps_form", "steps = '[]'"),
    ("nurture_sequences_steps_form", "steps = (select jsonb_agg(n) from generate_series(1, 51) n)"),
    ("nurture_sequences_trigger_conditions_form", "trigger_conditions = '[]'"),
    ("nurture_sequences_version_range", "version = 0"),
];

pub const UNIQUE: &[Broken] = &[
    (
        "lead_sequence_enrollment_steps_once",
        "insert into lead_sequence_enrollment_steps (tenant_id, id, enrollment, lead_id, step, \
         channel, template_id, executed_at, status, status_at) select tenant_id, \
         gen_random_uuid(), enrollment, lead_id, step, 'call', 'x', now(), 'sent', now() \
         from lead_sequence_enrollment_steps",
    ),
    (
        // Active and paused are one (defect 4-3).
        "lead_sequence_enrollments_live",
        "insert into lead_sequence_enrollments (tenant_id, id, lead_id, sequence_id, version_id, \
         enrolled_at, next_step_scheduled_at, next_channel, status, paused_at, pause_reason) \
         select tenant_id, gen_random_uuid(), lead_id, sequence_id, version_id, now(), now(), \
         'sms', 'paused', now(), 'x' from lead_sequence_enrollments",
    ),
    (
        "nurture_sequence_versions_once",
        "insert into nurture_sequence_versions (tenant_id, id, sequence_id, version, steps, \
         created_at) select tenant_id, gen_random_uuid(), sequence_id, version, steps, now() \
         from nurture_sequence_versions",
    ),
];
