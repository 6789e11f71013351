//! The way in: transactions that begin, end and fail as they should, for the right tenant.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::DateTime;
use entity::{
    id::{DealId, TenantId},
    sales::deal,
};
use integration::{SERVER, World, populate};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, Statement};
use service::{Actor, Context, Db, Error, Options, Result, sales};

/// Opens a deal of a title.
async fn open(tx: &service::Tx, title: &str) -> Result<DealId> {
    let client = populate::acme(tx).await?;
    Ok(sales::deal::open(tx, sales::deal::New::titled(client, title)).await?.id)
}

#[tokio::test]
async fn what_fails_leaves_nothing_behind() {
    let world = World::new().await;
    let failed: Result<()> = world
        .db
        .run(world.context.clone(), async |tx| {
            open(tx, "half").await?;
            Err(Error::NotFound("other half"))
        })
        .await;
    assert!(matches!(failed, Err(Error::NotFound("other half"))));
    assert_eq!(world.strings("select title from deals").await, [""; 0]);
}

#[tokio::test]
async fn work_that_hides_a_refusal_is_not_reported_as_kept() {
    let world = World::new().await;
    let hidden = world.db.run(world.context.clone(), async |tx| {
        open(tx, "lost").await?;
        let _ = tx.execute_unprepared("select 1 / 0").await;
        Ok(())
    });
    assert!(matches!(hidden.await, Err(Error::Conflict(_))));
    assert_eq!(world.strings("select title from deals").await, [""; 0]);
}

#[tokio::test]
async fn nobody_ends_the_transaction_or_changes_its_tenant_from_inside() {
    let world = World::new().await;
    for end in ["commit", " ROLLBACK;", "begin", "savepoint x", "End"] {
        let ended = async |tx: &service::Tx| Ok(tx.execute_unprepared(end).await?);
        assert!(world.db.run(world.context.clone(), ended).await.is_err(), "{end}");
    }
    let theirs = format!("select keel.set_tenant('{}')", world.neighbour.tenant);
    let changed = async |tx: &service::Tx| Ok(tx.execute_unprepared(&theirs).await?);
    let changed = world.db.run(world.context.clone(), changed).await;
    assert!(matches!(changed, Err(Error::Denied(_))), "{changed:?}");
}

#[tokio::test]
async fn a_check_under_a_lock_sees_what_the_lock_waited_for_whatever_the_servers_default() {
    let world = World::new().await;
    let strict = format!(
        "alter database {} set default_transaction_isolation = 'repeatable read'",
        world.name
    );
    world.owner.execute_unprepared(&strict).await.unwrap();
    let options = Options::default();
    let db = Db::connect(&SERVER.url_as("keel_app", &world.name), &options).await.unwrap();
    let level = "select current_setting('transaction_isolation')";
    let level = Statement::from_string(DbBackend::Postgres, level);
    let read = async |tx: &service::Tx| {
        Ok(tx.query_one_raw(level).await?.unwrap().try_get_by_index::<String>(0)?)
    };
    assert_eq!(db.run(world.context.clone(), read).await.unwrap(), "read committed");
}

#[tokio::test]
async fn what_something_refers_to_is_not_deleted_and_does_not_look_absent() {
    let world = World::new().await;
    world.populate(&world.context).await;
    let deal: DealId = world.strings("select id::text from deals").await[0].parse().unwrap();
    let deleted =
        world.db.run(world.context.clone(), async |tx| tx.delete::<deal::Entity>(deal).await);
    assert!(matches!(deleted.await, Err(Error::Conflict(_))));
    let theirs = async |tx: &service::Tx| tx.delete::<deal::Entity>(deal).await;
    assert!(!world.run_as(&world.neighbour, theirs).await);
}

#[tokio::test]
async fn a_rule_that_only_the_database_knows_names_the_field() {
    use sea_orm::{IntoActiveModel, Set};
    let world = World::new().await;
    let id = world.run(async |tx| open(tx, "odd").await).await;
    let broken = world.db.run(world.context.clone(), async |tx| {
        let mut row = sales::deal::get(tx, id).await?.into_active_model();
        row.value = Set(Some((-1).into()));
        tx.update(row).await
    });
    assert!(matches!(broken.await, Err(Error::Invalid { field, .. }) if field == "value"));
}

#[tokio::test]
async fn a_query_of_the_callers_own_sees_one_tenants_rows_without_saying_so() {
    let world = World::new().await;
    world.run(async |tx| open(tx, "ours").await).await;
    world.run_as(&world.neighbour, async |tx| open(tx, "theirs").await).await;
    let seen = world
        .db
        .read(world.context.clone(), async |tx| {
            let by_entity = deal::Entity::find().all(tx).await?;
            let count = deal::Entity::find().count(tx).await?;
            let sql = "select title from deals";
            let raw = tx.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
            Ok((by_entity, count, raw.len()))
        })
        .await
        .unwrap();
    assert_eq!(seen.0.len(), 1);
    assert_eq!((seen.0[0].title.as_str(), seen.1, seen.2), ("ours", 1, 1));
}

#[tokio::test]
async fn another_tenants_row_and_no_row_look_the_same() {
    let world = World::new().await;
    let theirs = world.run_as(&world.neighbour, async |tx| open(tx, "theirs").await).await;
    for id in [theirs, DealId::new()] {
        let got = world.db.run(world.context.clone(), async |tx| sales::deal::get(tx, id).await);
        assert!(matches!(got.await, Err(Error::NotFound("deal"))));
        let moved = async |tx: &service::Tx| {
            sales::deal::move_to(tx, id, sales::deal::Stage::Won, None).await
        };
        let moved = world.db.run(world.context.clone(), moved).await;
        assert!(matches!(moved, Err(Error::NotFound("deal"))));
    }
}

#[tokio::test]
async fn what_only_reads_cannot_write() {
    let world = World::new().await;
    let wrote = world.db.read(world.context.clone(), async |tx| open(tx, "sly").await).await;
    assert!(matches!(wrote, Err(Error::Database(_))));
    assert_eq!(world.strings("select title from deals").await, [""; 0]);
}

#[tokio::test]
async fn a_time_that_no_calendar_has_is_refused_before_anything_is_asked() {
    let world = World::new().await;
    for now in [DateTime::<chrono::Utc>::MIN_UTC, DateTime::<chrono::Utc>::MAX_UTC] {
        let context = Context { now, ..world.context.clone() };
        let done = world.db.run(context, async |_| Ok(())).await;
        assert!(matches!(done, Err(Error::Invalid { field, .. }) if field == "now"));
    }
}

#[tokio::test]
async fn a_role_that_could_see_everything_is_refused_and_told_why() {
    let world = World::new().await;
    let bypass = "do $$ begin create role it_bypass login bypassrls;
                  exception when duplicate_object or unique_violation then null; end $$;
                  do $$ begin create role it_member login in role keel_owner;
                  exception when duplicate_object or unique_violation then null; end $$;
                  do $$ begin create role it_shy login noinherit in role keel_owner;
                  exception when duplicate_object or unique_violation then null; end $$";
    world.owner.execute_unprepared(bypass).await.unwrap();
    let roles = [
        ("it_bypass", "bypass row-level security"),
        ("it_member", "owns tables"),
        ("it_shy", "may become their owner"),
    ];
    for (role, why) in roles {
        let url = SERVER.url_as(role, &world.name);
        match Db::connect(&url, &Options::default()).await {
            Err(Error::Denied(said)) => assert!(said.contains(why), "{said}"),
            other => panic!("{role}: {other:?}"),
        }
    }
    match Db::connect(&SERVER.url(&world.name), &Options::default()).await {
        Err(Error::Denied(said)) => assert!(said.contains("superuser"), "{said}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_begin_that_is_cancelled_loses_nobodys_write() {
    let world = World::new().await;
    world.run(async |tx| populate::acme(tx).await).await;
    let url = SERVER.url_as("keel_app", &world.name);
    // One connection: whoever comes after a cancelled begin gets the very same.
    let options = Options { max_connections: 1, ..Options::default() };
    let db = Db::connect(&url, &options).await.unwrap();
    let (mut cancelled, mut kept) = (0, vec![]);
    for round in 0..40_000_u64 {
        if cancelled == 100 {
            break;
        }
        let patience = Duration::from_micros(round * 7 % 600);
        let begun = db.run(world.context.clone(), async |_| Ok(()));
        if tokio::time::timeout(patience, begun).await.is_ok() {
            continue;
        }
        cancelled += 1;
        let title = format!("after {cancelled}");
        kept.push(title.clone());
        db.run(world.context.clone(), async |tx| open(tx, &title).await).await.unwrap();
    }
    assert_eq!(cancelled, 100);
    let mut stored = world.strings("select title from deals").await;
    stored.sort();
    kept.sort();
    assert_eq!(stored, kept);
    let stuck = "select count(*)::text from pg_stat_activity
                 where datname = current_database() and state like 'idle in transaction%'";
    // The last begin of all may just be on its way back; a stuck one would stay.
    for _ in 0..100 {
        if world.strings(stuck).await == ["0"] {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a transaction was left open");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tenants_on_few_connections_never_meet_even_when_work_is_cut_off() {
    let world = World::new().await;
    let options = Options { max_connections: 3, ..Options::default() };
    let db = Db::connect(&SERVER.url_as("keel_app", &world.name), &options).await.unwrap();
    let tenants = [world.context.clone(), world.neighbour.clone()];
    for who in &tenants {
        world.run_as(who, async |tx| open(tx, "one").await).await;
    }
    let tasks: Vec<_> = (0..60_u64)
        .map(|n| {
            let (db, who) = (db.clone(), tenants[usize::from(n % 2 == 1)].clone());
            tokio::spawn(async move {
                let ask = db.read(who.clone(), async |tx| Ok(deal::Entity::find().all(tx).await?));
                match tokio::time::timeout(Duration::from_micros(n * 131 % 5000), ask).await {
                    Err(_) => true,
                    Ok(found) => {
                        let found = found.unwrap();
                        found.len() == 1 && found[0].tenant_id == who.tenant
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
}

#[tokio::test]
async fn a_begin_that_fails_does_not_spoil_the_connection() {
    let world = World::new().await;
    let options = Options { max_connections: 1, ..Options::default() };
    let db = Db::connect(&SERVER.url_as("keel_app", &world.name), &options).await.unwrap();
    let hide = "alter function keel.set_tenant(uuid) rename to set_tenant_gone";
    world.owner.execute_unprepared(hide).await.unwrap();
    assert!(db.run(world.context.clone(), async |_| Ok(())).await.is_err());
    let show = "alter function keel.set_tenant_gone(uuid) rename to set_tenant";
    world.owner.execute_unprepared(show).await.unwrap();
    db.run(world.context.clone(), async |_| Ok(())).await.unwrap();
}

#[tokio::test]
async fn work_that_may_be_repeated_is_after_a_deadlock_and_nothing_else_is() {
    let world = World::new().await;
    let [deadlocks, refusals] = [AtomicU32::new(0), AtomicU32::new(0)];
    let done = world
        .db
        .run_retrying(world.context.clone(), 3, async |tx| {
            if deadlocks.fetch_add(1, Ordering::Relaxed) < 2 {
                let raise = "do $$ begin raise exception 'x' using errcode = '40P01'; end $$";
                tx.execute_unprepared(raise).await?;
            }
            Ok(())
        })
        .await;
    assert!(done.is_ok());
    assert_eq!(deadlocks.load(Ordering::Relaxed), 3);

    let refused: Result<()> = world
        .db
        .run_retrying(world.context.clone(), 3, async |_| {
            refusals.fetch_add(1, Ordering::Relaxed);
            Err(Error::NotFound("anything"))
        })
        .await;
    assert!(matches!(refused, Err(Error::NotFound(_))));
    assert_eq!(refusals.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_given_up() {
    let world = World::new().await;
    let statement_timeout = Duration::from_secs(1);
    let options = Options { statement_timeout, ..Options::default() };
    let db = Db::connect(&SERVER.url_as("keel_app", &world.name), &options).await.unwrap();
    let slept = db
        .read(world.context.clone(), async |tx| {
            Ok(tx.execute_unprepared("select pg_sleep(30)").await?)
        })
        .await;
    assert!(matches!(slept, Err(Error::Database(_))), "{slept:?}");
}

#[tokio::test]
async fn a_tenant_that_was_never_opened_has_nothing() {
    let world = World::new().await;
    let nobody =
        Context { tenant: TenantId::new(), actor: Actor::System("test"), now: world.context.now };
    let found = world
        .db
        .read(nobody, async |tx| sales::deal::stalled(tx, &sales::deal::Stalled::default()).await)
        .await
        .unwrap();
    assert!(found.items.is_empty());
}

/// Keeps what spans say.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl<S> tracing_subscriber::Layer<S> for Heard
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    fn on_new_span(
        &self,
        span: &tracing::span::Attributes<'_>,
        _: &tracing::Id,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        struct Fields(String);
        impl tracing::field::Visit for Fields {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0 += &format!(" {}={value:?}", field.name());
            }
        }
        let mut fields = Fields(span.metadata().name().to_owned());
        span.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }

    fn on_record(
        &self,
        _: &tracing::Id,
        values: &tracing::span::Record<'_>,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        struct Rows(Option<String>);
        impl tracing::field::Visit for Rows {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0 = Some(format!("{}={value:?}", field.name()));
            }
        }
        let mut rows = Rows(None);
        values.record(&mut rows);
        self.0.lock().unwrap().extend(rows.0);
    }
}

#[tokio::test]
async fn spans_name_the_function_the_tenant_and_the_rows_and_no_value_from_a_row() {
    use tracing_subscriber::layer::SubscriberExt as _;

    let heard = Heard::default();
    // For all tests at once: what they say must not give away anything either.
    let listening = tracing_subscriber::registry().with(heard.clone());
    tracing::subscriber::set_global_default(listening).unwrap();
    let world = World::new().await;
    world.populate(&world.context).await;
    let ask = sales::deal::List::default();
    world.run(async |tx| sales::deal::list(tx, &ask).await).await;
    let heard = heard.0.lock().unwrap();
    let tenant = format!("tenant={}", world.context.tenant);
    for span in ["deal::open", "quote::create", "dnc::check", "pattern::analyse", "deal::list"] {
        let ours = |said: &&String| said.starts_with(span) && said.ends_with(&tenant);
        assert!(heard.iter().any(|said| ours(&said)), "{span}");
    }
    assert!(heard.contains(&"rows=1".to_owned()));
    for value in ["Acme", "Ada", "ada@", "2065550010", "A deal", "1000"] {
        assert!(!heard.iter().any(|said| said.contains(value)), "{value} was told");
    }
}

#[tokio::test]
async fn what_a_failed_transaction_had_locked_is_free_when_it_returns() {
    let world = World::new().await;
    world.populate(&world.context).await;
    let lock = async |tx: &service::Tx| {
        let skip = Statement::from_string(
            DbBackend::Postgres,
            "select id from contacts for update skip locked",
        );
        Ok(tx.query_all_raw(skip).await?.len())
    };
    for _ in 0..20 {
        let failed: Result<()> = world
            .db
            .run(world.context.clone(), async |tx| {
                lock(tx).await?;
                Err(Error::NotFound("power"))
            })
            .await;
        assert!(matches!(failed, Err(Error::NotFound("power"))));
        assert!(world.run(lock).await > 0, "free after an error");
        let rehearsed = world.db.rehearse(world.context.clone(), lock).await.unwrap();
        assert!(rehearsed > 0 && world.run(lock).await > 0, "free after a rehearsal");
    }
}
