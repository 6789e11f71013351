//! Whom we do not ask, and why.

use entity::id::DncId;
use service::{outreach::dnc, support::case};

use super::*;

/// What is claimed and what is skipped of what was delivered a week before.
async fn fate(world: &World, request: &Model) -> Option<SkipReason> {
    let at = world.later(days(7));
    let told = due(world, &at).await.into_iter().find(|found| found.id == request.id);
    let Claimed { claims, skipped } = claim(world, &at).await;
    let reason = skipped.iter().find(|skipped| skipped.id == request.id).map(|s| s.reason);
    let claimed = claims.iter().any(|claim| claim.request_id == request.id);
    assert_eq!(claimed, reason.is_none(), "claimed or skipped, and not both or neither");
    if let Some(told) = told {
        assert_eq!(told.skip_reason, reason, "the list says beforehand what claiming does");
    }
    let after = get(world, request.id).await;
    assert_eq!(after.skip_reason, reason);
    assert_eq!(after.status == Status::Skipped, reason.is_some());
    assert_eq!(after.has_open_case, reason == Some(SkipReason::OpenCase));
    reason
}

async fn set(world: &World, table: &str, id: Option<ContactId>, change: &str) {
    let of = id.map(|id| format!("where id = '{id}'")).unwrap_or_default();
    let sql = format!("update {table} set {change} {of}");
    world.owner.execute_unprepared(&sql).await.unwrap();
}

#[tokio::test]
async fn an_order_with_a_case_in_any_status_but_resolved_and_closed_is_not_asked_about() {
    use case::Status::{Closed, InProgress, New, Open, Pending, Resolved};

    let world = World::new().await;
    for (status, reason) in [
        (New, Some(SkipReason::OpenCase)),
        (Open, Some(SkipReason::OpenCase)),
        (InProgress, Some(SkipReason::OpenCase)),
        (Pending, Some(SkipReason::OpenCase)),
        (Resolved, None),
        (Closed, None),
    ] {
        let request = world
            .run(async |tx| {
                let request = delivered(tx).await?;
                let case = complain(tx, &request, Some(request.order_id)).await?;
                case::move_to(tx, case.id, status).await?;
                Ok(request)
            })
            .await;
        assert_eq!(fate(&world, &request).await, reason, "{status:?}");
    }
}

#[tokio::test]
async fn a_case_about_another_order_or_about_none_is_no_reason_to_skip() {
    let world = World::new().await;
    let request = world.run(delivered).await;
    for order in [None, Some(Uuid::now_v7())] {
        world.run(async |tx| complain(tx, &request, order).await).await;
    }
    assert_eq!(fate(&world, &request).await, None);
}

#[tokio::test]
async fn nobody_is_asked_who_cannot_be_or_does_not_want_to_be() {
    let world = World::new().await;
    for (change, reason) in [
        ("email = null", SkipReason::NoEmail),
        ("unsubscribed_at = now()", SkipReason::Unsubscribed),
        ("deleted_at = now()", SkipReason::ContactGone),
    ] {
        let request = world.run(delivered).await;
        set(&world, "contacts", request.contact_id, change).await;
        assert_eq!(fate(&world, &request).await, Some(reason));
    }
    let schedule = async |tx: &Tx| feedback_request::schedule(tx, order(None, tx)).await;
    let nobody = world.run(schedule).await;
    assert_eq!(fate(&world, &nobody).await, Some(SkipReason::NoContact));
    let orphan = world.run(delivered).await;
    set(&world, "customers", None, "deleted_at = now()").await;
    assert!(due(&world, &world.later(days(7))).await.is_empty(), "nor is it on the list");
    assert_eq!(fate(&world, &orphan).await, Some(SkipReason::CustomerGone));
}

#[tokio::test]
async fn who_is_on_the_do_not_call_list_by_phone_or_by_mobile_is_not_written_to() {
    let world = World::new().await;
    let until = world.context.now + days(7);
    let list = async |number: &str, expires_at| {
        let new = dnc::New { expires_at, ..dnc::New::for_good(number, "admin_added") };
        world.run(async |tx| dnc::add(tx, new).await).await
    };
    let _: DncId = list("+12065550011", None).await.id;
    list("+12065550012", Some(until)).await;
    list("+12065550013", Some(until + MICRO)).await;
    for (change, reason) in [
        ("phone = '+12065550010'", None),
        ("phone = '+12065550011'", Some(SkipReason::DoNotCall)),
        ("phone = null, mobile = '+12065550011'", Some(SkipReason::DoNotCall)),
        // When the request is due the one entry has lapsed, and the other not yet.
        ("phone = '+12065550012'", None),
        ("phone = '+12065550013'", Some(SkipReason::DoNotCall)),
    ] {
        let request = world.run(delivered).await;
        set(&world, "contacts", request.contact_id, change).await;
        assert_eq!(fate(&world, &request).await, reason, "{change}");
    }
}

#[tokio::test]
async fn nobody_is_asked_twice_within_thirty_days() {
    let world = World::new().await;
    let first = world.run(delivered).await;
    send(&world, &world.later(days(7))).await;
    let again = async |at: &Context| {
        let at = Context { now: at.now - days(7), ..at.clone() };
        let schedule =
            async |tx: &Tx| feedback_request::schedule(tx, order(first.contact_id, tx)).await;
        world.run_as(&at, schedule).await
    };
    // Asked on 9 March at nine; thirty days later it is 8 April at nine.
    let early = again(&world.at("2026-04-07T09:00:00Z")).await;
    let just_before = world.at("2026-04-08T08:59:59.999999Z");
    set(&world, "contacts", first.contact_id, "time_zone = 'Europe/Berlin'").await;
    let skipped = claim(&world, &just_before).await.skipped;
    assert_eq!(skipped.len(), 1);
    assert_eq!((skipped[0].id, skipped[0].reason), (early.id, SkipReason::RecentlyAsked));
    let late = again(&world.at("2026-04-07T10:00:00Z")).await;
    let claims = claim(&world, &world.at("2026-04-08T09:00:00Z")).await.claims;
    assert_eq!(claims.iter().map(|claim| claim.request_id).collect::<Vec<_>>(), [late.id]);
}
