//! What breaks the rules of health's tables.

use super::Broken;

pub const CHECKS: &[Broken] = &[
    ("call_pattern_analysis_calls_range", "calls_this_week = -1"),
    ("call_pattern_analysis_calls_range", "avg_calls_per_week = -0.01"),
    ("call_pattern_analysis_calls_range", "avg_calls_per_week = 'NaN'"),
    ("call_pattern_analysis_calls_range", "expected_calls = -0.01"),
    ("call_pattern_analysis_calls_range", "expected_calls = 'NaN'"),
    ("call_pattern_analysis_calls_range", "deviation_pct = 'NaN'"),
    ("call_pattern_analysis_rule_known", "rule = 'whim'"),
    ("call_pattern_analysis_status_known", "pattern_status = 'normal'"),
    ("call_records_duration_range", "duration_seconds = -1"),
    ("call_records_external_id_length", "external_id = ''"),
    ("call_records_external_id_length", "external_id = repeat('x', 201)"),
    ("call_records_outcome_known", "outcome = 'booked'"),
    ("call_records_status_known", "status = 'completed'"),
    ("call_records_type_known", "call_type = 'PIGEON'"),
    ("client_health_scores_calls_range", "avg_calls_per_week = -0.01"),
    ("client_health_scores_calls_range", "avg_calls_per_week = 'NaN'"),
    ("client_health_scores_calls_range", "expected_calls = -0.01, lost_calls = -1"),
    ("client_health_scores_calls_range", "expected_calls = 'NaN'"),
    ("client_health_scores_calls_range", "lost_calls = expected_calls + 0.01"),
    ("client_health_scores_change_range", "deviation_pct = 'NaN'"),
    ("client_health_scores_change_range", "rate_of_change_percent = 'NaN'"),
    ("client_health_scores_checked_week", "pattern_week_start = null"),
    ("client_health_scores_churn_range", "churn_risk_score = -0.01"),
    ("client_health_scores_churn_range", "churn_risk_score = 100.01"),
    ("client_health_scores_counts_range", "sessions_7d = -1"),
    ("client_health_scores_counts_range", "sessions_30d = -1"),
    ("client_health_scores_counts_range", "sessions_90d = -1"),
    ("client_health_scores_counts_range", "outstanding_sessions = -1"),
    ("client_health_scores_counts_range", "sessions_purchased = -1"),
    ("client_health_scores_counts_range", "owner_change_count = -1"),
    ("client_health_scores_counts_range", "calls_this_week = -1"),
    ("client_health_scores_counts_range", "days_inactive = -1"),
    ("client_health_scores_counts_range", "days_since_last_session = -1"),
    ("client_health_scores_email_form", "email = 'Kim@acme.example'"),
    ("client_health_scores_email_form", "email = 'a@'"),
    ("client_health_scores_email_form", "email = repeat('x', 255)"),
    ("client_health_scores_engagement_range", "engagement_score = -1"),
    ("client_health_scores_engagement_range", "engagement_score = 101"),
    ("client_health_scores_financial_range", "financial_score = -1"),
    ("client_health_scores_financial_range", "financial_score = 101"),
    ("client_health_scores_momentum_known", "momentum_indicator = 'SIDEWAYS'"),
    ("client_health_scores_momentum_range", "momentum_score = -1"),
    ("client_health_scores_momentum_range", "momentum_score = 101"),
    ("client_health_scores_package_range", "package_score = -1"),
    ("client_health_scores_package_range", "package_score = 101"),
    ("client_health_scores_pattern_known", "pattern_status = 'normal'"),
    ("client_health_scores_relationship_range", "relationship_score = -1"),
    ("client_health_scores_relationship_range", "relationship_score = 101"),
    ("client_health_scores_risk_range", "predictive_risk_score = -0.01"),
    ("client_health_scores_risk_range", "predictive_risk_score = 100.01"),
    ("client_health_scores_score_range", "health_score = -0.01"),
    ("client_health_scores_score_range", "health_score = 100.01"),
    ("client_health_scores_zone_known", "health_zone = 'BLUE'"),
];

pub const UNIQUE: &[Broken] = &[
    (
        "call_pattern_analysis_day",
        "insert into call_pattern_analysis (tenant_id, client_email, analysis_date, \
         pattern_status) select tenant_id, client_email, analysis_date, 'NORMAL' from \
         call_pattern_analysis",
    ),
    (
        "call_records_once",
        "insert into call_records (tenant_id, id, client_email, external_id, call_date, \
         call_type, status) select tenant_id, gen_random_uuid(), client_email, 'pbx-1', \
         call_date, call_type, status from call_records, generate_series(1, 2)",
    ),
    (
        "client_health_scores_email",
        "insert into client_health_scores (tenant_id, id, email) select tenant_id, \
         gen_random_uuid(), email from client_health_scores",
    ),
];
