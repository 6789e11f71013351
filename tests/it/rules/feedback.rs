//! What breaks the rules of the requests for feedback.

use super::Broken;

pub const CHECKS: &[Broken] = &[
    ("feedback_requests_answer_when_answered", "late = true"),
    ("feedback_requests_answer_when_answered", "issues = '{quality}'"),
    ("feedback_requests_answer_when_answered", "response_email_id = 'm'"),
    ("feedback_requests_answer_whole", "status = 'responded'"),
    ("feedback_requests_answer_whole", "responded_at = now()"),
    (
        "feedback_requests_answer_whole",
        "status = 'responded', responded_at = now(), response_summary = 'x'",
    ),
    (
        "feedback_requests_answer_whole",
        "status = 'responded', responded_at = now(), sentiment = 'neutral', sentiment_score = 0",
    ),
    ("feedback_requests_claim_whole", "claim = gen_random_uuid()"),
    ("feedback_requests_claim_whole", "lease_until = now()"),
    ("feedback_requests_due_after_delivery", "scheduled_for = delivery_date"),
    (
        "feedback_requests_email_id_length",
        "status = 'responded', responded_at = now(), sentiment = 'neutral', sentiment_score = 0, response_summary = 'x', response_email_id = ''",
    ),
    (
        "feedback_requests_email_id_length",
        "status = 'responded', responded_at = now(), sentiment = 'neutral', sentiment_score = 0, response_summary = 'x', response_email_id = repeat('x', 999)",
    ),
    ("feedback_requests_expires_when_sent", "sent_at = now()"),
    ("feedback_requests_expires_when_sent", "expires_at = now()"),
    ("feedback_requests_expires_when_sent", "status = 'sent', sent_at = now(), expires_at = now()"),
    ("feedback_requests_has_open_case", "has_open_case = true"),
    ("feedback_requests_has_open_case", "status = 'skipped', skip_reason = 'open_case'"),
    (
        "feedback_requests_issues_known",
        "status = 'responded', responded_at = now(), sentiment = 'neutral', sentiment_score = 0, response_summary = 'x', issues = '{rudeness}'",
    ),
    ("feedback_requests_recovery_has_a_case", "service_recovery_triggered = true"),
    ("feedback_requests_recovery_has_a_case", "case_created_id = gen_random_uuid()"),
    (
        "feedback_requests_recovery_has_a_case",
        "service_recovery_triggered = true, case_created_id = gen_random_uuid()",
    ),
    (
        "feedback_requests_score_range",
        "status = 'responded', responded_at = now(), sentiment = 'positive', sentiment_score = 1.01, response_summary = 'x'",
    ),
    (
        "feedback_requests_score_range",
        "status = 'responded', responded_at = now(), sentiment = 'negative', sentiment_score = -1.01, response_summary = 'x'",
    ),
    ("feedback_requests_score_range", "sentiment_score = 'NaN'"),
    ("feedback_requests_sent_when", "status = 'sent'"),
    ("feedback_requests_sent_when", "status = 'expired'"),
    ("feedback_requests_sent_when", "sent_at = now(), expires_at = now() + interval '1 day'"),
    (
        "feedback_requests_sent_when",
        "status = 'skipped', skip_reason = 'no_email', sent_at = now(), expires_at = now() + interval '1 day'",
    ),
    (
        "feedback_requests_sentiment_known",
        "status = 'responded', responded_at = now(), sentiment = 'mixed', response_summary = 'x'",
    ),
    (
        "feedback_requests_sentiment_of_score",
        "status = 'responded', responded_at = now(), sentiment = 'positive', sentiment_score = 0, response_summary = 'x'",
    ),
    (
        "feedback_requests_sentiment_of_score",
        "status = 'responded', responded_at = now(), sentiment = 'negative', response_summary = 'x'",
    ),
    ("feedback_requests_sentiment_of_score", "sentiment_score = 0"),
    ("feedback_requests_skip_reason_known", "status = 'skipped', skip_reason = 'boredom'"),
    ("feedback_requests_skipped_with_a_reason", "status = 'skipped'"),
    ("feedback_requests_skipped_with_a_reason", "skip_reason = 'no_email'"),
    ("feedback_requests_status_known", "status = 'queued'"),
    (
        "feedback_requests_summary_length",
        "status = 'responded', responded_at = now(), sentiment = 'neutral', sentiment_score = 0, response_summary = ''",
    ),
    (
        "feedback_requests_summary_length",
        "status = 'responded', responded_at = now(), sentiment = 'neutral', sentiment_score = 0, response_summary = repeat('x', 501)",
    ),
];

pub const UNIQUE: &[Broken] = &[
    (
        "feedback_requests_case",
        "insert into feedback_requests (tenant_id, id, order_id, client_id, delivery_date, \
         scheduled_for, status, responded_at, sentiment, sentiment_score, response_summary, \
         case_created_id, service_recovery_triggered) select tenant_id, gen_random_uuid(), \
         gen_random_uuid(), client_id, delivery_date, scheduled_for, 'responded', now(), \
         'negative', -0.6, 'x', '00000000-0000-7000-8000-000000000001', true from \
         feedback_requests, generate_series(1, 2)",
    ),
    (
        "feedback_requests_order",
        "insert into feedback_requests (tenant_id, id, order_id, client_id, delivery_date, \
         scheduled_for) select tenant_id, gen_random_uuid(), order_id, client_id, \
         delivery_date, scheduled_for from feedback_requests",
    ),
];
