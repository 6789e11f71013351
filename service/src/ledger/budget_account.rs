//! The money that a person may spend, in one currency.
//!
//! A balance is what all entries add up to, and moves by an entry alone. What is available is the
//! balance less what open holds reserve, and never gets below the account's floor.

mod books;

pub use entity::ledger::budget_account::Model;
use entity::{
    id::{BudgetAccountId, UserId},
    ledger::budget_account::{self, Column, Entity},
};
use rust_decimal::Decimal;
use sea_orm::{
    ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set, sea_query::LockType,
};
use validator::{Validate, ValidationError};

pub use self::books::{AsOf, Reconciliation, balance_as_of, reconcile};
use crate::{Error, Result, Tx, input};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::books::{AS_KNOWN, AS_OF, RECONCILE};
}

/// An account to be opened.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// Whose it will be.
    pub user_id: UserId,
    /// In what currency, ISO 4217. All its entries and holds are in it.
    #[validate(custom(function = input::currency))]
    pub currency: String,
    /// How low what is left, the balance less what is held, may get; below zero: a credit line.
    #[validate(custom(function = floor))]
    pub floor: Decimal,
}

impl New {
    /// An account that cannot be overdrawn.
    #[must_use]
    pub fn of(user_id: UserId, currency: &str) -> Self {
        Self { user_id, currency: currency.to_owned(), floor: Decimal::ZERO }
    }
}

fn floor(amount: &Decimal) -> Result<(), ValidationError> {
    input::money(&amount.abs())
}

/// What can be spent or set aside without crossing the floor; below zero never.
#[must_use]
pub fn available(account: &Model) -> Decimal {
    account.balance - account.held - account.floor
}

/// Opens an account with nothing on it.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such user; [`Error::Conflict`] if the user has an account
/// in that currency, or the floor is above 0, which is what is there; [`Error::Invalid`].
#[tracing::instrument(name = "budget_account::open", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn open(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    tx.insert(budget_account::ActiveModel {
        id: Set(BudgetAccountId::new()),
        user_id: Set(new.user_id),
        currency: Set(new.currency),
        floor: Set(new.floor),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    })
    .await
}

/// One account, with its balance and what is held of it.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such account.
#[tracing::instrument(name = "budget_account::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: BudgetAccountId) -> Result<Model> {
    tx.get::<Entity>(id).await?.ok_or(Error::NotFound("budget account"))
}

/// The accounts of a user, by currency. Their balances are never added up.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "budget_account::of_user", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn of_user(tx: &Tx, user: UserId) -> Result<Vec<Model>> {
    let found = tx
        .find::<Entity>() // served by budget_accounts_of_user
        .filter(Column::UserId.eq(user))
        .order_by_asc(Column::Currency)
        .all(tx)
        .await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}

/// Says anew how low what is available may get.
///
/// # Errors
///
/// [`Error::Conflict`] if it is lower than that already; [`Error::NotFound`] if the tenant has no such
/// account; [`Error::Invalid`].
#[tracing::instrument(name = "budget_account::set_floor", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn set_floor(tx: &Tx, id: BudgetAccountId, lowest: Decimal) -> Result<Model> {
    floor(&lowest).map_err(|e| Error::invalid("floor", e.message.unwrap_or_default()))?;
    let account = locked(tx, id).await?;
    if account.balance - account.held < lowest {
        return Err(Error::conflict("less than that is available already"));
    }
    let mut row = account.into_active_model();
    row.floor = Set(lowest);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// The account, on which nobody else posts or holds until the transaction ends.
pub(super) async fn locked(tx: &Tx, id: BudgetAccountId) -> Result<Model> {
    let found =
        tx.find::<Entity>().filter(Column::Id.eq(id)).lock(LockType::NoKeyUpdate).one(tx).await?;
    found.ok_or(Error::NotFound("budget account"))
}

/// The same for many accounts, one after the other, so that no two who do so wait for each other.
pub(super) async fn lock_all(tx: &Tx, ids: &[BudgetAccountId]) -> Result<()> {
    tx.find::<Entity>()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(tx)
        .await?;
    Ok(())
}
