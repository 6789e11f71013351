//! Sending each request once, whoever else is at it.

use entity::id::CaseId;
use service::support::case;

use super::*;

#[tokio::test]
async fn of_two_orders_of_one_contact_the_first_is_asked_about_and_the_other_skipped_then() {
    let world = World::new().await;
    let (first, second) = world
        .run(async |tx| {
            let first = delivered(tx).await?;
            let second = feedback_request::schedule(tx, order(first.contact_id, tx)).await?;
            Ok((first, second))
        })
        .await;
    let at = world.later(days(7));
    let claimed = claim(&world, &at).await;
    assert_eq!((claimed.claims.len(), claimed.skipped.len()), (1, 0));
    let held = &claimed.claims[0];
    assert_eq!(held.request_id, first.id);
    // While it is on its way the other waits, and has lost nothing if it is given back.
    assert_eq!(claim(&world, &at).await, Claimed::default());
    assert_eq!(get(&world, second.id).await.status, Status::Pending);
    world.run_as(&at, async |tx| feedback_request::record_sent(tx, held).await).await;
    let skipped = claim(&world, &at).await.skipped;
    assert_eq!((skipped[0].id, skipped[0].reason), (second.id, SkipReason::RecentlyAsked));
}

#[tokio::test]
async fn one_that_is_reported_later_for_an_earlier_day_does_not_overtake_what_is_on_its_way() {
    let world = World::new().await;
    let at = world.later(days(7));
    let first = world.run(delivered).await;
    let held = claim(&world, &at).await.claims.remove(0);
    let earlier = world
        .run_as(&at, async |tx| {
            let new = New { delivered_at: tx.now() - days(20), ..order(first.contact_id, tx) };
            feedback_request::schedule(tx, new).await
        })
        .await;
    assert_eq!(claim(&world, &at).await, Claimed::default());
    world.run_as(&at, async |tx| feedback_request::release(tx, &held).await).await;
    let next = claim(&world, &at).await.claims;
    assert_eq!(next.iter().map(|claim| claim.request_id).collect::<Vec<_>>(), [earlier.id]);
}

#[tokio::test]
async fn what_must_be_skipped_does_not_stand_in_the_way_of_what_can_be_sent() {
    let world = World::new().await;
    let fit = world
        .run(async |tx| {
            for _ in 0..5 {
                acme(tx).await?;
                feedback_request::schedule(tx, order(None, tx)).await?;
            }
            delivered(tx).await
        })
        .await;
    let ask = Claims { limit: 1, ..Claims::default() };
    let at = world.later(days(7));
    let Claimed { claims, skipped } =
        world.run_as(&at, async |tx| feedback_request::claim(tx, &ask).await).await;
    assert_eq!((claims.len(), claims[0].request_id, skipped.len()), (1, fit.id, 5));
}

#[tokio::test]
async fn what_was_not_sent_by_eight_in_the_evening_waits_for_nine_in_the_morning() {
    let world = World::new().await;
    world
        .run(async |tx| {
            let kai = living_in(tx, "Asia/Tokyo").await?;
            feedback_request::schedule(tx, order(Some(kai), tx)).await
        })
        .await;
    let claimable = async |at: &str| {
        let held = claim(&world, &world.at(at)).await.claims;
        for claim in &held {
            world.run(async |tx| feedback_request::release(tx, claim).await).await;
        }
        held.len()
    };
    // Tokyo is nine hours ahead all year. Sunday, 15 March, is as good a day as any.
    assert_eq!(claimable("2026-03-14T23:59:59Z").await, 0);
    assert_eq!(claimable("2026-03-15T00:00:00Z").await, 1);
    assert_eq!(claimable("2026-03-15T10:59:59Z").await, 1);
    assert_eq!(claimable("2026-03-15T11:00:00Z").await, 0);
    assert_eq!(due(&world, &world.at("2026-03-15T11:00:00Z")).await.len(), 1, "due all along");
}

#[tokio::test]
async fn a_claim_holds_until_it_is_recorded_given_back_or_lapsed_and_is_recorded_once() {
    let world = World::new().await;
    let id = world.run(delivered).await.id;
    let at = world.later(days(7));
    let first = claim(&world, &at).await.claims.remove(0);
    assert_eq!(claim(&world, &at).await, Claimed::default());
    world.run_as(&at, async |tx| feedback_request::release(tx, &first).await).await;
    let second = claim(&world, &at).await.claims.remove(0);
    let lapse = "update feedback_requests set lease_until = now() - interval '1 second'";
    world.owner.execute_unprepared(lapse).await.unwrap();
    let third = claim(&world, &at).await.claims.remove(0);
    assert_eq!(first.key(), format!("feedback:{id}:1"));
    assert_eq!((second.key(), third.key()), (first.key(), first.key()));
    assert_eq!(third.subject(), id.0);
    let record = async |claim: &Claim| {
        world.db.run(at.clone(), async |tx| feedback_request::record_sent(tx, claim).await).await
    };
    for stale in [&first, &second] {
        assert!(matches!(record(stale).await, Err(Error::Conflict(_))));
    }
    // It was sent when it was sent, and not when it was claimed; the lease may have ended since.
    assert_eq!(get(&world, id).await.status, Status::Pending);
    world.owner.execute_unprepared(lapse).await.unwrap();
    record(&third).await.unwrap();
    let sent = get(&world, id).await;
    assert_eq!((sent.status, sent.sent_at), (Status::Sent, Some(at.now)));
    assert_eq!(sent.expires_at, Some(utc("2026-04-08T09:00:00Z")));
    assert!(matches!(record(&third).await, Err(Error::Conflict(_))));
    let release = async |tx: &Tx| feedback_request::release(tx, &third).await;
    assert!(matches!(world.db.run(at.clone(), release).await, Err(Error::Conflict(_))));
    assert_eq!(get(&world, id).await, sent);
}

#[tokio::test]
async fn a_claim_goes_through_json_and_comes_back() {
    let world = World::new().await;
    world.run(delivered).await;
    let held = claim(&world, &world.later(days(7))).await.claims.remove(0);
    let json = serde_json::to_string(&held).unwrap();
    assert_eq!(serde_json::from_str::<Claim>(&json).unwrap(), held);
}

#[tokio::test]
async fn what_waits_in_the_outbox_is_not_claimed_again_nor_is_another_of_the_same_contact() {
    let world = World::new().await;
    let first = world
        .run(async |tx| {
            let first = delivered(tx).await?;
            feedback_request::schedule(tx, order(first.contact_id, tx)).await?;
            Ok(first)
        })
        .await;
    let at = world.later(days(7));
    claim(&world, &at).await;
    for (state, ended) in [("pending", "null"), ("dead", "now()"), ("cancelled", "now()")] {
        let sql = format!(
            "delete from outbox;
             insert into outbox (tenant_id, id, topic, subject_id, key, payload, why, enqueued_at,
                                 state, ended_at)
             values ('{}', gen_random_uuid(), 'feedback_request', '{}', 'k', '{{}}', 'w', now(),
                     '{state}', {ended});
             update feedback_requests set lease_until = now() - interval '1 second'
             where claim is not null",
            world.context.tenant, first.id
        );
        world.owner.execute_unprepared(&sql).await.unwrap();
        let claims = claim(&world, &at).await.claims;
        let ids: Vec<_> = claims.iter().map(|claim| claim.request_id).collect();
        assert_eq!(ids, if state == "cancelled" { vec![first.id] } else { vec![] }, "{state}");
    }
}

#[tokio::test]
async fn a_claim_stands_until_there_is_a_reason_not_to_send_it() {
    let world = World::new().await;
    let at = world.later(days(7));
    let stands = async |claim: &Claim| {
        world.run_as(&at, async |tx| feedback_request::stands(tx, claim).await).await
    };
    let fresh = async || {
        let request = world.run(delivered).await;
        let claims = claim(&world, &at).await.claims;
        let held = claims.into_iter().find(|claim| claim.request_id == request.id).unwrap();
        assert!(stands(&held).await);
        (request, held)
    };
    let (request, held) = fresh().await;
    let lapse = "update feedback_requests set lease_until = now() - interval '1 second'";
    world.owner.execute_unprepared(lapse).await.unwrap();
    assert!(stands(&held).await, "that the lease ended changes nothing");
    let night = Context { now: at.now + TimeDelta::hours(15), ..at.clone() };
    let at_night = async |tx: &Tx| feedback_request::stands(tx, &held).await;
    assert!(!world.run_as(&night, at_night).await, "nobody is asked at night");
    let opened: CaseId =
        world.run(async |tx| complain(tx, &request, Some(request.order_id)).await).await.id;
    assert!(!stands(&held).await);
    world.run(async |tx| case::move_to(tx, opened, case::Status::Closed).await).await;
    assert!(stands(&held).await);
    let again = claim(&world, &at).await.claims.remove(0);
    assert!(!stands(&held).await && stands(&again).await, "another has it");

    let (request, held) = fresh().await;
    world.run(async |tx| contact::unsubscribe(tx, request.contact_id.unwrap()).await).await;
    assert!(!stands(&held).await);
    let (request, held) = fresh().await;
    let order = request.order_id;
    let undo =
        async |tx: &Tx| feedback_request::reverse_delivery(tx, order, Reversal::Refunded).await;
    world.run(undo).await;
    assert!(!stands(&held).await);
    let (request, held) = fresh().await;
    let answer = async |tx: &Tx| feedback_request::respond(tx, request.id, says("Fine.")).await;
    world.run(answer).await;
    assert!(!stands(&held).await);
    let (_, held) = fresh().await;
    world.run_as(&at, async |tx| feedback_request::record_sent(tx, &held).await).await;
    assert!(!stands(&held).await);
}

#[tokio::test]
async fn a_claim_on_what_was_undone_meanwhile_is_no_longer_good() {
    let world = World::new().await;
    let request = world.run(delivered).await;
    let at = world.later(days(7));
    let held = claim(&world, &at).await.claims.remove(0);
    let order = request.order_id;
    let undo =
        async |tx: &Tx| feedback_request::reverse_delivery(tx, order, Reversal::Cancelled).await;
    let undone = world.run(undo).await;
    let record = async |tx: &Tx| feedback_request::record_sent(tx, &held).await;
    assert!(matches!(world.db.run(at, record).await, Err(Error::Conflict(_))));
    assert_eq!(get(&world, request.id).await, undone);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_claim_at_once_never_ask_the_same_contact_twice() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for _ in 0..20 {
                let first = delivered(tx).await?;
                feedback_request::schedule(tx, order(first.contact_id, tx)).await?;
            }
            Ok(())
        })
        .await;
    let at = world.later(days(7));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (db, at) = (world.db.clone(), at.clone());
            tokio::spawn(async move {
                let mut asked = vec![];
                loop {
                    let ask = Claims { limit: 3, ..Claims::default() };
                    let claim = async |tx: &Tx| feedback_request::claim(tx, &ask).await;
                    let claimed = db.run(at.clone(), claim).await.unwrap();
                    if claimed == Claimed::default() {
                        return asked;
                    }
                    for held in claimed.claims {
                        let record = async |tx: &Tx| feedback_request::record_sent(tx, &held).await;
                        db.run(at.clone(), record).await.unwrap();
                        asked.push(held.contact_id);
                    }
                }
            })
        })
        .collect();
    let mut asked = vec![];
    for worker in workers {
        asked.extend(worker.await.unwrap());
    }
    claim(&world, &at).await;
    assert_eq!((asked.len(), asked.iter().collect::<HashSet<_>>().len()), (20, 20));
    let counted = "select status || ' ' || count(*) from feedback_requests group by 1 order by 1";
    let counted = world.strings(&counted.replace("group by 1", "group by status")).await;
    assert_eq!(counted, ["sent 20", "skipped 20"]);
}
