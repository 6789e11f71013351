//! The ledger.

mod budget_account;
mod budget_hold;
mod budget_transaction;

use integration::{World, populate::email};
use rust_decimal::Decimal;
use service::{
    Context, Error, Result, Tx,
    entity::id::{BudgetAccountId, UserId},
    ledger::{
        budget_account::{self as accounts, Reconciliation},
        budget_transaction::{self as transactions, New},
    },
    tenancy::user,
};

pub fn cents(of: i64) -> Decimal {
    Decimal::new(of, 2)
}

pub async fn somebody(tx: &Tx, called: &str) -> Result<UserId> {
    let new = user::New {
        email: email(&format!("{called}@tenant.example")),
        name: called.to_owned(),
        role: "sales".to_owned(),
    };
    Ok(user::add(tx, new).await?.id)
}

/// An account in dollars with so many cents on it.
pub async fn account(world: &World, with: i64) -> BudgetAccountId {
    account_of(world, &world.context, "pat", with).await
}

pub async fn account_of(world: &World, who: &Context, called: &str, with: i64) -> BudgetAccountId {
    world
        .run_as(who, async |tx| {
            let user = somebody(tx, called).await?;
            let id = accounts::open(tx, accounts::New::of(user, "USD")).await?.id;
            if with > 0 {
                let key = format!("{called} begins");
                transactions::credit(tx, dollars(id, with, &key)).await?;
            }
            Ok(id)
        })
        .await
}

/// So many cents, under a key.
pub fn dollars(account: BudgetAccountId, amount: i64, key: &str) -> New {
    New::of(account, cents(amount), "USD", "for a test", key)
}

pub async fn books(world: &World, account: BudgetAccountId) -> Reconciliation {
    let found = world.run(async |tx| accounts::reconcile(tx, account).await).await;
    let view = "select (balance, entries_total, entries, last_entry_no, held, holds_total)::text \
                       || in_order from budget_reconciliation where account_id = ";
    let said = world.strings(&format!("{view}'{account}'")).await;
    let Reconciliation {
        balance, entries_total, entries, last_entry_no, held, holds_total, ..
    } = &found;
    let in_order = found.in_order();
    let same = format!(
        "({balance:.2},{entries_total:.2},{entries},{last_entry_no},{held:.2},{holds_total:.2}){in_order}"
    );
    assert_eq!(said, [same], "the view says the same");
    found
}

/// The balance in cents, after the books were found in order.
pub async fn balance(world: &World, account: BudgetAccountId) -> i64 {
    let books = books(world, account).await;
    assert!(books.in_order(), "{books:?}");
    i64::try_from(books.balance.mantissa()).unwrap()
}

/// What becomes of work that may be refused.
pub async fn tried<T>(world: &World, work: impl AsyncFnOnce(&Tx) -> Result<T>) -> Result<T> {
    world.db.run(world.context.clone(), work).await
}

pub fn is_conflict<T>(done: &Result<T>, about: &str) -> bool {
    matches!(done, Err(Error::Conflict(why)) if why.contains(about))
}

pub fn is_invalid<T>(done: &Result<T>, expected: &str) -> bool {
    matches!(done, Err(Error::Invalid { field, .. }) if field == expected)
}
