//! Months without a contact.

use chrono::TimeDelta;
use integration::World;
use service::leads::{
    lead::{self, Status},
    lead_activity::{self, Kind, New},
    lead_score::Cause,
};

use super::{explained, history, made, of, scored, warm_up};

/// A lead of 83 points, of which 23 are engagement and 15 intent.
async fn hot(world: &World) -> entity::id::LeadId {
    let id = made(world, 109).await;
    warm_up(world, &world.context, id).await;
    scored(world, &world.context).await;
    id
}

#[tokio::test]
async fn a_score_decays_for_whole_months_of_30_days_since_it_changed_and_not_before() {
    let world = World::new().await;
    // Never reached: 3 for an e-mail opened, 5 for the area code.
    let id = made(&world, 109).await;
    let now = world.context.now;
    world
        .run(async |tx| {
            lead_activity::record(tx, id, New::plain(Kind::EmailOpened, now)).await?;
            lead_activity::record(tx, id, New::plain(Kind::EmailClicked, now)).await
        })
        .await;
    scored(&world, &world.context).await;
    assert_eq!(of(&world, id).await.lead_score, 13);
    let month = TimeDelta::days(30);
    let before = world.later(month - TimeDelta::microseconds(1));
    assert!(scored(&world, &before).await.is_empty());
    let told = explained(&world, &before, id).await;
    assert_eq!((told.decay_months, told.factors.engagement), (0, 8));
    let done = scored(&world, &world.later(month)).await;
    assert_eq!((done[0].looked_at, done[0].decayed, done[0].changed), (1, 1, 1));
    let row = history(&world, id).await.remove(0);
    // 8 × 0.8 = 6.4.
    assert_eq!((row.score, row.cause, row.decay_months), (11, Cause::Decayed, 1));
    // The next month is counted from there; of 59 days one is whole.
    assert!(scored(&world, &world.later(month + TimeDelta::days(29))).await.is_empty());
    scored(&world, &world.later(month * 2)).await;
    // 8 × 0.64 = 5.12.
    assert_eq!((of(&world, id).await.lead_score, of(&world, id).await.score_decay), (10, 2));
    // An outage of three months is made up for at once: 8 × 0.8 ^ 5 = 2.62.
    scored(&world, &world.later(month * 5)).await;
    assert_eq!((of(&world, id).await.lead_score, of(&world, id).await.score_decay), (8, 5));
}

#[tokio::test]
async fn nothing_decays_within_30_days_of_a_contact_and_something_new_undoes_it() {
    let world = World::new().await;
    let id = hot(&world).await;
    let day = TimeDelta::days;
    // 10 + 3 + 5 for engagement from the eighth day on.
    scored(&world, &world.later(day(8))).await;
    assert_eq!(of(&world, id).await.lead_score, 78);
    // 5 + 3 + 5 from the thirty-first, from when on months are counted.
    scored(&world, &world.later(day(31))).await;
    assert_eq!((of(&world, id).await.lead_score, of(&world, id).await.score_decay), (73, 0));
    assert!(scored(&world, &world.later(day(60))).await.is_empty());
    scored(&world, &world.later(day(61))).await;
    // 13 × 0.8 = 10.4, and half of 15 is 7.5: 40 + 10 + 8 + 5.
    let lead = of(&world, id).await;
    assert_eq!((lead.lead_score, lead.score_decay), (63, 1));
    let later = world.later(day(62));
    let opened = New::plain(Kind::EmailOpened, later.now);
    world.run_as(&later, async |tx| lead_activity::record(tx, id, opened).await).await;
    scored(&world, &later).await;
    // All of it again, and 3 for what was opened.
    let lead = of(&world, id).await;
    assert_eq!((lead.lead_score, lead.score_decay), (76, 0));
}

#[tokio::test]
async fn who_was_told_of_late_is_not_news() {
    let world = World::new().await;
    let id = hot(&world).await;
    let later = world.later(TimeDelta::days(61));
    scored(&world, &world.later(TimeDelta::days(8))).await;
    scored(&world, &world.later(TimeDelta::days(31))).await;
    scored(&world, &later).await;
    assert_eq!(of(&world, id).await.score_decay, 1);
    for (ago, decay) in [(TimeDelta::days(30), 1), (TimeDelta::days(30) - TimeDelta::seconds(1), 0)]
    {
        let note = New::note(later.now - ago, "She opened it");
        world.run_as(&later, async |tx| lead_activity::record(tx, id, note).await).await;
        scored(&world, &later).await;
        assert_eq!(of(&world, id).await.score_decay, decay);
    }
}

#[tokio::test]
async fn whose_score_is_cold_90_days_after_the_last_contact_is_given_up_once() {
    let world = World::new().await;
    let id = made(&world, 109).await;
    let now = world.context.now;
    world.run(async |tx| lead_activity::record(tx, id, New::call(now, None)).await).await;
    let why = lead::Because::manual(None);
    world.run(async |tx| lead::move_to(tx, id, Status::Contacted, &why).await).await;
    let day = TimeDelta::days;
    for days in [0, 8, 31, 61, 90] {
        scored(&world, &world.later(day(days))).await;
        assert_eq!(of(&world, id).await.status, Status::Contacted, "{days}");
    }
    scored(&world, &world.later(day(91))).await;
    assert_eq!(of(&world, id).await.status, Status::Cold);
    // Somebody brings them back, and no sweep takes them away again.
    let back = world.later(day(92));
    world.run_as(&back, async |tx| lead::move_to(tx, id, Status::Nurturing, &why).await).await;
    for days in [121, 151, 400] {
        scored(&world, &world.later(day(days))).await;
    }
    assert_eq!(of(&world, id).await.status, Status::Nurturing);
}

#[tokio::test]
async fn the_day_of_work_scores_leads_at_two_in_the_morning() {
    use service::engine::run::{Limits, Step, run_due};
    let world = World::new().await;
    let id = made(&world, 109).await;
    let due = async |time: &str| {
        run_due(&world.db, &world.at(time), &Limits::default()).await.unwrap().handled(Step::Leads)
    };
    assert_eq!(due("2026-03-03T01:59:59Z").await, 0);
    assert_eq!(due("2026-03-03T02:00:00Z").await, 1);
    assert_eq!(due("2026-03-03T03:00:00Z").await, 0);
    assert_eq!(of(&world, id).await.lead_score, 5);
}
