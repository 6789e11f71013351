//! The only way in: a transaction that belongs to one tenant.

use std::time::Duration;

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, PgPool, Postgres, Row as _, SqlSafeStr as _, SqlStr,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use sqlx_core::transaction::TransactionManager as _;

use crate::{
    Context, Error, Result, Tx,
    tx::{Manager, Session},
};

/// How to use the database. The defaults suit a small service.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many connections there are at most: 10.
    pub max_connections: u32,
    /// How long to wait for a free one: 5 s.
    pub acquire_timeout: Duration,
    /// After how long the database gives up on one statement: 30 s.
    pub statement_timeout: Duration,
    /// After how long it ends a transaction in which nothing happens: 60 s.
    pub idle_in_transaction_timeout: Duration,
    /// How long a statement waits for somebody else's lock: 10 s.
    pub lock_timeout: Duration,
    /// Whether a connection plans a statement once and for all values: yes. Keel's own are as fast
    /// either way, and planning can take longer than answering. Queries of your own that are
    /// better planned for their values can say `set local plan_cache_mode = auto` before.
    pub plan_once: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_connections: 10,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            idle_in_transaction_timeout: Duration::from_mins(1),
            lock_timeout: Duration::from_secs(10),
            plan_once: true,
        }
    }
}

/// A pool of connections whose role owns nothing and cannot bypass row-level security.
#[derive(Clone, Debug)]
pub struct Db(PgPool);

/// Whether a transaction may write.
#[derive(Clone, Copy)]
enum Access {
    Write,
    Read,
}

impl Db {
    /// Connects as the application's role.
    ///
    /// # Errors
    ///
    /// [`Error::Denied`] if the role could see every tenant's rows: a superuser, one that may
    /// bypass row-level security, or one that owns tables. [`Error::Invalid`] if `url` is not a URL.
    /// [`Error::Database`] if the server cannot be reached.
    pub async fn connect(url: &str, options: &Options) -> Result<Self> {
        let limit = |timeout: Duration| timeout.as_millis().to_string();
        let plans = if options.plan_once { "force_generic_plan" } else { "auto" };
        let connect: PgConnectOptions =
            url.parse().map_err(|_| Error::invalid("url", "not a postgres:// URL"))?;
        let connect = connect.disable_statement_logging().statement_cache_capacity(512).options([
            ("statement_timeout", limit(options.statement_timeout)),
            ("idle_in_transaction_session_timeout", limit(options.idle_in_transaction_timeout)),
            ("lock_timeout", limit(options.lock_timeout)),
            ("timezone", "UTC".to_owned()),
            ("search_path", "public".to_owned()),
            ("plan_cache_mode", plans.to_owned()),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .connect_with(connect)
            .await?;
        refuse_the_powerful(&pool).await?;
        Ok(Self(pool))
    }

    /// Does `work` in one transaction, kept if it succeeds and undone if it does not.
    ///
    /// # Errors
    ///
    /// The error of `work`; [`Error::Database`] if the transaction cannot be begun or kept;
    /// [`Error::Conflict`] if `work` succeeds though a statement of its own had failed: after that
    /// nothing can be kept; [`Error::Invalid`] if the context's time is out of range.
    pub async fn run<T>(
        &self,
        context: Context,
        work: impl AsyncFnOnce(&Tx) -> Result<T>,
    ) -> Result<T> {
        let tx = self.begin(context, Access::Write).await?;
        match work(&tx).await {
            Ok(done) => tx.commit().await.map(|()| done),
            Err(error) => {
                tx.undo().await;
                Err(error)
            }
        }
    }

    /// Does work that only reads, at two round trips for a single question.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run); [`Error::Database`] if `work` tries to write.
    pub async fn read<T>(
        &self,
        context: Context,
        work: impl AsyncFnOnce(&Tx) -> Result<T>,
    ) -> Result<T> {
        // Nothing needs keeping, so the end is sent along with whatever the connection does next.
        work(&self.begin(context, Access::Read).await?).await
    }

    /// Does work that may be done twice, up to `tries` times (at least once) while the error
    /// [is retryable](Error::is_retryable), with a growing pause between.
    ///
    /// # Errors
    ///
    /// The last error, as [`run`](Self::run).
    pub async fn run_retrying<T>(
        &self,
        context: Context,
        tries: u32,
        work: impl AsyncFn(&Tx) -> Result<T>,
    ) -> Result<T> {
        let mut tried = 1;
        loop {
            match self.run(context.clone(), &work).await {
                Err(error) if error.is_retryable() && tried < tries => {
                    tracing::debug!(tried, "again, after a retryable error");
                    tokio::time::sleep(Duration::from_millis(10 << tried.min(6))).await;
                    tried += 1;
                }
                done => return done,
            }
        }
    }

    /// Does work and undoes it, whatever comes of it: what it would have done is its answer. The ids
    /// and numbers that it gave are given again, and what it locked is free afterwards.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub async fn rehearse<T>(
        &self,
        context: Context,
        work: impl AsyncFnOnce(&Tx) -> Result<T>,
    ) -> Result<T> {
        let tx = self.begin(context, Access::Write).await?;
        let done = work(&tx).await;
        tx.undo().await;
        done
    }

    /// Waits until the connections are closed.
    pub async fn close(self) {
        self.0.close().await;
    }

    /// A cancelled `begin` leaves a transaction open that the next borrower of the connection
    /// would write into and lose (sqlx#4385). So a connection whose `begin` did not come to a good
    /// end, cancelled or failed, is closed and not given back.
    async fn begin(&self, context: Context, access: Access) -> Result<Tx> {
        context.check()?;
        let mode = match access {
            Access::Write => "begin isolation level read committed",
            Access::Read => "begin isolation level read committed read only",
        };
        // The level is said, since a check under a lock must see what the lock waited for. All in one
        // message, to save a round trip; a UUID needs no quoting.
        let begin = format!("{mode}; select keel.set_tenant('{}')", context.tenant);
        let mut beginning = Beginning(Some(self.0.acquire().await?));
        let session = beginning.with(AssertSqlSafe(begin).into_sql_str()).await?;
        Ok(Tx::new(session, context))
    }
}

/// A connection that is about to begin a transaction.
struct Beginning(Option<PoolConnection<Postgres>>);

impl Beginning {
    async fn with(&mut self, begin: SqlStr) -> Result<Session> {
        if let Some(connection) = &mut self.0 {
            Manager::begin(connection, Some(begin)).await?;
        }
        self.0.take().map(Session::new).ok_or_else(|| sqlx::Error::WorkerCrashed.into())
    }
}

impl Drop for Beginning {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.0 {
            connection.close_on_drop();
        }
    }
}

async fn refuse_the_powerful(pool: &PgPool) -> Result<()> {
    // Of every role that the login is or could become, whatever it calls itself now.
    let row = sqlx::query(
        "select coalesce(bool_or(r.rolsuper), false), coalesce(bool_or(r.rolbypassrls), false),
                exists (select from pg_class c
                        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
                          and pg_has_role(session_user, c.relowner, 'member'))
         from pg_roles r where pg_has_role(session_user, r.oid, 'member')",
    )
    .fetch_one(pool)
    .await?;
    let powers = [
        "is a superuser or may become one, whom row-level security does not hold",
        "may bypass row-level security",
        "owns tables or may become their owner, and could switch row-level security off",
    ];
    for (at, power) in powers.into_iter().enumerate() {
        if row.try_get::<bool, _>(at)? {
            let why = format!("the role {power}: connect as keel_app, or as a role like it");
            return Err(Error::Denied(why.into()));
        }
    }
    Ok(())
}
