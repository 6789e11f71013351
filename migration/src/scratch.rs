//! Databases made for a moment: what the history makes, and what the entities make.

use devpg::Server;
use entity::schema::{OWNER, tables};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use crate::run::{self, Options, Verb};

/// A database of a name, new and empty.
///
/// # Errors
///
/// If the server does not let us make one.
pub async fn database(server: &Server, name: &str) -> Result<DatabaseConnection, DbErr> {
    let admin = run::connect(&server.url("postgres")).await?;
    admin.execute_unprepared(&format!("drop database if exists {name} with (force)")).await?;
    admin.execute_unprepared(&format!("create database {name}")).await?;
    admin.close().await?;
    run::connect(&server.url(name)).await
}

/// Ends a database made by [`database`].
///
/// # Errors
///
/// If the server does not let us.
pub async fn drop(server: &Server, name: &str, db: DatabaseConnection) -> Result<(), DbErr> {
    db.close().await?;
    let admin = run::connect(&server.url("postgres")).await?;
    admin.execute_unprepared(&format!("drop database if exists {name} with (force)")).await?;
    admin.close().await
}

/// What the history makes of an empty database.
///
/// # Errors
///
/// If a migration fails.
pub async fn migrated(server: &Server, name: &str) -> Result<DatabaseConnection, DbErr> {
    let db = database(server, name).await?;
    run::run(&server.url(name), Verb::Up(None), Options::default(), |_| {}).await?;
    Ok(db)
}

/// What the entities make: the functions are the history's, and every table is theirs.
///
/// # Errors
///
/// If an entity states what Postgres does not understand.
pub async fn declared(server: &Server, name: &str) -> Result<DatabaseConnection, DbErr> {
    let db = migrated(server, name).await?;
    let old = "select format('drop table %I cascade', relname) from pg_class
               where relkind = 'r' and relnamespace = 'public'::regnamespace
                 and relname <> 'seaql_migrations'";
    for drop in strings(&db, old).await? {
        // Some went with the table that they hung upon.
        let drop = drop.replacen("drop table", "drop table if exists", 1);
        db.execute_unprepared(&drop).await?;
    }
    db.execute_unprepared(&format!("set role {OWNER}")).await?;
    for statement in tables().into_iter().flat_map(|table| table.ddl) {
        db.execute_unprepared(&statement).await.map_err(|error| {
            DbErr::Custom(format!("the entities say what Postgres refuses: {statement}: {error}"))
        })?;
    }
    db.execute_unprepared("reset role").await?;
    Ok(db)
}

/// The first column of every row.
///
/// # Errors
///
/// If the query is not good.
pub async fn strings(db: &impl ConnectionTrait, sql: &str) -> Result<Vec<String>, DbErr> {
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}
