//! Scoring all of a tenant's clients.

use chrono::{DateTime, TimeDelta, Utc};
use entity::zone::Zone as TimeZone;
use integration::{World, populate::email};
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use service::{
    Context, Error, Tx,
    health::{
        client_health_score::{self, Compute, Level, Momentum, Zone},
        client_session::{self, Status},
        pattern::{self, CallStatus, CallType},
    },
    tenancy::tenant,
};

use super::{OFTEN, client, compute, get, had, open};

async fn live_in(world: &World, zone: &str) {
    let new = tenant::New::named("tenant", TimeZone::parse(zone).unwrap());
    world.run(async |tx| tenant::change(tx, new).await).await;
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_client_is_scored_from_sessions_and_package_with_all_that_led_to_it() {
    let world = World::new().await;
    world
        .run(async |tx| {
            client(tx, "kim@a.example", &OFTEN, 5).await?;
            had(tx, "kim@a.example", tx.now() - TimeDelta::days(60)).await
        })
        .await;
    let theirs = async |tx: &Tx| client(tx, "kim@a.example", &[40], 1).await;
    world.run_as(&world.neighbour, theirs).await;
    let computed = compute(&world, &world.context).await;
    assert_eq!((computed.looked_at, computed.found[&Zone::Purple]), (1, 1));
    let kim = get(&world, "kim@a.example").await;
    assert_eq!((kim.sessions_7d, kim.sessions_30d, kim.sessions_90d), (3, 12, 13));
    assert_eq!((kim.days_since_last_session, kim.days_inactive), (Some(1), Some(1)));
    // 50 + 30 + 15; half of the package; 3 against 12 / 4.3 is 7.5 % more.
    assert_eq!(kim.engagement_score, Some(95));
    assert_eq!((kim.package_score, kim.momentum_score), (Some(90), Some(70)));
    assert_eq!(kim.rate_of_change_percent, Some(Decimal::new(750, 2)));
    assert_eq!(kim.momentum_indicator, Some(Momentum::Stable));
    // 38 + 27 + 21.
    assert_eq!((kim.health_score, kim.health_zone), (Some(86.into()), Some(Zone::Purple)));
    // 50 − 10 − 10.
    assert_eq!(kim.predictive_risk_score, Some(30.into()));
    assert_eq!(kim.risk_factors.0.iter().map(|f| f.points).collect::<Vec<_>>(), [50, -10, -10]);
    assert_eq!(
        (kim.risk_category, kim.intervention_priority),
        (Some(Level::Low), Some(Level::Low))
    );
    assert!(!kim.early_warning_flag);
    let now = world.context.now;
    assert_eq!((kim.calculated_at, kim.zone_since), (Some(now), Some(now)));
    let theirs = "select count(*)::text from client_health_scores where health_zone is not null";
    assert_eq!(world.strings(theirs).await, ["1"], "the neighbour's is not touched");
}

#[tokio::test]
async fn a_window_begins_after_the_same_time_so_many_days_ago_and_ends_now() {
    let world = World::new().await;
    let tick = TimeDelta::microseconds(1);
    world
        .run(async |tx| {
            for (n, days) in [7, 30, 90].into_iter().enumerate() {
                let edge = tx.now() - TimeDelta::days(days);
                open(tx, &format!("out{n}@a.example")).await?;
                had(tx, &format!("out{n}@a.example"), edge).await?;
                open(tx, &format!("in{n}@a.example")).await?;
                had(tx, &format!("in{n}@a.example"), edge + tick).await?;
            }
            open(tx, "now@a.example").await?;
            had(tx, "now@a.example", tx.now()).await
        })
        .await;
    // One that will have been, for whoever looks at yesterday's clock.
    world
        .run_as(&world.later(tick), async |tx| {
            open(tx, "next@a.example").await?;
            had(tx, "next@a.example", tx.now()).await
        })
        .await;
    compute(&world, &world.context).await;
    let counts = async |name: &str| {
        let of = get(&world, &format!("{name}@a.example")).await;
        [of.sessions_7d, of.sessions_30d, of.sessions_90d]
    };
    assert_eq!([counts("in0").await, counts("out0").await], [[1, 1, 1], [0, 1, 1]]);
    assert_eq!([counts("in1").await, counts("out1").await], [[0, 1, 1], [0, 0, 1]]);
    assert_eq!([counts("in2").await, counts("out2").await], [[0, 0, 1], [0, 0, 0]]);
    assert_eq!([counts("now").await, counts("next").await], [[1, 1, 1], [0, 0, 0]]);
    // Out of all windows, and known all the same.
    assert_eq!(get(&world, "out2@a.example").await.days_since_last_session, Some(90));
}

#[tokio::test]
async fn seven_days_are_seven_days_when_the_clocks_change() {
    let world = World::new().await;
    live_in(&world, "America/New_York").await;
    // Tuesday, 09:00 in summer time; a week before that was 09:00 in winter time, 14:00 UTC.
    let now = world.at("2026-03-10T13:00:00Z");
    world
        .run_as(&now, async |tx| {
            open(tx, "before@a.example").await?;
            had(tx, "before@a.example", at("2026-03-03T14:00:00Z")).await?;
            open(tx, "after@a.example").await?;
            had(tx, "after@a.example", at("2026-03-03T14:00:01Z")).await
        })
        .await;
    compute(&world, &now).await;
    assert_eq!(get(&world, "before@a.example").await.sessions_7d, 0);
    assert_eq!(get(&world, "after@a.example").await.sessions_7d, 1);
}

#[tokio::test]
async fn days_are_those_of_the_tenants_calendar() {
    let world = World::new().await;
    live_in(&world, "Pacific/Auckland").await;
    // It is Monday, 22:00, there; the session was on Monday at half past midnight, Sunday in UTC.
    world
        .run(async |tx| {
            open(tx, "today@a.example").await?;
            had(tx, "today@a.example", at("2026-03-01T11:30:00Z")).await?;
            open(tx, "yesterday@a.example").await?;
            had(tx, "yesterday@a.example", at("2026-03-01T10:59:59Z")).await
        })
        .await;
    compute(&world, &world.context).await;
    assert_eq!(get(&world, "today@a.example").await.days_since_last_session, Some(0));
    assert_eq!(get(&world, "yesterday@a.example").await.days_since_last_session, Some(1));
}

#[tokio::test]
async fn only_sessions_that_took_place_count_and_a_conversation_is_contact_only() {
    let world = World::new().await;
    world
        .run(async |tx| {
            let kim = email("kim@a.example");
            client(tx, "kim@a.example", &[20], 5).await?;
            let yesterday = tx.now() - TimeDelta::days(1);
            for status in [Status::Booked, Status::Cancelled, Status::NoShow] {
                let new = client_session::New::attended(kim.clone(), yesterday);
                client_session::record(tx, client_session::New { status, ..new }).await?;
            }
            let held = pattern::New::held(kim, tx.now() - TimeDelta::days(3));
            let later = pattern::New { call_date: yesterday, ..held.clone() };
            for call in [
                held,
                pattern::New { call_type: CallType::Email, ..later.clone() },
                pattern::New { status: CallStatus::NoAnswer, ..later },
            ] {
                pattern::record_call(tx, call).await?;
            }
            Ok(())
        })
        .await;
    compute(&world, &world.context).await;
    let kim = get(&world, "kim@a.example").await;
    assert_eq!((kim.sessions_7d, kim.sessions_30d, kim.sessions_90d), (0, 1, 1));
    assert_eq!((kim.days_since_last_session, kim.days_inactive), (Some(20), Some(3)));
}

#[tokio::test]
async fn seen_today_is_not_never_seen_and_of_whom_nothing_is_known_nothing_is_said() {
    let world = World::new().await;
    world
        .run(async |tx| {
            client(tx, "today@a.example", &[0], 0).await?;
            client(tx, "never@a.example", &[], 5).await?;
            open(tx, "unknown@a.example").await
        })
        .await;
    let computed = compute(&world, &world.context).await;
    assert_eq!((computed.looked_at, computed.unknown), (3, 1));
    let today = get(&world, "today@a.example").await;
    assert_eq!((today.days_since_last_session, today.engagement_score), (Some(0), Some(60)));
    let never = get(&world, "never@a.example").await;
    // 20, 90 and 30: 8 + 27 + 9.
    assert_eq!((never.days_since_last_session, never.engagement_score), (None, Some(20)));
    assert_eq!((never.health_score, never.health_zone), (Some(44.into()), Some(Zone::Red)));
    let unknown = get(&world, "unknown@a.example").await;
    assert_eq!((unknown.health_score, unknown.health_zone, unknown.zone_since), (None, None, None));
    assert_eq!(unknown.score_coverage, None);
    assert_eq!((unknown.risk_category, unknown.calculated_at), (None, Some(world.context.now)));
    let weeks = "select email from client_lifecycle_history order by 1";
    assert_eq!(world.strings(weeks).await, ["never@a.example", "today@a.example"]);
}

#[tokio::test]
async fn a_client_without_a_package_is_scored_from_the_rest_and_says_so() {
    let world = World::new().await;
    world
        .run(async |tx| {
            client(tx, "known@a.example", &OFTEN, 5).await?;
            open(tx, "unknown@a.example").await?;
            for days in &OFTEN[..10] {
                had(tx, "unknown@a.example", tx.now() - TimeDelta::days(*days)).await?;
            }
            Ok(())
        })
        .await;
    compute(&world, &world.context).await;
    let known = get(&world, "known@a.example").await;
    assert_eq!((known.package_score, known.score_coverage), (Some(90), Some(100)));
    let unknown = get(&world, "unknown@a.example").await;
    assert_eq!((unknown.package_score, unknown.score_coverage), (None, Some(70)));
    // 3 in the week, 10 in the month: 90 and 90 (+29 %): (3600 + 2700) / 70.
    assert_eq!((unknown.health_score, unknown.health_zone), (Some(90.into()), Some(Zone::Purple)));
    // 50 − 15 accelerating − 10 active − 10 recent.
    assert_eq!(unknown.predictive_risk_score, Some(15.into()));
}

#[tokio::test]
async fn a_run_that_was_cut_off_goes_on_where_it_was_and_nobody_is_left_out() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for n in 0..5 {
                client(tx, &format!("c{n}@a.example"), &[1], 5).await?;
            }
            Ok(())
        })
        .await;
    let run = async |at: &Context| {
        let two = Compute { limit: 2 };
        world.run_as(at, async |tx| client_health_score::compute(tx, &two).await).await.looked_at
    };
    let now = world.context.clone();
    assert_eq!([run(&now).await, run(&now).await], [2, 2]);
    // The one that was cut off is undone as a whole.
    let cut_off = world.db.run(now.clone(), async |tx| {
        client_health_score::compute(tx, &Compute { limit: 2 }).await?;
        Err::<(), _>(Error::NotFound("power"))
    });
    assert!(cut_off.await.is_err());
    assert_eq!([run(&now).await, run(&now).await], [1, 0]);
    let scored = "select count(*)::text from client_health_scores where health_zone is not null";
    assert_eq!(world.strings(scored).await, ["5"]);
    // Until midnight nobody is scored again; then those first who were scored longest ago.
    assert_eq!(run(&world.at("2026-03-02T23:59:59Z")).await, 0);
    let midnight = world.at("2026-03-03T00:00:00Z");
    assert_eq!([run(&midnight).await, run(&midnight).await, run(&midnight).await], [2, 2, 1]);
    let weeks = "select count(*)::text from client_lifecycle_history";
    assert_eq!(world.strings(weeks).await, ["5"], "one a client and week");
    for limit in [0, 1001] {
        let wrong = async |tx: &Tx| client_health_score::compute(tx, &Compute { limit }).await;
        let said = world.db.run(now.clone(), wrong).await;
        assert!(matches!(said, Err(Error::Invalid { field, .. }) if field == "limit"));
    }
}

#[tokio::test]
async fn several_workers_share_the_clients_and_score_each_once() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for n in 0..40 {
                client(tx, &format!("c{n}@a.example"), &[1], 5).await?;
            }
            Ok(())
        })
        .await;
    let work = async || {
        let mut done = 0;
        loop {
            let some = Compute { limit: 3 };
            let run = async |tx: &Tx| client_health_score::compute(tx, &some).await;
            match world.run(run).await.looked_at {
                0 => return done,
                n => done += n,
            }
        }
    };
    let (a, b, c) = tokio::join!(work(), work(), work());
    // Whoever found the rest in others' hands has gone home; what is left is done by one more.
    assert_eq!(a + b + c + work().await, 40);
    let scored = "select count(*)::text from client_health_scores where health_zone is not null";
    assert_eq!(world.strings(scored).await, ["40"]);
}

#[tokio::test]
async fn a_client_that_fails_stops_nobody_and_keeps_its_old_figures() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for name in ["a", "bad", "c"] {
                client(tx, &format!("{name}@a.example"), &OFTEN, 5).await?;
            }
            Ok(())
        })
        .await;
    compute(&world, &world.context).await;
    let poison = "
        create function refuse() returns trigger language plpgsql as
            $$ begin raise exception 'poisoned' using errcode = 'P0001'; end $$;
        create trigger poisoned before insert on client_lifecycle_history for each row
            when (new.email = 'bad@a.example') execute function refuse()";
    world.owner.execute_unprepared(poison).await.unwrap();
    let month_on = world.later(TimeDelta::days(40));
    let computed = compute(&world, &month_on).await;
    assert_eq!((computed.looked_at, computed.failed.len()), (3, 1));
    assert_eq!(computed.found[&Zone::Red], 2);
    let bad = get(&world, "bad@a.example").await;
    assert_eq!((bad.health_score, bad.health_zone), (Some(86.into()), Some(Zone::Purple)));
    assert_eq!(bad.calculated_at, Some(world.context.now));
    assert_eq!(get(&world, "c@a.example").await.health_zone, Some(Zone::Red));
    assert_eq!(compute(&world, &month_on).await.looked_at, 0, "today is done");
}

#[tokio::test]
async fn a_zone_lasts_since_the_client_fell_into_it() {
    let world = World::new().await;
    world.run(async |tx| client(tx, "kim@a.example", &OFTEN, 5).await).await;
    let since = async |days: i64| {
        compute(&world, &world.later(TimeDelta::days(days))).await;
        let kim = get(&world, "kim@a.example").await;
        let since = kim.zone_since.unwrap() - world.context.now;
        (kim.health_zone.unwrap(), since.num_days())
    };
    assert_eq!(since(0).await, (Zone::Purple, 0));
    // None in seven days, twelve in the month: 65, 90 and 30: 26 + 27 + 9 = 62.
    assert_eq!(since(6).await, (Zone::Yellow, 6));
    assert_eq!(since(7).await, (Zone::Yellow, 6));
    assert_eq!(since(40).await, (Zone::Red, 40));
    assert_eq!(since(41).await, (Zone::Red, 40));
}
