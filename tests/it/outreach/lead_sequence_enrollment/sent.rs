//! Step after step, at their times.

use service::outreach::lead_sequence_enrollment::Executed;

use super::*;

fn next(enrolled: &Model) -> String {
    let next = enrolled.next_step_scheduled_at;
    next.map_or_else(|| "none".to_owned(), |at| at.format("%m-%d %H:%M").to_string())
}

#[tokio::test]
async fn the_welcome_sequence_of_the_document_runs_its_two_weeks() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let id = enroll(&world, joan, to).await.id;
    // Text at once, mail two days later, text five days after that, call seven days after that.
    let mut at = world.context.now;
    for (step, delay, channel, expected) in [
        (1, 0, Channel::Sms, "03-04 09:00"),
        (2, 2, Channel::Email, "03-09 09:00"),
        (3, 5, Channel::Sms, "03-16 09:00"),
        (4, 7, Channel::Call, "none"),
    ] {
        at += days(delay);
        let due = Context { now: at, ..world.context.clone() };
        let before = Context { now: at - MICRO, ..world.context.clone() };
        assert_eq!(claim(&world, &before).await, Claimed::default(), "step {step}");
        let held = claim(&world, &due).await.claims.remove(0);
        assert_eq!((held.step, held.channel, held.lead_id), (step, channel, joan));
        assert_eq!(held.key(), format!("nurture:{id}:{step}"));
        let sent = record(&world, &due, &held).await;
        assert_eq!((sent.current_step, next(&sent)), (step + 1, expected.to_owned()));
    }
    let done = get(&world, id).await;
    assert_eq!((done.status, done.completed_at), (Status::Completed, Some(at)));
    let told: Vec<_> = done.executed_steps.0.iter().map(|s| (s.step, s.channel)).collect();
    let expected = [(1, Channel::Sms), (2, Channel::Email), (3, Channel::Sms), (4, Channel::Call)];
    assert_eq!(told, expected);
    let rows = world.run(async |tx| enrollment::steps(tx, id).await).await;
    let rows: Vec<_> = rows
        .into_iter()
        .map(|row| Executed {
            step: row.step,
            executed_at: row.executed_at,
            status: row.status,
            channel: row.channel,
        })
        .collect();
    assert_eq!(rows, done.executed_steps.0, "the record and the seed's column say the same");
}

#[tokio::test]
async fn who_grew_cold_hears_by_mail_and_three_days_later_by_text() {
    let world = World::new().await;
    let re_engage = steps(&[(0, Channel::Email), (3, Channel::Sms)]);
    let (joan, to) = (lead(&world, 1).await, sequence(&world, re_engage).await);
    world
        .run(async |tx| lead::move_to(tx, joan, lead::Status::Cold, &Because::manual(None)).await)
        .await;
    let id = enroll(&world, joan, to).await.id;
    assert_eq!(send(&world, &world.context).await, [1]);
    assert_eq!(send(&world, &world.later(days(3) - MICRO)).await, NONE);
    assert_eq!(send(&world, &world.later(days(3))).await, [2]);
    assert_eq!(get(&world, id).await.status, Status::Completed);
}

const NONE: [i32; 0] = [];

#[tokio::test]
async fn enrolled_six_days_ago_and_mailed_on_the_third_day_the_next_step_is_due_tomorrow() {
    // The arithmetic of the seed's own enrolment (defect 4-33): 0 + 2 + 5 = 7 days.
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let id = enroll_at(&world, &world.later(days(-6)), joan, to).await.id;
    assert_eq!(send(&world, &world.later(days(-6))).await, [1]);
    assert_eq!(send(&world, &world.later(days(-4))).await, [2]);
    let now = get(&world, id).await;
    assert_eq!((now.status, now.current_step), (Status::Active, 3));
    assert_eq!(now.next_step_scheduled_at, Some(world.context.now + days(1)));
}

#[tokio::test]
async fn after_an_outage_of_a_month_comes_one_step_and_the_next_by_its_delay() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let id = enroll(&world, joan, to).await.id;
    assert_eq!(send(&world, &world.context).await, [1]);
    // Everything was due in the meantime.
    let back = world.later(days(30));
    assert_eq!(send(&world, &back).await, [2]);
    assert_eq!(send(&world, &back).await, NONE);
    let five = days(30 + 5);
    assert_eq!(get(&world, id).await.next_step_scheduled_at, Some(world.context.now + five));
    assert_eq!(send(&world, &world.later(five - MICRO)).await, NONE);
    assert_eq!(send(&world, &world.later(five)).await, [3]);
    // And one that comes late by hours puts the next one off by as much.
    let late = days(30 + 5 + 7) + TimeDelta::hours(4);
    assert_eq!(send(&world, &world.later(late)).await, [4]);
}

#[tokio::test]
async fn steps_without_a_delay_come_on_different_days_all_the_same() {
    let world = World::new().await;
    let both = steps(&[(0, Channel::Sms), (0, Channel::Email)]);
    let (joan, to) = (lead(&world, 1).await, sequence(&world, both).await);
    enroll(&world, joan, to).await;
    assert_eq!(send(&world, &world.context).await, [1]);
    let put_off = claim(&world, &world.context).await.put_off;
    assert_eq!(put_off[0].1, utc("2026-03-03T08:00:00Z"));
    assert_eq!(send(&world, &world.at("2026-03-03T07:59:59Z")).await, NONE);
    assert_eq!(send(&world, &world.at("2026-03-03T08:00:00Z")).await, [2]);
}

#[tokio::test]
async fn days_are_the_leads_and_the_hour_stays_when_their_clocks_change() {
    let world = World::new().await;
    let to = sequence(&world, welcome()).await;
    let ann = lead_in(&world, 1, Some("America/New_York")).await;
    // Friday, 10:00 EST; two days on, the clocks have gone forward: 10:00 EDT.
    let friday = world.at("2026-03-06T15:00:00Z");
    let id = enroll_at(&world, &friday, ann, to).await.id;
    assert_eq!(send(&world, &friday).await, [1]);
    assert_eq!(next(&get(&world, id).await), "03-08 14:00");
    // What is sent at 20:59 there and comes two hours late is sent in the morning.
    let late = world.at("2026-03-09T00:59:00Z");
    assert_eq!(send(&world, &late).await, [2]);
    assert_eq!(next(&get(&world, id).await), "03-14 00:59");
    assert_eq!(send(&world, &world.at("2026-03-14T01:00:00Z")).await, NONE);
    assert_eq!(next(&get(&world, id).await), "03-14 12:00");
    assert_eq!(send(&world, &world.at("2026-03-14T12:00:00Z")).await, [3]);
}

#[tokio::test]
async fn a_claim_holds_until_it_is_recorded_given_back_or_lapsed_and_is_recorded_once() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let id = enroll(&world, joan, to).await.id;
    let at = &world.context;
    let first = claim(&world, at).await.claims.remove(0);
    assert_eq!(claim(&world, at).await, Claimed::default());
    world.run(async |tx| enrollment::release(tx, &first).await).await;
    let second = claim(&world, at).await.claims.remove(0);
    let lapse = "update lead_sequence_enrollments set lease_until = now() - interval '1 second'";
    world.owner.execute_unprepared(lapse).await.unwrap();
    let third = claim(&world, at).await.claims.remove(0);
    assert_eq!((second.key(), third.key()), (first.key(), first.key()));
    assert_eq!(third.subject(), id.0);
    let record = async |claim: &Claim| {
        world.db.run(at.clone(), async |tx| enrollment::record_sent(tx, claim).await).await
    };
    for stale in [&first, &second] {
        assert!(matches!(record(stale).await, Err(Error::Conflict(_))));
    }
    assert_eq!(get(&world, id).await.current_step, 1);
    world.owner.execute_unprepared(lapse).await.unwrap();
    let sent = record(&third).await.unwrap();
    assert_eq!((sent.current_step, sent.claim), (2, None));
    assert!(matches!(record(&third).await, Err(Error::Conflict(_))));
    let release = async |tx: &Tx| enrollment::release(tx, &third).await;
    assert!(matches!(world.db.run(at.clone(), release).await, Err(Error::Conflict(_))));
    let count = "select count(*)::text from lead_sequence_enrollment_steps";
    assert_eq!(world.strings(count).await, ["1"]);
    let json = serde_json::to_string(&third).unwrap();
    assert_eq!(serde_json::from_str::<Claim>(&json).unwrap(), third);
    assert!(!json.contains("Joan") && !json.contains("navy"), "{json}");
}

#[tokio::test]
async fn what_was_sent_while_somebody_paused_or_cancelled_it_is_recorded_and_not_sent_again() {
    let world = World::new().await;
    let to = sequence(&world, welcome()).await;
    let paused = enroll(&world, lead(&world, 1).await, to).await.id;
    let cancelled = enroll(&world, lead(&world, 2).await, to).await.id;
    let claims = claim(&world, &world.context).await.claims;
    world.run(async |tx| enrollment::pause(tx, paused, "wait").await).await;
    world.run(async |tx| enrollment::cancel(tx, cancelled, "enough").await).await;
    let later = world.later(TimeDelta::hours(1));
    for claim in &claims {
        let stands = world.run_as(&later, async |tx| enrollment::stands(tx, claim).await).await;
        assert!(!stands);
        record(&world, &later, claim).await;
    }
    let cancelled = get(&world, cancelled).await;
    assert_eq!((cancelled.status, cancelled.executed_steps.0.len()), (Status::Cancelled, 1));
    // The delay of the next begins with the sending, and does not run while it is paused.
    let resumed = world.later(days(10));
    let resumed = world.run_as(&resumed, async |tx| enrollment::resume(tx, paused).await).await;
    assert_eq!(resumed.current_step, 2);
    assert_eq!(resumed.next_step_scheduled_at, Some(world.context.now + days(12)));
}

#[tokio::test]
async fn a_message_has_the_names_of_whoever_it_is_from_and_to_when_it_is_sent() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    enroll(&world, joan, to).await;
    let held = claim(&world, &world.context).await.claims.remove(0);
    let message = async || world.run(async |tx| enrollment::message(tx, &held).await).await;
    let said = message().await;
    assert_eq!(said.text.as_deref(), Some("Hi Joan, this is tenant."));
    assert_eq!(said.phone.map(String::from).as_deref(), Some("+12025550101"));
    assert_eq!((said.email, said.subject), (None, None));
    let new = service::tenancy::user::New {
        email: email("sam@tenant.example"),
        name: "Sam".to_owned(),
        role: "sales".to_owned(),
    };
    let sam = world.run(async |tx| service::tenancy::user::add(tx, new).await).await.id;
    let sql = format!("update leads set user_id = '{sam}'");
    world.owner.execute_unprepared(&sql).await.unwrap();
    assert_eq!(message().await.text.as_deref(), Some("Hi Joan, this is Sam."));
    record(&world, &world.context, &held).await;
    let at = world.later(days(2));
    let held = claim(&world, &at).await.claims.remove(0);
    let mail = world.run_as(&at, async |tx| enrollment::message(tx, &held).await).await;
    assert_eq!(mail.subject.as_deref(), Some("Welcome, Joan"));
    assert_eq!(mail.email.map(String::from).as_deref(), Some("lead1@navy.example"));
    assert_eq!((mail.phone, mail.text), (None, None));
}
