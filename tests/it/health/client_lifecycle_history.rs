//! How a client did from week to week.

use chrono::{NaiveDate, TimeDelta};
use integration::{World, populate::email};
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use service::{
    Context, Error, Tx,
    health::{
        client_health_score::{Momentum, Zone},
        client_lifecycle_history::{self, Model, Weeks},
    },
};

use super::client_health_score::{OFTEN, client, compute, had, open};

async fn weeks(world: &World, who: &Context) -> Vec<Model> {
    let (mut all, mut before) = (vec![], None);
    loop {
        let ask = Weeks { email: email("kim@a.example"), limit: 1, before };
        let read = async |tx: &Tx| client_lifecycle_history::weeks(tx, &ask).await;
        let page = world.db.read(who.clone(), read).await.unwrap();
        all.extend(page.items);
        before = page.next;
        if before.is_none() {
            return all;
        }
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_week_is_one_row_as_it_was_last_and_knows_the_zone_it_began_in() {
    let world = World::new().await;
    world.run(async |tx| client(tx, "kim@a.example", &OFTEN, 5).await).await;
    // Monday and Sunday of one week, and Wednesday five weeks on.
    for at in ["2026-03-02T09:00:00Z", "2026-03-08T23:00:00Z", "2026-04-15T09:00:00Z"] {
        compute(&world, &world.at(at)).await;
    }
    let weeks = weeks(&world, &world.context).await;
    assert_eq!(weeks.len(), 2);
    let (late, first) = (&weeks[0], &weeks[1]);
    assert_eq!([late, first].map(|w| w.week_ending_date), [day("2026-04-19"), day("2026-03-08")]);
    // On that Sunday none in seven days: 65, 90 and 30: 26 + 27 + 9.
    assert_eq!((first.health_score, first.health_zone), (62.into(), Zone::Yellow));
    assert_eq!((first.previous_zone, first.engagement_trend), (None, Momentum::Declining));
    assert_eq!((late.previous_zone, late.health_zone), (Some(Zone::Yellow), Zone::Red));
}

#[tokio::test]
async fn a_week_is_compared_with_as_much_of_the_one_before_as_has_passed() {
    let world = World::new().await;
    // It is Wednesday, 12:00. The week before had two by then, and a third on Friday.
    let now = world.at("2026-03-04T12:00:00Z");
    world
        .run_as(&now, async |tx| {
            open(tx, "kim@a.example").await?;
            for at in [
                "2026-02-23T00:00:00Z",
                "2026-02-25T12:00:00Z",
                "2026-02-27T12:00:00Z",
                "2026-03-02T00:00:00Z",
            ] {
                had(tx, "kim@a.example", at.parse().unwrap()).await?;
            }
            // The Sunday before belongs to neither.
            had(tx, "kim@a.example", "2026-02-22T23:59:59Z".parse().unwrap()).await
        })
        .await;
    compute(&world, &now).await;
    let week = weeks(&world, &world.context).await.remove(0);
    assert_eq!((week.sessions_this_week, week.sessions_previous_week), (1, 3));
    assert_eq!(week.week_over_week_change, Some(Decimal::new(-5000, 2)));
    // The week after there is nothing to compare with two weeks on.
    compute(&world, &world.at("2026-03-18T12:00:00Z")).await;
    let week = weeks(&world, &world.context).await.remove(0);
    assert_eq!((week.sessions_previous_week, week.week_over_week_change), (0, None));
}

#[tokio::test]
async fn a_week_of_a_thousand_times_as_many_sessions_is_written_down_as_far_as_it_goes() {
    let world = World::new().await;
    world
        .run(async |tx| {
            client(tx, "kim@a.example", &[], 5).await?;
            had(tx, "kim@a.example", tx.now() - TimeDelta::days(7)).await
        })
        .await;
    // 1001 against 1 by the same time of the last week: 100 000 % more.
    let many = format!(
        "insert into client_sessions (tenant_id, id, client_email, held_at, status)
         select '{}', gen_random_uuid(), 'kim@a.example', timestamptz '2026-03-02T00:00:01Z',
                'attended'
         from generate_series(1, 1001)",
        world.context.tenant
    );
    world.owner.execute_unprepared(&many).await.unwrap();
    assert_eq!(compute(&world, &world.context).await.failed.len(), 0);
    let week = weeks(&world, &world.context).await.remove(0);
    assert_eq!((week.sessions_this_week, week.sessions_previous_week), (1001, 1));
    assert_eq!(week.week_over_week_change, Some(Decimal::from(99_999)));
}

#[tokio::test]
async fn the_weeks_are_the_tenants_own_and_a_limit_is_kept() {
    let world = World::new().await;
    world.run(async |tx| client(tx, "kim@a.example", &[1], 5).await).await;
    for week in 0..3 {
        compute(&world, &world.later(TimeDelta::weeks(week))).await;
    }
    assert_eq!(weeks(&world, &world.context).await.len(), 3);
    assert!(weeks(&world, &world.neighbour).await.is_empty());
    let none = Weeks { email: email("kim@a.example"), limit: 0, before: None };
    let read = async |tx: &Tx| client_lifecycle_history::weeks(tx, &none).await;
    let said = world.db.read(world.context.clone(), read).await;
    assert!(matches!(said, Err(Error::Invalid { field, .. }) if field == "limit"));
}
