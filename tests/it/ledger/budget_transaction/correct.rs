//! Refunds and reversals.

use integration::World;
use sea_orm::ConnectionTrait;
use service::{
    Error, Result,
    entity::id::BudgetTransactionId,
    ledger::budget_transaction::{self, Model, Refund, Reversal, TransactionType},
};

use super::super::{account, account_of, balance, cents, dollars, is_conflict, is_invalid, tried};

async fn debit(world: &World, amount: i64) -> Model {
    let id = account(world, 1000).await;
    world.run(async |tx| budget_transaction::debit(tx, dollars(id, amount, "paid")).await).await
}

async fn refund(world: &World, of: BudgetTransactionId, amount: i64, key: &str) -> Result<Model> {
    let new =
        Refund { amount: cents(amount), description: "it was bad".to_owned(), key: key.to_owned() };
    tried(world, async |tx| budget_transaction::refund(tx, of, new).await).await
}

async fn reverse(world: &World, of: BudgetTransactionId, key: &str) -> Result<Model> {
    let new = Reversal { reason: "a mistake".to_owned(), key: key.to_owned() };
    tried(world, async |tx| budget_transaction::reverse(tx, of, new).await).await
}

#[tokio::test]
async fn a_debit_is_refunded_in_parts_up_to_what_was_paid() {
    let world = World::new().await;
    let paid = debit(&world, 500).await;
    let first = refund(&world, paid.id, 300, "r1").await.unwrap();
    assert_eq!((first.transaction_type, first.amount_usd), (TransactionType::Refund, cents(300)));
    assert_eq!((first.refunds_id, first.balance_after_usd), (Some(paid.id), cents(800)));
    assert!(is_conflict(&refund(&world, paid.id, 201, "r2").await, "only 2.00"));
    let rest = refund(&world, paid.id, 200, "r2").await.unwrap();
    assert!(is_conflict(&refund(&world, paid.id, 1, "r3").await, "only 0.00"));
    // Asked again when nothing is left, it is what it was.
    assert_eq!(refund(&world, paid.id, 300, "r1").await.unwrap(), first);
    assert_eq!(refund(&world, paid.id, 200, "r2").await.unwrap(), rest);
    assert!(is_conflict(&refund(&world, paid.id, 100, "r1").await, "under the same key"));
    assert_eq!(balance(&world, paid.account_id).await, 1000);
}

#[tokio::test]
async fn only_a_debit_of_the_tenants_is_refunded() {
    let world = World::new().await;
    let paid = debit(&world, 500).await;
    let begun = "select id::text from budget_transactions where transaction_type = 'credit'";
    let credit = world.strings(begun).await.remove(0).parse().unwrap();
    assert!(is_conflict(&refund(&world, credit, 1, "a").await, "only a debit"));
    let given = refund(&world, paid.id, 1, "b").await.unwrap();
    assert!(is_conflict(&refund(&world, given.id, 1, "c").await, "only a debit"));
    let unknown = refund(&world, BudgetTransactionId::new(), 1, "d").await;
    assert!(matches!(unknown, Err(Error::NotFound("budget transaction"))));
    for amount in [0, -1] {
        assert!(is_invalid(&refund(&world, paid.id, amount, "e").await, "amount"));
    }
    let theirs = account_of(&world, &world.neighbour, "kim", 100).await;
    let entry = world
        .run_as(&world.neighbour, async |tx| {
            budget_transaction::debit(tx, dollars(theirs, 1, "k")).await
        })
        .await;
    let done = refund(&world, entry.id, 1, "f").await;
    assert!(matches!(done, Err(Error::NotFound("budget transaction"))));
}

#[tokio::test]
async fn of_many_refunds_at_once_no_more_is_given_back_than_was_paid() {
    let world = World::new().await;
    let paid = debit(&world, 500).await;
    let giving: Vec<_> = (0..12)
        .map(|n| {
            let (db, who, id) = (world.db.clone(), world.context.clone(), paid.id);
            tokio::spawn(async move {
                let new = Refund {
                    amount: cents(100),
                    description: "it was bad".to_owned(),
                    key: format!("r{n}"),
                };
                db.run(who, async |tx| budget_transaction::refund(tx, id, new).await).await.is_ok()
            })
        })
        .collect();
    let mut given = 0;
    for done in giving {
        given += u32::from(done.await.unwrap());
    }
    assert_eq!(given, 5);
    assert_eq!(balance(&world, paid.account_id).await, 1000);
}

#[tokio::test]
async fn an_entry_is_undone_once_by_one_of_the_opposite_amount() {
    let world = World::new().await;
    let paid = debit(&world, 500).await;
    let undone = reverse(&world, paid.id, "u").await.unwrap();
    assert_eq!(undone.transaction_type, TransactionType::Adjustment);
    assert_eq!((undone.amount_usd, undone.reverses_id), (cents(500), Some(paid.id)));
    assert_eq!(reverse(&world, paid.id, "u").await.unwrap(), undone, "again");
    assert!(is_conflict(&reverse(&world, paid.id, "v").await, "reversed already"));
    assert!(is_conflict(&reverse(&world, undone.id, "w").await, "is not reversed"));
    assert!(is_conflict(&refund(&world, paid.id, 1, "x").await, "was reversed"));
    assert_eq!(balance(&world, paid.account_id).await, 1000);
}

#[tokio::test]
async fn what_was_refunded_is_reversed_after_its_refund() {
    let world = World::new().await;
    let paid = debit(&world, 500).await;
    let given = refund(&world, paid.id, 200, "r").await.unwrap();
    assert!(is_conflict(&reverse(&world, paid.id, "u").await, "2.00 of the debit was refunded"));
    reverse(&world, given.id, "v").await.unwrap();
    // The refund stands no more: all of it can be given back again.
    assert!(is_conflict(&refund(&world, paid.id, 501, "r2").await, "only 5.00"));
    reverse(&world, paid.id, "u").await.unwrap();
    assert_eq!(balance(&world, paid.account_id).await, 1000);
}

#[tokio::test]
async fn what_was_paid_in_and_spent_is_not_reversed_below_the_floor() {
    let world = World::new().await;
    let paid = debit(&world, 1).await;
    let begun = "select id::text from budget_transactions where transaction_type = 'credit'";
    let credit: BudgetTransactionId = world.strings(begun).await.remove(0).parse().unwrap();
    assert!(is_conflict(&reverse(&world, credit, "u").await, "less than that is available"));
    refund(&world, paid.id, 1, "r").await.unwrap();
    reverse(&world, credit, "u").await.unwrap();
    assert_eq!(balance(&world, paid.account_id).await, 0);
}

#[tokio::test]
async fn of_many_who_reverse_an_entry_at_once_one_does() {
    let world = World::new().await;
    let paid = debit(&world, 500).await;
    let undoing: Vec<_> = (0..8)
        .map(|n| {
            let (db, who, id) = (world.db.clone(), world.context.clone(), paid.id);
            tokio::spawn(async move {
                let new = Reversal { reason: "a mistake".to_owned(), key: format!("u{n}") };
                db.run(who, async |tx| budget_transaction::reverse(tx, id, new).await).await
            })
        })
        .collect();
    let mut done = 0;
    for undone in undoing {
        match undone.await.unwrap() {
            Ok(_) => done += 1,
            other => assert!(is_conflict(&other, "already"), "{other:?}"),
        }
    }
    assert_eq!(done, 1);
    assert_eq!(balance(&world, paid.account_id).await, 1000);
}

#[tokio::test]
async fn the_database_holds_refunds_and_reversals_to_the_same_rules_whoever_writes() {
    let world = World::new().await;
    let paid = debit(&world, 500).await;
    let other = account_of(&world, &world.context, "kim", 1000).await;
    let add = async |kind: &str, account, amount: &str, column: &str, of: BudgetTransactionId| {
        let sql = format!(
            "insert into budget_transactions (tenant_id, id, account_id, transaction_type,
                 amount_usd, description, idempotency_key, {column})
             values ('{}', gen_random_uuid(), '{account}', '{kind}', {amount}, 'x',
                     random()::text, '{of}')",
            world.context.tenant
        );
        world.owner.execute_unprepared(&sql).await.map(drop).map_err(|e| e.to_string())
    };
    let ours = paid.account_id;
    let refund =
        async |account, amount: &str, of| add("refund", account, amount, "refunds_id", of).await;
    let undo = async |account, amount: &str, of| {
        add("adjustment", account, amount, "reverses_id", of).await
    };
    let too_much = "gives back at most a debit";
    assert!(refund(ours, "5.01", paid.id).await.unwrap_err().contains(too_much));
    assert!(refund(other, "1", paid.id).await.unwrap_err().contains(too_much));
    let not_whole = "undoes the whole of an entry";
    assert!(undo(ours, "4.99", paid.id).await.unwrap_err().contains(not_whole));
    assert!(undo(other, "5", paid.id).await.unwrap_err().contains(not_whole));
    refund(ours, "5", paid.id).await.unwrap();
    assert!(refund(ours, "0.01", paid.id).await.unwrap_err().contains(too_much));
    assert!(undo(ours, "5", paid.id).await.unwrap_err().contains(not_whole));
    let again = debit_again(&world, ours).await;
    undo(ours, "1", again.id).await.unwrap();
    assert!(refund(ours, "0.01", again.id).await.unwrap_err().contains(too_much));
    assert_eq!(balance(&world, ours).await, 1000);
}

async fn debit_again(world: &World, account: service::entity::id::BudgetAccountId) -> Model {
    world.run(async |tx| budget_transaction::debit(tx, dollars(account, 100, "again")).await).await
}
