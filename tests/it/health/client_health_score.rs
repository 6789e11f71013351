//! The clients whose health is watched.

use entity::id::ClientId;
use integration::{World, populate::email};
use service::{
    Error, Result, Tx,
    health::{
        client_health_score::{self, Model, New},
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
