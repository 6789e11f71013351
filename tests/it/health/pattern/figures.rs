//! What the seed's figures get wrong, and ours do not.

use integration::World;
use rust_decimal::Decimal;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use service::{
    Tx,
    health::pattern::{self, New, Status},
};

use super::{SUNDAY, analyse, breaks, client, email, status};

#[tokio::test]
async fn an_analysis_without_a_date_is_of_today_in_utc() {
    let world = World::new().await;
    world.run(async |tx| client(tx, "kim@a.example", &[1]).await).await;
    let insert = "insert into call_pattern_analysis (tenant_id, client_email, pattern_status)
                  select tenant_id, email, 'NORMAL' from client_health_scores";
    world.owner.execute_unprepared(insert).await.unwrap();
    let today = "select (analysis_date = (now() at time zone 'UTC')::date)::text
                 from call_pattern_analysis";
    assert_eq!(world.strings(today).await, ["true"]);
}

#[tokio::test]
async fn the_week_begins_where_it_is_said_to_and_the_function_admits_that_it_depends_on_it() {
    let world = World::new().await;
    // Sunday, 21:00 in UTC, is Monday, 01:00 in Dubai.
    let week = |zone: &str| {
        format!("select get_week_start('2026-03-01T21:00:00Z'{zone}) at time zone 'UTC' || ''")
    };
    assert_eq!(world.strings(&week("")).await, ["2026-02-23 00:00:00"]);
    assert_eq!(world.strings(&week(", 'Asia/Dubai'")).await, ["2026-03-01 20:00:00"]);
    let kind = "select provolatile::text from pg_proc where proname = 'get_week_start'";
    assert_eq!(world.strings(kind).await, ["s"]);
}

#[tokio::test]
async fn the_list_and_the_state_come_from_the_same_unrounded_figures() {
    let world = World::new().await;
    let at = world.at(SUNDAY);
    // 31 calls in three weeks are 10⅓ a week. Of 5 there are 51.61 % too few; of the seed's rounded
    // average of 10.3 it would be 51.46.
    world.run_as(&at, async |tx| client(tx, "kim@a.example", &[10, 10, 11, 5]).await).await;
    analyse(&world, &at).await;
    let kim = breaks(&world, &at).await.remove(0);
    assert_eq!(kim.pattern_status, Status::PatternBreak);
    assert_eq!(kim.avg_calls_per_week, Decimal::new(1033, 2));
    assert_eq!(kim.deviation_pct, Some(Decimal::new(-5161, 2)));
    let told = async |tx: &Tx| {
        let sql = format!("select deviation_pct::text from get_pattern_breaks(7, '{SUNDAY}')");
        let row = tx.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
        Ok(row.unwrap().try_get_by_index::<String>(0)?)
    };
    assert_eq!(world.run_as(&at, told).await, "-51.61");
}

#[tokio::test]
async fn this_weeks_calls_do_not_raise_what_is_usual() {
    let world = World::new().await;
    let at = world.at(SUNDAY);
    world
        .run_as(&at, async |tx| {
            client(tx, "kim@a.example", &[10, 10, 10, 10, 16]).await?;
            // Imported late, and long past: it counts when it was, and not when it came.
            let long_ago = "2026-01-05T12:00:00Z".parse().unwrap();
            pattern::record_call(tx, New::held(email("kim@a.example"), long_ago)).await
        })
        .await;
    analyse(&world, &at).await;
    // 16 against 10 are 60 % more; with this week in the mean, 16 against 11.2, it would be normal.
    assert_eq!(status(&world, "kim@a.example").await, Status::AbovePattern);
}
