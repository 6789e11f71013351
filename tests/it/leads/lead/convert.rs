//! Leads that become customers.

use integration::{World, populate};
use service::{
    Error,
    leads::lead::{self, Becomes, Convert, Status},
    outreach::dnc,
};

use crate::leads::{
    lead_link::somebody,
    lead_merge::{pair, refused},
};

#[tokio::test]
async fn a_converted_lead_is_a_customer_with_a_contact_once_and_recruited() {
    let world = World::new().await;
    let (_, id) = pair(&world).await;
    let client = entity::id::ClientId::parse("cs_9_byron").unwrap();
    let ask = || Convert {
        customer: Becomes::New(service::customers::customer::New::named(
            client.clone(),
            "Byron Ltd",
            world.context.now.date_naive(),
        )),
        contact: None,
        reason: Some("signed".to_owned()),
    };
    let first = world.run(async |tx| lead::convert(tx, id, ask()).await).await;
    assert_eq!(
        (first.lead.status, first.lead.converted_at),
        (Status::Recruited, Some(world.context.now))
    );
    assert_eq!(first.client_id, client);
    let contact = first.contact_id.unwrap();
    let person = world.run(async |tx| service::sales::contact::get(tx, contact).await).await;
    assert_eq!((&*person.first_name, &person.client_id), ("Augusta", &client));
    assert_eq!(person.email, first.lead.email);
    assert_eq!(person.phone, first.lead.phone_number);
    let history = world.run(async |tx| lead::statuses(tx, id).await).await;
    assert_eq!(history[0].to_status, Status::Recruited);
    // Again is the same, whatever is asked.
    let again = world.run(async |tx| lead::convert(tx, id, ask()).await).await;
    assert_eq!(again, first);
    // By mistake: the status is as before, the customer stays.
    let back = world.run(async |tx| lead::undo_conversion(tx, id, "wrong one").await).await;
    assert_eq!(
        (back.status, back.converted_client_id, back.converted_at),
        (Status::Hot, None, None)
    );
    let none = refused(&world, async |tx| lead::undo_conversion(tx, id, "again").await).await;
    assert!(matches!(none, Error::Conflict(_)));
    // Their address is the contact's already.
    let into = Convert::into(client);
    let third = world.run(async |tx| lead::convert(tx, id, into).await).await;
    assert_eq!(third.contact_id, Some(contact));
}

#[tokio::test]
async fn a_lead_that_wants_no_calls_may_become_a_customer_and_stays_blocked() {
    let world = World::new().await;
    let (id, _) = pair(&world).await;
    let listed = dnc::New::for_good("+12065559001", "lead_requested");
    world.run(async |tx| dnc::add(tx, listed).await).await;
    let done = world
        .run(async |tx| {
            let client = populate::acme(tx).await?;
            lead::convert(tx, id, Convert::into(client)).await
        })
        .await;
    assert_eq!((done.lead.status, done.lead.calling_blocked), (Status::Dnc, true));
    assert_eq!(done.lead.converted_client_id, Some(populate::client()));
    let strange = Convert { contact: done.contact_id, ..Convert::into(populate::client()) };
    let (_, other) = (id, world.run(async |tx| somebody(tx, 5).await).await);
    let joined = world.run(async |tx| lead::convert(tx, other, strange).await).await;
    assert_eq!(joined.contact_id, done.contact_id, "two leads, one contact");
}
