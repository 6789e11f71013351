//! What breaks the rules of the tables of support.

use super::Broken;

pub const CHECKS: &[Broken] = &[
    ("case_counters_range", "last_number = 0"),
    ("case_counters_range", "year = 1969"),
    ("case_counters_range", "year = 10000"),
    ("cases_category_length", "category = ''"),
    ("cases_category_length", "category = repeat('x', 101)"),
    ("cases_number_form", "case_number = 'CASE-2026-001'"),
    ("cases_number_form", "case_number = 'CASE-26-0001'"),
    ("cases_priority_known", "priority = 'whenever'"),
    ("cases_resolved_at", "status = 'resolved', resolved_at = null"),
    ("cases_resolved_at", "status = 'open', resolved_at = now()"),
    ("cases_status_known", "status = 'lost'"),
    ("cases_subject_length", "subject = ''"),
    ("cases_subject_length", "subject = repeat('x', 501)"),
];

pub const UNIQUE: &[Broken] = &[(
    "cases_number",
    "insert into cases (tenant_id, id, client_id, case_number, category, subject, priority) \
     select tenant_id, gen_random_uuid(), client_id, case_number, category, subject, priority \
     from cases",
)];
