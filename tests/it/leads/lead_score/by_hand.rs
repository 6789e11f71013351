//! Scores that somebody sets.

use chrono::TimeDelta;
use integration::{World, populate::scores::worker};
use service::leads::lead_score::{self, Cause, Override};

use super::{history, made, of, scored};

#[tokio::test]
async fn a_score_that_is_set_counts_until_it_runs_out_and_has_an_owner_and_a_reason() {
    let world = World::new().await;
    let id = made(&world, 109).await;
    scored(&world, &world.context).await;
    let owner = world.run(async |tx| worker(tx, "sam").await).await;
    let week = world.context.now + TimeDelta::days(7);
    let set = |score| Override { score, owner, reason: "I know her".to_owned(), expires_at: week };
    let factors = world.run(async |tx| lead_score::set(tx, id, &set(77)).await).await;
    assert_eq!((factors.demographic, factors.by_hand, factors.total), (5, Some(72), 77));
    assert_eq!(of(&world, id).await.lead_score, 77);
    let row = history(&world, id).await.remove(0);
    assert_eq!((row.cause, row.reason.as_deref()), (Cause::Overridden, Some("I know her")));
    // Computing it anew does not undo it.
    world.run(async |tx| lead_score::rescore(tx, id).await).await;
    assert_eq!(of(&world, id).await.lead_score, 77);
    let just_before = world.later(TimeDelta::days(7) - TimeDelta::microseconds(1));
    assert!(scored(&world, &just_before).await.is_empty());
    scored(&world, &world.later(TimeDelta::days(7))).await;
    assert_eq!(of(&world, id).await.lead_score, 5);

    // Another one takes its place, and is let go.
    let later = world.later(TimeDelta::days(8));
    let set = Override { expires_at: later.now + TimeDelta::days(1), ..set(90) };
    for score in [90, 91] {
        let set = Override { score, ..set.clone() };
        world.run_as(&later, async |tx| lead_score::set(tx, id, &set).await).await;
        assert_eq!(of(&world, id).await.lead_score, score);
    }
    world.run_as(&later, async |tx| lead_score::let_go(tx, id, "she moved").await).await;
    assert_eq!(of(&world, id).await.lead_score, 5);
    let again = async |tx: &service::Tx| lead_score::let_go(tx, id, "again").await;
    let refused = world.db.run(later.clone(), again).await.unwrap_err();
    assert_eq!(refused.to_string(), "no such override");
}

#[tokio::test]
async fn a_score_is_not_set_beyond_its_range_into_the_past_by_nobody_or_for_no_reason() {
    let world = World::new().await;
    let id = made(&world, 109).await;
    let owner = world.run(async |tx| worker(tx, "sam").await).await;
    let good = Override {
        score: 50,
        owner,
        reason: "x".to_owned(),
        expires_at: world.context.now + TimeDelta::microseconds(1),
    };
    let stranger = entity::id::UserId::new();
    for (said, bad) in [
        ("score", Override { score: -1, ..good.clone() }),
        ("score", Override { score: 101, ..good.clone() }),
        ("reason", Override { reason: " ".to_owned(), ..good.clone() }),
        ("expires_at", Override { expires_at: world.context.now, ..good.clone() }),
        ("no such user", Override { owner: stranger, ..good.clone() }),
    ] {
        let done =
            world.db.run(world.context.clone(), async |tx| lead_score::set(tx, id, &bad).await);
        let refused = done.await.unwrap_err().to_string();
        assert!(refused.starts_with(said), "{refused}");
    }
    for score in [0, 100] {
        let set = Override { score, ..good.clone() };
        world.run(async |tx| lead_score::set(tx, id, &set).await).await;
    }
}
