//! The people at customers.

use integration::{
    World,
    populate::{self, acme, person},
};
use service::{
    Error,
    sales::{contact, quote},
};

#[tokio::test]
async fn whoever_unsubscribes_gets_no_more_follow_ups_of_any_quote_and_saying_so_twice_is_fine() {
    let world = World::new().await;
    let (ada, offer) = world
        .run(async |tx| {
            let client = acme(tx).await?;
            let ada = person(tx).await?;
            let new = quote::New {
                contact_id: Some(ada.id),
                ..quote::New::over(client, "An offer", 100.into())
            };
            let offer = quote::create(tx, new).await?;
            Ok((ada, quote::send(tx, offer.id).await?))
        })
        .await;
    assert!(offer.next_follow_up_at.is_some());
    let gone = world.run(async |tx| contact::unsubscribe(tx, ada.id).await).await;
    assert_eq!(gone.unsubscribed_at, Some(world.context.now));
    let later = world.later(chrono::TimeDelta::days(1));
    let again = world.run_as(&later, async |tx| contact::unsubscribe(tx, ada.id).await).await;
    assert_eq!(again.unsubscribed_at, Some(world.context.now));
    let stopped = world.run(async |tx| quote::get(tx, offer.id).await).await;
    assert_eq!(stopped.follow_up_stop, Some(quote::Stop::Unsubscribed));
    assert_eq!(stopped.next_follow_up_at, None);
}

#[tokio::test]
async fn nobody_is_added_to_a_customer_of_another_tenant() {
    let world = World::new().await;
    world.run_as(&world.neighbour, async |tx| acme(tx).await).await;
    let added = world.db.run(world.context.clone(), async |tx| populate::person(tx).await).await;
    assert!(matches!(added, Err(Error::NotFound("customer"))));
    assert_eq!(world.strings("select count(*)::text from contacts").await, ["0"]);
}

#[tokio::test]
async fn a_name_without_letters_or_with_a_nul_is_refused_and_nothing_is_written() {
    let world = World::new().await;
    world.run(async |tx| acme(tx).await).await;
    for first_name in ["", "  ", "A\0da", "Ada\u{7}"] {
        let added = world
            .db
            .run(world.context.clone(), async |tx| {
                let new = contact::New {
                    client_id: populate::client(),
                    first_name: first_name.to_owned(),
                    last_name: "Byron".to_owned(),
                    email: None,
                    phone: None,
                    time_zone: None,
                };
                contact::add(tx, new).await
            })
            .await;
        assert!(matches!(added, Err(Error::Invalid { field, .. }) if field == "first_name"));
    }
    assert_eq!(world.strings("select count(*)::text from contacts").await, ["0"]);
}
