//! Thousands of numbers put on the list at once.

use std::sync::Arc;

use chrono::TimeDelta;
use integration::World;
use service::{
    Error,
    leads::lead,
    outreach::dnc::{self, Added, Batch, Kind, New},
};

fn batch(numbers: Vec<String>) -> Batch {
    Batch {
        numbers,
        reason: "admin_added".to_owned(),
        source: Some("manual_entry".to_owned()),
        expires_at: None,
    }
}

#[tokio::test]
async fn ten_thousand_numbers_are_listed_and_each_is_told_what_became_of_it() {
    let world = World::new().await;
    let listed = world
        .run(async |tx| dnc::add(tx, New::for_good("+12065550007", "lead_requested")).await)
        .await;
    let mut numbers: Vec<String> = (0..9_997).map(|n| format!("206 555 {n:04}")).collect();
    numbers.insert(4, "call me".to_owned());
    numbers.insert(6, "9".repeat(100));
    numbers.push("+1 (206) 555-0001".to_owned());
    assert_eq!(numbers.len(), 10_000);
    let told = world.run(async |tx| dnc::add_many(tx, &batch(numbers.clone())).await).await;
    assert_eq!(told.len(), 10_000);
    assert_eq!((told[4], told[6]), (Added::Unreadable { line: 5 }, Added::Unreadable { line: 7 }));
    assert_eq!(told[9], Added::Already(listed.id), "a request stands");
    let Added::New(first) = told[1] else { panic!("{:?}", told[1]) };
    assert_eq!(told[9_999], Added::Already(first), "twice in one batch");
    assert_eq!(told.iter().filter(|told| matches!(told, Added::New(_))).count(), 9_996);
    let count = "select count(*)::text from dnc_list where removed_at is null";
    assert_eq!(world.strings(count).await, ["9997"]);
    // Once more: nothing new.
    let again = world.run(async |tx| dnc::add_many(tx, &batch(numbers.clone())).await).await;
    assert!(again.iter().all(|told| !matches!(told, Added::New(_))));
    assert_eq!(world.strings(count).await, ["9997"]);
    numbers.push("206 555 0001".to_owned());
    let refused =
        world.db.run(world.context.clone(), async |tx| dnc::add_many(tx, &batch(numbers)).await);
    assert!(matches!(refused.await, Err(Error::Invalid { field, .. }) if field == "numbers"));
}

#[tokio::test]
async fn a_batch_keeps_the_rules_of_a_single_entry() {
    let world = World::new().await;
    let until = |days| Some(world.context.now + TimeDelta::days(days));
    let add = async |reason: &str, expires_at| {
        let numbers = vec!["206 555 0010".to_owned()];
        let batch = Batch { reason: reason.to_owned(), expires_at, ..batch(numbers) };
        world.db.run(world.context.clone(), async |tx| dnc::add_many(tx, &batch).await).await
    };
    let Added::New(hold) = add("admin_hold", until(30)).await.unwrap()[0] else { panic!("new") };
    assert_eq!(add("admin_hold", until(10)).await.unwrap(), [Added::Already(hold)]);
    let Added::New(request) = add("lead_requested", None).await.unwrap()[0] else { panic!("new") };
    assert_eq!(add("admin_hold", until(60)).await.unwrap(), [Added::Already(request)]);
    assert_eq!(add("admin_added", None).await.unwrap(), [Added::Already(request)]);
    for (reason, expires_at) in
        [("lead_requested", until(1)), ("admin_hold", Some(world.context.now))]
    {
        let refused = add(reason, expires_at).await;
        assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "expires_at"));
    }
    let history = world.run(async |tx| dnc::history(tx, "206 555 0010").await).await;
    assert_eq!(history.entries.len(), 2);
    assert_eq!(history.entries[0].kind, Kind::Permanent);
    let old = &history.entries[1];
    assert_eq!(
        (old.removed_at, old.removal_reason.as_deref()),
        (Some(world.context.now), Some("a newer entry took its place"))
    );
    let none = world.run(async |tx| dnc::add_many(tx, &batch(vec!["x".to_owned()])).await).await;
    assert_eq!(none, [Added::Unreadable { line: 1 }]);
}

#[tokio::test]
async fn the_leads_that_have_the_numbers_may_not_be_called_any_more() {
    let world = World::new().await;
    for n in 0..3 {
        let new = lead::New::named("Ada", "Byron", &format!("+1206555000{n}"));
        world.run(async |tx| lead::create(tx, new).await).await;
    }
    let numbers = vec!["206 555 0000".to_owned(), "206 555 0002".to_owned()];
    world.run(async |tx| dnc::add_many(tx, &batch(numbers)).await).await;
    let found = "select status || ' ' || calling_blocked from leads order by phone_number";
    assert_eq!(world.strings(found).await, ["dnc true", "new false", "dnc true"]);
    let hold = Batch {
        expires_at: Some(world.context.now + TimeDelta::days(1)),
        ..batch(vec!["206 555 0001".to_owned()])
    };
    world.run(async |tx| dnc::add_many(tx, &hold).await).await;
    assert_eq!(world.strings(found).await[1], "new false", "a hold passes by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_that_overlap_in_other_orders_wait_for_each_other_and_never_in_a_circle() {
    let world = Arc::new(World::new().await);
    // Few are locked one by one; many, all at once.
    for size in [150_usize, 400] {
        let numbers: Vec<String> = (0..size).map(|n| format!("206 555 {:04}", n + size)).collect();
        let work: Vec<_> = (0..6)
            .map(|n| {
                let (world, mut numbers) = (world.clone(), numbers.clone());
                if n % 2 == 0 {
                    numbers.reverse();
                }
                tokio::spawn(async move {
                    let all = batch(numbers);
                    let work = async |tx: &service::Tx| dnc::add_many(tx, &all).await;
                    world.db.run(world.context.clone(), work).await.map(|told| {
                        told.iter().filter(|told| matches!(told, Added::New(_))).count()
                    })
                })
            })
            .collect();
        let mut new = 0;
        for work in work {
            new += work.await.unwrap().unwrap();
        }
        assert_eq!(new, size, "each number once");
    }
}
