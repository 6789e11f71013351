//! Entries: posted once, never below the floor, given back, undone, and never changed.

mod correct;
mod killed;
mod many;
mod model;

use chrono::TimeDelta;
use integration::World;
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use serde_json::json;
use service::{
    Error, Result, Tx,
    entity::id::BudgetAccountId,
    ledger::{
        budget_account,
        budget_transaction::{self, Entries, Model, New, Post, TransactionType},
    },
};
use uuid::Uuid;

use super::{
    account, account_of, balance, cents, dollars, is_conflict, is_invalid, somebody, tried,
};

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

async fn entries(world: &World, id: BudgetAccountId) -> Vec<Model> {
    world
        .run(async |tx| budget_transaction::of_account(tx, id, &Entries::default()).await)
        .await
        .items
}

/// Whether each of the ways to post refuses it.
async fn all_refuse(world: &World, new: &New, field: &str) {
    let credited = tried(world, async |tx| budget_transaction::credit(tx, new.clone()).await).await;
    assert!(is_invalid(&credited, field), "{field}: {credited:?}");
    let debited = tried(world, async |tx| budget_transaction::debit(tx, new.clone()).await).await;
    assert!(is_invalid(&debited, field), "{field}: {debited:?}");
    let posts = vec![Post::Credit(new.clone())];
    let posted = tried(world, async |tx| budget_transaction::post_many(tx, posts).await).await;
    assert!(is_invalid(&posted, field), "{field}: {posted:?}");
}

/// The document's sample.
#[tokio::test]
async fn a_hundred_dollars_less_a_call_and_a_text_leave_ninety_nine_and_twenty_three_cents() {
    let world = World::new().await;
    let id = account(&world, 0).await;
    let call = Uuid::now_v7();
    world
        .run(async |tx| {
            let new = |amount, kind: &str, reference_id| New {
                reference_type: Some(kind.to_owned()),
                reference_id,
                ..New::of(id, decimal(amount), "USD", "the sample's", kind)
            };
            budget_transaction::credit(tx, new("100.00", "top_up", None)).await?;
            budget_transaction::debit(tx, new("0.75", "call", Some(call))).await?;
            budget_transaction::debit(tx, new("0.02", "sms", None)).await
        })
        .await;
    let said: Vec<_> = entries(&world, id)
        .await
        .into_iter()
        .rev()
        .map(|e| {
            let amounts = [e.balance_before_usd, e.amount_usd, e.balance_after_usd];
            (e.entry_no, e.transaction_type, amounts.map(|amount| format!("{amount:.2}")))
        })
        .collect();
    let texts = |a: &str, b: &str, c: &str| [a.to_owned(), b.to_owned(), c.to_owned()];
    assert_eq!(
        said,
        [
            (1, TransactionType::Credit, texts("0.00", "100.00", "100.00")),
            (2, TransactionType::Debit, texts("100.00", "-0.75", "99.25")),
            (3, TransactionType::Debit, texts("99.25", "-0.02", "99.23")),
        ]
    );
    let of_call =
        world.run(async |tx| budget_transaction::of_reference(tx, "call", call).await).await;
    assert_eq!(of_call.iter().map(|e| e.entry_no).collect::<Vec<_>>(), [2]);
    assert_eq!(balance(&world, id).await, 9923);
}

#[tokio::test]
async fn what_cannot_be_right_is_refused_by_name_and_writes_nothing() {
    let world = World::new().await;
    let id = account(&world, 100).await;
    let good = || dollars(id, 1, "k");
    for amount in ["0", "-1", "-0.00", "0.001", "1000000000000.00", "0.999"] {
        all_refuse(&world, &New { amount: decimal(amount), ..good() }, "amount").await;
    }
    for currency in ["EUR", "usd", "", "USDT"] {
        all_refuse(&world, &New { currency: currency.to_owned(), ..good() }, "currency").await;
    }
    for description in ["", " ", "a\u{0}b", &"x".repeat(501)] {
        let new = New { description: description.to_owned(), ..good() };
        all_refuse(&world, &new, "description").await;
    }
    for key in ["", " ", &"x".repeat(201), "hold:1"] {
        all_refuse(&world, &New { key: key.to_owned(), ..good() }, "key").await;
    }
    for kind in ["", &"x".repeat(51)] {
        let new = New { reference_type: Some(kind.to_owned()), ..good() };
        all_refuse(&world, &new, "reference_type").await;
    }
    let new = New { reference_id: Some(Uuid::now_v7()), ..good() };
    all_refuse(&world, &new, "reference_type").await;
    all_refuse(&world, &New { metadata: Some(json!([1])), ..good() }, "metadata").await;
    let soon = world.context.now + TimeDelta::microseconds(1);
    all_refuse(&world, &New { effective_at: Some(soon), ..good() }, "effective_at").await;
    let none = tried(&world, async |tx| budget_transaction::post_many(tx, vec![]).await).await;
    assert!(is_invalid(&none, "posts"));
    assert_eq!(balance(&world, id).await, 100);
    assert_eq!(entries(&world, id).await.len(), 1);
}

#[tokio::test]
async fn nobody_posts_on_an_account_that_is_not_there_or_anothers() {
    let world = World::new().await;
    let theirs = account_of(&world, &world.neighbour, "kim", 100).await;
    for id in [theirs, BudgetAccountId::new()] {
        let new = dollars(id, 1, "k");
        let done = tried(&world, async |tx| budget_transaction::credit(tx, new).await).await;
        assert!(matches!(done, Err(Error::NotFound("budget account"))), "{done:?}");
    }
    // A key is one tenant's own.
    let ours = account(&world, 100).await;
    let new = dollars(ours, 1, "kim begins");
    world.run(async |tx| budget_transaction::debit(tx, new).await).await;
    assert_eq!(
        world
            .run_as(&world.neighbour, async |tx| budget_account::get(tx, theirs).await)
            .await
            .last_entry_no,
        1
    );
    assert_eq!(entries(&world, ours).await.len(), 2);
}

#[tokio::test]
async fn the_floor_may_be_reached_and_is_never_crossed() {
    let world = World::new().await;
    let id = account(&world, 100).await;
    let debit = async |amount, key| {
        tried(&world, async |tx| budget_transaction::debit(tx, dollars(id, amount, key)).await)
            .await
    };
    assert!(is_conflict(&debit(101, "a").await, "less than that is available"));
    assert_eq!(debit(100, "b").await.unwrap().balance_after_usd, cents(0));
    assert!(is_conflict(&debit(1, "c").await, "less than that is available"));
    let mut down = dollars(id, 1, "d");
    down.amount = cents(-1);
    let done = tried(&world, async |tx| budget_transaction::adjust(tx, down).await).await;
    assert!(is_conflict(&done, "less than that is available"));
    assert_eq!(balance(&world, id).await, 0);
}

#[tokio::test]
async fn what_is_asked_for_twice_is_done_once_and_something_else_is_refused() {
    let world = World::new().await;
    let id = account(&world, 10_000).await;
    let other = account_of(&world, &world.context, "kim", 0).await;
    let new = New {
        reference_type: Some("call".to_owned()),
        reference_id: Some(Uuid::now_v7()),
        metadata: Some(json!({"seconds": 61, "rate": "0.75"})),
        ..dollars(id, 75, "call 1")
    };
    let first = world.run(async |tx| budget_transaction::debit(tx, new.clone()).await).await;
    let later = world.later(TimeDelta::hours(1));
    let again = world.run_as(&later, async |tx| budget_transaction::debit(tx, new.clone()).await);
    assert_eq!(again.await, first);
    let same_time = New { effective_at: Some(first.effective_at), ..new.clone() };
    let again = world.run_as(&later, async |tx| budget_transaction::debit(tx, same_time).await);
    assert_eq!(again.await, first);
    for different in [
        New { amount: cents(76), ..new.clone() },
        New { account_id: other, ..new.clone() },
        New { description: "another".to_owned(), ..new.clone() },
        New { reference_id: None, ..new.clone() },
        New { reference_type: None, reference_id: None, ..new.clone() },
        New { metadata: None, ..new.clone() },
        New { effective_at: Some(world.context.now - TimeDelta::hours(1)), ..new.clone() },
    ] {
        let done = tried(&world, async |tx| budget_transaction::debit(tx, different).await).await;
        assert!(is_conflict(&done, "under the same key"), "{done:?}");
    }
    let credited = tried(&world, async |tx| budget_transaction::credit(tx, new).await).await;
    assert!(is_conflict(&credited, "under the same key"));
    assert_eq!(balance(&world, id).await, 9925);
    assert_eq!(balance(&world, other).await, 0);
}

#[tokio::test]
async fn of_many_who_ask_the_same_at_once_all_are_given_the_one_entry() {
    let world = World::new().await;
    let id = account(&world, 100).await;
    let asking: Vec<_> = (0..16)
        .map(|_| {
            let (db, who) = (world.db.clone(), world.context.clone());
            tokio::spawn(async move {
                let new = dollars(id, 60, "once");
                db.run(who, async |tx| budget_transaction::debit(tx, new).await).await
            })
        })
        .collect();
    let mut given = vec![];
    for asked in asking {
        given.push(asked.await.unwrap().unwrap());
    }
    assert!(given.iter().all(|entry| *entry == given[0]));
    assert_eq!(balance(&world, id).await, 40);
}

#[tokio::test]
async fn an_adjustment_goes_up_or_down() {
    let world = World::new().await;
    let id = account(&world, 100).await;
    let adjust = async |amount, key: &str| {
        let new = New { amount: cents(amount), ..dollars(id, 1, key) };
        tried(&world, async |tx| budget_transaction::adjust(tx, new).await).await
    };
    let up = adjust(7, "up").await.unwrap();
    assert_eq!((up.transaction_type, up.amount_usd), (TransactionType::Adjustment, cents(7)));
    let down = adjust(-9, "down").await.unwrap();
    assert_eq!((down.amount_usd, down.balance_after_usd), (cents(-9), cents(98)));
    assert_eq!(adjust(-9, "down").await.unwrap(), down);
    assert!(is_conflict(&adjust(9, "down").await, "under the same key"));
    assert!(is_invalid(&adjust(0, "none").await, "amount"));
}

#[tokio::test]
async fn currencies_are_never_mixed() {
    let world = World::new().await;
    let (dollar, euro) = world
        .run(async |tx| {
            let user = somebody(tx, "pat").await?;
            let dollar = budget_account::open(tx, budget_account::New::of(user, "USD")).await?;
            let euro = budget_account::open(tx, budget_account::New::of(user, "EUR")).await?;
            Ok((dollar.id, euro.id))
        })
        .await;
    world.run(async |tx| budget_transaction::credit(tx, dollars(dollar, 5, "a")).await).await;
    let wrong = New { currency: "EUR".to_owned(), ..dollars(dollar, 5, "b") };
    let done = tried(&world, async |tx| budget_transaction::credit(tx, wrong.clone()).await).await;
    assert!(is_invalid(&done, "currency"));
    let right = New { account_id: euro, ..wrong };
    let entry = world.run(async |tx| budget_transaction::credit(tx, right).await).await;
    assert_eq!((entry.currency.as_str(), entry.balance_after_usd), ("EUR", cents(5)));
    assert_eq!((balance(&world, dollar).await, balance(&world, euro).await), (5, 5));
}

#[tokio::test]
async fn entries_are_read_a_page_at_a_time_newest_first_whatever_is_posted_meanwhile() {
    let world = World::new().await;
    let id = account(&world, 0).await;
    let credit = async |key: String| {
        world.run(async |tx| budget_transaction::credit(tx, dollars(id, 1, &key)).await).await
    };
    for n in 1..=5 {
        credit(format!("{n}")).await;
    }
    let mut ask = Entries { limit: 2, after: None };
    let mut read = vec![];
    loop {
        let page = world.run(async |tx| budget_transaction::of_account(tx, id, &ask).await).await;
        read.extend(page.items.iter().map(|e| e.entry_no));
        credit(format!("meanwhile {}", read.len())).await;
        let Some(next) = page.next else { break };
        ask.after = Some(next);
    }
    assert_eq!(read, [5, 4, 3, 2, 1]);
    let none = Entries { limit: 0, after: None };
    let done = tried(&world, async |tx| budget_transaction::of_account(tx, id, &none).await).await;
    assert!(is_invalid(&done, "limit"));
}

/// Defect 4-18.
#[tokio::test]
async fn nobody_changes_deletes_or_empties_the_entries_not_even_the_owner() {
    let world = World::new().await;
    let id = account(&world, 100).await;
    for sql in [
        "update budget_transactions set amount_usd = 200",
        "update budget_transactions set description = 'nicer'",
        "delete from budget_transactions",
        "truncate budget_transactions cascade",
        "truncate budget_accounts cascade",
    ] {
        let said = world.owner.execute_unprepared(sql).await.unwrap_err().to_string();
        assert!(said.contains("never changed"), "{sql}: {said}");
    }
    let gone = world.owner.execute_unprepared("delete from budget_accounts").await;
    assert!(gone.unwrap_err().to_string().contains("foreign key"));
    assert_eq!(balance(&world, id).await, 100);
}

#[tokio::test]
async fn an_entry_added_by_hand_is_posted_like_any_other_or_refused() {
    let world = World::new().await;
    let id = account(&world, 100).await;
    let add = async |columns: &str, values: &str| {
        let sql = format!(
            "insert into budget_transactions (tenant_id, id, account_id, transaction_type,
                 amount_usd, description, idempotency_key {columns})
             values ('{}', gen_random_uuid(), '{id}', 'debit', -0.25, 'by hand', random()::text {values})",
            world.context.tenant
        );
        world.owner.execute_unprepared(&sql).await.map_err(|e| e.to_string())
    };
    add("", "").await.unwrap();
    assert_eq!(balance(&world, id).await, 75);
    add(", balance_before_usd, balance_after_usd, entry_no", ", 0.75, 0.50, 3").await.unwrap();
    assert_eq!(balance(&world, id).await, 50);
    for (columns, values) in [
        (", entry_no", ", 5"),
        (", balance_before_usd", ", 0.51"),
        (", balance_before_usd, balance_after_usd, entry_no", ", 0.75, 0.50, 3"),
        (", user_id", ", gen_random_uuid()"),
        (", currency", ", 'EUR'"),
    ] {
        let said = add(columns, values).await.unwrap_err();
        let expected = ["does not follow", "another currency", "budget_transactions_entry"];
        assert!(expected.iter().any(|why| said.contains(why)), "{columns}: {said}");
    }
    assert_eq!(balance(&world, id).await, 50);
}

#[tokio::test]
async fn who_did_it_is_written_down_by_value() {
    let world = World::new().await;
    let id = account(&world, 100).await;
    let user = world.strings("select user_id::text from budget_accounts").await.remove(0);
    let who = service::Context {
        actor: service::Actor::User(user.parse().unwrap()),
        ..world.context.clone()
    };
    let spend = async |tx: &Tx| -> Result<Model> {
        budget_transaction::debit(tx, dollars(id, 1, "k")).await
    };
    let entry = world.run_as(&who, spend).await;
    assert_eq!(entry.created_by_user_id.map(|id| id.to_string()), Some(user.clone()));
    assert_eq!(entry.user_id.to_string(), user);
    assert_eq!(entries(&world, id).await[1].created_by_user_id, None);
}
