//! Many entries at once.

use integration::World;
use service::ledger::budget_transaction::{self, Post};

use super::super::{account, account_of, balance, cents, dollars, is_conflict, is_invalid, tried};

#[tokio::test]
async fn many_are_posted_in_their_order_all_or_none() {
    let world = World::new().await;
    let id = account(&world, 100).await;
    let other = account_of(&world, &world.context, "kim", 0).await;
    let posts = || {
        vec![
            Post::Debit(dollars(id, 100, "one")),
            Post::Credit(dollars(id, 30, "two")),
            Post::Credit(dollars(other, 5, "three")),
            Post::AdjustDown(dollars(id, 10, "four")),
            Post::AdjustUp(dollars(other, 1, "five")),
        ]
    };
    let post = async |posts| {
        tried(&world, async |tx| budget_transaction::post_many(tx, posts).await).await
    };
    let done = post(posts()).await.unwrap();
    let said: Vec<_> = done.iter().map(|e| (e.entry_no, e.balance_after_usd)).collect();
    assert_eq!(said, [(2, cents(0)), (3, cents(30)), (1, cents(5)), (4, cents(20)), (2, cents(6))]);
    assert_eq!(post(posts()).await.unwrap(), done, "again");
    // Some were there already, in the midst of others.
    let mut mixed = posts();
    mixed.insert(1, Post::Debit(dollars(id, 20, "new")));
    mixed.push(Post::Credit(dollars(id, 2, "newer")));
    let mixed = post(mixed).await.unwrap();
    assert_eq!((mixed[0].clone(), mixed[2].clone()), (done[0].clone(), done[1].clone()));
    assert_eq!((mixed[1].entry_no, mixed[1].balance_after_usd), (5, cents(0)));
    assert_eq!((mixed[6].entry_no, mixed[6].balance_after_usd), (6, cents(2)));

    let too_much = vec![Post::Credit(dollars(id, 1, "x")), Post::Debit(dollars(id, 4, "y"))];
    assert!(is_conflict(&post(too_much).await, "less than that is available"));
    let twice = vec![Post::Credit(dollars(id, 1, "x")), Post::Credit(dollars(id, 1, "x"))];
    assert!(is_invalid(&post(twice).await, "key"));
    let other_again = vec![Post::Credit(dollars(id, 1, "x")), Post::Credit(dollars(id, 1, "one"))];
    assert!(is_conflict(&post(other_again).await, "under the same key"));
    assert_eq!((balance(&world, id).await, balance(&world, other).await), (2, 6));
}

#[tokio::test]
async fn batches_that_name_the_same_accounts_in_other_orders_wait_and_do_not_fail() {
    let world = World::new().await;
    let one = account(&world, 100).await;
    let two = account_of(&world, &world.context, "kim", 100).await;
    let posting: Vec<_> = (0..8)
        .map(|writer| {
            let (db, who) = (world.db.clone(), world.context.clone());
            let order = if writer % 2 == 0 { [one, two] } else { [two, one] };
            tokio::spawn(async move {
                for n in 0..15 {
                    let key = |of| format!("{writer} {n} {of}");
                    let posts = vec![
                        Post::Credit(dollars(order[0], 1, &key(0))),
                        Post::Credit(dollars(order[1], 2, &key(1))),
                    ];
                    db.run(who.clone(), async |tx| budget_transaction::post_many(tx, posts).await)
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    for writer in posting {
        writer.await.unwrap();
    }
    // Four writers put one cent on it fifteen times, the other four two.
    assert_eq!((balance(&world, one).await, balance(&world, two).await), (280, 280));
}
