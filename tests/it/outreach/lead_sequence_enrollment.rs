//! Leads on their way through sequences: who is enrolled and who is not, and how often.

mod claims;
mod heard;
mod pause;
mod sent;
mod stop;
mod workers;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    id::{LeadId, LeadSequenceEnrollmentId, NurtureSequenceId},
    zone::Zone,
};
use integration::{
    World,
    populate::{
        email,
        nurture::{in_writing, welcome},
    },
};
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use service::{
    Claims, Context, Error, Tx,
    leads::lead::{self, Because},
    outreach::{
        consent, dnc,
        lead_sequence_enrollment::{
            self as enrollment, Claim, Claimed, Enrolled, List, Model, Outcome, Refusal, Skip,
            Status, Stop,
        },
        nurture_sequence::{self, Channel, Conditions, Edit, New, OnDnc, ReEntry, Step, Steps},
    },
};

pub const MICRO: TimeDelta = TimeDelta::microseconds(1);

pub fn days(n: i64) -> TimeDelta {
    TimeDelta::days(n)
}

pub fn utc(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

/// The nth lead, who has an address and is in the tenant's zone.
pub async fn lead(world: &World, n: u32) -> LeadId {
    lead_in(world, n, Some("UTC")).await
}

pub async fn lead_in(world: &World, n: u32, zone: Option<&str>) -> LeadId {
    let number = format!("+1202555{:04}", 100 + n);
    let agreed = in_writing(&number, world.context.now - days(365));
    world.run(async |tx| consent::grant(tx, agreed).await).await;
    stranger_in(world, n, zone).await
}

/// Somebody who has agreed to nothing.
pub async fn stranger_in(world: &World, n: u32, zone: Option<&str>) -> LeadId {
    let new = lead::New {
        email: Some(email(&format!("lead{n}@navy.example"))),
        time_zone: zone.map(|zone| Zone::parse(zone).unwrap()),
        ..lead::New::named("Joan", "Clarke", &format!("+1202555{:04}", 100 + n))
    };
    world.run(async |tx| lead::create(tx, new).await).await.id
}

/// Steps with these delays and channels.
pub fn steps(of: &[(i32, Channel)]) -> Steps {
    let step = |(n, (delay_days, channel)): (i32, &(i32, Channel))| Step {
        step: n,
        delay_days: *delay_days,
        channel: *channel,
        template_id: format!("t{n}"),
        subject: None,
        message: None,
        conditions: Conditions::default(),
    };
    Steps((1..).zip(of).map(step).collect())
}

pub async fn sequence(world: &World, steps: Steps) -> NurtureSequenceId {
    made(world, New::named("Sequence", steps)).await
}

pub async fn made(world: &World, new: New) -> NurtureSequenceId {
    world.run(async |tx| nurture_sequence::create(tx, new).await).await.id
}

pub async fn try_enroll(
    world: &World,
    at: &Context,
    lead: LeadId,
    sequence: NurtureSequenceId,
) -> Enrolled {
    world.run_as(at, async |tx| enrollment::enroll(tx, lead, sequence).await).await
}

pub async fn enroll(world: &World, lead: LeadId, sequence: NurtureSequenceId) -> Model {
    enroll_at(world, &world.context, lead, sequence).await
}

pub async fn enroll_at(
    world: &World,
    at: &Context,
    lead: LeadId,
    sequence: NurtureSequenceId,
) -> Model {
    match try_enroll(world, at, lead, sequence).await {
        Enrolled::Enrolled(enrolled) => *enrolled,
        refused @ Enrolled::Refused(_) => panic!("{refused:?}"),
    }
}

pub async fn refused(
    world: &World,
    at: &Context,
    lead: LeadId,
    sequence: NurtureSequenceId,
) -> Vec<Refusal> {
    match try_enroll(world, at, lead, sequence).await {
        Enrolled::Refused(why) => why,
        enrolled @ Enrolled::Enrolled(_) => panic!("{enrolled:?}"),
    }
}

pub async fn get(world: &World, id: LeadSequenceEnrollmentId) -> Model {
    world.run(async |tx| enrollment::get(tx, id).await).await
}

pub async fn claim(world: &World, at: &Context) -> Claimed {
    let ask = Claims { limit: 1000, ..Claims::default() };
    world.run_as(at, async |tx| enrollment::claim(tx, &ask).await).await
}

pub async fn record(world: &World, at: &Context, claim: &Claim) -> Model {
    world.run_as(at, async |tx| enrollment::record_sent(tx, claim).await).await
}

/// Sends everything that is due, and says which steps those were.
pub async fn send(world: &World, at: &Context) -> Vec<i32> {
    let claims = claim(world, at).await.claims;
    for claim in &claims {
        record(world, at, claim).await;
    }
    claims.iter().map(|claim| claim.step).collect()
}

#[tokio::test]
async fn a_lead_that_is_enrolled_is_reached_when_the_first_step_says() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let enrolled = enroll(&world, joan, to).await;
    assert_eq!((enrolled.status, enrolled.current_step), (Status::Active, 1));
    assert_eq!(enrolled.enrolled_at, world.context.now);
    assert_eq!(enrolled.next_step_scheduled_at, Some(world.context.now));
    assert_eq!(enrolled.next_channel, Some(Channel::Sms));
    assert_eq!((enrolled.completed_at, enrolled.executed_steps.0.len()), (None, 0));
    assert_eq!(get(&world, enrolled.id).await, enrolled);
    // Three days later, where the lead is: 09:00 UTC is 18:00 in Tokyo, and stays so.
    let kai = lead_in(&world, 2, Some("Asia/Tokyo")).await;
    let later = sequence(&world, steps(&[(3, Channel::Email)])).await;
    let enrolled = enroll(&world, kai, later).await;
    assert_eq!(enrolled.next_step_scheduled_at, Some(utc("2026-03-05T09:00:00Z")));
    // At night it waits for eight in the morning: 22:00 UTC is 07:00 in Tokyo.
    let early = world.at("2026-03-09T22:00:00Z");
    let again = sequence(&world, steps(&[(0, Channel::Sms)])).await;
    let enrolled = enroll_at(&world, &early, kai, again).await;
    assert_eq!(enrolled.next_step_scheduled_at, Some(utc("2026-03-09T23:00:00Z")));
}

#[tokio::test]
async fn who_cannot_be_reached_or_is_won_already_is_not_enrolled_and_every_reason_is_told() {
    let world = World::new().await;
    let to = sequence(&world, welcome()).await;
    let now = &world.context;
    let move_to = async |lead, status| {
        world.run(async |tx| lead::move_to(tx, lead, status, &Because::manual(None)).await).await
    };
    let listed = lead(&world, 1).await;
    let list = dnc::New::for_good("+12025550101", "lead_requested");
    world.run(async |tx| dnc::add(tx, list).await).await;
    assert_eq!(refused(&world, now, listed, to).await, [Refusal::DoNotCall]);
    // Also for a time, in which the lead keeps their status.
    let cooling = lead(&world, 2).await;
    let until = Some(now.now + days(1));
    let list = dnc::New { expires_at: until, ..dnc::New::for_good("+12025550102", "cool_off") };
    world.run(async |tx| dnc::add(tx, list).await).await;
    assert_eq!(refused(&world, now, cooling, to).await, [Refusal::DoNotCall]);
    enroll_at(&world, &world.later(days(1)), cooling, to).await;

    let recruited = lead(&world, 3).await;
    move_to(recruited, lead::Status::Recruited).await;
    assert_eq!(refused(&world, now, recruited, to).await, [Refusal::LeadRecruited]);
    let deleted = lead(&world, 4).await;
    world.run(async |tx| lead::delete(tx, deleted, "by mistake").await).await;
    assert_eq!(refused(&world, now, deleted, to).await, [Refusal::LeadDeleted]);
    let blocked = lead(&world, 5).await;
    let sql = "update leads set calling_blocked = true where phone_number = '+12025550105'";
    world.owner.execute_unprepared(sql).await.unwrap();
    assert_eq!(refused(&world, now, blocked, to).await, [Refusal::CallingBlocked]);

    // Who was lost can be won back.
    let lost = lead(&world, 6).await;
    move_to(lost, lead::Status::Cold).await;
    enroll(&world, lost, to).await;

    world.run(async |tx| nurture_sequence::deactivate(tx, to).await).await;
    let both = [Refusal::LeadRecruited, Refusal::SequenceInactive];
    assert_eq!(refused(&world, now, recruited, to).await, both);
    let count = "select count(*)::text from lead_sequence_enrollments";
    assert_eq!(world.strings(count).await, ["2"]);
}

#[tokio::test]
async fn only_leads_that_meet_its_conditions_are_enrolled_in_a_sequence() {
    let world = World::new().await;
    let conditions = Conditions {
        status_in: vec![lead::Status::New, lead::Status::Hot],
        score_gte: Some(40),
        score_lte: None,
    };
    let new = New { trigger_conditions: Some(conditions), ..New::named("Fit", welcome()) };
    let (joan, to) = (lead(&world, 1).await, made(&world, new).await);
    let score = async |score: i32| {
        let sql = format!("update leads set lead_score = {score}");
        world.owner.execute_unprepared(&sql).await.unwrap();
    };
    score(39).await;
    assert_eq!(refused(&world, &world.context, joan, to).await, [Refusal::Conditions]);
    score(40).await;
    world
        .run(async |tx| {
            let why = Because::manual(None);
            lead::move_to(tx, joan, lead::Status::Contacted, &why).await
        })
        .await;
    assert_eq!(refused(&world, &world.context, joan, to).await, [Refusal::Conditions]);
    world
        .run(async |tx| lead::move_to(tx, joan, lead::Status::Hot, &Because::manual(None)).await)
        .await;
    enroll(&world, joan, to).await;
}

#[tokio::test]
async fn a_lead_is_on_its_way_once_and_may_have_arrived_many_times() {
    // Defect 4-3: the second completed enrolment was refused, and active beside paused was not.
    let world = World::new().await;
    let new = New { cool_down_days: 0, ..New::named("Short", steps(&[(0, Channel::Sms)])) };
    let (joan, to) = (lead(&world, 1).await, made(&world, new).await);
    for day in 0..3 {
        let at = world.later(days(day));
        let enrolled = enroll_at(&world, &at, joan, to).await;
        assert_eq!(refused(&world, &at, joan, to).await, [Refusal::AlreadyEnrolled]);
        world.run_as(&at, async |tx| enrollment::pause(tx, enrolled.id, "wait").await).await;
        assert_eq!(refused(&world, &at, joan, to).await, [Refusal::AlreadyEnrolled]);
        world.run_as(&at, async |tx| enrollment::resume(tx, enrolled.id).await).await;
        assert_eq!(send(&world, &at).await, [1]);
        assert_eq!(get(&world, enrolled.id).await.status, Status::Completed);
    }
    let all = world.run(async |tx| enrollment::of_lead(tx, joan).await).await;
    assert_eq!(all.iter().map(|e| e.status).collect::<Vec<_>>(), [Status::Completed; 3]);
    let theirs =
        world.run_as(&world.neighbour, async |tx| enrollment::of_lead(tx, joan).await).await;
    assert!(theirs.is_empty());
}

#[tokio::test]
async fn who_has_been_through_it_comes_again_when_the_cool_down_is_over_or_never() {
    let world = World::new().await;
    let short = || steps(&[(0, Channel::Sms)]);
    let twice = made(&world, New { cool_down_days: 30, ..New::named("Twice", short()) }).await;
    let once = made(&world, New { re_entry: ReEntry::Never, ..New::named("Once", short()) }).await;
    // New York's clocks go forward on 8 March: 30 days are 30 days there, and not 720 hours.
    let ann = lead_in(&world, 1, Some("America/New_York")).await;
    let at = world.at("2026-03-02T15:00:00Z");
    let first = enroll_at(&world, &at, ann, twice).await;
    world.run_as(&at, async |tx| enrollment::cancel(tx, first.id, "a test").await).await;
    let until = utc("2026-04-01T14:00:00Z");
    let before = Context { now: until - MICRO, ..at.clone() };
    assert_eq!(refused(&world, &before, ann, twice).await, [Refusal::CoolDown(until)]);
    enroll_at(&world, &Context { now: until, ..at.clone() }, ann, twice).await;

    let first = enroll_at(&world, &at, ann, once).await;
    world.run_as(&at, async |tx| enrollment::cancel(tx, first.id, "a test").await).await;
    let later = world.later(days(3650));
    assert_eq!(refused(&world, &later, ann, once).await, [Refusal::NeverAgain]);
}

#[tokio::test]
async fn who_is_on_the_way_keeps_the_steps_that_they_began_with() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let old = enroll(&world, joan, to).await;
    let edit = Edit { steps: Some(steps(&[(1, Channel::Email)])), ..Edit::default() };
    world.run(async |tx| nurture_sequence::edit(tx, to, edit).await).await;
    let new = enroll(&world, lead(&world, 2).await, to).await;
    assert_ne!(old.version_id, new.version_id);
    assert_eq!(new.next_step_scheduled_at, Some(world.context.now + days(1)));
    assert_eq!(send(&world, &world.context).await, [1]);
    let next = get(&world, old.id).await;
    assert_eq!(next.next_step_scheduled_at, Some(world.context.now + days(2)));
    assert_eq!(send(&world, &world.later(days(1))).await, [1]);
    assert_eq!(get(&world, new.id).await.status, Status::Completed);
    assert_eq!(send(&world, &world.later(days(2))).await, [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_enrol_a_lead_at_once_one_does() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let (db, who) = (world.db.clone(), world.context.clone());
            tokio::spawn(async move {
                let enroll = async |tx: &Tx| enrollment::enroll(tx, joan, to).await;
                db.run(who, enroll).await.unwrap()
            })
        })
        .collect();
    let mut enrolled = 0;
    for each in tries {
        match each.await.unwrap() {
            Enrolled::Enrolled(_) => enrolled += 1,
            Enrolled::Refused(why) => assert_eq!(why, [Refusal::AlreadyEnrolled]),
        }
    }
    assert_eq!(enrolled, 1);
}

#[tokio::test]
async fn what_is_anothers_or_nobodys_cannot_be_enrolled() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let missing = async |who: &Context, lead, to| {
        world.db.run(who.clone(), async |tx: &Tx| enrollment::enroll(tx, lead, to).await).await
    };
    let theirs = missing(&world.neighbour, joan, to).await;
    assert!(matches!(theirs, Err(Error::NotFound("lead"))));
    let none = missing(&world.context, joan, NurtureSequenceId::new()).await;
    assert!(matches!(none, Err(Error::NotFound("nurture sequence"))));
}

#[tokio::test]
async fn the_enrolments_of_a_sequence_page_and_its_rates_are_counted() {
    let world = World::new().await;
    let short = New { cool_down_days: 0, ..New::named("Short", steps(&[(0, Channel::Sms)])) };
    let to = made(&world, short).await;
    let rates = async || world.run(async |tx| nurture_sequence::rates(tx, to).await).await;
    let none = rates().await;
    assert_eq!((none.total_enrollments, none.completion_rate), (0, None), "of none is no rate");
    let mut ids = vec![];
    for n in 1..=5 {
        ids.push(enroll(&world, lead(&world, n).await, to).await.id);
    }
    assert_eq!(rates().await.completion_rate, None, "none has ended");
    world.run(async |tx| enrollment::cancel(tx, ids[0], "a test").await).await;
    world.run(async |tx| enrollment::pause(tx, ids[1], "a test").await).await;
    world.run(async |tx| enrollment::fail(tx, ids[2], "no such number").await).await;
    assert_eq!(rates().await.completion_rate, Some(Decimal::ZERO));
    assert_eq!(send(&world, &world.context).await, [1, 1]);
    let some = rates().await;
    // Two completed of four that have ended; the paused one is on its way.
    assert_eq!((some.total_enrollments, some.live, some.completed, some.stopped), (5, 1, 2, 2));
    assert_eq!(some.completion_rate, Some(Decimal::from(50)));
    let sql = "select s.total_enrollments || ' ' || s.completion_rate from nurture_sequences s";
    assert_eq!(world.strings(sql).await, ["5 50.00"]);

    let read =
        async |ask: List| world.run(async |tx| enrollment::of_sequence(tx, &ask).await).await;
    let first = read(List { limit: 3, ..List::of(to) }).await;
    assert_eq!(first.items.iter().map(|e| e.id).collect::<Vec<_>>(), ids[..3]);
    let rest = read(List { limit: 3, after: first.next, ..List::of(to) }).await;
    assert_eq!(rest.items.iter().map(|e| e.id).collect::<Vec<_>>(), ids[3..]);
    assert_eq!(rest.next, None);
}
