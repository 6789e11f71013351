//! What breaks the rules of the engine's tables.

use super::Broken;

pub const CHECKS: &[Broken] = &[
    ("engine_runs_counts", "handled = -1"),
    ("engine_runs_counts", "failed = -1"),
    ("engine_runs_counts", "part = -1"),
    ("engine_runs_step_known", "step = 'nap'"),
    ("outbox_attempts_range", "attempts = -1"),
    ("outbox_attempts_range", "attempts = 1001"),
    ("outbox_claim_whole", "claim = gen_random_uuid(), lease_until = null"),
    ("outbox_claim_whole", "claim = null, lease_until = now()"),
    ("outbox_ended", "state = 'pending', ended_at = now()"),
    ("outbox_ended", "state = 'dead', ended_at = null"),
    ("outbox_key_length", "key = ''"),
    ("outbox_key_length", "key = repeat('x', 201)"),
    ("outbox_state_known", "state = 'lost', ended_at = now()"),
    ("outbox_topic_known", "topic = 'spam'"),
    ("outbox_why_length", "why = ''"),
    ("outbox_why_length", "why = repeat('x', 501)"),
];

pub const UNIQUE: &[Broken] = &[
    (
        "engine_runs_slot",
        "insert into engine_runs (tenant_id, id, step, slot, began_at) \
         select tenant_id, gen_random_uuid(), step, slot, began_at from engine_runs",
    ),
    (
        "outbox_key",
        "insert into outbox (tenant_id, id, topic, subject_id, key, payload, why, enqueued_at) \
         select tenant_id, gen_random_uuid(), topic, subject_id, key, payload, why, enqueued_at \
         from outbox",
    ),
];
