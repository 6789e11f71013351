//! How the questions of health are answered.

use chrono::NaiveDate;
use integration::populate::email;
use sea_orm::{DbBackend, QueryTrait, Value};
use service::{
    Tx,
    health::{
        client_health_score::queries as score,
        client_lifecycle_history::{Weeks, queries as lifecycle},
        coach_performance::queries as coaches,
        contact_owner_history::{Changes, queries as owners},
        daily_summary::queries as summary,
        intervention::queries as intervention,
        pattern::queries as pattern,
        weekly_pattern::queries as week,
    },
};
use uuid::Uuid;

use super::{Query, raw};

pub const ROWS: &str = "
insert into client_health_scores (tenant_id, id, email, pattern_status, lost_calls,
                                  expected_calls, pattern_week_start,
                                  last_pattern_check, pattern_attempted_at, health_score,
                                  health_zone, zone_since, predictive_risk_score, assigned_coach,
                                  calculated_at, score_attempted_at)
select 'TENANT', gen_random_uuid(), 'c' || n || '@a.example',
       (array['NORMAL', 'BELOW_PATTERN', 'PATTERN_BREAK'])[1 + n % 3], n % 40, 50,
       timestamptz '2026-03-02', timestamptz '2026-03-02' - n * interval '1 hour',
       case when n % 9 > 0 then timestamptz '2026-03-02' - n * interval '1 hour' end,
       n % 100, (array['RED', 'YELLOW', 'GREEN', 'PURPLE', null])[1 + n % 5],
       timestamptz '2026-02-01', n % 90, 'coach ' || n % 20, timestamptz '2026-03-02',
       case when n % 9 > 0 then timestamptz '2026-03-02' - n * interval '1 hour' end
from generate_series(1, 3000) n;
insert into call_records (tenant_id, id, client_email, call_date, call_type, status)
select 'TENANT', gen_random_uuid(), 'c' || 1 + n % 3000 || '@a.example',
       timestamptz '2026-03-02' - n * interval '1 hour',
       (array['PHONE', 'EMAIL'])[1 + n % 2], 'COMPLETED'
from generate_series(1, 9000) n;
insert into client_sessions (tenant_id, id, client_email, held_at, status)
select 'TENANT', gen_random_uuid(), 'c' || 1 + n % 3000 || '@a.example',
       timestamptz '2026-03-02' - n * interval '1 hour',
       (array['attended', 'no_show'])[1 + n % 2]
from generate_series(1, 9000) n;
insert into client_lifecycle_history (tenant_id, id, email, week_ending_date, health_score,
                                      health_zone, predictive_risk_score, engagement_trend)
select 'TENANT', gen_random_uuid(), 'c' || n || '@a.example', date '2026-03-01' - 7 * w, 50,
       'RED', 50, 'STABLE'
from generate_series(1, 1000) n, generate_series(0, 9) w;
insert into contact_owner_history (tenant_id, id, client_email, new_owner, changed_at)
select 'TENANT', gen_random_uuid(), 'c' || 1 + n % 100 || '@a.example', 'x',
       timestamptz '2026-03-02' - n * interval '1 hour'
from generate_series(1, 3000) n;
insert into intervention_log (tenant_id, id, client_email, triggered_by, trigger_key,
                              intervention_type, intervention_priority, intervention_date, due_at,
                              success_probability, predictive_risk_score, status, closed_at,
                              outcome, health_zone)
select 'TENANT', gen_random_uuid(), 'c' || 1 + n % 3000 || '@a.example', 'zone', n, 'renewal',
       'HIGH', timestamptz '2026-03-01', timestamptz '2026-03-04', 0.5, n % 100,
       case when n % 3 = 0 then 'pending' else 'completed' end,
       case when n % 3 > 0 then timestamptz '2026-03-02' end,
       case when n % 3 > 0 then 'x' end,
       (array['RED', 'YELLOW', 'GREEN', 'PURPLE', null])[1 + (1 + n % 3000) % 5]
from generate_series(1, 4000) n;
insert into intervention_outcomes (tenant_id, id, intervention_id, client_email,
                                   intervention_type, executed_at, measured_7d_at,
                                   measured_30d_at)
select tenant_id, gen_random_uuid(), id, client_email, 'renewal',
       timestamptz '2026-03-01' - row_number() over () * interval '1 hour',
       case when row_number() over () % 3 > 0 then now() end,
       case when row_number() over () % 4 > 0 then now() end
from intervention_log where status = 'completed' and tenant_id = 'TENANT' and trigger_key ~ '^[0-9]+$'";

#[expect(clippy::too_many_lines, reason = "a list")]
pub fn queries(tx: &Tx) -> Vec<Query> {
    let now = tx.now();
    let rows = || 50_i64.into();
    let emails: Vec<String> = (1..50).map(|n| format!("c{n}@a.example")).collect();
    let sunday = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
    let seven = chrono::TimeDelta::days(7);
    let (noon, month) = (now - chrono::TimeDelta::hours(9), now - chrono::TimeDelta::days(28));
    vec![
        Query {
            name: "clients to look at",
            asked: raw(tx, pattern::QUEUE, vec![rows(), now.into()]),
            served_by: &["client_health_scores_pattern_queue"],
        },
        Query {
            name: "calls",
            asked: raw(tx, pattern::COUNTS, vec![emails.clone().into(), month.into(), noon.into()]),
            served_by: &["call_records_held"],
        },
        Query {
            name: "calls, the seed's way",
            asked: raw(tx, pattern::SEED_COUNTS, vec![emails.into(), month.into(), noon.into()]),
            served_by: &["call_records_of_client"],
        },
        Query {
            name: "breaks",
            asked: raw(
                tx,
                pattern::BREAKS,
                vec![
                    rows(),
                    month.into(),
                    Value::String(None),
                    Value::Decimal(None),
                    Value::Uuid(None),
                ],
            ),
            served_by: &["client_health_scores_breaks"],
        },
        Query {
            name: "clients to score",
            asked: raw(tx, score::QUEUE, vec![rows(), now.into()]),
            served_by: &["client_health_scores_score_queue"],
        },
        Query {
            name: "sessions and calls",
            asked: raw(
                tx,
                score::COUNTS,
                vec![
                    (1..50).map(|n| format!("c{n}@a.example")).collect::<Vec<_>>().into(),
                    month.into(),
                    month.into(),
                    month.into(),
                    noon.into(),
                    month.into(),
                ],
            ),
            served_by: &["client_sessions_attended", "call_records_held"],
        },
        Query {
            name: "weeks of a client",
            asked: lifecycle::weeks_query(
                tx,
                &Weeks { email: email("c7@a.example"), limit: 50, before: Some(sunday) },
            )
            .build(DbBackend::Postgres),
            served_by: &["client_lifecycle_history_once"],
        },
        Query {
            name: "owners of a client",
            asked: owners::changes_query(
                tx,
                &Changes { email: email("c7@a.example"), limit: 50, after: None },
            )
            .build(DbBackend::Postgres),
            served_by: &["contact_owner_history_of_client"],
        },
        Query {
            name: "the day",
            asked: raw(tx, summary::COUNTS, vec![]),
            served_by: &[
                "client_health_scores_of_coach",
                "client_health_scores_at_risk|client_health_scores_of_client",
            ],
        },
        Query {
            name: "the coaches' day",
            asked: raw(tx, coaches::COUNTS, vec![sunday.into(), now.into(), (now - seven).into()]),
            served_by: &[
                "client_health_scores_of_coach",
                "client_lifecycle_history_once|client_lifecycle_history_of_week",
            ],
        },
        Query {
            name: "the week",
            asked: raw(tx, week::COUNTS, vec![sunday.into(), (sunday - seven).into()]),
            served_by: &["client_lifecycle_history_of_week"],
        },
        Query {
            name: "who may leave",
            asked: raw(tx, score::AT_RISK, vec![rows()]),
            served_by: &["client_health_scores_at_risk"],
        },
        Query {
            name: "whom to do something about",
            asked: raw(tx, intervention::DUE_ZONES, vec![rows(), month.into()]),
            served_by: &["client_health_scores_at_risk", "intervention_log_once"],
        },
        Query {
            name: "whom of the broken to do something about",
            asked: raw(tx, intervention::DUE_BREAKS, vec![rows(), month.into()]),
            served_by: &["client_health_scores_broken", "intervention_log_once"],
        },
        Query {
            name: "interventions whose cause is gone",
            asked: raw(tx, intervention::GONE, vec![rows()]),
            served_by: &["intervention_log_pending"],
        },
        Query {
            name: "interventions to send",
            asked: raw(
                tx,
                intervention::CLAIM,
                vec![rows(), Uuid::now_v7().into(), 300_f64.into()],
            ),
            served_by: &["intervention_log_pending"],
        },
        Query {
            name: "outcomes after a week",
            asked: raw(tx, intervention::AFTER_7_DAYS, vec![rows(), now.into()]),
            served_by: &["intervention_outcomes_after_7d", "client_sessions_of_client"],
        },
        Query {
            name: "outcomes after a month",
            asked: raw(tx, intervention::AFTER_30_DAYS, vec![rows(), now.into()]),
            served_by: &["intervention_outcomes_after_30d"],
        },
    ]
}
