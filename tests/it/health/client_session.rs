//! The sessions that clients book, and have, and miss.

use chrono::TimeDelta;
use integration::{World, populate::email};
use sea_orm::ConnectionTrait;
use service::{
    Error, Result, Tx,
    health::client_session::{self, Model, New, Status},
};

use super::client_health_score::open;

async fn record(world: &World, new: &New) -> Result<Model> {
    let new = new.clone();
    let work = async |tx: &Tx| client_session::record(tx, new).await;
    world.db.run(world.context.clone(), work).await
}

#[tokio::test]
async fn a_session_with_an_id_is_recorded_once_and_one_of_nobody_is_not() {
    let world = World::new().await;
    let now = world.context.now;
    let held = New {
        external_id: Some("book-1".to_owned()),
        ..New::attended(email("kim@a.example"), now)
    };
    assert!(matches!(record(&world, &held).await, Err(Error::NotFound("client"))));
    world.run(async |tx| open(tx, "kim@a.example").await).await;
    let first = record(&world, &held).await.unwrap();
    assert_eq!(record(&world, &held).await.unwrap(), first);
    // What took place is not undone by a late word.
    let missed = New { status: Status::NoShow, ..held.clone() };
    assert_eq!(record(&world, &missed).await.unwrap().status, Status::Attended);
    assert_eq!(world.strings("select count(*)::text from client_sessions").await, ["1"]);
    // Another client's it is not, whatever became of it.
    world.run(async |tx| open(tx, "lee@a.example").await).await;
    let lees = New { client_email: email("lee@a.example"), ..held.clone() };
    assert!(matches!(record(&world, &lees).await, Err(Error::Conflict(_))));
    let id = Some("book-2".to_owned());
    let booked = New { external_id: id.clone(), status: Status::Booked, ..held.clone() };
    let booked = record(&world, &booked).await.unwrap();
    let lees = New { external_id: id, ..lees };
    assert!(matches!(record(&world, &lees).await, Err(Error::Conflict(_))));
    let still = "select status || ' ' || client_email from client_sessions
                 where external_id = 'book-2'";
    assert_eq!(world.strings(still).await, ["booked kim@a.example"]);
    world
        .owner
        .execute_unprepared("delete from client_sessions where external_id = 'book-2'")
        .await
        .unwrap();
    assert_eq!(booked.status, Status::Booked);
    // Without an id there is no telling, and both are kept.
    let bare = New::attended(email("kim@a.example"), now);
    assert_ne!(record(&world, &bare).await.unwrap().id, record(&world, &bare).await.unwrap().id);
}

#[tokio::test]
async fn a_booking_may_be_moved_and_becomes_what_came_of_it() {
    let world = World::new().await;
    world.run(async |tx| open(tx, "kim@a.example").await).await;
    let now = world.context.now;
    let booked = New {
        external_id: Some("book-1".to_owned()),
        status: Status::Booked,
        coach: Some("Ann".to_owned()),
        ..New::attended(email("kim@a.example"), now + TimeDelta::days(1))
    };
    let id = record(&world, &booked).await.unwrap().id;
    let moved = New { held_at: now, ..booked.clone() };
    assert_eq!(record(&world, &moved).await.unwrap().held_at, now);
    let held = New { status: Status::Attended, coach: None, ..moved };
    let held = record(&world, &held).await.unwrap();
    assert_eq!((held.id, held.status, held.coach.as_deref()), (id, Status::Attended, Some("Ann")));
    assert_eq!(record(&world, &booked).await.unwrap().status, Status::Attended);
}

#[tokio::test]
async fn nobody_has_come_or_stayed_away_in_the_future() {
    let world = World::new().await;
    world.run(async |tx| open(tx, "kim@a.example").await).await;
    let soon = world.context.now + TimeDelta::microseconds(1);
    for (status, wrong) in [
        (Status::Attended, true),
        (Status::NoShow, true),
        (Status::Booked, false),
        (Status::Cancelled, false),
    ] {
        let new = New { status, ..New::attended(email("kim@a.example"), soon) };
        match record(&world, &new).await {
            Ok(_) => assert!(!wrong, "{status:?}"),
            Err(Error::Invalid { field, .. }) => assert!(wrong && field == "held_at", "{status:?}"),
            Err(other) => panic!("{other}"),
        }
    }
    for coach in ["", " "] {
        let new = New {
            coach: Some(coach.to_owned()),
            ..New::attended(email("kim@a.example"), world.context.now)
        };
        let said = record(&world, &new).await;
        assert!(matches!(said, Err(Error::Invalid { field, .. }) if field == "coach"));
    }
}
