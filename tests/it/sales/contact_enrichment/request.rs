//! Asking others.

use std::collections::HashSet;

use chrono::TimeDelta;
use integration::{World, populate::email};
use sea_orm::ConnectionTrait;
use service::{
    Context, Error, Tx,
    sales::{
        contact,
        contact_enrichment::{
            self, ANSWER_DAYS, Claim, Found, MOST_ATTEMPTS, New, Skip, Source, Status,
        },
        deal::Claims,
    },
};

use super::{ada, get, somebody};

async fn claim(world: &World, at: &Context) -> Vec<Claim> {
    let ask = Claims::default();
    world.run_as(at, async |tx| contact_enrichment::claim_requests(tx, &ask).await).await
}

async fn record(world: &World, at: &Context, claim: &Claim) -> Result<(), Error> {
    let record = async |tx: &Tx| contact_enrichment::record_request(tx, claim).await;
    world.db.run(at.clone(), record).await
}

async fn stands(world: &World, claim: &Claim) -> bool {
    world.run(async |tx| contact_enrichment::request_stands(tx, claim).await).await
}

/// A question about Ada, to Apollo.
async fn asked(tx: &Tx) -> service::Result<contact_enrichment::Model> {
    let ada = ada(tx).await?;
    contact_enrichment::enqueue(tx, New::asked(ada.id, Source::Apollo)).await
}

async fn expire_leases(world: &World) {
    let expire = "update contact_enrichment_queue set lease_until = now() - interval '1 second'
                  where lease_until is not null";
    world.owner.execute_unprepared(expire).await.unwrap();
}

#[tokio::test]
async fn a_question_is_claimed_asked_and_answered_and_signatures_are_asked_of_nobody() {
    let world = World::new().await;
    let item = world.run(asked).await;
    world
        .run(async |tx| {
            contact_enrichment::enqueue(tx, New::signed(item.contact_id.unwrap(), "x")).await
        })
        .await;
    world.run_as(&world.neighbour, asked).await;
    let claims = claim(&world, &world.context).await;
    assert_eq!(claims.len(), 1);
    let first = &claims[0];
    assert_eq!((first.enrichment_id, first.attempt_no), (item.id, 1));
    assert_eq!(first.email, Some(email("ada@acme.example")));
    assert_eq!(first.key(), format!("enrichment:{}:1", item.id));
    assert_eq!(first.subject(), item.id.0);
    assert_eq!(get(&world, item.id).await.status, Status::Processing);
    assert!(stands(&world, first).await);
    record(&world, &world.context, first).await.unwrap();
    assert!(!stands(&world, first).await);
    assert!(matches!(record(&world, &world.context, first).await, Err(Error::Conflict(_))));
    // While the answer is awaited nobody asks again.
    assert!(claim(&world, &world.later(TimeDelta::days(30))).await.is_empty());
    let found = Found { title: Some("Engineer".to_owned()), ..Found::default() };
    let done = world.run(async |tx| contact_enrichment::complete(tx, item.id, found).await).await;
    assert_eq!((done.status, done.handed_over_at), (Status::Completed, None));
}

#[tokio::test]
async fn no_two_of_twenty_workers_hold_the_same_question() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for n in 0..30 {
                let who = somebody(tx, email(&format!("n{n}@acme.example"))).await?;
                contact_enrichment::enqueue(tx, New::asked(who.id, Source::WebSearch)).await?;
            }
            Ok(())
        })
        .await;
    let (a, b, c, d) = tokio::join!(
        claim(&world, &world.context),
        claim(&world, &world.context),
        claim(&world, &world.context),
        claim(&world, &world.context)
    );
    let all: Vec<_> = [a, b, c, d].concat();
    let ids: HashSet<_> = all.iter().map(|claim| claim.enrichment_id).collect();
    assert_eq!((all.len(), ids.len()), (30, 30));
}

#[tokio::test]
async fn what_a_dead_worker_held_is_claimed_again_under_the_same_key_and_recorded_once() {
    let world = World::new().await;
    world.run(asked).await;
    let dead = claim(&world, &world.context).await.remove(0);
    assert!(claim(&world, &world.context).await.is_empty());
    expire_leases(&world).await;
    // Nobody took it: what the first did counts.
    assert!(stands(&world, &dead).await);
    let second = claim(&world, &world.context).await.remove(0);
    assert_eq!(second.key(), dead.key());
    assert!(!stands(&world, &dead).await);
    assert!(matches!(record(&world, &world.context, &dead).await, Err(Error::Conflict(_))));
    record(&world, &world.context, &second).await.unwrap();
}

#[tokio::test]
async fn a_claim_that_is_given_back_is_free_at_once() {
    let world = World::new().await;
    let item = world.run(asked).await;
    let held = claim(&world, &world.context).await.remove(0);
    let release = async |tx: &Tx| contact_enrichment::release_request(tx, &held).await;
    world.run(release).await;
    assert_eq!(get(&world, item.id).await.status, Status::Pending);
    let again = world.db.run(world.context.clone(), release).await;
    assert!(matches!(again, Err(Error::Conflict(_))));
    assert_eq!(claim(&world, &world.context).await[0].key(), held.key());
}

#[tokio::test]
async fn what_waits_in_the_outbox_is_not_decided_again() {
    let world = World::new().await;
    let item = world.run(asked).await;
    claim(&world, &world.context).await;
    expire_leases(&world).await;
    let write = format!(
        "insert into outbox (tenant_id, id, topic, subject_id, key, payload, why, enqueued_at)
         values ('{}', gen_random_uuid(), 'enrichment_request', '{}', 'k', '{{}}', 'x', now())",
        world.context.tenant, item.id
    );
    world.owner.execute_unprepared(&write).await.unwrap();
    assert!(claim(&world, &world.context).await.is_empty());
    let dead = "update outbox set state = 'dead', ended_at = now()";
    world.owner.execute_unprepared(dead).await.unwrap();
    assert!(claim(&world, &world.context).await.is_empty());
    let over = "update outbox set state = 'cancelled', ended_at = now()";
    world.owner.execute_unprepared(over).await.unwrap();
    assert_eq!(claim(&world, &world.context).await.len(), 1);
}

#[tokio::test]
async fn whoever_unsubscribes_is_asked_about_no_more_before_and_after_the_claim() {
    let world = World::new().await;
    let item = world.run(asked).await;
    let held = claim(&world, &world.context).await.remove(0);
    let ada = item.contact_id.unwrap();
    world.run(async |tx| contact::unsubscribe(tx, ada).await).await;
    assert!(!stands(&world, &held).await);
    world.run(async |tx| contact_enrichment::release_request(tx, &held).await).await;
    assert!(claim(&world, &world.context).await.is_empty());
    let skipped = get(&world, item.id).await;
    assert_eq!((skipped.status, skipped.skip_reason), (Status::Skipped, Some(Skip::Suppressed)));
}

#[tokio::test]
async fn those_that_are_skipped_keep_none_from_being_claimed() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for n in 0..25 {
                let who = somebody(tx, email(&format!("n{n}@acme.example"))).await?;
                contact_enrichment::enqueue(tx, New::asked(who.id, Source::Apollo)).await?;
                if n < 20 {
                    contact::unsubscribe(tx, who.id).await?;
                }
            }
            Ok(())
        })
        .await;
    assert_eq!(claim(&world, &world.context).await.len(), 5);
}

#[tokio::test]
async fn an_answer_is_awaited_for_three_days_and_then_asked_for_again_and_given_up_after_five() {
    let world = World::new().await;
    let item = world.run(asked).await;
    let lapse = async |at: &Context| {
        world.run_as(at, async |tx| contact_enrichment::lapse(tx, 10).await).await
    };
    let mut at = world.context.clone();
    for attempt in 1..=MOST_ATTEMPTS {
        let held = claim(&world, &at).await.remove(0);
        assert_eq!(held.attempt_no, attempt);
        record(&world, &at, &held).await.unwrap();
        at.now += TimeDelta::days(ANSWER_DAYS) - TimeDelta::microseconds(1);
        assert_eq!(lapse(&at).await, 0);
        at.now += TimeDelta::microseconds(1);
        assert_eq!(lapse(&at).await, 1);
        at.now += TimeDelta::minutes(40);
    }
    let dead = get(&world, item.id).await;
    assert_eq!((dead.status, dead.attempts), (Status::Failed, 5));
    assert!(claim(&world, &at).await.is_empty());
    // Another five, each under a key of its own.
    world.run_as(&at, async |tx| contact_enrichment::retry(tx, item.id).await).await;
    assert_eq!(claim(&world, &at).await[0].key(), format!("enrichment:{}:6", item.id));
    let failed = async |tx: &Tx| contact_enrichment::fail(tx, item.id, "no credit left").await;
    let failed = world.run_as(&at, failed).await;
    assert_eq!((failed.status, failed.attempts), (Status::Pending, 6));
    assert_eq!(failed.next_attempt_at, at.now + TimeDelta::minutes(5));
}

#[tokio::test]
async fn a_late_answer_is_taken_and_the_question_not_asked_again() {
    let world = World::new().await;
    let item = world.run(asked).await;
    let held = claim(&world, &world.context).await.remove(0);
    record(&world, &world.context, &held).await.unwrap();
    let at = world.later(TimeDelta::days(4));
    world.run_as(&at, async |tx| contact_enrichment::lapse(tx, 10).await).await;
    let again = claim(&world, &world.later(TimeDelta::days(5))).await.remove(0);
    let found = Found { title: Some("Engineer".to_owned()), ..Found::default() };
    world.run_as(&at, async |tx| contact_enrichment::complete(tx, item.id, found).await).await;
    assert!(!stands(&world, &again).await);
    assert!(matches!(record(&world, &at, &again).await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn a_claim_of_nothing_or_for_no_time_is_refused() {
    let world = World::new().await;
    for (limit, lease, expected) in
        [(0, 60, "limit"), (1001, 60, "limit"), (1, 0, "lease"), (1, 86_401, "lease")]
    {
        let ask = Claims { limit, lease: TimeDelta::seconds(lease) };
        let claim = async |tx: &Tx| contact_enrichment::claim_requests(tx, &ask).await;
        let done = world.db.run(world.context.clone(), claim).await;
        assert!(matches!(done, Err(Error::Invalid { field, .. }) if field == expected));
    }
}
