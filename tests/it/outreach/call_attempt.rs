//! Who was called when.

use chrono::TimeDelta;
use integration::{World, populate::phone};
use service::{
    Error,
    outreach::{
        call_attempt::{self, After, New, Outcome},
        consent::{Channel, Purpose},
        dnc::{self, Ask, Clearance, Dial},
    },
};
use uuid::Uuid;

const NUMBER: &str = "+12125551001";

fn reported(world: &World, minutes: i64) -> New {
    New {
        number: "(212) 555-1001".to_owned(),
        purpose: Purpose::Marketing,
        channel: Channel::Call,
        subject: None,
        lead_id: None,
        contact_id: None,
        at: world.context.now + TimeDelta::minutes(minutes),
    }
}

#[tokio::test]
async fn a_dialled_number_leaves_who_called_for_what_and_where_and_nobody_can_change_it() {
    let world = World::new().await;
    let lead = Uuid::now_v7();
    let at = world.at("2026-03-02T15:00:00Z");
    let dialled = world
        .run_as(&at, async |tx| {
            let ask = Ask {
                state: Some("new york"),
                subject: Some("delivery"),
                lead_id: Some(lead),
                ..Ask::informational(NUMBER)
            };
            let Clearance::Cleared(number) = dnc::clear(tx, &ask).await? else {
                panic!("it is clear")
            };
            number.dial(tx.now() + TimeDelta::seconds(7), async |_| ()).await
        })
        .await;
    assert_eq!(dialled, Dial::Placed(()));
    let of = world.run(async |tx| call_attempt::of_lead(tx, lead, 10, None).await).await.items;
    let [one] = &of[..] else { panic!("{of:?}") };
    assert_eq!((one.outcome, one.actor.as_str()), (Outcome::Dialled, "system:test"));
    assert_eq!((one.place.as_deref(), one.subject.as_deref()), (Some("US-NY"), Some("delivery")));
    assert_eq!(one.attempted_at, at.now + TimeDelta::seconds(7));
    for change in [
        "update call_attempts set actor = 'x'",
        "delete from call_attempts",
        "truncate call_attempts",
    ] {
        assert!(
            sea_orm::ConnectionTrait::execute_unprepared(&world.owner, change).await.is_err(),
            "{change}"
        );
    }
}

#[tokio::test]
async fn what_is_refused_at_the_moment_of_dialling_is_an_attempt_too() {
    let world = World::new().await;
    let at = world.at("2026-03-02T18:30:00Z");
    world
        .run_as(&at, async |tx| {
            let Clearance::Cleared(number) = dnc::clear(tx, &Ask::informational(NUMBER)).await?
            else {
                panic!("it is clear")
            };
            number.dial(tx.now() + TimeDelta::seconds(30), async |_| ()).await
        })
        .await;
    let found = "select outcome || ' ' || place from call_attempts";
    assert_eq!(world.strings(found).await, ["refused US"]);
}

#[tokio::test]
async fn calls_by_other_means_are_told_and_paged_latest_first() {
    let world = World::new().await;
    for minutes in [-30, -10, -20, 5] {
        world.run(async |tx| call_attempt::report(tx, reported(&world, minutes)).await).await;
    }
    let page = async |after: Option<After>| {
        world.run(async |tx| call_attempt::of(tx, &phone(NUMBER), 3, after).await).await
    };
    let first = page(None).await;
    let ago = |at: chrono::DateTime<chrono::Utc>| (at - world.context.now).num_minutes();
    assert_eq!(first.items.iter().map(|a| ago(a.attempted_at)).collect::<Vec<_>>(), [5, -10, -20]);
    let second = page(first.next).await;
    assert_eq!(second.items.iter().map(|a| ago(a.attempted_at)).collect::<Vec<_>>(), [-30]);
    assert!(second.next.is_none());
    let theirs = async |tx: &service::Tx| call_attempt::of(tx, &phone(NUMBER), 3, None).await;
    assert!(world.run_as(&world.neighbour, theirs).await.items.is_empty());
    for (named, new) in [
        ("at", reported(&world, 6)),
        ("number", New { number: "911".to_owned(), ..reported(&world, 0) }),
        ("subject", New { subject: Some(String::new()), ..reported(&world, 0) }),
    ] {
        let told = world
            .db
            .run(world.context.clone(), async |tx| call_attempt::report(tx, new).await)
            .await;
        assert!(matches!(&told, Err(Error::Invalid { field, .. }) if field == named), "{told:?}");
    }
}
