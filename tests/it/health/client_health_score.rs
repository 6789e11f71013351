//! The clients whose health is watched.

mod compute;
mod history;
mod score;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::id::ClientId;
use integration::{World, populate::email};
use service::{
    Context, Error, Result, Tx,
    health::{
        client_health_score::{self, Compute, Computed, Model, New, Package},
        client_session,
        pattern::Status,
    },
};

pub async fn open(tx: &Tx, address: &str) -> Result<Model> {
    let new = New {
        email: email(address),
        client_id: None,
        firstname: Some("Kim".to_owned()),
        lastname: Some("Lee".to_owned()),
        assigned_coach: None,
    };
    client_health_score::open(tx, new).await
}

/// A client with a package who had sessions so many days ago, at the time of day that it is.
pub async fn client(tx: &Tx, address: &str, days_ago: &[i64], outstanding: i32) -> Result<()> {
    open(tx, address).await?;
    for days in days_ago {
        had(tx, address, tx.now() - TimeDelta::days(*days)).await?;
    }
    let package = Package { purchased: 10, outstanding, ends_on: None };
    client_health_score::set_package(tx, &email(address), package).await
}

pub async fn had(tx: &Tx, address: &str, at: DateTime<Utc>) -> Result<()> {
    let session = client_session::New::attended(email(address), at);
    client_session::record(tx, session).await.map(drop)
}

/// The days on which the sessions of a client were whose score is 86: three in the week and twelve
/// in the month, with half the package left.
pub const OFTEN: [i64; 12] = [1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/// Scores everybody.
pub async fn compute(world: &World, at: &Context) -> Computed {
    let ask = Compute::default();
    world.run_as(at, async |tx| client_health_score::compute(tx, &ask).await).await
}

pub async fn get(world: &World, address: &str) -> Model {
    let address = email(address);
    world.run(async |tx| client_health_score::get(tx, &address).await).await
}

#[tokio::test]
async fn of_a_new_client_nothing_is_known_and_nothing_is_made_up() {
    let world = World::new().await;
    let kim = world.run(async |tx| open(tx, "Kim@Example.com").await).await;
    assert_eq!(kim.email.as_str(), "kim@example.com");
    assert_eq!((kim.health_score, kim.health_zone), (None, None));
    assert_eq!((kim.pattern_status, kim.last_pattern_check), (Status::InsufficientData, None));
}

#[tokio::test]
async fn a_client_is_watched_once_in_a_tenant_and_belongs_to_its_customers_only() {
    let world = World::new().await;
    world.run(async |tx| open(tx, "kim@example.com").await).await;
    world.run_as(&world.neighbour, async |tx| open(tx, "kim@example.com").await).await;
    let twice = world.db.run(world.context.clone(), async |tx| open(tx, "KIM@example.com").await);
    assert!(matches!(twice.await, Err(Error::Conflict(_))));
    let orphan = New {
        email: email("lee@example.com"),
        client_id: ClientId::parse("cs_9_nobody").ok(),
        firstname: None,
        lastname: None,
        assigned_coach: None,
    };
    let orphan = async |tx: &Tx| client_health_score::open(tx, orphan).await;
    let orphan = world.db.run(world.context.clone(), orphan).await;
    assert!(matches!(orphan, Err(Error::NotFound("customer"))));
}

#[tokio::test]
async fn a_client_has_a_name_to_be_known_by_and_one_of_each_column() {
    let world = World::new().await;
    // Defect 3-10: no row without an address. 3-14 and 3-15: one naming, and one zone.
    let nobody = "select is_nullable from information_schema.columns
                  where table_name = 'client_health_scores' and column_name = 'email'";
    assert_eq!(world.strings(nobody).await, ["NO"]);
    let columns = "select column_name::text from information_schema.columns
                   where table_name = 'client_health_scores'
                     and (column_name ~ '^(sessions|zone|package|.*_zone|intervention)')
                   order by 1";
    let expected = [
        "health_zone",
        "intervention_priority",
        "package_ends_on",
        "package_score",
        "sessions_30d",
        "sessions_7d",
        "sessions_90d",
        "sessions_purchased",
        "zone_since",
    ];
    assert_eq!(world.strings(columns).await, expected);
}

#[tokio::test]
async fn a_package_is_of_a_client_that_is_watched_and_within_its_bounds() {
    let world = World::new().await;
    let kim = email("kim@example.com");
    let set = async |package| {
        let work = async |tx: &Tx| client_health_score::set_package(tx, &kim, package).await;
        world.db.run(world.context.clone(), work).await
    };
    let package = |purchased, outstanding| Package { purchased, outstanding, ends_on: None };
    assert!(matches!(set(package(1, 1)).await, Err(Error::NotFound("client"))));
    world.run(async |tx| open(tx, "kim@example.com").await).await;
    for (wrong, field) in [
        (package(-1, 0), "purchased"),
        (package(100_001, 0), "purchased"),
        (package(0, -1), "outstanding"),
        (package(0, 100_001), "outstanding"),
    ] {
        let said = set(wrong).await;
        assert!(matches!(said, Err(Error::Invalid { field: f, .. }) if f == field), "{field}");
    }
    let ends_on = NaiveDate::from_ymd_opt(2026, 6, 30);
    set(Package { ends_on, ..package(100_000, 0) }).await.unwrap();
    let kim = get(&world, "kim@example.com").await;
    assert_eq!((kim.sessions_purchased, kim.outstanding_sessions), (100_000, 0));
    assert_eq!(kim.package_ends_on, ends_on);
}
