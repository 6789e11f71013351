//! What happens between us and leads.

use chrono::TimeDelta;
use entity::id::LeadId;
use integration::{World, populate::scores::INTERESTED};
use sea_orm::ConnectionTrait;
use service::{
    Error, Result,
    leads::{
        lead,
        lead_activity::{self, Direction, Kind, New, Of, Outcome, READ, Signal, said, told},
    },
};

async fn ada(world: &World) -> LeadId {
    let new = lead::New::named("Ada", "Byron", "+12025550109");
    world.run(async |tx| lead::create(tx, new).await).await.id
}

/// What is known of a lead: when it was reached, and how often.
async fn reached(world: &World, id: LeadId) -> (Option<i64>, i32) {
    let lead = world.run(async |tx| lead::get(tx, id).await).await;
    let ago = lead.last_contact_date.map(|at| (world.context.now - at).num_hours());
    (ago, lead.interaction_count)
}

#[tokio::test]
async fn an_event_that_is_told_twice_or_out_of_order_is_one_and_the_last_contact_is_the_latest() {
    let world = World::new().await;
    let id = ada(&world).await;
    let hours = |n| world.context.now - TimeDelta::hours(n);
    let call = |n: i64, event: &str| New {
        external_id: Some(event.to_owned()),
        ..New::call(hours(n), None)
    };
    for (new, is_new, then) in [
        (call(5, "a"), true, (Some(5), 1)),
        (call(5, "a"), false, (Some(5), 1)),
        (call(2, "b"), true, (Some(2), 2)),
        (call(9, "c"), true, (Some(2), 3)),
        (call(1, "b"), false, (Some(2), 3)),
    ] {
        let written = world.run(async |tx| lead_activity::record(tx, id, new).await).await;
        assert_eq!(written.is_some(), is_new);
        assert_eq!(reached(&world, id).await, then);
    }
    let page = |limit, after| {
        world.run(async move |tx| lead_activity::of(tx, &Of { lead: id, limit, after }).await)
    };
    let first = page(2, None).await;
    let events = |rows: &[lead_activity::Model]| {
        rows.iter().filter_map(|row| row.external_id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(events(&first.items), ["b", "a"]);
    assert_eq!(events(&page(2, first.next).await.items), ["c"]);
}

#[tokio::test]
async fn only_what_reached_somebody_is_a_contact() {
    let world = World::new().await;
    let id = ada(&world).await;
    let at = world.context.now - TimeDelta::hours(3);
    let ended = |outcome| New { outcome: Some(outcome), ..New::plain(Kind::Call, at) };
    let mut count = 0;
    for (new, is_contact) in [
        (ended(Outcome::Connected), true),
        (ended(Outcome::Voicemail), false),
        (ended(Outcome::NoAnswer), false),
        (ended(Outcome::Busy), false),
        (ended(Outcome::WrongNumber), false),
        (New::plain(Kind::SmsSent, at), false),
        (New::plain(Kind::SmsReply, at), true),
        (New::plain(Kind::EmailSent, at), false),
        (New::plain(Kind::EmailOpened, at), false),
        (New::plain(Kind::EmailClicked, at), false),
        (New::plain(Kind::EmailReply, at), true),
        (New::plain(Kind::Meeting, at), true),
        (New::note(at, "She replied"), false),
    ] {
        let kind = new.kind;
        world.run(async |tx| lead_activity::record(tx, id, new).await).await;
        count += i32::from(is_contact);
        assert_eq!(reached(&world, id).await.1, count, "{kind:?}");
    }
}

#[tokio::test]
async fn what_cannot_have_happened_is_refused_by_its_field_and_nothing_is_written() {
    let world = World::new().await;
    let id = ada(&world).await;
    let now = world.context.now;
    let refused = async |new: New| {
        let done = world
            .db
            .run(world.context.clone(), async |tx| lead_activity::record(tx, id, new).await);
        match done.await {
            Err(Error::Invalid { field, .. }) => field.into_owned(),
            other => format!("{other:?}"),
        }
    };
    let note = || New::note(now, "x");
    let connected = || New::call(now, None);
    for (field, new) in [
        ("occurred_at", New::note(now + TimeDelta::microseconds(1), "x")),
        ("outcome", New::plain(Kind::Call, now)),
        ("outcome", New { outcome: Some(Outcome::Busy), ..note() }),
        ("direction", New { direction: Some(Direction::Inbound), ..note() }),
        (
            "direction",
            New { direction: Some(Direction::Inbound), ..New::plain(Kind::SmsSent, now) },
        ),
        ("duration_seconds", New { duration_seconds: Some(1), ..note() }),
        ("duration_seconds", New { duration_seconds: Some(86_401), ..connected() }),
        ("duration_seconds", New { duration_seconds: Some(-1), ..connected() }),
        ("transcript", New { outcome: Some(Outcome::Busy), ..New::call(now, Some("x")) }),
        ("transcript", New { outcome: Some(Outcome::Voicemail), ..New::call(now, Some("x")) }),
        ("signals", New { signals: Some(vec![Signal::Interest]), ..connected() }),
        ("external_id", New { external_id: Some(" ".to_owned()), ..note() }),
        ("external_id", New { external_id: Some("x".repeat(201)), ..note() }),
        ("notes", New::note(now, "")),
        ("notes", New::note(now, &"x".repeat(10_001))),
    ] {
        let new_field = refused(new).await;
        // An outcome that nobody spoke in is looked at before the transcript is.
        assert!(new_field == field, "{field}: {new_field}");
    }
    assert_eq!(world.strings("select 'x' from lead_activities").await.len(), 0);
    // On the other side of each.
    let good = [
        New::note(now, &"x".repeat(10_000)),
        New { direction: Some(Direction::Inbound), duration_seconds: Some(86_400), ..connected() },
        New { signals: Some(vec![Signal::Interest]), ..New::call(now, Some("hm")) },
        New { external_id: Some("x".repeat(200)), ..note() },
    ];
    for new in good {
        world.run(async |tx| lead_activity::record(tx, id, new).await).await;
    }
}

#[tokio::test]
async fn another_tenant_knows_nothing_of_it_and_the_same_event_of_its_own_is_new() {
    let world = World::new().await;
    let id = ada(&world).await;
    let event = || New {
        external_id: Some("event".to_owned()),
        ..New::note(world.context.now, "She replied")
    };
    world.run(async |tx| lead_activity::record(tx, id, event()).await).await;
    let theirs: Result<_> = world
        .db
        .run(world.neighbour.clone(), async |tx| lead_activity::record(tx, id, event()).await)
        .await;
    assert_eq!(theirs.unwrap_err().to_string(), "no such lead");
    let written = world
        .run_as(&world.neighbour, async |tx| {
            let own = lead::create(tx, lead::New::named("A", "B", "+12025550109")).await?;
            lead_activity::record(tx, own.id, event()).await
        })
        .await;
    assert!(written.is_some());
}

#[tokio::test]
async fn what_was_said_is_read_and_forgotten_and_what_is_written_may_only_be_taken_out() {
    let world = World::new().await;
    let id = ada(&world).await;
    let call = New::call(world.context.now, Some(INTERESTED));
    let call = world.run(async |tx| lead_activity::record(tx, id, call).await).await.unwrap();
    assert_eq!(call.signals, ["interest", "questions"]);
    assert_eq!(call.transcript_length, i32::try_from(INTERESTED.len()).ok());
    assert_eq!(call.notes, None);
    let kept = world.strings("select a::text from lead_activities a").await;
    assert!(kept.iter().all(|row| !row.contains("sounds good")), "{kept:?}");
    let note = New::note(world.context.now, "She replied");
    world.run(async |tx| lead_activity::record(tx, id, note).await).await;
    let change = |what: &str| format!("update lead_activities set {what}");
    for what in ["notes = 'another'", "outcome = 'busy'", "signals = '{}'"] {
        let done = world.owner.execute_unprepared(&change(what)).await;
        assert!(done.unwrap_err().to_string().contains("a record"), "{what}");
    }
    assert!(world.owner.execute_unprepared("delete from lead_activities").await.is_err());
    world.owner.execute_unprepared(&change("notes = null")).await.unwrap();
}

#[test]
fn words_say_what_seed_004_reads_in_them() {
    use Signal::{Callback, Clicked, Handled, Interest, Objection, Opened, Questions, Reply};
    for (text, signals) in [
        ("I'm interested", vec![Interest]),
        ("I’m interested", vec![Interest]),
        ("TELL ME MORE", vec![Interest]),
        ("well, sounds good", vec![Interest]),
        ("how does it work", vec![Questions]),
        ("what is it", vec![Questions]),
        ("can you explain", vec![Questions]),
        ("really?", vec![]),
        ("really? how?", vec![Questions]),
        ("call me back", vec![Callback]),
        ("let us schedule it", vec![Callback]),
        ("an appointment", vec![Callback]),
        ("dear, but fair", vec![Handled]),
        ("however, fine", vec![Handled]),
        ("a button is a contribution", vec![]),
        ("but I am not interested", vec![Objection]),
        ("is it a pyramid", vec![Objection]),
        ("a scam", vec![Objection]),
        ("remove me", vec![Objection]),
        ("stop calling", vec![Objection]),
        ("hello", vec![]),
    ] {
        assert_eq!(said(text), signals, "{text}");
    }
    let late = |at: usize| format!("{}sounds good", " ".repeat(at));
    assert_eq!(said(&late(READ - 11)), [Interest], "the last of 3,000 characters");
    assert_eq!(said(&late(READ - 10)), [], "one too many");
    for (note, signals) in [
        ("She replied", vec![Reply]),
        ("he responded at once", vec![Reply]),
        ("SMS reply: yes", vec![Reply]),
        ("e-mail opened", vec![Opened]),
        ("opened and clicked", vec![Opened, Clicked]),
        ("left a message", vec![]),
    ] {
        assert_eq!(told(note), signals, "{note}");
    }
}
