//! How many checks were completed, and how many in time.

use chrono::{TimeDelta, Utc};
use integration::World;
use rust_decimal::Decimal;
use sea_orm::{DbBackend, FromQueryResult, Statement};
use service::{
    Context, Error, Tx,
    compliance::{
        compliance_check::{self, CompletionRate, Rates, Waive, Waiver},
        compliance_schedule::{Generate, New, generate_due, open},
    },
};

use super::super::{days, generate, monthly, register, somebody};

async fn rates(world: &World, at: &Context, ask: Rates) -> Vec<CompletionRate> {
    let read = async |tx: &Tx| compliance_check::completion_rates(tx, &ask).await;
    world.db.read(at.clone(), read).await.unwrap()
}

#[tokio::test]
async fn what_was_waived_or_cancelled_counts_in_one_rate_and_not_in_the_other() {
    let world = World::new().await;
    let (_, as_boss) = somebody(&world, "boss", "manager").await;
    let made = world
        .run(async |tx| {
            for n in 0..7 {
                register(tx, n).await?;
            }
            open(tx, monthly("2026-03-10")).await?;
            Ok(generate_due(tx, &Generate::default()).await?.created)
        })
        .await;
    let late = Context { now: "2026-03-11T00:00:00Z".parse().unwrap(), ..as_boss.clone() };
    let in_time = Context { now: late.now - TimeDelta::microseconds(1), ..as_boss.clone() };
    for (at, id) in [(&as_boss, made[0]), (&in_time, made[1]), (&late, made[2])] {
        world.run_as(at, async |tx| compliance_check::complete(tx, id, None).await).await;
    }
    world
        .run_as(&as_boss, async |tx| {
            let waive = Waive { reason: "x".to_owned(), scope: Waiver::This };
            compliance_check::waive(tx, made[3], waive).await?;
            compliance_check::cancel(tx, made[4], "x").await?;
            compliance_check::skip(tx, made[5], "x").await
        })
        .await;
    let after = world.at("2026-03-12T00:00:00Z");
    let found = rates(&world, &after, Rates::default()).await;
    let expected = CompletionRate {
        compliance_type: "license renewal".to_owned(),
        total_checks: 7,
        completed_count: 3,
        overdue_count: 1,
        waived_count: 1,
        completion_rate_pct: Some(Decimal::new(4286, 2)), // 3 of 7
        // 0, 8 (not quite 9) and 8 days: from 2 March 09:00 to 11 March 00:00.
        avg_days_to_complete: Some(Decimal::new(533, 2)),
        due_count: 5, // but for the waived and the cancelled
        on_time_count: 2,
        on_time_rate_pct: Some(Decimal::new(4000, 2)),
    };
    assert_eq!(found, std::slice::from_ref(&expected));
    assert!(rates(&world, &world.neighbour, Rates::default()).await.is_empty());
    // Before they fell due, none is late, and the rate of nothing is null.
    let found = rates(&world, &world.later(days(1)), Rates::default()).await.remove(0);
    assert_eq!((found.overdue_count, found.due_count, found.on_time_rate_pct), (0, 0, None));
    // In a time in which they fell due and were not made, it is the other way round.
    let ask = Rates { from: Some(late.now), to: Some(after.now) };
    let found = rates(&world, &after, ask).await.remove(0);
    assert_eq!((found.total_checks, found.completion_rate_pct), (0, None));
    assert_eq!(
        (found.avg_days_to_complete, found.on_time_rate_pct),
        (None, expected.on_time_rate_pct)
    );
    let backwards = Rates { from: Some(after.now), to: Some(late.now) };
    let refused = async |tx: &Tx| compliance_check::completion_rates(tx, &backwards).await;
    let refused = world.db.read(after.clone(), refused).await;
    assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "from"));
}

#[tokio::test]
async fn the_view_says_the_same_of_each_type_and_shows_nobody_anothers() {
    let world = World::new().await;
    // The view knows no time but the clock's.
    let now = Utc::now();
    let long_ago = Context { now: now - days(150), ..world.context.clone() };
    let (_, as_boss) = somebody(&world, "boss", "manager").await;
    let at = |before: i64| Context { now: now - days(before), ..as_boss.clone() };
    world
        .run_as(&long_ago, async |tx| {
            for n in 0..9 {
                register(tx, n).await?;
            }
            for (n, kind) in [(0, "licence"), (1, "address"), (2, "tax")] {
                let first = (now - days(120 - 7 * n)).date_naive().to_string();
                let new = New { compliance_type: kind.to_owned(), ..monthly(&first) };
                open(tx, new).await?;
            }
            Ok(())
        })
        .await;
    for before in (0..130).rev().step_by(10) {
        let made = generate(&world, &at(before)).await.created;
        for (n, id) in made.into_iter().enumerate() {
            // Some at once, and some when it is late or about to be.
            let then = if n % 2 == 0 { at(before) } else { at(before / 2) };
            let waive = Waive { reason: "x".to_owned(), scope: Waiver::This };
            world
                .run_as(&then, async |tx| match n % 6 {
                    0..=2 => compliance_check::complete(tx, id, None).await.map(drop),
                    3 => compliance_check::waive(tx, id, waive).await.map(drop),
                    4 => compliance_check::skip(tx, id, "x").await.map(drop),
                    _ => Ok(()),
                })
                .await;
        }
    }
    let served = rates(&world, &Context { now: Utc::now(), ..at(0) }, Rates::default()).await;
    assert_eq!(served.len(), 3);
    assert!(served.iter().all(|rate| rate.overdue_count > 0 && rate.on_time_count > 0));
    let viewed = async |who: &Context| {
        let sql = "select * from compliance_completion_rates order by compliance_type";
        let ask = Statement::from_string(DbBackend::Postgres, sql);
        let read = async |tx: &Tx| Ok(CompletionRate::find_by_statement(ask).all(tx).await?);
        world.db.read(who.clone(), read).await.unwrap()
    };
    assert_eq!(viewed(&world.context).await, served);
    assert!(viewed(&world.neighbour).await.is_empty(), "defect 2-17");
}
