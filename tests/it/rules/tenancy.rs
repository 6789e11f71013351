//! What breaks the rules of tenancy's tables.

use super::Broken;

pub const CHECKS: &[Broken] = &[
    ("tenants_currency_form", "currency = 'US'"),
    ("tenants_name_length", "name = ''"),
    ("tenants_name_length", "name = repeat('x', 201)"),
    ("tenants_phone_region_form", "phone_region = 'us'"),
    ("tenants_stall_after_days_range", "stall_after_days = -1"),
    ("tenants_stall_after_days_range", "stall_after_days = 3651"),
    ("user_absences_order", "ends_at = starts_at"),
    ("user_absences_reason_length", "reason = ''"),
    ("user_absences_reason_length", "reason = repeat('x', 501)"),
    ("users_email_length", "email = ''"),
    ("users_email_length", "email = repeat('x', 255)"),
    ("users_email_lower", "email = 'Sam@tenant.example'"),
    ("users_name_length", "name = ''"),
    ("users_name_length", "name = repeat('x', 201)"),
    ("users_role_length", "role = ''"),
    ("users_role_length", "role = repeat('x', 101)"),
];

pub const UNIQUE: &[Broken] = &[(
    "users_email",
    "insert into users (tenant_id, id, email, name) select tenant_id, gen_random_uuid(), \
         email, 'Sam too' from users",
)];
