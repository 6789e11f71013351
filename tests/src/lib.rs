//! A database for each test, and two tenants in it.

pub mod populate;
pub mod ten_leads;

use std::sync::{
    LazyLock,
    atomic::{AtomicU32, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use devpg::Server;
use entity::{id::TenantId, zone::Zone};
use migration::{
    run::{self, Options as Migrating, Verb},
    scratch,
};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use service::{Actor, Context, Db, Options, Result, Tx, tenancy::tenant};
use tokio::sync::OnceCell;

/// The server that all tests share. The process ends it, however it ends itself.
pub static SERVER: LazyLock<Server> =
    LazyLock::new(|| Server::start().unwrap_or_else(|error| panic!("{error}")));

/// The references that no index lets one follow backwards.
pub const UNINDEXED_REFERENCES: &str = "
    select conname::text from pg_constraint f
    where contype = 'f' and connamespace = 'public'::regnamespace
      and not exists (
        select from pg_index i
        where i.indrelid = f.conrelid and i.indpred is null
          and (i.indkey::int2[])[0:array_length(f.conkey, 1) - 1] @> f.conkey)
    order by 1";

/// A new database for one test, copied from one that has been migrated once.
pub struct World {
    /// The library under test, as the role that production uses.
    pub db: Db,
    /// The same database, as a superuser.
    pub owner: DatabaseConnection,
    /// The database's name.
    pub name: String,
    /// The tenant that the test is about, on Monday, 2 March 2026, 09:00 in UTC, its zone.
    pub context: Context,
    /// Another tenant, of which the test must never see anything.
    pub neighbour: Context,
}

impl World {
    /// Makes it.
    ///
    /// # Panics
    ///
    /// If Postgres is not there.
    pub async fn new() -> Self {
        let name = copy_of_the_template().await;
        let owner = run::connect(&SERVER.url(&name)).await.expect("Postgres is there");
        // Whoever can help it reads no table from end to end: tests of plans depend on it.
        let honest = format!("alter role keel_app in database {name} set enable_seqscan = off");
        owner.execute_unprepared(&honest).await.expect("a setting");
        let options = Options { max_connections: 8, ..Options::default() };
        let db = Db::connect(&SERVER.url_as("keel_app", &name), &options).await.expect("a pool");
        let now = "2026-03-02T09:00:00Z".parse::<DateTime<Utc>>().expect("a time");
        let context = |_| Context { tenant: TenantId::new(), actor: Actor::System("test"), now };
        let [context, neighbour] = [0, 1].map(context);
        for (of, called) in [(&context, "tenant"), (&neighbour, "neighbour")] {
            let new = tenant::New::named(called, Zone::utc());
            db.run(of.clone(), async |tx| tenant::open(tx, new).await).await.expect("a tenant");
        }
        Self { db, owner, name, context, neighbour }
    }

    /// The same tenant, later, or, below zero, earlier.
    #[must_use]
    pub fn later(&self, by: TimeDelta) -> Context {
        Context { now: self.context.now + by, ..self.context.clone() }
    }

    /// The same tenant at some time.
    ///
    /// # Panics
    ///
    /// If `time` is none.
    #[must_use]
    pub fn at(&self, time: &str) -> Context {
        Context { now: time.parse().expect("a time"), ..self.context.clone() }
    }

    /// Does work for the tenant that must succeed.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub async fn run<T>(&self, work: impl AsyncFnOnce(&Tx) -> Result<T>) -> T {
        self.db.run(self.context.clone(), work).await.expect("the work is good")
    }

    /// Does work at another time, or for another tenant, that must succeed.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub async fn run_as<T>(&self, who: &Context, work: impl AsyncFnOnce(&Tx) -> Result<T>) -> T {
        self.db.run(who.clone(), work).await.expect("the work is good")
    }

    /// The first column of every row, as a superuser.
    ///
    /// # Panics
    ///
    /// If the query is not good.
    pub async fn strings(&self, sql: &str) -> Vec<String> {
        strings(&self.owner, sql).await
    }
}

impl Drop for World {
    /// A server of somebody else's is left as it was found; one of our own goes as a whole.
    fn drop(&mut self) {
        if SERVER.database().is_none() {
            return;
        }
        let (url, name) = (SERVER.url("postgres"), std::mem::take(&mut self.name));
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let admin = run::connect(&url).await.expect("Postgres is there");
                let drop = format!("drop database if exists {name} with (force)");
                admin.execute_unprepared(&drop).await.expect("a database that can be dropped");
            });
        });
        let _ = dropping.join(); // a failure here must not hide the test's own
    }
}

/// The first column of every row.
///
/// # Panics
///
/// If the query is not good.
pub async fn strings(db: &impl ConnectionTrait, sql: &str) -> Vec<String> {
    db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await
        .expect("the query is good")
        .iter()
        .map(|row| row.try_get_by_index(0).expect("a string"))
        .collect()
}

/// A name that no other test's database has.
#[must_use]
pub fn name() -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    format!("it_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed))
}

async fn copy_of_the_template() -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let template = TEMPLATE
        .get_or_init(|| async {
            let name = name();
            let db = scratch::database(&SERVER, &name).await.expect("a database");
            db.close().await.expect("nobody else is connected");
            run::run(&SERVER.url(&name), Verb::Up(None), Migrating::default(), |_| {})
                .await
                .expect("the migrations are good");
            name
        })
        .await;
    let name = name();
    let admin = run::connect(&SERVER.url("postgres")).await.expect("Postgres is there");
    let copy = format!("create database {name} template {template}");
    admin.execute_unprepared(&copy).await.expect("nobody is connected to the template");
    admin.close().await.expect("a connection that closes");
    name
}
