//! What came of an intervention.

use chrono::TimeDelta;
use entity::id::InterventionId;
use integration::{World, populate::email};
use service::{
    Context, Error, Result, Tx,
    health::{
        client_session,
        intervention::{self, Claims, Measured, OutcomeOf, Status},
    },
};

use super::{
    super::client_health_score::{compute, had, open},
    due::{SUNDAY, broken},
    logged, open_due,
};

async fn record(world: &World, id: InterventionId, of: OutcomeOf) -> Result<()> {
    let work = async |tx: &Tx| intervention::record_outcome(tx, id, of).await;
    world.db.run(world.context.clone(), work).await.map(drop)
}

async fn measure(world: &World, at: &Context) -> (u64, u64) {
    let work = async |tx: &Tx| intervention::measure_outcomes(tx, 100).await;
    let Measured { after_7_days, after_30_days } = world.run_as(at, work).await;
    (after_7_days, after_30_days)
}

#[tokio::test]
async fn an_outcome_is_recorded_once_and_closes_the_intervention() {
    let world = World::new().await;
    let kim = logged(&world).await;
    let claimed = world.run(async |tx| intervention::claim(tx, &Claims::default()).await).await;
    world.run(async |tx| intervention::record_sent(tx, &claimed[0]).await).await;
    let came = OutcomeOf { success_rating: Some(5), ..OutcomeOf::plain("booked two") };
    record(&world, kim.id, came.clone()).await.unwrap();
    assert!(matches!(record(&world, kim.id, came).await, Err(Error::Conflict(_))));
    let dismiss = async |tx: &Tx| intervention::dismiss(tx, kim.id, "late").await;
    let said = world.db.run(world.context.clone(), dismiss).await;
    assert!(matches!(said, Err(Error::Conflict(_))));
    let closed = world.run(async |tx| intervention::get(tx, kim.id).await).await;
    assert_eq!((closed.status, closed.success_rating), (Status::Completed, Some(5)));
    assert_eq!(closed.outcome.as_deref(), Some("booked two"));
    let outcome = world.run(async |tx| intervention::outcome_of(tx, kim.id).await).await;
    // Never seen, three of ten left: 20, 70, 30: 8 + 21 + 9.
    assert_eq!(outcome.health_score_before, Some(38.into()));
    assert_eq!(outcome.risk_score_before, Some(100.into()));
    assert_eq!(outcome.executed_at, world.context.now);
    assert_eq!((outcome.measured_7d_at, outcome.measured_30d_at), (None, None));
}

#[tokio::test]
async fn nobody_elses_and_nothing_wrong_is_recorded() {
    let world = World::new().await;
    let kim = logged(&world).await;
    let theirs = Context { now: world.context.now, ..world.neighbour.clone() };
    let work =
        async |tx: &Tx| intervention::record_outcome(tx, kim.id, OutcomeOf::plain("x")).await;
    let said = world.db.run(theirs, work).await;
    assert!(matches!(said, Err(Error::NotFound("intervention"))));
    for (wrong, field) in [
        (OutcomeOf::plain(""), "outcome"),
        (OutcomeOf::plain(&"x".repeat(501)), "outcome"),
        (OutcomeOf { success_rating: Some(0), ..OutcomeOf::plain("x") }, "success_rating"),
        (OutcomeOf { success_rating: Some(6), ..OutcomeOf::plain("x") }, "success_rating"),
    ] {
        let said = record(&world, kim.id, wrong).await;
        assert!(matches!(said, Err(Error::Invalid { field: f, .. }) if f == field), "{field}");
    }
    let none = async |tx: &Tx| intervention::outcome_of(tx, kim.id).await;
    let said = world.db.run(world.context.clone(), none).await;
    assert!(matches!(said, Err(Error::NotFound("outcome"))));
}

#[tokio::test]
async fn how_the_client_does_is_measured_seven_and_thirty_days_after() {
    let world = World::new().await;
    let kim = logged(&world).await;
    record(&world, kim.id, OutcomeOf::plain("called")).await.unwrap();
    let at = |days: i64| world.later(TimeDelta::days(days));
    // Three come about, one is cancelled, and one is booked on the eighth day.
    for days in [1, 2, 3] {
        let work = async |tx: &Tx| had(tx, "kim@a.example", tx.now()).await;
        world.run_as(&at(days), work).await;
    }
    for (days, status) in
        [(4, client_session::Status::Cancelled), (7, client_session::Status::Booked)]
    {
        let held_at = at(20).now;
        let new = client_session::New::attended(email("kim@a.example"), held_at);
        let new = client_session::New { status, ..new };
        world.run_as(&at(days), async |tx| client_session::record(tx, new).await).await;
    }
    // One that was had before, and that the booking system told of only later, is not of it.
    let before = async |tx: &Tx| had(tx, "kim@a.example", at(-100).now).await;
    world.run_as(&at(2), before).await;
    let almost = Context { now: at(7).now - TimeDelta::microseconds(1), ..world.context.clone() };
    compute(&world, &at(6)).await;
    assert_eq!(measure(&world, &almost).await, (0, 0));
    // Seven days have passed, and the score is of the day before.
    assert_eq!(measure(&world, &at(7)).await, (0, 0));
    compute(&world, &at(7)).await;
    assert_eq!(measure(&world, &at(7)).await, (1, 0));
    assert_eq!(measure(&world, &at(8)).await, (0, 0), "once");
    let outcome = world.run(async |tx| intervention::outcome_of(tx, kim.id).await).await;
    // Three in seven days and in the month: 80, 70, 90: 32 + 21 + 27.
    assert_eq!(outcome.health_score_7d_after, Some(80.into()));
    assert_eq!(outcome.sessions_booked_within_7d, Some(3));
    assert_eq!(outcome.trend_changed_to_positive, Some(true));
    assert_eq!((outcome.measured_7d_at, outcome.outcome_success_score), (Some(at(7).now), None));

    compute(&world, &at(30)).await;
    assert_eq!(measure(&world, &at(30)).await, (0, 1));
    assert_eq!(measure(&world, &at(31)).await, (0, 0), "once");
    let outcome = world.run(async |tx| intervention::outcome_of(tx, kim.id).await).await;
    // None in seven days, three in the month, the last 27 days ago: 35, 70, 30: 14 + 21 + 9.
    assert_eq!(outcome.health_score_30d_after, Some(44.into()));
    // 50, and 6 more than the 38 of before.
    assert_eq!(outcome.outcome_success_score, Some(56.into()));
    let closed = world.run(async |tx| intervention::get(tx, kim.id).await).await;
    assert_eq!(closed.intervention_effectiveness_score, Some(56.into()));
    assert_eq!(closed.outcome_measured_at, Some(at(30).now));
}

#[tokio::test]
async fn without_a_score_nobody_knows_how_well_it_went() {
    let world = World::new().await;
    let sunday = world.at(SUNDAY);
    world
        .run_as(&sunday, async |tx| {
            open(tx, "kim@a.example").await?;
            broken(tx, "kim@a.example").await
        })
        .await;
    let kim = open_due(&world, &sunday).await.remove(0);
    assert_eq!(kim.health_score, None);
    let came = OutcomeOf::plain("called");
    let work = async |tx: &Tx| intervention::record_outcome(tx, kim.id, came).await;
    world.run_as(&sunday, work).await;
    let after = Context { now: sunday.now + TimeDelta::days(30), ..sunday.clone() };
    compute(&world, &after).await;
    assert_eq!(measure(&world, &after).await, (1, 1));
    let outcome = world.run(async |tx| intervention::outcome_of(tx, kim.id).await).await;
    assert_eq!((outcome.health_score_30d_after, outcome.outcome_success_score), (None, None));
    assert_eq!(outcome.measured_30d_at, Some(after.now));
    let closed = world.run(async |tx| intervention::get(tx, kim.id).await).await;
    assert_eq!(closed.intervention_effectiveness_score, None);
}
