//! What can go wrong, sorted by what the caller can do about it.

use std::borrow::Cow;

use sea_orm::{DbErr, RuntimeErr};

/// What every function here returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a function did not do what it was asked. Whoever gets one from inside a transaction returns
/// it: what a failed statement leaves behind cannot be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such row, or it is another tenant's, which must look the same.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The row is not in a state in which this can be done, or somebody else did it first. Read it
    /// again and decide anew.
    #[error("conflict: {0}")]
    Conflict(Cow<'static, str>),
    /// The input cannot be right, and nothing was written.
    #[error("{field}: {why}")]
    Invalid {
        /// Which part of the input.
        field: Cow<'static, str>,
        /// What is wrong with it.
        why: Cow<'static, str>,
    },
    /// The caller may not do this, whatever the input.
    #[error("denied: {0}")]
    Denied(Cow<'static, str>),
    /// The database failed us. See [`is_retryable`](Self::is_retryable).
    #[error("database")]
    Database(#[source] DbErr),
}

impl Error {
    pub(crate) fn invalid(
        field: impl Into<Cow<'static, str>>,
        why: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Invalid { field: field.into(), why: why.into() }
    }

    pub(crate) fn conflict(what: impl Into<Cow<'static, str>>) -> Self {
        Self::Conflict(what.into())
    }

    /// What is wrong in one line, with what the database said.
    pub(crate) fn told(&self) -> String {
        match std::error::Error::source(self) {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }

    /// Whether the same work may succeed if it is simply done again: another transaction was in
    /// the way, or the connection was lost. Whoever repeats work after a lost connection must know
    /// that the first time may have succeeded.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        let Self::Database(error) = self else { return false };
        match driver_error(error) {
            Some(sqlx::Error::Database(refusal)) => {
                let code = refusal.code().unwrap_or_default();
                matches!(
                    &*code,
                    "40001" | "40P01" | "55P03" | "53300" | "57P01" | "57P02" | "57P03"
                ) || code.starts_with("08")
            }
            Some(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) => true,
            _ => matches!(error, DbErr::ConnectionAcquire(_)),
        }
    }
}

/// The one place where what the database refuses becomes what the caller did wrong.
impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let Some(sqlx::Error::Database(refusal)) = driver_error(&error) else {
            return Self::Database(error);
        };
        // A distributed Postgres leaves the name empty, and the code must do.
        let rule = refusal.constraint().unwrap_or_default();
        match &*refusal.code().unwrap_or_default() {
            "23505" => Self::conflict(match rule {
                "" => Cow::from("there is one already"),
                _ => Cow::from(format!("there is one already ({rule})")),
            }),
            "23503" => Self::NotFound(referred_to(rule)),
            // Not what was asked for is wrong, but that it is asked for now.
            "23514" if rule == "budget_accounts_floor_kept" => {
                Self::conflict("less than that is available")
            }
            "23514" => {
                let of = rule.strip_prefix(refusal.table().unwrap_or_default()).unwrap_or(rule);
                let field = of.rsplit_once('_').map_or(of, |(field, _)| field);
                let field = field.trim_start_matches('_').to_owned();
                Self::invalid(field, format!("breaks the rule {rule}"))
            }
            "23502" => Self::invalid("input", "something that is needed is missing"),
            "22001" | "22003" => Self::invalid("input", "too long, or too large a number"),
            "22007" | "22008" => Self::invalid("time", "out of range"),
            "22021" | "22P05" => Self::invalid("text", "holds a NUL character"),
            "54000" => Self::invalid("text", "too long"),
            "42501" => {
                Self::Denied("the row would not be the tenant's, or may not be changed".into())
            }
            _ => Self::Database(error),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        DbErr::Query(RuntimeErr::SqlxError(error.into())).into()
    }
}

fn driver_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(e))
        | DbErr::Exec(RuntimeErr::SqlxError(e))
        | DbErr::Query(RuntimeErr::SqlxError(e)) => Some(e),
        _ => None,
    }
}

/// What a foreign key, `fk-<table>-tenant_id-<column>`, points at, in the business's word.
fn referred_to(key: &str) -> &'static str {
    match key.rsplit_once('-').map_or("", |(_, column)| column) {
        "check_id" => "compliance check",
        "account_id" => "budget account",
        "assigned_to" | "user_id" => "user",
        "client_id" | "from_client_id" | "to_client_id" => "customer",
        "contact_id" | "from_contact_id" | "to_contact_id" => "contact",
        "lead_id" | "from_lead_id" | "to_lead_id" | "kept_lead_id" | "folded_lead_id" => "lead",
        "deal_id" => "deal",
        "import_id" => "import",
        "case_created_id" => "case",
        "quote_id" | "supersedes_id" => "quote",
        "client_email" | "email" => "client",
        "enrichment_id" => "enrichment",
        "pool_id" => "pool",
        "schedule_id" => "compliance schedule",
        "sequence_id" | "version_id" => "nurture sequence",
        "enrollment" => "enrollment",
        "intervention_id" => "intervention",
        "refunds_id" | "reverses_id" => "budget transaction",
        "tenant_id" => "tenant",
        _ => "row that is referred to",
    }
}
