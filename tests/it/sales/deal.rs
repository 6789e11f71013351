//! Deals: opened, moved, gone quiet, followed up.

mod follow_up;
mod history;
mod stalled;

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{ClientId, ContactId, UserId};
use integration::{
    World,
    populate::{acme, client, person},
};
use rust_decimal::Decimal;
use service::{
    Context, Error, Result, Tx,
    customers::customer,
    sales::{
        deal::{self, Activity, List, New, Stage},
        quote,
    },
};

/// A deal with somebody who can be written to.
pub async fn open(tx: &Tx, title: &str) -> Result<deal::Model> {
    let client = acme(tx).await?;
    let contact_id = Some(person(tx).await?.id);
    deal::open(tx, New { contact_id, ..New::titled(client, title) }).await
}

pub fn days(n: i64) -> TimeDelta {
    TimeDelta::days(n)
}

pub const SECOND: TimeDelta = TimeDelta::seconds(1);

#[tokio::test]
async fn a_deal_is_opened_as_a_lead_and_its_opening_is_its_first_move() {
    let world = World::new().await;
    let opened = world.run(async |tx| open(tx, "new").await).await;
    assert_eq!(opened.stage, Stage::Lead);
    assert_eq!(opened.stage_entered_at, world.context.now);
    assert_eq!(opened.currency, "USD");
    let moves = world.run(async |tx| deal::moves(tx, opened.id).await).await;
    assert_eq!(moves.len(), 1);
    assert_eq!((moves[0].from_stage, moves[0].to_stage), (None, Stage::Lead));
    assert_eq!(moves[0].days_in_previous_stage, None);
}

#[tokio::test]
async fn each_move_records_the_whole_days_in_the_stage_that_was_left() {
    let world = World::new().await;
    let id = world.run(async |tx| open(tx, "moving").await).await.id;
    // Anything else that happens in between does not count: only entering the stage does.
    let at = world.later(days(2));
    let note = async |tx: &Tx| deal::record_activity(tx, id, Activity::Note, tx.now()).await;
    world.run_as(&at, note).await;
    let almost = world.later(days(4) - SECOND);
    world.run_as(&almost, async |tx| deal::move_to(tx, id, Stage::Qualified, None).await).await;
    let back = world.later(days(10));
    let reason = Some("asked for time");
    world.run_as(&back, async |tx| deal::move_to(tx, id, Stage::Lead, reason).await).await;
    let again = world.later(days(11));
    world.run_as(&again, async |tx| deal::move_to(tx, id, Stage::Qualified, None).await).await;

    let moves = world.run(async |tx| deal::moves(tx, id).await).await;
    let told: Vec<_> =
        moves.iter().map(|m| (m.from_stage, m.to_stage, m.days_in_previous_stage)).collect();
    assert_eq!(
        told,
        [
            (Some(Stage::Lead), Stage::Qualified, Some(1)),
            (Some(Stage::Qualified), Stage::Lead, Some(6)),
            (Some(Stage::Lead), Stage::Qualified, Some(3)),
            (None, Stage::Lead, None),
        ]
    );
    assert_eq!(moves[1].reason.as_deref(), Some("asked for time"));
}

#[tokio::test]
async fn a_move_to_where_it_is_records_nothing() {
    let world = World::new().await;
    let id = world.run(async |tx| open(tx, "still").await).await.id;
    let later = world.later(days(1));
    let same =
        world.run_as(&later, async |tx| deal::move_to(tx, id, Stage::Lead, None).await).await;
    assert_eq!(same.stage_entered_at, world.context.now);
    assert_eq!(world.run(async |tx| deal::moves(tx, id).await).await.len(), 1);
}

#[tokio::test]
async fn a_deal_closes_on_the_tenants_calendar_and_opens_again_as_new_in_its_stage() {
    let world = World::new().await;
    let id = world.run(async |tx| open(tx, "won").await).await.id;
    // 23:30 in UTC, the tenant's zone: still the 3rd.
    let night = world.at("2026-03-03T23:30:00Z");
    let won = world.run_as(&night, async |tx| deal::move_to(tx, id, Stage::Won, None).await).await;
    assert_eq!(won.actual_close_date, Some("2026-03-03".parse().unwrap()));
    assert!(!won.is_open());
    let later = world.later(days(30));
    let reopened = async |tx: &Tx| deal::move_to(tx, id, Stage::Negotiation, None).await;
    let reopened = world.run_as(&later, reopened).await;
    assert_eq!(reopened.actual_close_date, None);
    assert_eq!(reopened.idle_since, Some(later.now));
}

#[tokio::test]
async fn a_lost_deal_keeps_its_reason_and_its_quotes_are_no_longer_followed_up() {
    let world = World::new().await;
    let (deal, offer) = world
        .run(async |tx| {
            let deal = open(tx, "lost").await?;
            let new = quote::New {
                contact_id: Some(person(tx).await?.id),
                deal_id: Some(deal.id),
                ..quote::New::over(client(), "An offer", 100.into())
            };
            let offer = quote::create(tx, new).await?;
            Ok((deal, quote::send(tx, offer.id).await?))
        })
        .await;
    let lost = async |tx: &Tx| deal::move_to(tx, deal.id, Stage::Lost, Some("too dear")).await;
    assert_eq!(world.run(lost).await.lost_reason.as_deref(), Some("too dear"));
    let offer = world.run(async |tx| quote::get(tx, offer.id).await).await;
    assert_eq!(offer.follow_up_stop, Some(quote::Stop::DealLost));
}

#[tokio::test]
async fn a_move_before_the_last_one_is_refused() {
    let world = World::new().await;
    let id = world.run(async |tx| open(tx, "backwards").await).await.id;
    let before = world.later(-SECOND);
    let moved = async |tx: &Tx| deal::move_to(tx, id, Stage::Won, None).await;
    let moved = world.db.run(before, moved).await;
    assert!(matches!(moved, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn only_what_counts_as_activity_ends_a_silence() {
    let world = World::new().await;
    let id = world.run(async |tx| open(tx, "busy").await).await.id;
    let later = world.later(days(1));
    for kind in [Activity::FieldEdit, Activity::Import, Activity::Enrichment] {
        let after = world
            .run_as(&later, async |tx| deal::record_activity(tx, id, kind, tx.now()).await)
            .await;
        assert_eq!(after.idle_since, Some(world.context.now), "{kind:?}");
    }
    let counts = [
        Activity::EmailTwoWay,
        Activity::CallConnected,
        Activity::MeetingHeld,
        Activity::Note,
        Activity::QuoteViewed,
    ];
    for (day, kind) in (2..).zip(counts) {
        let then = world.later(days(day));
        let after = world
            .run_as(&then, async |tx| deal::record_activity(tx, id, kind, tx.now()).await)
            .await;
        assert_eq!(after.idle_since, Some(then.now), "{kind:?}");
    }
    // What is told late does not take back what is known already.
    let late = world.later(days(10));
    let old = world.context.now + days(1);
    let after = world
        .run_as(&late, async |tx| deal::record_activity(tx, id, Activity::Note, old).await)
        .await;
    assert_eq!(after.last_activity_at, Some(world.context.now + days(6)));
}

#[tokio::test]
async fn nothing_has_happened_in_the_future_and_our_own_records_are_ours_to_make() {
    let world = World::new().await;
    let id = world.run(async |tx| open(tx, "early").await).await.id;
    let now = world.context.now;
    let tries = [
        (Activity::Note, now + SECOND, "happened"),
        (Activity::Note, DateTime::<Utc>::MAX_UTC, "happened"),
        (Activity::FollowUp, now, "kind"),
        (Activity::Stalled, now, "kind"),
    ];
    for (kind, at, wrong) in tries {
        let record = async |tx: &Tx| deal::record_activity(tx, id, kind, at).await;
        let recorded = world.db.run(world.context.clone(), record).await;
        assert!(matches!(recorded, Err(Error::Invalid { field, .. }) if field == wrong));
    }
    assert_eq!(world.strings("select id::text from deal_activities").await, [""; 0]);
}

#[tokio::test]
async fn money_that_is_none_is_refused_and_nothing_is_written() {
    let world = World::new().await;
    world.run(async |tx| acme(tx).await).await;
    for text in ["NaN", "Infinity", "-Infinity", "1e40", "", "a lot"] {
        assert!(text.parse::<Decimal>().is_err(), "{text} is no amount");
    }
    let beyond = ["-0.01", "1000000000000", "0.001", "79228162514264337593543950335"];
    for value in beyond.map(|text| text.parse::<Decimal>().unwrap()) {
        let opened = async |tx: &Tx| {
            let new = New { value: Some(value), ..New::titled(client(), "dear") };
            deal::open(tx, new).await
        };
        let opened = world.db.run(world.context.clone(), opened).await;
        assert!(matches!(opened, Err(Error::Invalid { field, .. }) if field == "value"), "{value}");
    }
    for value in ["0", "0.01", "999999999999.99"].map(|text| text.parse::<Decimal>().unwrap()) {
        let new = New { value: Some(value), ..New::titled(client(), "fair") };
        let opened = world.run(async |tx| deal::open(tx, new).await).await;
        assert_eq!(opened.value, Some(value));
    }
    assert_eq!(world.strings("select count(*)::text from deals").await, ["3"]);
    // And the database itself, whoever asks it.
    for value in ["'NaN'", "-1", "1e40"] {
        let sql = format!("update deals set value = {value}");
        assert!(sea_orm::ConnectionTrait::execute_unprepared(&world.owner, &sql).await.is_err());
    }
}

#[tokio::test]
async fn text_and_dates_that_cannot_be_meant_are_refused_by_name() {
    let world = World::new().await;
    world.run(async |tx| acme(tx).await).await;
    let long = "x".repeat(501);
    let date = |text: &str| Some(text.parse().unwrap());
    let tries = [
        (New::titled(client(), ""), "title"),
        (New::titled(client(), "N\0L"), "title"),
        (New::titled(client(), &long), "title"),
        (New { probability: Decimal::from(2), ..New::titled(client(), "x") }, "probability"),
        (
            New { expected_close_date: date("+12026-01-01"), ..New::titled(client(), "x") },
            "expected_close_date",
        ),
    ];
    for (new, wrong) in tries {
        let opened =
            world.db.run(world.context.clone(), async |tx| deal::open(tx, new).await).await;
        assert!(
            matches!(&opened, Err(Error::Invalid { field, .. }) if field == wrong),
            "{opened:?}"
        );
    }
    let leap = New { expected_close_date: date("2028-02-29"), ..New::titled(client(), "leap") };
    world.run(async |tx| deal::open(tx, leap).await).await;
    assert_eq!(world.strings("select title from deals").await, ["leap"]);
}

#[tokio::test]
async fn a_deal_with_somebody_elses_contact_or_user_is_refused() {
    let world = World::new().await;
    let theirs = world
        .run_as(&world.neighbour, async |tx| {
            acme(tx).await?;
            person(tx).await
        })
        .await;
    world.run(async |tx| acme(tx).await).await;
    for contact in [theirs.id, ContactId::new()] {
        let new = New { contact_id: Some(contact), ..New::titled(client(), "poached") };
        let opened =
            world.db.run(world.context.clone(), async |tx| deal::open(tx, new).await).await;
        assert!(matches!(opened, Err(Error::NotFound("contact"))));
    }
    // Nor with one of another customer's.
    let other = ClientId::parse("cs_2_other").unwrap();
    let start = world.context.now.date_naive();
    let other = customer::New::named(other, "Other", start);
    let strange = world
        .run(async |tx| {
            let other = customer::register(tx, other).await?;
            Ok(New {
                contact_id: Some(person(tx).await?.id),
                ..New::titled(other.client_id, "mixed up")
            })
        })
        .await;
    let opened =
        world.db.run(world.context.clone(), async |tx| deal::open(tx, strange).await).await;
    assert!(matches!(opened, Err(Error::Invalid { field, .. }) if field == "contact_id"));
    let new = New { assigned_to: Some(UserId::new()), ..New::titled(client(), "nobody's") };
    let opened = world.db.run(world.context.clone(), async |tx| deal::open(tx, new).await).await;
    assert!(matches!(opened, Err(Error::NotFound("user"))));
}

#[tokio::test]
async fn the_list_is_newest_first_filters_and_its_pages_join_up() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for title in ["a", "b", "c", "d", "e"] {
                let opened = open(tx, title).await?;
                if title == "c" {
                    deal::move_to(tx, opened.id, Stage::Won, None).await?;
                }
            }
            Ok(())
        })
        .await;
    world.run_as(&world.neighbour, async |tx| open(tx, "theirs").await).await;
    let read = async |ask: List| {
        world.db.read(world.context.clone(), async |tx| deal::list(tx, &ask).await).await.unwrap()
    };
    let (mut seen, mut after) = (vec![], None);
    loop {
        let page = read(List { limit: 2, after, ..List::default() }).await;
        seen.extend(page.items.into_iter().map(|deal| deal.title));
        // The cursor goes over a wire and back.
        after = page
            .next
            .map(|next| serde_json::from_str(&serde_json::to_string(&next).unwrap()).unwrap());
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["e", "d", "c", "b", "a"]);
    let won = read(List { stage: Some(Stage::Won), ..List::default() }).await;
    assert_eq!(won.items.iter().map(|d| d.title.as_str()).collect::<Vec<_>>(), ["c"]);
    let all = read(List { client_id: Some(client()), ..List::default() }).await;
    assert_eq!(all.items.iter().map(|d| d.id).collect::<HashSet<_>>().len(), 5);
}

#[tokio::test]
async fn a_limit_of_none_or_of_too_many_is_refused_everywhere() {
    let world = World::new().await;
    for limit in [0, 1001, u64::MAX] {
        let context: Context = world.context.clone();
        let refused = world
            .db
            .run(context, async |tx| {
                let list = deal::list(tx, &List { limit, ..List::default() }).await.map(drop);
                let ask = deal::Stalled { limit, after: None };
                let stalled = deal::stalled(tx, &ask).await.map(drop);
                let claims = deal::Claims { limit, ..deal::Claims::default() };
                let claimed = deal::claim_follow_ups(tx, &claims).await.map(drop);
                let quotes = quote::claim_follow_ups(tx, &claims).await.map(drop);
                let due = quote::Due { limit, after: None };
                let due = quote::follow_ups_due(tx, &due).await.map(drop);
                let marked = deal::mark_stalled(tx, limit).await.map(drop);
                let expired = quote::expire(tx, limit).await.map(drop);
                Ok([list, stalled, claimed, quotes, due, marked, expired])
            })
            .await
            .unwrap();
        for done in refused {
            assert!(matches!(done, Err(Error::Invalid { field, .. }) if field == "limit"));
        }
    }
}
