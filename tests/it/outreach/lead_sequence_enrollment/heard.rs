//! What comes back.

use super::*;

async fn heard(
    world: &World,
    id: LeadSequenceEnrollmentId,
    step: i32,
    outcome: Outcome,
) -> Result<Model, Error> {
    let heard = async |tx: &Tx| enrollment::heard(tx, id, step, outcome).await;
    world.db.run(world.later(TimeDelta::hours(1)), heard).await
}

#[tokio::test]
async fn an_answer_pauses_what_is_active_and_the_rest_of_the_delay_is_kept() {
    let world = World::new().await;
    let (joan, other) = (lead(&world, 1).await, lead(&world, 2).await);
    let to = sequence(&world, welcome()).await;
    let id = enroll(&world, joan, to).await.id;
    let not_theirs = enroll(&world, other, to).await.id;
    send(&world, &world.context).await;
    let day = world.later(days(1));
    let reply = async || world.run_as(&day, async |tx| enrollment::reply(tx, joan).await).await;
    assert_eq!(reply().await, 1);
    assert_eq!(reply().await, 0, "the second answer finds nothing to pause");
    let paused = get(&world, id).await;
    assert_eq!((paused.status, paused.pause_reason.as_deref()), (Status::Paused, Some("replied")));
    assert_eq!(paused.paused_at, Some(day.now));
    assert_eq!(get(&world, not_theirs).await.status, Status::Active);
    let week = world.later(days(7));
    let resumed = world.run_as(&week, async |tx| enrollment::resume(tx, id).await).await;
    assert_eq!(resumed.next_step_scheduled_at, Some(week.now + days(1)));
}

#[tokio::test]
async fn what_became_of_a_step_is_kept_in_both_places_and_late_news_changes_nothing() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let id = enroll(&world, joan, to).await.id;
    send(&world, &world.context).await;
    for (news, known) in [
        (Outcome::Delivered, Outcome::Delivered),
        (Outcome::Clicked, Outcome::Clicked),
        (Outcome::Opened, Outcome::Clicked),
    ] {
        let told = heard(&world, id, 1, news).await.unwrap();
        assert_eq!((told.status, told.executed_steps.0[0].status), (Status::Active, known));
        let row = world.run(async |tx| enrollment::steps(tx, id).await).await.remove(0);
        assert_eq!((row.status, row.executed_at), (known, world.context.now));
        assert_eq!(row.status_at, world.context.now + TimeDelta::hours(1));
    }
    assert!(matches!(heard(&world, id, 2, Outcome::Opened).await, Err(Error::NotFound("step"))));
    for none in [Outcome::Sent, Outcome::Skipped] {
        assert!(matches!(heard(&world, id, 1, none).await, Err(Error::Invalid { .. })));
    }
}

#[tokio::test]
async fn what_comes_back_ends_the_enrolment_as_failed() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let id = enroll(&world, joan, to).await.id;
    send(&world, &world.context).await;
    let failed = heard(&world, id, 1, Outcome::Bounced).await.unwrap();
    assert_eq!((failed.status, failed.stop), (Status::Failed, Some(Stop::Bounced)));
    assert_eq!(failed.completed_at, Some(world.context.now + TimeDelta::hours(1)));
    assert_eq!(failed.executed_steps.0[0].status, Outcome::Bounced);
    assert_eq!(claim(&world, &world.later(days(9))).await, Claimed::default());
    // A bounce that is heard of when it was over changes how it was, and nothing else.
    let again = heard(&world, id, 1, Outcome::Bounced).await.unwrap();
    assert_eq!(again, failed);
}

#[tokio::test]
async fn a_step_that_was_passed_over_has_become_nothing() {
    let world = World::new().await;
    let joan = lead(&world, 1).await;
    world.owner.execute_unprepared("update leads set email = null").await.unwrap();
    let by_mail = sequence(&world, steps(&[(0, Channel::Email), (1, Channel::Sms)])).await;
    let id = enroll(&world, joan, by_mail).await.id;
    assert_eq!(claim(&world, &world.context).await.skipped, [(id, Skip::NoAddress)]);
    assert!(matches!(heard(&world, id, 1, Outcome::Opened).await, Err(Error::Conflict(_))));
}
