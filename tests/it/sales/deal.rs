//! Deals: opened, moved, gone quiet, followed up.

use chrono::TimeDelta;
use integration::{World, populate::acme};
use rust_decimal::Decimal;
use service::{
    Context, Result, Tx,
    sales::deal::{self, New, Stalled, StalledDeal, Why},
};

async fn open(tx: &Tx, title: &str) -> Result<deal::Model> {
    let new = New::titled(acme(tx).await?, title);
    deal::open(tx, new).await
}

async fn stalled(world: &World, at: &Context) -> Vec<StalledDeal> {
    let ask = Stalled::default();
    world.db.read(at.clone(), async |tx| deal::stalled(tx, &ask).await).await.unwrap().items
}

async fn titles(world: &World, at: &Context) -> Vec<String> {
    stalled(world, at).await.into_iter().map(|deal| deal.title).collect()
}

fn days(n: i64) -> TimeDelta {
    TimeDelta::days(n)
}

const SECOND: TimeDelta = TimeDelta::seconds(1);

#[tokio::test]
async fn an_untouched_lead_stalls_after_three_days_and_not_a_moment_before() {
    let world = World::new().await;
    world.run(async |tx| open(tx, "ours").await).await;
    world.run_as(&world.neighbour, async |tx| open(tx, "theirs").await).await;

    assert!(titles(&world, &world.later(days(3))).await.is_empty());
    assert_eq!(titles(&world, &world.later(days(3) + SECOND)).await, ["ours"]);
}

#[tokio::test]
async fn a_stalled_deal_says_since_when_by_how_much_and_why() {
    let world = World::new().await;
    world
        .run(async |tx| {
            let mut new = New::titled(acme(tx).await?, "slow");
            new.expected_close_date = Some("2026-03-04".parse().unwrap());
            deal::open(tx, new).await
        })
        .await;
    let found = stalled(&world, &world.later(days(6))).await.remove(0);
    assert_eq!(found.idle_since, world.context.now);
    assert_eq!(found.threshold_days, 3);
    assert_eq!(found.stalled_since, world.context.now + days(3));
    assert_eq!(found.overdue_by(world.context.now + days(6)), days(3));
    assert_eq!(found.overdue_ratio, Decimal::from(2));
    assert_eq!(found.days_since_activity, 6);
    assert_eq!(found.why, [Why::Idle, Why::OverdueClose]);
    assert_eq!(found.not_claimable, None);
}
