//! What customers answer, when it is too late, and what it sets off.

use entity::id::CaseId;
use rust_decimal::Decimal;
use service::{
    feedback::feedback_request::Sentiment,
    support::case::{self, Priority},
};

use super::*;

/// A request that was sent on 9 March at nine.
async fn sent(world: &World) -> Model {
    let request = world.run(delivered).await;
    send(world, &world.later(days(7))).await;
    get(world, request.id).await
}

async fn respond(world: &World, at: &Context, id: FeedbackRequestId, text: &str) -> Result<Model> {
    let answer = says(text);
    world.db.run(at.clone(), async |tx| feedback_request::respond(tx, id, answer).await).await
}

async fn cases(world: &World) -> Vec<String> {
    world.strings("select case_number from cases order by 1").await
}

#[tokio::test]
async fn a_content_customer_opens_no_case() {
    let world = World::new().await;
    let id = sent(&world).await.id;
    let at = world.later(days(8));
    let answered = respond(&world, &at, id, "Great, thanks. Only the price!").await.unwrap();
    assert_eq!((answered.status, answered.responded_at), (Status::Responded, Some(at.now)));
    assert_eq!(answered.sentiment, Some(Sentiment::Positive));
    assert_eq!(answered.sentiment_score, Some(Decimal::new(70, 2)));
    assert_eq!(answered.issues, ["pricing"]);
    assert_eq!(answered.response_summary.as_deref(), Some("pricing"));
    assert_eq!((answered.case_created_id, answered.service_recovery_triggered), (None, false));
    assert!(!answered.late && cases(&world).await.is_empty());
    assert_eq!(get(&world, id).await, answered);
}

#[tokio::test]
async fn an_unhappy_one_opens_a_case_of_high_priority_about_the_order() {
    let world = World::new().await;
    let request = sent(&world).await;
    let at = world.later(days(8));
    let answered = respond(&world, &at, request.id, "Terrible. It was late.").await.unwrap();
    assert_eq!(answered.sentiment, Some(Sentiment::Negative));
    assert_eq!(answered.sentiment_score, Some(Decimal::new(-60, 2)));
    assert!(answered.service_recovery_triggered);
    let id: CaseId = answered.case_created_id.unwrap();
    let opened = world.run(async |tx| case::get(tx, id).await).await;
    assert_eq!((opened.priority, opened.status), (Priority::High, case::Status::New));
    assert_eq!(
        (opened.category.as_str(), opened.order_id),
        ("service_recovery", Some(request.order_id))
    );
    assert_eq!((opened.client_id, opened.contact_id), (request.client_id, request.contact_id));
    assert_eq!(opened.case_number, "CASE-2026-0001");
    assert_eq!(opened.description.as_deref(), Some("Terrible. It was late."));
}

#[tokio::test]
async fn two_complaints_open_a_case_though_they_sound_neutral_and_one_does_not() {
    let world = World::new().await;
    let (one, two) = (sent(&world).await.id, sent(&world).await.id);
    let at = world.later(days(8));
    let one = respond(&world, &at, one, "It was late.").await.unwrap();
    assert_eq!((one.sentiment, one.case_created_id), (Some(Sentiment::Neutral), None));
    assert_eq!(one.sentiment_score, Some(Decimal::new(0, 2)));
    let two = respond(&world, &at, two, "It was late, and the cost!").await.unwrap();
    assert_eq!(two.sentiment, Some(Sentiment::Neutral));
    assert_eq!(two.response_summary.as_deref(), Some("timeliness, pricing"));
    assert!(two.case_created_id.is_some());
}

#[tokio::test]
async fn a_request_expires_thirty_days_after_it_was_sent_and_not_a_moment_before() {
    let world = World::new().await;
    let request = sent(&world).await;
    let waiting = world.later(days(10));
    world.run_as(&waiting, delivered).await;
    world.run_as(&world.neighbour, delivered).await;
    let expires = utc("2026-04-08T09:00:00Z");
    assert_eq!(request.expires_at, Some(expires));
    let expire = async |now| {
        let at = Context { now, ..world.context.clone() };
        world.run_as(&at, async |tx| feedback_request::expire(tx, 10).await).await
    };
    assert!(expire(expires - MICRO).await.is_empty());
    assert_eq!(expire(expires).await, [request.id]);
    assert_eq!(get(&world, request.id).await.status, Status::Expired);
    assert!(expire(expires + days(90)).await.is_empty(), "neither again nor what was never sent");
    let limit = async |tx: &Tx| feedback_request::expire(tx, 0).await;
    let refused = world.db.run(world.context.clone(), limit).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })));
}

#[tokio::test]
async fn a_sweep_takes_as_many_as_it_was_asked_for_the_longest_ago_first() {
    let world = World::new().await;
    let mut ids = vec![];
    for n in 0..3 {
        let request = world.run_as(&world.later(days(n)), delivered).await;
        send(&world, &world.later(days(n + 7))).await;
        ids.push(request.id);
    }
    let at = world.later(days(60));
    let expire = async || world.run_as(&at, async |tx| feedback_request::expire(tx, 2).await).await;
    let mut first = expire().await;
    first.sort();
    assert_eq!(first, ids[..2]);
    assert_eq!(expire().await, ids[2..]);
    assert!(expire().await.is_empty());
}

#[tokio::test]
async fn an_answer_is_late_from_the_moment_of_expiry_swept_or_not_and_taken_all_the_same() {
    let world = World::new().await;
    let expires = utc("2026-04-08T09:00:00Z");
    for (now, is_swept, late) in
        [(expires - MICRO, false, false), (expires, false, true), (expires + days(1), true, true)]
    {
        let id = sent(&world).await.id;
        let at = Context { now, ..world.context.clone() };
        if is_swept {
            world.run_as(&at, async |tx| feedback_request::expire(tx, 10).await).await;
            assert_eq!(get(&world, id).await.status, Status::Expired);
        }
        let answered = respond(&world, &at, id, "awful").await.unwrap();
        assert_eq!((answered.late, answered.status), (late, Status::Responded), "{now}");
        assert!(answered.case_created_id.is_some(), "late or not, somebody must put it right");
        let swept = world.run_as(&at, async |tx| feedback_request::expire(tx, 10).await).await;
        assert!(swept.is_empty(), "what was answered does not expire");
    }
}

#[tokio::test]
async fn a_request_is_answered_once_and_the_same_mail_twice_is_one_answer() {
    let world = World::new().await;
    let id = sent(&world).await.id;
    let at = world.later(days(8));
    let mail = async |email: Option<&str>, text: &str| {
        let answer = Answer { response_email_id: email.map(str::to_owned), ..says(text) };
        world.db.run(at.clone(), async |tx| feedback_request::respond(tx, id, answer).await).await
    };
    let first = mail(Some("<1@acme.example>"), "awful").await.unwrap();
    assert_eq!(mail(Some("<1@acme.example>"), "awful").await.unwrap(), first);
    for other in [Some("<2@acme.example>"), None] {
        assert!(matches!(mail(other, "great").await, Err(Error::Conflict(_))));
    }
    assert_eq!(get(&world, id).await, first);
    assert_eq!(cases(&world).await, ["CASE-2026-0001"]);
    // Without a mail nothing tells a repetition from a second answer.
    let id = sent(&world).await.id;
    respond(&world, &at, id, "awful").await.unwrap();
    assert!(matches!(respond(&world, &at, id, "awful").await, Err(Error::Conflict(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_race_open_one_case() {
    let world = World::new().await;
    let id = sent(&world).await.id;
    let racers: Vec<_> = (0..6)
        .map(|n| {
            let (db, at) = (world.db.clone(), world.later(days(8)));
            tokio::spawn(async move {
                let answer =
                    Answer { response_email_id: Some(format!("<{n}@a>")), ..says("awful") };
                let respond = async |tx: &Tx| feedback_request::respond(tx, id, answer).await;
                db.run(at, respond).await
            })
        })
        .collect();
    let mut taken = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(_) => taken += 1,
            Err(error) => assert!(matches!(error, Error::Conflict(_)), "{error:?}"),
        }
    }
    assert_eq!((taken, cases(&world).await.len()), (1, 1));
}

#[tokio::test]
async fn neither_answer_nor_case_is_there_without_the_other() {
    let world = World::new().await;
    let request = sent(&world).await;
    let at = world.later(days(8));
    let fail = async |tx: &Tx| {
        feedback_request::respond(tx, request.id, says("awful")).await?;
        Err::<(), _>(Error::NotFound("patience"))
    };
    world.db.run(at.clone(), fail).await.unwrap_err();
    assert!(cases(&world).await.is_empty());
    assert_eq!(get(&world, request.id).await, request);
    // Where no case can be opened, that is no secret.
    world.owner.execute_unprepared("update customers set deleted_at = now()").await.unwrap();
    let error = respond(&world, &at, request.id, "awful").await.unwrap_err();
    assert!(matches!(error, Error::NotFound("customer")));
    assert_eq!(get(&world, request.id).await, request);
}

#[tokio::test]
async fn a_contact_who_was_deleted_since_is_not_named_in_the_case() {
    let world = World::new().await;
    let id = sent(&world).await.id;
    world.owner.execute_unprepared("update contacts set deleted_at = now()").await.unwrap();
    let answered = respond(&world, &world.later(days(8)), id, "awful").await.unwrap();
    let case = answered.case_created_id.unwrap();
    assert_eq!(world.run(async |tx| case::get(tx, case).await).await.contact_id, None);
}

#[tokio::test]
async fn who_answers_before_being_asked_is_not_asked_any_more() {
    let world = World::new().await;
    let early = world.run(delivered).await;
    let answered = respond(&world, &world.later(days(1)), early.id, "Fine.").await.unwrap();
    assert_eq!((answered.status, answered.sent_at), (Status::Responded, None));
    assert!(!answered.late);
    assert_eq!(claim(&world, &world.later(days(7))).await, Claimed::default());
    // And who was skipped may say something all the same; why they were skipped is kept.
    let skipped = world.run(delivered).await;
    let order = skipped.order_id;
    let undo =
        async |tx: &Tx| feedback_request::reverse_delivery(tx, order, Reversal::Refunded).await;
    world.run(undo).await;
    let answered = respond(&world, &world.later(days(1)), skipped.id, "awful").await.unwrap();
    assert_eq!(answered.skip_reason, Some(SkipReason::OrderRefunded));
    assert!(answered.case_created_id.is_some());
}

#[tokio::test]
async fn an_answer_between_sending_and_saying_so_wins_and_the_sending_is_not_forgotten() {
    let world = World::new().await;
    let id = world.run(delivered).await.id;
    let at = world.later(days(7));
    let held = claim(&world, &at).await.claims.remove(0);
    let answered = respond(&world, &at, id, "Fine.").await.unwrap();
    assert_eq!(answered.sent_at, None);
    let later = world.later(days(7) + TimeDelta::minutes(1));
    let record = async |tx: &Tx| feedback_request::record_sent(tx, &held).await;
    world.run_as(&later, record).await;
    let after = get(&world, id).await;
    assert_eq!((after.status, after.sent_at), (Status::Responded, Some(later.now)));
    assert_eq!((after.responded_at, after.late), (Some(at.now), false));
    assert!(matches!(world.db.run(later, record).await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn an_answer_that_says_nothing_or_too_much_is_refused_and_nothing_is_written() {
    let world = World::new().await;
    let request = sent(&world).await;
    let at = world.later(days(8));
    let long = "x".repeat(10_001);
    for text in ["", " \n\t", "a\u{0}b", &long] {
        let error = respond(&world, &at, request.id, text).await.unwrap_err();
        assert!(matches!(&error, Error::Invalid { field, .. } if field == "text"), "{error:?}");
    }
    let answer = Answer { response_email_id: Some(String::new()), ..says("Fine.") };
    let refused = world
        .db
        .run(at.clone(), async |tx| feedback_request::respond(tx, request.id, answer).await);
    let error = refused.await.unwrap_err();
    assert!(matches!(&error, Error::Invalid { field, .. } if field == "response_email_id"));
    assert_eq!(get(&world, request.id).await, request);
    let theirs = world.neighbour.clone();
    let error = respond(&world, &theirs, request.id, "Fine.").await.unwrap_err();
    assert!(matches!(error, Error::NotFound("feedback request")));
    assert!(respond(&world, &at, request.id, &long[1..]).await.is_ok());
}
