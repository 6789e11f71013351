//! Who did what.

use chrono::TimeDelta;
use integration::{World, populate::email};
use rust_decimal::Decimal;
use service::{
    Actor, Context,
    leads::{
        lead::{self, Because, New, Status},
        lead_status_history::{Window, activity},
    },
    tenancy::user,
};

async fn person(world: &World, name: &str) -> Context {
    let new = user::New {
        email: email(&format!("{name}@tenant.example")),
        name: name.to_owned(),
        role: "partner".to_owned(),
    };
    let id = world.run(async |tx| user::add(tx, new).await).await.id;
    Context { actor: Actor::User(id), ..world.context.clone() }
}

#[tokio::test]
async fn each_user_is_counted_by_what_they_did_and_nothing_multiplies_anything() {
    let world = World::new().await;
    world.populate(&world.neighbour).await;
    let [ann, bob] = [person(&world, "ann").await, person(&world, "bob").await];
    let because = Because::manual(None);
    let leads = world
        .run_as(&ann, async |tx| {
            let mut ids = vec![];
            for number in 1..=4 {
                let new = New {
                    user_id: tx.context().user().filter(|_| number < 4),
                    ..New::named("Ada", "Byron", &format!("+1212555000{number}"))
                };
                ids.push(lead::create(tx, new).await?.id);
            }
            // Two of hers are contacted, one of those recruited after a detour; a third goes cold.
            for status in [Status::Contacted, Status::Hot, Status::Contacted, Status::Recruited] {
                lead::move_to(tx, ids[0], status, &because).await?;
            }
            lead::move_to(tx, ids[1], Status::Qualified, &because).await?;
            lead::move_to(tx, ids[2], Status::Cold, &because).await?;
            Ok(ids)
        })
        .await;
    let later = Context { now: bob.now + TimeDelta::hours(1), ..bob.clone() };
    world
        .run_as(&later, async |tx| lead::move_to(tx, leads[3], Status::Contacted, &because).await)
        .await;
    let end = Context { now: world.context.now + TimeDelta::hours(2), ..world.context.clone() };
    let found = world.run_as(&end, async |tx| activity(tx, &Window::default()).await).await;
    assert_eq!(found.nobodys, 1);
    let [of_ann, of_bob] = &found.users[..] else { panic!("{:?}", found.users) };
    assert_eq!((of_ann.name.as_str(), of_ann.owned, of_ann.came_in), ("ann", 3, 3));
    assert_eq!((of_ann.contacted, of_ann.moves, of_ann.recruited), (2, 6, 1));
    assert_eq!(of_ann.conversion, Some(Decimal::new(5, 1)));
    assert_eq!(of_ann.last_active_at, Some(ann.now));
    assert_eq!((of_bob.owned, of_bob.contacted, of_bob.moves, of_bob.recruited), (0, 1, 1, 0));
    assert_eq!(of_bob.conversion, Some(Decimal::ZERO));
    assert_eq!(of_bob.last_active_at, Some(later.now));

    // On the day before, nobody had done anything, and a share of nothing is none.
    let today = end.now.date_naive();
    let window = Window { from: None, to: Some(today) };
    let before = world.run_as(&end, async |tx| activity(tx, &window).await).await;
    assert_eq!(before.users.iter().map(|u| u.moves).sum::<i64>(), 0);
    assert!(before.users.iter().all(|u| u.conversion.is_none() && u.last_active_at.is_none()));

    // A lead that is deleted is nobody's, and was contacted by nobody.
    world.run_as(&end, async |tx| lead::delete(tx, leads[0], "gone").await.map(drop)).await;
    let found = world.run_as(&end, async |tx| activity(tx, &Window::default()).await).await;
    assert_eq!(
        (found.users[0].owned, found.users[0].contacted, found.users[0].recruited),
        (2, 1, 0)
    );
}
