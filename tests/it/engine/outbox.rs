//! The outbox: what was decided is sent, in order, at least once, and recorded once.

use std::collections::HashSet;

use chrono::TimeDelta;
use entity::id::{ContactId, DealId, OutboxId};
use integration::{
    World,
    populate::{acme, client, person},
};
use sea_orm::ConnectionTrait;
use service::{
    Context, Error, Result, Tx,
    engine::outbox::{self, ATTEMPTS, Content, Sending, State, Topic},
    sales::{
        contact,
        deal::{self, Activity, Claims, Stage},
    },
};

/// Deals with Ada, opened when the world begins: leads, which stall after three days.
async fn deals(tx: &Tx, count: usize) -> Result<(Vec<DealId>, ContactId)> {
    acme(tx).await?;
    let ada = person(tx).await?.id;
    let mut ids = vec![];
    for n in 0..count {
        let new = deal::New::titled(client(), &format!("Deal {n}"));
        ids.push(deal::open(tx, deal::New { contact_id: Some(ada), ..new }).await?.id);
    }
    Ok((ids, ada))
}

/// Four days later, when leads have stalled.
fn stalled(world: &World) -> Context {
    world.later(TimeDelta::days(4))
}

/// Claims what is due and writes it down; how many messages were new.
async fn decide(tx: &Tx) -> Result<usize> {
    let mut new = 0;
    for claim in deal::claim_follow_ups(tx, &Claims::default()).await? {
        new += usize::from(outbox::enqueue(tx, &Content::DealFollowUp(claim), "silent").await?);
    }
    Ok(new)
}

async fn claim(tx: &Tx) -> Result<Vec<Sending>> {
    outbox::claim(tx, &Claims::default()).await
}

async fn free_every_lease(world: &World) {
    let sql = "update outbox set lease_until = now() - interval '1 second' where claim is not null;
               update outbox set not_before = null;
               update deals set follow_up_lease_until = now() - interval '1 second'
               where follow_up_claim is not null";
    world.owner.execute_unprepared(sql).await.unwrap();
}

#[tokio::test]
async fn what_was_decided_is_sent_under_its_key_and_counted_when_it_was() {
    let world = World::new().await;
    let (ids, _) = world.run(async |tx| deals(tx, 1).await).await;
    let later = stalled(&world);
    assert_eq!(world.run_as(&later, decide).await, 1);
    let count = async || world.run(async |tx| deal::get(tx, ids[0]).await).await.follow_up_count;
    assert_eq!(count().await, 0, "decided is not sent");
    // It is not decided again, though the lease on the deal ended long ago.
    free_every_lease(&world).await;
    assert_eq!(world.run_as(&later, decide).await, 0);

    let sending = world.run_as(&later, claim).await;
    let [message] = sending.as_slice() else { panic!("{sending:?}") };
    assert_eq!((message.topic, message.subject_id), (Topic::DealFollowUp, ids[0].0));
    let entered = world.context.now.timestamp_micros();
    assert_eq!(message.key, format!("deal:{}:{entered}:1", ids[0]));
    assert!(world.run_as(&later, claim).await.is_empty(), "somebody else has it");

    world.run_as(&later, async |tx| outbox::delivered(tx, message).await).await;
    assert_eq!(count().await, 1);
    let again = world.db.run(later.clone(), async |tx| outbox::delivered(tx, message).await).await;
    assert!(matches!(again, Err(Error::Conflict(_))));
    assert_eq!(count().await, 1);
    let kept = world.run(async |tx| outbox::get(tx, message.id).await).await;
    assert_eq!((kept.state, kept.ended_at), (State::Delivered, Some(later.now)));
}

#[tokio::test]
async fn a_sender_that_died_is_followed_by_another_with_the_same_key() {
    let world = World::new().await;
    world.run(async |tx| deals(tx, 1).await).await;
    let later = stalled(&world);
    world.run_as(&later, decide).await;
    let first = world.run_as(&later, claim).await.remove(0);
    free_every_lease(&world).await;
    let second = world.run_as(&later, claim).await.remove(0);
    assert_eq!(first.key, second.key);
    // The first comes to life again: what it says does not count, since the second answers for it.
    let late = world.db.run(later.clone(), async |tx| outbox::delivered(tx, &first).await).await;
    assert!(matches!(late, Err(Error::Conflict(_))));
    let late = world.db.run(later.clone(), async |tx| outbox::failed(tx, &first, "x").await).await;
    assert!(matches!(late, Err(Error::Conflict(_))));
    world.run_as(&later, async |tx| outbox::delivered(tx, &second).await).await;
}

#[tokio::test]
async fn what_is_no_longer_right_is_not_sent_and_may_be_decided_again() {
    let world = World::new().await;
    let (ids, ada) = world.run(async |tx| deals(tx, 3).await).await;
    let later = stalled(&world);
    assert_eq!(world.run_as(&later, decide).await, 3);
    // The first is answered, the second is won, and the third stays as it is.
    world
        .run_as(&later, async |tx| {
            deal::record_activity(tx, ids[0], Activity::EmailTwoWay, tx.now()).await?;
            deal::move_to(tx, ids[1], Stage::Won, None).await.map(drop)
        })
        .await;
    let sending = world.run_as(&later, claim).await;
    assert_eq!(sending.iter().map(|m| m.subject_id).collect::<Vec<_>>(), [ids[2].0]);
    let states = "select state from outbox order by id";
    assert_eq!(world.strings(states).await, ["cancelled", "cancelled", "pending"]);

    // And one whose person has unsubscribed between the claim and the sending.
    assert!(world.run_as(&later, async |tx| outbox::stands(tx, &sending[0]).await).await);
    world.run_as(&later, async |tx| contact::unsubscribe(tx, ada).await.map(drop)).await;
    assert!(!world.run_as(&later, async |tx| outbox::stands(tx, &sending[0]).await).await);

    // The first falls silent again: the same follow-up, under the same key, is decided anew.
    let subscribe = "update contacts set unsubscribed_at = null";
    world.owner.execute_unprepared(subscribe).await.unwrap();
    let much_later = world.later(TimeDelta::days(8));
    assert_eq!(world.run_as(&much_later, decide).await, 1);
    assert_eq!(world.strings(states).await, ["pending", "cancelled", "pending"]);
}

#[tokio::test]
async fn a_message_that_fails_waits_longer_each_time_and_then_for_a_person() {
    let world = World::new().await;
    world.run(async |tx| deals(tx, 1).await).await;
    let later = stalled(&world);
    world.run_as(&later, decide).await;
    let waits =
        "select extract(epoch from not_before - statement_timestamp())::int::text from outbox";
    let mut id = None;
    for attempt in 1..=ATTEMPTS {
        let message = world.run_as(&later, claim).await.remove(0);
        assert_eq!(message.attempts, attempt - 1);
        let fail = async |tx: &Tx| outbox::failed(tx, &message, "no answer").await;
        let state = world.run_as(&later, fail).await;
        assert_eq!(state, if attempt < 8 { State::Pending } else { State::Dead });
        if attempt < 8 {
            // 2, 4, 8 … minutes, within the seconds that this test takes.
            let wait: i32 = world.strings(waits).await[0].parse().unwrap();
            let expected = 120 << (attempt - 1);
            assert!((expected - 20..=expected).contains(&wait), "{attempt}: {wait}");
            assert!(world.run_as(&later, claim).await.is_empty());
        }
        free_every_lease(&world).await;
        id = Some(message.id);
    }
    // Dead: nobody sends it, and nobody decides upon it again.
    let id = id.unwrap();
    assert!(world.run_as(&later, claim).await.is_empty());
    assert_eq!(world.run_as(&later, decide).await, 0);
    let dead = world.run(async |tx| outbox::dead(tx, 10, None).await).await;
    assert_eq!(dead.items.iter().map(|m| m.id).collect::<Vec<_>>(), [id]);
    assert_eq!(dead.items[0].last_error.as_deref(), Some("no answer"));

    let replayed = world.run_as(&later, async |tx| outbox::replay(tx, id).await).await;
    assert_eq!((replayed.state, replayed.attempts), (State::Pending, 0));
    let message = world.run_as(&later, claim).await.remove(0);
    world.run_as(&later, async |tx| outbox::delivered(tx, &message).await).await;
    let again = world.db.run(later.clone(), async |tx| outbox::replay(tx, id).await).await;
    assert!(matches!(again, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn messages_about_one_subject_go_one_after_the_other_and_a_dead_one_stands_aside() {
    let world = World::new().await;
    let (ids, _) = world.run(async |tx| deals(tx, 2).await).await;
    let later = stalled(&world);
    world.run_as(&later, decide).await;
    // A second message about the first deal, as a later step would write it.
    let second = format!(
        "insert into outbox (tenant_id, id, topic, subject_id, key, payload, why, enqueued_at)
         select tenant_id, 'ffffffff-ffff-7fff-bfff-ffffffffffff', topic, subject_id, 'second',
                payload, why, enqueued_at
         from outbox where subject_id = '{}'",
        ids[0]
    );
    world.owner.execute_unprepared(&second).await.unwrap();
    let sending = world.run_as(&later, claim).await;
    let keys: HashSet<_> = sending.iter().map(|m| m.key.as_str()).collect();
    assert_eq!((sending.len(), keys.contains("second")), (2, false));
    let first = sending.into_iter().find(|m| m.subject_id == ids[0].0).unwrap();
    assert!(world.run_as(&later, claim).await.is_empty(), "the second waits for the first");
    let kill = "update outbox set attempts = 7 where state = 'pending'";
    world.owner.execute_unprepared(kill).await.unwrap();
    let state = world.run_as(&later, async |tx| outbox::failed(tx, &first, "x").await).await;
    assert_eq!(state, State::Dead);
    let next = world.run_as(&later, claim).await;
    assert_eq!(next.iter().map(|m| m.key.as_str()).collect::<Vec<_>>(), ["second"]);
}

#[tokio::test]
async fn a_message_that_nobody_understands_is_dead_and_stops_no_other() {
    let world = World::new().await;
    let (ids, _) = world.run(async |tx| deals(tx, 2).await).await;
    let later = stalled(&world);
    world.run_as(&later, decide).await;
    let spoil = format!("update outbox set payload = '[]' where subject_id = '{}'", ids[0]);
    world.owner.execute_unprepared(&spoil).await.unwrap();
    let sending = world.run_as(&later, claim).await;
    assert_eq!(sending.iter().map(|m| m.subject_id).collect::<Vec<_>>(), [ids[1].0]);
    let dead = world.run(async |tx| outbox::dead(tx, 10, None).await).await;
    assert_eq!(dead.items[0].subject_id, ids[0].0);
}

#[tokio::test]
async fn a_message_that_was_cancelled_by_hand_is_void_for_whoever_holds_it() {
    let world = World::new().await;
    world.run(async |tx| deals(tx, 1).await).await;
    let later = stalled(&world);
    world.run_as(&later, decide).await;
    let message = world.run_as(&later, claim).await.remove(0);
    let theirs = Context { tenant: world.neighbour.tenant, ..later.clone() };
    let strange = world.db.run(theirs, async |tx| outbox::cancel(tx, message.id, "x").await).await;
    assert!(matches!(strange, Err(Error::NotFound("message"))));
    world.run_as(&later, async |tx| outbox::cancel(tx, message.id, "not this one").await).await;
    let sent = world.db.run(later.clone(), async |tx| outbox::delivered(tx, &message).await).await;
    assert!(matches!(sent, Err(Error::Conflict(_))));
    let none = async |tx: &Tx| outbox::replay(tx, OutboxId::new()).await;
    let none = world.db.run(later.clone(), none).await;
    assert!(matches!(none, Err(Error::NotFound("message"))));
}

#[tokio::test]
async fn a_message_about_a_row_that_is_gone_stops_no_other() {
    let world = World::new().await;
    let (ids, _) = world.run(async |tx| deals(tx, 2).await).await;
    let later = stalled(&world);
    world.run_as(&later, decide).await;
    let delete = format!("update deals set deleted_at = now() where id = '{}'", ids[0]);
    world.owner.execute_unprepared(&delete).await.unwrap();
    let sending = world.run_as(&later, claim).await;
    assert_eq!(sending.iter().map(|m| m.subject_id).collect::<Vec<_>>(), [ids[1].0]);
}

#[tokio::test]
async fn what_was_meant_for_one_person_is_not_sent_because_another_would_do() {
    let world = World::new().await;
    let (_, ada) = world.run(async |tx| deals(tx, 1).await).await;
    let later = stalled(&world);
    world.run_as(&later, decide).await;
    world
        .run_as(&later, async |tx| {
            contact::unsubscribe(tx, ada).await?;
            let bob = person(tx).await?.id;
            tx.execute_unprepared(&format!("update deals set contact_id = '{bob}'")).await?;
            Ok(())
        })
        .await;
    assert!(world.run_as(&later, claim).await.is_empty(), "it was for Ada");
    // Decided anew, it is for the other.
    assert_eq!(world.run_as(&later, decide).await, 1);
    let sending = world.run_as(&later, claim).await;
    let Content::DealFollowUp(message) = &sending[0].content else { panic!("{sending:?}") };
    assert!(message.contact_id.is_some_and(|id| id != ada));
}

#[tokio::test]
async fn a_customer_who_was_deleted_is_not_written_to() {
    let world = World::new().await;
    world.run(async |tx| deals(tx, 2).await).await;
    let later = stalled(&world);
    let first = async |tx: &Tx| {
        let claims = deal::claim_follow_ups(tx, &Claims { limit: 1, ..Claims::default() }).await?;
        let content = Content::DealFollowUp(claims.into_iter().next().unwrap());
        outbox::enqueue(tx, &content, "silent").await
    };
    world.run_as(&later, first).await;
    world.owner.execute_unprepared("update customers set deleted_at = now()").await.unwrap();
    assert_eq!(world.run_as(&later, decide).await, 0);
    assert!(world.run_as(&later, claim).await.is_empty());
}

#[tokio::test]
async fn what_waits_and_is_written_down_again_is_not_taken_for_sent() {
    let world = World::new().await;
    let (ids, _) = world.run(async |tx| deals(tx, 1).await).await;
    let later = stalled(&world);
    let twice = async |tx: &Tx| {
        let claims = deal::claim_follow_ups(tx, &Claims::default()).await?;
        let content = Content::DealFollowUp(claims.into_iter().next().unwrap());
        let first = outbox::enqueue(tx, &content, "silent").await?;
        Ok((first, outbox::enqueue(tx, &content, "silent").await?))
    };
    assert_eq!(world.run_as(&later, twice).await, (true, false));
    let count = world.run(async |tx| deal::get(tx, ids[0]).await).await.follow_up_count;
    assert_eq!(count, 0);
    assert_eq!(world.run_as(&later, claim).await.len(), 1);
}

#[tokio::test]
async fn a_message_that_no_sender_survives_is_given_up_too() {
    let world = World::new().await;
    let (ids, _) = world.run(async |tx| deals(tx, 1).await).await;
    let later = stalled(&world);
    world.run_as(&later, decide).await;
    for attempt in 0..ATTEMPTS {
        let message = world.run_as(&later, claim).await.remove(0);
        assert_eq!(message.attempts, attempt, "each lease that lapsed was an attempt");
        free_every_lease(&world).await;
    }
    assert!(world.run_as(&later, claim).await.is_empty());
    let dead = world.run(async |tx| outbox::dead(tx, 10, None).await).await;
    assert_eq!(dead.items[0].subject_id, ids[0].0);
}
