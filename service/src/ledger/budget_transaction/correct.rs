//! Giving back what was paid, and undoing what was wrong.

use entity::{
    id::BudgetTransactionId,
    ledger::budget_transaction::{ActiveModel, Column, Entity},
};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, QueryFilter, Select, Set};
use validator::Validate;

use super::{Asked, Model, TransactionType, amount, before, enter_one, key, read};
use crate::{Error, Result, Tx, input, ledger::budget_account};

/// A debit that is given back, whole or in part.
#[derive(Clone, Debug, Validate)]
pub struct Refund {
    /// How much, in the account's currency: above 0, of at most two decimals.
    #[validate(custom(function = amount))]
    pub amount: Decimal,
    /// Why.
    #[validate(custom(function = input::named), length(max = 500))]
    pub description: String,
    /// What the request is known by, unique within the tenant.
    #[validate(custom(function = key))]
    pub key: String,
}

/// An entry that is undone.
#[derive(Clone, Debug, Validate)]
pub struct Reversal {
    /// Why.
    #[validate(custom(function = input::named), length(max = 500))]
    pub reason: String,
    /// What the request is known by, unique within the tenant.
    #[validate(custom(function = key))]
    pub key: String,
}

/// Gives back a debit, whole or in part; all that is given back of it is at most what was paid.
///
/// # Errors
///
/// [`Error::Conflict`] if it is no debit, was reversed, or less of it is left; or if something else
/// was asked for under the key before; [`Error::NotFound`] if the tenant has no such entry;
/// [`Error::Invalid`].
#[tracing::instrument(name = "budget_transaction::refund", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn refund(tx: &Tx, debit: BudgetTransactionId, new: Refund) -> Result<Model> {
    input::check(&new)?;
    let original = read::get(tx, debit).await?;
    let mut asked = correction(tx, &original, new.amount, new.description, new.key);
    asked.row.transaction_type = Set(TransactionType::Refund);
    asked.row.refunds_id = Set(Some(original.id));
    budget_account::locked(tx, original.account_id).await?;
    if let Some(entry) = before(tx, &asked).await? {
        return Ok(entry);
    }
    if original.transaction_type != TransactionType::Debit {
        return Err(Error::conflict("only a debit is refunded"));
    }
    let (refunded, is_reversed) = undone(tx, &original).await?;
    if is_reversed {
        return Err(Error::conflict("the debit was reversed"));
    }
    let left = -original.amount_usd - refunded;
    if new.amount > left {
        return Err(Error::conflict(format!("only {left} of the debit is left to refund")));
    }
    enter_one(tx, asked).await
}

/// Undoes an entry by one of the opposite amount, once.
///
/// # Errors
///
/// [`Error::Conflict`] if it was reversed already or undoes another itself; if something of it was
/// refunded, which must be reversed before; if less is available than was paid in; or if something
/// else was asked for under the key before. [`Error::NotFound`] if the tenant has no such entry;
/// [`Error::Invalid`].
#[tracing::instrument(name = "budget_transaction::reverse", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn reverse(tx: &Tx, id: BudgetTransactionId, new: Reversal) -> Result<Model> {
    input::check(&new)?;
    let original = read::get(tx, id).await?;
    let mut asked = correction(tx, &original, -original.amount_usd, new.reason, new.key);
    asked.row.transaction_type = Set(TransactionType::Adjustment);
    asked.row.reverses_id = Set(Some(original.id));
    budget_account::locked(tx, original.account_id).await?;
    if let Some(entry) = before(tx, &asked).await? {
        return Ok(entry);
    }
    if original.reverses_id.is_some() {
        return Err(Error::conflict("a reversal is not reversed: post what is right"));
    }
    let (refunded, is_reversed) = undone(tx, &original).await?;
    if is_reversed {
        return Err(Error::conflict("the entry was reversed already"));
    }
    if !refunded.is_zero() {
        return Err(Error::conflict(format!("{refunded} of the debit was refunded")));
    }
    enter_one(tx, asked).await
}

fn correction(tx: &Tx, of: &Model, by: Decimal, description: String, key: String) -> Asked {
    let row = ActiveModel {
        id: Set(BudgetTransactionId::new()),
        account_id: Set(of.account_id),
        amount_usd: Set(by),
        currency: Set(of.currency.clone()),
        description: Set(description),
        reference_type: Set(of.reference_type.clone()),
        reference_id: Set(of.reference_id),
        metadata: Set(None),
        refunds_id: Set(None),
        reverses_id: Set(None),
        idempotency_key: Set(key),
        effective_at: Set(tx.now()),
        created_at: Set(tx.now()),
        created_by_user_id: Set(tx.context().user()),
        ..Default::default()
    };
    Asked { row, effective_at: None }
}

/// How much of an entry was given back and not taken again, and whether it was reversed.
async fn undone(tx: &Tx, original: &Model) -> Result<(Decimal, bool)> {
    let refunds = refunds_query(tx, original.id).all(tx).await?;
    let undoable: Vec<_> = refunds.iter().map(|refund| refund.id).chain([original.id]).collect();
    let reversed: Vec<_> = tx
        .find::<Entity>() // served by budget_transactions_reversed_once
        .filter(Column::ReversesId.is_in(undoable))
        .all(tx)
        .await?
        .into_iter()
        .filter_map(|entry| entry.reverses_id)
        .collect();
    let standing = refunds.iter().filter(|refund| !reversed.contains(&refund.id));
    Ok((standing.map(|refund| refund.amount_usd).sum(), reversed.contains(&original.id)))
}

/// Served by `budget_transactions_refunds`.
#[must_use]
pub fn refunds_query(tx: &Tx, debit: BudgetTransactionId) -> Select<Entity> {
    tx.find::<Entity>().filter(Column::RefundsId.eq(debit))
}
