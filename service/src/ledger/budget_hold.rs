//! Setting money aside before something is bought whose price is not known yet, as a call's is not.
//!
//! A hold is captured once, for at most what it set aside, and the rest is let go with it. Until it is
//! captured, released or found to have expired it reserves what it set aside, also for as long as
//! [`expire`] is late; but what has expired cannot be captured any more.

use chrono::TimeDelta;
pub use entity::ledger::budget_hold::{Model, State};
use entity::{
    id::{BudgetAccountId, BudgetHoldId, BudgetTransactionId},
    ledger::budget_hold::{self, Column, Entity},
};
use rust_decimal::Decimal;
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Set, sea_query::Expr,
};
use uuid::Uuid;
use validator::Validate;

use super::{budget_account, budget_transaction};
use crate::{Error, Result, Tx, input, page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{EXPIRED, of_account_query};
}

/// Money to be set aside.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// On which account.
    pub account_id: BudgetAccountId,
    /// How much at the most it will cost: above 0, of at most two decimals.
    #[validate(custom(function = budget_transaction::amount))]
    pub amount: Decimal,
    /// In which currency: the account's, and no other.
    #[validate(custom(function = input::currency))]
    pub currency: String,
    /// What for, in words.
    #[validate(custom(function = input::named), length(max = 500))]
    pub description: String,
    /// What for, by its kind: `call`, `sms`.
    #[validate(custom(function = input::named), length(max = 50))]
    pub reference_type: Option<String>,
    /// Which of them. Only together with its kind.
    pub reference_id: Option<Uuid>,
    /// For how long: from a second to 31 days.
    #[validate(custom(function = lasting))]
    pub lasts: TimeDelta,
    /// What the request is known by, unique among the tenant's holds.
    #[validate(custom(function = budget_transaction::key))]
    pub key: String,
}

/// What came of a hold that was captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// The hold.
    pub hold: Model,
    /// The debit.
    pub entry: budget_transaction::Model,
}

fn lasting(lasts: &TimeDelta) -> Result<(), validator::ValidationError> {
    if (TimeDelta::seconds(1)..=TimeDelta::days(31)).contains(lasts) {
        return Ok(());
    }
    let why = "must be from a second to 31 days";
    Err(validator::ValidationError::new("lasts").with_message(why.into()))
}

/// Sets money aside. Who asks again under the same key is given the hold that there is.
///
/// # Errors
///
/// [`Error::Conflict`] if less is available than that, or something else was asked for under the key
/// before; [`Error::NotFound`] if the tenant has no such account; [`Error::Invalid`], naming the field,
/// also if the currency is another than the account's.
#[tracing::instrument(name = "budget_hold::authorise", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn authorise(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    if new.reference_id.is_some() && new.reference_type.is_none() {
        return Err(Error::invalid("reference_type", "must be said of what is referred to"));
    }
    // As exactly as the database keeps it: asked again, it is the same.
    let lasts = TimeDelta::microseconds(new.lasts.num_microseconds().unwrap_or_default());
    let account = budget_account::locked(tx, new.account_id).await?;
    if account.currency != new.currency {
        return Err(Error::invalid("currency", "is not the account's"));
    }
    let before = tx
        .find::<Entity>() // served by budget_holds_key
        .filter(Column::IdempotencyKey.eq(new.key.as_str()))
        .one(tx)
        .await?;
    if let Some(hold) = before {
        let is_same = hold.account_id == new.account_id
            && hold.amount_usd == new.amount
            && hold.description == new.description
            && hold.reference_type == new.reference_type
            && hold.reference_id == new.reference_id
            && hold.expires_at - hold.created_at == lasts;
        return if is_same {
            Ok(hold)
        } else {
            Err(Error::conflict("something else was asked for under the same key before"))
        };
    }
    if budget_account::available(&account) < new.amount {
        return Err(Error::conflict("less than that is available"));
    }
    tx.insert(budget_hold::ActiveModel {
        id: Set(BudgetHoldId::new()),
        account_id: Set(new.account_id),
        amount_usd: Set(new.amount),
        description: Set(new.description),
        reference_type: Set(new.reference_type),
        reference_id: Set(new.reference_id),
        idempotency_key: Set(new.key),
        expires_at: Set(tx.now() + lasts),
        created_by_user_id: Set(tx.context().user()),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    })
    .await
}

/// Takes what something cost in the end, and lets go of the rest. Who asks again for the same amount
/// is given what there is.
///
/// # Errors
///
/// [`Error::Invalid`] if it is more than was set aside, or 0: [`release`] it then; [`Error::Conflict`]
/// if it was released, has expired, or was captured for another amount; [`Error::NotFound`].
#[tracing::instrument(name = "budget_hold::capture", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn capture(tx: &Tx, id: BudgetHoldId, amount: Decimal) -> Result<Captured> {
    budget_transaction::amount(&amount)
        .map_err(|e| Error::invalid("amount", e.message.unwrap_or_default()))?;
    let hold = locked(tx, id).await?;
    if hold.state == State::Captured && hold.captured_usd == Some(amount) {
        let entry = hold.entry_id.ok_or(Error::NotFound("budget transaction"))?;
        return Ok(Captured { entry: budget_transaction::get(tx, entry).await?, hold });
    }
    if hold.state != State::Open {
        return Err(Error::conflict(format!("the hold is {} already", hold.state.to_value())));
    }
    if hold.expires_at <= tx.now() {
        return Err(Error::conflict("the hold has expired"));
    }
    if amount > hold.amount_usd {
        return Err(Error::invalid("amount", "must not be above what was set aside"));
    }
    let account = budget_account::get(tx, hold.account_id).await?;
    let entry_id = BudgetTransactionId::new();
    // First what was set aside is let go, then what it cost is taken from it: nobody comes between,
    // since the account stays locked.
    let mut row = hold.into_active_model();
    row.state = Set(State::Captured);
    row.settled_at = Set(Some(tx.now()));
    row.captured_usd = Set(Some(amount));
    row.entry_id = Set(Some(entry_id));
    row.updated_at = Set(tx.now());
    let hold = tx.update(row).await?;
    let entry = budget_transaction::capture(tx, &hold, amount, account.currency, entry_id).await?;
    Ok(Captured { hold, entry })
}

/// Lets go of what was set aside. Who asks again is given the hold as it is.
///
/// # Errors
///
/// [`Error::Conflict`] if it was captured; [`Error::NotFound`] if the tenant has no such hold.
#[tracing::instrument(name = "budget_hold::release", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn release(tx: &Tx, id: BudgetHoldId) -> Result<Model> {
    let hold = locked(tx, id).await?;
    match hold.state {
        State::Open => {}
        State::Captured => return Err(Error::conflict("the hold is captured already")),
        State::Released | State::Expired => return Ok(hold),
    }
    let mut row = hold.into_active_model();
    row.state = Set(State::Released);
    row.settled_at = Set(Some(tx.now()));
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// Served by `budget_holds_expiry`. `$1` tenant, `$2` time, `$3` how many.
pub const EXPIRED: &str = "
select h.id, h.account_id
from budget_holds h
where h.tenant_id = $1 and h.expires_at <= $2 and h.state = 'open'
order by h.expires_at, h.id
limit $3
for update skip locked";

/// Lets go of up to `limit` holds whose time has passed, the longest passed first; how many. To be
/// repeated until that is none. Those that somebody else is settling are left to them.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is none.
#[tracing::instrument(name = "budget_hold::expire", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn expire(tx: &Tx, limit: u64) -> Result<u64> {
    page::check(limit)?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut ids: Vec<BudgetHoldId> = vec![];
    let mut accounts: Vec<BudgetAccountId> = vec![];
    for row in tx.query_all_raw(tx.ask(EXPIRED, [most.into()])).await? {
        ids.push(row.try_get_by_index(0)?);
        accounts.push(row.try_get_by_index(1)?);
    }
    tracing::Span::current().record("rows", ids.len());
    if ids.is_empty() {
        return Ok(0);
    }
    accounts.sort_unstable();
    accounts.dedup();
    budget_account::lock_all(tx, &accounts).await?;
    let done = tx
        .update_many::<Entity>()
        .col_expr(Column::State, Expr::value(State::Expired.to_value()))
        .col_expr(Column::SettledAt, Expr::value(tx.now()))
        .col_expr(Column::UpdatedAt, Expr::value(tx.now()))
        .filter(Column::Id.is_in(ids))
        .exec(tx)
        .await?;
    Ok(done.rows_affected)
}

/// One hold.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such hold.
#[tracing::instrument(name = "budget_hold::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: BudgetHoldId) -> Result<Model> {
    tx.get::<Entity>(id).await?.ok_or(Error::NotFound("hold"))
}

/// The holds of an account, the last one first, at most 1,000.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "budget_hold::of_account", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn of_account(tx: &Tx, account: BudgetAccountId) -> Result<Vec<Model>> {
    let found = of_account_query(tx, account).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}

/// Served by `budget_holds_of_account`.
#[must_use]
pub fn of_account_query(tx: &Tx, account: BudgetAccountId) -> sea_orm::Select<Entity> {
    tx.find::<Entity>()
        .filter(Column::AccountId.eq(account))
        .order_by_desc(Column::Id)
        .limit(page::MOST)
}

/// The hold, which nobody else can settle until the transaction ends.
async fn locked(tx: &Tx, id: BudgetHoldId) -> Result<Model> {
    let found = tx.find::<Entity>().filter(Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    found.ok_or(Error::NotFound("hold"))
}
