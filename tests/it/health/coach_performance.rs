//! How the clients of each coach do.

use chrono::{NaiveDate, TimeDelta};
use integration::{World, populate::email};
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use service::{
    Context, Error, Result, Tx,
    health::{
        client_health_score,
        coach_performance::{self, Model, Trend},
    },
};

use super::client_health_score::{OFTEN, client, compute, had};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn close(world: &World, who: &Context, date: &str) -> Result<Vec<Model>> {
    let work = async |tx: &Tx| coach_performance::close(tx, day(date)).await;
    world.db.run(who.clone(), work).await
}

async fn give(tx: &Tx, address: &str, coach: &str) -> Result<()> {
    client_health_score::change_owner(tx, &email(address), coach, None).await.map(drop)
}

#[tokio::test]
async fn each_coach_has_a_row_for_the_day_by_how_the_clients_do_and_did() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for (name, days, coach) in [
                ("falls", &OFTEN[..], "Ann"),
                ("rises", &[], "Bob"),
                ("stays", &[], "Bob"),
                ("evens", &[], "Cy"),
            ] {
                client(tx, &format!("{name}@a.example"), days, 5).await?;
                give(tx, &format!("{name}@a.example"), coach).await?;
            }
            client(tx, "nobodys@a.example", &[], 5).await
        })
        .await;
    compute(&world, &world.context).await;
    let first = close(&world, &world.context, "2026-03-02").await.unwrap();
    assert_eq!(first.len(), 3, "nobody's client is in no row");
    assert!(first.iter().all(|coach| coach.trend == Trend::Stable), "no week before it");
    let next = world.at("2026-03-11T09:00:00Z");
    world.run_as(&next, async |tx| had(tx, "rises@a.example", tx.now()).await).await;
    compute(&world, &next).await;
    let rows = close(&world, &next, "2026-03-11").await.unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|c| (c.coach_name.as_str(), c.clients_improving, c.clients_declining, c.trend))
        .collect();
    let expected = [
        ("Ann", 0, 1, Trend::Declining),
        ("Bob", 1, 0, Trend::Improving),
        ("Cy", 0, 0, Trend::Stable),
    ];
    assert_eq!(told, expected);
    // 78 and 44.
    let bob = &rows[1];
    assert_eq!((bob.total_clients, bob.avg_health_score), (2, Some(Decimal::from(61))));
    assert_eq!((bob.red_clients, bob.green_clients), (1, 1));
    let theirs = Context { now: next.now, ..world.neighbour.clone() };
    assert!(close(&world, &theirs, "2026-03-11").await.unwrap().is_empty());
}

#[tokio::test]
async fn on_a_monday_before_the_scores_sundays_are_compared_with_those_of_the_week_before() {
    let world = World::new().await;
    let first = world.at("2026-03-01T09:00:00Z");
    world
        .run_as(&first, async |tx| {
            client(tx, "falls@a.example", &OFTEN, 5).await?;
            client(tx, "old@a.example", &OFTEN, 5).await?;
            give(tx, "falls@a.example", "Ann").await?;
            give(tx, "old@a.example", "Bob").await
        })
        .await;
    // 86, and a week later, with none in seven days, 12 in the month and the last 8 days ago: 55 or
    // 60, 90 and 30.
    compute(&world, &first).await;
    compute(&world, &world.at("2026-03-08T09:00:00Z")).await;
    let monday = world.at("2026-03-09T08:00:00Z");
    // A score that is older than last week's is compared with nothing.
    let old = "update client_health_scores set calculated_at = '2026-03-01T23:59:59Z'
               where email = 'old@a.example'";
    world.owner.execute_unprepared(old).await.unwrap();
    let rows = close(&world, &monday, "2026-03-09").await.unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|c| (c.coach_name.as_str(), c.clients_improving, c.clients_declining, c.trend))
        .collect();
    assert_eq!(told, [("Ann", 0, 1, Trend::Declining), ("Bob", 0, 0, Trend::Stable)]);
}

#[tokio::test]
async fn a_coach_who_lost_the_last_client_in_the_day_is_not_in_it_and_the_day_is_today() {
    let world = World::new().await;
    world
        .run(async |tx| {
            client(tx, "kim@a.example", &[], 5).await?;
            give(tx, "kim@a.example", "Ann").await
        })
        .await;
    compute(&world, &world.context).await;
    let names = async |who: &Context, date: &str| {
        let rows = close(&world, who, date).await.unwrap();
        rows.into_iter().map(|row| row.coach_name).collect::<Vec<_>>()
    };
    assert_eq!(names(&world.context, "2026-03-02").await, ["Ann"]);
    world.run(async |tx| give(tx, "kim@a.example", "Bob").await).await;
    assert_eq!(names(&world.context, "2026-03-02").await, ["Bob"]);
    let tomorrow = world.later(TimeDelta::days(1));
    assert_eq!(names(&tomorrow, "2026-03-03").await, ["Bob"]);
    assert_eq!(world.strings("select count(*)::text from coach_performance").await, ["2"]);
    for wrong in ["2026-03-01", "2026-03-03"] {
        let said = close(&world, &world.context, wrong).await;
        assert!(matches!(said, Err(Error::Invalid { field, .. }) if field == "date"));
    }
}
