//! Applying the history to a database: one migrator at a time, never waiting long for a lock.

use std::time::{Duration, Instant};

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, RuntimeErr, sqlx,
};
use sea_orm_migration::MigratorTrait;

use crate::{
    Migrator,
    history::HISTORY,
    migrator::{MAY_LOSE_ROWS, flag, wrapped},
};

/// The key of the advisory lock that a migrator holds: `keel` in ASCII.
const LOCK: i64 = 0x6b65_656c;
/// How often a step is tried that found a table locked.
const TRIES: u32 = 30;

/// Which way, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Forward, so many steps, or all.
    Up(Option<u32>),
    /// Back, so many steps.
    Down(u32),
    /// Back, all of them.
    Reset,
    /// Back and forward again, all of them.
    Refresh,
    /// Whatever is in the schema goes, and the history is applied to nothing.
    Fresh,
}

#[derive(Clone, Copy)]
enum Way {
    Up,
    Down,
}

/// A step that was taken.
#[derive(Clone, Debug)]
pub struct Step {
    /// The migration's name, and which way it was run.
    pub what: String,
    /// How long it took.
    pub took: Duration,
}

/// Runs the history on a database.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// That rows may be lost on the way back.
    pub yes_drop_data: bool,
}

/// Connects for migrating: one connection, which holds the lock until it is closed.
///
/// # Errors
///
/// If the server cannot be reached.
pub async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).min_connections(1).sqlx_logging(false).test_before_acquire(false);
    options.idle_timeout(None::<Duration>).max_lifetime(None::<Duration>);
    Database::connect(options).await
}

/// Runs `verb`, and tells of each step as it is done. Whoever else is migrating is waited for. A run
/// that failed or was killed can simply be run again.
///
/// # Errors
///
/// If a step fails: it leaves nothing behind, and those before it stay. If rows would be lost and
/// the options do not say that they may.
pub async fn run(
    url: &str,
    verb: Verb,
    options: Options,
    mut tell: impl FnMut(&Step) + Send,
) -> Result<(), DbErr> {
    let db = connect(url).await?;
    lock(&db).await?;
    db.execute_unprepared("set lock_timeout = '2s'").await?;
    if options.yes_drop_data {
        db.execute_unprepared(&format!("set {MAY_LOSE_ROWS} = 'on'")).await?;
    }
    Migrator::install(&db).await?;
    let done = match verb {
        Verb::Up(steps) => up(&db, steps, &mut tell).await,
        Verb::Down(steps) => down(&db, steps, &mut tell).await,
        Verb::Reset => down(&db, u32::MAX, &mut tell).await,
        Verb::Refresh => match down(&db, u32::MAX, &mut tell).await {
            Ok(()) => up(&db, None, &mut tell).await,
            failed => failed,
        },
        Verb::Fresh => match empty(&db, options).await {
            Ok(()) => up(&db, None, &mut tell).await,
            failed => failed,
        },
    };
    db.close().await?;
    done
}

/// The names of the migrations, and whether each was applied.
///
/// # Errors
///
/// If the database does not answer.
pub async fn status(url: &str) -> Result<Vec<(&'static str, bool)>, DbErr> {
    let db = connect(url).await?;
    let applied = applied(&db).await?;
    db.close().await?;
    Ok(HISTORY.iter().map(|m| (m.name, applied.iter().any(|a| a == m.name))).collect())
}

/// What `up` would send, without sending it.
///
/// # Errors
///
/// If the database does not answer.
pub async fn sql(url: &str) -> Result<String, DbErr> {
    let pending = status(url).await?.into_iter().filter(|(_, applied)| !applied);
    let files = pending.filter_map(|(name, _)| HISTORY.iter().find(|m| m.name == name));
    let files: Vec<_> = files
        .map(|m| {
            let (begin, commit) = if m.is_alone() { ("", "") } else { ("begin;\n", "commit;\n") };
            format!("-- {}\n{begin}{}{commit}\n", m.name, wrapped(m.up))
        })
        .collect();
    Ok(files.concat())
}

async fn up(
    db: &DatabaseConnection,
    steps: Option<u32>,
    tell: &mut (impl FnMut(&Step) + Send),
) -> Result<(), DbErr> {
    let done = applied(db).await?;
    let most = steps.map_or(usize::MAX, |n| n as usize);
    let is_pending = |name: &str| !done.iter().any(|applied| applied == name);
    let pending: Vec<_> = HISTORY.iter().filter(|m| is_pending(m.name)).take(most).collect();
    for migration in pending {
        let took = step(db, Way::Up).await?;
        tell(&Step { what: format!("up   {}", migration.name), took });
    }
    Ok(())
}

async fn down(
    db: &DatabaseConnection,
    steps: u32,
    tell: &mut (impl FnMut(&Step) + Send),
) -> Result<(), DbErr> {
    let done = applied(db).await?;
    for migration in done.iter().rev().take(steps as usize) {
        let took = step(db, Way::Down).await?;
        tell(&Step { what: format!("down {migration}"), took });
    }
    Ok(())
}

/// Empties the schema of whatever is in it, known to the history or not.
async fn empty(db: &DatabaseConnection, options: Options) -> Result<(), DbErr> {
    let filled = "select exists (
        select from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
          and relname <> 'seaql_migrations' and pg_relation_size(oid) > 0)";
    if !options.yes_drop_data && flag(db, filled).await? {
        let why =
            "fresh would drop tables that may hold data; say --yes-drop-data if that is meant";
        return Err(DbErr::Custom(why.to_owned()));
    }
    db.execute_unprepared(
        "drop schema if exists keel cascade; drop schema public cascade; create schema public",
    )
    .await?;
    Migrator::install(db).await
}

async fn applied(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let known = "select to_regclass('public.seaql_migrations') is not null";
    if !flag(db, known).await? {
        return Ok(vec![]);
    }
    let models = Migrator::get_migration_models(db).await?;
    Ok(models.into_iter().map(|m| m.version).collect())
}

/// Only one migrator at a time. It asks again and again, because a session that waits for the lock
/// inside a statement would be in the way of `create index concurrently`.
async fn lock(db: &DatabaseConnection) -> Result<(), DbErr> {
    while !flag(db, &format!("select pg_try_advisory_lock({LOCK})")).await? {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// A step that waits for a lock blocks all who come after it, so it gives up soon and comes again.
async fn step(db: &DatabaseConnection, way: Way) -> Result<Duration, DbErr> {
    let mut tried = 1;
    loop {
        let began = Instant::now();
        let done = match way {
            Way::Up => Migrator::up(db, Some(1)).await,
            Way::Down => Migrator::down(db, Some(1)).await,
        };
        match done {
            Ok(()) => return Ok(began.elapsed()),
            Err(error) if tried < TRIES && is_lock_timeout(&error) => {
                tokio::time::sleep(Duration::from_millis(100 * u64::from(tried.min(10)))).await;
                tried += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

fn is_lock_timeout(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e))) = error
    else {
        return false;
    };
    matches!(&**e, sqlx::Error::Database(e) if e.code().as_deref() == Some("55P03"))
}
