//! Every documented query is one indexed statement, under row-level security, as the application's
//! role, whether or not Postgres knows the values; and every index is needed by somebody.

use std::collections::BTreeSet;

use entity::{id::ClientId, phone::Phone};
use integration::{SERVER, UNINDEXED_REFERENCES, World, strings};
use migration::run;
use rust_decimal::Decimal;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryTrait, Statement, Value};
use service::{
    Context, Result, Tx,
    health::pattern::queries as pattern,
    outreach::dnc::queries as dnc,
    sales::{
        deal::{List, Stage, queries as deal},
        quote::queries as quote,
    },
};
use uuid::Uuid;

/// A query of the service's, and the indexes that its comment says it is served by. Where there are
/// two of which either will do, a bar stands between them.
struct Query {
    name: &'static str,
    asked: Statement,
    served_by: &'static [&'static str],
}

/// Some thousand rows of the tenant's in each table that is searched, and as many of its
/// neighbour's.
async fn crowd(world: &World) {
    for who in [&world.context, &world.neighbour] {
        world.populate(who).await;
        let t = who.tenant;
        let client = "cs_1_acme";
        let rows = format!(
            "insert into customers (tenant_id, client_id, client_name, company_name, contract_start_date)
             select '{t}', 'cs_' || n || '_other', 'o', 'o', date '2026-01-01'
             from generate_series(1, 40) n;
             insert into deals (tenant_id, id, client_id, title, stage, stage_entered_at, created_at,
                                value, stall_after_days, actual_close_date, next_follow_up_at)
             select '{t}', gen_random_uuid(), 'cs_' || 1 + n % 40 || '_other', 'd' || n, s.stage,
                    timestamptz '2026-03-02' - n * interval '1 hour',
                    timestamptz '2026-03-02' - n * interval '1 hour', n,
                    case when n % 50 = 0 then 1 + n % 7 end,
                    case when s.stage in ('won', 'lost') then date '2026-03-02' end, null
             from generate_series(1, 4000) n,
                  lateral (select (array['lead', 'qualified', 'proposal', 'negotiation', 'won',
                                         'lost'])[1 + n % 6] as stage) s;
             insert into quotes (tenant_id, id, client_id, quote_number, title, total_amount, status,
                                 sent_at, next_follow_up_at, valid_until, created_at)
             select '{t}', gen_random_uuid(), '{client}', 'Q-2025-' || 10000 + n, 'q', n,
                    case when n % 3 = 0 then 'sent' when n % 3 = 1 then 'draft' else 'expired' end,
                    timestamptz '2026-01-01', timestamptz '2026-03-02' + (n - 2000) * interval '1 hour',
                    date '2026-03-02' + (n - 1000) / 10, timestamptz '2026-03-02' - n * interval '1 hour'
             from generate_series(1, 4000) n;
             insert into dnc_list (tenant_id, id, phone_number, raw_number, kind, reason, added_at)
             select '{t}', gen_random_uuid(), '+1206' || 2000000 + n, '', 'permanent', 'x', now()
             from generate_series(1, 4000) n;
             insert into dnc_checks (tenant_id, id, number, purpose, verdict, refusals, actor, checked_at)
             select '{t}', gen_random_uuid(), '+1206' || 2000000 + n, 'check', 'clear', '{{}}', 'x', now()
             from generate_series(1, 4000) n;
             insert into client_health_scores (tenant_id, id, email, pattern_status, lost_calls,
                                               expected_calls, pattern_week_start,
                                               last_pattern_check, pattern_attempted_at)
             select '{t}', gen_random_uuid(), 'c' || n || '@a.example',
                    (array['NORMAL', 'BELOW_PATTERN', 'PATTERN_BREAK'])[1 + n % 3], n % 40, 50,
                    timestamptz '2026-03-02', timestamptz '2026-03-02' - n * interval '1 hour',
                    case when n % 9 > 0 then timestamptz '2026-03-02' - n * interval '1 hour' end
             from generate_series(1, 3000) n;
             insert into call_records (tenant_id, id, client_email, call_date, call_type, status)
             select '{t}', gen_random_uuid(), 'c' || 1 + n % 3000 || '@a.example',
                    timestamptz '2026-03-02' - n * interval '1 hour',
                    (array['PHONE', 'EMAIL'])[1 + n % 2], 'COMPLETED'
             from generate_series(1, 9000) n;"
        );
        world.owner.execute_unprepared(&rows).await.unwrap();
    }
    world.owner.execute_unprepared("analyze").await.unwrap();
}

#[expect(clippy::too_many_lines, reason = "a list")]
fn queries(tx: &Tx) -> Vec<Query> {
    let (tenant, now) = (tx.context().tenant, tx.now());
    let raw = |sql: &str, rest: Vec<Value>| {
        let values = [tenant.into(), now.into()].into_iter().chain(rest);
        Statement::from_sql_and_values(DbBackend::Postgres, sql, values.collect::<Vec<_>>())
    };
    let list = |ask: List| deal::list_query(tx, &ask).build(DbBackend::Postgres);
    let none = || Value::Uuid(None);
    let (rows, seconds, token) = (|| 50_i64.into(), || 300_f64.into(), || Uuid::now_v7().into());
    let emails: Vec<String> = (1..50).map(|n| format!("c{n}@a.example")).collect();
    let (noon, month) = (now - chrono::TimeDelta::hours(9), now - chrono::TimeDelta::days(28));
    let phone = Phone::try_from("+12062000001".to_owned()).unwrap();
    let phones: Vec<String> = (1..40).map(|n| format!("+1206{}", 2_000_000 + n)).collect();
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
        Query { name: "stalled", asked: raw(&deal::stalled_sql(), first), served_by: stalled },
        Query {
            name: "stalled, page 2",
            asked: raw(&deal::stalled_sql(), later),
            served_by: stalled,
        },
        Query {
            name: "claim deals",
            asked: raw(&deal::claim_sql(), vec![rows(), rows(), token(), seconds()]),
            served_by: stalled,
        },
        Query { name: "mark", asked: raw(&deal::mark_sql(), vec![rows()]), served_by: stalled },
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
            asked: list(List { assigned_to: Some(entity::id::UserId::new()), ..List::default() }),
            served_by: &["deals_of_assignee"],
        },
        Query { name: "list", asked: list(List::default()), served_by: &["pk-deals"] },
        Query {
            name: "quotes due",
            asked: raw(quote::DUE, vec![rows(), Value::ChronoDateTimeUtc(None), none()]),
            served_by: &["quotes_follow_up"],
        },
        Query {
            name: "claim quotes",
            asked: raw(quote::CLAIM, vec![rows(), token(), seconds()]),
            served_by: &["quotes_follow_up"],
        },
        Query {
            name: "expire",
            asked: raw(quote::EXPIRE, vec![rows()]),
            served_by: &["quotes_expiry"],
        },
        Query {
            name: "win rates",
            asked: raw(quote::WIN_RATES, vec![month.into(), now.into()]),
            served_by: &["quotes_closed"],
        },
        Query {
            name: "many numbers",
            asked: raw(dnc::LISTED, vec![phones.into()]),
            served_by: &["dnc_list_live|dnc_list_of_number"],
        },
        Query {
            name: "checks of a number",
            asked: dnc::history_query(tx, &phone).build(DbBackend::Postgres),
            served_by: &["dnc_checks_of_number"],
        },
        Query {
            name: "clients to look at",
            asked: raw(pattern::QUEUE, vec![rows(), now.into()]),
            served_by: &["client_health_scores_pattern_queue"],
        },
        Query {
            name: "calls",
            asked: raw(pattern::COUNTS, vec![emails.clone().into(), month.into(), noon.into()]),
            served_by: &["call_records_held"],
        },
        Query {
            name: "calls, the seed's way",
            asked: raw(pattern::SEED_COUNTS, vec![emails.into(), month.into(), noon.into()]),
            served_by: &["call_records_of_client"],
        },
        Query {
            name: "breaks",
            asked: raw(
                pattern::BREAKS,
                vec![rows(), month.into(), Value::String(None), Value::Decimal(None), none()],
            ),
            served_by: &["client_health_scores_breaks"],
        },
    ]
}

/// What Postgres would do, with the values known to it or not.
async fn plan(app: &DatabaseConnection, who: &Context, asked: &Statement, mode: &str) -> String {
    let values = &asked.values.as_ref().unwrap().0;
    let types: Vec<_> = values.iter().map(type_of).collect();
    let literals: Vec<_> = values.iter().map(literal).collect();
    let prepare = format!("prepare asked ({}) as {}", types.join(", "), asked.sql);
    let set = format!(
        "begin; set local app.current_tenant_id = '{}'; set local plan_cache_mode = {mode}",
        who.tenant
    );
    app.execute_unprepared(&set).await.unwrap();
    app.execute_unprepared(&prepare).await.unwrap_or_else(|e| panic!("{prepare}: {e}"));
    let explain = format!("explain execute asked ({})", literals.join(", "));
    let plan = strings(app, &explain).await.join("\n");
    app.execute_unprepared("rollback; deallocate asked").await.unwrap();
    plan
}

/// Whether a plan names an index, and not one whose name begins alike.
fn uses(plan: &str, index: &str) -> bool {
    plan.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-')).any(|word| word == index)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Uuid(_) => "uuid",
        Value::ChronoDateTimeUtc(_) => "timestamptz",
        Value::BigInt(_) | Value::BigUnsigned(_) => "bigint",
        Value::Int(_) => "int",
        Value::Double(_) => "float8",
        Value::Decimal(_) => "numeric",
        Value::Array(..) => "text[]",
        _ => "text",
    }
}

fn literal(value: &Value) -> String {
    use sea_orm::sea_query::{PostgresQueryBuilder, QueryBuilder};
    PostgresQueryBuilder.value_to_string(value)
}

async fn scene() -> (World, DatabaseConnection, Vec<Query>) {
    let world = World::new().await;
    crowd(&world).await;
    let app = run::connect(&SERVER.url_as("keel_app", &world.name)).await.unwrap();
    let asked: Result<_> = world.db.read(world.context.clone(), async |tx| Ok(queries(tx))).await;
    (world, app, asked.unwrap())
}

#[tokio::test]
async fn every_query_is_served_by_the_index_that_it_names_with_its_values_known_or_not() {
    let (world, app, queries) = scene().await;
    for query in &queries {
        for mode in ["force_custom_plan", "force_generic_plan"] {
            let plan = plan(&app, &world.context, &query.asked, mode).await;
            assert!(!plan.contains("Seq Scan"), "{}, {mode}:\n{plan}", query.name);
            for index in query.served_by {
                assert!(
                    index.split('|').any(|index| uses(&plan, index)),
                    "{}, {mode}: not by {index}:\n{plan}",
                    query.name
                );
            }
        }
    }
}

#[tokio::test]
async fn the_loss_of_an_index_is_noticed_by_a_plan_a_reference_or_a_rule() {
    let (world, app, queries) = scene().await;
    // Those that are unique are noticed by `rules`, which breaks each once.
    let demanded: BTreeSet<&str> = queries.iter().flat_map(|q| q.served_by).copied().collect();
    let history = [("dnc_list_of_number", "dnc_list", "phone_number = '+12062000001'")];
    let indexes =
        "select indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indrelid
                   where c.relnamespace = 'public'::regnamespace and not i.indisunique
                     and c.relname <> 'seaql_migrations' order by 1";
    for index in world.strings(indexes).await {
        let index = index.trim_matches('"');
        if demanded.contains(index) {
            // Without it, some query that names it is served otherwise.
            let definition = format!("select pg_get_indexdef('\"{index}\"'::regclass)");
            let again = world.strings(&definition).await.remove(0);
            world.owner.execute_unprepared(&format!("drop index \"{index}\"")).await.unwrap();
            let query = queries.iter().find(|q| q.served_by.contains(&index)).unwrap();
            let plan = plan(&app, &world.context, &query.asked, "force_generic_plan").await;
            assert!(!uses(&plan, index), "{plan}");
            world.owner.execute_unprepared(&again).await.unwrap();
            continue;
        }
        if let Some((_, table, of)) = history.iter().find(|(name, ..)| *name == index) {
            let asked = Statement::from_sql_and_values(
                DbBackend::Postgres,
                format!(
                    "select * from {table} where tenant_id = $1 and {of} order by id desc limit 9"
                ),
                [world.context.tenant.into()],
            );
            assert!(plan(&app, &world.context, &asked, "auto").await.contains(index));
            continue;
        }
        world.owner.execute_unprepared(&format!("begin; drop index \"{index}\"")).await.unwrap();
        let missed = world.strings(UNINDEXED_REFERENCES).await;
        world.owner.execute_unprepared("rollback").await.unwrap();
        assert!(!missed.is_empty(), "nobody would miss {index}");
    }
}
