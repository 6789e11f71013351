//! What breaks the rules of what happens to leads, of their scores and of their distribution.

use super::Broken;

/// A row of `lead_activities`, whose rows are not changed: kind, direction, outcome, seconds, external
/// id, notes, length of the transcript and signals.
macro_rules! activity {
    ($values:literal) => {
        concat!(
            "insert into lead_activities (tenant_id, id, lead_id, occurred_at, activity_type, \
             direction, outcome, duration_seconds, external_id, notes, transcript_length, signals) \
             select tenant_id, gen_random_uuid(), id, now(), ",
            $values,
            " from leads"
        )
    };
}

pub const CHECKS: &[Broken] = &[
    (
        "lead_activities_activity_type_known",
        activity!("'rumour', 'inbound', null, null, null, null, null, '{}'"),
    ),
    (
        "lead_activities_direction_known",
        activity!("'meeting', 'sideways', null, null, null, null, null, '{}'"),
    ),
    (
        "lead_activities_direction_unless_note",
        activity!("'note', 'inbound', null, null, null, null, null, '{}'"),
    ),
    (
        "lead_activities_direction_unless_note",
        activity!("'meeting', null, null, null, null, null, null, '{}'"),
    ),
    (
        "lead_activities_duration_range",
        activity!("'meeting', 'inbound', null, -1, null, null, null, '{}'"),
    ),
    (
        "lead_activities_duration_range",
        activity!("'meeting', 'inbound', null, 86401, null, null, null, '{}'"),
    ),
    ("lead_activities_duration_range", activity!("'note', null, null, 60, null, null, null, '{}'")),
    (
        "lead_activities_external_id_length",
        activity!("'note', null, null, null, '', null, null, '{}'"),
    ),
    (
        "lead_activities_external_id_length",
        activity!("'note', null, null, null, repeat('x', 201), null, null, '{}'"),
    ),
    ("lead_activities_notes_length", activity!("'note', null, null, null, null, '', null, '{}'")),
    (
        "lead_activities_notes_length",
        activity!("'note', null, null, null, null, repeat('x', 10001), null, '{}'"),
    ),
    (
        "lead_activities_outcome_known",
        activity!("'call', 'inbound', 'bored', null, null, null, null, '{}'"),
    ),
    (
        "lead_activities_outcome_of_call",
        activity!("'call', 'inbound', null, null, null, null, null, '{}'"),
    ),
    (
        "lead_activities_outcome_of_call",
        activity!("'meeting', 'inbound', 'busy', null, null, null, null, '{}'"),
    ),
    (
        "lead_activities_signals_known",
        activity!("'note', null, null, null, null, null, null, '{joy}'"),
    ),
    (
        "lead_activities_transcript_of_call",
        activity!("'call', 'inbound', 'connected', null, null, null, 0, '{}'"),
    ),
    (
        "lead_activities_transcript_of_call",
        activity!("'call', 'inbound', 'connected', null, null, null, 3001, '{}'"),
    ),
    (
        "lead_activities_transcript_of_call",
        activity!("'call', 'inbound', 'voicemail', null, null, null, 60, '{}'"),
    ),
    ("lead_qualifications_business_interest_range", "business_interest = -1"),
    ("lead_qualifications_business_interest_range", "business_interest = 26"),
    ("lead_qualifications_decision_making_range", "decision_making = -1"),
    ("lead_qualifications_decision_making_range", "decision_making = 16"),
    ("lead_qualifications_employment_range", "employment = -1"),
    ("lead_qualifications_employment_range", "employment = 21"),
    ("lead_qualifications_experience_range", "experience = -1"),
    ("lead_qualifications_experience_range", "experience = 16"),
    ("lead_qualifications_income_commitment_range", "income_commitment = -1"),
    ("lead_qualifications_income_commitment_range", "income_commitment = 26"),
    ("lead_score_history_cause_known", "cause = 'whim'"),
    ("lead_score_history_decay_months_range", "decay_months = -1"),
    (
        "lead_score_history_factors_sum",
        "factors = jsonb_set(factors, '{intent}', to_jsonb((factors ->> 'intent')::int + 1))",
    ),
    (
        "lead_score_history_factors_sum",
        "factors = jsonb_set(factors, '{total}', to_jsonb(score + 1))",
    ),
    ("lead_score_history_previous_score_range", "previous_score = -1"),
    ("lead_score_history_previous_score_range", "previous_score = 101"),
    ("lead_score_history_reason_length", "reason = ''"),
    ("lead_score_history_reason_length", "reason = repeat('x', 501)"),
    ("lead_score_history_score_class_known", "score_class = 'tepid'"),
    ("lead_score_history_score_range", "score = -1, factors = null"),
    ("lead_score_history_score_range", "score = 101, factors = null"),
    ("lead_score_overrides_ended_after", "ended_at = set_at - interval '1 microsecond'"),
    ("lead_score_overrides_expires_after", "expires_at = set_at"),
    ("lead_score_overrides_reason_length", "reason = ''"),
    ("lead_score_overrides_reason_length", "reason = repeat('x', 501)"),
    ("lead_score_overrides_score_range", "score = -1"),
    ("lead_score_overrides_score_range", "score = 101"),
    ("leads_score_decay_range", "score_decay = -1"),
    ("distribution_pools_name_length", "name = ''"),
    ("distribution_pools_name_length", "name = repeat('x', 101)"),
    ("distribution_pools_strategy_decides", "strategy = 'manual'"),
    ("distribution_pools_strategy_known", "strategy = 'whim'"),
    ("distribution_members_assigned_count_range", "assigned_count = -1"),
    ("distribution_members_max_active_range", "max_active = -1"),
    ("distribution_members_max_active_range", "max_active = 100001"),
    ("distribution_members_skills_number", "skills = array_fill('x'::text, array[51])"),
    ("distribution_members_states_number", "states = array_fill('x'::text, array[101])"),
    ("distribution_members_weight_range", "weight = 0"),
    ("distribution_members_weight_range", "weight = 101"),
    ("lead_assignments_is_a_change", "from_user_id = to_user_id"),
    ("lead_assignments_reason_length", "reason = ''"),
    ("lead_assignments_reason_length", "reason = repeat('x', 501)"),
    ("lead_assignments_strategy_known", "strategy = 'whim'"),
    ("lead_assignment_queue_reason_length", "reason = ''"),
    ("lead_assignment_queue_reason_length", "reason = repeat('x', 501)"),
    ("lead_assignment_queue_strategy_decides", "strategy = 'manual'"),
    ("lead_assignment_queue_strategy_known", "strategy = 'whim'"),
    ("lead_assignment_queue_tried_after", "tried_at = waiting_since - interval '1 microsecond'"),
];

pub const UNIQUE: &[Broken] = &[
    (
        "lead_activities_once",
        "insert into lead_activities (tenant_id, id, lead_id, occurred_at, activity_type, signals, \
         external_id) select tenant_id, gen_random_uuid(), lead_id, now(), 'note', '{}', external_id \
         from lead_activities where external_id is not null",
    ),
    (
        "lead_score_overrides_present",
        "insert into lead_score_overrides (tenant_id, id, lead_id, score, owner_id, reason, set_at, \
         expires_at) select tenant_id, gen_random_uuid(), lead_id, 1, owner_id, 'x', now(), \
         now() + interval '1 day' from lead_score_overrides",
    ),
    (
        "distribution_pools_name",
        "insert into distribution_pools (tenant_id, id, name, strategy) \
         select tenant_id, gen_random_uuid(), name, strategy from distribution_pools",
    ),
    (
        "distribution_members_once",
        "insert into distribution_members (tenant_id, id, pool_id, user_id, states, skills) \
         select tenant_id, gen_random_uuid(), pool_id, user_id, '{}', '{}' from distribution_members",
    ),
];
