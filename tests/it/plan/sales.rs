//! How the questions of sales are answered.

use entity::id::{ClientId, UserId};
use integration::populate::email;
use rust_decimal::Decimal;
use sea_orm::{DbBackend, QueryTrait, Value};
use service::{
    Tx,
    sales::{
        contact::queries as contact,
        contact_enrichment::queries as enrichment,
        deal::{List, Stage, queries as deal},
        opportunity_signal::queries as signal,
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
from generate_series(1, 4000) n;
insert into contacts (tenant_id, id, client_id, first_name, last_name, email)
select 'TENANT', gen_random_uuid(), 'cs_1_acme', 'n', 'n', 'n' || n || '@acme.example'
from generate_series(1, 3000) n;
insert into contact_enrichment_queue (tenant_id, id, contact_id, source, source_text, observed_at,
                                      next_attempt_at, status, handed_over_at, processed_at,
                                      merged_to_contact_id, created_at)
select 'TENANT', gen_random_uuid(), k.id, s.source,
       case when s.source = 'email_signature' and s.status <> 'completed' then 'x' end, now(),
       timestamptz '2026-03-02' + (k.n - 1500) * interval '1 hour', s.status,
       case when s.status = 'processing' then timestamptz '2026-03-01' end,
       case when s.status = 'completed' then timestamptz '2026-03-01' end,
       case when s.status = 'completed' then k.id end,
       timestamptz '2026-03-02' - k.n * interval '1 hour'
from (select id, row_number() over (order by id)::int as n from contacts
      where tenant_id = 'TENANT' and first_name = 'n') k,
     lateral (select (array['email_signature', 'apollo', 'web_search'])[1 + k.n % 3] as source,
                     case when k.n % 3 = 1 and k.n % 5 = 0 then 'processing'
                          when k.n % 7 = 0 then 'pending' else 'completed' end as status) s;
insert into contact_enrichment_proposals (tenant_id, id, enrichment_id, contact_id, field, value,
                                          source, confidence, observed_at, state, created_at)
select tenant_id, gen_random_uuid(), id, contact_id, f.field, 'x', source, 0.5, now(),
       case when f.field = 'title' and extract(minute from created_at) = 0
                 and extract(hour from created_at) in (1, 7) then 'conflict' else 'applied' end,
       created_at
from contact_enrichment_queue, (values ('title'), ('phone'), ('website')) f (field)
where tenant_id = 'TENANT' and source = 'web_search' and status = 'completed';
insert into opportunity_signals (tenant_id, id, source_type, source_id, signal_type, client_id,
                                 signal_strength, actioned, actioned_at, action_taken, created_at)
select 'TENANT', gen_random_uuid(), 'call', 'c' || n, 'urgency', 'cs_1_acme', (n % 101) / 100.0,
       n % 3 = 0, case when n % 3 = 0 then now() end, case when n % 3 = 0 then 'called' end,
       timestamptz '2026-03-02' - n * interval '1 hour'
from generate_series(1, 6000) n";

pub fn queries(tx: &Tx) -> Vec<Query> {
    deals(tx).into_iter().chain(contacts(tx)).collect()
}

fn deals(tx: &Tx) -> Vec<Query> {
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
            asked: raw(tx, deal::STANDS, vec![token(), token(), 0_i32.into(), token()]),
            served_by: &["pk-deals"],
        },
        Query {
            name: "does a claimed follow-up of a quote stand",
            asked: raw(tx, quote::STANDS, vec![token(), token(), 0_i32.into(), token()]),
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

fn contacts(tx: &Tx) -> Vec<Query> {
    let now = tx.now();
    let none = || Value::Uuid(None);
    let (rows, seconds, token) = (|| 50_i64.into(), || 300_f64.into(), || Uuid::now_v7().into());
    let month = now - chrono::TimeDelta::days(28);
    vec![
        Query {
            name: "who has an address",
            asked: contact::of_email(tx, &email("n7@acme.example")).build(DbBackend::Postgres),
            served_by: &["contacts_of_email"],
        },
        Query {
            name: "what waits to be found out",
            asked: raw(tx, enrichment::PENDING, vec![rows(), now.into(), none()]),
            served_by: &["contact_enrichment_queue_pending"],
        },
        Query {
            name: "signatures to read",
            asked: raw(tx, enrichment::SIGNATURES, vec![rows()]),
            served_by: &["contact_enrichment_queue_signatures"],
        },
        Query {
            name: "claim questions",
            asked: raw(tx, enrichment::CLAIM, vec![rows(), token(), seconds()]),
            served_by: &["contact_enrichment_queue_requests", "outbox_of_subject"],
        },
        Query {
            name: "questions that nobody has answered",
            asked: raw(tx, enrichment::LAPSE, vec![rows()]),
            served_by: &["contact_enrichment_queue_awaited"],
        },
        Query {
            name: "conflicts",
            asked: raw(tx, enrichment::CONFLICTS, vec![rows(), month.into(), none()]),
            served_by: &["contact_enrichment_proposals_open"],
        },
        Query {
            name: "conflicts of a contact",
            asked: raw(tx, enrichment::CONFLICTS_OF, vec![rows(), month.into(), none(), token()]),
            served_by: &["contact_enrichment_proposals_of_contact"],
        },
        Query {
            name: "signals to act upon",
            asked: raw(
                tx,
                signal::UNACTIONED,
                vec![
                    rows(),
                    50_i32.into(),
                    Value::Int(None),
                    Value::ChronoDateTimeUtc(None),
                    none(),
                ],
            ),
            served_by: &["opportunity_signals_unactioned"],
        },
        Query {
            name: "signals to act upon, page 2",
            asked: raw(
                tx,
                signal::UNACTIONED,
                vec![rows(), 50_i32.into(), 5_i32.into(), month.into(), token()],
            ),
            served_by: &["opportunity_signals_unactioned"],
        },
        Query {
            name: "how many signals were acted upon",
            asked: raw(tx, signal::RATES, vec![month.into(), now.into()]),
            served_by: &["opportunity_signals_created"],
        },
    ]
}
