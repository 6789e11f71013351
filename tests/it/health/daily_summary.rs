//! How all of a tenant's clients did on a day.

use chrono::{NaiveDate, TimeDelta};
use entity::id::ClientId;
use integration::{World, populate::email};
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use service::{
    Context, Error, Result, Tx,
    customers::customer,
    health::{
        client_health_score::{self, Package},
        daily_summary::{self, Model},
    },
};

use super::client_health_score::{OFTEN, client, compute, had, open};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn close(world: &World, who: &Context, date: &str) -> Result<Model> {
    let work = async |tx: &Tx| daily_summary::close(tx, day(date)).await;
    world.db.run(who.clone(), work).await
}

/// A customer's client who was never seen, at a score of 44 and in the red.
async fn red(tx: &Tx, address: &str, of: &ClientId) -> Result<()> {
    let new = client_health_score::New {
        email: email(address),
        client_id: Some(of.clone()),
        firstname: None,
        lastname: None,
        assigned_coach: None,
    };
    client_health_score::open(tx, new).await?;
    let package = Package { purchased: 10, outstanding: 5, ends_on: None };
    client_health_score::set_package(tx, &email(address), package).await
}

async fn customer(tx: &Tx, id: &str, value: i64) -> Result<ClientId> {
    let id = ClientId::parse(id).unwrap();
    let new = customer::New::named(id.clone(), "Acme", day("2026-01-01"));
    let new = customer::New { contract_value: value.into(), ..new };
    customer::register(tx, new).await?;
    Ok(id)
}

#[tokio::test]
async fn a_day_has_one_row_that_adds_up_and_counts_each_customer_once() {
    let world = World::new().await;
    world
        .run(async |tx| {
            let (acme, other) =
                (customer(tx, "cs_1_acme", 1000).await?, customer(tx, "cs_2_other", 500).await?);
            red(tx, "one@a.example", &acme).await?;
            red(tx, "two@a.example", &acme).await?;
            red(tx, "three@a.example", &other).await?;
            client(tx, "well@a.example", &OFTEN, 5).await?; // 86, of no customer
            open(tx, "unknown@a.example").await?; // of no score
            let gone = customer(tx, "cs_3_gone", 9000).await?;
            red(tx, "gone@a.example", &gone).await
        })
        .await;
    let delete = "update customers set deleted_at = now() where client_id = 'cs_3_gone'";
    world.owner.execute_unprepared(delete).await.unwrap();
    compute(&world, &world.context).await;
    let today = close(&world, &world.context, "2026-03-02").await.unwrap();
    assert_eq!((today.total_active_clients, today.critical_interventions), (4, 3));
    // (44 + 44 + 44 + 86) / 4
    assert_eq!(today.avg_health_score, Some(Decimal::new(5450, 2)));
    assert_eq!((today.red_clients, today.yellow_clients), (3, 0));
    assert_eq!((today.green_clients, today.purple_clients), (0, 1));
    assert_eq!((today.red_percentage, today.purple_percentage), (75.into(), 25.into()));
    assert_eq!(today.at_risk_revenue, 1500.into());
    let theirs = close(&world, &world.neighbour, "2026-03-02").await.unwrap();
    assert_eq!((theirs.total_active_clients, theirs.avg_health_score), (0, None));
    assert_eq!((theirs.red_percentage, theirs.at_risk_revenue), (0.into(), 0.into()));
}

#[tokio::test]
async fn later_on_the_same_day_the_row_is_written_anew_and_no_other_days() {
    let world = World::new().await;
    world.run(async |tx| client(tx, "kim@a.example", &[], 5).await).await;
    compute(&world, &world.context).await;
    let first = close(&world, &world.context, "2026-03-02").await.unwrap();
    world
        .run(async |tx| {
            client(tx, "lee@a.example", &[], 5).await?;
            client(tx, "max@a.example", &OFTEN, 5).await?;
            had(tx, "max@a.example", tx.now()).await
        })
        .await;
    let evening = world.later(TimeDelta::hours(10));
    compute(&world, &evening).await;
    let again = close(&world, &evening, "2026-03-02").await.unwrap();
    assert_eq!((again.id, again.created_at), (first.id, first.created_at));
    assert_eq!((first.total_active_clients, again.total_active_clients), (1, 3));
    assert_eq!(
        (again.red_percentage, again.purple_percentage),
        (Decimal::new(6667, 2), Decimal::new(3333, 2))
    );
    for other in ["2026-03-01", "2026-03-03"] {
        let said = close(&world, &world.context, other).await;
        assert!(matches!(said, Err(Error::Invalid { field, .. }) if field == "date"));
    }
    let tomorrow = world.later(TimeDelta::days(1));
    assert!(close(&world, &tomorrow, "2026-03-03").await.is_ok());
    let read = async |date: &str| {
        let read = async |tx: &Tx| daily_summary::of(tx, day(date)).await;
        world.db.read(world.context.clone(), read).await
    };
    assert_eq!(read("2026-03-02").await.unwrap(), again);
    assert!(matches!(read("2026-03-01").await, Err(Error::NotFound("summary"))));
}
