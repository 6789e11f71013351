//! Which steps are done now, which later, and which not at all.

use service::leads::system_config::{self, NurtureSettings};

use super::*;

fn now() -> DateTime<Utc> {
    utc("2026-03-02T09:00:00Z")
}

/// Steps of which the first is for such leads only.
fn for_some(conditions: Conditions) -> Steps {
    let mut steps = steps(&[(0, Channel::Sms), (0, Channel::Sms)]);
    steps.0[0].conditions = conditions;
    steps
}

#[tokio::test]
async fn a_step_that_is_not_for_such_a_lead_is_passed_over_and_the_next_has_its_turn() {
    let world = World::new().await;
    let hot = Conditions { score_gte: Some(70), ..Conditions::default() };
    let (joan, to) = (lead(&world, 1).await, sequence(&world, for_some(hot)).await);
    world.owner.execute_unprepared("update leads set lead_score = 69").await.unwrap();
    let id = enroll(&world, joan, to).await.id;
    let claimed = claim(&world, &world.context).await;
    assert_eq!(claimed.skipped, [(id, Skip::Conditions)]);
    assert_eq!(claimed.claims.iter().map(|c| c.step).collect::<Vec<_>>(), [2]);
    let done = world.run(async |tx| enrollment::steps(tx, id).await).await.remove(0);
    assert_eq!((done.step, done.status), (1, Outcome::Skipped));
    assert_eq!(done.skip_reason, Some(Skip::Conditions));
    assert_eq!(get(&world, id).await.executed_steps.0[0].status, Outcome::Skipped);

    world.owner.execute_unprepared("update leads set lead_score = 70").await.unwrap();
    let hot = Conditions { score_gte: Some(70), ..Conditions::default() };
    let other = sequence(&world, for_some(hot)).await;
    enroll(&world, lead(&world, 2).await, other).await;
    world.owner.execute_unprepared("update leads set lead_score = 70").await.unwrap();
    assert_eq!(send(&world, &world.context).await, [1]);
}

#[tokio::test]
async fn who_has_no_address_or_may_be_anywhere_in_the_world_is_not_written_to_so() {
    let world = World::new().await;
    let no_mail = lead(&world, 1).await;
    let sql = "update leads set email = null";
    world.owner.execute_unprepared(sql).await.unwrap();
    let by_mail = sequence(&world, steps(&[(0, Channel::Email)])).await;
    let no_mail = enroll(&world, no_mail, by_mail).await.id;
    // Nobody knows which zones a Japanese number may be in, and so what time it is there.
    let new = lead::New::named("Kai", "Far", "+81312345678");
    let nowhere = world.run(async |tx| lead::create(tx, new).await).await.id;
    let by_text = sequence(&world, steps(&[(0, Channel::Sms)])).await;
    let nowhere = enroll(&world, nowhere, by_text).await.id;
    let mut skipped = claim(&world, &world.context).await.skipped;
    skipped.sort_by_key(|(id, _)| *id);
    let mut expected = [(no_mail, Skip::NoAddress), (nowhere, Skip::UnknownZone)];
    expected.sort_by_key(|(id, _)| *id);
    assert_eq!(skipped, expected);
    assert_eq!(get(&world, no_mail).await.status, Status::Completed, "that was the last");
}

#[tokio::test]
async fn of_whom_only_the_number_is_known_is_texted_when_it_is_day_in_all_of_the_country() {
    let world = World::new().await;
    let to = sequence(&world, steps(&[(0, Channel::Sms)])).await;
    let anywhere = lead_in(&world, 1, None).await;
    let id = enroll(&world, anywhere, to).await.id;
    // 08:00 on Hawaii, which is ten hours behind all year.
    let next = get(&world, id).await.next_step_scheduled_at;
    assert_eq!(next, Some(utc("2026-03-02T18:00:00Z")));
    assert_eq!(claim(&world, &world.at("2026-03-02T17:59:59Z")).await, Claimed::default());
    // What nobody did by 21:00 on Puerto Rico waits for the next day.
    let put_off = claim(&world, &world.at("2026-03-03T01:00:00Z")).await.put_off;
    assert_eq!(put_off, [(id, utc("2026-03-03T18:00:00Z"))]);
    assert_eq!(send(&world, &world.at("2026-03-04T00:59:59Z")).await, [1]);
}

#[tokio::test]
async fn a_lead_hears_from_us_once_a_day_whatever_they_are_enrolled_in() {
    let world = World::new().await;
    let joan = lead(&world, 1).await;
    let mut ids = vec![];
    for n in 0..3 {
        let to = sequence(&world, steps(&[(0, Channel::Sms), (n, Channel::Email)])).await;
        ids.push(enroll(&world, joan, to).await.id);
    }
    let first = claim(&world, &world.context).await;
    assert_eq!(first.claims.iter().map(|c| c.enrollment_id).collect::<Vec<_>>(), ids[..1]);
    // While it is on its way the others are asked again in an hour.
    let hour = now() + TimeDelta::hours(1);
    assert_eq!(first.put_off, [(ids[1], hour), (ids[2], hour)]);
    let at = Context { now: hour, ..world.context.clone() };
    let still = claim(&world, &at).await;
    let two = hour + TimeDelta::hours(1);
    assert_eq!(still.put_off, [(ids[1], two), (ids[2], two)]);
    record(&world, &at, &first.claims[0]).await;
    // And when it was sent, tomorrow at eight.
    let at = Context { now: two, ..world.context.clone() };
    let morning = utc("2026-03-03T08:00:00Z");
    let capped = claim(&world, &at).await.put_off;
    assert!(capped.contains(&(ids[1], morning)) && capped.contains(&(ids[2], morning)));
    let before = Context { now: morning - MICRO, ..world.context.clone() };
    assert_eq!(claim(&world, &before).await, Claimed::default());
    let at = Context { now: morning, ..world.context.clone() };
    assert_eq!(send(&world, &at).await.len(), 1);
    assert_eq!(send(&world, &at).await.len(), 0);
}

#[tokio::test]
async fn a_lapsed_claim_does_not_keep_the_lead_from_hearing_from_us() {
    let world = World::new().await;
    let joan = lead(&world, 1).await;
    for _ in 0..2 {
        let to = sequence(&world, steps(&[(0, Channel::Sms)])).await;
        enroll(&world, joan, to).await;
    }
    assert_eq!(claim(&world, &world.context).await.claims.len(), 1);
    let lapse = "update lead_sequence_enrollments set lease_until = now() - interval '1 second'
                 where claim is not null";
    world.owner.execute_unprepared(lapse).await.unwrap();
    let later = world.later(TimeDelta::hours(1));
    let again = claim(&world, &later).await;
    assert_eq!((again.claims.len(), again.put_off.len()), (1, 1), "either of them, and one");
}

#[tokio::test]
async fn no_more_than_a_hundred_texts_and_a_hundred_mails_go_out_on_a_day_of_the_tenants() {
    let world = World::new().await;
    let by_text = sequence(&world, steps(&[(0, Channel::Sms)])).await;
    let by_mail = sequence(&world, steps(&[(0, Channel::Email)])).await;
    for n in 1..=102 {
        enroll(&world, lead(&world, n).await, by_text).await;
    }
    enroll(&world, lead(&world, 103).await, by_mail).await;
    let count = |claims: &[Claim], channel| claims.iter().filter(|c| c.channel == channel).count();
    // A few at a time, of which some are sent and some are on their way.
    let ask = Claims { limit: 60, ..Claims::default() };
    let first = world.run(async |tx| enrollment::claim(tx, &ask).await).await.claims;
    assert_eq!(count(&first, Channel::Sms), 60);
    for held in &first[..30] {
        record(&world, &world.context, held).await;
    }
    let second = claim(&world, &world.context).await.claims;
    assert_eq!((count(&second, Channel::Sms), count(&second, Channel::Email)), (40, 1));
    for held in first[30..].iter().chain(&second) {
        record(&world, &world.context, held).await;
    }
    let night = world.at("2026-03-02T20:59:59Z");
    assert_eq!(claim(&world, &night).await, Claimed::default());
    let morning = world.at("2026-03-03T08:00:00Z");
    let third = claim(&world, &morning).await.claims;
    assert_eq!((count(&third, Channel::Sms), count(&third, Channel::Email)), (2, 0));
}

#[tokio::test]
async fn the_longest_due_come_first_and_a_page_is_as_long_as_was_asked() {
    let world = World::new().await;
    let to = sequence(&world, steps(&[(1, Channel::Sms)])).await;
    let mut ids = vec![];
    for n in 0..3 {
        let at = world.later(TimeDelta::minutes(-i64::from(n)));
        ids.push(enroll_at(&world, &at, lead(&world, n).await, to).await.id);
    }
    let at = world.later(days(1));
    let ask = Claims { limit: 2, ..Claims::default() };
    let held = world.run_as(&at, async |tx| enrollment::claim(tx, &ask).await).await.claims;
    assert_eq!(held.iter().map(|c| c.enrollment_id).collect::<Vec<_>>(), [ids[2], ids[1]]);
    for bad in [0, 1001] {
        let ask = Claims { limit: bad, ..Claims::default() };
        let bad = async |tx: &Tx| enrollment::claim(tx, &ask).await;
        assert!(matches!(world.db.run(at.clone(), bad).await, Err(Error::Invalid { .. })));
    }
    let theirs =
        world.run_as(&world.neighbour, async |tx| enrollment::claim(tx, &Claims::default()).await);
    assert_eq!(theirs.await, Claimed::default());
}

#[tokio::test]
async fn what_must_be_put_off_does_not_stand_in_the_way_of_what_can_be_sent() {
    let world = World::new().await;
    let to = sequence(&world, steps(&[(0, Channel::Sms)])).await;
    for n in 1..=5 {
        enroll(&world, lead_in(&world, n, Some("UTC")).await, to).await;
    }
    // It is 03:00 where those five turn out to be.
    let sql = "update leads set time_zone = 'America/Chicago'";
    world.owner.execute_unprepared(sql).await.unwrap();
    let fit = enroll(&world, lead(&world, 6).await, to).await.id;
    let ask = Claims { limit: 1, ..Claims::default() };
    let done = world.run(async |tx| enrollment::claim(tx, &ask).await).await;
    assert_eq!(done.claims.iter().map(|c| c.enrollment_id).collect::<Vec<_>>(), [fit]);
    assert_eq!(done.put_off.len(), 5);
    assert!(done.put_off.iter().all(|(_, until)| *until == utc("2026-03-02T14:00:00Z")));
}

#[tokio::test]
async fn a_text_leaves_evidence_that_the_number_was_looked_up_and_a_mail_does_not() {
    let world = World::new().await;
    let both = steps(&[(0, Channel::Email), (1, Channel::Sms)]);
    let (joan, to) = (lead(&world, 1).await, sequence(&world, both).await);
    enroll(&world, joan, to).await;
    let checks = async || {
        let sql = "select number || ' ' || verdict from dnc_checks order by id";
        world.strings(sql).await.len()
    };
    let enrolled = checks().await;
    assert_eq!(send(&world, &world.context).await, [1]);
    assert_eq!(checks().await, enrolled);
    assert_eq!(send(&world, &world.later(days(1))).await, [2]);
    assert_eq!(checks().await, enrolled + 1);
}

#[tokio::test]
async fn a_claim_stands_until_there_is_a_reason_not_to_send_it() {
    let world = World::new().await;
    let to = sequence(&world, welcome()).await;
    let mut n = 0;
    let mut fresh = async || {
        n += 1;
        let joan = lead(&world, n).await;
        let id = enroll(&world, joan, to).await.id;
        let claims = claim(&world, &world.context).await.claims;
        (joan, claims.into_iter().find(|claim| claim.enrollment_id == id).unwrap())
    };
    let stands = async |at: &Context, claim: &Claim| {
        world.run_as(at, async |tx| enrollment::stands(tx, claim).await).await
    };
    let (_, held) = fresh().await;
    assert!(stands(&world.context, &held).await);
    let lapse = "update lead_sequence_enrollments set lease_until = now() - interval '1 second'";
    world.owner.execute_unprepared(lapse).await.unwrap();
    assert!(stands(&world.context, &held).await, "that the lease ended changes nothing");
    assert!(stands(&world.at("2026-03-02T20:59:59Z"), &held).await);
    assert!(!stands(&world.at("2026-03-02T21:00:00Z"), &held).await, "nobody is texted at night");
    record(&world, &world.context, &held).await;
    assert!(!stands(&world.context, &held).await, "it was sent");

    let (_, held) = fresh().await;
    let list = dnc::New::for_good("+12025550102", "lead_requested");
    world.run(async |tx| dnc::add(tx, list).await).await;
    assert!(!stands(&world.context, &held).await);
    let (_, held) = fresh().await;
    let until = Some(now() + TimeDelta::hours(1));
    let list = dnc::New { expires_at: until, ..dnc::New::for_good("+12025550103", "cool_off") };
    world.run(async |tx| dnc::add(tx, list).await).await;
    assert!(!stands(&world.context, &held).await);
    assert!(stands(&world.at("2026-03-02T10:00:00Z"), &held).await, "it was for an hour");
    let (joan, held) = fresh().await;
    world.run(async |tx| lead::delete(tx, joan, "a test").await).await;
    assert!(!stands(&world.context, &held).await);
    let (joan, held) = fresh().await;
    world.run(async |tx| enrollment::reply(tx, joan).await).await;
    assert!(!stands(&world.context, &held).await);
}

async fn settle(world: &World, settings: NurtureSettings) {
    world.run(async |tx| system_config::set(tx, settings, "a test").await).await;
}

#[tokio::test]
async fn the_tenant_settles_how_many_go_out_in_a_day() {
    let world = World::new().await;
    let by_text = sequence(&world, steps(&[(0, Channel::Sms)])).await;
    let by_mail = sequence(&world, steps(&[(0, Channel::Email)])).await;
    for n in 1..=3 {
        enroll(&world, lead(&world, n).await, by_text).await;
        enroll(&world, lead(&world, 10 + n).await, by_mail).await;
    }
    let few =
        NurtureSettings { max_sms_per_day: 2, max_emails_per_day: 0, ..NurtureSettings::default() };
    settle(&world, few).await;
    let claims = claim(&world, &world.context).await.claims;
    assert_eq!(claims.iter().map(|c| c.channel).collect::<Vec<_>>(), [Channel::Sms; 2]);
    settle(&world, NurtureSettings::default()).await;
    let claims = claim(&world, &world.context).await.claims;
    assert_eq!(claims.len(), 4);
}

#[tokio::test]
async fn where_the_tenant_says_so_an_answer_pauses_nothing_and_the_list_stops_nothing() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let id = enroll(&world, joan, to).await.id;
    let on = NurtureSettings {
        auto_pause_on_reply: false,
        respect_dnc: false,
        ..NurtureSettings::default()
    };
    settle(&world, on).await;
    assert_eq!(world.run(async |tx| enrollment::reply(tx, joan).await).await, 0);
    let list = dnc::New::for_good("+12025550101", "lead_requested");
    world.run(async |tx| dnc::add(tx, list).await).await;
    assert_eq!(get(&world, id).await.status, Status::Active);
    // But a number that is on the list is not texted, whatever anybody settles.
    assert_eq!(claim(&world, &world.context).await.skipped, [(id, Skip::DoNotCall)]);
    assert_eq!(send(&world, &world.later(days(2))).await, [2]);
}

#[tokio::test]
async fn who_has_not_agreed_in_writing_is_not_texted_and_may_be_mailed() {
    let world = World::new().await;
    let both = steps(&[(0, Channel::Sms), (0, Channel::Email)]);
    let (stranger, to) = (stranger_in(&world, 1, Some("UTC")).await, sequence(&world, both).await);
    let id = enroll(&world, stranger, to).await.id;
    let express = consent::Grant {
        basis: consent::Basis::Express,
        text_version: None,
        ..in_writing("+12025550101", now() - days(1))
    };
    world.run(async |tx| consent::grant(tx, express).await).await;
    let done = claim(&world, &world.context).await;
    assert_eq!(done.skipped, [(id, Skip::NoConsent)]);
    assert_eq!(done.claims.iter().map(|c| c.step).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn who_withdraws_is_reached_so_no_more_also_by_what_was_decided_already() {
    let world = World::new().await;
    let withdraw = async |subject: consent::Subject, channel| {
        let revocation = consent::Revocation {
            subject,
            only: Some((consent::Purpose::Marketing, channel)),
            how: "STOP".to_owned(),
            at: now(),
        };
        world.run(async |tx| consent::revoke(tx, &revocation).await).await
    };
    let by_text = sequence(&world, steps(&[(0, Channel::Sms)])).await;
    enroll(&world, lead(&world, 1).await, by_text).await;
    let held = claim(&world, &world.context).await.claims.remove(0);
    let stands = async || world.run(async |tx| enrollment::stands(tx, &held).await).await;
    assert!(stands().await);
    let number = in_writing("+12025550101", now()).subject;
    withdraw(number, consent::Channel::Sms).await;
    assert!(!stands().await);
    // Mail takes no consent, but what was withdrawn is gone.
    let by_mail = sequence(&world, steps(&[(0, Channel::Email)])).await;
    let id = enroll(&world, lead(&world, 2).await, by_mail).await.id;
    let other = enroll(&world, lead(&world, 3).await, by_mail).await.id;
    withdraw(email("lead2@navy.example").into(), consent::Channel::Email).await;
    let done = claim(&world, &world.context).await;
    assert!(done.skipped.is_empty());
    let ended =
        format!("select status || ' ' || stop from lead_sequence_enrollments where id = '{id}'");
    assert_eq!(world.strings(&ended).await, ["cancelled unsubscribed"]);
    assert_eq!(done.claims.iter().map(|c| c.enrollment_id).collect::<Vec<_>>(), [other]);
}
