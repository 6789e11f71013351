//! Many at once, by hand and through the outbox.

use std::collections::HashSet;

use service::engine::{
    self, Limits,
    outbox::{self, Content, State, Topic},
    run::Step as Planned,
};

use super::*;

async fn run(world: &World, at: &Context) -> engine::Report {
    engine::run_due(&world.db, at, &Limits::default()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_claim_at_once_never_reach_the_same_lead_twice() {
    let world = World::new().await;
    let to = [
        sequence(&world, steps(&[(0, Channel::Sms)])).await,
        sequence(&world, steps(&[(0, Channel::Email)])).await,
    ];
    for n in 1..=20 {
        let joan = lead(&world, n).await;
        for to in to {
            enroll(&world, joan, to).await;
        }
    }
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (db, at) = (world.db.clone(), world.context.clone());
            tokio::spawn(async move {
                let mut reached = vec![];
                loop {
                    let ask = Claims { limit: 3, ..Claims::default() };
                    let claim = async |tx: &Tx| enrollment::claim(tx, &ask).await;
                    let claimed = db.run(at.clone(), claim).await.unwrap();
                    if claimed == Claimed::default() {
                        return reached;
                    }
                    for held in claimed.claims {
                        let record = async |tx: &Tx| enrollment::record_sent(tx, &held).await;
                        db.run(at.clone(), record).await.unwrap();
                        reached.push(held.lead_id);
                    }
                }
            })
        })
        .collect();
    let mut reached = vec![];
    for worker in workers {
        reached.extend(worker.await.unwrap());
    }
    let leads = reached.iter().collect::<HashSet<_>>().len();
    assert_eq!((reached.len(), leads), (20, 20));
    let count = "select count(*)::text from lead_sequence_enrollment_steps";
    assert_eq!(world.strings(count).await, ["20"]);
}

#[tokio::test]
async fn the_day_decides_each_step_once_and_the_next_when_that_was_delivered() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let id = enroll(&world, joan, to).await.id;
    let report = run(&world, &world.context).await;
    let decided: Vec<_> =
        report.decided().filter(|d| d.topic == Topic::NurtureStep).cloned().collect();
    assert_eq!(decided.len(), 1);
    assert_eq!(decided[0].key, format!("nurture:{id}:1"));
    assert_eq!(decided[0].why, "step 1 of a sequence, by sms: welcome_sms");
    // In the next half hour, and when the lease is long over, it still waits in the outbox.
    let later = world.later(TimeDelta::minutes(30));
    let lapse = "update lead_sequence_enrollments set lease_until = now() - interval '1 second'";
    world.owner.execute_unprepared(lapse).await.unwrap();
    assert_eq!(run(&world, &later).await.decided().count(), 0);
    let sending = world.run_as(&later, async |tx| outbox::claim(tx, &Claims::default()).await);
    let sending = sending.await;
    let Content::NurtureStep(held) = &sending[0].content else { panic!("{sending:?}") };
    assert_eq!((sending[0].subject_id, held.step), (id.0, 1));
    world.run_as(&later, async |tx| outbox::delivered(tx, &sending[0]).await).await;
    let sent = get(&world, id).await;
    assert_eq!(sent.current_step, 2);
    assert_eq!(sent.next_step_scheduled_at, Some(later.now + days(2)));
    assert_eq!(run(&world, &world.later(days(2))).await.handled(Planned::Nurture), 0);
    let then = Context { now: later.now + days(2), ..later };
    assert_eq!(run(&world, &then).await.handled(Planned::Nurture), 1);
}

#[tokio::test]
async fn what_was_decided_and_is_no_longer_right_is_cancelled_and_may_be_decided_again() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let id = enroll(&world, joan, to).await.id;
    run(&world, &world.context).await;
    let sending = async |at: &Context| {
        world.run_as(at, async |tx| outbox::claim(tx, &Claims::default()).await).await
    };
    // Its sender comes at night.
    assert_eq!(sending(&world.at("2026-03-02T21:00:00Z")).await, []);
    let states =
        async || world.strings("select state from outbox where topic = 'nurture_step'").await;
    assert_eq!(states().await, ["cancelled"]);
    assert_eq!(run(&world, &world.at("2026-03-02T21:30:00Z")).await.handled(Planned::Nurture), 1);
    assert_eq!(get(&world, id).await.next_step_scheduled_at, Some(utc("2026-03-03T08:00:00Z")));
    let morning = world.at("2026-03-03T08:00:00Z");
    run(&world, &morning).await;
    assert_eq!(states().await, ["pending"], "the same message, under the same key");
    // And this time somebody opts out between deciding and sending.
    let list = dnc::New::for_good("+12025550101", "lead_requested");
    world.run_as(&morning, async |tx| dnc::add(tx, list).await).await;
    assert_eq!(sending(&morning).await, []);
    assert_eq!(states().await, ["cancelled"]);
    assert_eq!(get(&world, id).await.stop, Some(Stop::DoNotCall));
}

#[tokio::test]
async fn what_was_given_up_keeps_its_place_until_a_person_decides() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let id = enroll(&world, joan, to).await.id;
    run(&world, &world.context).await;
    let dead = "update outbox set state = 'dead', ended_at = now() where topic = 'nurture_step'";
    world.owner.execute_unprepared(dead).await.unwrap();
    let lapse = "update lead_sequence_enrollments set lease_until = now() - interval '1 second'";
    world.owner.execute_unprepared(lapse).await.unwrap();
    assert_eq!(claim(&world, &world.later(days(3))).await, Claimed::default());
    let failed = world.run(async |tx| enrollment::fail(tx, id, "no such number").await).await;
    assert_eq!((failed.status, failed.stop), (Status::Failed, Some(Stop::DeliveryFailed)));
    assert_eq!(failed.stop_reason.as_deref(), Some("no such number"));
    // What nobody waits for any more is buried with the next look at what is dead.
    run(&world, &world.later(days(3))).await;
    let message = world.strings("select state from outbox where topic = 'nurture_step'").await;
    assert_eq!(message, [State::Cancelled].map(|_| "cancelled"));
}
