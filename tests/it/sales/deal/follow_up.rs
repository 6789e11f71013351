//! Following stalled deals up, once for each step.

use std::collections::HashSet;

use integration::{SERVER, World, populate::person};
use sea_orm::ConnectionTrait;
use service::{
    Context, Db, Error, Options, Tx,
    sales::deal::{self, Activity, Claim, Claims, New, Stage, Tone},
};

use super::{SECOND, days, open};

async fn deals(world: &World, count: usize) {
    world
        .run(async |tx| {
            for n in 0..count {
                open(tx, &format!("{n}")).await?;
            }
            Ok(())
        })
        .await;
}

async fn claim(world: &World, at: &Context, limit: u64) -> Vec<Claim> {
    let ask = Claims { limit, ..Claims::default() };
    world.run_as(at, async |tx| deal::claim_follow_ups(tx, &ask).await).await
}

async fn lapse(world: &World) {
    let sql = "update deals set follow_up_lease_until = now() - interval '1 second'
               where follow_up_claim is not null";
    world.owner.execute_unprepared(sql).await.unwrap();
}

#[tokio::test]
async fn what_is_claimed_is_nobody_elses_until_the_lease_ends() {
    let world = World::new().await;
    deals(&world, 3).await;
    world.run_as(&world.neighbour, async |tx| open(tx, "theirs").await).await;
    let at = world.later(days(4));
    let first = claim(&world, &at, 2).await;
    assert_eq!(first.len(), 2);
    let rest = claim(&world, &at, 10).await;
    assert_eq!(rest.len(), 1);
    assert!(claim(&world, &at, 10).await.is_empty());
    lapse(&world).await;
    let again = claim(&world, &at, 10).await;
    assert_eq!(again.len(), 3);
    // The same step is known by the same key, whoever holds it.
    let keys = |claims: &[Claim]| claims.iter().map(Claim::key).collect::<HashSet<_>>();
    assert!(keys(&again).is_superset(&keys(&first)));
}

#[tokio::test]
async fn a_follow_up_is_recorded_once_and_never_by_a_claim_that_has_lapsed() {
    let world = World::new().await;
    deals(&world, 1).await;
    let at = world.later(days(4));
    let lapsed = claim(&world, &at, 1).await.remove(0);
    lapse(&world).await;
    let good = claim(&world, &at, 1).await.remove(0);
    let record = async |claim: &Claim| {
        world.db.run(at.clone(), async |tx| deal::record_follow_up(tx, claim).await).await
    };
    assert!(matches!(record(&lapsed).await, Err(Error::Conflict(_))));
    record(&good).await.unwrap();
    assert!(matches!(record(&good).await, Err(Error::Conflict(_))));
    assert!(matches!(record(&lapsed).await, Err(Error::Conflict(_))));
    let sent = "select attempt_no::text from deal_activities where activity_type = 'follow_up'";
    assert_eq!(world.strings(sent).await, ["1"]);
    let deal = world.run(async |tx| deal::get(tx, good.deal_id).await).await;
    assert_eq!((deal.follow_up_count, deal.last_follow_up_at), (1, Some(at.now)));
}

#[tokio::test]
async fn our_own_mail_is_no_activity_and_the_next_is_due_after_the_stages_interval() {
    let world = World::new().await;
    deals(&world, 1).await;
    let at = world.later(days(4));
    let first = claim(&world, &at, 1).await.remove(0);
    world.run_as(&at, async |tx| deal::record_follow_up(tx, &first).await).await;
    let deal = world.run(async |tx| deal::get(tx, first.deal_id).await).await;
    assert_eq!(deal.idle_since, Some(world.context.now), "the silence goes on");
    // A lead is followed up every two days.
    assert!(claim(&world, &world.later(days(6) - SECOND), 1).await.is_empty());
    let second = claim(&world, &world.later(days(6)), 1).await.remove(0);
    assert_eq!((second.attempt_no, second.tone()), (2, Tone::Reminder));
}

#[tokio::test]
async fn a_lead_gets_five_follow_ups_the_last_in_another_tone_and_then_no_more() {
    let world = World::new().await;
    deals(&world, 1).await;
    let mut tones = vec![];
    for n in 0..8 {
        let at = world.later(days(4 + 2 * n));
        if let Some(claim) = claim(&world, &at, 1).await.pop() {
            tones.push(claim.tone());
            world.run_as(&at, async |tx| deal::record_follow_up(tx, &claim).await).await;
        }
    }
    let expected = [Tone::Neutral, Tone::Reminder, Tone::Repeated, Tone::Repeated, Tone::Last];
    assert_eq!(tones, expected);
}

#[tokio::test]
async fn a_move_makes_a_claim_worthless_and_counts_anew() {
    let world = World::new().await;
    deals(&world, 1).await;
    let at = world.later(days(4));
    let first = claim(&world, &at, 1).await.remove(0);
    world.run_as(&at, async |tx| deal::record_follow_up(tx, &first).await).await;
    let second = claim(&world, &world.later(days(6)), 1).await.remove(0);
    let id = second.deal_id;
    let moving = world.later(days(6));
    world.run_as(&moving, async |tx| deal::move_to(tx, id, Stage::Qualified, None).await).await;
    let record = async |tx: &Tx| deal::record_follow_up(tx, &second).await;
    assert!(matches!(world.db.run(moving, record).await, Err(Error::Conflict(_))));
    let again = claim(&world, &world.later(days(14)), 1).await.remove(0);
    assert_eq!((again.attempt_no, again.stage), (1, Stage::Qualified));
    let at = world.later(days(14));
    world.run_as(&at, async |tx| deal::record_follow_up(tx, &again).await).await;
}

#[tokio::test]
async fn whoever_answers_is_not_followed_up() {
    let world = World::new().await;
    deals(&world, 1).await;
    let id: entity::id::DealId =
        world.strings("select id::text from deals").await[0].parse().unwrap();
    let at = world.later(days(4));
    let answered =
        async |tx: &Tx| deal::record_activity(tx, id, Activity::EmailTwoWay, tx.now()).await;
    world.run_as(&at, answered).await;
    assert!(claim(&world, &at, 1).await.is_empty());
}

#[tokio::test]
async fn a_claim_given_back_is_free_at_once() {
    let world = World::new().await;
    deals(&world, 1).await;
    let at = world.later(days(4));
    let held = claim(&world, &at, 1).await.remove(0);
    world.run_as(&at, async |tx| deal::release_follow_up(tx, &held).await).await;
    assert_eq!(claim(&world, &at, 1).await.len(), 1);
    let twice = world.db.run(at, async |tx| deal::release_follow_up(tx, &held).await).await;
    assert!(matches!(twice, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn a_lease_of_nothing_or_of_two_days_is_refused() {
    let world = World::new().await;
    for lease in [chrono::TimeDelta::zero(), days(2), days(-1)] {
        let ask = Claims { lease, ..Claims::default() };
        let claimed = world
            .db
            .run(world.context.clone(), async |tx| deal::claim_follow_ups(tx, &ask).await)
            .await;
        assert!(matches!(claimed, Err(Error::Invalid { field, .. }) if field == "lease"));
    }
}

#[tokio::test]
async fn a_contact_who_is_gone_or_does_not_want_to_be_called_is_left_alone() {
    let world = World::new().await;
    let ada = world
        .run(async |tx| {
            let client = integration::populate::acme(tx).await?;
            let ada = person(tx).await?;
            let contact_id = Some(ada.id);
            deal::open(tx, New { contact_id, ..New::titled(client, "Ada's") }).await?;
            Ok(ada)
        })
        .await;
    let at = world.later(days(4));
    let held = claim(&world, &at, 1).await.remove(0);
    world.run_as(&at, async |tx| deal::release_follow_up(tx, &held).await).await;
    let gone = format!("update contacts set deleted_at = now() where id = '{}'", ada.id);
    world.owner.execute_unprepared(&gone).await.unwrap();
    assert!(claim(&world, &at, 1).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_claim_and_record_as_fast_as_they_can_never_send_two_steps_at_once() {
    const DEALS: usize = 60;
    let world = World::new().await;
    deals(&world, DEALS).await;
    let at = world.later(days(4));
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let (at, db) = (at.clone(), world.db.clone());
            tokio::spawn(async move {
                let mut recorded = 0;
                for _ in 0..DEALS {
                    let ask = Claims { limit: 2, ..Claims::default() };
                    let claim = async |tx: &Tx| deal::claim_follow_ups(tx, &ask).await;
                    for claim in db.run(at.clone(), claim).await.unwrap() {
                        let record = async |tx: &Tx| deal::record_follow_up(tx, &claim).await;
                        db.run(at.clone(), record).await.unwrap();
                        recorded += 1;
                    }
                }
                recorded
            })
        })
        .collect();
    let mut recorded = 0;
    for worker in workers {
        recorded += worker.await.unwrap();
    }
    assert_eq!(recorded, DEALS, "each has had its first, and is not due again yet");
    let steps = "select distinct attempt_no::text from deal_activities
                 where activity_type = 'follow_up'";
    assert_eq!(world.strings(steps).await, ["1"]);
}

/// Workers claim and record at once, each on connections of its own, while somebody kills
/// connections at random; leases lapse, and what was lost is claimed again.
#[tokio::test(flavor = "multi_thread")]
async fn workers_whose_connections_are_killed_handle_every_deal_once_and_lose_none() {
    const DEALS: usize = 120;
    let world = World::new().await;
    deals(&world, DEALS).await;
    let at = world.later(days(4));
    let killing = tokio::spawn({
        let owner = world.owner.clone();
        async move {
            for _ in 0..50 {
                let kill = "select pg_terminate_backend(pid) from pg_stat_activity
                            where usename = 'keel_app' and datname = current_database()
                            order by random() limit 1";
                owner.execute_unprepared(kill).await.unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(40)).await;
            }
        }
    });
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (at, url) = (at.clone(), SERVER.url_as("keel_app", &world.name));
            tokio::spawn(async move {
                let options = Options { max_connections: 2, ..Options::default() };
                let mut recorded = vec![];
                let mut idle = 0;
                while idle < 40 {
                    idle += 1;
                    let Ok(db) = Db::connect(&url, &options).await else { continue };
                    let ask = Claims { limit: 3, lease: chrono::TimeDelta::seconds(1) };
                    let claimed =
                        db.run(at.clone(), async |tx| deal::claim_follow_ups(tx, &ask).await).await;
                    let claimed = claimed.unwrap_or_default();
                    if !claimed.is_empty() {
                        idle = 0;
                    }
                    for claim in claimed {
                        let record = async |tx: &Tx| deal::record_follow_up(tx, &claim).await;
                        if db.run(at.clone(), record).await.is_ok() {
                            recorded.push(claim.key());
                        }
                    }
                    db.close().await;
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
                recorded
            })
        })
        .collect();
    let mut acknowledged = vec![];
    for worker in workers {
        acknowledged.extend(worker.await.unwrap());
    }
    killing.await.unwrap();
    let distinct: HashSet<_> = acknowledged.iter().collect();
    assert_eq!(distinct.len(), acknowledged.len(), "none was recorded twice");
    let sent = "select count(*) || ' of ' || count(distinct deal_id) from deal_activities
                where activity_type = 'follow_up'";
    assert_eq!(world.strings(sent).await, [format!("{DEALS} of {DEALS}")]);
    let counts = "select distinct follow_up_count::text from deals";
    assert_eq!(world.strings(counts).await, ["1"]);
}
