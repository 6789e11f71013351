//! How the questions about leads are answered.

use chrono::{NaiveDate, TimeDelta};
use entity::id::{LeadId, LeadImportId, UserId};
use sea_orm::{DbBackend, QueryTrait, Value};
use serde_json::json;
use service::{
    Tx,
    leads::{
        lead::{List, Order, Owner, Status, queries as lead},
        lead_import::{self, Told, queries as import},
        lead_source_cost::queries as cost,
        lead_status_history::queries as history,
        segment::{
            Clock,
            queries::{self as segment, Compiled},
        },
    },
};
use uuid::Uuid;

use super::{Query, raw};

/// Most are new, from one source, and nobody's; a few are hot.
pub const ROWS: &str = "
insert into leads (tenant_id, id, first_name, last_name, phone_number, email, source, tags, status,
                   status_since, lead_score, last_contact_date, created_at)
select 'TENANT', md5('TENANT lead' || n)::uuid, 'f', 'l' || n, '+1206' || 2000000 + n,
       'l' || n || '@b.example', case when n % 50 = 0 then 'event' else 'website' end, '{}',
       case when n % 50 = 0 then 'hot' else 'new' end, now(), n % 60,
       case when n % 10 = 0 then timestamptz '2026-02-01' - n * interval '1 minute' end,
       timestamptz '2026-03-02' - n * interval '1 hour'
from generate_series(1, 6000) n;
insert into lead_tags (tenant_id, tag, lead_id)
select 'TENANT', 'tag' || n % 100, md5('TENANT lead' || n)::uuid from generate_series(1, 6000) n;
insert into lead_words (tenant_id, lead_id, word)
select 'TENANT', md5('TENANT lead' || n)::uuid, w
from generate_series(1, 6000) n, unnest(array['f', 'l' || n]) w;
insert into lead_source_costs (tenant_id, id, source, period, cost_usd)
select 'TENANT', gen_random_uuid(), 's' || n % 60,
       to_char(date '1990-01-01' + n / 60 * interval '1 month', 'YYYY-MM'), 1
from generate_series(1, 6000) n;
insert into lead_status_history (tenant_id, id, lead_id, to_status, actor, trigger_type, changed_at)
select 'TENANT', gen_random_uuid(), md5('TENANT lead' || n)::uuid,
       case when n % 50 = 0 then 'hot' else 'new' end, 'x', 'manual',
       timestamptz '2026-02-01' - n * interval '1 hour'
from generate_series(1, 6000) n;
insert into lead_audit_log (tenant_id, id, lead_id, actor, field_name, version, changed_at)
select 'TENANT', gen_random_uuid(), md5('TENANT lead' || n % 600)::uuid, 'x', 'city', 1 + n / 600, now() - n * interval '1 hour'
from generate_series(1, 6000) n;
insert into lead_imports (tenant_id, id, file_name, file_hash, format, mapping, ignored_columns, rows, imported,
    do_not_call, duplicates_in_file, duplicates_of_leads, suppressed, invalid, imported_at)
select 'TENANT', md5('TENANT import' || n)::uuid, 'f', md5('a' || n) || md5('b' || n), 'csv', '{}', '{}', 0, 0,
       0, 0, 0, 0, 0, timestamptz '2026-02-01' - n * interval '1 hour'
from generate_series(1, 3000) n;
insert into lead_import_rows (tenant_id, import_id, row_no, line, outcome, lead_id, reason, row_values)
select 'TENANT', md5('TENANT import' || 1 + n % 20)::uuid, n, n,
       case when n % 20 = 0 then 'invalid' else 'imported' end,
       case when n % 20 > 0 then md5('TENANT lead' || n)::uuid end, case when n % 20 = 0 then 'x' end,
       case when n % 20 = 0 then '{}'::jsonb end
from generate_series(1, 6000) n";

#[expect(clippy::too_many_lines, reason = "a list")]
pub fn queries(tx: &Tx) -> Vec<Query> {
    let list = |name, ask: List, served_by| Query {
        name,
        asked: lead::list_query(tx, &ask, "US").unwrap().build(DbBackend::Postgres),
        served_by,
    };
    let text = |text: &str| List { text: Some(text.to_owned()), ..List::default() };
    let ids = || Value::from(vec![Uuid::now_v7()]);
    let month = || Value::from(tx.now() - TimeDelta::days(30));
    let phones = || Value::from(vec!["+12062000001".to_owned()]);
    vec![
        list("leads", List::default(), &["pk-leads"]),
        list(
            "leads of a status",
            List { status: Some(Status::Hot), ..List::default() },
            &["leads_by_status"],
        ),
        list(
            "somebody's leads",
            List { owner: Some(Owner::User(UserId::new())), ..List::default() },
            &["leads_of_owner"],
        ),
        list(
            "leads of a source",
            List { source: Some("event".to_owned()), ..List::default() },
            &["leads_by_source"],
        ),
        list("best leads", List { order: Order::Score, ..List::default() }, &["leads_by_score"]),
        list(
            "best leads of a status",
            List {
                status: Some(Status::Hot),
                min_score: Some(40),
                order: Order::Score,
                ..List::default()
            },
            &["leads_by_status_score"],
        ),
        list(
            "leads by contact",
            List { order: Order::LastContact, ..List::default() },
            &["leads_by_contact"],
        ),
        list("leads by address", text("l7@b.example"), &["leads_of_email"]),
        list("leads by number", text("+12062000007"), &["leads_phone"]),
        list("leads by name", text("l77"), &["lead_words_prefix"]),
        list(
            "tagged leads",
            List { tag: Some("tag7".to_owned()), ..List::default() },
            &["pk-lead_tags"],
        ),
        Query {
            name: "changes of a lead",
            asked: lead::changes_query(tx, LeadId::new()).build(DbBackend::Postgres),
            served_by: &["lead_audit_log_of_lead"],
        },
        Query {
            name: "fields changed since",
            asked: lead::changed_since(tx, LeadId::new(), 3).build(DbBackend::Postgres),
            served_by: &["lead_audit_log_of_lead"],
        },
        Query {
            name: "statuses of a lead",
            asked: lead::statuses_query(tx, LeadId::new()).build(DbBackend::Postgres),
            served_by: &["lead_status_history_of_lead"],
        },
        Query {
            name: "leads of numbers",
            asked: raw(tx, lead::LISTED_LEADS, vec![phones()]),
            served_by: &["leads_phone"],
        },
        Query {
            name: "status before",
            asked: raw(tx, lead::BEFORE, vec![Uuid::now_v7().into()]),
            served_by: &["lead_status_history_present|lead_status_history_of_lead"],
        },
        Query {
            name: "block leads",
            asked: raw(tx, lead::BLOCKED, vec![ids()]),
            served_by: &["pk-leads"],
        },
        Query {
            name: "leave a status",
            asked: raw(tx, lead::LEFT, vec![ids()]),
            served_by: &["lead_status_history_present|lead_status_history_of_lead"],
        },
        Query {
            name: "funnel",
            asked: raw(
                tx,
                history::FUNNEL,
                vec![(tx.now() - TimeDelta::days(2)).into(), tx.now().into()],
            ),
            served_by: &["leads_created", "lead_status_history_of_lead"],
        },
        Query {
            name: "timeline of a lead",
            asked: raw(
                tx,
                lead::TIMELINE,
                vec![
                    Uuid::now_v7().into(),
                    51_i64.into(),
                    tx.now().into(),
                    2.into(),
                    Uuid::now_v7().into(),
                ],
            ),
            served_by: &[
                "lead_status_history_of_lead",
                "lead_audit_log_of_lead",
                "lead_sequence_enrollment_steps_of_lead",
                "lead_score_history_of_lead",
                "lead_assignments_of_lead",
                "lead_activities_of_lead",
                "call_attempts_of_lead",
                "pk-leads",
            ],
        },
        Query {
            name: "activity per user",
            asked: raw(tx, history::ACTIVITY, vec![month(), tx.now().into()]),
            served_by: &["lead_status_history_entered", "lead_audit_log_changed", "leads_created"],
        },
        Query {
            name: "costs of sources",
            asked: raw(
                tx,
                cost::LIST,
                vec![
                    Value::String(None),
                    Value::String(None),
                    50_i64.into(),
                    Value::String(None),
                    Value::Uuid(None),
                ],
            ),
            served_by: &["lead_source_costs_by_month"],
        },
        Query {
            name: "return on sources",
            asked: raw(tx, cost::ROI, months()),
            served_by: &[
                "leads_created",
                "leads_of_client",
                "deals_of_client|deals_by_stage",
                "lead_status_history_entered",
                "lead_source_costs_by_month|lead_source_costs_one",
            ],
        },
        Query {
            name: "sources in other currencies",
            asked: raw(tx, cost::FOREIGN, months()),
            served_by: &["leads_created", "lead_source_costs_by_month|lead_source_costs_one"],
        },
        found(
            tx,
            "count of a segment",
            json!({"status": ["hot", "qualified"], "lead_score": {"gte": 40}}),
            segment::count_sql,
            vec![],
            ANY,
        ),
        found(
            tx,
            "count of a segment by what no index begins with",
            json!({"city": "Boston", "last_contact": {"lte": {"days_ago": 7}, "or_never": true}}),
            segment::count_sql,
            vec![],
            ANY,
        ),
        found(
            tx,
            "count of a segment by tags",
            json!({"tags": {"contains_all": ["tag1", "tag2"]}}),
            segment::count_sql,
            vec![],
            &["pk-lead_tags|lead_tags_of_lead"],
        ),
        found(
            tx,
            "leads of a segment",
            json!({"status": "hot", "lead_score": {"gte": 40}}),
            segment::leads_sql,
            vec![51_i64.into(), Uuid::nil().into()],
            &["pk-leads"],
        ),
        found(
            tx,
            "leads of a segment by tags in one of two ways",
            json!({"any": [{"tags": "tag7"}, {"not": {"tags": "tag8"}}]}),
            segment::leads_sql,
            vec![51_i64.into(), Uuid::nil().into()],
            &["pk-leads", "pk-lead_tags|lead_tags_of_lead"],
        ),
    ]
    .into_iter()
    .chain(imports(tx))
    .collect()
}

fn imports(tx: &Tx) -> Vec<Query> {
    let ids = || Value::from(vec![Uuid::now_v7()]);
    let texts = || Value::from(vec!["+12062000001".to_owned()]);
    let id = || LeadImportId::new();
    let list = |name, after| Query {
        name,
        asked: import::list_query(tx, &lead_import::List { limit: 50, after })
            .build(DbBackend::Postgres),
        served_by: &["lead_imports_latest"],
    };
    let told = |name, ask: Told, served_by| Query {
        name,
        asked: import::outcomes_query(tx, &ask).build(DbBackend::Postgres),
        served_by,
    };
    let after = lead_import::After { imported_at: tx.now(), id: id() };
    vec![
        list("imports", None),
        list("imports, page 2", Some(after)),
        told("rows of an import", Told::of(id()), &["pk-lead_import_rows"]),
        told(
            "odd rows of an import",
            Told { only_odd: true, after: Some(40), ..Told::of(id()) },
            &["lead_import_rows_odd"],
        ),
        Query {
            name: "who has the numbers of a file",
            asked: raw(tx, import::HAVING_PHONES, vec![texts()]),
            served_by: &["leads_phone"],
        },
        Query {
            name: "who has the addresses of a file",
            asked: raw(tx, import::HAVING_EMAILS, vec![texts()]),
            served_by: &["leads_of_email"],
        },
        Query {
            name: "leads of an import",
            asked: raw(tx, import::MADE, vec![id().0.into(), 0.into(), 1000_i64.into()]),
            served_by: &["pk-lead_import_rows", "pk-leads"],
        },
        Query {
            name: "edited leads of an import",
            asked: raw(tx, import::EDITED, vec![ids()]),
            served_by: &["lead_audit_log_of_lead"],
        },
        Query {
            name: "take leads back",
            asked: raw(tx, import::REMOVE, vec![ids()]),
            served_by: &["pk-leads"],
        },
        Query {
            name: "forget refused rows",
            asked: raw(tx, import::FORGET, vec![]),
            served_by: &["pk-lead_imports|lead_imports_latest", "lead_import_rows_odd"],
        },
    ]
}

/// Which is the best depends on the values, and the service has each filter planned for its own.
const ANY: &[&str] =
    &["leads_by_status_score|leads_by_status|leads_by_score|leads_by_contact|leads_of_contact|\
     leads_of_client|leads_merged|leads_created|leads_of_owner|pk-leads"];

/// Of January and February.
fn months() -> Vec<Value> {
    let texts = |texts: [&str; 2]| Value::from(texts.map(str::to_owned).to_vec());
    vec![
        texts(["2026-01", "2026-02"]),
        texts(["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"]),
        texts(["2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"]),
        Value::Uuid(None),
        "USD".into(),
        "UTC".into(),
        NaiveDate::from_ymd_opt(2026, 3, 2).into(),
        "2026-01-01T00:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap().into(),
        "2026-03-01T00:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap().into(),
        "2026-01".into(),
        "2026-02".into(),
    ]
}

fn found(
    tx: &Tx,
    name: &'static str,
    filter: serde_json::Value,
    sql: fn(&Compiled) -> String,
    rest: Vec<Value>,
    served_by: &'static [&'static str],
) -> Query {
    let clock = Clock { as_of: tx.now(), zone: chrono_tz::Tz::UTC };
    let of = segment::compile(&service::leads::segment::read(filter).unwrap(), clock);
    let values = of.values.iter().cloned().chain(rest).collect();
    Query { name, asked: raw(tx, &sql(&of), values), served_by }
}
