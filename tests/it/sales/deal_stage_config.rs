//! What is expected of a stage.

use integration::{World, populate::acme};
use service::{
    Error,
    sales::{
        deal::{self, Stage},
        deal_stage_config::{self, Expect, Rule, rule},
    },
};

async fn lead(world: &World) -> deal::Model {
    world
        .run(async |tx| {
            let client = acme(tx).await?;
            deal::open(tx, deal::New::titled(client, "lead")).await
        })
        .await
}

#[tokio::test]
async fn the_deal_says_first_then_its_stage_then_the_tenant_then_the_default() {
    let world = World::new().await;
    let plain = lead(&world).await;
    let stage = world
        .run(async |tx| {
            let expect = Expect { max_days_before_stale: Some(10), ..Expect::default() };
            deal_stage_config::set(tx, Stage::Lead, expect).await
        })
        .await;
    let days = |rule: Rule| rule.stalls_after_days;
    assert_eq!(days(rule(&plain, None, None)), Some(3), "the lead's default");
    assert_eq!(days(rule(&plain, None, Some(0))), Some(3), "0 leaves it open");
    assert_eq!(days(rule(&plain, None, Some(30))), Some(30), "the tenant's");
    assert_eq!(days(rule(&plain, Some(&stage), Some(30))), Some(10), "the stage's");
    let silent = deal_stage_config::Model { max_days_before_stale: Some(0), ..stage.clone() };
    assert_eq!(days(rule(&plain, Some(&silent), Some(30))), Some(30), "0 leaves it open");
    let own = deal::Model { stall_after_days: Some(1), ..plain.clone() };
    assert_eq!(days(rule(&own, Some(&stage), Some(30))), Some(1), "the deal's own");
    let never = deal_stage_config::Model { never_stalls: true, ..stage };
    assert_eq!(days(rule(&plain, Some(&never), Some(30))), None, "the stage lets it lie");
    assert_eq!(days(rule(&own, Some(&never), Some(30))), Some(1), "the deal does not");
    let lies = deal::Model { never_stalls: true, ..own };
    assert_eq!(days(rule(&lies, None, None)), None, "the deal does");
}

#[tokio::test]
async fn a_stage_without_a_row_has_the_shipped_numbers() {
    let world = World::new().await;
    let opened = lead(&world).await;
    let numbers =
        [Stage::Lead, Stage::Qualified, Stage::Proposal, Stage::Negotiation].map(|stage| {
            let rule = rule(&deal::Model { stage, ..opened.clone() }, None, None);
            (rule.stalls_after_days, rule.follow_up_interval_days, rule.max_follow_ups)
        });
    assert_eq!(numbers, [(Some(3), 2, 5), (Some(7), 3, 5), (Some(5), 2, 7), (Some(7), 3, 5)]);
}

#[tokio::test]
async fn saying_it_again_replaces_what_was_said() {
    let world = World::new().await;
    for days in [10, 20] {
        let expect = Expect { max_days_before_stale: Some(days), ..Expect::default() };
        world.run(async |tx| deal_stage_config::set(tx, Stage::Lead, expect).await).await;
    }
    let said = "select max_days_before_stale::text from deal_stage_config";
    assert_eq!(world.strings(said).await, ["20"]);
}

#[tokio::test]
async fn a_threshold_of_minus_one_or_of_eleven_years_is_refused() {
    let world = World::new().await;
    for days in [-1, 3651] {
        let expect = Expect { max_days_before_stale: Some(days), ..Expect::default() };
        let set = world
            .db
            .run(world.context.clone(), async |tx| {
                deal_stage_config::set(tx, Stage::Lead, expect).await
            })
            .await;
        assert!(
            matches!(set, Err(Error::Invalid { field, .. }) if field == "max_days_before_stale")
        );
    }
}
