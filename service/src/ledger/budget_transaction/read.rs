//! Reading entries.

use entity::{
    id::{BudgetAccountId, BudgetTransactionId},
    ledger::budget_transaction::{Column, Entity},
};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Model;
use crate::{Error, Page, Result, Tx, page};

/// Which entries of an account to read.
#[derive(Clone, Debug)]
pub struct Entries {
    /// How many to read at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before this one ended.
    pub after: Option<After>,
}

impl Default for Entries {
    fn default() -> Self {
        Self { limit: 50, after: None }
    }
}

/// Where a page of entries ended. What is posted later stands before the first page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    entry_no: i64,
}

/// One entry.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such entry.
#[tracing::instrument(name = "budget_transaction::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: BudgetTransactionId) -> Result<Model> {
    tx.get::<Entity>(id).await?.ok_or(Error::NotFound("budget transaction"))
}

/// The entries of an account, the last one first.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is none.
#[tracing::instrument(name = "budget_transaction::of_account", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn of_account(
    tx: &Tx,
    account: BudgetAccountId,
    ask: &Entries,
) -> Result<Page<Model, After>> {
    page::check(ask.limit)?;
    let found = of_account_query(tx, account, ask).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, ask.limit, |last| After { entry_no: last.entry_no }))
}

/// Served by `budget_transactions_entry`.
#[must_use]
pub fn of_account_query(tx: &Tx, account: BudgetAccountId, ask: &Entries) -> Select<Entity> {
    let query = tx
        .find::<Entity>()
        .filter(Column::AccountId.eq(account))
        .order_by_desc(Column::EntryNo)
        .limit(ask.limit + 1);
    match ask.after {
        Some(After { entry_no }) => query.filter(Column::EntryNo.lt(entry_no)),
        None => query,
    }
}

/// What was paid for one thing: the entries that refer to it, oldest first, at most 1,000.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "budget_transaction::of_reference", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn of_reference(tx: &Tx, kind: &str, id: Uuid) -> Result<Vec<Model>> {
    let found = of_reference_query(tx, kind, id).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}

/// Served by `budget_transactions_reference`.
#[must_use]
pub fn of_reference_query(tx: &Tx, kind: &str, id: Uuid) -> Select<Entity> {
    tx.find::<Entity>()
        .filter(Column::ReferenceType.eq(kind))
        .filter(Column::ReferenceId.eq(id))
        .filter(Column::ReferenceId.is_not_null())
        .order_by_asc(Column::Id)
        .limit(page::MOST)
}
