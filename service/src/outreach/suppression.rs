//! Those who must not come back: erased, and recognised all the same when somebody imports a list
//! with them on it.
//!
//! What is kept is an HMAC of the number or the address by a key of the tenant's own, which Postgres
//! computes where the key is. Whoever has the table alone learns nobody's number; whoever has the key
//! too can try numbers out, as with any hash of so few digits.

use std::collections::HashSet;

pub use entity::outreach::suppression::Model;
use entity::{
    id::{SuppressionId, SuppressionKeyId},
    outreach::{suppression, suppression_key},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, QueryFilter, Set, Statement, sea_query::Expr,
};

use super::consent::Subject;
use crate::{Error, Result, Tx, input};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::holds_query;
}

/// How many are suppressed, or looked for, at once at the most.
pub const MOST_AT_ONCE: usize = 10_000;

/// The digest of each subject, by the key of the tenant `$1`; nothing where there is no key yet.
macro_rules! digests {
    ($numbers:literal) => {
        concat!(
            "select a.subject, encode(sha256(decode(k.outer_pad, 'hex')
                || sha256(decode(k.inner_pad, 'hex') || convert_to(a.subject, 'UTF8'))), 'hex')
                as digest
             from suppression_keys k, unnest(",
            $numbers,
            "::text[]) a(subject) where k.tenant_id = $1"
        )
    };
}
pub(super) use digests;

/// Keeps numbers and addresses from coming back, and forgets which they are. Those that are
/// suppressed already stay as they are. How many were new.
///
/// # Errors
///
/// [`Error::Invalid`] if there is no reason, or there are more than 10,000.
#[tracing::instrument(name = "suppression::add", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn add(tx: &Tx, subjects: &[Subject], reason: &str) -> Result<usize> {
    input::text("reason", reason, 100)?;
    few_enough(subjects)?;
    make_key(tx).await?;
    let rows = digests_of(tx, subjects).await?.into_iter().map(|digest| suppression::ActiveModel {
        id: Set(SuppressionId::new()),
        digest: Set(digest),
        reason: Set(reason.to_owned()),
        suppressed_by: Set(tx.context().actor.to_string()),
        suppressed_at: Set(tx.now()),
        ..Default::default()
    });
    Ok(tx.insert_new(rows.collect()).await?.len())
}

/// Lets somebody come back who asks to, and keeps why. Whether they had been suppressed.
///
/// # Errors
///
/// [`Error::Invalid`] if there is no reason.
#[tracing::instrument(name = "suppression::lift", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn lift(tx: &Tx, subject: &Subject, because: &str) -> Result<bool> {
    input::text("because", because, 500)?;
    let digests = digests_of(tx, std::slice::from_ref(subject)).await?;
    let lifted = tx
        .update_many::<suppression::Entity>()
        .col_expr(suppression::Column::LiftedAt, Expr::value(tx.now()))
        .col_expr(suppression::Column::LiftedBecause, Expr::value(because))
        .filter(suppression::Column::Digest.is_in(digests))
        .filter(suppression::Column::LiftedAt.is_null())
        .exec(tx)
        .await?;
    Ok(lifted.rows_affected > 0)
}

/// Whether each of up to 10,000 numbers and addresses is suppressed, in their order, by one
/// statement. Whoever imports or creates anybody asks this first.
///
/// # Errors
///
/// [`Error::Invalid`] if there are more.
#[tracing::instrument(name = "suppression::holds", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn holds(tx: &Tx, subjects: &[Subject]) -> Result<Vec<bool>> {
    few_enough(subjects)?;
    if subjects.is_empty() {
        return Ok(vec![]);
    }
    let mut held = HashSet::new();
    for row in tx.query_all_raw(holds_query(tx, subjects)).await? {
        held.insert(row.try_get_by_index::<String>(0)?);
    }
    tracing::Span::current().record("rows", held.len());
    Ok(subjects.iter().map(|subject| held.contains(subject.as_str())).collect())
}

/// Served by `suppression_keys_one` and `suppressions_live`. `$1` tenant, `$2` numbers and addresses.
#[must_use]
pub fn holds_query(tx: &Tx, subjects: &[Subject]) -> Statement {
    const HOLDS: &str = concat!(
        "with asked as materialized (",
        digests!("$2"),
        ") select a.subject from asked a
         join suppressions s on s.tenant_id = $1 and s.digest = a.digest and s.lifted_at is null"
    );
    ask(tx, HOLDS, subjects)
}

fn ask(tx: &Tx, sql: &str, subjects: &[Subject]) -> Statement {
    let subjects: Vec<String> = subjects.iter().map(|s| s.as_str().to_owned()).collect();
    let values = [tx.context().tenant.into(), subjects.into()];
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

async fn digests_of(tx: &Tx, subjects: &[Subject]) -> Result<Vec<String>> {
    let rows = tx.query_all_raw(ask(tx, digests!("$2"), subjects)).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(1)?)).collect()
}

fn few_enough(subjects: &[Subject]) -> Result<()> {
    if subjects.len() > MOST_AT_ONCE {
        return Err(Error::invalid("subjects", format!("must not be more than {MOST_AT_ONCE}")));
    }
    Ok(())
}

/// The tenant's key, made the first time that somebody is suppressed, of what Postgres draws.
async fn make_key(tx: &Tx) -> Result<()> {
    if tx.find::<suppression_key::Entity>().one(tx).await?.is_some() {
        return Ok(());
    }
    let draw = "select replace(gen_random_uuid()::text || gen_random_uuid(), '-', '')";
    let drawn = tx.query_one_raw(Statement::from_string(DbBackend::Postgres, draw)).await?;
    let drawn: String = drawn.ok_or(Error::NotFound("key"))?.try_get_by_index(0)?;
    // A key shorter than the block is filled up with zeros, and then mixed with either pad.
    let pad = |with: u8| {
        let mut text = String::with_capacity(128);
        for at in 0..64 {
            let byte =
                drawn.get(2 * at..2 * at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
            text.push_str(&format!("{:02x}", byte.unwrap_or(0) ^ with));
        }
        text
    };
    let key = suppression_key::ActiveModel {
        id: Set(SuppressionKeyId::new()),
        inner_pad: Set(pad(0x36)),
        outer_pad: Set(pad(0x5c)),
        made_at: Set(tx.now()),
        ..Default::default()
    };
    tx.insert_new(vec![key]).await?; // somebody else's is as good
    Ok(())
}
