//! Tasks: given, listed, done, and done with the deal that they were for.

use chrono::TimeDelta;
use entity::id::{TaskId, UserId};
use integration::{
    World,
    populate::{acme, email},
};
use service::{
    Error, Result, Tx,
    sales::{
        deal::{self, Stage},
        task::{self, New, Priority, Status},
    },
    tenancy::user,
};

async fn sam(tx: &Tx) -> Result<UserId> {
    let new = user::New {
        email: email("sam@tenant.example"),
        name: "Sam".to_owned(),
        role: "sales".to_owned(),
    };
    Ok(user::add(tx, new).await?.id)
}

#[tokio::test]
async fn somebodys_tasks_are_in_the_order_in_which_they_are_due_and_without_what_is_done() {
    let world = World::new().await;
    let now = world.context.now;
    let (sam, done) = world
        .run(async |tx| {
            let sam = sam(tx).await?;
            for (title, hours) in [("whenever", None), ("later", Some(9)), ("soon", Some(1))] {
                let due_at = hours.map(|hours| now + TimeDelta::hours(hours));
                let new = New::titled(title, Priority::Normal);
                task::open(tx, New { due_at, assigned_to: Some(sam), ..new }).await?;
            }
            let new = New { assigned_to: Some(sam), ..New::titled("done", Priority::Low) };
            let done = task::open(tx, new).await?.id;
            task::open(tx, New::titled("nobody's", Priority::Urgent)).await?;
            Ok((sam, task::move_to(tx, done, Status::Completed).await?))
        })
        .await;
    assert_eq!(done.completed_at, Some(now));
    let list = async |tx: &Tx| task::assigned(tx, sam, 10).await;
    let titles: Vec<_> = world.run(list).await.into_iter().map(|task| task.title).collect();
    assert_eq!(titles, ["soon", "later", "whenever"]);
    assert!(world.run_as(&world.neighbour, list).await.is_empty());
    let again = world.run(async |tx| task::move_to(tx, done.id, Status::InProgress).await).await;
    assert_eq!(again.completed_at, None);
}

#[tokio::test]
async fn the_open_tasks_of_a_deal_are_done_when_it_is_won_and_stay_when_it_is_lost() {
    let world = World::new().await;
    for (stage, expected) in [(Stage::Won, Status::Completed), (Stage::Lost, Status::Pending)] {
        let (of_deal, given_up, other) = world
            .run(async |tx| {
                let deal = deal::open(tx, deal::New::titled(acme(tx).await?, "A deal")).await?.id;
                let new = || New { deal_id: Some(deal), ..New::titled("call", Priority::High) };
                let of_deal = task::open(tx, new()).await?.id;
                let given_up = task::open(tx, new()).await?.id;
                task::move_to(tx, given_up, Status::Cancelled).await?;
                let other = task::open(tx, New::titled("else", Priority::High)).await?.id;
                deal::move_to(tx, deal, stage, None).await?;
                Ok((of_deal, given_up, other))
            })
            .await;
        let status = async |id: TaskId| {
            let found = world.run(async |tx| tx.get::<entity::sales::task::Entity>(id).await).await;
            found.map(|task| task.status)
        };
        assert_eq!(status(of_deal).await, Some(expected), "{stage:?}");
        assert_eq!(status(given_up).await, Some(Status::Cancelled));
        assert_eq!(status(other).await, Some(Status::Pending));
    }
}

#[tokio::test]
async fn a_task_for_nobody_we_know_or_about_nothing_is_refused() {
    let world = World::new().await;
    let refused = async |new: New| {
        world.db.run(world.context.clone(), async |tx| task::open(tx, new).await).await
    };
    let stranger = New { assigned_to: Some(UserId::new()), ..New::titled("x", Priority::Low) };
    assert!(matches!(refused(stranger).await, Err(Error::NotFound("user"))));
    let blank = New::titled(" ", Priority::Low);
    assert!(matches!(refused(blank).await, Err(Error::Invalid { field, .. }) if field == "title"));
}
