//! The companies that a tenant sells to.

use entity::id::ClientId;
use integration::{World, populate::client};
use rust_decimal::Decimal;
use service::{
    Error,
    customers::customer::{self, LifecycleStage, New, Status},
};

#[tokio::test]
async fn a_customer_begins_in_onboarding_and_its_key_is_its_tenants() {
    let world = World::new().await;
    let new = New::named(client(), "Acme", "2026-03-02".parse().unwrap());
    let acme = world.run(async |tx| customer::register(tx, new.clone()).await).await;
    assert_eq!((acme.lifecycle_stage, acme.status), (LifecycleStage::Onboarding, Status::Active));
    assert_eq!(acme.health_score, None, "nothing is made up");
    let theirs =
        world.db.run(world.neighbour.clone(), async |tx| customer::get(tx, &client()).await);
    assert!(matches!(theirs.await, Err(Error::NotFound("customer"))));
    world.run_as(&world.neighbour, async |tx| customer::register(tx, new.clone()).await).await;
    let twice = world.db.run(world.context.clone(), async |tx| customer::register(tx, new).await);
    assert!(matches!(twice.await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn a_contract_ends_after_it_starts_and_is_worth_an_amount() {
    let world = World::new().await;
    let good = New::named(client(), "Acme", "2028-02-29".parse().unwrap());
    let tries = [
        (
            New { contract_end_date: Some(good.contract_start_date), ..good.clone() },
            "contract_end_date",
        ),
        (New { contract_value: Decimal::NEGATIVE_ONE, ..good.clone() }, "contract_value"),
        (New { client_name: "\0".to_owned(), ..good }, "client_name"),
    ];
    for (new, wrong) in tries {
        let made =
            world.db.run(world.context.clone(), async |tx| customer::register(tx, new).await);
        assert!(matches!(made.await, Err(Error::Invalid { field, .. }) if field == wrong));
    }
    assert_eq!(world.strings("select count(*)::text from customers").await, ["0"]);
}

#[test]
fn a_clients_key_has_its_form() {
    for key in ["cs_1_acme", "cs_123_a_b_9"] {
        assert!(ClientId::parse(key).is_ok(), "{key}");
    }
    let long = format!("cs_1_{}", "x".repeat(96));
    for key in
        ["", "acme", "cs_acme", "cs__acme", "cs_1_", "cs_1_Acme", "cs_1_a-b", "CS_1_a", &long]
    {
        assert!(ClientId::parse(key).is_err(), "{key}");
    }
}
