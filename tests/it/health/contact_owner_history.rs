//! Who looked after a client, and when that changed.

use chrono::TimeDelta;
use integration::{World, populate::email};
use service::{
    Context, Tx,
    health::{
        client_health_score,
        contact_owner_history::{self, Changes},
    },
};

use super::client_health_score::open;

async fn owners(world: &World, who: &Context) -> Vec<String> {
    let (mut all, mut after) = (vec![], None);
    loop {
        let ask = Changes { email: email("kim@a.example"), limit: 2, after };
        let read = async |tx: &Tx| contact_owner_history::changes(tx, &ask).await;
        let page = world.db.read(who.clone(), read).await.unwrap();
        all.extend(page.items.into_iter().map(|change| change.new_owner));
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

#[tokio::test]
async fn the_changes_are_read_the_latest_first_page_by_page_and_by_their_tenant() {
    let world = World::new().await;
    world.run(async |tx| open(tx, "kim@a.example").await).await;
    // Two of them at the same instant.
    for (minute, name) in [(0, "Ann"), (1, "Bob"), (1, "Cy"), (2, "Di"), (3, "Eve")] {
        let at = world.later(TimeDelta::minutes(minute));
        let kim = email("kim@a.example");
        world
            .run_as(&at, async |tx| client_health_score::change_owner(tx, &kim, name, None).await)
            .await;
    }
    assert_eq!(owners(&world, &world.context).await, ["Eve", "Di", "Cy", "Bob", "Ann"]);
    assert!(owners(&world, &world.neighbour).await.is_empty());
}
