//! How a migration made of SQL files is run.

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};

use crate::history::{Entry, HISTORY};

/// What a file says that must run as whoever migrates, since it is about the owner itself.
const AS_THE_MIGRATOR: &str = "-- keel: as the migrator";
/// The setting by which somebody says that rows may be lost: `on`.
pub(crate) const MAY_LOSE_ROWS: &str = "keel.yes_drop_data";

/// Brings a database up to date, and back.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

struct Sql(Entry);

impl MigrationName for Sql {
    fn name(&self) -> &str {
        self.0.name
    }
}

#[async_trait]
impl MigrationTrait for Sql {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        execute(schema.get_connection(), self.0.up, self.0.is_alone()).await
    }

    /// Refuses to lose rows: a table or column that goes takes them along. Its size tells, and not
    /// a query, which row-level security would answer with nothing.
    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let db = schema.get_connection();
        let before = columns(db).await?;
        execute(db, self.0.down, self.0.is_alone()).await?;
        let after = columns(db).await?;
        let asked = format!("select coalesce(current_setting('{MAY_LOSE_ROWS}', true), '') = 'on'");
        if flag(db, &asked).await? {
            return Ok(());
        }
        match before
            .iter()
            .find(|(column, filled)| *filled && !after.contains(&(column.clone(), true)))
        {
            None => Ok(()),
            Some((column, _)) => Err(DbErr::Custom(format!(
                "{} would drop {column}, which may hold data; say --yes-drop-data if that is meant",
                self.0.name
            ))),
        }
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(!self.0.is_alone())
    }
}

#[async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        HISTORY.iter().map(|entry| -> Box<dyn MigrationTrait> { Box::new(Sql(*entry)) }).collect()
    }
}

/// What is sent for a file: the owner makes everything but itself.
pub(crate) fn wrapped(file: &str) -> String {
    if file.contains(AS_THE_MIGRATOR) {
        format!("{file}\nreset role;\n")
    } else {
        format!("set role keel_owner;\n\n{file}\nreset role;\n")
    }
}

async fn execute(db: &impl ConnectionTrait, file: &str, alone: bool) -> Result<(), DbErr> {
    if !alone {
        return db.execute_unprepared(&wrapped(file)).await.map(drop);
    }
    // Statements sent together would be a transaction, so each goes by itself.
    for statement in wrapped(file).split(";\n").filter(|s| !s.trim().is_empty()) {
        db.execute_unprepared(statement).await?;
    }
    Ok(())
}

/// Every column, with whether its table has ever been written to.
async fn columns(db: &impl ConnectionTrait) -> Result<Vec<(String, bool)>, DbErr> {
    let sql = "
        select c.relname || '.' || a.attname, pg_relation_size(c.oid) > 0
        from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
          and a.attnum > 0 and not a.attisdropped and c.relname <> 'seaql_migrations'
        order by 1";
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
}

pub(crate) async fn flag(db: &impl ConnectionTrait, sql: &str) -> Result<bool, DbErr> {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    row.map_or(Ok(false), |row| row.try_get_by_index(0))
}
