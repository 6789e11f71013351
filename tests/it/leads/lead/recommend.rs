//! What to do about leads next.

use chrono::TimeDelta;
use integration::{World, populate::leads::grace};
use service::{
    leads::lead::{self, Action, IMMEDIATE_NEED, Model, Status, recommendation},
    outreach::dnc,
};

#[tokio::test]
async fn the_first_rule_that_holds_says_what_to_do_and_why() {
    use Action::{CallNow, DropLead, NurtureEmail, ScheduleCallback, SendSms};
    let world = World::new().await;
    let lead = world.run(async |tx| lead::create(tx, grace()).await).await;
    let now = world.context.now;
    let of = |lead_score, days: Option<i64>| Model {
        lead_score,
        last_contact_date: days.map(|days| now - TimeDelta::days(days)),
        ..lead.clone()
    };
    let status = |status, lead: Model| Model { status, ..lead };
    let needy = |lead: Model| Model { tags: vec![IMMEDIATE_NEED.to_owned()], ..lead };
    let short = TimeDelta::microseconds(1);
    let just = |days: i64| Model {
        last_contact_date: Some(now - TimeDelta::days(days) + short),
        ..of(40, None)
    };
    for (case, lead, expected) in [
        ("dnc", status(Status::Dnc, of(100, Some(3))), (DropLead, 1)),
        ("blocked", Model { calling_blocked: true, ..of(100, Some(3)) }, (DropLead, 1)),
        ("70", of(70, None), (CallNow, 9)),
        ("69", of(69, None), (ScheduleCallback, 5)),
        ("hot", status(Status::Hot, of(0, None)), (CallNow, 9)),
        ("qualified", status(Status::Qualified, of(0, None)), (ScheduleCallback, 5)),
        ("70 before an immediate need", needy(of(70, None)), (CallNow, 9)),
        ("an immediate need", needy(of(0, Some(40))), (CallNow, 8)),
        ("1 day", of(40, Some(1)), (ScheduleCallback, 5)),
        ("almost 2", just(2), (ScheduleCallback, 5)),
        ("2 days", of(40, Some(2)), (CallNow, 8)),
        ("5 days", of(40, Some(5)), (CallNow, 8)),
        ("almost 6", just(6), (CallNow, 8)),
        ("6 days", of(40, Some(6)), (ScheduleCallback, 5)),
        ("almost 7", just(7), (ScheduleCallback, 5)),
        ("7 days and 49", of(49, Some(7)), (NurtureEmail, 5)),
        ("7 days and 50", of(50, Some(7)), (ScheduleCallback, 5)),
        ("31 days and 49", of(49, Some(31)), (NurtureEmail, 5)),
        ("30 days and 50", of(50, Some(30)), (ScheduleCallback, 5)),
        ("31 days and 50", of(50, Some(31)), (SendSms, 3)),
        ("31 days and 69", of(69, Some(31)), (SendSms, 3)),
        ("never", of(0, None), (ScheduleCallback, 5)),
        ("still to come", of(40, Some(-3)), (ScheduleCallback, 5)),
    ] {
        let found = recommendation(&lead, now);
        assert_eq!((found.action, found.priority), expected, "{case}: {}", found.reason);
        assert!(!found.reason.is_empty());
    }
}

#[tokio::test]
async fn a_lead_is_recommended_to_its_tenant_alone() {
    let world = World::new().await;
    let id = world.run(async |tx| lead::create(tx, grace()).await).await.id;
    let found = world.run(async |tx| lead::recommend(tx, id).await).await;
    assert_eq!(
        (found.action, found.reason.as_str()),
        (Action::ScheduleCallback, "they were never reached")
    );
    let theirs = world.db.run(world.neighbour.clone(), async |tx| lead::recommend(tx, id).await);
    assert_eq!(theirs.await.unwrap_err().to_string(), "no such lead");
    let new = dnc::New::for_good("+12025550108", "lead_requested");
    world.run(async |tx| dnc::add(tx, new).await).await;
    let found = world.run(async |tx| lead::recommend(tx, id).await).await;
    assert_eq!(found.action, Action::DropLead);
}
