//! How the questions of feedback are answered.

use sea_orm::Value;
use service::{Tx, feedback::feedback_request::queries as feedback};
use uuid::Uuid;

use super::{Query, raw};

/// Of each contact some requests that were sent, and some that wait.
pub const ROWS: &str = "
insert into contacts (tenant_id, id, client_id, first_name, last_name, email)
select 'TENANT', md5('TENANT' || n)::uuid, 'cs_1_acme', 'f', 'l', 'a@b.example'
from generate_series(1, 1000) n;
insert into feedback_requests (tenant_id, id, order_id, client_id, contact_id, status, delivery_date,
                               scheduled_for, sent_at, expires_at)
select 'TENANT', gen_random_uuid(), gen_random_uuid(), 'cs_1_acme',
       md5('TENANT' || 1 + n % 1000)::uuid, case when n % 3 = 0 then 'sent' else 'pending' end, d.at,
       d.at + interval '7 days', case when n % 3 = 0 then d.at + interval '8 days' end,
       case when n % 3 = 0 then d.at + interval '38 days' end
from generate_series(1, 6000) n,
     lateral (select timestamptz '2026-02-24' - (n - 200) * interval '1 hour' as at) d";

const REASONS: &[&str] = &[
    "feedback_requests_due",
    "cases_open_of_order",
    "dnc_list_live|dnc_list_of_number",
    "feedback_requests_of_contact",
];

pub fn queries(tx: &Tx) -> Vec<Query> {
    let rows = || Value::from(50_i64);
    let id = || Value::from(Uuid::now_v7());
    let month = || Value::from(tx.now() - chrono::TimeDelta::days(30));
    vec![
        Query {
            name: "feedback due",
            asked: raw(
                tx,
                feedback::DUE,
                vec![rows(), Value::ChronoDateTimeUtc(None), Value::Uuid(None), month()],
            ),
            served_by: REASONS,
        },
        Query {
            name: "feedback due, page 2",
            asked: raw(tx, feedback::DUE, vec![rows(), month(), id(), month()]),
            served_by: REASONS,
        },
        Query {
            name: "claim feedback",
            asked: raw(tx, feedback::CLAIM, vec![rows(), id(), 300_f64.into(), month()]),
            served_by: &[
                "feedback_requests_due",
                "cases_open_of_order",
                "outbox_of_subject",
                "feedback_requests_of_contact",
                "pk-feedback_requests",
            ],
        },
        Query {
            name: "feedback stands",
            asked: raw(tx, feedback::STANDS, vec![id(), id(), month(), id()]),
            served_by: &["pk-feedback_requests", "cases_open_of_order"],
        },
        Query {
            name: "expire feedback",
            asked: raw(tx, feedback::EXPIRE, vec![rows()]),
            served_by: &["feedback_requests_expiry"],
        },
        Query {
            name: "feedback statistics",
            asked: raw(tx, feedback::STATISTICS, vec![month(), tx.now().into()]),
            served_by: &["feedback_requests_delivered"],
        },
    ]
}
