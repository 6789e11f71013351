//! What leads are, and what may become of them.

use integration::World;

#[tokio::test]
async fn a_lead_begins_as_new() {
    let world = World::new().await;
    let lead = world
        .run(async |tx| {
            service::leads::lead::create(tx, integration::populate::leads::grace()).await
        })
        .await;
    assert_eq!(lead.status, service::leads::lead::Status::New);
}
