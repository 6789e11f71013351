//! How many were asked, how many answered, and how they sound.

use rust_decimal::Decimal;
use service::feedback::feedback_request::{Period, Statistics};

use super::*;

async fn statistics(world: &World, at: &Context, period: Period) -> Statistics {
    let ask = async |tx: &Tx| feedback_request::statistics(tx, &period).await;
    world.db.read(at.clone(), ask).await.unwrap()
}

#[tokio::test]
async fn rates_are_of_those_who_were_asked_and_the_mean_is_of_those_who_answered() {
    let world = World::new().await;
    let at = world.later(days(7));
    let mut ids = vec![];
    for _ in 0..7 {
        ids.push(world.run(delivered).await.id);
    }
    send(&world, &at).await;
    let answers = [(0, "great"), (1, "bad, late"), (2, "It arrived.")];
    for (n, text) in answers {
        let answer = says(text);
        world.run_as(&at, async |tx| feedback_request::respond(tx, ids[n], answer).await).await;
    }
    // Two of the four others run out, and one of those answers late.
    let end = world.later(days(37));
    let sql = format!(
        "update feedback_requests set expires_at = expires_at + interval '1 day'
         where id in ('{}', '{}')",
        ids[5], ids[6]
    );
    world.owner.execute_unprepared(&sql).await.unwrap();
    let expired = world.run_as(&end, async |tx| feedback_request::expire(tx, 10).await).await;
    assert_eq!(expired.len(), 2);
    let late = says("awful, wrong");
    world.run_as(&end, async |tx| feedback_request::respond(tx, ids[3], late).await).await;
    // One that answers unasked, one that is skipped, one that waits.
    world
        .run(async |tx| {
            let unasked = delivered(tx).await?.id;
            feedback_request::respond(tx, unasked, says("perfect")).await?;
            let order = delivered(tx).await?.order_id;
            feedback_request::reverse_delivery(tx, order, Reversal::Reversed).await?;
            delivered(tx).await
        })
        .await;
    world.run_as(&world.neighbour, delivered).await;
    let found = statistics(&world, &end, Period::default()).await;
    let expected = Statistics {
        total: 10,
        pending: 1,
        sent: 2,
        responded: 5,
        expired: 1,
        skipped: 1,
        positive: 2,
        neutral: 1,
        negative: 2,
        late: 1,
        recovered: 2,
        asked: 7,
        asked_and_answered: 4,
        // 5 of 7, 4 of 7, and (0.6 - 0.6 + 0 - 0.7 + 0.6) / 5.
        response_rate_pct: Some(Decimal::new(71_43, 2)),
        asked_response_rate_pct: Some(Decimal::new(57_14, 2)),
        avg_sentiment_score: Some(Decimal::new(-2, 2)),
    };
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_rate_of_nobody_is_unknown_and_not_zero() {
    let world = World::new().await;
    let none = statistics(&world, &world.context, Period::default()).await;
    assert_eq!((none.total, none.asked, none.responded), (0, 0, 0));
    assert_eq!((none.response_rate_pct, none.asked_response_rate_pct), (None, None));
    assert_eq!(none.avg_sentiment_score, None);
    world.run(delivered).await;
    let at = world.later(days(7));
    send(&world, &at).await;
    // Of somebody who says nothing it is zero, and their mean still nothing.
    let one = statistics(&world, &at, Period::default()).await;
    assert_eq!(one.response_rate_pct, Some(Decimal::ZERO));
    assert_eq!((one.asked, one.avg_sentiment_score), (1, None));
    // When they have run out, the seed's rate has nobody left, and ours one who did not answer.
    let end = world.later(days(37));
    world.run_as(&end, async |tx| feedback_request::expire(tx, 10).await).await;
    let gone = statistics(&world, &end, Period::default()).await;
    assert_eq!(gone.response_rate_pct, None);
    assert_eq!(gone.asked_response_rate_pct, Some(Decimal::ZERO));
}

#[tokio::test]
async fn a_period_has_its_beginning_and_not_its_end() {
    let world = World::new().await;
    let now = world.context.now;
    world.run(delivered).await;
    let counted = async |from, to| {
        let period = Period { from: Some(from), to: Some(to) };
        statistics(&world, &world.later(days(100)), period).await.total
    };
    assert_eq!(counted(now, now + MICRO).await, 1);
    assert_eq!(counted(now - days(1), now).await, 0);
    assert_eq!(counted(now + MICRO, now + days(1)).await, 0);
    // Nothing is said: the ninety days up to now.
    for (later, total) in [(days(90), 1), (days(90) + MICRO, 0)] {
        let at = world.later(later);
        assert_eq!(statistics(&world, &at, Period::default()).await.total, total);
    }
    let backwards = Period { from: Some(now), to: Some(now - MICRO) };
    let ask = async |tx: &Tx| feedback_request::statistics(tx, &backwards).await;
    let refused = world.db.read(world.context.clone(), ask).await;
    assert!(matches!(&refused, Err(Error::Invalid { field, .. }) if field == "from"));
}
