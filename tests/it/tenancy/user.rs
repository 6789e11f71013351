//! The people who work for a tenant.

use integration::{World, populate::email};
use service::{
    Error,
    tenancy::user::{self, New},
};

#[tokio::test]
async fn an_address_is_one_persons_in_a_tenant_however_it_is_spelt() {
    let world = World::new().await;
    let sam = |address: &str| New {
        email: email(address),
        name: "Sam".to_owned(),
        role: "sales".to_owned(),
    };
    let added = world.run(async |tx| user::add(tx, sam("Sam@Example.com")).await).await;
    world.run_as(&world.neighbour, async |tx| user::add(tx, sam("sam@example.com")).await).await;
    let twice = async |tx: &service::Tx| user::add(tx, sam("SAM@example.COM")).await;
    let twice = world.db.run(world.context.clone(), twice).await;
    assert!(matches!(twice, Err(Error::Conflict(_))));
    let theirs = world.db.run(world.neighbour.clone(), async |tx| user::get(tx, added.id).await);
    assert!(matches!(theirs.await, Err(Error::NotFound("user"))));
    for address in ["", "sam", "sam@", "@example.com", "sam@example", "s am@example.com", "a@b.c1"]
    {
        assert!(entity::email::Email::parse(address).is_err(), "{address}");
    }
}
