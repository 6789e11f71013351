//! Money set aside: captured once, released or expired, and never below the floor.

use chrono::TimeDelta;
use integration::World;
use sea_orm::ConnectionTrait;
use service::{
    Context, Error, Result,
    entity::id::{BudgetAccountId, BudgetHoldId},
    ledger::{
        budget_account,
        budget_hold::{self, Captured, Model, New, State},
        budget_transaction::{self, TransactionType},
    },
};

use super::{account, account_of, balance, books, cents, dollars, is_conflict, is_invalid, tried};

fn new(account_id: BudgetAccountId, amount: i64, key: &str) -> New {
    New {
        account_id,
        amount: cents(amount),
        currency: "USD".to_owned(),
        description: "a call".to_owned(),
        reference_type: Some("call".to_owned()),
        reference_id: None,
        lasts: TimeDelta::minutes(10),
        key: key.to_owned(),
    }
}

async fn hold(world: &World, new: New) -> Result<Model> {
    tried(world, async |tx| budget_hold::authorise(tx, new).await).await
}

async fn capture(world: &World, id: BudgetHoldId, amount: i64) -> Result<Captured> {
    tried(world, async |tx| budget_hold::capture(tx, id, cents(amount)).await).await
}

async fn release(world: &World, id: BudgetHoldId) -> Result<Model> {
    tried(world, async |tx| budget_hold::release(tx, id).await).await
}

async fn expire(world: &World, at: &Context, limit: u64) -> u64 {
    world.run_as(at, async |tx| budget_hold::expire(tx, limit).await).await
}

/// The balance, and what is available of it.
async fn left(world: &World, id: BudgetAccountId) -> (i64, i64) {
    let account = world.run(async |tx| budget_account::get(tx, id).await).await;
    let available = budget_account::available(&account).mantissa();
    (balance(world, id).await, i64::try_from(available).unwrap())
}

#[tokio::test]
async fn what_is_set_aside_cannot_be_spent_or_set_aside_again() {
    let world = World::new().await;
    let id = account(&world, 100).await;
    let held = hold(&world, new(id, 60, "a")).await.unwrap();
    assert_eq!(held.state, State::Open);
    assert_eq!(held.expires_at, world.context.now + TimeDelta::minutes(10));
    assert_eq!(left(&world, id).await, (100, 40));
    let spend = async |amount, key| {
        tried(&world, async |tx| budget_transaction::debit(tx, dollars(id, amount, key)).await)
            .await
    };
    assert!(is_conflict(&spend(41, "b").await, "less than that is available"));
    assert!(is_conflict(&hold(&world, new(id, 41, "c")).await, "less than that is available"));
    hold(&world, new(id, 40, "d")).await.unwrap();
    assert!(is_conflict(&spend(1, "e").await, "less than that is available"));
    assert_eq!(left(&world, id).await, (100, 0));
}

#[tokio::test]
async fn what_it_cost_is_captured_once_and_the_rest_let_go() {
    let world = World::new().await;
    let id = account(&world, 100).await;
    let held = hold(&world, new(id, 100, "a")).await.unwrap();
    assert!(is_invalid(&capture(&world, held.id, 101).await, "amount"));
    assert!(is_invalid(&capture(&world, held.id, 0).await, "amount"));
    assert!(is_invalid(&capture(&world, held.id, -1).await, "amount"));
    let done = capture(&world, held.id, 75).await.unwrap();
    assert_eq!((done.hold.state, done.hold.captured_usd), (State::Captured, Some(cents(75))));
    assert_eq!(done.hold.entry_id, Some(done.entry.id));
    assert_eq!(done.entry.transaction_type, TransactionType::Debit);
    assert_eq!(
        (done.entry.amount_usd, done.entry.reference_type.as_deref()),
        (cents(-75), Some("call"))
    );
    assert_eq!(left(&world, id).await, (25, 25));
    assert_eq!(capture(&world, held.id, 75).await.unwrap(), done, "again");
    assert!(is_conflict(&capture(&world, held.id, 74).await, "captured already"));
    assert!(is_conflict(&release(&world, held.id).await, "captured already"));
    assert_eq!(left(&world, id).await, (25, 25));
}

#[tokio::test]
async fn the_whole_of_a_hold_can_be_captured_though_nothing_else_is_left() {
    let world = World::new().await;
    let id = account(&world, 100).await;
    let held = hold(&world, new(id, 100, "a")).await.unwrap();
    capture(&world, held.id, 100).await.unwrap();
    assert_eq!(left(&world, id).await, (0, 0));
}

#[tokio::test]
async fn what_is_released_is_available_again() {
    let world = World::new().await;
    let id = account(&world, 100).await;
    let held = hold(&world, new(id, 100, "a")).await.unwrap();
    let released = release(&world, held.id).await.unwrap();
    assert_eq!(released.state, State::Released);
    assert_eq!(release(&world, held.id).await.unwrap(), released, "again");
    assert!(is_conflict(&capture(&world, held.id, 1).await, "released already"));
    assert_eq!(left(&world, id).await, (100, 100));
}

#[tokio::test]
async fn who_asks_twice_is_given_the_one_hold_and_something_else_is_refused() {
    let world = World::new().await;
    let id = account(&world, 100).await;
    let other = account_of(&world, &world.context, "kim", 100).await;
    let held = hold(&world, new(id, 60, "a")).await.unwrap();
    assert_eq!(hold(&world, new(id, 60, "a")).await.unwrap(), held);
    for different in [
        new(id, 61, "a"),
        new(other, 60, "a"),
        New { description: "a text".to_owned(), ..new(id, 60, "a") },
        New { reference_type: None, ..new(id, 60, "a") },
        New { lasts: TimeDelta::minutes(11), ..new(id, 60, "a") },
    ] {
        assert!(is_conflict(&hold(&world, different).await, "under the same key"));
    }
    // Also when it is over.
    release(&world, held.id).await.unwrap();
    let again = hold(&world, new(id, 60, "a")).await.unwrap();
    assert_eq!((again.id, again.state), (held.id, State::Released));
    assert_eq!((left(&world, id).await, left(&world, other).await), ((100, 100), (100, 100)));
}

#[tokio::test]
async fn what_cannot_be_right_is_refused_by_name() {
    let world = World::new().await;
    let id = account(&world, 100).await;
    let good = || new(id, 1, "k");
    for (bad, field) in [
        (New { amount: cents(0), ..good() }, "amount"),
        (New { amount: cents(-1), ..good() }, "amount"),
        (New { amount: "0.001".parse().unwrap(), ..good() }, "amount"),
        (New { currency: "EUR".to_owned(), ..good() }, "currency"),
        (New { currency: "usd".to_owned(), ..good() }, "currency"),
        (New { description: String::new(), ..good() }, "description"),
        (New { lasts: TimeDelta::milliseconds(999), ..good() }, "lasts"),
        (New { lasts: TimeDelta::days(31) + TimeDelta::seconds(1), ..good() }, "lasts"),
        (New { key: String::new(), ..good() }, "key"),
        (
            New { reference_type: None, reference_id: Some(uuid::Uuid::now_v7()), ..good() },
            "reference_type",
        ),
    ] {
        assert!(is_invalid(&hold(&world, bad).await, field), "{field}");
    }
    hold(&world, New { lasts: TimeDelta::seconds(1), ..new(id, 1, "shortest") }).await.unwrap();
    hold(&world, New { lasts: TimeDelta::days(31), ..new(id, 1, "longest") }).await.unwrap();
    assert_eq!(left(&world, id).await, (100, 98));
}

#[tokio::test]
async fn nobody_sees_or_settles_anothers_holds() {
    let world = World::new().await;
    let theirs = account_of(&world, &world.neighbour, "kim", 100).await;
    let held = world
        .run_as(&world.neighbour, async |tx| budget_hold::authorise(tx, new(theirs, 5, "a")).await)
        .await;
    assert!(matches!(capture(&world, held.id, 1).await, Err(Error::NotFound("hold"))));
    assert!(matches!(release(&world, held.id).await, Err(Error::NotFound("hold"))));
    let done = hold(&world, new(theirs, 1, "b")).await;
    assert!(matches!(done, Err(Error::NotFound("budget account"))));
    assert_eq!(expire(&world, &world.later(TimeDelta::days(1)), 10).await, 0);
    let theirs = world.run_as(&world.neighbour, async |tx| budget_hold::get(tx, held.id).await);
    assert_eq!(theirs.await.state, State::Open);
}

#[tokio::test]
async fn a_hold_expires_when_its_time_has_come_and_cannot_be_captured_from_then_on() {
    let world = World::new().await;
    let id = account(&world, 100).await;
    let held = hold(&world, new(id, 60, "a")).await.unwrap();
    let moment = TimeDelta::microseconds(1);
    let end = world.later(TimeDelta::minutes(10));
    let before = world.later(TimeDelta::minutes(10) - moment);
    assert_eq!(expire(&world, &before, 10).await, 0);
    let late = world
        .db
        .run(end.clone(), async |tx| budget_hold::capture(tx, held.id, cents(1)).await)
        .await;
    assert!(is_conflict(&late, "has expired"), "the sweep has not come yet");
    assert_eq!(left(&world, id).await, (100, 40), "and so it is held still");
    assert_eq!(expire(&world, &end, 10).await, 1);
    assert_eq!(expire(&world, &end, 10).await, 0);
    assert_eq!(left(&world, id).await, (100, 100));
    let found = world.run(async |tx| budget_hold::get(tx, held.id).await).await;
    assert_eq!((found.state, found.settled_at), (State::Expired, Some(end.now)));
    assert!(is_conflict(&capture(&world, held.id, 1).await, "expired already"));
    assert_eq!(release(&world, held.id).await.unwrap().state, State::Expired);

    let held = hold(&world, new(id, 60, "b")).await.unwrap();
    let just = world.run_as(&before, async |tx| budget_hold::capture(tx, held.id, cents(1)).await);
    assert_eq!(just.await.hold.state, State::Captured);
}

#[tokio::test]
async fn the_sweep_takes_the_longest_expired_first_and_no_more_than_it_is_told() {
    let world = World::new().await;
    let id = account(&world, 100).await;
    let mut held = vec![];
    for minutes in [3, 1, 2] {
        let new = New { lasts: TimeDelta::minutes(minutes), ..new(id, 10, &format!("{minutes}")) };
        held.push(hold(&world, new).await.unwrap().id);
    }
    let later = world.later(TimeDelta::hours(1));
    assert_eq!(expire(&world, &later, 2).await, 2);
    let open = "select idempotency_key from budget_holds where state = 'open'";
    assert_eq!(world.strings(open).await, ["3"]);
    let listed = world.run(async |tx| budget_hold::of_account(tx, id).await).await;
    assert_eq!(listed.iter().map(|h| h.id).collect::<Vec<_>>(), [held[2], held[1], held[0]]);
    let none = tried(&world, async |tx| budget_hold::expire(tx, 0).await).await;
    assert!(is_invalid(&none, "limit"));
}

#[tokio::test]
async fn holds_taken_settled_and_swept_by_many_at_once_come_out_even() {
    let world = World::new().await;
    let mut accounts = vec![];
    for called in ["ann", "bob", "cy"] {
        accounts.push(account_of(&world, &world.context, called, 1000).await);
    }
    let working: Vec<_> = (0..8_usize)
        .map(|worker| {
            let (db, accounts) = (world.db.clone(), accounts.clone());
            let (who, later) = (world.context.clone(), world.later(TimeDelta::hours(1)));
            tokio::spawn(async move {
                for n in 0..12_usize {
                    let id = accounts[(worker + n) % accounts.len()];
                    let key = format!("{worker} {n}");
                    let held = db
                        .run(who.clone(), async |tx| {
                            budget_hold::authorise(tx, new(id, 90, &key)).await
                        })
                        .await;
                    let Ok(held) = held else { continue };
                    let done = match n % 3 {
                        0 => db
                            .run(who.clone(), async |tx| {
                                budget_hold::capture(tx, held.id, cents(7)).await
                            })
                            .await
                            .map(drop),
                        1 => db
                            .run(who.clone(), async |tx| budget_hold::release(tx, held.id).await)
                            .await
                            .map(drop),
                        _ => db
                            .run(later.clone(), async |tx| budget_hold::expire(tx, 5).await)
                            .await
                            .map(drop),
                    };
                    match done {
                        Ok(()) | Err(Error::Conflict(_)) => {} // somebody's sweep was first
                        Err(error) => panic!("{error:?}"),
                    }
                }
            })
        })
        .collect();
    for worker in working {
        worker.await.unwrap();
    }
    while expire(&world, &world.later(TimeDelta::hours(1)), 100).await > 0 {}
    let mut total = 0;
    for id in accounts {
        let books = books(&world, id).await;
        assert!(books.in_order() && books.held == cents(0), "{books:?}");
        total += balance(&world, id).await;
    }
    let captured = "select count(*)::text from budget_holds where state = 'captured'";
    let captured: i64 = world.strings(captured).await[0].parse().unwrap();
    assert_eq!(total, 3000 - 7 * captured);
}

#[tokio::test]
async fn the_database_lets_nobody_settle_a_hold_twice_or_change_what_it_sets_aside() {
    let world = World::new().await;
    let id = account(&world, 100).await;
    let held = hold(&world, new(id, 60, "a")).await.unwrap();
    let update = async |set: &str| {
        let sql = format!("update budget_holds set {set} where id = '{}'", held.id);
        world.owner.execute_unprepared(&sql).await.map(drop).map_err(|e| e.to_string())
    };
    assert!(update("amount_usd = 1").await.unwrap_err().contains("settled once"));
    update("state = 'released', settled_at = now()").await.unwrap();
    assert_eq!(left(&world, id).await, (100, 100), "by hand as by us");
    for again in ["state = 'expired'", "state = 'open', settled_at = null", "amount_usd = 1"] {
        assert!(update(again).await.unwrap_err().contains("settled once"), "{again}");
    }
    let settled = format!(
        "insert into budget_holds (tenant_id, id, account_id, amount_usd, description,
             idempotency_key, expires_at, state, settled_at)
         values ('{}', gen_random_uuid(), '{id}', 1, 'x', 'x', now() + interval '1 day',
                 'released', now())",
        world.context.tenant
    );
    let said = world.owner.execute_unprepared(&settled).await.unwrap_err().to_string();
    assert!(said.contains("begins open"), "{said}");
    let too_much = format!(
        "insert into budget_holds (tenant_id, id, account_id, amount_usd, description,
             idempotency_key, expires_at)
         values ('{}', gen_random_uuid(), '{id}', 1.01, 'x', 'x', now() + interval '1 day')",
        world.context.tenant
    );
    let said = world.owner.execute_unprepared(&too_much).await.unwrap_err().to_string();
    assert!(said.contains("budget_accounts_floor_kept"), "{said}");
    assert_eq!(left(&world, id).await, (100, 100));
}
