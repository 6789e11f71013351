//! Signs that there is something to win or to lose.

mod detect;
mod strength;

use chrono::TimeDelta;
use entity::id::{OpportunitySignalId, UserId};
use integration::{
    World,
    populate::{acme, client, person},
};
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use service::{
    Actor, Context, Error, Tx,
    sales::{
        contact::{self, Field},
        opportunity_signal::{
            self as signal, Action, New, Rates, SignalType, Source, SourceType, TypeRates,
            Unactioned,
        },
    },
};

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A call of nobody known.
fn call(id: &str) -> Source {
    Source {
        source_type: SourceType::Call,
        source_id: id.to_owned(),
        client_id: None,
        contact_id: None,
    }
}

fn seen(id: &str, signal_type: SignalType) -> New {
    New { source: call(id), signal_type, context: signal::Context::default(), extracted_text: None }
}

fn done(what: &str) -> Action {
    Action { taken: what.to_owned(), result: None }
}

#[tokio::test]
async fn what_is_detected_is_stored_with_the_databases_strength_and_the_detectors_beside_it() {
    let world = World::new().await;
    let found = world
        .run(async |tx| {
            acme(tx).await?;
            let ada = person(tx).await?;
            let source = Source::email("m-1", ada.id);
            let text = "There is a problem: an error and a mistake. Fix it asap.";
            signal::detect_in(tx, &source, text).await
        })
        .await;
    let told: Vec<_> = found.iter().map(|s| (s.signal_type, s.signal_strength)).collect();
    // Three words of a complaint: 0.80 + 0.10. One of urgency: 0.90. The older is first, and these
    // are equally strong: by their ids.
    let expected =
        [(SignalType::Complaint, decimal("0.90")), (SignalType::Urgency, decimal("0.90"))];
    assert_eq!(told, expected);
    let complaint = &found[0];
    assert_eq!(complaint.context.keyword_count, Some(3));
    assert_eq!(complaint.context.words, ["problem", "error", "mistake"]);
    // 0.3 and 0.1 for each of three words.
    assert_eq!(complaint.context.detector_strength, Some(decimal("0.60")));
    assert_eq!(complaint.context.is_decision_maker, None);
    assert_eq!(complaint.client_id, Some(client()));
    assert!(complaint.extracted_text.as_ref().unwrap().contains("There is a problem"));
}

#[tokio::test]
async fn whoever_decides_makes_a_signal_stronger() {
    let world = World::new().await;
    let person_asks = Context { actor: Actor::User(UserId::new()), ..world.context.clone() };
    let found = world
        .run_as(&person_asks, async |tx| {
            acme(tx).await?;
            let ada = person(tx).await?;
            contact::set_field(tx, ada.id, Field::Title, Some("Owner".to_owned())).await?;
            signal::detect_in(tx, &Source::email("m-1", ada.id), "a problem").await
        })
        .await;
    assert_eq!(found[0].context.is_decision_maker, Some(true));
    assert_eq!(found[0].signal_strength, decimal("0.85"));
}

#[tokio::test]
async fn a_source_gives_each_type_once_and_the_first_stays() {
    let world = World::new().await;
    let detect = async |tx: &Tx| signal::detect_in(tx, &call("c-1"), "It is urgent.").await;
    let first = world.run(detect).await;
    let more = "It is urgent, and there is a problem.";
    let again = world.run(async |tx| signal::detect_in(tx, &call("c-1"), more).await).await;
    assert_eq!((first.len(), again.len()), (1, 2));
    assert!(again.contains(&first[0]));
    let urgent = seen("c-1", SignalType::Urgency);
    let recorded = world.run(async |tx| signal::record(tx, urgent).await).await;
    assert_eq!(recorded, first[0]);
    // Another kind of source with the same id is another source, and so is a neighbour's.
    let email = Source { source_type: SourceType::Case, ..call("c-1") };
    world.run(async |tx| signal::detect_in(tx, &email, "urgent").await).await;
    world.run_as(&world.neighbour, detect).await;
    let rows = "select count(*)::text from opportunity_signals";
    assert_eq!(world.strings(rows).await, ["4"]);
}

#[tokio::test]
async fn of_four_who_see_the_same_at_once_one_records_it() {
    let world = World::new().await;
    let see = async || {
        let record = async |tx: &Tx| signal::record(tx, seen("c", SignalType::Upsell)).await;
        world.db.run(world.context.clone(), record).await.unwrap().id
    };
    let (a, b, c, d) = tokio::join!(see(), see(), see(), see());
    assert_eq!([b, c, d], [a, a, a]);
}

#[tokio::test]
async fn what_was_not_acted_upon_is_listed_strongest_first_then_oldest_a_page_at_a_time() {
    let world = World::new().await;
    let mut expected: Vec<(i64, i64, OpportunitySignalId)> = vec![];
    // Strengths in hundredths, and minutes.
    let order = [
        (SignalType::Complaint, 80, 5),
        (SignalType::ChurnRisk, 95, 4),
        (SignalType::Complaint, 80, 1),
        (SignalType::ChurnRisk, 95, 2),
        (SignalType::CompetitorMention, 75, 3),
        (SignalType::ChurnRisk, 95, 2),
        (SignalType::Upsell, 85, 0),
    ];
    for (n, (signal_type, strength, minute)) in order.into_iter().enumerate() {
        let at = world.later(TimeDelta::minutes(minute));
        let new = seen(&n.to_string(), signal_type);
        let made = world.run_as(&at, async |tx| signal::record(tx, new).await).await;
        expected.push((-strength, minute, made.id));
    }
    expected.sort_unstable();
    world
        .run_as(&world.neighbour, async |tx| {
            signal::record(tx, seen("n", SignalType::Upsell)).await
        })
        .await;
    let at = world.later(TimeDelta::minutes(65));
    for limit in [1, 2, 3, 7, 10] {
        let mut ask = Unactioned { limit, ..Unactioned::default() };
        let mut found = vec![];
        loop {
            let page = world.run_as(&at, async |tx| signal::unactioned(tx, &ask).await).await;
            found.extend(page.items);
            let Some(after) = page.next else { break };
            ask.after = Some(after);
        }
        let ids: Vec<_> = found.iter().map(|s| s.id).collect();
        assert_eq!(ids, expected.iter().map(|(.., id)| *id).collect::<Vec<_>>(), "{limit}");
        let last = found.last().unwrap();
        assert_eq!((last.is_high, last.hours_waiting), (true, 1));
    }
}

#[tokio::test]
async fn a_signal_is_listed_from_half_strength_on_and_has_priority_from_seven_tenths() {
    let world = World::new().await;
    for (n, strength) in ["0.49", "0.50", "0.69", "0.70"].into_iter().enumerate() {
        let new = seen(&n.to_string(), SignalType::Upsell);
        let id = world.run(async |tx| signal::record(tx, new).await).await.id;
        let set = format!(
            "update opportunity_signals set signal_strength = {strength} where id = '{id}'"
        );
        world.owner.execute_unprepared(&set).await.unwrap();
    }
    let list = async |min: &str| {
        let ask = Unactioned { min_strength: decimal(min), ..Unactioned::default() };
        let page = world.run(async |tx| signal::unactioned(tx, &ask).await).await;
        let told = page.items.into_iter().map(|s| (s.signal_strength.to_string(), s.is_high));
        told.collect::<Vec<_>>()
    };
    let told = |all: &[(&str, bool)]| -> Vec<(String, bool)> {
        all.iter().map(|(strength, high)| ((*strength).to_owned(), *high)).collect()
    };
    assert_eq!(list("0.5").await, told(&[("0.70", true), ("0.69", false), ("0.50", false)]));
    assert_eq!(list("0.69").await, told(&[("0.70", true), ("0.69", false)]));
    // Beyond the second decimal: at least 0.691 is at least 0.70.
    assert_eq!(list("0.691").await, told(&[("0.70", true)]));
    assert_eq!(list("0").await.len(), 4);
    assert!(list("1").await.is_empty());
    assert_eq!((signal::is_high(decimal("0.69")), signal::is_high(decimal("0.70"))), (false, true));
    for min_strength in ["-0.01", "1.01", "79228162514264337593543950335"] {
        let ask = Unactioned { min_strength: decimal(min_strength), ..Unactioned::default() };
        let done = world
            .db
            .run(world.context.clone(), async |tx| signal::unactioned(tx, &ask).await)
            .await;
        assert!(matches!(done, Err(Error::Invalid { field, .. }) if field == "min_strength"));
    }
}

#[tokio::test]
async fn a_signal_of_a_customer_or_contact_that_is_gone_is_listed_no_more() {
    let world = World::new().await;
    world
        .run(async |tx| {
            acme(tx).await?;
            let ada = person(tx).await?;
            signal::detect_in(tx, &Source::email("m", ada.id), "urgent").await?;
            let source = Source { client_id: Some(client()), ..call("c") };
            signal::detect_in(tx, &source, "urgent").await
        })
        .await;
    let count = async || {
        let ask = Unactioned::default();
        world.run(async |tx| signal::unactioned(tx, &ask).await).await.items.len()
    };
    assert_eq!(count().await, 2);
    world.owner.execute_unprepared("update contacts set deleted_at = now()").await.unwrap();
    assert_eq!(count().await, 1);
    world.owner.execute_unprepared("update customers set deleted_at = now()").await.unwrap();
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn something_is_done_about_a_signal_once_by_somebody_at_a_time() {
    let world = World::new().await;
    let id = world
        .run(async |tx| Ok(signal::record(tx, seen("c", SignalType::Renewal)).await?.id))
        .await;
    let who = Context { actor: Actor::User(UserId::new()), ..world.context.clone() };
    let act = async |what: &str| {
        let action = Action { taken: what.to_owned(), result: Some("They stay".to_owned()) };
        world.db.run(who.clone(), async |tx| signal::action(tx, id, action).await).await
    };
    let (one, two) = tokio::join!(act("called"), act("wrote"));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
    let (first, second) = if one.is_ok() { (one, two) } else { (two, one) };
    assert!(matches!(second, Err(Error::Conflict(_))));
    let acted = first.unwrap();
    assert_eq!((acted.actioned, acted.actioned_by), (true, who.user()));
    assert_eq!(acted.actioned_at, Some(who.now));
    assert_eq!(acted.action_result.as_deref(), Some("They stay"));
    let ask = Unactioned::default();
    let left = world.run(async |tx| signal::unactioned(tx, &ask).await).await;
    assert!(left.items.is_empty());
    // Another tenant's is none.
    let theirs = async |tx: &Tx| signal::action(tx, id, done("called")).await;
    let theirs = world.db.run(world.neighbour.clone(), theirs).await;
    assert!(matches!(theirs, Err(Error::NotFound("signal"))));
}

#[tokio::test]
async fn what_cannot_be_names_the_field_and_writes_nothing() {
    let world = World::new().await;
    let context = |context| New { context, ..seen("c", SignalType::Upsell) };
    let base = signal::Context::default;
    let refused = [
        (New { source: call(""), ..context(base()) }, "source_id"),
        (New { source: call(&"x".repeat(201)), ..context(base()) }, "source_id"),
        (New { extracted_text: Some(" ".to_owned()), ..context(base()) }, "extracted_text"),
        (context(signal::Context { keyword_count: Some(-1), ..base() }), "keyword_count"),
        (context(signal::Context { words: vec!["\0".to_owned()], ..base() }), "words"),
        (
            context(signal::Context { detector_strength: Some(decimal("1.1")), ..base() }),
            "detector_strength",
        ),
    ];
    for (new, expected) in refused {
        let record = async |tx: &Tx| signal::record(tx, new).await;
        let done = world.db.run(world.context.clone(), record).await;
        assert!(
            matches!(done, Err(Error::Invalid { field, .. }) if field == expected),
            "{expected}"
        );
    }
    let gone = Source { client_id: Some(client()), ..call("c") };
    let detect = async |tx: &Tx| signal::detect_in(tx, &gone, "urgent").await;
    let detected = world.db.run(world.context.clone(), detect).await;
    assert!(matches!(detected, Err(Error::NotFound("customer"))));
    assert_eq!(world.strings("select count(*)::text from opportunity_signals").await, ["0"]);
    let nothing = world.run(async |tx| signal::detect_in(tx, &call("c"), "fine").await).await;
    assert!(nothing.is_empty());
}

/// The view is about the database's own time, and so is this test.
#[tokio::test]
async fn the_rates_are_right_and_the_same_in_the_service_and_in_the_view() {
    let world = World::new().await;
    let now = chrono::Utc::now();
    let at = |ago: TimeDelta| Context { now: now - ago, ..world.context.clone() };
    // Within 90 days, three of upsell of which two were acted upon, after 1 and 2.5 hours; one of
    // renewal, of which none was; and one of upsell before that.
    let mut made = vec![];
    for (n, (signal_type, ago)) in [
        (SignalType::Upsell, TimeDelta::hours(10)),
        (SignalType::Upsell, TimeDelta::hours(20)),
        (SignalType::Upsell, TimeDelta::days(90) - TimeDelta::minutes(1)),
        (SignalType::Renewal, TimeDelta::hours(5)),
        (SignalType::Upsell, TimeDelta::days(90) + TimeDelta::minutes(1)),
    ]
    .into_iter()
    .enumerate()
    {
        let new = seen(&n.to_string(), signal_type);
        let record = async |tx: &Tx| signal::record(tx, new).await;
        made.push((world.run_as(&at(ago), record).await.id, ago));
    }
    for (n, minutes) in [(0, 60), (1, 150), (4, 60)] {
        let (id, ago) = made[n];
        let act = async |tx: &Tx| signal::action(tx, id, done("called")).await;
        world.run_as(&at(ago - TimeDelta::minutes(minutes)), act).await;
    }
    let theirs = Context { now: now - TimeDelta::hours(1), ..world.neighbour.clone() };
    let record = async |tx: &Tx| signal::record(tx, seen("n", SignalType::Upsell)).await;
    world.run_as(&theirs, record).await;
    let ask = Rates::default();
    let found =
        world.run_as(&at(TimeDelta::zero()), async |tx| signal::rates(tx, &ask).await).await;
    let expected = [
        TypeRates {
            signal_type: SignalType::Renewal,
            total_signals: 1,
            actioned_count: 0,
            action_rate_pct: decimal("0.00"),
            avg_strength: decimal("0.90"),
            avg_hours_to_action: None,
        },
        TypeRates {
            signal_type: SignalType::Upsell,
            total_signals: 3,
            actioned_count: 2,
            action_rate_pct: decimal("66.67"),
            avg_strength: decimal("0.85"),
            avg_hours_to_action: Some(decimal("1.75")),
        },
    ];
    assert_eq!(found, expected);
    let view = world
        .run(async |tx| {
            let sql = "select signal_type || ' ' || total_signals || ' ' || actioned_count || ' '
                              || action_rate_pct || ' ' || avg_strength || ' '
                              || coalesce(avg_hours_to_action::text, '')
                       from signal_action_rates order by signal_type";
            Ok(integration::strings(tx, sql).await)
        })
        .await;
    let said = |of: &TypeRates| {
        let hours = of.avg_hours_to_action.map(|hours| hours.to_string()).unwrap_or_default();
        let name = sea_orm::ActiveEnum::to_value(&of.signal_type);
        let (total, acted) = (of.total_signals, of.actioned_count);
        format!("{name} {total} {acted} {:.2} {:.2} {hours}", of.action_rate_pct, of.avg_strength)
    };
    assert_eq!(view, found.iter().map(said).collect::<Vec<_>>());
    // Of nothing there are no rates, and nothing is divided by it.
    let none = Rates { from: Some(now), to: Some(now) };
    assert!(world.run(async |tx| signal::rates(tx, &none).await).await.is_empty());
    let turned = Rates { from: Some(now), to: Some(now - TimeDelta::hours(1)) };
    let turned = world.db.run(world.context.clone(), async |tx| signal::rates(tx, &turned).await);
    assert!(matches!(turned.await, Err(Error::Invalid { .. })));
}

/// Defect 2-17, of this view; that it is so of every one is `schema`'s to say.
#[tokio::test]
async fn the_view_shows_a_tenant_its_own() {
    let world = World::new().await;
    let now = Context { now: chrono::Utc::now() - TimeDelta::hours(1), ..world.context.clone() };
    world.run_as(&now, async |tx| signal::record(tx, seen("c", SignalType::Upsell)).await).await;
    let count = "select count(*)::text from signal_action_rates";
    for (who, rows) in [(&world.context, "1"), (&world.neighbour, "0")] {
        let found = world.run_as(who, async |tx| Ok(integration::strings(tx, count).await)).await;
        assert_eq!(found, [rows]);
    }
}
