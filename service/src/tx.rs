//! A transaction in which only one tenant's rows exist.

use std::pin::Pin;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entity::{
    scope::{Keyed, TenantScoped},
    tenancy::tenant,
    zone,
};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr,
    DeleteMany, EntityTrait, ExecResult, IntoActiveModel, QueryFilter, QueryResult, RuntimeErr,
    Select, Statement, TryInsertResult, UpdateMany, Value, Values, sea_query::OnConflict,
};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Executor, Postgres, pool::PoolConnection};
use sqlx_core::transaction::TransactionManager as _;
use tokio::sync::{Mutex, OnceCell};

use crate::{Context, Error, Result};

/// How many rows are written by one statement: of one size, so that it is prepared once.
const AT_ONCE: usize = 500;

/// What begins and ends sqlx's transactions.
pub(crate) type Manager = <Postgres as sqlx::Database>::TransactionManager;

/// A connection that is inside a transaction.
#[derive(Debug)]
pub(crate) struct Session {
    connection: PoolConnection<Postgres>,
    open: bool,
    /// Whether the last statement failed, after which nothing can be kept.
    failed: bool,
}

/// A transaction in which only one tenant's rows exist.
///
/// It is a SeaORM connection: any query over our entities can be run on it, and sees the tenant's
/// rows only, because Postgres sees to that. [`find`](Self::find) and its like also say the tenant
/// in the query, which lets it use the indexes at their best and find the machine that has them.
#[derive(Debug)]
pub struct Tx {
    session: Mutex<Session>,
    context: Context,
    settings: OnceCell<tenant::Model>,
}

impl Session {
    pub(crate) fn new(connection: PoolConnection<Postgres>) -> Self {
        Self { connection, open: true, failed: false }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.open {
            Manager::start_rollback(&mut self.connection);
        }
    }
}

impl Tx {
    pub(crate) fn new(session: Session, context: Context) -> Self {
        Self { session: Mutex::new(session), context, settings: OnceCell::new() }
    }

    pub(crate) async fn commit(self) -> Result<()> {
        let mut session = self.session.into_inner();
        if session.failed {
            // Postgres would answer the commit with a rollback, and sqlx take that for success.
            return Err(Error::conflict("a statement failed and its error was not returned"));
        }
        Manager::commit(&mut session.connection).await?;
        session.open = false;
        Ok(())
    }

    /// Undoes it, and waits until that is done: what it locked is free then. Should the connection be
    /// lost, the database does so by itself.
    pub(crate) async fn undo(self) {
        let mut session = self.session.into_inner();
        if Manager::rollback(&mut session.connection).await.is_ok() {
            session.open = false;
        }
    }

    /// Who asks, for which tenant, and when.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The time that it is taken to be.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.context.now
    }

    /// The tenant's rows of one table.
    pub fn find<E: TenantScoped>(&self) -> Select<E> {
        #[expect(clippy::disallowed_methods, reason = "this is what the others are sent to")]
        E::find().filter(E::TENANT.eq(self.context.tenant))
    }

    /// The tenant's row with this id, which only the id of this very table can be.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn get<E: Keyed>(&self, id: E::Id) -> Result<Option<E::Model>> {
        #[expect(clippy::disallowed_methods, reason = "this is what the others are sent to")]
        Ok(E::find_by_id((self.context.tenant, id)).one(self).await?)
    }

    /// Writes a row for the tenant, whatever tenant it names.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] if there is such a row already, [`Error::NotFound`] if it refers to
    /// one that the tenant has not, [`Error::Invalid`] if it breaks a rule of the table.
    pub async fn insert<A>(&self, mut row: A) -> Result<<A::Entity as EntityTrait>::Model>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        A::Entity: TenantScoped,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        row.set(A::Entity::TENANT, self.context.tenant.into());
        Ok(row.insert(self).await?)
    }

    /// Writes many rows for the tenant, whatever tenant they name, some hundreds at a time. Every
    /// row must have the same columns set.
    ///
    /// # Errors
    ///
    /// As [`insert`](Self::insert).
    pub async fn insert_many<A>(&self, rows: Vec<A>) -> Result<()>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        A::Entity: TenantScoped,
    {
        let mut rows = self.own(rows);
        loop {
            let chunk: Vec<_> = rows.by_ref().take(AT_ONCE).collect();
            if chunk.is_empty() {
                return Ok(());
            }
            #[expect(clippy::disallowed_methods, reason = "this is what the others are sent to")]
            A::Entity::insert_many(chunk).exec_without_returning(self).await?;
        }
    }

    /// Writes those of many rows for the tenant that break no unique rule, and says which: the others
    /// are there already, and stay as they are. Every row must have the same columns set.
    ///
    /// # Errors
    ///
    /// As [`insert`](Self::insert), but for the conflict.
    pub async fn insert_new<A>(
        &self,
        rows: Vec<A>,
    ) -> Result<Vec<<A::Entity as EntityTrait>::Model>>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        A::Entity: TenantScoped,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        let mut new = vec![];
        let mut rows = self.own(rows);
        loop {
            let chunk: Vec<_> = rows.by_ref().take(AT_ONCE).collect();
            if chunk.is_empty() {
                return Ok(new);
            }
            #[expect(clippy::disallowed_methods, reason = "this is what the others are sent to")]
            let done = A::Entity::insert_many(chunk)
                .on_conflict(OnConflict::new().do_nothing().to_owned())
                .try_insert()
                .exec_with_returning_many(self)
                .await?;
            if let TryInsertResult::Inserted(rows) = done {
                new.extend(rows);
            }
        }
    }

    /// The rows, as the tenant's.
    fn own<A>(&self, rows: Vec<A>) -> impl Iterator<Item = A>
    where
        A: ActiveModelTrait,
        A::Entity: TenantScoped,
    {
        let tenant = self.context.tenant;
        rows.into_iter().map(move |mut row| {
            row.set(A::Entity::TENANT, tenant.into());
            row
        })
    }

    /// Changes the tenant's row with the key that `row` has.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the tenant has no such row; otherwise as [`insert`](Self::insert).
    pub async fn update<A>(&self, mut row: A) -> Result<<A::Entity as EntityTrait>::Model>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        A::Entity: TenantScoped,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        row.set(A::Entity::TENANT, self.context.tenant.into());
        match row.update(self).await {
            Err(DbErr::RecordNotUpdated) => Err(Error::NotFound("row")),
            done => Ok(done?),
        }
    }

    /// Changes many of the tenant's rows of one table.
    #[must_use]
    pub fn update_many<E: TenantScoped>(&self) -> UpdateMany<E> {
        #[expect(clippy::disallowed_methods, reason = "this is what the others are sent to")]
        E::update_many().filter(E::TENANT.eq(self.context.tenant))
    }

    /// Deletes many of the tenant's rows of one table.
    #[must_use]
    pub fn delete_many<E: TenantScoped>(&self) -> DeleteMany<E> {
        #[expect(clippy::disallowed_methods, reason = "this is what the others are sent to")]
        E::delete_many().filter(E::TENANT.eq(self.context.tenant))
    }

    /// Deletes the tenant's row with this id; whether there was one.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] if something still refers to it.
    pub async fn delete<E: Keyed>(&self, id: E::Id) -> Result<bool> {
        #[expect(clippy::disallowed_methods, reason = "this is what the others are sent to")]
        let done = E::delete_by_id((self.context.tenant, id)).exec(self).await;
        match done.map_err(Error::from) {
            Ok(done) => Ok(done.rows_affected == 1),
            // The key that was broken is that of the row which refers to this one.
            Err(Error::NotFound(_)) => Err(Error::conflict("something still refers to the row")),
            Err(error) => Err(error),
        }
    }

    /// The tenant's own row, read once in a transaction.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the tenant has not been opened.
    pub async fn tenant(&self) -> Result<&tenant::Model> {
        self.settings
            .get_or_try_init(async || {
                #[expect(clippy::disallowed_methods, reason = "the tenant is the key")]
                let found = tenant::Entity::find_by_id(self.context.tenant).one(self).await?;
                found.ok_or(Error::NotFound("tenant"))
            })
            .await
    }

    /// The rules of the tenant's time zone.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the tenant has not been opened, [`Error::Invalid`] if its zone was
    /// written by somebody who knew one that we do not.
    pub async fn zone(&self) -> Result<Tz> {
        let zone = &self.tenant().await?.time_zone;
        zone.rules().map_err(|e| Error::invalid("time_zone", e.to_string()))
    }

    /// The tenant's civil date.
    ///
    /// # Errors
    ///
    /// As [`zone`](Self::zone).
    pub async fn today(&self) -> Result<chrono::NaiveDate> {
        Ok(zone::date_at(self.zone().await?, self.now()))
    }

    /// A statement whose `$1` is the tenant and whose `$2` is the time.
    pub(crate) fn ask(&self, sql: &str, rest: impl IntoIterator<Item = Value>) -> Statement {
        self.ask_at(self.context.now, sql, rest)
    }

    /// The same for another time: that of the first page, when it is not the first any more.
    pub(crate) fn ask_at(
        &self,
        as_of: DateTime<Utc>,
        sql: &str,
        rest: impl IntoIterator<Item = Value>,
    ) -> Statement {
        let first = [self.context.tenant.into(), as_of.into()];
        Statement::from_sql_and_values(
            DbBackend::Postgres,
            sql,
            first.into_iter().chain(rest).collect::<Vec<_>>(),
        )
    }

    /// Does `work` so that its failure undoes it alone. For work of our own only: whoever is given
    /// a `Tx` neither begins nor ends anything.
    pub(crate) async fn attempt<T>(&self, work: impl AsyncFnOnce() -> Result<T>) -> Result<T> {
        self.send("savepoint attempt").await?;
        let done = work().await;
        let end = match done {
            Ok(_) => "release savepoint attempt",
            Err(_) => "rollback to savepoint attempt; release savepoint attempt",
        };
        self.send(end).await?;
        done
    }

    /// Does `work` for all of `items` at once; or, if that is refused, for each alone, to find out
    /// whom it was about. The refusals, by the items' places; what can be tried again is an error.
    pub(crate) async fn attempt_each<'a, I: Sync>(
        &self,
        items: &'a [I],
        work: impl Fn(&'a [I]) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>,
    ) -> Result<Vec<(usize, Error)>> {
        let mut refused = vec![];
        match self.attempt(async || work(items).await).await {
            Ok(()) => return Ok(refused),
            Err(error) if error.is_retryable() => return Err(error),
            Err(_) => {}
        }
        for (place, item) in items.iter().enumerate() {
            let one = std::slice::from_ref(item);
            match self.attempt(async || work(one).await).await {
                Ok(()) => {}
                Err(error) if error.is_retryable() => return Err(error),
                Err(error) => refused.push((place, error)),
            }
        }
        Ok(refused)
    }

    /// The tenant's year, and its next number in it. The counter, a table of `year` and `last_number`,
    /// stays locked until the transaction ends, so that whoever comes next waits, and a number that
    /// was given in a transaction that failed is given again.
    pub(crate) async fn next_number(&self, counters: &'static str) -> Result<(i32, i64)> {
        let year = chrono::Datelike::year(&self.today().await?);
        let count = format!(
            "insert into {counters} (tenant_id, year, last_number) values ($1, $3, 1)
             on conflict (tenant_id, year) do update
             set last_number = {counters}.last_number + 1 where $2::timestamptz is not null
             returning last_number"
        );
        let row = self.query_one_raw(self.ask(&count, [year.into()])).await?;
        let row = row.ok_or(Error::NotFound("number"))?;
        Ok((year, row.try_get_by_index(0)?))
    }

    async fn send(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut session = self.session.lock().await;
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let done = session.connection.execute(sql).await;
        session.failed = done.is_err();
        done.map(Into::into).map_err(exec)
    }
}

#[async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let (sql, values) = parts(statement)?;
        let mut session = self.session.lock().await;
        let query = sqlx::query_with(AssertSqlSafe(sql), values);
        let done = query.execute(&mut *session.connection).await;
        session.failed = done.is_err();
        done.map(Into::into).map_err(exec)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        refuse_ends(sql)?;
        self.send(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let (sql, values) = parts(statement)?;
        let mut session = self.session.lock().await;
        let query = sqlx::query_with(AssertSqlSafe(sql), values);
        let row = query.fetch_optional(&mut *session.connection).await;
        session.failed = row.is_err();
        Ok(row.map_err(query_error)?.map(Into::into))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let (sql, values) = parts(statement)?;
        let mut session = self.session.lock().await;
        let query = sqlx::query_with(AssertSqlSafe(sql), values);
        let rows = query.fetch_all(&mut *session.connection).await;
        session.failed = rows.is_err();
        Ok(rows.map_err(query_error)?.into_iter().map(Into::into).collect())
    }
}

/// Whoever ends the transaction ends its tenant: what came after would be done for nobody, and
/// reported as kept. It is an accident that is refused here, and not an attack.
fn refuse_ends(sql: &str) -> Result<(), DbErr> {
    const ENDS: [&str; 8] = [
        "abort",
        "begin",
        "commit",
        "end",
        "prepare transaction",
        "rollback",
        "savepoint",
        "start",
    ];
    let first = sql.trim_start().to_ascii_lowercase();
    let is_first = |word: &str| {
        let rest = first.strip_prefix(word);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    match ENDS.into_iter().find(|word| is_first(word)) {
        Some(word) => {
            Err(DbErr::Custom(format!("{word}: a transaction is Db::run's to begin and end")))
        }
        None => Ok(()),
    }
}

fn parts(statement: Statement) -> Result<(String, SqlxValues), DbErr> {
    refuse_ends(&statement.sql)?;
    Ok((statement.sql, SqlxValues(statement.values.unwrap_or(Values(vec![])))))
}

fn exec(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}
