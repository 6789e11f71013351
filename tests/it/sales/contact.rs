//! The people at customers.

use entity::id::UserId;
use integration::{
    World,
    populate::{self, acme, person},
};
use service::{
    Actor, Context, Error, Tx,
    sales::{
        contact::{self, Field},
        contact_enrichment::{self, Found, New, Source},
        quote,
    },
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

fn somebody(world: &World) -> Context {
    Context { actor: Actor::User(UserId::new()), ..world.context.clone() }
}

#[tokio::test]
async fn each_field_says_where_it_comes_from_until_somebody_changes_it() {
    let world = World::new().await;
    let who = somebody(&world);
    let observed = world.context.now - chrono::TimeDelta::days(2);
    let (ada, item) = world
        .run(async |tx| {
            acme(tx).await?;
            let ada = person(tx).await?;
            // What was given when Ada was added needs no proof.
            assert!(contact::provenance(tx, ada.id).await?.is_empty());
            let new = New { observed_at: Some(observed), ..New::asked(ada.id, Source::WebSearch) };
            let item = contact_enrichment::enqueue(tx, new).await?.id;
            let found = Found {
                title: Some("Engineer".to_owned()),
                department: Some("Engines".to_owned()),
                confidence: Some("0.7500".parse().unwrap()),
                ..Found::default()
            };
            contact_enrichment::complete(tx, item, found).await?;
            Ok((ada.id, item))
        })
        .await;
    world.run_as(&who, async |tx| contact::verify_field(tx, ada, Field::Title).await).await;
    let known = world.run(async |tx| contact::provenance(tx, ada).await).await;
    let [title, department] = known.as_slice() else { panic!("{known:?}") };
    for (field, value) in [(title, "Engineer"), (department, "Engines")] {
        assert_eq!(field.value.as_deref(), Some(value));
        assert_eq!((field.source, field.enrichment_id), (Source::WebSearch, Some(item)));
        assert_eq!((field.confidence, field.observed_at), ("0.75".parse().unwrap(), observed));
    }
    assert_eq!((title.verified_by, title.verified_at), (who.user(), Some(who.now)));
    assert_eq!((department.verified_by, department.verified_at), (None, None));
    let set = async |tx: &Tx| {
        contact::set_field(tx, ada, Field::Department, Some("Looms".to_owned())).await
    };
    assert_eq!(world.run_as(&who, set).await.department.as_deref(), Some("Looms"));
    let known = world.run(async |tx| contact::provenance(tx, ada).await).await;
    assert_eq!((known[1].source, known[1].enrichment_id), (Source::Manual, None));
    assert_eq!(known[1].verified_by, who.user());
}

#[tokio::test]
async fn only_a_person_stands_by_a_field_and_by_none_that_is_empty() {
    let world = World::new().await;
    let who = somebody(&world);
    let ada = world
        .run(async |tx| {
            acme(tx).await?;
            Ok(person(tx).await?.id)
        })
        .await;
    let verify = async |who: &Context, field| {
        world.db.run(who.clone(), async |tx| contact::verify_field(tx, ada, field).await).await
    };
    let set = async |who: &Context, field, value: &str| {
        let value = Some(value.to_owned());
        world.db.run(who.clone(), async |tx| contact::set_field(tx, ada, field, value).await).await
    };
    let program = &world.context;
    assert!(matches!(verify(program, Field::Phone).await, Err(Error::Denied(_))));
    assert!(matches!(set(program, Field::Title, "x").await, Err(Error::Denied(_))));
    assert!(matches!(verify(&who, Field::Title).await, Err(Error::Conflict(_))));
    for (field, value) in [
        (Field::Title, ""),
        (Field::Title, "a\0"),
        (Field::Phone, "212 555"),
        (Field::Mobile, "+1"),
    ] {
        let done = set(&who, field, value).await;
        assert!(matches!(done, Err(Error::Invalid { field, .. }) if field == "value"), "{value}");
    }
    let long = "x".repeat(501);
    assert!(matches!(set(&who, Field::Website, &long).await, Err(Error::Invalid { .. })));
    assert!(set(&who, Field::Website, &long[1..]).await.is_ok());
    let theirs = Context { tenant: world.neighbour.tenant, ..who.clone() };
    assert!(matches!(verify(&theirs, Field::Phone).await, Err(Error::NotFound("contact"))));
    verify(&who, Field::Phone).await.unwrap();
    let known = world.run(async |tx| contact::provenance(tx, ada).await).await;
    assert_eq!(known.len(), 2);
}
