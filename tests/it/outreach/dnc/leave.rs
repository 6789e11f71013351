//! By what leave, and by whose list, somebody may be called: each rule on both sides of its boundary.

use chrono::{DateTime, TimeDelta};
use integration::{World, populate::phone};
use service::{
    Context,
    outreach::{
        consent::{self, Basis, Channel, Grant, Purpose, Revocation},
        dnc::{self, Ask, Clearance, Dial, New, Refusal},
        external_list::Kind,
    },
};

use super::rules::{NOON, NUMBER, load, refusals, scrubbed};

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
