//! Leads that wait for somebody.

use chrono::TimeDelta;
use entity::id::{LeadId, UserId};
use integration::World;
use service::{
    Context,
    leads::{
        distribution::{self, Join, Strategy},
        lead::{self, Because, Status},
        lead_assignment::{self, Ask, Assigned, Drained, Queue},
    },
    tenancy::user,
};

use super::{leads, owned, pool};

fn of_one(user: UserId) -> Join {
    Join { max_active: Some(1), ..Join::plain(user) }
}

async fn drained(world: &World, at: &Context) -> Drained {
    world.run_as(at, async |tx| lead_assignment::drain(tx, 100).await).await
}

async fn queue(world: &World) -> Vec<LeadId> {
    let ask = Queue { limit: 100, after: None };
    let page = world.run(async |tx| lead_assignment::queue(tx, &ask).await).await;
    page.items.iter().map(|row| row.lead_id).collect()
}

#[tokio::test]
async fn whom_nobody_can_be_given_waits_and_the_longest_waiting_comes_first() {
    let world = World::new().await;
    let (pool, people) = pool(&world, Strategy::Capacity, &[of_one]).await;
    let ids = leads(&world, 0, 4).await;
    let ask = Ask::of(pool);
    for (n, id) in [ids[2], ids[0], ids[3], ids[1]].into_iter().enumerate() {
        let at = world.later(TimeDelta::minutes(i64::try_from(n).unwrap()));
        let done = world.run_as(&at, async |tx| lead_assignment::assign(tx, id, &ask).await).await;
        let waits = Assigned::Waiting("of 1, 1 have all that they may have".to_owned());
        assert_eq!(done == waits, n > 0, "{done:?}");
    }
    assert_eq!(queue(&world).await, [ids[0], ids[3], ids[1]]);
    // Page by page.
    let first = world
        .run(async |tx| lead_assignment::queue(tx, &Queue { limit: 2, after: None }).await)
        .await;
    let after = first.next;
    let second =
        world.run(async |tx| lead_assignment::queue(tx, &Queue { limit: 2, after }).await).await;
    assert_eq!((second.items.len(), second.items[0].lead_id), (1, ids[1]));

    let hour = world.later(TimeDelta::hours(1));
    assert_eq!(drained(&world, &hour).await, Drained::default(), "nobody has room");
    let why = Because::manual(None);
    world.run_as(&hour, async |tx| lead::move_to(tx, ids[2], Status::Cold, &why).await).await;
    let done = drained(&world, &hour).await;
    assert_eq!((done.looked_at, done.assigned), (3, 1));
    assert_eq!(queue(&world).await, [ids[3], ids[1]]);
    assert_eq!(owned(&world, &people).await, [2], "one of them cold");
    // What was tried is not tried again at the same time, and is later.
    assert_eq!(drained(&world, &hour).await, Drained::default());
    world.run_as(&hour, async |tx| lead::move_to(tx, ids[0], Status::Recruited, &why).await).await;
    let done = drained(&world, &world.later(TimeDelta::hours(2))).await;
    assert_eq!((done.looked_at, done.assigned), (2, 1));
    // One that is given by hand waits no longer, nor one that is gone.
    world.run(async |tx| lead_assignment::assign_to(tx, ids[1], people[0], "x").await).await;
    assert!(queue(&world).await.is_empty());
}

#[tokio::test]
async fn who_is_away_gets_nothing_from_the_first_instant_to_the_last() {
    let world = World::new().await;
    let (pool, people) = pool(&world, Strategy::RoundRobin, &[Join::plain]).await;
    let ids = leads(&world, 0, 4).await;
    let (from, until) = (world.later(TimeDelta::hours(1)), world.later(TimeDelta::hours(3)));
    let absence = world
        .run(async |tx| user::absent(tx, people[0], from.now, until.now, Some("a holiday")).await)
        .await;
    let ask = Ask::of(pool);
    let short = TimeDelta::microseconds(1);
    let before = |at: &Context| Context { now: at.now - short, ..at.clone() };
    for (id, at, gets) in [
        (ids[0], before(&from), true),
        (ids[1], from.clone(), false),
        (ids[2], before(&until), false),
        (ids[3], until.clone(), true),
    ] {
        let done = world.run_as(&at, async |tx| lead_assignment::assign(tx, id, &ask).await).await;
        assert_eq!(matches!(done, Assigned::To(_)), gets, "{done:?}");
    }
    let known = world.run(async |tx| user::absences(tx, people[0]).await).await;
    assert_eq!(known, std::slice::from_ref(&absence));
    world.run(async |tx| user::not_absent(tx, absence.id).await).await;
    assert!(world.run(async |tx| user::absences(tx, people[0]).await).await.is_empty());
}

#[tokio::test]
async fn what_needs_somebody_else_does_not_keep_the_others_waiting() {
    let world = World::new().await;
    let (pool, people) = pool(&world, Strategy::RoundRobin, &[of_one]).await;
    let ids = leads(&world, 0, 3).await;
    let spanish = Ask { needs: vec!["Spanish".to_owned()], ..Ask::of(pool) };
    world
        .run(async |tx| {
            lead_assignment::assign(tx, ids[0], &spanish).await?;
            lead_assignment::assign(tx, ids[1], &Ask::of(pool)).await?;
            lead_assignment::assign(tx, ids[2], &Ask::of(pool)).await
        })
        .await;
    assert_eq!(queue(&world).await, [ids[0], ids[2]]);
    let more = Join { max_active: Some(2), ..Join::plain(people[0]) };
    world.run(async |tx| distribution::join(tx, pool, more).await).await;
    let done = drained(&world, &world.later(TimeDelta::hours(1))).await;
    assert_eq!((done.looked_at, done.assigned), (2, 1));
    assert_eq!(queue(&world).await, [ids[0]]);
    let speaks =
        Join { max_active: None, skills: vec!["spanish".to_owned()], ..Join::plain(people[0]) };
    world.run(async |tx| distribution::join(tx, pool, speaks).await).await;
    assert_eq!(drained(&world, &world.later(TimeDelta::hours(2))).await.assigned, 1);
}

#[tokio::test]
async fn a_pool_that_rests_distributes_nothing_and_a_stranger_nothing_either() {
    let world = World::new().await;
    let (pool, _) = pool(&world, Strategy::RoundRobin, &[Join::plain]).await;
    let id = leads(&world, 0, 1).await[0];
    world.run(async |tx| distribution::set(tx, pool, Strategy::RoundRobin, false).await).await;
    let assign = |who: &Context, ask: Ask| {
        world.db.run(who.clone(), async move |tx| lead_assignment::assign(tx, id, &ask).await)
    };
    let said = assign(&world.context, Ask::of(pool)).await.unwrap_err().to_string();
    assert_eq!(said, "conflict: the pool distributes nothing");
    let said = assign(&world.neighbour, Ask::of(pool)).await.unwrap_err().to_string();
    assert_eq!(said, "no such pool");
    world.run(async |tx| distribution::set(tx, pool, Strategy::RoundRobin, true).await).await;
    let manual = Ask { strategy: Some(Strategy::Manual), ..Ask::of(pool) };
    let said = assign(&world.context, manual).await.unwrap_err().to_string();
    assert!(said.starts_with("strategy"), "{said}");
}
