//! How all of a tenant's clients did in a week, against the week before.

use chrono::NaiveDate;
use integration::World;
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use service::{
    Context, Error, Result, Tx,
    health::weekly_pattern::{self, Model},
};

use super::client_health_score::{OFTEN, client, compute, had};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn close(world: &World, who: &Context, week: &str) -> Result<Model> {
    let work = async |tx: &Tx| weekly_pattern::close(tx, day(week)).await;
    world.db.run(who.clone(), work).await
}

#[tokio::test]
async fn a_week_says_how_many_do_better_and_worse_than_the_week_before() {
    let world = World::new().await;
    world
        .run(async |tx| {
            client(tx, "falls@a.example", &OFTEN, 5).await?; // 86
            client(tx, "rises@a.example", &[], 5).await?; // 44
            client(tx, "stays@a.example", &[], 5).await // 44
        })
        .await;
    compute(&world, &world.context).await;
    let next = world.at("2026-03-11T09:00:00Z");
    world
        .run_as(&next, async |tx| {
            client(tx, "new@a.example", &[], 5).await?;
            had(tx, "rises@a.example", tx.now()).await
        })
        .await;
    compute(&world, &next).await;
    let first = close(&world, &next, "2026-03-02").await.unwrap();
    assert_eq!((first.total_clients, first.week_end_date), (3, day("2026-03-08")));
    assert_eq!((first.red_clients, first.purple_clients), (2, 1));
    // (86 + 44 + 44) / 3
    assert_eq!(first.avg_health_score, Some(58.into()));
    assert_eq!((first.clients_improving, first.clients_declining), (0, 0), "no week before it");
    let second = close(&world, &next, "2026-03-09").await.unwrap();
    // Falls: none in seven days, 12 in the month, the last ten days ago: 60, 90, 30: 60. Rises:
    // 60, 90, 90: 24 + 27 + 27 = 78. The others: 44.
    assert_eq!((second.clients_improving, second.clients_declining), (1, 1));
    assert_eq!((second.red_clients, second.yellow_clients, second.green_clients), (2, 1, 1));
    assert_eq!(second.avg_health_score, Some(Decimal::new(5650, 2)));
    // Without those of deleted customers: 78, 44 and 44.
    let gone = format!(
        "insert into customers (tenant_id, client_id, client_name, company_name,
                                contract_start_date, deleted_at)
         values ('{t}', 'cs_9_gone', 'Gone', 'Gone', '2026-01-01', now());
         update client_health_scores set client_id = 'cs_9_gone'
         where tenant_id = '{t}' and email = 'falls@a.example'",
        t = world.context.tenant
    );
    world.owner.execute_unprepared(&gone).await.unwrap();
    let without = close(&world, &next, "2026-03-09").await.unwrap();
    assert_eq!((without.total_clients, without.yellow_clients), (3, 0));
    assert_eq!((without.clients_improving, without.clients_declining), (1, 0));
    assert_eq!(without.avg_health_score, Some(Decimal::new(5533, 2)));
    let theirs = Context { now: next.now, ..world.neighbour.clone() };
    let none = close(&world, &theirs, "2026-03-09").await.unwrap();
    assert_eq!((none.total_clients, none.avg_health_score), (0, None));
}

#[tokio::test]
async fn a_week_is_one_row_and_begins_on_a_monday_that_has_come() {
    let world = World::new().await;
    world.run(async |tx| client(tx, "kim@a.example", &[], 5).await).await;
    let first = close(&world, &world.context, "2026-03-02").await.unwrap();
    let said = "update weekly_patterns set pattern_insights = 'a quiet week'";
    world.owner.execute_unprepared(said).await.unwrap();
    compute(&world, &world.context).await;
    let again = close(&world, &world.context, "2026-03-02").await.unwrap();
    assert_eq!((again.id, first.total_clients, again.total_clients), (first.id, 0, 1));
    assert_eq!(again.pattern_insights.as_deref(), Some("a quiet week"));
    for wrong in ["2026-03-03", "2026-03-01", "2026-03-09", "1969-12-29"] {
        let said = close(&world, &world.context, wrong).await;
        assert!(matches!(said, Err(Error::Invalid { field, .. }) if field == "week_start"));
    }
    let read = async |week: &str| {
        let read = async |tx: &Tx| weekly_pattern::of(tx, day(week)).await;
        world.db.read(world.context.clone(), read).await
    };
    assert_eq!(read("2026-03-02").await.unwrap(), again);
    assert!(matches!(read("2026-02-23").await, Err(Error::NotFound("week"))));
}
