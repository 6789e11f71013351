//! Many who distribute at once.

use entity::id::UserId;
use integration::{World, populate::scores::worker};
use service::leads::{
    distribution::{self, Join, Strategy},
    lead_assignment::{self, Ask, Assigned},
};

use super::{leads, owned, pool, to};

fn most(max_active: i32) -> impl Fn(UserId) -> Join {
    move |user| Join { max_active: Some(max_active), ..Join::plain(user) }
}

/// Every worker tries every lead, so that each is tried eight times.
async fn all_at_once(world: &World, ask: &Ask, ids: &[entity::id::LeadId]) -> usize {
    let workers: Vec<_> = (0..8)
        .map(|n| {
            let (db, who, ask) = (world.db.clone(), world.context.clone(), ask.clone());
            let mut ids = ids.to_vec();
            let by = n * ids.len() / 8;
            ids.rotate_left(by);
            tokio::spawn(async move {
                let mut given = 0;
                for id in ids {
                    let (ask, who) = (ask.clone(), who.clone());
                    let done = db
                        .run_retrying(who, 5, async move |tx| {
                            lead_assignment::assign(tx, id, &ask).await
                        })
                        .await
                        .unwrap();
                    given += usize::from(to(&done).is_some());
                }
                given
            })
        })
        .collect();
    let mut given = 0;
    for worker in workers {
        given += worker.await.unwrap();
    }
    given
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_workers_give_each_lead_once_and_equals_differ_by_one_at_the_most() {
    for strategy in [Strategy::RoundRobin, Strategy::Capacity] {
        let world = World::new().await;
        let joins: [fn(UserId) -> Join; 7] = [Join::plain; 7];
        let (pool, people) = pool(&world, strategy, &joins).await;
        let ids = leads(&world, 0, 60).await;
        assert_eq!(all_at_once(&world, &Ask::of(pool), &ids).await, 60);
        let mut has = owned(&world, &people).await;
        has.sort_unstable();
        assert_eq!(has, [8, 8, 8, 9, 9, 9, 9], "{strategy:?}");
        assert_eq!(world.strings("select 'x' from lead_assignments").await.len(), 60);
        let members = world.run(async |tx| distribution::members(tx, pool).await).await;
        let counted: i64 = members.iter().map(|member| member.assigned_count).sum();
        assert_eq!(counted, 60);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_has_more_than_they_may_though_they_are_of_two_pools() {
    let world = World::new().await;
    let (first, people) = pool(&world, Strategy::RoundRobin, &[]).await;
    assert!(people.is_empty());
    let (second, sam) = world
        .run(async |tx| {
            let new = distribution::New { name: "Others".to_owned(), strategy: Strategy::Capacity };
            let second = distribution::open(tx, new).await?.id;
            let sam = worker(tx, "sam").await?;
            for pool in [first, second] {
                distribution::join(tx, pool, most(10)(sam)).await?;
            }
            Ok((second, sam))
        })
        .await;
    let ids = leads(&world, 0, 40).await;
    let (half, rest) = ids.split_at(20);
    let (firsts, seconds) = (Ask::of(first), Ask::of(second));
    let given =
        tokio::join!(all_at_once(&world, &firsts, half), all_at_once(&world, &seconds, rest));
    assert_eq!(given.0 + given.1, 10);
    assert_eq!(owned(&world, &[sam]).await, [10]);
    assert_eq!(world.strings("select 'x' from lead_assignment_queue").await.len(), 30);
}

#[tokio::test]
async fn a_batch_is_spread_evenly_within_itself_and_what_cannot_be_given_is_told_of() {
    use service::{leads::lead, outreach::dnc};
    let world = World::new().await;
    let joins: [fn(UserId) -> Join; 3] = [Join::plain; 3];
    let (pool, people) = pool(&world, Strategy::RoundRobin, &joins).await;
    let mut ids = leads(&world, 0, 12).await;
    world
        .run(async |tx| {
            dnc::add(tx, dnc::New::for_good("+12025550003", "lead_requested")).await?;
            lead::delete(tx, ids[4], "a mistake").await?;
            lead_assignment::assign_to(tx, ids[5], people[2], "hers").await
        })
        .await;
    ids.push(ids[0]);
    ids.push(entity::id::LeadId::new());
    let ask = Ask::of(pool);
    let done = world.run(async |tx| lead_assignment::assign_many(tx, &ids, &ask).await).await;
    assert_eq!(done.len(), 13, "whoever is named twice is given once");
    let told = |place: usize| done[place].1.clone();
    assert_eq!(told(3), Assigned::Refused("nobody may call them"));
    assert_eq!(told(4), Assigned::Refused("there is no such lead"));
    assert_eq!(told(5), Assigned::Already(people[2]));
    assert_eq!(told(12), Assigned::Refused("there is no such lead"));
    assert_eq!(owned(&world, &people).await, [3, 3, 3 + 1]);
    // The next batch goes on where this one ended, and one alone too.
    let more = leads(&world, 20, 22).await;
    world.run(async |tx| lead_assignment::assign_many(tx, &more, &ask).await).await;
    assert_eq!(owned(&world, &people).await, [4, 4, 4]);
}
