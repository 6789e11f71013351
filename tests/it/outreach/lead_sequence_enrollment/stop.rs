//! What ends an enrolment before its last step.

use super::*;

/// One enrolment that is active and one that is paused, of the same lead.
async fn two(world: &World, lead: LeadId, on_dnc: OnDnc) -> [LeadSequenceEnrollmentId; 2] {
    let new = || New { on_dnc, ..New::named("Sequence", welcome()) };
    let active = enroll(world, lead, made(world, new()).await).await.id;
    let paused = enroll(world, lead, made(world, new()).await).await.id;
    world.run(async |tx| enrollment::pause(tx, paused, "wait").await).await;
    [active, paused]
}

async fn ends(world: &World, ids: &[LeadSequenceEnrollmentId]) -> Vec<Option<Stop>> {
    let mut ends = vec![];
    for id in ids {
        let enrolled = get(world, *id).await;
        let live = matches!(enrolled.status, Status::Active | Status::Paused);
        assert_eq!(live, enrolled.completed_at.is_none());
        ends.push(enrolled.stop);
    }
    ends
}

#[tokio::test]
async fn whoever_asks_for_no_calls_leaves_the_active_and_the_paused_ones() {
    // Defect 4-13: those that were paused stayed, and could be resumed.
    let world = World::new().await;
    let (joan, other) = (lead(&world, 1).await, lead(&world, 2).await);
    let ids = two(&world, joan, OnDnc::Stop).await;
    let untouched = two(&world, other, OnDnc::Stop).await;
    let list = dnc::New::for_good("+12025550101", "lead_requested");
    world.run(async |tx| dnc::add(tx, list).await).await;
    assert_eq!(ends(&world, &ids).await, [Some(Stop::DoNotCall); 2]);
    assert_eq!(ends(&world, &untouched).await, [None, None]);
    let resume = async |tx: &Tx| enrollment::resume(tx, ids[1]).await;
    let resume = world.db.run(world.context.clone(), resume).await;
    assert!(matches!(resume, Err(Error::Conflict(_))));
    // Taken off the list, they do not begin anew by themselves.
    let off = async |tx: &Tx| dnc::remove(tx, "+12025550101", "wrote that they want calls").await;
    world.run(off).await;
    assert_eq!(ends(&world, &ids).await, [Some(Stop::DoNotCall); 2]);
}

#[tokio::test]
async fn where_the_sequence_says_so_mail_goes_on_and_texts_are_passed_over() {
    let world = World::new().await;
    let joan = lead(&world, 1).await;
    let [id, paused] = two(&world, joan, OnDnc::EmailOnly).await;
    let list = dnc::New::for_good("+12025550101", "lead_requested");
    world.run(async |tx| dnc::add(tx, list).await).await;
    assert_eq!(ends(&world, &[id, paused]).await, [None, None]);
    assert_eq!(claim(&world, &world.context).await.skipped, [(id, Skip::DoNotCall)]);
    assert_eq!(send(&world, &world.later(days(2))).await, [2]);
    let (text, call) = (days(2 + 5), days(2 + 5 + 7));
    assert_eq!(claim(&world, &world.later(text)).await.skipped, [(id, Skip::DoNotCall)]);
    assert_eq!(claim(&world, &world.later(call)).await.skipped, [(id, Skip::DoNotCall)]);
    assert_eq!(get(&world, id).await.status, Status::Completed);
}

#[tokio::test]
async fn who_is_deleted_recruited_qualified_or_lost_hears_no_more_and_who_grows_hot_does() {
    let world = World::new().await;
    let mut n = 0;
    let mut someone = async || {
        n += 1;
        let someone = lead(&world, n).await;
        (someone, two(&world, someone, OnDnc::Stop).await)
    };
    let move_to = async |lead, status| {
        world.run(async |tx| lead::move_to(tx, lead, status, &Because::manual(None)).await).await
    };
    let (gone, ids) = someone().await;
    world.run(async |tx| lead::delete(tx, gone, "by mistake").await).await;
    assert_eq!(ends(&world, &ids).await, [Some(Stop::Deleted); 2]);
    world.run(async |tx| lead::restore(tx, gone, "no mistake").await).await;
    assert_eq!(ends(&world, &ids).await, [Some(Stop::Deleted); 2]);
    for (status, stop) in [
        (lead::Status::Recruited, Some(Stop::Recruited)),
        (lead::Status::Qualified, Some(Stop::Qualified)),
        (lead::Status::Cold, Some(Stop::Lost)),
        (lead::Status::Hot, None),
        (lead::Status::Contacted, None),
        (lead::Status::Nurturing, None),
    ] {
        let (lead, ids) = someone().await;
        move_to(lead, status).await;
        assert_eq!(ends(&world, &ids).await, [stop; 2], "{status:?}");
    }
    let (met, ids) = someone().await;
    let booked = world.run(async |tx| enrollment::meeting_booked(tx, met).await).await;
    assert_eq!((booked, ends(&world, &ids).await), (2, vec![Some(Stop::MeetingBooked); 2]));
    let again = world.run(async |tx| enrollment::meeting_booked(tx, met).await).await;
    assert_eq!(again, 0);
    let (left, ids) = someone().await;
    let theirs = async |tx: &Tx| enrollment::stop(tx, &[left], Stop::Unsubscribed).await;
    assert_eq!(world.run_as(&world.neighbour, theirs).await, 0);
    let ours = async |tx: &Tx| enrollment::stop(tx, &[left], Stop::Unsubscribed).await;
    assert_eq!(world.run(ours).await, 2);
    assert_eq!(ends(&world, &ids).await, [Some(Stop::Unsubscribed); 2]);
}

#[tokio::test]
async fn what_somebody_wrote_past_us_is_noticed_when_the_step_is_due() {
    let world = World::new().await;
    let to = sequence(&world, welcome()).await;
    let told = [
        ("calling_blocked = true", Some(Stop::DoNotCall)),
        ("status = 'dnc', calling_blocked = true", Some(Stop::DoNotCall)),
        ("status = 'recruited'", Some(Stop::Recruited)),
        (
            "status = 'qualified', status_since = timestamptz '2026-03-02 09:00:01Z'",
            Some(Stop::Qualified),
        ),
        ("status = 'qualified', status_since = timestamptz '2026-03-02 09:00:00Z'", None),
        ("status = 'cold', status_since = timestamptz '2026-03-02 09:00:01Z'", Some(Stop::Lost)),
        ("status = 'cold', status_since = timestamptz '2026-03-02 09:00:00Z'", None),
        ("deleted_at = now()", Some(Stop::Deleted)),
        ("deleted_at = now(), merged_into_id = 'OTHER'", Some(Stop::Merged)),
    ];
    let other = lead(&world, 99).await;
    for (n, (change, stop)) in (1..).zip(told) {
        let someone = lead(&world, n).await;
        let id = enroll(&world, someone, to).await.id;
        let change = change.replace("OTHER", &other.to_string());
        let sql = format!("update leads set {change} where id = '{someone}'");
        world.owner.execute_unprepared(&sql).await.unwrap();
        let claimed = claim(&world, &world.at("2026-03-02T09:00:02Z")).await;
        let expected: Vec<_> = stop.into_iter().map(|stop| (id, stop)).collect();
        assert_eq!(claimed.stopped, expected, "{change}");
        assert_eq!(claimed.claims.len(), usize::from(stop.is_none()), "{change}");
    }
}

#[tokio::test]
async fn a_number_that_is_listed_for_a_time_is_texted_when_that_is_over() {
    let world = World::new().await;
    let (joan, to) = (lead(&world, 1).await, sequence(&world, welcome()).await);
    let id = enroll(&world, joan, to).await.id;
    let until = utc("2026-03-05T10:00:00Z");
    let list =
        dnc::New { expires_at: Some(until), ..dnc::New::for_good("+12025550101", "cool_off") };
    world.run(async |tx| dnc::add(tx, list).await).await;
    assert_eq!(claim(&world, &world.context).await.put_off, [(id, until)]);
    let at = |now| Context { now, ..world.context.clone() };
    assert_eq!(claim(&world, &at(until - MICRO)).await, Claimed::default());
    assert_eq!(send(&world, &at(until)).await, [1]);
}
