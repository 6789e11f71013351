//! Sending what is to be done to whoever does it, once.

use chrono::TimeDelta;
use integration::{World, populate::email};
use sea_orm::ConnectionTrait;
use service::{
    Context, Error, Result, Tx,
    health::{
        client_health_score,
        intervention::{self, Channel, Claim, Claims, Kind, Status},
    },
};

use super::{
    super::client_health_score::{client, compute},
    logged, open_due, red,
};

async fn claim(world: &World, who: &Context) -> Vec<Claim> {
    world.run_as(who, async |tx| intervention::claim(tx, &Claims::default()).await).await
}

async fn stands(world: &World, claim: &Claim) -> bool {
    world.run(async |tx| intervention::stands(tx, claim).await).await
}

async fn record(world: &World, claim: &Claim) -> Result<()> {
    let work = async |tx: &Tx| intervention::record_sent(tx, claim).await;
    world.db.run(world.context.clone(), work).await
}

/// The lease ends.
async fn wait(world: &World) {
    let sql = "update intervention_log
               set send_lease_until = statement_timestamp() - interval '1 s'
               where send_claim is not null";
    world.owner.execute_unprepared(sql).await.unwrap();
}

#[tokio::test]
async fn a_claim_says_what_to_do_and_is_sent_once() {
    let world = World::new().await;
    let kim = logged(&world).await;
    let theirs = Context { now: world.context.now, ..world.neighbour.clone() };
    assert!(claim(&world, &theirs).await.is_empty());
    let claimed = claim(&world, &world.context).await.remove(0);
    assert_eq!((claimed.intervention_id, claimed.subject()), (kim.id, kim.id.0));
    assert_eq!(claimed.key(), format!("intervention:{}", kim.id));
    // Red, at a risk of 100.
    assert_eq!(
        (claimed.intervention_type, claimed.channels()),
        (Kind::UrgentOutreach, &[Channel::Phone][..])
    );
    assert_eq!(claimed.why.as_deref(), Some("in the red zone, at a risk above 75"));
    assert!(claim(&world, &world.context).await.is_empty(), "somebody has it");
    assert!(stands(&world, &claimed).await);
    record(&world, &claimed).await.unwrap();
    assert!(!stands(&world, &claimed).await);
    assert!(matches!(record(&world, &claimed).await, Err(Error::Conflict(_))));
    wait(&world).await;
    assert!(claim(&world, &world.context).await.is_empty(), "it was sent");
    let sent = world.run(async |tx| intervention::get(tx, kim.id).await).await;
    assert_eq!((sent.status, sent.sent_at), (Status::Sent, Some(world.context.now)));
}

#[tokio::test]
async fn whoever_lost_the_claim_records_nothing_and_the_key_is_the_same() {
    let world = World::new().await;
    logged(&world).await;
    let dead = claim(&world, &world.context).await.remove(0);
    wait(&world).await;
    // The lease has ended, and nobody else has it: it may still be recorded.
    assert!(stands(&world, &dead).await);
    let alive = claim(&world, &world.context).await.remove(0);
    assert_eq!(dead.key(), alive.key());
    assert!(!stands(&world, &dead).await);
    assert!(matches!(record(&world, &dead).await, Err(Error::Conflict(_))));
    let release = async |claim: &Claim| {
        let work = async |tx: &Tx| intervention::release(tx, claim).await;
        world.db.run(world.context.clone(), work).await
    };
    assert!(matches!(release(&dead).await, Err(Error::Conflict(_))));
    release(&alive).await.unwrap();
    assert_eq!(claim(&world, &world.context).await.len(), 1, "free at once");
}

#[tokio::test]
async fn what_has_no_cause_any_more_is_not_sent() {
    let world = World::new().await;
    let kim = logged(&world).await;
    let claimed = claim(&world, &world.context).await.remove(0);
    let into = async |zone: &str| {
        let sql = format!("update client_health_scores set health_zone = '{zone}'");
        world.owner.execute_unprepared(&sql).await.unwrap();
    };
    into("GREEN").await;
    assert!(!stands(&world, &claimed).await);
    wait(&world).await;
    assert!(claim(&world, &world.context).await.is_empty());
    // It was written about the red zone, and says so.
    into("YELLOW").await;
    assert!(!stands(&world, &claimed).await);
    assert!(claim(&world, &world.context).await.is_empty());
    into("RED").await;
    assert!(stands(&world, &claimed).await);
    let close = async |tx: &Tx| intervention::dismiss(tx, kim.id, "called already").await;
    world.run(close).await;
    assert!(!stands(&world, &claimed).await);
    assert!(claim(&world, &world.context).await.is_empty());
    assert!(matches!(record(&world, &claimed).await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn what_was_written_in_january_is_not_sent_in_june() {
    let world = World::new().await;
    logged(&world).await;
    let claimed = claim(&world, &world.context).await.remove(0);
    let since = async |at: &str| {
        let sql = format!("update client_health_scores set zone_since = {at}");
        world.owner.execute_unprepared(&sql).await.unwrap();
    };
    assert!(stands(&world, &claimed).await);
    since("zone_since + interval '1 microsecond'").await;
    assert!(!stands(&world, &claimed).await, "red again, for another reason");
    wait(&world).await;
    assert!(claim(&world, &world.context).await.is_empty());
    since("null").await;
    assert_eq!(claim(&world, &world.context).await.len(), 1, "since it is watched, at the latest");
}

#[tokio::test]
async fn it_is_sent_to_the_coach_whose_client_it_is_now() {
    let world = World::new().await;
    let kim = logged(&world).await;
    assert_eq!(kim.assigned_coach, None);
    let give = async |tx: &Tx| {
        client_health_score::change_owner(tx, &email("kim@a.example"), "Ann", None).await
    };
    world.run(give).await;
    let claimed = claim(&world, &world.context).await.remove(0);
    assert_eq!(claimed.assigned_coach.as_deref(), Some("Ann"));
}

#[tokio::test]
async fn what_waits_in_the_outbox_is_not_claimed_again() {
    let world = World::new().await;
    let kim = logged(&world).await;
    let t = world.context.tenant;
    let waits = format!(
        "insert into outbox (tenant_id, id, topic, subject_id, key, payload, why, enqueued_at, state)
         values ('{t}', gen_random_uuid(), 'intervention', '{}', 'k', '{{}}', 'x', now(), 'pending')",
        kim.id
    );
    world.owner.execute_unprepared(&waits).await.unwrap();
    assert!(claim(&world, &world.context).await.is_empty());
    let gone = "delete from outbox where topic = 'intervention'";
    world.owner.execute_unprepared(gone).await.unwrap();
    assert_eq!(claim(&world, &world.context).await.len(), 1);
}

#[tokio::test]
async fn workers_share_what_is_to_be_sent_and_the_greatest_risk_comes_first() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for n in 0..9 {
                red(tx, &format!("c{n}@a.example")).await?;
            }
            client(tx, "less@a.example", &[1, 8, 15, 22], 1).await
        })
        .await;
    compute(&world, &world.context).await;
    open_due(&world, &world.context).await;
    let work = async || {
        let mut mine = vec![];
        for _ in 0..5 {
            let two = Claims { limit: 2, ..Claims::default() };
            mine.extend(world.run(async |tx| intervention::claim(tx, &two).await).await);
        }
        mine
    };
    let (a, b) = tokio::join!(work(), work());
    let mut all: Vec<_> = a.iter().chain(&b).map(Claim::key).collect();
    all.sort();
    all.dedup();
    assert_eq!((all.len(), a.len() + b.len()), (10, 10));
    let last = a.iter().chain(&b).filter(|c| c.client_email.as_str() == "less@a.example").count();
    assert_eq!(last, 1);
    for (limit, lease) in [(0, 60), (1001, 60), (1, 0), (1, 86_401)] {
        let ask = Claims { limit, lease: TimeDelta::seconds(lease) };
        let wrong = async |tx: &Tx| intervention::claim(tx, &ask).await;
        let said = world.db.run(world.context.clone(), wrong).await;
        assert!(matches!(said, Err(Error::Invalid { .. })), "{limit} {lease}");
    }
}
