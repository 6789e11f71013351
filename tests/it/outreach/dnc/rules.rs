//! When, how often, by what leave and by whose list somebody may be called: each rule on both sides
//! of its boundary.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::zone::Zone;
use integration::{World, populate::phone};
use service::{
    Context, Tx,
    outreach::{
        call_attempt,
        consent::{self, Basis, Channel, Grant, Purpose, Revocation},
        dnc::{
            self, Ask, Clearance, Dial, New, REVOKES_ALL_FROM, RULES, Refusal, is_holiday, rule_of,
        },
        external_list::{self, Kind, Line},
    },
};

const NUMBER: &str = "+13055551001";
/// Monday, 2 March 2026, 15:00 in New York.
const NOON: &str = "2026-03-02T20:00:00Z";

async fn refusals(world: &World, at: &Context, ask: &Ask<'_>) -> Vec<Refusal> {
    world
        .run_as(at, async |tx| {
            Ok(match dnc::clear(tx, ask).await? {
                Clearance::Cleared(_) => vec![],
                Clearance::Refused(why) => why,
            })
        })
        .await
}

/// A version of a list as of a time, with these numbers on it.
async fn load(world: &World, kind: Kind, place: &str, as_of: DateTime<Utc>, numbers: &[&str]) {
    let at = Context { now: as_of, ..world.context.clone() };
    let new =
        external_list::New { kind, jurisdiction: place.to_owned(), source: "x".to_owned(), as_of };
    let lines: Vec<Line<'_>> = numbers.iter().map(|number| Line::listed(number)).collect();
    world.run_as(&at, async |tx| external_list::load(tx, new, &lines).await).await;
}

/// A tenant that has looked at the country's list of 1 March.
async fn scrubbed() -> World {
    let world = World::new().await;
    load(&world, Kind::National, "US", world.at("2026-03-01T00:00:00Z").now, &[]).await;
    world
}

async fn agree(world: &World, purpose: Purpose, channel: Channel, basis: Basis) {
    let at = world.at("2026-01-01T00:00:00Z");
    let new = Grant {
        subject: phone(NUMBER).into(),
        purpose,
        channel,
        basis,
        text_version: Some("1".to_owned()),
        source: "web_form".to_owned(),
        reference: None,
        granted_at: at.now,
    };
    world.run_as(&at, async |tx| consent::grant(tx, new).await).await;
}

#[tokio::test]
async fn in_florida_selling_ends_at_eight_and_in_alaska_at_nine_by_the_clocks_there() {
    let world = scrubbed().await;
    let new_york = Zone::parse("America/New_York").unwrap();
    let at = async |time: &str, ask: Ask<'_>| refusals(&world, &world.at(time), &ask).await;
    let florida =
        || Ask { zone: Some(&new_york), state: Some("Florida"), ..Ask::marketing(NUMBER) };
    assert_eq!(at("2026-03-03T00:59:59Z", florida()).await, [], "19:59:59");
    assert_eq!(at("2026-03-03T01:00:00Z", florida()).await, [Refusal::OutsideWindow]);
    assert_eq!(at("2026-03-03T12:59:59Z", florida()).await, [Refusal::OutsideWindow]);
    assert_eq!(at("2026-03-03T13:00:00Z", florida()).await, []);
    // About a delivery, the country's hours count.
    let delivery = Ask { purpose: Purpose::Informational, ..florida() };
    assert_eq!(at("2026-03-03T01:00:00Z", delivery).await, []);
    // Only the state known: part of it is an hour behind, and both must be open.
    let somewhere = || Ask { zone: None, ..florida() };
    assert_eq!(at("2026-03-03T13:59:59Z", somewhere()).await, [Refusal::OutsideWindow]);
    assert_eq!(at("2026-03-03T14:00:00Z", somewhere()).await, []);
    assert_eq!(at("2026-03-03T01:00:00Z", somewhere()).await, [Refusal::OutsideWindow]);
    // In Anchorage it is 20:59 at 05:59 UTC; in Adak, an hour earlier, 08:00 at 18:00.
    let alaska = || Ask { state: Some("us-ak"), ..Ask::marketing(NUMBER) };
    assert_eq!(at("2026-03-03T05:59:59Z", alaska()).await, []);
    assert_eq!(at("2026-03-03T06:00:00Z", alaska()).await, [Refusal::OutsideWindow]);
    assert_eq!(at("2026-03-03T17:59:59Z", alaska()).await, [Refusal::OutsideWindow]);
    assert_eq!(at("2026-03-03T18:00:00Z", alaska()).await, []);
}

#[tokio::test]
async fn where_nobody_knows_the_state_the_rules_of_all_that_it_may_be_count() {
    let world = scrubbed().await;
    let [new_york, chicago, los_angeles] =
        ["America/New_York", "America/Chicago", "America/Los_Angeles"]
            .map(|z| Zone::parse(z).unwrap());
    let at = async |time: &str, ask: Ask<'_>| refusals(&world, &world.at(time), &ask).await;
    let in_zone = |zone| Ask { zone, ..Ask::marketing(NUMBER) };
    // Eight in the evening in New York: it may be Miami. In Los Angeles it cannot be.
    assert_eq!(
        at("2026-03-03T01:00:00Z", in_zone(Some(&new_york))).await,
        [Refusal::OutsideWindow]
    );
    assert_eq!(at("2026-03-03T04:59:59Z", in_zone(Some(&los_angeles))).await, [], "20:59:59");
    assert_eq!(
        at("2026-03-03T05:00:00Z", in_zone(Some(&los_angeles))).await,
        [Refusal::OutsideWindow]
    );
    // What nobody knows is as good as nothing.
    let unknown = Ask { state: Some("Atlantis"), ..in_zone(Some(&new_york)) };
    assert_eq!(at("2026-03-03T01:00:00Z", unknown).await, [Refusal::OutsideWindow]);
    let georgia = Ask { state: Some("GA"), ..in_zone(Some(&new_york)) };
    assert_eq!(at("2026-03-03T01:00:00Z", georgia).await, []);
    // On a Sunday nobody is called in Louisiana, and so in no place that shows its time.
    let sunday = "2026-03-08T18:30:00Z";
    assert_eq!(at(sunday, in_zone(Some(&chicago))).await, [Refusal::BannedDay]);
    assert_eq!(at(sunday, in_zone(Some(&los_angeles))).await, []);
    assert_eq!(at(sunday, in_zone(None)).await, [Refusal::BannedDay]);
    let texas = Ask { state: Some("TX"), ..in_zone(None) };
    assert_eq!(at(sunday, texas).await, []);
}

#[tokio::test]
async fn a_banned_day_begins_and_ends_where_the_called_party_is() {
    let world = World::new().await;
    load(&world, Kind::National, "US", world.at("2026-06-30T00:00:00Z").now, &[]).await;
    let at = async |time: &str| {
        let ask = Ask { state: Some("LA"), ..Ask::marketing(NUMBER) };
        refusals(&world, &world.at(time), &ask).await
    };
    // Saturday, 4 July 2026; in Louisiana it is five hours earlier than UTC.
    assert_eq!(at("2026-07-04T00:59:59Z").await, [], "Friday, 19:59:59");
    assert_eq!(at("2026-07-04T15:00:00Z").await, [Refusal::BannedDay], "a holiday");
    assert_eq!(at("2026-07-05T15:00:00Z").await, [Refusal::BannedDay], "a Sunday");
    assert_eq!(at("2026-07-06T04:59:59Z").await, [Refusal::OutsideWindow, Refusal::BannedDay]);
    assert_eq!(at("2026-07-06T05:00:00Z").await, [Refusal::OutsideWindow], "Monday, midnight");
    assert_eq!(at("2026-07-06T13:00:00Z").await, []);
}

async fn dial(world: &World, at: &Context, subject: Option<&str>) -> bool {
    let ask = Ask { state: Some("FL"), subject, ..Ask::marketing(NUMBER) };
    let work = async |tx: &Tx| match dnc::clear(tx, &ask).await? {
        Clearance::Refused(why) => {
            assert_eq!(why, [Refusal::Capped]);
            Ok(false)
        }
        Clearance::Cleared(number) => {
            Ok(number.dial(tx.now(), async |_| ()).await? == Dial::Placed(()))
        }
    };
    world.run_as(at, work).await
}

#[tokio::test]
async fn a_fourth_call_within_a_day_is_refused_to_the_instant_and_by_rolling_hours() {
    let world = scrubbed().await;
    let noon = world.at(NOON);
    let at = |by: TimeDelta| Context { now: noon.now + by, ..noon.clone() };
    let minute = TimeDelta::minutes(1);
    assert!(dial(&world, &at(TimeDelta::zero()), Some("roof")).await);
    assert!(dial(&world, &at(minute), Some("roof")).await);
    assert!(dial(&world, &at(minute * 2), Some("roof")).await, "the third");
    assert!(!dial(&world, &at(minute * 3), Some("roof")).await, "the fourth");
    assert!(!dial(&world, &at(minute * 3), None).await, "about nobody knows what");
    assert!(dial(&world, &at(minute * 4), Some("windows")).await, "about something else");
    let day = TimeDelta::days(1);
    assert!(!dial(&world, &at(day - TimeDelta::microseconds(1)), Some("roof")).await);
    assert!(dial(&world, &at(day), Some("roof")).await, "the first counts no more");
    assert!(!dial(&world, &at(day), Some("roof")).await, "and this one does");
    // Midnight resets nothing, and a state without such a rule counts nothing.
    let ask = Ask { state: Some("GA"), subject: Some("roof"), ..Ask::marketing(NUMBER) };
    assert_eq!(refusals(&world, &at(day), &ask).await, []);
    // What somebody did by other means counts too.
    let told = call_attempt::New {
        number: "+13055551002".to_owned(),
        purpose: Purpose::Marketing,
        channel: Channel::Call,
        subject: None,
        lead_id: None,
        contact_id: None,
        at: noon.now,
    };
    for _ in 0..3 {
        world.run_as(&noon, async |tx| call_attempt::report(tx, told.clone()).await).await;
    }
    let ask = Ask { state: Some("FL"), subject: Some("roof"), ..Ask::marketing("+13055551002") };
    assert_eq!(refusals(&world, &at(minute), &ask).await, [Refusal::Capped]);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_race_for_the_last_call_of_the_day_make_it_once() {
    let world = Arc::new(scrubbed().await);
    for round in 0..5 {
        let number = format!("+1305555200{round}");
        let workers: Vec<_> = (0..8)
            .map(|n| {
                let (world, number) = (world.clone(), number.clone());
                tokio::spawn(async move {
                    let at = Context {
                        now: world.at(NOON).now + TimeDelta::seconds(n),
                        ..world.context.clone()
                    };
                    let work = async |tx: &Tx| {
                        let ask = Ask { state: Some("FL"), ..Ask::marketing(&number) };
                        match dnc::clear(tx, &ask).await? {
                            Clearance::Refused(_) => Ok(false),
                            Clearance::Cleared(cleared) => {
                                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                                Ok(cleared.dial(tx.now(), async |_| ()).await? == Dial::Placed(()))
                            }
                        }
                    };
                    world.db.run(at, work).await.unwrap()
                })
            })
            .collect();
        let mut placed = 0;
        for worker in workers {
            placed += i32::from(worker.await.unwrap());
        }
        assert_eq!(placed, 3, "of eight");
    }
    let counted =
        "select outcome || ' ' || count(*) from call_attempts group by outcome order by 1";
    assert_eq!(world.strings(counted).await[0], "dialled 15");
}

#[tokio::test]
async fn a_scrub_is_good_for_thirty_one_days_and_selling_without_one_is_refused() {
    let world = World::new().await;
    let scrub = world.at("2026-03-01T20:00:00Z");
    let ask = Ask { state: Some("TX"), ..Ask::marketing(NUMBER) };
    let stale = [Refusal::StaleScrub];
    assert_eq!(refusals(&world, &world.at(NOON), &ask).await, stale, "none was made");
    let delivery = Ask { state: Some("TX"), ..Ask::informational(NUMBER) };
    assert_eq!(refusals(&world, &world.at(NOON), &delivery).await, [], "nothing is sold");
    load(&world, Kind::National, "US", scrub.now, &[]).await;
    let after = |by: TimeDelta| Context { now: scrub.now + by, ..scrub.clone() };
    let days = TimeDelta::days(31);
    assert_eq!(refusals(&world, &after(days), &ask).await, []);
    assert_eq!(refusals(&world, &after(days + TimeDelta::microseconds(1)), &ask).await, stale);
    // A state's list that is used must be as young; another state's does not matter.
    let now = after(TimeDelta::days(1));
    load(&world, Kind::State, "US-TX", scrub.now - TimeDelta::days(31), &[]).await;
    assert_eq!(refusals(&world, &now, &ask).await, stale);
    assert_eq!(refusals(&world, &now, &Ask { state: Some("GA"), ..ask.clone() }).await, []);
    // No rule of ours asks for a list in London.
    assert_eq!(refusals(&world, &now, &Ask::marketing("+442079460958")).await, []);
}

#[tokio::test]
async fn who_is_on_a_countrys_or_states_list_is_not_sold_to_without_leave_in_writing_or_business() {
    let world = scrubbed().await;
    load(&world, Kind::National, "US", world.at("2026-03-01T12:00:00Z").now, &[NUMBER]).await;
    let noon = world.at(NOON);
    let (listed, none) = ([Refusal::ListedExternally], [Refusal::Capped; 0]);
    let texas = || Ask { state: Some("TX"), ..Ask::marketing(NUMBER) };
    assert_eq!(refusals(&world, &noon, &texas()).await, listed);
    let delivery = Ask { purpose: Purpose::Informational, ..texas() };
    assert_eq!(refusals(&world, &noon, &delivery).await, none);
    // They bought something eighteen months ago, or inquired three months ago.
    let micro = TimeDelta::microseconds(1);
    let bought = |at: &str, by| Ask { bought_at: Some(world.at(at).now - by), ..texas() };
    let asked = |at: &str, by| Ask { asked_at: Some(world.at(at).now - by), ..texas() };
    let zero = TimeDelta::zero();
    assert_eq!(refusals(&world, &noon, &bought("2024-09-02T20:00:00Z", zero)).await, none);
    assert_eq!(refusals(&world, &noon, &bought("2024-09-02T20:00:00Z", micro)).await, listed);
    assert_eq!(refusals(&world, &noon, &asked("2025-12-02T20:00:00Z", zero)).await, none);
    assert_eq!(refusals(&world, &noon, &asked("2025-12-02T20:00:00Z", micro)).await, listed);
    // In Louisiana half a year, in Michigan a year and no inquiry, in Indiana never; nor where it may
    // be Indiana.
    let in_state = |state, ask| Ask { state, ..ask };
    let year = || bought("2025-03-02T20:00:00Z", zero);
    let half = || bought("2025-09-02T20:00:00Z", zero);
    let inquiry = || asked("2026-03-01T20:00:00Z", zero);
    for (state, ask, expected) in [
        ("MI", year(), &none[..]),
        ("MI", bought("2025-03-02T20:00:00Z", micro), &listed),
        ("MI", inquiry(), &listed),
        ("LA", half(), &none),
        ("LA", bought("2025-09-02T20:00:00Z", micro), &listed),
        ("LA", inquiry(), &none),
        ("IN", half(), &listed),
        ("IN", inquiry(), &listed),
    ] {
        assert_eq!(refusals(&world, &noon, &in_state(Some(state), ask)).await, expected, "{state}");
    }
    assert_eq!(refusals(&world, &noon, &in_state(None, half())).await, listed);
    // Business is no excuse for a machine, nor on our own list.
    let machine = Ask { channel: Channel::AutodialledCall, ..half() };
    assert_eq!(
        refusals(&world, &noon, &machine).await,
        [Refusal::ListedExternally, Refusal::NoConsent]
    );
    // To have said so is not enough; to have signed is.
    agree(&world, Purpose::Marketing, Channel::Call, Basis::Express).await;
    assert_eq!(refusals(&world, &noon, &texas()).await, listed);
    agree_in_writing_later(&world).await;
    assert_eq!(refusals(&world, &noon, &texas()).await, none);
    world.run(async |tx| dnc::add(tx, New::for_good(NUMBER, "lead_requested")).await).await;
    assert_eq!(refusals(&world, &noon, &half()).await, [Refusal::Listed]);
    assert_eq!(
        refusals(&world, &noon, &texas()).await,
        [Refusal::Listed, Refusal::ListedExternally]
    );
}

async fn agree_in_writing_later(world: &World) {
    let new = Grant {
        subject: phone(NUMBER).into(),
        purpose: Purpose::Marketing,
        channel: Channel::Call,
        basis: Basis::ExpressWritten,
        text_version: Some("1".to_owned()),
        source: "web_form".to_owned(),
        reference: None,
        granted_at: world.at("2026-01-02T00:00:00Z").now,
    };
    world.run(async |tx| consent::grant(tx, new).await).await;
}

#[tokio::test]
async fn who_sues_is_not_called_for_anything_and_a_wireless_number_is_no_reason_by_itself() {
    let world = scrubbed().await;
    let long_ago = world.at("2025-01-01T00:00:00Z").now;
    load(&world, Kind::Litigator, "US", long_ago, &[NUMBER]).await;
    load(&world, Kind::Wireless, "US", long_ago, &["+13055551002"]).await;
    let noon = world.at(NOON);
    assert_eq!(
        refusals(&world, &noon, &Ask::informational(NUMBER)).await,
        [Refusal::ListedExternally]
    );
    assert_eq!(refusals(&world, &noon, &Ask::informational("+13055551002")).await, []);
    // To sell, that old a list will not do.
    let other = Ask { state: Some("TX"), ..Ask::marketing("+13055551002") };
    assert_eq!(refusals(&world, &noon, &other).await, [Refusal::StaleScrub]);
}

#[tokio::test]
async fn machines_and_messages_need_leave_and_in_writing_to_sell() {
    let world = scrubbed().await;
    let noon = world.at(NOON);
    let ask =
        |purpose, channel| Ask { purpose, channel, state: Some("TX"), ..Ask::marketing(NUMBER) };
    let no = [Refusal::NoConsent];
    for channel in [Channel::Sms, Channel::AutodialledCall] {
        let (sell, tell) = (ask(Purpose::Marketing, channel), ask(Purpose::Informational, channel));
        assert_eq!(refusals(&world, &noon, &sell).await, no);
        assert_eq!(refusals(&world, &noon, &tell).await, no);
        agree(&world, Purpose::Marketing, channel, Basis::Express).await;
        agree(&world, Purpose::Informational, channel, Basis::Express).await;
        assert_eq!(refusals(&world, &noon, &sell).await, no, "not in writing");
        assert_eq!(refusals(&world, &noon, &tell).await, []);
    }
    let stop = Revocation {
        subject: phone(NUMBER).into(),
        only: Some((Purpose::Informational, Channel::Sms)),
        how: "STOP".to_owned(),
        at: world.context.now,
    };
    world.run(async |tx| consent::revoke(tx, &stop).await).await;
    assert_eq!(refusals(&world, &noon, &ask(Purpose::Informational, Channel::Sms)).await, no);
    assert_eq!(
        refusals(&world, &noon, &ask(Purpose::Informational, Channel::AutodialledCall)).await,
        []
    );
}

#[tokio::test]
async fn a_withdrawal_and_an_opt_out_between_clearing_and_dialling_are_seen() {
    let world = scrubbed().await;
    let noon = world.at(NOON);
    agree(&world, Purpose::Informational, Channel::Sms, Basis::Express).await;
    let stop = Revocation {
        subject: phone(NUMBER).into(),
        only: None,
        how: "by letter".to_owned(),
        at: noon.now,
    };
    let heard = dnc::Heard {
        number: NUMBER.to_owned(),
        text: "STOP".to_owned(),
        medium: dnc::Medium::Message,
        source: "sms".to_owned(),
        reference: None,
    };
    let ask = Ask { channel: Channel::Sms, ..Ask::informational(NUMBER) };
    let dialled = world
        .run_as(&noon, async |tx| {
            let Clearance::Cleared(number) = dnc::clear(tx, &ask).await? else {
                panic!("it is clear")
            };
            world.run_as(&noon, async |tx| consent::revoke(tx, &stop).await).await;
            number.dial(tx.now(), async |_| ()).await
        })
        .await;
    assert_eq!(dialled, Dial::Refused(vec![Refusal::NoConsent]));
    // They agree anew, a moment later.
    let later = Grant { granted_at: noon.now + TimeDelta::seconds(1), ..text_messages() };
    let at = Context { now: later.granted_at, ..noon.clone() };
    world.run_as(&at, async |tx| consent::grant(tx, later).await).await;
    let after = Context { now: noon.now + TimeDelta::seconds(2), ..noon.clone() };
    let dialled = world
        .run_as(&after, async |tx| {
            let Clearance::Cleared(number) = dnc::clear(tx, &ask).await? else {
                panic!("it is clear")
            };
            world.run_as(&after, async |tx| dnc::hear(tx, &heard).await).await;
            number.dial(tx.now(), async |_| ()).await
        })
        .await;
    assert_eq!(dialled, Dial::Refused(vec![Refusal::Listed, Refusal::NoConsent]));
}

fn text_messages() -> Grant {
    Grant {
        subject: phone(NUMBER).into(),
        purpose: Purpose::Informational,
        channel: Channel::Sms,
        basis: Basis::Express,
        text_version: None,
        source: "sms".to_owned(),
        reference: None,
        granted_at: DateTime::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn every_reason_is_told_at_once_and_kept() {
    let world = World::new().await;
    world.run(async |tx| dnc::add(tx, New::for_good(NUMBER, "lead_requested")).await).await;
    let ask = Ask { state: Some("LA"), channel: Channel::Sms, ..Ask::marketing(NUMBER) };
    // A Sunday, seven in the morning in New Orleans.
    let why = refusals(&world, &world.at("2026-03-08T12:00:00Z"), &ask).await;
    let all = [
        Refusal::Listed,
        Refusal::StaleScrub,
        Refusal::NoConsent,
        Refusal::OutsideWindow,
        Refusal::BannedDay,
    ];
    assert_eq!(why, all);
    let kept = "select array_to_string(refusals, ' ') from dnc_checks";
    assert_eq!(
        world.strings(kept).await,
        ["listed stale_scrub no_consent outside_window banned_day"]
    );
}

#[test]
fn the_rules_are_dated_name_their_source_and_are_each_of_a_place_of_their_own() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    assert_eq!(rule_of("US-FL", day("2021-06-30")), None);
    assert_eq!(
        rule_of("US-FL", day("2021-07-01")).map(|rule| (rule.hours, rule.most_calls)),
        Some(((8, 20), Some((3, 24))))
    );
    assert_eq!(REVOKES_ALL_FROM, day("2027-01-31"));
    for rule in RULES {
        assert!(!rule.source.is_empty() && rule.hours.0 < 24 && rule.hours.1 <= 24);
        let same =
            RULES.iter().filter(|other| (other.place, other.from) == (rule.place, rule.from));
        assert_eq!(same.count(), 1, "{}", rule.place);
    }
    let holidays: Vec<NaiveDate> =
        day("2026-01-01").iter_days().take(365).filter(|day| is_holiday(*day)).collect();
    let expected = [
        "2026-01-01",
        "2026-01-19",
        "2026-02-16",
        "2026-05-25",
        "2026-06-19",
        "2026-07-04",
        "2026-09-07",
        "2026-10-12",
        "2026-11-11",
        "2026-11-26",
        "2026-12-25",
    ];
    assert_eq!(holidays, expected.map(day));
}
