//! Accounts: whose, in what currency, how low, and what was on them when.

use chrono::TimeDelta;
use integration::World;
use sea_orm::ConnectionTrait;
use service::{
    Error,
    entity::id::{BudgetAccountId, UserId},
    ledger::{
        budget_account::{self, AsOf, New},
        budget_transaction,
    },
};

use super::{
    account, account_of, balance, books, cents, dollars, is_conflict, is_invalid, somebody, tried,
};

#[tokio::test]
async fn an_account_begins_with_nothing_and_is_the_only_one_of_its_user_in_its_currency() {
    let world = World::new().await;
    let user = world.run(async |tx| somebody(tx, "pat").await).await;
    let opened = world.run(async |tx| budget_account::open(tx, New::of(user, "USD")).await).await;
    assert_eq!((opened.balance, opened.held, opened.last_entry_no), (cents(0), cents(0), 0));
    let again =
        tried(&world, async |tx| budget_account::open(tx, New::of(user, "USD")).await).await;
    assert!(is_conflict(&again, "budget_accounts_of_user"));
    world.run(async |tx| budget_account::open(tx, New::of(user, "EUR")).await).await;
    let all = world.run(async |tx| budget_account::of_user(tx, user).await).await;
    assert_eq!(all.iter().map(|a| a.currency.as_str()).collect::<Vec<_>>(), ["EUR", "USD"]);
}

#[tokio::test]
async fn nobody_opens_an_account_for_somebody_elses_user_or_in_no_currency() {
    let world = World::new().await;
    let theirs = world.run_as(&world.neighbour, async |tx| somebody(tx, "kim").await).await;
    for user in [theirs, UserId::new()] {
        let done =
            tried(&world, async |tx| budget_account::open(tx, New::of(user, "USD")).await).await;
        assert!(matches!(done, Err(Error::NotFound("user"))), "{done:?}");
    }
    let ours = world.run(async |tx| somebody(tx, "pat").await).await;
    for currency in ["usd", "", "US", "DOLLAR"] {
        let new = New::of(ours, currency);
        let done = tried(&world, async |tx| budget_account::open(tx, new).await).await;
        assert!(is_invalid(&done, "currency"));
    }
}

#[tokio::test]
async fn the_floor_is_moved_as_far_as_what_is_left() {
    let world = World::new().await;
    let id = account(&world, 1000).await;
    let set =
        async |to| tried(&world, async |tx| budget_account::set_floor(tx, id, to).await).await;
    assert!(is_conflict(&set(cents(1001)).await, "less than that"));
    assert_eq!(set(cents(1000)).await.unwrap().floor, cents(1000));
    let spend = async |amount, key| {
        tried(&world, async |tx| budget_transaction::debit(tx, dollars(id, amount, key)).await)
            .await
    };
    assert!(is_conflict(&spend(1, "a").await, "less than that is available"));
    // A credit line.
    set(cents(-500)).await.unwrap();
    assert!(is_conflict(&spend(1501, "b").await, "less than that is available"));
    assert_eq!(spend(1500, "c").await.unwrap().balance_after_usd, cents(-500));
    assert!(is_invalid(&set("0.001".parse().unwrap()).await, "floor"));
    let unknown = BudgetAccountId::new();
    let done =
        tried(&world, async |tx| budget_account::set_floor(tx, unknown, cents(0)).await).await;
    assert!(matches!(done, Err(Error::NotFound("budget account"))));
}

#[tokio::test]
async fn a_balance_as_of_an_instant_is_what_had_taken_effect_by_then() {
    let world = World::new().await;
    let id = account(&world, 10_000).await; // at 09:00
    let nine = world.context.now;
    let hours = TimeDelta::hours;
    world
        .run_as(&world.later(hours(2)), async |tx| {
            budget_transaction::debit(tx, dollars(id, 75, "at eleven")).await
        })
        .await;
    // Recorded at noon, and counts from ten.
    let mut new = dollars(id, 2, "at ten");
    new.effective_at = Some(nine + hours(1));
    world.run_as(&world.later(hours(3)), async |tx| budget_transaction::debit(tx, new).await).await;
    let as_of = async |as_of: AsOf| {
        world.run(async |tx| budget_account::balance_as_of(tx, id, as_of).await).await
    };
    let moment = TimeDelta::microseconds(1);
    for (when, expected) in [
        (nine - moment, 0),
        (nine, 10_000),
        (nine + hours(1) - moment, 10_000),
        (nine + hours(1), 9998),
        (nine + hours(2) - moment, 9998),
        (nine + hours(2), 9923),
        (nine + hours(100), 9923),
    ] {
        assert_eq!(as_of(AsOf::effective(when)).await, cents(expected), "{when}");
    }
    // What was believed at the time: the entry of noon was not known at eleven.
    let known = async |effective, recorded| {
        as_of(AsOf { effective: nine + effective, recorded: Some(nine + recorded) }).await
    };
    assert_eq!(known(hours(1), hours(2)).await, cents(10_000));
    assert_eq!(known(hours(2), hours(2)).await, cents(9925));
    assert_eq!(known(hours(1), hours(3) - moment).await, cents(10_000));
    assert_eq!(known(hours(1), hours(3)).await, cents(9998));
    assert_eq!(known(hours(9), hours(3)).await, cents(9923));
    let nobody = tried(&world, async |tx| {
        budget_account::balance_as_of(tx, BudgetAccountId::new(), AsOf::effective(nine)).await
    });
    assert!(matches!(nobody.await, Err(Error::NotFound("budget account"))));
}

#[tokio::test]
async fn the_books_of_an_account_without_entries_are_in_order() {
    let world = World::new().await;
    let id = account(&world, 0).await;
    assert_eq!(balance(&world, id).await, 0);
}

#[tokio::test]
async fn books_that_were_cooked_are_found_out() {
    let world = World::new().await;
    let id = account(&world, 10_000).await;
    world.run(async |tx| budget_transaction::debit(tx, dollars(id, 100, "a")).await).await;
    world.run(async |tx| budget_transaction::debit(tx, dollars(id, 100, "b")).await).await;
    assert_eq!(balance(&world, id).await, 9800);
    // Only who can switch the triggers off can do any of it.
    let cooked = async |sql: &str| {
        world.owner.execute_unprepared("begin").await.unwrap();
        let off = "set local session_replication_role = replica";
        world.owner.execute_unprepared(off).await.unwrap();
        world.owner.execute_unprepared(sql).await.unwrap();
        world.owner.execute_unprepared("commit").await.unwrap();
        books(&world, id).await
    };
    let found = cooked("update budget_accounts set balance = 99").await;
    assert!(!found.in_order() && found.balance == cents(9900), "{found:?}");
    assert_eq!(found.entries_total, cents(9800));
    let found = cooked("update budget_accounts set balance = 98, held = 1").await;
    assert!(!found.in_order() && found.holds_total == cents(0), "{found:?}");
    let found = cooked("update budget_accounts set held = 0, last_entry_no = 4").await;
    assert!(!found.in_order() && found.entries == 3, "{found:?}");
    cooked("update budget_accounts set last_entry_no = 3").await;
    assert_eq!(balance(&world, id).await, 9800);
    // The entries still add up, but not in their order.
    let swap = "update budget_transactions set entry_no = 5 - entry_no + 100 where entry_no > 1;
                update budget_transactions set entry_no = entry_no - 100 where entry_no > 100";
    let found = cooked(swap).await;
    assert_eq!((found.entries_total, found.first_break), (cents(9800), Some(2)));
    assert!(!found.in_order());
}

#[tokio::test]
async fn no_balance_moves_but_by_an_entry_whoever_writes() {
    let world = World::new().await;
    let id = account(&world, 10_000).await;
    account_of(&world, &world.context, "kim", 0).await;
    let kim = world.strings("select id::text from users where name = 'kim'").await.remove(0);
    let tenant = world.context.tenant;
    for sql in [
        "update budget_accounts set balance = 200".to_owned(),
        "update budget_accounts set balance = 200, last_entry_no = last_entry_no + 1".to_owned(),
        "update budget_accounts set last_entry_no = last_entry_no + 1".to_owned(),
        format!("update budget_accounts set currency = 'EUR' where id = '{id}'"),
        format!("update budget_accounts set user_id = '{kim}', currency = 'CHF' where id = '{id}'"),
        format!(
            "insert into budget_accounts (tenant_id, id, user_id, currency, balance)
             values ('{tenant}', gen_random_uuid(), '{kim}', 'EUR', 1)"
        ),
        format!(
            "insert into budget_accounts (tenant_id, id, user_id, currency, last_entry_no)
             values ('{tenant}', gen_random_uuid(), '{kim}', 'EUR', 1)"
        ),
    ] {
        let done = world.owner.execute_unprepared(&sql).await;
        let said = done.unwrap_err().to_string();
        assert!(said.contains("a balance moves by an entry"), "{sql}: {said}");
    }
    assert_eq!(balance(&world, id).await, 10_000);
}
