//! Logging what is to be done, once for each cause.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::ClientId;
use integration::{World, populate::email};
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use service::{
    Context, Error, Result, Tx,
    customers::customer,
    health::{
        client_health_score::{self, Level, Zone},
        intervention::{self, Due, Kind, Status, Trigger},
        pattern::{self, Analyse},
    },
};

use super::{
    super::client_health_score::{OFTEN, client, compute, had, open},
    open_due, red,
};

/// Ten calls in each of the last four weeks and four in this one, looked at on Sunday night.
pub(super) async fn broken(tx: &Tx, address: &str) -> Result<()> {
    let monday: DateTime<Utc> = "2026-03-02T00:00:00Z".parse().unwrap();
    for (week, calls) in [(0, 4), (1, 10), (2, 10), (3, 10), (4, 10)] {
        for n in 0..calls {
            let at = monday - TimeDelta::weeks(week) + TimeDelta::minutes(10 * n + 1);
            pattern::record_call(tx, pattern::New::held(email(address), at)).await?;
        }
    }
    pattern::analyse(tx, &Analyse::default()).await.map(drop)
}

pub(super) const SUNDAY: &str = "2026-03-08T23:59:59Z";

#[tokio::test]
async fn a_broken_pattern_is_logged_once_with_what_was_usual_and_what_is_now() {
    let world = World::new().await;
    let sunday = world.at(SUNDAY);
    world
        .run_as(&sunday, async |tx| {
            open(tx, "kim@a.example").await?;
            broken(tx, "kim@a.example").await
        })
        .await;
    let logged = open_due(&world, &sunday).await;
    assert_eq!(logged.len(), 1);
    let kim = &logged[0];
    assert_eq!(
        (kim.triggered_by, kim.client_name.as_deref()),
        (Trigger::PatternBreak, Some("Kim Lee"))
    );
    assert_eq!((kim.usual_calls, kim.current_calls), (Some(10.into()), Some(4)));
    assert_eq!((kim.status, kim.intervention_date), (Status::Pending, sunday.now));
    // No score is known: the last rule, in 48 hours; 50 − 15 never seen − 20 nothing left, limited.
    assert_eq!(
        (kim.intervention_type, kim.intervention_priority),
        (Kind::WellnessCheck, Level::Medium)
    );
    assert_eq!(kim.due_at, sunday.now + TimeDelta::hours(48));
    assert_eq!(kim.success_probability, Decimal::new(20, 2));
    assert_eq!(kim.trigger_key, "2026-03-02T00:00:00.000000Z");
    assert!(open_due(&world, &sunday).await.is_empty());
    // As long as it is pending, another week of silence is the same story.
    let next = world.at("2026-03-15T23:59:59Z");
    world.run_as(&next, async |tx| pattern::analyse(tx, &Analyse::default()).await).await;
    assert!(open_due(&world, &next).await.is_empty());
    let id = kim.id;
    world.run_as(&next, async |tx| intervention::dismiss(tx, id, "on holiday").await).await;
    assert_eq!(open_due(&world, &next).await.len(), 1, "a week later it is another week's");
}

#[tokio::test]
async fn a_fall_into_a_zone_is_logged_once_and_one_into_a_worse_zone_again() {
    let world = World::new().await;
    world.run(async |tx| client(tx, "kim@a.example", &OFTEN, 5).await).await;
    let after = async |days: i64| {
        let at = world.later(TimeDelta::days(days));
        compute(&world, &at).await;
        open_due(&world, &at).await
    };
    assert!(after(0).await.is_empty(), "purple");
    // 62: yellow. Declining: a wellness check.
    let yellow = after(6).await;
    assert_eq!(yellow.len(), 1);
    assert_eq!(
        (yellow[0].triggered_by, yellow[0].health_zone),
        (Trigger::Zone, Some(Zone::Yellow))
    );
    assert_eq!(yellow[0].intervention_type, Kind::WellnessCheck);
    assert_eq!((yellow[0].usual_calls, yellow[0].current_calls), (None, None));
    assert!(after(7).await.is_empty(), "still yellow");
    // 44: red, at a risk of 100.
    let red = after(40).await;
    assert_eq!(red.len(), 1);
    assert_eq!(
        (red[0].intervention_type, red[0].intervention_priority),
        (Kind::UrgentOutreach, Level::Critical)
    );
    assert!(after(60).await.is_empty(), "still red");
}

#[tokio::test]
async fn whoever_goes_to_and_fro_between_zones_is_not_written_about_each_time() {
    let world = World::new().await;
    world.run(async |tx| red(tx, "kim@a.example").await).await;
    let at = |days: i64| world.later(TimeDelta::days(days));
    compute(&world, &at(0)).await;
    let first = open_due(&world, &at(0)).await.remove(0);
    let close = async |tx: &Tx| intervention::dismiss(tx, first.id, "called").await;
    world.run(close).await;
    // Well on the first day, red again later: the zone is another time's, and a week has not passed.
    let into = async |zone: &str, days: i64| {
        let since = at(days).now.to_rfc3339();
        let sql = format!(
            "update client_health_scores set health_zone = '{zone}', zone_since = '{since}'"
        );
        world.owner.execute_unprepared(&sql).await.unwrap();
    };
    into("GREEN", 1).await;
    assert!(open_due(&world, &at(1)).await.is_empty());
    into("RED", 2).await;
    assert!(open_due(&world, &at(2)).await.is_empty());
    let week_later =
        Context { now: at(7).now - TimeDelta::microseconds(1), ..world.context.clone() };
    assert!(open_due(&world, &week_later).await.is_empty());
    assert_eq!(open_due(&world, &at(7)).await.len(), 1);
}

#[tokio::test]
async fn what_waits_is_let_be_when_its_cause_is_gone_and_keeps_nothing_back() {
    let world = World::new().await;
    world.run(async |tx| red(tx, "kim@a.example").await).await;
    let at = |days: i64| world.later(TimeDelta::days(days));
    compute(&world, &at(0)).await;
    let first = open_due(&world, &at(0)).await.remove(0);
    let is = async |id| world.run(async |tx| intervention::get(tx, id).await).await;
    assert!(open_due(&world, &at(1)).await.is_empty());
    assert_eq!(is(first.id).await.status, Status::Pending, "its cause is there");
    let into = async |zone: &str, days: i64| {
        let since = at(days).now.to_rfc3339();
        let sql = format!(
            "update client_health_scores set health_zone = '{zone}', zone_since = '{since}'"
        );
        world.owner.execute_unprepared(&sql).await.unwrap();
    };
    // Well for a time, and red again by the time that somebody looks: the old one is of another
    // fall, and as nobody was sent it, the new fall is written about at once.
    into("RED", 2).await;
    let again = open_due(&world, &at(3)).await;
    assert_eq!(again.len(), 1);
    let old = is(first.id).await;
    assert_eq!((old.status, old.closed_at), (Status::Dismissed, Some(at(3).now)));
    assert_eq!(old.outcome.as_deref(), Some("its cause is gone"));
    // In another zone: let be, even if somebody once held it; but not while somebody does.
    let ask = intervention::Claims::default();
    let work = async |tx: &Tx| intervention::claim(tx, &ask).await;
    assert_eq!(world.run_as(&at(3), work).await.len(), 1);
    into("YELLOW", 4).await;
    assert_eq!(open_due(&world, &at(4)).await[0].health_zone, Some(Zone::Yellow));
    assert_eq!(is(again[0].id).await.status, Status::Pending, "somebody has it");
    let ends = "update intervention_log
                set send_lease_until = statement_timestamp() - interval '1 s'
                where send_claim is not null";
    world.owner.execute_unprepared(ends).await.unwrap();
    assert!(open_due(&world, &at(4)).await.is_empty());
    let let_be = is(again[0].id).await;
    assert_eq!((let_be.status, let_be.send_claim), (Status::Dismissed, None));
}

#[tokio::test]
async fn a_break_waits_for_its_own_week_and_is_let_be_when_the_next_is_well() {
    let world = World::new().await;
    let sunday = world.at(SUNDAY);
    world
        .run_as(&sunday, async |tx| {
            open(tx, "kim@a.example").await?;
            broken(tx, "kim@a.example").await
        })
        .await;
    let kim = open_due(&world, &sunday).await.remove(0);
    let is = async || world.run(async |tx| intervention::get(tx, kim.id).await).await.status;
    let well = "update client_health_scores set pattern_status = 'NORMAL'";
    world.owner.execute_unprepared(well).await.unwrap();
    assert!(open_due(&world, &sunday).await.is_empty());
    assert_eq!(is().await, Status::Pending, "the week may yet break again");
    let next = "update client_health_scores
                set pattern_week_start = pattern_week_start + interval '7 days'";
    world.owner.execute_unprepared(next).await.unwrap();
    assert!(open_due(&world, &world.at("2026-03-10T00:00:00Z")).await.is_empty());
    assert_eq!(is().await, Status::Dismissed);
}

#[tokio::test]
async fn the_greatest_risk_comes_first_and_a_limit_is_kept() {
    let world = World::new().await;
    world
        .run(async |tx| {
            // Stable, 30 days ago, one a month: see the table of risks.
            client(tx, "less@a.example", &[1, 8, 15, 22], 1).await?;
            client(tx, "most@a.example", &[40], 1).await?;
            client(tx, "well@a.example", &OFTEN, 5).await?;
            open(tx, "unknown@a.example").await
        })
        .await;
    let theirs = async |tx: &Tx| red(tx, "theirs@a.example").await;
    world.run_as(&world.neighbour, theirs).await;
    compute(&world, &world.context).await;
    compute(&world, &world.neighbour).await;
    let one = async || {
        let ask = Due { limit: 1 };
        let logged = world.run(async |tx| intervention::open_due(tx, &ask).await).await;
        logged.into_iter().map(|i| i.client_email.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(one().await, ["most@a.example"]);
    assert_eq!(one().await, ["less@a.example"]);
    assert_eq!(one().await, Vec::<String>::new());
    for limit in [0, 1001] {
        let wrong = async |tx: &Tx| intervention::open_due(tx, &Due { limit }).await;
        let said = world.db.run(world.context.clone(), wrong).await;
        assert!(matches!(said, Err(Error::Invalid { field, .. }) if field == "limit"));
    }
}

#[tokio::test]
async fn several_workers_log_each_cause_once() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for n in 0..20 {
                red(tx, &format!("c{n}@a.example")).await?;
            }
            Ok(())
        })
        .await;
    compute(&world, &world.context).await;
    let work = async || {
        let mut done = 0;
        for _ in 0..8 {
            let ask = Due { limit: 3 };
            done += world.run(async |tx| intervention::open_due(tx, &ask).await).await.len();
        }
        done
    };
    let (a, b, c) = tokio::join!(work(), work(), work());
    assert_eq!(a + b + c + open_due(&world, &world.context).await.len(), 20);
    let each = "select count(distinct client_email) || ' of ' || count(*) from intervention_log";
    assert_eq!(world.strings(each).await, ["20 of 20"]);
}

#[tokio::test]
async fn a_deleted_customers_client_is_left_alone() {
    let world = World::new().await;
    world
        .run(async |tx| {
            let acme = ClientId::parse("cs_1_acme").unwrap();
            let new = customer::New::named(acme.clone(), "Acme", tx.now().date_naive());
            customer::register(tx, new).await?;
            let new = client_health_score::New {
                email: email("kim@a.example"),
                client_id: Some(acme),
                firstname: None,
                lastname: None,
                assigned_coach: None,
            };
            client_health_score::open(tx, new).await?;
            had(tx, "kim@a.example", tx.now() - TimeDelta::days(40)).await
        })
        .await;
    compute(&world, &world.context).await;
    let delete = |at: &str| format!("update customers set deleted_at = {at}");
    world.owner.execute_unprepared(&delete("now()")).await.unwrap();
    assert!(open_due(&world, &world.context).await.is_empty());
    world.owner.execute_unprepared(&delete("null")).await.unwrap();
    assert_eq!(open_due(&world, &world.context).await.len(), 1);
}
