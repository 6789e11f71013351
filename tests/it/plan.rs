//! Every documented query is one indexed statement, under row-level security, as the application's
//! role, whether or not Postgres knows the values; and every index is needed by somebody.
//!
//! Each context says which queries it has, and on which rows they are tried.

mod compliance;
mod engine;
mod feedback;
mod health;
mod leads;
mod ledger;
mod links;
mod nurture;
mod outreach;
mod sales;
mod scores;
mod support;
mod system_config;

use std::collections::BTreeSet;

use integration::{SERVER, UNINDEXED_REFERENCES, World, strings};
use migration::run;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, Value};
use service::{Context, Result, Tx};

/// A query of the service's, and the indexes that its comment says it is served by. Where there are
/// two of which either will do, a bar stands between them.
pub struct Query {
    name: &'static str,
    asked: Statement,
    served_by: &'static [&'static str],
}

/// A query by its text, of which `$1` is the tenant and `$2` the time.
pub fn raw(tx: &Tx, sql: &str, rest: Vec<Value>) -> Statement {
    let values = [tx.context().tenant.into(), tx.now().into()].into_iter().chain(rest);
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values.collect::<Vec<_>>())
}

/// Some thousand rows of the tenant's in each table that is searched, and as many of its
/// neighbour's.
async fn crowd(world: &World) {
    for who in [&world.context, &world.neighbour] {
        world.populate(who).await;
        let of = who.tenant.to_string();
        let contexts = [
            sales::ROWS,
            outreach::ROWS,
            health::ROWS,
            engine::ROWS,
            support::ROWS,
            feedback::ROWS,
            compliance::ROWS,
            leads::ROWS,
            scores::ROWS,
            links::ROWS,
            ledger::ROWS,
            system_config::ROWS,
            nurture::ROWS,
        ];
        for rows in contexts {
            world.owner.execute_unprepared(&rows.replace("TENANT", &of)).await.unwrap();
        }
    }
    world.owner.execute_unprepared("analyze").await.unwrap();
}

fn queries(tx: &Tx) -> Vec<Query> {
    let contexts = [
        sales::queries,
        outreach::queries,
        health::queries,
        engine::queries,
        support::queries,
        feedback::queries,
        compliance::queries,
        leads::queries,
        links::queries,
        scores::queries,
        ledger::queries,
        system_config::queries,
        nurture::queries,
    ];
    contexts.into_iter().flat_map(|queries| queries(tx)).collect()
}

/// What Postgres would do, with the values known to it or not.
async fn plan(app: &DatabaseConnection, who: &Context, asked: &Statement, mode: &str) -> String {
    let values = &asked.values.as_ref().unwrap().0;
    let types: Vec<_> = values.iter().map(type_of).collect();
    let literals: Vec<_> =
        values.iter().map(|value| format!("{}::{}", literal(value), type_of(value))).collect();
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
        Value::Bool(_) => "boolean",
        Value::Uuid(_) => "uuid",
        Value::ChronoDateTimeUtc(_) => "timestamptz",
        Value::ChronoDate(_) => "date",
        Value::BigInt(_) | Value::BigUnsigned(_) => "bigint",
        Value::Int(_) => "int",
        Value::Double(_) => "float8",
        Value::Decimal(_) => "numeric",
        Value::Array(sea_orm::sea_query::ArrayType::Uuid, _) => "uuid[]",
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
