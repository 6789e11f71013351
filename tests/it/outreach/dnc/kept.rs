//! The list read, how it is kept to, and why somebody was called.

use chrono::{DateTime, TimeDelta, Utc};
use integration::populate::email;
use integration::{World, populate::phone};
use service::{
    Context, Error, Tx,
    outreach::{
        consent::{self, Basis, Channel, Grant, Purpose},
        dnc::{self, Ask, Clearance, Filter, New, NewestAfter, Retention},
        external_list::{self, Kind, Line},
        suppression,
    },
    tenancy::user,
};

const NUMBER: &str = "+12125551001";

async fn numbers(world: &World, filter: &Filter) -> Vec<String> {
    let page = world.run(async |tx| dnc::list(tx, filter, 100, None).await).await;
    page.items.iter().map(|entry| entry.phone_number.as_str()[10..].to_owned()).collect()
}

#[tokio::test]
async fn the_list_is_read_newest_first_by_reason_source_and_time() {
    let world = World::new().await;
    for n in 0..8_i64 {
        let at = world.later(TimeDelta::days(-n));
        let new = New {
            source: Some(if n % 3 == 0 { "call_transcript" } else { "manual_entry" }.to_owned()),
            expires_at: (n == 2).then(|| world.context.now + TimeDelta::hours(-1)),
            ..New::for_good(
                &format!("+1206555000{n}"),
                if n % 2 == 0 { "hold" } else { "lead_requested" },
            )
        };
        world.run_as(&at, async |tx| dnc::add(tx, new).await).await;
    }
    world.run(async |tx| dnc::remove(tx, "+12065550005", "asked back").await).await;
    let all = Filter::default();
    assert_eq!(
        numbers(&world, &all).await,
        ["00", "01", "03", "04", "06", "07"],
        "2 expired, 5 removed"
    );
    let ended = Filter { ended_too: true, ..all.clone() };
    assert_eq!(numbers(&world, &ended).await, ["00", "01", "02", "03", "04", "05", "06", "07"]);
    let asked = Filter { reason: Some("lead_requested".to_owned()), ..all.clone() };
    assert_eq!(numbers(&world, &asked).await, ["01", "03", "07"]);
    let heard = Filter { source: Some("call_transcript".to_owned()), ..all.clone() };
    assert_eq!(numbers(&world, &heard).await, ["00", "03", "06"]);
    let both = Filter { reason: asked.reason.clone(), ..heard };
    assert_eq!(numbers(&world, &both).await, ["03"]);
    let day = |n: i64| Some(world.context.now - TimeDelta::days(n));
    let period = Filter { from: day(4), to: day(1), ..all.clone() };
    assert_eq!(numbers(&world, &period).await, ["03", "04"], "from the first up to the second");
    // Page by page, and what is added meanwhile does not disturb.
    let page = async |after: Option<NewestAfter>| {
        world.run(async |tx| dnc::list(tx, &Filter::default(), 4, after).await).await
    };
    let first = page(None).await;
    world.run(async |tx| dnc::add(tx, New::for_good("+12065550009", "hold")).await).await;
    let second = page(first.next).await;
    assert_eq!((first.items.len(), second.items.len(), second.next), (4, 2, None));
    assert_eq!(second.items[1].phone_number.as_str(), "+12065550007");
    let theirs = async |tx: &Tx| dnc::list(tx, &Filter::default(), 4, None).await;
    assert!(world.run_as(&world.neighbour, theirs).await.items.is_empty());
    let refused = world
        .db
        .run(world.context.clone(), async |tx| dnc::list(tx, &Filter::default(), 0, None).await);
    assert!(matches!(refused.await, Err(Error::Invalid { field, .. }) if field == "limit"));
}

/// Who, when and why stand in the entry itself, which is never deleted: that is the audit.
#[tokio::test]
async fn adding_and_removing_are_both_recorded_with_who_when_and_why() {
    let world = World::new().await;
    let sam = user::New {
        email: email("sam@tenant.example"),
        name: "Sam".to_owned(),
        role: "admin".to_owned(),
    };
    let sam = world.run(async |tx| user::add(tx, sam).await).await;
    let by_sam =
        Context { actor: service::Actor::User(sam.id), ..world.later(TimeDelta::hours(1)) };
    world
        .run_as(&by_sam, async |tx| dnc::add(tx, New::for_good(NUMBER, "lead_requested")).await)
        .await;
    let later = Context { now: by_sam.now + TimeDelta::hours(1), ..by_sam.clone() };
    world.run_as(&later, async |tx| dnc::remove(tx, NUMBER, "consent of 2 March").await).await;
    let history = world.run(async |tx| dnc::history(tx, NUMBER).await).await;
    let [entry] = &history.entries[..] else { panic!("{history:?}") };
    assert_eq!(
        (entry.added_by_user_id, entry.added_at, entry.reason.as_str()),
        (Some(sam.id), by_sam.now, "lead_requested")
    );
    assert_eq!((entry.removed_by, entry.removed_at), (Some(sam.id), Some(later.now)));
    assert_eq!(entry.removal_reason.as_deref(), Some("consent of 2 March"));
    let denied = async |tx: &Tx| {
        Ok(sea_orm::ConnectionTrait::execute_unprepared(tx, "delete from dnc_list").await?)
    };
    assert!(world.db.run(world.context.clone(), denied).await.is_err());
    // An addition that fails leaves neither entry nor record.
    let undone = async |tx: &Tx| {
        dnc::add(tx, New::for_good("+12065550010", "lead_requested")).await?;
        Err::<(), _>(Error::NotFound("anything"))
    };
    assert!(world.db.run(world.context.clone(), undone).await.is_err());
    assert_eq!(world.strings("select count(*)::text from dnc_list").await, ["1"]);
}

async fn clear(world: &World, at: &Context, number: &str) -> bool {
    let ask = Ask::informational(number);
    let cleared = async |tx: &Tx| Ok(matches!(dnc::clear(tx, &ask).await?, Clearance::Cleared(_)));
    world.run_as(at, cleared).await
}

#[tokio::test]
async fn the_report_counts_attempts_against_all_guarded_calls_and_is_a_hundred_only_without_any() {
    let world = World::new().await;
    let noon = world.at("2026-03-02T20:00:00Z");
    let (from, to) = (noon.now - TimeDelta::hours(1), noon.now + TimeDelta::hours(1));
    let report = async || world.run(async |tx| dnc::compliance_report(tx, from, to).await).await;
    assert_eq!(report().await.score, 100, "nothing happened");
    for n in 0..9 {
        assert!(clear(&world, &noon, &format!("+1212555100{n}")).await);
    }
    assert_eq!((report().await.score, report().await.guarded_calls), (100, 9));
    // One attempt, though nobody was added in that time (defect 4-35).
    let before = world.at("2026-03-01T12:00:00Z");
    world
        .run_as(&before, async |tx| dnc::add(tx, New::for_good(NUMBER, "lead_requested")).await)
        .await;
    assert!(!clear(&world, &noon, NUMBER).await);
    let found = report().await;
    assert_eq!((found.additions, found.guarded_calls, found.blocked_attempts), (0, 10, 1));
    assert_eq!(found.score, 80, "100 - 1/10 x 200");
    // Refused for what it costs, and looked up without a call: neither is an attempt on the list.
    assert!(!clear(&world, &noon, "+19005551234").await);
    world.run_as(&noon, async |tx| dnc::check(tx, NUMBER).await).await;
    assert_eq!(
        (report().await.guarded_calls, report().await.score),
        (11, 81),
        "100 - 1/11 x 200, down"
    );
    for (number, source) in [
        ("+12065550001", "call_transcript"),
        ("+12065550002", "manual_entry"),
        ("+12065550003", "x"),
    ] {
        let new =
            New { source: Some(source.to_owned()), ..New::for_good(number, "lead_requested") };
        world.run_as(&noon, async |tx| dnc::add(tx, new).await).await;
    }
    let last = Context { now: to, ..noon.clone() };
    world.run_as(&noon, async |tx| dnc::remove(tx, "+12065550001", "x").await).await;
    world.run_as(&last, async |tx| dnc::remove(tx, "+12065550002", "x").await).await;
    let found = report().await;
    assert_eq!((found.additions, found.automatic, found.manual, found.removals), (3, 1, 1, 1));
    let theirs = async |tx: &Tx| dnc::compliance_report(tx, from, to).await;
    assert_eq!(world.run_as(&world.neighbour, theirs).await.guarded_calls, 0);
    let refused = world.db.run(noon, async |tx| dnc::compliance_report(tx, to, from).await).await;
    assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "to"));
}

async fn loaded(world: &World, as_of: DateTime<Utc>) {
    let new = external_list::New {
        kind: Kind::National,
        jurisdiction: "US".to_owned(),
        source: "FTC 10000001".to_owned(),
        as_of,
    };
    let at = Context { now: as_of, ..world.context.clone() };
    world.run_as(&at, async |tx| external_list::load(tx, new, &[Line::listed(NUMBER)]).await).await;
}

#[tokio::test]
async fn why_did_you_call_me_has_a_whole_answer_of_this_tenants_only() {
    let world = World::new().await;
    let noon = world.at("2026-03-02T20:00:00Z");
    loaded(&world, noon.now - TimeDelta::days(40)).await;
    loaded(&world, noon.now - TimeDelta::days(5)).await;
    let new = Grant {
        subject: phone(NUMBER).into(),
        purpose: Purpose::Marketing,
        channel: Channel::Call,
        basis: Basis::ExpressWritten,
        text_version: Some("2026-01".to_owned()),
        source: "web_form".to_owned(),
        reference: None,
        granted_at: noon.now - TimeDelta::days(1),
    };
    world.run_as(&noon, async |tx| consent::grant(tx, new).await).await;
    for who in [&noon, &Context { tenant: world.neighbour.tenant, ..noon.clone() }] {
        world
            .run_as(who, async |tx| {
                let ask =
                    Ask { state: Some("NY"), subject: Some("roof"), ..Ask::informational(NUMBER) };
                let Clearance::Cleared(number) = dnc::clear(tx, &ask).await? else {
                    panic!("it is clear")
                };
                number.dial(tx.now(), async |_| ()).await
            })
            .await;
    }
    let after = Context { now: noon.now + TimeDelta::minutes(1), ..noon.clone() };
    let heard = dnc::Heard {
        number: NUMBER.to_owned(),
        text: "Do not call me again!".to_owned(),
        medium: dnc::Medium::Speech,
        source: "call_transcript".to_owned(),
        reference: None,
    };
    world.run_as(&after, async |tx| dnc::hear(tx, &heard).await).await;
    let why = async |from: DateTime<Utc>, to: DateTime<Utc>| {
        world.run_as(&after, async |tx| dnc::why_called(tx, "(212) 555-1001", from, to).await).await
    };
    let found = why(noon.now, noon.now + TimeDelta::hours(1)).await;
    let count = |part: &serde_json::Value| part.as_array().unwrap().len();
    assert_eq!((count(&found.attempts), count(&found.checks), count(&found.consents)), (1, 2, 1));
    assert_eq!(
        (count(&found.entries), count(&found.reviews), count(&found.lists)),
        (1, 1, 1),
        "the list of then"
    );
    assert_eq!(found.attempts[0]["actor"], "system:test");
    assert_eq!(found.attempts[0]["place"], "US-NY");
    assert_eq!(found.checks[1]["purpose"], "dial");
    assert_eq!(found.consents[0]["text_version"], "2026-01");
    assert_eq!(found.entries[0]["detected_phrase"], "Do not call me");
    assert_eq!(found.lists[0]["answers"][0]["answer"], "listed");
    assert!(!found.suppressed);
    let text = serde_json::to_string(&found).unwrap();
    assert!(text.contains(NUMBER) && !text.contains(&world.neighbour.tenant.to_string()));
    let earlier = why(noon.now - TimeDelta::days(9), noon.now).await;
    assert_eq!(
        (count(&earlier.attempts), count(&earlier.checks), count(&earlier.entries)),
        (0, 0, 0)
    );
    assert_eq!(count(&earlier.lists), 2);
    let refused = world
        .db
        .run(after.clone(), async |tx| dnc::why_called(tx, "911", noon.now, noon.now).await);
    assert!(matches!(refused.await, Err(Error::Invalid { field, .. }) if field == "number"));
    world
        .run_as(&after, async |tx| suppression::add(tx, &[phone(NUMBER).into()], "erasure").await)
        .await;
    assert!(why(noon.now, after.now).await.suppressed);
}

#[tokio::test]
async fn evidence_is_kept_five_years_after_the_last_of_it_and_a_listing_for_good_as_long_as_it_stands()
 {
    let world = World::new().await;
    let of = phone(NUMBER);
    let retention =
        async |at: &Context| world.run_as(at, async |tx| dnc::retention(tx, &of).await).await;
    assert_eq!(retention(&world.context).await, Retention::Nothing);
    world.run(async |tx| dnc::check(tx, NUMBER).await).await;
    let (end, last) = (world.at("2031-03-02T09:00:00Z"), world.at("2031-03-02T08:59:59Z"));
    assert_eq!(retention(&world.context).await, Retention::Until(end.now));
    assert_eq!(retention(&last).await, Retention::Until(end.now));
    assert_eq!(retention(&end).await, Retention::Nothing);
    world.run(async |tx| dnc::add(tx, New::for_good(NUMBER, "lead_requested")).await).await;
    assert_eq!(retention(&end).await, Retention::ForGood);
    let removed = world.at("2027-01-01T00:00:00Z");
    world.run_as(&removed, async |tx| dnc::remove(tx, NUMBER, "x").await).await;
    assert_eq!(retention(&end).await, Retention::Until(world.at("2032-01-01T00:00:00Z").now));
}
