//! Checks of what is no longer there.

use integration::{
    World,
    populate::{acme, person},
};
use service::{
    Error,
    compliance::{
        compliance_check::{self, Kind, Status, cancel_gone},
        compliance_schedule::{self, Named, New, Target, create_checks},
    },
};

use super::{
    super::{days, due, generate, get, monthly, register, write},
    kinds,
};

#[tokio::test]
async fn open_checks_of_what_was_deleted_are_cancelled_and_no_others() {
    let world = World::new().await;
    let (done, vendor) = world
        .run(async |tx| {
            acme(tx).await?;
            person(tx).await?;
            person(tx).await?;
            register(tx, 2).await?;
            compliance_schedule::open(tx, New { target: Target::Contact, ..monthly("2026-03-10") })
                .await?;
            let of = compliance_schedule::open(tx, monthly("2026-03-10")).await?.id;
            let named = |id: &str| vec![Named { id: id.to_owned(), name: None }];
            let done = create_checks(tx, of, named("cs_1_acme")).await?[0];
            compliance_check::complete(tx, done, None).await?;
            compliance_schedule::open(tx, monthly("2026-03-11")).await?;
            let new = New { target: Target::Vendor, ..monthly("2026-03-10") };
            let vendors = compliance_schedule::open(tx, new).await?.id;
            Ok((done, create_checks(tx, vendors, named("V-1")).await?[0]))
        })
        .await;
    // Two of the contacts, Acme's open one, two of C2, and the vendor's.
    assert_eq!(generate(&world, &world.context).await.created.len(), 5);
    let sweep = async || world.run(async |tx| cancel_gone(tx, 2).await).await;
    assert_eq!(sweep().await, 0);
    let one = "update contacts set deleted_at = now() where id = (select min(id::text)::uuid from contacts)";
    write(&world, one).await;
    assert_eq!(sweep().await, 1);
    assert_eq!(due(&world, &world.later(days(20))).await.len(), 5);
    // With the customer, its contacts are gone.
    write(&world, "update customers set deleted_at = now() where client_id = 'cs_1_acme'").await;
    let theirs = world.run_as(&world.neighbour, async |tx| cancel_gone(tx, 10).await).await;
    assert_eq!((theirs, sweep().await, sweep().await), (0, 2, 0));
    let left = due(&world, &world.later(days(20))).await;
    assert_eq!(left.len(), 3);
    assert!(left.iter().all(|check| check.id == vendor || check.entity_id == "cs_2_c"));
    assert_eq!(get(&world, done).await.status, Status::Completed);
    let cancelled = "select id::text from compliance_checks where status = 'cancelled'";
    for id in world.strings(cancelled).await {
        let id = id.parse().unwrap();
        assert_eq!(kinds(&world, id).await, [Kind::Created, Kind::Cancelled]);
        let last = world.run(async |tx| compliance_check::history(tx, id).await).await.remove(0);
        assert_eq!(last.notes.as_deref(), Some("the row was deleted"));
    }
    let none = world.db.run(world.context.clone(), async |tx| cancel_gone(tx, 0).await).await;
    assert!(matches!(none, Err(Error::Invalid { field, .. }) if field == "limit"));
}
