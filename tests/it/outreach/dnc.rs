//! Numbers that must not be called, and the one way to those that may.

mod bulk;
mod clearance;
mod kept;
mod opt_out;
mod rules;

use chrono::{DateTime, TimeDelta, Utc};
use integration::World;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use service::{
    Context, Error, Result, Tx,
    outreach::dnc::{self, Check, Kind, New, Verdict},
};

const LISTED: &str = "+12065550010";

async fn add(tx: &Tx, number: &str) -> Result<dnc::Model> {
    dnc::add(tx, New::for_good(number, "lead_requested")).await
}

async fn check(world: &World, at: &Context, number: &str) -> Check {
    world.run_as(at, async |tx| dnc::check(tx, number).await).await
}

#[tokio::test]
async fn a_number_is_listed_however_it_is_written_and_for_this_tenant_only() {
    let world = World::new().await;
    let entry = world.run(async |tx| add(tx, "(206) 555-0010 ext. 12").await).await;
    assert_eq!(entry.phone_number.as_str(), LISTED);
    assert_eq!(entry.raw_number, "(206) 555-0010 ext. 12");
    for written in [
        LISTED,
        "12065550010",
        "206.555.0010",
        " (206)\u{a0}555-0010 ",
        "206-555-0010 x99",
        "011 1 206 555 0010",
        "２０６５５５００１０",
        "206 555 0010 extension 7",
    ] {
        let found = check(&world, &world.context, written).await;
        assert!(matches!(found, Check::Listed { .. }), "{written}: {found:?}");
        let theirs = check(&world, &world.neighbour, written).await;
        assert!(theirs.is_clear(), "{written}: {theirs:?}");
    }
    // The neighbour may list it too.
    world.run_as(&world.neighbour, async |tx| add(tx, LISTED).await).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_never_clear() {
    let world = World::new().await;
    let junk = [
        "",
        "   ",
        "911",
        "abc",
        "1-800-FLOWERS",
        "12345",
        "+1 206 555 00100000000",
        "\0",
        "+0123456789",
        "2065550xyz",
        "206 555 0010 xyz",
        "+999123456789",
        "call me",
        "206 555 0010 or 206 555 0011",
    ];
    let long = "9".repeat(10_000);
    for written in junk.into_iter().chain([long.as_str()]) {
        assert_eq!(check(&world, &world.context, written).await, Check::Unparseable, "{written:?}");
        let added = world.db.run(world.context.clone(), async |tx| add(tx, written).await).await;
        assert!(matches!(added, Err(Error::Invalid { field, .. }) if field == "number"));
    }
    assert_eq!(world.strings("select count(*)::text from dnc_list").await, ["0"]);
    let evidence = "select distinct verdict || array_to_string(refusals, ',') from dnc_checks";
    assert_eq!(world.strings(evidence).await, ["refusedunparseable"]);
}

#[tokio::test]
async fn a_temporary_entry_holds_until_its_time_and_can_be_added_again_after() {
    let world = World::new().await;
    let until = world.context.now + TimeDelta::days(30);
    let cooling = New { expires_at: Some(until), ..New::for_good(LISTED, "cooling_off") };
    let entry = world.run(async |tx| dnc::add(tx, cooling.clone()).await).await;
    assert_eq!(entry.kind, Kind::Temporary);
    let at = |after: TimeDelta| Context { now: until + after, ..world.context.clone() };
    let micro = TimeDelta::microseconds(1);
    assert!(!check(&world, &at(-micro), LISTED).await.is_clear());
    assert!(check(&world, &at(TimeDelta::zero()), LISTED).await.is_clear());
    // Once more, after it expired: a new entry, and the old one is kept.
    let again = at(TimeDelta::days(1));
    let for_good = world.run_as(&again, async |tx| add(tx, LISTED).await).await;
    assert_eq!((for_good.kind, for_good.expires_at), (Kind::Permanent, None));
    let history = world.run_as(&again, async |tx| dnc::history(tx, LISTED).await).await;
    assert_eq!(history.entries.len(), 2);
    assert!(history.entries[1].removed_at.is_some());
}

#[tokio::test]
async fn the_longer_entry_stands_whoever_comes_first() {
    let world = World::new().await;
    let until = |days| Some(world.context.now + TimeDelta::days(days));
    let for_days = |days| New { expires_at: until(days), ..New::for_good(LISTED, "admin_hold") };
    let add = async |new: New| world.run(async |tx| dnc::add(tx, new).await).await;
    assert_eq!(add(for_days(30)).await.expires_at, until(30));
    assert_eq!(add(for_days(10)).await.expires_at, until(30), "shorter changes nothing");
    assert_eq!(add(for_days(60)).await.expires_at, until(60));
    let request = add(New::for_good(LISTED, "lead_requested")).await;
    assert_eq!(request.expires_at, None);
    assert_eq!(add(for_days(60)).await.id, request.id, "a request outlives a hold");
    assert_eq!(add(New::for_good(LISTED, "lead_requested")).await.id, request.id);
}

#[tokio::test]
async fn a_request_is_kept_though_somebody_else_had_listed_the_number_before() {
    let world = World::new().await;
    let put = async |reason: &str| {
        world.run(async |tx| dnc::add(tx, New::for_good(LISTED, reason)).await).await
    };
    let (admin, request) = (put("admin_added").await, put("lead_requested").await);
    assert_ne!(admin.id, request.id);
    assert_eq!(put("admin_added").await.id, request.id, "and stays, whoever comes after");
    let history = world.run(async |tx| dnc::history(tx, LISTED).await).await;
    let live: Vec<_> = history.entries.iter().filter(|e| e.removed_at.is_none()).collect();
    assert_eq!((history.entries.len(), live.len(), live[0].id), (2, 1, request.id));
}

#[tokio::test]
async fn a_request_is_for_good_and_an_opt_out_does_not_fail_for_a_clock_that_is_behind() {
    let world = World::new().await;
    let until = Some(world.context.now + TimeDelta::days(1));
    let request = New { expires_at: until, ..New::for_good(LISTED, "lead_requested") };
    let refused = world.db.run(world.context.clone(), async |tx| dnc::add(tx, request).await).await;
    assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "expires_at"));
    let hold = New { expires_at: until, ..New::for_good(LISTED, "hold") };
    world.run(async |tx| dnc::add(tx, hold).await).await;
    let behind = world.later(-TimeDelta::milliseconds(200));
    let stop = async |tx: &Tx| dnc::add(tx, New::for_good(LISTED, "lead_requested")).await;
    assert_eq!(world.run_as(&behind, stop).await.kind, Kind::Permanent);
}

#[tokio::test]
async fn an_end_that_has_passed_is_refused() {
    let world = World::new().await;
    for expires_at in [world.context.now, DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        let new = New { expires_at: Some(expires_at), ..New::for_good(LISTED, "hold") };
        let added = world.db.run(world.context.clone(), async |tx| dnc::add(tx, new).await).await;
        assert!(matches!(added, Err(Error::Invalid { field, .. }) if field == "expires_at"));
    }
}

#[tokio::test]
async fn a_removal_needs_a_reason_and_is_kept() {
    let world = World::new().await;
    world.run(async |tx| add(tx, LISTED).await).await;
    let remove = async |who: &Context, reason: &str| {
        world.db.run(who.clone(), async |tx| dnc::remove(tx, LISTED, reason).await).await
    };
    assert!(matches!(remove(&world.context, " ").await, Err(Error::Invalid { field, .. })
        if field == "reason"));
    assert!(matches!(remove(&world.neighbour, "mine").await, Err(Error::NotFound(_))));
    assert!(!check(&world, &world.context, LISTED).await.is_clear());
    let removed = remove(&world.context, "consent given on 1 March, in writing").await.unwrap();
    assert_eq!(removed.removed_at, Some(world.context.now));
    assert!(check(&world, &world.context, LISTED).await.is_clear());
    assert!(matches!(remove(&world.context, "again").await, Err(Error::NotFound(_))));
    world.run(async |tx| add(tx, LISTED).await).await;
    assert!(!check(&world, &world.context, LISTED).await.is_clear());
    let history = world.run(async |tx| dnc::history(tx, LISTED).await).await;
    assert_eq!(history.entries.len(), 2);
}

#[tokio::test]
async fn a_thousand_numbers_are_answered_in_their_order_and_each_leaves_evidence() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for n in (0..1000).step_by(7) {
                add(tx, &format!("+1206555{n:04}")).await?;
            }
            Ok(())
        })
        .await;
    let mut numbers: Vec<String> = (0..998).map(|n| format!("206 555 {n:04}")).collect();
    numbers.insert(3, "junk".to_owned());
    numbers.push(numbers[0].clone()); // twice the same
    let asked: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let found = world.run(async |tx| dnc::check_many(tx, &asked).await).await;
    assert_eq!(found.len(), 1000);
    for (number, answer) in numbers.iter().zip(&found) {
        let expected_listed =
            number.rsplit(' ').next().and_then(|n| n.parse::<i32>().ok()).map(|n| n % 7 == 0);
        match expected_listed {
            None => assert_eq!(*answer, Check::Unparseable),
            Some(listed) => assert_eq!(matches!(answer, Check::Listed { .. }), listed, "{number}"),
        }
    }
    let evidence = "select verdict || ' ' || count(*) from dnc_checks group by verdict order by 1";
    // 0, 7, 14 … 994 are 143, the first of them asked twice, and one was junk.
    assert_eq!(world.strings(evidence).await, ["clear 855", "refused 145"]);
    let too_many = vec!["+12065550010"; 1001];
    let refused =
        world.db.run(world.context.clone(), async |tx| dnc::check_many(tx, &too_many).await);
    assert!(matches!(refused.await, Err(Error::Invalid { field, .. }) if field == "numbers"));
    let none = world.run(async |tx| dnc::check_many(tx, &[]).await).await;
    assert_eq!(none, []);
}

#[tokio::test]
async fn evidence_says_who_asked_when_and_what_was_answered_and_nobody_can_change_it() {
    let world = World::new().await;
    world.run(async |tx| add(tx, LISTED).await).await;
    check(&world, &world.context, LISTED).await;
    let history = world.run(async |tx| dnc::history(tx, "206 555 0010").await).await;
    let seen = &history.checks[0];
    assert_eq!((seen.verdict, seen.actor.as_str()), (Verdict::Refused, "system:test"));
    assert_eq!((seen.checked_at, &seen.refusals), (world.context.now, &vec!["listed".to_owned()]));
    let theirs = world.run_as(&world.neighbour, async |tx| dnc::history(tx, LISTED).await).await;
    assert!(theirs.entries.is_empty() && theirs.checks.is_empty());
    for change in [
        "update dnc_checks set verdict = 'clear', refusals = '{}'",
        "delete from dnc_checks",
        "truncate dnc_checks",
    ] {
        assert!(world.owner.execute_unprepared(change).await.is_err(), "{change}");
    }
    assert_eq!(world.strings("select count(*)::text from dnc_checks").await, ["1"]);
}

/// Numbers as people write them, and whether the seeds' function says the same of each.
#[tokio::test]
async fn on_any_writing_of_a_number_the_service_and_the_sql_function_agree() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for n in 0..10 {
                add(tx, &format!("+1206555010{n}")).await?;
                add(tx, &format!("+44791112345{n}")).await?;
            }
            Ok(())
        })
        .await;
    let number = (0..7_usize, 0..20_u32, prop::bool::ANY).prop_map(|(form, n, british)| {
        let (code, local) = if british {
            ("44", format!("79111234{:02}", 50 + n))
        } else {
            ("1", format!("20655501{n:02}"))
        };
        match form {
            0 => format!("+{code}{local}"),
            1 => format!("+{code} {} {}", &local[..3], &local[3..]),
            2 if !british => format!("({}) {}-{}", &local[..3], &local[3..6], &local[6..]),
            3 if !british => format!("1{local}"),
            4 => format!("011{code}{local} ext. 5"),
            5 if british => format!("+44 (0){} {}", &local[..4], &local[4..]),
            _ => format!(" +{code}-{}.{} x12", &local[..5], &local[5..]),
        }
    });
    let mut runner = TestRunner::deterministic();
    let mut numbers: Vec<String> =
        (0..400).map(|_| number.new_tree(&mut runner).unwrap().current()).collect();
    numbers.extend(
        [
            "",
            "911",
            "no",
            "+999123456789",
            "+52 1 55 1234 5678",
            "+1",
            "+12",
            "555 0100",
            "(206)",
            "12345678901234567890",
        ]
        .map(Into::into),
    );
    let asked: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let found = world.run(async |tx| dnc::check_many(tx, &asked).await).await;
    let listed = found.iter().filter(|answer| matches!(answer, Check::Listed { .. })).count();
    assert!((100..300).contains(&listed), "{listed}");
    let by_function = async |number: &str| {
        let sql = "select is_on_dnc_list($1, $2, $3)";
        let values = [number.into(), world.context.tenant.into(), world.context.now.into()];
        let ask = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        let read = async |tx: &Tx| Ok(tx.query_one_raw(ask).await?.unwrap().try_get_by_index(0)?);
        world.db.read(world.context.clone(), read).await.unwrap()
    };
    for (number, answer) in numbers.iter().zip(&found) {
        let listed: bool = by_function(number).await;
        assert_eq!(listed, !answer.is_clear(), "{number:?}: {answer:?}");
    }
}
