//! What breaks the rules of the tables of the configuration.

use super::Broken;

pub const CHECKS: &[Broken] = &[
    ("system_config_config_key_known", "config_key = 'moon_phase'"),
    ("system_config_config_value_form", "config_value = '[]'"),
    ("system_config_config_value_form", "config_value = 'null'"),
    // Sealed, so that these come as new rows.
    (
        "system_config_history_config_key_known",
        "insert into system_config_history select tenant_id, gen_random_uuid(), 'moon_phase', \
         old_value, new_value, actor, reason, changed_at from system_config_history",
    ),
    (
        "system_config_history_reason_length",
        "insert into system_config_history select tenant_id, gen_random_uuid(), config_key, \
         old_value, new_value, actor, '', changed_at from system_config_history",
    ),
    (
        "system_config_history_reason_length",
        "insert into system_config_history select tenant_id, gen_random_uuid(), config_key, \
         old_value, new_value, actor, repeat('x', 501), changed_at from system_config_history",
    ),
];

pub const UNIQUE: &[Broken] = &[(
    "system_config_key",
    "insert into system_config (tenant_id, id, config_key, config_value) \
     select tenant_id, gen_random_uuid(), config_key, config_value from system_config",
)];
