//! Cases: numbered, moved on, opened again.

use entity::id::CaseId;
use integration::{
    World,
    populate::{acme, client, person},
};
use service::{
    Error, Result, Tx,
    support::case::{self, New, Priority, Status},
};
use uuid::Uuid;

pub fn new(order: Option<Uuid>) -> New {
    New {
        client_id: client(),
        contact_id: None,
        order_id: order,
        category: "service_recovery".to_owned(),
        subject: "The delivery was late".to_owned(),
        description: None,
        priority: Priority::High,
    }
}

async fn opened(tx: &Tx) -> Result<case::Model> {
    acme(tx).await?;
    case::open(tx, new(Some(Uuid::from_u128(7)))).await
}

#[tokio::test]
async fn cases_are_numbered_within_a_tenant_and_a_year() {
    let world = World::new().await;
    assert_eq!(world.run(opened).await.case_number, "CASE-2026-0001");
    assert_eq!(world.run(opened).await.case_number, "CASE-2026-0002");
    assert_eq!(world.run_as(&world.neighbour, opened).await.case_number, "CASE-2026-0001");
    let new_year = world.at("2027-01-01T00:00:00Z");
    assert_eq!(world.run_as(&new_year, opened).await.case_number, "CASE-2027-0001");
}

#[tokio::test]
async fn an_order_has_an_open_case_until_that_is_resolved_or_closed() {
    let world = World::new().await;
    let order = Uuid::from_u128(7);
    let open = async || world.run(async |tx| case::is_open_for(tx, order).await).await;
    assert!(!open().await);
    let id = world.run(opened).await.id;
    // One that is only new counts too.
    for status in [Status::New, Status::Open, Status::InProgress, Status::Pending] {
        world.run(async |tx| case::move_to(tx, id, status).await).await;
        assert!(open().await, "{status:?}");
    }
    for status in [Status::Resolved, Status::Closed] {
        let moved = world.run(async |tx| case::move_to(tx, id, status).await).await;
        assert_eq!(moved.resolved_at, Some(world.context.now));
        assert!(!open().await, "{status:?}");
    }
    let again = world.run(async |tx| case::move_to(tx, id, Status::Open).await).await;
    assert_eq!(again.resolved_at, None);
    assert!(open().await);
    let theirs = async |tx: &Tx| case::is_open_for(tx, order).await;
    assert!(!world.run_as(&world.neighbour, theirs).await);
}

#[tokio::test]
async fn a_case_needs_a_customer_its_own_contact_and_something_to_be_about() {
    let world = World::new().await;
    let refused = async |new: New| {
        world.db.run(world.context.clone(), async |tx| case::open(tx, new).await).await
    };
    assert!(matches!(refused(new(None)).await, Err(Error::NotFound("customer"))));
    world.run(acme).await;
    let blank = New { subject: " ".to_owned(), ..new(None) };
    assert!(
        matches!(refused(blank).await, Err(Error::Invalid { field, .. }) if field == "subject")
    );
    let theirs = world
        .run_as(&world.neighbour, async |tx| {
            acme(tx).await?;
            person(tx).await
        })
        .await;
    let stranger = New { contact_id: Some(theirs.id), ..new(None) };
    assert!(matches!(refused(stranger).await, Err(Error::NotFound("contact"))));
    let nobody = async |tx: &Tx| case::get(tx, CaseId::new()).await;
    let none = world.db.run(world.context.clone(), nobody).await;
    assert!(matches!(none, Err(Error::NotFound("case"))));
}
