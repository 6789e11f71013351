//! How the questions of sales are answered.

use entity::id::{ClientId, UserId};
use rust_decimal::Decimal;
use sea_orm::{DbBackend, QueryTrait, Value};
use service::{
    Tx,
    sales::{
        deal::{List, Stage, queries as deal},
        quote::queries as quote,
        task::queries as task,
    },
};
use uuid::Uuid;

use super::{Query, raw};

pub const ROWS: &str = "
insert into customers (tenant_id, client_id, client_name, company_name, contract_start_date)
select 'TENANT', 'cs_' || n || '_other', 'o', 'o', date '2026-01-01'
from generate_series(1, 40) n;
insert into deals (tenant_id, id, client_id, title, stage, stage_entered_at, created_at,
                   value, stall_after_days, actual_close_date, next_follow_up_at)
select 'TENANT', gen_random_uuid(), 'cs_' || 1 + n % 40 || '_other', 'd' || n, s.stage,
       timestamptz '2026-03-02' - n * interval '1 hour',
       timestamptz '2026-03-02' - n * interval '1 hour', n,
       case when n % 50 = 0 then 1 + n % 7 end,
       case when s.stage in ('won', 'lost') then date '2026-03-02' end, null
from generate_series(1, 4000) n,
     lateral (select (array['lead', 'qualified', 'proposal', 'negotiation', 'won',
                            'lost'])[1 + n % 6] as stage) s;
insert into quotes (tenant_id, id, client_id, quote_number, title, total_amount, status,
                    sent_at, next_follow_up_at, valid_until, created_at)
select 'TENANT', gen_random_uuid(), 'cs_1_acme', 'Q-2025-' || 10000 + n, 'q', n,
       case when n % 3 = 0 then 'sent' when n % 3 = 1 then 'draft' else 'expired' end,
       timestamptz '2026-01-01', timestamptz '2026-03-02' + (n - 2000) * interval '1 hour',
       date '2026-03-02' + (n - 1000) / 10, timestamptz '2026-03-02' - n * interval '1 hour'
from generate_series(1, 4000) n";

pub fn queries(tx: &Tx) -> Vec<Query> {
    let now = tx.now();
    let list = |ask: List| deal::list_query(tx, &ask).build(DbBackend::Postgres);
    let none = || Value::Uuid(None);
    let (rows, seconds, token) = (|| 50_i64.into(), || 300_f64.into(), || Uuid::now_v7().into());
    let month = now - chrono::TimeDelta::days(28);
    let ten = || Value::from(Decimal::TEN);
    let later = vec![rows(), now.into(), 3_i32.into(), ten(), ten(), token()];
    let first = vec![
        rows(),
        Value::ChronoDateTimeUtc(None),
        Value::Int(None),
        Value::Decimal(None),
        Value::Decimal(None),
        none(),
    ];
    let stalled: &[&str] = &["deals_stalled", "deals_stalled_by_own_rule"];
    vec![
        Query { name: "stalled", asked: raw(tx, &deal::stalled_sql(), first), served_by: stalled },
        Query {
            name: "stalled, page 2",
            asked: raw(tx, &deal::stalled_sql(), later),
            served_by: stalled,
        },
        Query {
            name: "claim deals",
            asked: raw(tx, &deal::claim_sql(), vec![rows(), rows(), token(), seconds()]),
            served_by: &["deals_stalled", "deals_stalled_by_own_rule", "outbox_of_subject"],
        },
        Query { name: "mark", asked: raw(tx, &deal::mark_sql(), vec![rows()]), served_by: stalled },
        Query {
            name: "list by stage",
            asked: list(List { stage: Some(Stage::Proposal), ..List::default() }),
            served_by: &["deals_by_stage"],
        },
        Query {
            name: "list of a client",
            asked: list(List { client_id: ClientId::parse("cs_7_other").ok(), ..List::default() }),
            served_by: &["deals_of_client"],
        },
        Query {
            name: "list of a user",
            asked: list(List { assigned_to: Some(UserId::new()), ..List::default() }),
            served_by: &["deals_of_assignee"],
        },
        Query { name: "list", asked: list(List::default()), served_by: &["pk-deals"] },
        Query {
            name: "quotes due",
            asked: raw(tx, quote::DUE, vec![rows(), Value::ChronoDateTimeUtc(None), none()]),
            served_by: &["quotes_follow_up"],
        },
        Query {
            name: "claim quotes",
            asked: raw(tx, quote::CLAIM, vec![rows(), token(), seconds()]),
            served_by: &["quotes_follow_up"],
        },
        Query {
            name: "expire",
            asked: raw(tx, quote::EXPIRE, vec![rows()]),
            served_by: &["quotes_expiry"],
        },
        Query {
            name: "win rates",
            asked: raw(tx, quote::WIN_RATES, vec![month.into(), now.into()]),
            served_by: &["quotes_closed"],
        },
        Query {
            name: "does a claimed follow-up of a deal stand",
            asked: raw(tx, deal::STANDS, vec![token(), token(), 0_i32.into()]),
            served_by: &["pk-deals"],
        },
        Query {
            name: "does a claimed follow-up of a quote stand",
            asked: raw(tx, quote::STANDS, vec![token(), token(), 0_i32.into()]),
            served_by: &["pk-quotes"],
        },
        Query {
            name: "time in each stage",
            asked: raw(tx, deal::VELOCITY, vec![month.into()]),
            served_by: &["deal_stage_history_velocity"],
        },
        Query {
            name: "somebody's tasks",
            asked: task::assigned_query(tx, UserId::new(), 50).build(DbBackend::Postgres),
            served_by: &["tasks_of_assignee"],
        },
    ]
}
