//! How the questions of health are answered.

use sea_orm::Value;
use service::{Tx, health::pattern::queries as pattern};

use super::{Query, raw};

pub const ROWS: &str = "
insert into client_health_scores (tenant_id, id, email, pattern_status, lost_calls,
                                  expected_calls, pattern_week_start,
                                  last_pattern_check, pattern_attempted_at)
select 'TENANT', gen_random_uuid(), 'c' || n || '@a.example',
       (array['NORMAL', 'BELOW_PATTERN', 'PATTERN_BREAK'])[1 + n % 3], n % 40, 50,
       timestamptz '2026-03-02', timestamptz '2026-03-02' - n * interval '1 hour',
       case when n % 9 > 0 then timestamptz '2026-03-02' - n * interval '1 hour' end
from generate_series(1, 3000) n;
insert into call_records (tenant_id, id, client_email, call_date, call_type, status)
select 'TENANT', gen_random_uuid(), 'c' || 1 + n % 3000 || '@a.example',
       timestamptz '2026-03-02' - n * interval '1 hour',
       (array['PHONE', 'EMAIL'])[1 + n % 2], 'COMPLETED'
from generate_series(1, 9000) n";

pub fn queries(tx: &Tx) -> Vec<Query> {
    let now = tx.now();
    let rows = || 50_i64.into();
    let emails: Vec<String> = (1..50).map(|n| format!("c{n}@a.example")).collect();
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
    ]
}
