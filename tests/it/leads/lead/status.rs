//! How leads come from one status to another.

use chrono::TimeDelta;
use integration::World;
use sea_orm::Iterable;
use service::leads::lead::{self, Because, Status, Trigger, may_become, of_foreign};

use super::{made, why};

#[test]
fn nobody_becomes_new_again_and_only_the_list_makes_and_ends_do_not_call() {
    for from in Status::iter() {
        assert!(!may_become(from, from), "{from:?}");
        assert!(!may_become(from, Status::New), "{from:?}");
        assert!(!may_become(from, Status::Dnc), "{from:?}");
        assert!(!may_become(Status::Dnc, from), "{from:?}");
        let winnable = !matches!(from, Status::Recruited | Status::Dnc);
        assert_eq!(may_become(from, Status::Recruited), winnable, "{from:?}");
        let losable = !matches!(from, Status::Cold | Status::Dnc);
        assert_eq!(may_become(from, Status::Cold), losable, "{from:?}");
    }
    let recruited = Status::iter().filter(|to| may_become(Status::Recruited, *to));
    assert_eq!(recruited.collect::<Vec<_>>(), [Status::Cold]);
    let of_new = Status::iter().filter(|to| may_become(Status::New, *to)).count();
    assert_eq!(of_new, 6);
}

#[test]
fn other_systems_words_for_a_status_are_understood() {
    // Defect 4-26.
    for (word, status) in [
        ("not_interested", Some(Status::Cold)),
        ("Lost", Some(Status::Cold)),
        ("disqualified", Some(Status::Cold)),
        ("Converted", Some(Status::Recruited)),
        ("transferred", Some(Status::Recruited)),
        ("completed", Some(Status::Recruited)),
        (" Not interested ", Some(Status::Cold)),
        ("HOT", Some(Status::Hot)),
        ("dnc", Some(Status::Dnc)),
        ("whim", None),
        ("", None),
    ] {
        assert_eq!(of_foreign(word), status, "{word}");
    }
}

#[tokio::test]
async fn a_move_is_kept_with_who_why_and_how_long_the_status_lasted() {
    let world = World::new().await;
    let grace = made(&world).await;
    let call = uuid::Uuid::now_v7();
    let because = Because {
        trigger: Trigger::Call,
        trigger_id: Some(call),
        reason: Some("picked up".to_owned()),
    };
    let later = world.later(TimeDelta::minutes(90));
    let moved = world
        .run_as(&later, async |tx| lead::move_to(tx, grace.id, Status::Contacted, &because).await)
        .await;
    assert_eq!(
        (moved.status, moved.status_since, moved.version),
        (Status::Contacted, later.now, 2)
    );
    let rows = world.run_as(&later, async |tx| lead::statuses(tx, grace.id).await).await;
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0].from_status, rows[0].to_status), (Some(Status::New), Status::Contacted));
    assert_eq!((rows[0].trigger_type, rows[0].trigger_id), (Trigger::Call, Some(call)));
    assert_eq!((rows[0].reason.as_deref(), rows[0].left_at), (Some("picked up"), None));
    assert_eq!((rows[1].changed_at, rows[1].left_at), (world.context.now, Some(later.now)));
    // Defect 4-17: a program has no user, and is named all the same.
    assert_eq!((rows[0].changed_by_user_id, rows[0].actor.as_str()), (None, "system:test"));

    // Where it is already, nothing happens.
    let again = world
        .run_as(&later, async |tx| lead::move_to(tx, grace.id, Status::Contacted, &because).await)
        .await;
    assert_eq!(again, moved);
    let told = world.run_as(&later, async |tx| lead::changes(tx, grace.id).await).await;
    assert_eq!(told.len(), 2);
    let values = (told[0].old_value.as_deref(), told[0].new_value.as_deref());
    assert_eq!(values, (Some("new"), Some("contacted")));
}

#[tokio::test]
async fn a_move_that_the_table_lacks_or_before_the_last_one_is_refused() {
    let world = World::new().await;
    let grace = made(&world).await;
    let to = |status| {
        world.db.run(world.later(TimeDelta::hours(1)), async move |tx| {
            lead::move_to(tx, grace.id, status, &Because::manual(None)).await
        })
    };
    let dnc = to(Status::Dnc).await.unwrap_err();
    assert_eq!(why(&dnc), "status: put the number on the do-not-call list");
    to(Status::Recruited).await.unwrap();
    let hot = to(Status::Hot).await.unwrap_err();
    assert_eq!(why(&hot), "conflict: a lead that is recruited does not become hot");
    let early = world.db.run(world.context.clone(), async |tx| {
        lead::move_to(tx, grace.id, Status::Cold, &Because::manual(None)).await
    });
    let early = why(&early.await.unwrap_err());
    assert_eq!(early, "conflict: the lead came to its status later than that");
    // At the very instant it may.
    to(Status::Cold).await.unwrap();
}

#[tokio::test]
async fn of_two_who_move_a_lead_at_once_both_are_kept_one_behind_the_other() {
    let world = World::new().await;
    let grace = made(&world).await;
    let to = |status| {
        world.db.run(world.context.clone(), async move |tx| {
            lead::move_to(tx, grace.id, status, &Because::manual(None)).await
        })
    };
    let (a, b) = tokio::join!(to(Status::Contacted), to(Status::Qualified));
    a.unwrap();
    b.unwrap();
    let rows = world.run(async |tx| lead::statuses(tx, grace.id).await).await;
    assert_eq!(rows.len(), 3);
    assert_eq!(rows.iter().filter(|row| row.left_at.is_none()).count(), 1);
    assert_eq!(rows[0].from_status, Some(rows[1].to_status));
}
