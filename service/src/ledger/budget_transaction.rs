//! What came to an account and what left it: posting, giving back, correcting and reading entries.
//!
//! Every request has a key, and is done once under it: who asks again, the same, is given the entry
//! that there is; who asks for something else under the same key is refused. An entry is never
//! changed. The database numbers it, works out its balances and moves the account, all in the one
//! statement that adds it.

mod correct;
mod read;

use std::collections::HashSet;

use chrono::{DateTime, SubsecRound as _, Utc};
pub use entity::ledger::budget_transaction::{Model, TransactionType};
use entity::{
    id::{BudgetAccountId, BudgetTransactionId},
    ledger::{
        budget_hold,
        budget_transaction::{ActiveModel, Column, Entity},
    },
};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, QueryFilter, Set};
use serde_json::Value;
use uuid::Uuid;
use validator::{Validate, ValidationError};

pub use self::{
    correct::{Refund, Reversal, refund, reverse},
    read::{After, Entries, get, of_account, of_reference},
};
use super::budget_account;
use crate::{Error, Result, Tx, input, page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        correct::refunds_query,
        read::{of_account_query, of_reference_query},
    };
}

/// How the keys of captures begin, which nobody else's may.
const CAPTURE: &str = "hold:";

/// Money to be paid in, or paid for something.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// On which account.
    pub account_id: BudgetAccountId,
    /// How much: above 0, of at most two decimals.
    #[validate(custom(function = amount))]
    pub amount: Decimal,
    /// In which currency: the account's, and no other.
    #[validate(custom(function = input::currency))]
    pub currency: String,
    /// What for, in words.
    #[validate(custom(function = input::named), length(max = 500))]
    pub description: String,
    /// What for, by its kind: `call`, `sms`, `top_up`.
    #[validate(custom(function = input::named), length(max = 50))]
    pub reference_type: Option<String>,
    /// Which of them. Only together with its kind.
    pub reference_id: Option<Uuid>,
    /// Anything else: an object.
    #[validate(custom(function = object))]
    pub metadata: Option<Value>,
    /// What the request is known by, unique within the tenant.
    #[validate(custom(function = key))]
    pub key: String,
    /// When it counts from; `None`: now. Not later.
    #[validate(custom(function = input::instant))]
    pub effective_at: Option<DateTime<Utc>>,
}

impl New {
    /// An amount for something, from now on.
    #[must_use]
    pub fn of(
        account_id: BudgetAccountId,
        amount: Decimal,
        currency: &str,
        description: &str,
        key: &str,
    ) -> Self {
        Self {
            account_id,
            amount,
            currency: currency.to_owned(),
            description: description.to_owned(),
            reference_type: None,
            reference_id: None,
            metadata: None,
            key: key.to_owned(),
            effective_at: None,
        }
    }
}

/// One of many entries to be posted at once.
#[derive(Clone, Debug)]
pub enum Post {
    /// Money is paid in.
    Credit(New),
    /// Something is paid for.
    Debit(New),
    /// Something is put right, upwards.
    AdjustUp(New),
    /// Something is put right, downwards.
    AdjustDown(New),
}

pub(super) fn amount(of: &Decimal) -> Result<(), ValidationError> {
    if *of <= Decimal::ZERO {
        return Err(ValidationError::new("amount").with_message("must be above 0".into()));
    }
    input::money(of)
}

fn object(metadata: &Value) -> Result<(), ValidationError> {
    if metadata.is_object() {
        return Ok(());
    }
    Err(ValidationError::new("object").with_message("must be an object".into()))
}

pub(super) fn key(text: &str) -> Result<(), ValidationError> {
    let refuse = |why: &'static str| Err(ValidationError::new("key").with_message(why.into()));
    if text.starts_with(CAPTURE) {
        return refuse("must not begin as the keys of captures do");
    }
    if text.chars().count() > 200 {
        return refuse("must not be longer than 200 characters");
    }
    input::named(text)
}

/// Pays money in: a top-up.
///
/// # Errors
///
/// [`Error::Invalid`], naming the field, also if the currency is another than the account's or the
/// time is to come; [`Error::NotFound`] if the tenant has no such account; [`Error::Conflict`] if
/// something else was asked for under the key before.
#[tracing::instrument(name = "budget_transaction::credit", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn credit(tx: &Tx, new: New) -> Result<Model> {
    post(tx, Post::Credit(new)).await
}

/// Pays for something.
///
/// # Errors
///
/// As [`credit`]; [`Error::Conflict`] also if less is available than that.
#[tracing::instrument(name = "budget_transaction::debit", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn debit(tx: &Tx, new: New) -> Result<Model> {
    post(tx, Post::Debit(new)).await
}

/// Puts an account right, for the reason that is the description: up by `new.amount` or, where that is
/// below zero, down.
///
/// # Errors
///
/// As [`debit`].
#[tracing::instrument(name = "budget_transaction::adjust", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn adjust(tx: &Tx, mut new: New) -> Result<Model> {
    let is_up = new.amount.is_sign_positive();
    new.amount = new.amount.abs();
    post(tx, if is_up { Post::AdjustUp(new) } else { Post::AdjustDown(new) }).await
}

/// Posts up to 1,000 entries in their order, by one statement and at the price of little more than one
/// entry: all of them, or, if one is refused, none. What is given is in the same order; one that was
/// there already stands in its place.
///
/// # Errors
///
/// As [`debit`]; [`Error::Invalid`] also if two have the same key.
#[tracing::instrument(name = "budget_transaction::post_many", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn post_many(tx: &Tx, posts: Vec<Post>) -> Result<Vec<Model>> {
    page::check(posts.len() as u64)
        .map_err(|_| Error::invalid("posts", "must be from 1 to 1000"))?;
    let mut asked = Vec::with_capacity(posts.len());
    let mut keys = HashSet::with_capacity(posts.len());
    for post in posts {
        let one = entry(tx, post)?;
        if !keys.insert(one.row.idempotency_key.as_ref().clone()) {
            return Err(Error::invalid("key", "is that of two entries"));
        }
        asked.push(one);
    }
    tracing::Span::current().record("rows", asked.len());
    let mut accounts: Vec<_> = asked.iter().map(|one| *one.row.account_id.as_ref()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    if accounts.len() > 1 {
        budget_account::lock_all(tx, &accounts).await?;
    }
    enter(tx, asked).await
}

async fn post(tx: &Tx, one: Post) -> Result<Model> {
    let asked = entry(tx, one)?;
    enter_one(tx, asked).await
}

/// An entry to be added, and whether the time from which it counts was said.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) row: ActiveModel,
    pub(super) effective_at: Option<DateTime<Utc>>,
}

fn entry(tx: &Tx, post: Post) -> Result<Asked> {
    let (transaction_type, is_up, new) = match post {
        Post::Credit(new) => (TransactionType::Credit, true, new),
        Post::Debit(new) => (TransactionType::Debit, false, new),
        Post::AdjustUp(new) => (TransactionType::Adjustment, true, new),
        Post::AdjustDown(new) => (TransactionType::Adjustment, false, new),
    };
    input::check(&new)?;
    if new.reference_id.is_some() && new.reference_type.is_none() {
        return Err(Error::invalid("reference_type", "must be said of what is referred to"));
    }
    if new.effective_at.is_some_and(|at| at > tx.now()) {
        return Err(Error::invalid("effective_at", "must not be to come"));
    }
    // As exactly as the database keeps it: asked again, it is the same.
    let effective_at = new.effective_at.map(|at| at.trunc_subsecs(6));
    let row = ActiveModel {
        id: Set(BudgetTransactionId::new()),
        account_id: Set(new.account_id),
        transaction_type: Set(transaction_type),
        amount_usd: Set(if is_up { new.amount } else { -new.amount }),
        currency: Set(new.currency),
        description: Set(new.description),
        reference_type: Set(new.reference_type),
        reference_id: Set(new.reference_id),
        metadata: Set(new.metadata),
        refunds_id: Set(None),
        reverses_id: Set(None),
        idempotency_key: Set(new.key),
        effective_at: Set(effective_at.unwrap_or(tx.now())),
        created_at: Set(tx.now()),
        created_by_user_id: Set(tx.context().user()),
        ..Default::default()
    };
    Ok(Asked { row, effective_at })
}

/// Takes what a hold was captured for.
pub(super) async fn capture(
    tx: &Tx,
    hold: &budget_hold::Model,
    amount: Decimal,
    currency: String,
    id: BudgetTransactionId,
) -> Result<Model> {
    let row = ActiveModel {
        id: Set(id),
        account_id: Set(hold.account_id),
        transaction_type: Set(TransactionType::Debit),
        amount_usd: Set(-amount),
        currency: Set(currency),
        description: Set(hold.description.clone()),
        reference_type: Set(hold.reference_type.clone()),
        reference_id: Set(hold.reference_id),
        metadata: Set(None),
        refunds_id: Set(None),
        reverses_id: Set(None),
        idempotency_key: Set(format!("{CAPTURE}{}", hold.id)),
        effective_at: Set(tx.now()),
        created_at: Set(tx.now()),
        created_by_user_id: Set(tx.context().user()),
        ..Default::default()
    };
    enter_one(tx, Asked { row, effective_at: None }).await
}

pub(super) async fn enter_one(tx: &Tx, asked: Asked) -> Result<Model> {
    enter(tx, vec![asked]).await?.pop().ok_or(Error::NotFound("entry"))
}

/// Adds entries, or finds those that were added under their keys before.
async fn enter(tx: &Tx, asked: Vec<Asked>) -> Result<Vec<Model>> {
    let mut entries = tx.insert_new(asked.iter().map(|one| one.row.clone()).collect()).await?;
    if entries.len() < asked.len() {
        let is_new = |key: &String| entries.iter().any(|e: &Model| e.idempotency_key == *key);
        let keys = asked.iter().map(|one| one.row.idempotency_key.as_ref());
        let before: Vec<String> = keys.filter(|key| !is_new(key)).cloned().collect();
        let before = tx
            .find::<Entity>() // served by budget_transactions_key
            .filter(Column::IdempotencyKey.is_in(before))
            .all(tx)
            .await?;
        entries.extend(before);
    }
    let mut in_order = Vec::with_capacity(asked.len());
    for one in &asked {
        let key = one.row.idempotency_key.as_ref();
        let Some(at) = entries.iter().position(|entry| entry.idempotency_key == *key) else {
            // Refused by another rule than the key's: it is reversed by some other entry, or its key
            // is another's in the same request.
            return Err(Error::conflict("was done already, under another key"));
        };
        let entry = entries.swap_remove(at);
        if entry.id != *one.row.id.as_ref() {
            same(one, &entry)?;
        }
        in_order.push(entry);
    }
    Ok(in_order)
}

/// The entry under a key, if it is what is asked for.
pub(super) async fn before(tx: &Tx, asked: &Asked) -> Result<Option<Model>> {
    let key = asked.row.idempotency_key.as_ref();
    let found = tx
        .find::<Entity>() // served by budget_transactions_key
        .filter(Column::IdempotencyKey.eq(key.as_str()))
        .one(tx)
        .await?;
    found.map(|entry| same(asked, &entry).map(|()| entry)).transpose()
}

fn same(asked: &Asked, entry: &Model) -> Result<()> {
    let row = &asked.row;
    let is_same = *row.account_id.as_ref() == entry.account_id
        && *row.transaction_type.as_ref() == entry.transaction_type
        && *row.amount_usd.as_ref() == entry.amount_usd
        && *row.currency.as_ref() == entry.currency
        && *row.description.as_ref() == entry.description
        && *row.reference_type.as_ref() == entry.reference_type
        && *row.reference_id.as_ref() == entry.reference_id
        && *row.metadata.as_ref() == entry.metadata
        && *row.refunds_id.as_ref() == entry.refunds_id
        && *row.reverses_id.as_ref() == entry.reverses_id
        && asked.effective_at.is_none_or(|at| at == entry.effective_at);
    if is_same {
        return Ok(());
    }
    Err(Error::conflict("something else was asked for under the same key before"))
}
