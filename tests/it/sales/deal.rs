//! Deals: opened, moved, gone quiet, followed up.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    id::{ClientId, DealId},
    zone::Zone,
};
use integration::World;
use rust_decimal::Decimal;
use service::{
    Context, Error, Result, Tx,
    customers::customer,
    sales::{
        contact,
        deal::{
            self, Activity, Answer, Claims, List, New, NotClaimable, Stage, Stalled, StalledDeal,
            Tone, Why,
        },
        deal_stage_config::{self, Expect},
    },
    tenancy::tenant,
};

/// A customer of the tenant's, there already or made.
pub async fn acme(tx: &Tx) -> Result<ClientId> {
    let id = ClientId::parse("cs_1_acme").unwrap();
    if customer::get(tx, &id).await.is_err() {
        let start = tx.now().date_naive();
        customer::register(tx, customer::New::named(id.clone(), "Acme", start)).await?;
    }
    Ok(id)
}

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
