//! Clients who call less than they used to, or more.

mod figures;

use chrono::{DateTime, TimeDelta, Utc};
use entity::zone::Zone;
use integration::{World, populate::email};
use rust_decimal::Decimal;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use service::{
    Context, Error, Result, Tx,
    health::{
        client_health_score,
        pattern::{
            self, Analyse, Analysed, Break, Breaks, CallStatus, CallType, New, Rule, Status,
        },
    },
    tenancy::tenant,
};

use super::client_health_score::open;

/// A client who had so many calls in each of the last weeks, the last number being this week's, on
/// Mondays at noon, an hour after each other.
async fn client(tx: &Tx, address: &str, weeks: &[i64]) -> Result<()> {
    open(tx, address).await?;
    let this_monday: DateTime<Utc> = "2026-03-02T00:00:00Z".parse().unwrap();
    for (back, calls) in weeks.iter().rev().enumerate() {
        let monday = this_monday - TimeDelta::weeks(i64::try_from(back).unwrap());
        for n in 0..*calls {
            let at = monday + TimeDelta::minutes(10 * n + 1);
            pattern::record_call(tx, New::held(email(address), at)).await?;
        }
    }
    Ok(())
}

async fn analyse(world: &World, at: &Context) -> Analysed {
    let ask = Analyse::default();
    world.run_as(at, async |tx| pattern::analyse(tx, &ask).await).await
}

async fn status(world: &World, address: &str) -> Status {
    let address = email(address);
    world.run(async |tx| client_health_score::get(tx, &address).await).await.pattern_status
}

async fn breaks(world: &World, at: &Context) -> Vec<Break> {
    let ask = Breaks::default();
    world.db.read(at.clone(), async |tx| pattern::breaks(tx, &ask).await).await.unwrap().items
}

/// Sunday night: practically the whole week has passed.
const SUNDAY: &str = "2026-03-08T23:59:59Z";

#[tokio::test]
async fn who_calls_less_than_half_as_often_breaks_the_pattern_and_says_so_with_figures() {
    let world = World::new().await;
    world
        .run_as(&world.at(SUNDAY), async |tx| {
            client(tx, "kim@a.example", &[10, 10, 10, 10, 4]).await
        })
        .await;
    let theirs = async |tx: &Tx| client(tx, "kim@a.example", &[10, 10, 10, 10, 0]).await;
    world.run_as(&Context { now: world.at(SUNDAY).now, ..world.neighbour.clone() }, theirs).await;
    let analysed = analyse(&world, &world.at(SUNDAY)).await;
    assert_eq!((analysed.looked_at, analysed.found[&Status::PatternBreak]), (1, 1));
    let found = breaks(&world, &world.at(SUNDAY)).await;
    assert_eq!(found.len(), 1);
    let kim = &found[0];
    assert_eq!((kim.client_name.as_str(), kim.calls_this_week), ("Kim Lee", 4));
    assert_eq!((kim.avg_calls_per_week, kim.expected_calls), (10.into(), 10.into()));
    assert_eq!((kim.lost_calls, kim.deviation_pct), (6.into(), Some(Decimal::new(-6000, 2))));
    assert_eq!(kim.week_start, "2026-03-02T00:00:00Z".parse::<DateTime<Utc>>().unwrap());
}

#[tokio::test]
async fn monday_morning_is_no_break_and_wednesday_may_be() {
    let world = World::new().await;
    let monday = world.at("2026-03-02T08:00:00Z");
    world.run_as(&monday, async |tx| client(tx, "kim@a.example", &[10, 10, 10, 10, 0]).await).await;
    analyse(&world, &monday).await;
    assert_eq!(status(&world, "kim@a.example").await, Status::Normal);
    analyse(&world, &world.at("2026-03-04T12:00:00Z")).await;
    assert_eq!(status(&world, "kim@a.example").await, Status::PatternBreak);
}

#[tokio::test]
async fn the_week_begins_on_monday_where_the_tenant_is() {
    let world = World::new().await;
    let new = tenant::New::named("tenant", Zone::parse("Pacific/Auckland").unwrap());
    world.run(async |tx| tenant::change(tx, new).await).await;
    let at = world.at("2026-03-04T12:00:00Z");
    world
        .run_as(&at, async |tx| {
            open(tx, "kim@a.example").await?;
            // Monday 00:30 in Auckland is Sunday 11:30 in UTC.
            let first: DateTime<Utc> = "2026-03-01T11:30:00Z".parse().unwrap();
            for week in 0..5 {
                for n in 0..7 {
                    let then = first - TimeDelta::weeks(week) + TimeDelta::minutes(n);
                    pattern::record_call(tx, New::held(email("kim@a.example"), then)).await?;
                }
            }
            Ok(())
        })
        .await;
    analyse(&world, &at).await;
    let address = email("kim@a.example");
    let kim = world.run(async |tx| client_health_score::get(tx, &address).await).await;
    assert_eq!((kim.calls_this_week, kim.avg_calls_per_week), (7, 7.into()));
    assert_eq!(kim.pattern_week_start, Some("2026-03-01T11:00:00Z".parse().unwrap()));
}

#[tokio::test]
async fn only_conversations_count_at_the_time_they_took_place() {
    let world = World::new().await;
    let at = world.at(SUNDAY);
    world
        .run_as(&at, async |tx| {
            client(tx, "kim@a.example", &[4, 4, 4, 4, 0]).await?;
            let monday: DateTime<Utc> = "2026-03-02T10:00:00Z".parse().unwrap();
            let held = || New::held(email("kim@a.example"), monday);
            for new in [
                New { status: CallStatus::NoAnswer, ..held() },
                New { status: CallStatus::Voicemail, ..held() },
                New { call_type: CallType::Email, ..held() },
                New { call_type: CallType::Sms, ..held() },
                New { call_type: CallType::WhatsApp, ..held() },
                New { call_type: CallType::InPerson, ..held() },
            ] {
                pattern::record_call(tx, new).await?;
            }
            Ok(())
        })
        .await;
    analyse(&world, &at).await;
    let address = email("kim@a.example");
    let kim = world.run(async |tx| client_health_score::get(tx, &address).await).await;
    assert_eq!((kim.calls_this_week, kim.avg_calls_per_week), (2, 4.into()));
}

#[tokio::test]
async fn of_a_client_of_two_weeks_nothing_can_be_said_and_of_three_it_can() {
    let world = World::new().await;
    let at = world.at(SUNDAY);
    world
        .run_as(&at, async |tx| {
            client(tx, "new@a.example", &[9, 9, 0]).await?;
            client(tx, "known@a.example", &[9, 9, 9, 0]).await?;
            open(tx, "silent@a.example").await
        })
        .await;
    analyse(&world, &at).await;
    assert_eq!(status(&world, "new@a.example").await, Status::InsufficientData);
    assert_eq!(status(&world, "known@a.example").await, Status::PatternBreak);
    assert_eq!(status(&world, "silent@a.example").await, Status::InsufficientData);
    assert_eq!(breaks(&world, &at).await.len(), 1);
}

#[tokio::test]
async fn a_client_who_stops_stays_broken_until_the_next_call() {
    let world = World::new().await;
    let at = world.at(SUNDAY);
    world.run_as(&at, async |tx| client(tx, "kim@a.example", &[9, 9, 9, 9, 0]).await).await;
    analyse(&world, &at).await;
    for week in 1..8 {
        let then = Context { now: at.now + TimeDelta::weeks(week), ..at.clone() };
        analyse(&world, &then).await;
        assert_eq!(status(&world, "kim@a.example").await, Status::PatternBreak, "week {week}");
    }
    let back = Context { now: at.now + TimeDelta::weeks(8), ..at };
    let call =
        async |tx: &Tx| pattern::record_call(tx, New::held(email("kim@a.example"), tx.now())).await;
    world.run_as(&back, call).await;
    analyse(&world, &back).await;
    assert_eq!(status(&world, "kim@a.example").await, Status::AbovePattern);
}

#[tokio::test]
async fn a_day_has_one_row_a_client_and_a_second_run_does_nothing() {
    let world = World::new().await;
    let at = world.at("2026-03-04T12:00:00Z");
    world
        .run_as(&at, async |tx| {
            for n in 0..5 {
                client(tx, &format!("c{n}@a.example"), &[3, 3, 3, 3, 1]).await?;
            }
            Ok(())
        })
        .await;
    let some = Analyse { limit: 2, ..Analyse::default() };
    let run = async |at: &Context| {
        world.run_as(at, async |tx| pattern::analyse(tx, &some).await).await.looked_at
    };
    // Cut off after any of them, the rest is done next.
    assert_eq!([run(&at).await, run(&at).await, run(&at).await, run(&at).await], [2, 2, 1, 0]);
    let rows = "select count(*)::text from call_pattern_analysis";
    assert_eq!(world.strings(rows).await, ["5"]);
    // Asked to do it again all the same, it changes the day's row.
    world
        .owner
        .execute_unprepared("update client_health_scores set pattern_attempted_at = null")
        .await
        .unwrap();
    assert_eq!(run(&at).await, 2);
    assert_eq!(world.strings(rows).await, ["5"]);
    let next = world.at("2026-03-05T00:00:00Z");
    assert_eq!(analyse(&world, &next).await.looked_at, 5);
    assert_eq!(world.strings(rows).await, ["10"]);
}

#[tokio::test]
async fn whoever_was_looked_at_longest_ago_comes_first_and_nobody_is_left_out() {
    let world = World::new().await;
    let mut order = vec![];
    world
        .run(async |tx| {
            for n in 0..3 {
                open(tx, &format!("c{n}@a.example")).await?;
            }
            Ok(())
        })
        .await;
    let one = Analyse { limit: 1, ..Analyse::default() };
    for day in 0..6 {
        let at = world.later(TimeDelta::days(day));
        world.run_as(&at, async |tx| pattern::analyse(tx, &one).await).await;
        let last = "select email from client_health_scores order by pattern_attempted_at desc nulls last limit 1";
        order.extend(world.strings(last).await);
    }
    let thrice = ["c0@a.example", "c1@a.example", "c2@a.example"];
    assert_eq!(order, [thrice, thrice].concat());
}

#[tokio::test]
async fn a_client_that_fails_stops_nobody_and_keeps_its_old_figures() {
    let world = World::new().await;
    let at = world.at(SUNDAY);
    world
        .run_as(&at, async |tx| {
            for name in ["a", "bad", "c"] {
                client(tx, &format!("{name}@a.example"), &[9, 9, 9, 9, 0]).await?;
            }
            Ok(())
        })
        .await;
    let poison = "
        create function refuse() returns trigger language plpgsql as
            $$ begin raise exception 'poisoned' using errcode = 'P0001'; end $$;
        create trigger poisoned before insert on call_pattern_analysis for each row
            when (new.client_email = 'bad@a.example') execute function refuse()";
    world.owner.execute_unprepared(poison).await.unwrap();
    let analysed = analyse(&world, &at).await;
    assert_eq!((analysed.looked_at, analysed.failed.len()), (3, 1));
    assert_eq!(analysed.found[&Status::PatternBreak], 2);
    assert_eq!(status(&world, "bad@a.example").await, Status::InsufficientData);
    assert_eq!(status(&world, "c@a.example").await, Status::PatternBreak);
    assert_eq!(analyse(&world, &at).await.looked_at, 0, "today is done");
}

#[tokio::test]
async fn breaks_come_before_shortfalls_and_many_lost_calls_before_few() {
    let world = World::new().await;
    let at = world.at(SUNDAY);
    world
        .run_as(&at, async |tx| {
            client(tx, "below@a.example", &[40, 40, 40, 40, 25]).await?;
            client(tx, "small@a.example", &[2, 2, 2, 2, 0]).await?;
            client(tx, "large@a.example", &[20, 20, 20, 20, 5]).await?;
            client(tx, "fine@a.example", &[5, 5, 5, 5, 5]).await
        })
        .await;
    analyse(&world, &at).await;
    let order = |found: Vec<Break>| found.into_iter().map(|b| b.client_email).collect::<Vec<_>>();
    let expected = ["large", "small", "below"].map(|n| email(&format!("{n}@a.example")));
    assert_eq!(order(breaks(&world, &at).await), expected);
    // Page by page, and as the seeds' function has it.
    let (mut paged, mut after) = (vec![], None);
    loop {
        let ask = Breaks { limit: 1, after, ..Breaks::default() };
        let page =
            world.db.read(at.clone(), async |tx| pattern::breaks(tx, &ask).await).await.unwrap();
        paged.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(order(paged), expected);
    let by_function = async |who: &Context, days: i32| {
        let sql = format!(
            "select concat_ws(' ', client_email, calls_this_week, deviation_pct)
             from get_pattern_breaks({days}, '{}')",
            who.now.to_rfc3339()
        );
        let read = async |tx: &Tx| {
            let rows = tx.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
            rows.iter().map(|row| Ok(row.try_get_by_index::<String>(0)?)).collect()
        };
        let rows: Result<Vec<String>> = world.db.read(who.clone(), read).await;
        rows.unwrap()
    };
    let told: Vec<_> = breaks(&world, &at)
        .await
        .iter()
        .map(|b| {
            format!(
                "{} {} {}",
                b.client_email.as_str(),
                b.calls_this_week,
                b.deviation_pct.unwrap()
            )
        })
        .collect();
    assert_eq!(by_function(&at, 7).await, told);
    let theirs = Context { now: at.now, ..world.neighbour.clone() };
    assert!(by_function(&theirs, 7).await.is_empty());
    // Seven days back, that day included.
    let week_on =
        |extra: TimeDelta| Context { now: at.now + TimeDelta::days(7) + extra, ..at.clone() };
    assert_eq!(breaks(&world, &week_on(TimeDelta::zero())).await.len(), 3);
    assert_eq!(breaks(&world, &week_on(TimeDelta::microseconds(1))).await.len(), 0);
}

#[tokio::test]
async fn the_seeds_own_rule_counts_whatever_was_recorded_in_thirty_days() {
    let world = World::new().await;
    let at = world.at(SUNDAY);
    world
        .run_as(&at, async |tx| {
            // Recorded now, whenever they were: an import, as the seed sees it.
            client(tx, "kim@a.example", &[10, 10, 10, 13, 0]).await
        })
        .await;
    let seed = Analyse { rule: Rule::Seed, ..Analyse::default() };
    world.run_as(&at, async |tx| pattern::analyse(tx, &seed).await).await;
    let row =
        "select concat_ws(' ', calls_this_week, avg_calls_per_week, deviation_pct, pattern_status,
                                rule) from call_pattern_analysis";
    // 43 in thirty days are 10 a week; all 43 were recorded this week.
    assert_eq!(world.strings(row).await, ["43 10.00 330.00 ABOVE_PATTERN seed"]);
}

#[tokio::test]
async fn a_call_with_an_id_is_recorded_once_and_one_of_nobody_is_not() {
    let world = World::new().await;
    let new = New {
        external_id: Some("pbx-1".to_owned()),
        ..New::held(email("kim@a.example"), world.context.now)
    };
    let record = async |new: New| {
        world.db.run(world.context.clone(), async |tx| pattern::record_call(tx, new).await).await
    };
    assert!(matches!(record(new.clone()).await, Err(Error::NotFound("client"))));
    world.run(async |tx| open(tx, "kim@a.example").await).await;
    let first = record(new.clone()).await.unwrap();
    assert_eq!(record(new.clone()).await.unwrap().id, first.id);
    // What was planned becomes what came of it, once.
    let planned =
        New { external_id: Some("pbx-2".to_owned()), status: CallStatus::Scheduled, ..new.clone() };
    let id = record(planned.clone()).await.unwrap().id;
    let held = New { status: CallStatus::Completed, ..planned.clone() };
    let held = record(held).await.unwrap();
    assert_eq!((held.id, held.status), (id, CallStatus::Completed));
    assert_eq!(record(planned).await.unwrap().status, CallStatus::Completed);
    let early = New { call_date: world.context.now + TimeDelta::seconds(1), ..new };
    assert!(
        matches!(record(early).await, Err(Error::Invalid { field, .. }) if field == "call_date")
    );
    assert_eq!(world.strings("select count(*)::text from call_records").await, ["2"]);
}
