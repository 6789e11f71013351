//! The pools of people among whom leads are distributed.

use entity::id::UserId;
use integration::{World, populate::scores::worker};
use service::leads::distribution::{self, Join, New, Strategy};

#[tokio::test]
async fn a_pool_has_people_with_states_and_skills_who_join_leave_and_come_back() {
    let world = World::new().await;
    let (pool, sam) = world
        .run(async |tx| {
            let new = New { name: "East".to_owned(), strategy: Strategy::Geographic };
            Ok((distribution::open(tx, new).await?, worker(tx, "sam").await?))
        })
        .await;
    let join = Join {
        states: vec!["tx ".to_owned(), "ca".to_owned(), "CA".to_owned()],
        skills: vec!["Spanish".to_owned()],
        ..Join::plain(sam)
    };
    let member = world.run(async |tx| distribution::join(tx, pool.id, join).await).await;
    assert_eq!(member.states, ["CA", "TX"]);
    assert_eq!(member.skills, ["spanish"]);
    let left = world.run(async |tx| distribution::leave(tx, pool.id, sam).await).await;
    assert!(!left.active);
    let back = world.run(async |tx| distribution::join(tx, pool.id, Join::plain(sam)).await).await;
    assert_eq!((back.id, back.active, back.states.len()), (member.id, true, 0));
    let members = world.run(async |tx| distribution::members(tx, pool.id).await).await;
    assert_eq!(members, [back]);
    let set =
        world.run(async |tx| distribution::set(tx, pool.id, Strategy::Capacity, false).await).await;
    assert_eq!((set.strategy, set.active), (Strategy::Capacity, false));
}

#[tokio::test]
async fn what_cannot_be_a_pool_or_a_member_is_refused() {
    let world = World::new().await;
    let open = |name: &str, strategy| {
        let new = New { name: name.to_owned(), strategy };
        world.db.run(world.context.clone(), async move |tx| distribution::open(tx, new).await)
    };
    let pool = open("East", Strategy::RoundRobin).await.unwrap();
    let said = async |name: &str, strategy| open(name, strategy).await.unwrap_err().to_string();
    assert!(said("East", Strategy::Capacity).await.starts_with("conflict"));
    assert!(said(" ", Strategy::Capacity).await.starts_with("name"));
    assert!(said("West", Strategy::Manual).await.starts_with("strategy"));
    let sam = world.run(async |tx| worker(tx, "sam").await).await;
    for (expected, join) in [
        ("weight", Join { weight: 0, ..Join::plain(sam) }),
        ("weight", Join { weight: 101, ..Join::plain(sam) }),
        ("max_active", Join { max_active: Some(-1), ..Join::plain(sam) }),
        ("states", Join { states: vec![String::new()], ..Join::plain(sam) }),
        ("no such user", Join::plain(UserId::new())),
    ] {
        let done = world
            .db
            .run(world.context.clone(), async |tx| distribution::join(tx, pool.id, join).await);
        let refused = done.await.unwrap_err().to_string();
        assert!(refused.starts_with(expected), "{refused}");
    }
    let theirs =
        world.db.run(world.neighbour.clone(), async |tx| distribution::members(tx, pool.id).await);
    assert_eq!(theirs.await.unwrap_err().to_string(), "no such pool");
}
