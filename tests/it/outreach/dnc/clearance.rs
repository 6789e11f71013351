//! Leave to dial one number once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use entity::{phone::Phone, zone::Zone};
use integration::World;
use service::{
    Context, Result, Tx,
    outreach::dnc::{self, Ask, Clearance, Dial, New, Refusal},
};

const NUMBER: &str = "+12125551001";

fn new_york() -> Zone {
    Zone::parse("America/New_York").unwrap()
}

/// Why a number may not be dialled; nothing if it may.
async fn refusals(world: &World, at: &str, number: &str, zone: Option<&Zone>) -> Vec<Refusal> {
    world
        .run_as(&world.at(at), async |tx| {
            Ok(match dnc::clear(tx, &Ask { zone, ..Ask::informational(number) }).await? {
                Clearance::Cleared(_) => vec![],
                Clearance::Refused(why) => why,
            })
        })
        .await
}

/// Clears and dials; whether the dialler got the number.
async fn dial(tx: &Tx) -> Result<bool> {
    match dnc::clear(tx, &Ask { zone: Some(&new_york()), ..Ask::informational(NUMBER) }).await? {
        Clearance::Refused(_) => Ok(false),
        Clearance::Cleared(number) => {
            let dialled = number.dial(tx.now(), async |to: &Phone| to.as_str() == NUMBER).await?;
            Ok(dialled == Dial::Placed(true))
        }
    }
}

#[tokio::test]
async fn calls_are_allowed_from_eight_to_nine_where_the_called_party_is() {
    let world = World::new().await;
    let zone = new_york();
    let at = async |time: &str| refusals(&world, time, NUMBER, Some(&zone)).await;
    // Eastern standard time is five hours behind.
    assert_eq!(at("2026-03-02T12:59:59Z").await, [Refusal::OutsideWindow]);
    assert_eq!(at("2026-03-02T13:00:00Z").await, []);
    assert_eq!(at("2026-03-03T01:59:59Z").await, []);
    assert_eq!(at("2026-03-03T02:00:00Z").await, [Refusal::OutsideWindow]);
    // From 8 March on it is four hours.
    assert_eq!(at("2026-03-09T11:59:59Z").await, [Refusal::OutsideWindow]);
    assert_eq!(at("2026-03-09T12:00:00Z").await, []);
}

#[tokio::test]
async fn where_only_the_number_is_known_it_must_be_a_good_hour_wherever_they_may_be() {
    let world = World::new().await;
    let at = async |time: &str, number: &str| refusals(&world, time, number, None).await;
    // In the Aleutians it is 08:00 at 18:00 UTC; in Puerto Rico it is 21:00 at 01:00.
    assert_eq!(at("2026-03-02T17:59:59Z", NUMBER).await, [Refusal::OutsideWindow]);
    assert_eq!(at("2026-03-02T18:00:00Z", NUMBER).await, []);
    assert_eq!(at("2026-03-03T00:59:59Z", NUMBER).await, []);
    assert_eq!(at("2026-03-03T01:00:00Z", NUMBER).await, [Refusal::OutsideWindow]);
    // London is London.
    assert_eq!(at("2026-03-02T08:00:00Z", "+442079460958").await, []);
    // A country that we know no zones of.
    assert_eq!(at("2026-03-02T12:00:00Z", "+81312345678").await, [Refusal::UnknownZone]);
}

#[tokio::test]
async fn every_reason_is_told_and_not_the_first() {
    let world = World::new().await;
    let premium = "+19005551234";
    world.run(async |tx| dnc::add(tx, New::for_good(premium, "legal")).await).await;
    let why = refusals(&world, "2026-03-02T05:00:00Z", premium, Some(&new_york())).await;
    assert_eq!(why, [Refusal::Listed, Refusal::OutsideWindow, Refusal::Premium]);
    let evidence = "select array_to_string(refusals, ' ') from dnc_checks where purpose = 'clear'";
    assert_eq!(world.strings(evidence).await, ["listed outside_window premium"]);
    assert_eq!(refusals(&world, "2026-03-02T15:00:00Z", "911", None).await, [Refusal::Unparseable]);
}

#[tokio::test]
async fn a_cleared_number_is_dialled_and_both_looks_leave_evidence() {
    let world = World::new().await;
    assert!(world.run_as(&world.at("2026-03-02T15:00:00Z"), dial).await);
    let evidence = "select purpose || ' ' || verdict from dnc_checks order by id";
    assert_eq!(world.strings(evidence).await, ["clear clear", "dial clear"]);
}

#[tokio::test]
async fn a_clearance_lasts_half_a_minute_and_not_into_the_night() {
    let world = World::new().await;
    let dialled_after = async |at: &str, seconds: i64| {
        world
            .run_as(&world.at(at), async |tx| {
                let ask = Ask { zone: Some(&new_york()), ..Ask::informational(NUMBER) };
                let Clearance::Cleared(number) = dnc::clear(tx, &ask).await? else {
                    panic!("it is clear")
                };
                let then = tx.now() + TimeDelta::seconds(seconds);
                number.dial(then, async |_| ()).await
            })
            .await
    };
    let noon = "2026-03-02T17:00:00Z";
    assert_eq!(dialled_after(noon, 29).await, Dial::Placed(()));
    assert_eq!(dialled_after(noon, 30).await, Dial::Refused(vec![Refusal::ClearanceExpired]));
    assert_eq!(dialled_after(noon, -1).await, Dial::Refused(vec![Refusal::ClearanceExpired]));
    // Cleared at 20:59:50, dialled at 21:00.
    let late = dialled_after("2026-03-03T01:59:50Z", 10).await;
    assert_eq!(late, Dial::Refused(vec![Refusal::OutsideWindow]));
}

#[tokio::test]
async fn an_opt_out_between_clearing_and_dialling_is_seen() {
    let world = World::new().await;
    let at = world.at("2026-03-02T15:00:00Z");
    let dialled = world
        .run_as(&at, async |tx| {
            let ask = Ask { zone: Some(&new_york()), ..Ask::informational(NUMBER) };
            let Clearance::Cleared(number) = dnc::clear(tx, &ask).await? else {
                panic!("it is clear")
            };
            let opt_out = async |tx: &Tx| dnc::add(tx, New::for_good(NUMBER, "asked")).await;
            world.run_as(&at, opt_out).await;
            number.dial(tx.now(), async |_| ()).await
        })
        .await;
    assert_eq!(dialled, Dial::Refused(vec![Refusal::Listed]));
}

/// Diallers and opt-outs race. What must never be: that a dialler is given a number after the
/// opt-out of it has returned.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_whose_opt_out_has_returned_is_never_dialled() {
    let world = Arc::new(World::new().await);
    let violations = Arc::new(AtomicU32::new(0));
    let placed = Arc::new(AtomicU32::new(0));
    for round in 0..25_u64 {
        let number = format!("+1212555{round:04}");
        let opted_out = Arc::new(AtomicBool::new(false));
        let at: Context = world.at("2026-03-02T15:00:00Z");
        let diallers: Vec<_> = (0..4_u64)
            .map(|n| {
                let (world, at, number) = (world.clone(), at.clone(), number.clone());
                let (opted_out, violations) = (opted_out.clone(), violations.clone());
                let placed = placed.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis((n * 5 + round) % 17)).await;
                    let work = async |tx: &Tx| {
                        let ask = Ask { zone: Some(&new_york()), ..Ask::informational(&number) };
                        if let Clearance::Cleared(number) = dnc::clear(tx, &ask).await? {
                            number
                                .dial(tx.now(), async |_| {
                                    if opted_out.load(Ordering::SeqCst) {
                                        violations.fetch_add(1, Ordering::SeqCst);
                                    }
                                    placed.fetch_add(1, Ordering::SeqCst);
                                    tokio::time::sleep(Duration::from_millis(2)).await;
                                })
                                .await?;
                        }
                        Ok(())
                    };
                    world.db.run(at, work).await.unwrap();
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(round % 13)).await;
        let out = async |tx: &Tx| dnc::add(tx, New::for_good(&number, "asked")).await;
        world.db.run(at, out).await.unwrap();
        opted_out.store(true, Ordering::SeqCst);
        for dialler in diallers {
            dialler.await.unwrap();
        }
    }
    assert_eq!(violations.load(Ordering::SeqCst), 0);
    let placed = placed.load(Ordering::SeqCst);
    assert!((1..100).contains(&placed), "both outcomes came about: {placed}");
}
