//! Asking about a delivered order: planned once, undone, due.

mod answer;
mod sending;
mod skipping;
mod statistics;

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    id::{ClientId, ContactId, FeedbackRequestId},
    zone::Zone,
};
use integration::{
    World,
    populate::{acme, client, email, person},
};
use sea_orm::ConnectionTrait;
use service::{
    Context, Error, Result, Tx,
    customers::customer,
    feedback::feedback_request::{
        self, Answer, Claim, Claimed, Due, DueRequest, Model, New, Reversal, SkipReason, Status,
    },
    sales::{contact, deal::Claims},
    support::case::{self, Priority},
};
use uuid::Uuid;

pub const MICRO: TimeDelta = TimeDelta::microseconds(1);

pub fn days(n: i64) -> TimeDelta {
    TimeDelta::days(n)
}

pub fn utc(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

/// An order of Acme's that was delivered just now.
pub fn order(contact_id: Option<ContactId>, tx: &Tx) -> New {
    New { order_id: Uuid::now_v7(), client_id: client(), contact_id, delivered_at: tx.now() }
}

/// The request for one, to somebody who was never asked before.
pub async fn delivered(tx: &Tx) -> Result<Model> {
    acme(tx).await?;
    let ada = person(tx).await?;
    feedback_request::schedule(tx, order(Some(ada.id), tx)).await
}

pub async fn get(world: &World, id: FeedbackRequestId) -> Model {
    world.run(async |tx| feedback_request::get(tx, id).await).await
}

pub async fn due(world: &World, at: &Context) -> Vec<DueRequest> {
    let ask = Due::default();
    world.db.read(at.clone(), async |tx| feedback_request::due(tx, &ask).await).await.unwrap().items
}

pub async fn claim(world: &World, at: &Context) -> Claimed {
    let ask = Claims { limit: 100, ..Claims::default() };
    world.run_as(at, async |tx| feedback_request::claim(tx, &ask).await).await
}

/// Sends everything that can be sent.
pub async fn send(world: &World, at: &Context) -> Vec<Claim> {
    let claims = claim(world, at).await.claims;
    for claim in &claims {
        world.run_as(at, async |tx| feedback_request::record_sent(tx, claim).await).await;
    }
    claims
}

pub fn says(text: &str) -> Answer {
    Answer { text: text.to_owned(), response_email_id: None }
}

/// A case about the request's order.
pub async fn complain(tx: &Tx, request: &Model, order_id: Option<Uuid>) -> Result<case::Model> {
    let new = case::New {
        client_id: request.client_id.clone(),
        contact_id: None,
        order_id,
        category: "delivery".to_owned(),
        subject: "It was late".to_owned(),
        description: None,
        priority: Priority::Normal,
    };
    case::open(tx, new).await
}

/// Somebody at Acme's who lives somewhere.
async fn living_in(tx: &Tx, zone: &str) -> Result<ContactId> {
    let new = contact::New {
        client_id: acme(tx).await?,
        first_name: "Kai".to_owned(),
        last_name: "Far".to_owned(),
        email: Some(email("kai@acme.example")),
        phone: None,
        time_zone: Some(Zone::parse(zone).unwrap()),
    };
    Ok(contact::add(tx, new).await?.id)
}

#[tokio::test]
async fn a_delivery_is_asked_about_seven_days_later_at_nine() {
    let world = World::new().await;
    let request = world.run(delivered).await;
    assert_eq!(request.status, Status::Pending);
    assert_eq!(request.delivery_date, world.context.now);
    assert_eq!(request.scheduled_for, utc("2026-03-09T09:00:00Z"));
    assert_eq!((request.sent_at, request.expires_at, request.skip_reason), (None, None, None));
    assert_eq!(get(&world, request.id).await, request);
}

#[tokio::test]
async fn it_is_nine_where_the_contact_is_or_else_where_the_tenant_is() {
    let world = World::new().await;
    let sql = "update tenants set time_zone = 'America/New_York'";
    world.owner.execute_unprepared(sql).await.unwrap();
    let [tokyo, unknown, nobody] = world
        .run(async |tx| {
            let delivered_at = utc("2026-03-02T23:30:00Z") - days(7);
            let tokyo = Some(living_in(tx, "Asia/Tokyo").await?);
            let unknown = Some(person(tx).await?.id);
            let mut planned = vec![];
            for contact in [tokyo, unknown, None] {
                let new = New { delivered_at, ..order(contact, tx) };
                planned.push(feedback_request::schedule(tx, new).await?.scheduled_for);
            }
            Ok(planned.try_into().unwrap())
        })
        .await;
    // 23:30 UTC on 23 February is the 24th in Tokyo, 18:30 of the 23rd in New York.
    assert_eq!(tokyo, utc("2026-03-03T00:00:00Z"));
    assert_eq!(unknown, utc("2026-03-02T14:00:00Z"));
    assert_eq!(nobody, utc("2026-03-02T14:00:00Z"));
}

#[tokio::test]
async fn an_order_is_asked_about_once_whatever_is_said_of_it_again() {
    let world = World::new().await;
    let first = world.run(delivered).await;
    let again = async |who: &Context| {
        world
            .run_as(who, async |tx| {
                acme(tx).await?;
                let new = New { order_id: first.order_id, ..order(None, tx) };
                feedback_request::schedule(tx, new).await
            })
            .await
    };
    assert_eq!(again(&world.later(days(3))).await, first);
    // Even when the customer has gone, and even where the delivery is told from the future.
    world.owner.execute_unprepared("update customers set deleted_at = now()").await.unwrap();
    let new = New {
        order_id: first.order_id,
        client_id: client(),
        contact_id: None,
        delivered_at: world.context.now + days(1),
    };
    assert_eq!(world.run(async |tx| feedback_request::schedule(tx, new).await).await, first);
    // An order of the same number at the neighbour's is another order.
    assert_ne!(again(&world.neighbour).await.id, first.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_many_report_at_once_has_one_request() {
    let world = World::new().await;
    world.run(acme).await;
    let order_id = Uuid::now_v7();
    let reports: Vec<_> = (0..8)
        .map(|_| {
            let (db, who) = (world.db.clone(), world.context.clone());
            tokio::spawn(async move {
                let report = async |tx: &Tx| {
                    feedback_request::schedule(tx, New { order_id, ..order(None, tx) }).await
                };
                db.run(who, report).await.unwrap().id
            })
        })
        .collect();
    let mut ids = HashSet::new();
    for report in reports {
        ids.insert(report.await.unwrap());
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(world.strings("select count(*)::text from feedback_requests").await, ["1"]);
}

#[tokio::test]
async fn a_delivery_that_cannot_be_right_is_refused_and_nothing_is_written() {
    let world = World::new().await;
    let other = ClientId::parse("cs_2_other").unwrap();
    let (theirs, stranger) = world
        .run(async |tx| {
            let start = tx.now().date_naive();
            customer::register(tx, customer::New::named(other.clone(), "Other", start)).await?;
            acme(tx).await?;
            let gone = ClientId::parse("cs_3_nobody").unwrap();
            Ok((person(tx).await?.id, gone))
        })
        .await;
    let attempt = async |change: &dyn Fn(New) -> New| {
        let schedule =
            async |tx: &Tx| feedback_request::schedule(tx, change(order(None, tx))).await;
        world.db.run(world.context.clone(), schedule).await.unwrap_err()
    };
    let now = world.context.now;
    for at in [now + MICRO, utc("1969-12-31T23:59:59Z")] {
        let error = attempt(&|new| New { delivered_at: at, ..new }).await;
        assert!(matches!(&error, Error::Invalid { field, .. } if field == "delivered_at"));
    }
    let error =
        attempt(&|new| New { client_id: other.clone(), contact_id: Some(theirs), ..new }).await;
    assert!(matches!(&error, Error::Invalid { field, .. } if field == "contact_id"));
    let error = attempt(&|new| New { client_id: stranger.clone(), ..new }).await;
    assert!(matches!(error, Error::NotFound("customer")));
    let error = attempt(&|new| New { contact_id: Some(ContactId::new()), ..new }).await;
    assert!(matches!(error, Error::NotFound("contact")));
    assert_eq!(world.strings("select count(*)::text from feedback_requests").await, ["0"]);
}

#[tokio::test]
async fn what_was_undone_is_not_asked_about_and_says_why() {
    let world = World::new().await;
    for (why, reason) in [
        (Reversal::Cancelled, SkipReason::OrderCancelled),
        (Reversal::Refunded, SkipReason::OrderRefunded),
        (Reversal::Reversed, SkipReason::DeliveryReversed),
    ] {
        let request = world.run(delivered).await;
        let undo = async |why| {
            world
                .run(async |tx| feedback_request::reverse_delivery(tx, request.order_id, why).await)
                .await
        };
        let skipped = undo(why).await;
        assert_eq!((skipped.status, skipped.skip_reason), (Status::Skipped, Some(reason)));
        // The first reason stands.
        assert_eq!(undo(Reversal::Cancelled).await, skipped);
    }
    assert!(due(&world, &world.later(days(7))).await.is_empty());
    assert_eq!(claim(&world, &world.later(days(7))).await, Claimed::default());
}

#[tokio::test]
async fn what_was_asked_stays_asked_and_an_order_that_was_never_delivered_is_nobodys() {
    let world = World::new().await;
    let request = world.run(delivered).await;
    send(&world, &world.later(days(7))).await;
    let undo = async |who: &Context, order| {
        let undo =
            async |tx: &Tx| feedback_request::reverse_delivery(tx, order, Reversal::Refunded).await;
        world.db.run(who.clone(), undo).await
    };
    assert_eq!(undo(&world.context, request.order_id).await.unwrap().status, Status::Sent);
    let error = undo(&world.context, Uuid::now_v7()).await.unwrap_err();
    assert!(matches!(error, Error::NotFound("feedback request")));
    let theirs = undo(&world.neighbour, request.order_id).await.unwrap_err();
    assert!(matches!(theirs, Error::NotFound("feedback request")));
}

#[tokio::test]
async fn a_request_is_due_from_its_hour_on_and_to_its_tenant_alone() {
    let world = World::new().await;
    let request = world.run(delivered).await;
    world.run_as(&world.neighbour, delivered).await;
    assert!(due(&world, &world.later(days(7) - MICRO)).await.is_empty());
    let found = due(&world, &world.later(days(7))).await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id, found[0].order_id), (request.id, request.order_id));
    assert_eq!((found[0].due_since, found[0].skip_reason), (request.scheduled_for, None));
}

#[tokio::test]
async fn the_longest_due_comes_first_and_pages_join_up() {
    let world = World::new().await;
    for n in [3, 1, 4, 1, 1, 5] {
        world.run_as(&world.later(days(n)), delivered).await;
    }
    let (mut listed, mut after) = (vec![], None);
    let at = world.later(days(20));
    loop {
        let ask = Due { limit: 1, after };
        let page = async |tx: &Tx| feedback_request::due(tx, &ask).await;
        let page = world.db.read(at.clone(), page).await.unwrap();
        listed.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let once: HashSet<_> = listed.iter().map(|request| request.id).collect();
    assert_eq!((listed.len(), once.len()), (6, 6));
    assert!(listed.is_sorted_by_key(|request| (request.due_since, request.id)));
    for limit in [0, 1001] {
        let ask = Due { limit, after: None };
        let refused = world.db.read(at.clone(), async |tx| feedback_request::due(tx, &ask).await);
        assert!(matches!(refused.await, Err(Error::Invalid { .. })));
    }
}

#[tokio::test]
async fn a_change_by_whomever_is_dated() {
    let world = World::new().await;
    let before = world.run(delivered).await;
    let change = "update feedback_requests set delivery_date = delivery_date - interval '1 hour'";
    world.owner.execute_unprepared(change).await.unwrap();
    assert_ne!(get(&world, before.id).await.updated_at, before.updated_at);
}
