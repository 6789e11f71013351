//! Holding it, and letting it go on.

use super::*;

#[tokio::test]
async fn a_pause_keeps_what_is_left_of_the_delay_to_the_microsecond() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let id = enroll(&world, joan, to).await.id;
    send(&world, &world.context).await;
    // Of two days, one and four hours, less a bit, are left.
    let after = TimeDelta::hours(20) + MICRO;
    let left = days(2) - after;
    let paused =
        world.run_as(&world.later(after), async |tx| enrollment::pause(tx, id, "ill").await).await;
    assert_eq!((paused.status, paused.pause_reason.as_deref()), (Status::Paused, Some("ill")));
    assert_eq!(claim(&world, &world.later(days(9))).await, Claimed::default());
    // To pause it again changes nothing.
    let again = world.later(days(1));
    let again = world.run_as(&again, async |tx| enrollment::pause(tx, id, "other").await).await;
    assert_eq!(again, paused);
    let back = world.later(days(10));
    let resumed = world.run_as(&back, async |tx| enrollment::resume(tx, id).await).await;
    assert_eq!((resumed.status, resumed.pause_reason), (Status::Active, None));
    assert_eq!(resumed.next_step_scheduled_at, Some(back.now + left));
    let on = world.run_as(&back, async |tx| enrollment::resume(tx, id).await).await;
    assert_eq!(on.next_step_scheduled_at, Some(back.now + left), "that it goes on changes nothing");
    let due = Context { now: back.now + left, ..back.clone() };
    let early = Context { now: due.now - MICRO, ..back };
    assert_eq!(claim(&world, &early).await, Claimed::default());
    assert_eq!(send(&world, &due).await, [2]);
}

#[tokio::test]
async fn what_was_overdue_when_it_was_paused_is_due_at_once_and_by_day() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let id = enroll(&world, joan, to).await.id;
    let later = world.later(days(5));
    world.run_as(&later, async |tx| enrollment::pause(tx, id, "wait").await).await;
    // Resumed at 23:00, it waits for the morning.
    let night = world.at("2026-03-20T23:00:00Z");
    let resumed = world.run_as(&night, async |tx| enrollment::resume(tx, id).await).await;
    assert_eq!(resumed.next_step_scheduled_at, Some(utc("2026-03-21T08:00:00Z")));
}

#[tokio::test]
async fn what_has_ended_is_neither_paused_nor_resumed_nor_cancelled() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let id = enroll(&world, joan, to).await.id;
    let cancelled = world.run(async |tx| enrollment::cancel(tx, id, "they said so").await).await;
    assert_eq!((cancelled.status, cancelled.stop), (Status::Cancelled, Some(Stop::Requested)));
    assert_eq!(cancelled.stop_reason.as_deref(), Some("they said so"));
    assert_eq!(cancelled.completed_at, Some(world.context.now));
    assert_eq!(cancelled.next_step_scheduled_at, None);
    let pause = async |tx: &Tx| enrollment::pause(tx, id, "wait").await;
    let resume = async |tx: &Tx| enrollment::resume(tx, id).await;
    let cancel = async |tx: &Tx| enrollment::cancel(tx, id, "again").await;
    let fail = async |tx: &Tx| enrollment::fail(tx, id, "again").await;
    let who = || world.context.clone();
    assert!(matches!(world.db.run(who(), pause).await, Err(Error::Conflict(_))));
    assert!(matches!(world.db.run(who(), resume).await, Err(Error::Conflict(_))));
    assert!(matches!(world.db.run(who(), cancel).await, Err(Error::Conflict(_))));
    assert!(matches!(world.db.run(who(), fail).await, Err(Error::Conflict(_))));
    let nothing = async |tx: &Tx| enrollment::pause(tx, id, " ").await;
    assert!(matches!(world.db.run(who(), nothing).await, Err(Error::Invalid { .. })));
    assert_eq!(get(&world, id).await, cancelled);
}

#[tokio::test]
async fn in_a_sequence_that_is_inactive_nothing_is_sent_until_it_is_active_again() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    enroll(&world, joan, to).await;
    let held = claim(&world, &world.context).await.claims.remove(0);
    let stands = async || world.run(async |tx| enrollment::stands(tx, &held).await).await;
    assert!(stands().await);
    world.run(async |tx| nurture_sequence::deactivate(tx, to).await).await;
    assert!(!stands().await);
    world.run(async |tx| enrollment::release(tx, &held).await).await;
    let later = world.later(days(20));
    assert_eq!(claim(&world, &later).await, Claimed::default());
    world.run(async |tx| nurture_sequence::activate(tx, to).await).await;
    assert_eq!(send(&world, &later).await, [1]);
    assert_eq!(claim(&world, &later).await, Claimed::default(), "one step at a time");
}
