//! Making the checks of a period, once.

use std::{collections::HashSet, time::Duration};

use chrono::TimeDelta;
use entity::id::ComplianceCheckId;
use integration::{
    World,
    populate::{acme, client, person},
};
use sea_orm::{ConnectionTrait, TransactionTrait};
use service::{
    Context, Error, Result, Tx,
    compliance::{
        compliance_check::{self, Status, Waive, Waiver},
        compliance_schedule::{
            self, Change, Condition, Field, Fields, Filter, Generate, Joining, New, Target,
            generate_due,
        },
    },
};

use super::{
    super::{MICRO, due, generate, get, monthly, one_check, register, somebody, write},
    open,
};

pub async fn starts(world: &World) -> Vec<String> {
    let sql = "select entity_id || ' ' || period_start || ' ' || period_end || ' ' || status
               from compliance_checks order by entity_id, period_start";
    world.strings(sql).await
}

#[tokio::test]
async fn checks_are_made_from_the_moment_that_they_are_listed_and_once() {
    let world = World::new().await;
    world.run(async |tx| acme(tx).await).await;
    world.run_as(&world.neighbour, async |tx| acme(tx).await).await;
    open(&world, monthly("2026-04-01")).await;
    // Late from 2 April 00:00 on, and listed 14 days before that.
    let from = world.at("2026-03-19T00:00:00Z");
    let before = Context { now: from.now - MICRO, ..from.clone() };
    assert!(generate(&world, &before).await.created.is_empty());
    let made = generate(&world, &from).await;
    assert_eq!((made.created.len(), made.looked_at, made.more), (1, 1, false));
    let check = get(&world, made.created[0]).await;
    // From the due day back by the interval, and not from today (defect 2-10).
    assert_eq!(starts(&world).await, ["cs_1_acme 2026-03-01 2026-04-01 pending"]);
    assert_eq!(check.due_at.to_rfc3339(), "2026-04-02T00:00:00+00:00");
    assert_eq!((check.due_on.to_string().as_str(), check.tenant_id), ("2026-04-01", from.tenant));
    assert_eq!(check.entity_name.as_deref(), Some("Acme"));
    for _ in 0..2 {
        assert!(generate(&world, &from).await.created.is_empty());
    }
    let theirs = Context { now: from.now, ..world.neighbour.clone() };
    assert!(generate(&world, &theirs).await.created.is_empty());
}

#[tokio::test]
async fn the_schedule_goes_on_from_its_anchor_whatever_was_completed_and_however_late() {
    let world = World::new().await;
    let first = one_check(&world, monthly("2026-03-10")).await;
    let late = world.at("2026-04-05T12:00:00Z");
    world.run_as(&late, async |tx| compliance_check::complete(tx, first.id, None).await).await;
    generate(&world, &late).await;
    let expected =
        ["cs_1_acme 2026-02-10 2026-03-10 completed", "cs_1_acme 2026-03-10 2026-04-10 pending"];
    assert_eq!(starts(&world).await, expected);
    let id = first.schedule_id.unwrap();
    let schedule = world.run(async |tx| compliance_schedule::get(tx, id).await).await;
    assert_eq!(schedule.last_completed_at, Some(late.now));
    assert_eq!(schedule.next_due_at.to_rfc3339(), "2026-05-11T00:00:00+00:00");
}

#[tokio::test]
async fn what_was_missed_is_made_up_for_by_twelve_periods_at_the_most() {
    let world = World::new().await;
    world.run_as(&world.at("2025-01-01T00:00:00Z"), async |tx| acme(tx).await).await;
    open(&world, monthly("2025-12-10")).await;
    let made = generate(&world, &world.context).await;
    assert_eq!((made.created.len(), made.passed_over), (4, 0)); // December to March
    assert!(starts(&world).await[0].starts_with("cs_1_acme 2025-11-10 2025-12-10"));

    let world = World::new().await;
    world.run_as(&world.at("2023-01-01T00:00:00Z"), async |tx| acme(tx).await).await;
    open(&world, monthly("2025-02-10")).await;
    // February 2025 to March 2026 are 14.
    let made = generate(&world, &world.context).await;
    assert_eq!((made.created.len(), made.passed_over), (12, 2));
    let made = starts(&world).await;
    assert!(made[0].starts_with("cs_1_acme 2025-03-10 2025-04-10"), "{made:?}");
    assert!(made[11].starts_with("cs_1_acme 2026-02-10 2026-03-10"), "{made:?}");
}

#[tokio::test]
async fn a_great_number_is_made_in_pieces_and_a_killed_worker_loses_and_doubles_none() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for n in 0..25 {
                register(tx, n).await?;
            }
            Ok(())
        })
        .await;
    let schedule = open(&world, monthly("2026-03-10")).await;
    let ask = Generate { limit: 10 };
    let piece = async |tx: &Tx| generate_due(tx, &ask).await;
    let first = world.run(piece).await;
    assert_eq!((first.created.len(), first.more), (10, true));
    // One dies before it has kept what it did.
    let died: Result<()> = world
        .db
        .run(world.context.clone(), async |tx| {
            assert_eq!(generate_due(tx, &ask).await?.created.len(), 10);
            Err(Error::NotFound("power"))
        })
        .await;
    assert!(died.is_err());
    let second = world.run(piece).await;
    assert_eq!((second.created.len(), second.more), (10, true));
    let third = world.run(piece).await;
    assert_eq!((third.created.len(), third.more), (5, false));
    let all: HashSet<ComplianceCheckId> =
        [first, second, third].into_iter().flat_map(|made| made.created).collect();
    assert_eq!((all.len(), starts(&world).await.len()), (25, 25));
    let events = "select count(*)::text from compliance_check_events where kind = 'created'";
    assert_eq!(world.strings(events).await, ["25"]);
    let schedule = world.run(async |tx| compliance_schedule::get(tx, schedule.id).await).await;
    assert_eq!((schedule.period_no, schedule.generated_after), (1, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_workers_make_each_check_once() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for n in 0..60 {
                register(tx, n).await?;
            }
            Ok(())
        })
        .await;
    for _ in 0..4 {
        open(&world, monthly("2026-03-10")).await;
    }
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let (db, context) = (world.db.clone(), world.context.clone());
            tokio::spawn(async move {
                let mut made = vec![];
                for _ in 0..40 {
                    let ask = Generate { limit: 25 };
                    let work = async |tx: &Tx| generate_due(tx, &ask).await;
                    made.extend(db.run(context.clone(), work).await?.created);
                }
                Ok::<_, Error>(made)
            })
        })
        .collect();
    let mut made = vec![];
    for worker in workers {
        made.extend(worker.await.unwrap().unwrap());
    }
    let once: HashSet<_> = made.iter().copied().collect();
    assert_eq!((once.len(), made.len(), starts(&world).await.len()), (240, 240, 240));
}

#[tokio::test]
async fn whoever_joins_during_a_period_is_taken_in_with_the_next_or_at_once() {
    let world = World::new().await;
    for (n, at) in [
        (1, "2026-03-01T23:59:59Z"), // on the first day: part of the period
        (2, "2026-03-02T00:00:00Z"),
        (3, "2026-03-31T23:59:59Z"),
        (4, "2026-04-01T00:00:00Z"), // when it has ended
    ] {
        world.run_as(&world.at(at), async |tx| register(tx, n).await).await;
    }
    let next = New { joining: Joining::NextPeriod, ..monthly("2026-04-01") };
    let (next, at_once) = (open(&world, next).await, open(&world, monthly("2026-04-01")).await);
    generate(&world, &world.at("2026-04-01T12:00:00Z")).await;
    let of = async |schedule: &compliance_schedule::Model| {
        let sql = format!(
            "select entity_id from compliance_checks where schedule_id = '{}' order by 1",
            schedule.id
        );
        world.strings(&sql).await
    };
    assert_eq!(of(&next).await, ["cs_1_c"]);
    assert_eq!(of(&at_once).await, ["cs_1_c", "cs_2_c", "cs_3_c"]);
}

#[tokio::test]
async fn only_those_that_the_filter_matches_get_a_check_and_it_keeps_the_rule_it_was_made_by() {
    let world = World::new().await;
    let (ada, schedule) = world
        .run(async |tx| {
            acme(tx).await?;
            let ada = person(tx).await?;
            person(tx).await?;
            let new = New {
                target: Target::Contact,
                filter: Filter { all: vec![Condition::IsPrimary(true)] },
                required_fields: Fields(vec![Field::Mobile]),
                ..monthly("2026-03-10")
            };
            Ok((ada, compliance_schedule::open(tx, new).await?))
        })
        .await;
    write(&world, &format!("update contacts set is_primary = true where id = '{}'", ada.id)).await;
    let made = generate(&world, &world.context).await;
    assert_eq!(made.created.len(), 1);
    let fields = Some(Fields(vec![Field::Title]));
    let change = Change { required_fields: fields, ..Change::default() };
    world.run(async |tx| compliance_schedule::change(tx, schedule.id, change).await).await;
    let check = get(&world, made.created[0]).await;
    assert_eq!((check.entity_id, check.contact_id), (ada.id.to_string(), Some(ada.id)));
    assert_eq!(
        (check.client_id, check.entity_name.as_deref()),
        (Some(client()), Some("Ada Byron"))
    );
    assert_eq!((check.required_fields.0, check.rule_version), (vec![Field::Mobile], 1));
    // The next period's is made by the new one.
    let next = generate(&world, &world.at("2026-04-01T00:00:00Z")).await;
    let next = get(&world, next.created[0]).await;
    assert_eq!((next.required_fields.0, next.rule_version), (vec![Field::Title], 2));
}

#[tokio::test]
async fn a_schedule_that_rests_makes_nothing_and_goes_on_with_the_period_that_runs() {
    let world = World::new().await;
    let first = one_check(&world, monthly("2026-03-10")).await;
    let id = first.schedule_id.unwrap();
    world.run(async |tx| compliance_schedule::pause(tx, id).await).await;
    let later = world.at("2026-07-01T00:00:00Z");
    assert!(generate(&world, &later).await.created.is_empty());
    assert_eq!(get(&world, first.id).await.status, Status::Pending);
    let by_id = async |tx: &Tx| compliance_schedule::generate(tx, id, &Generate::default()).await;
    let rests = world.db.run(later.clone(), by_id).await;
    assert!(matches!(rests, Err(Error::Conflict(_))));
    world.run_as(&later, async |tx| compliance_schedule::resume(tx, id).await).await;
    let made = world.run_as(&later, by_id).await;
    assert_eq!(made.created.len(), 1);
    assert_eq!(get(&world, made.created[0]).await.due_on.to_string(), "2026-07-10");
}

#[tokio::test]
async fn a_schedule_that_cannot_be_worked_does_not_keep_the_others_from_it() {
    let world = World::new().await;
    world.run(async |tx| acme(tx).await).await;
    let bad = open(&world, monthly("2026-03-09")).await.id;
    open(&world, monthly("2026-03-10")).await;
    let poison = format!(
        "update compliance_schedule set compliance_type = '{}', generated_after = null,
                          target_filter = '{{\"whim\": 1}}' where id = '{bad}'",
        "x".repeat(100)
    );
    write(&world, &poison).await;
    let made = generate(&world, &world.context).await;
    assert_eq!((made.created.len(), made.failed.len()), (1, 1));
    assert_eq!(made.failed[0].0, bad);
}

#[tokio::test]
async fn a_standing_waiver_covers_what_is_due_until_its_end_and_not_what_is_due_after() {
    let world = World::new().await;
    let first = one_check(&world, monthly("2026-03-10")).await;
    let (boss, as_boss) = somebody(&world, "boss", "manager").await;
    let until = Waiver::Until("2026-05-10".parse().unwrap());
    let waive = Waive { reason: "in liquidation".to_owned(), scope: until };
    world.run_as(&as_boss, async |tx| compliance_check::waive(tx, first.id, waive).await).await;
    generate(&world, &world.at("2026-06-01T00:00:00Z")).await;
    let states = "select due_on || ' ' || status from compliance_checks order by due_on";
    let expected =
        ["2026-03-10 waived", "2026-04-10 waived", "2026-05-10 waived", "2026-06-10 pending"];
    assert_eq!(world.strings(states).await, expected);
    let under = format!(
        "select count(*)::text from compliance_checks
        where waived_under = '{}' and waived_by = '{boss}' and waived_reason = 'in liquidation'",
        first.id
    );
    assert_eq!(world.strings(&under).await, ["2"]);
}

#[tokio::test]
async fn a_standing_waiver_ends_when_the_check_that_it_was_given_for_is_opened_again() {
    let world = World::new().await;
    let first = one_check(&world, monthly("2026-03-10")).await;
    let (_, as_boss) = somebody(&world, "boss", "manager").await;
    let until = Waiver::Until("2026-12-31".parse().unwrap());
    let waive = Waive { reason: "in liquidation".to_owned(), scope: until };
    world.run_as(&as_boss, async |tx| compliance_check::waive(tx, first.id, waive).await).await;
    generate(&world, &world.at("2026-04-01T00:00:00Z")).await;
    world
        .run_as(&as_boss, async |tx| compliance_check::reopen(tx, first.id, "no longer").await)
        .await;
    generate(&world, &world.at("2026-05-01T00:00:00Z")).await;
    let states = "select due_on || ' ' || status from compliance_checks order by due_on";
    let expected = ["2026-03-10 pending", "2026-04-10 waived", "2026-05-10 pending"];
    assert_eq!(world.strings(states).await, expected);
}

#[tokio::test]
async fn a_check_that_is_listed_late_is_made_two_weeks_before_it_is_late_all_the_same() {
    let world = World::new().await;
    world.run(async |tx| acme(tx).await).await;
    // Late from 2 April 00:00 on; made 14 days before that at the latest, or when it is listed.
    for (days, from) in [(1, "2026-03-19"), (14, "2026-03-19"), (15, "2026-03-18")] {
        let new = New { notification_days_before: Some(days), ..monthly("2026-04-01") };
        open(&world, new).await;
        let from = world.at(&format!("{from}T00:00:00Z"));
        let before = Context { now: from.now - MICRO, ..from.clone() };
        assert!(generate(&world, &before).await.created.is_empty(), "{days}");
        assert_eq!(generate(&world, &from).await.created.len(), 1, "{days}");
        if days == 1 {
            assert!(due(&world, &world.at("2026-03-31T23:59:59Z")).await.is_empty());
            assert_eq!(due(&world, &world.at("2026-04-01T00:00:00Z")).await.len(), 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_another_has_in_hand_is_waited_for_or_said_to_be_left() {
    let world = World::new().await;
    world.run(async |tx| acme(tx).await).await;
    let held = open(&world, monthly("2026-03-10")).await.id;
    let lock = async || {
        let other = world.owner.begin().await.unwrap();
        let sql = format!("select from compliance_schedule where id = '{held}' for update");
        other.execute_unprepared(&sql).await.unwrap();
        other
    };
    let other = lock().await;
    let release = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        other.commit().await.unwrap();
    };
    let (made, ()) = tokio::join!(generate(&world, &world.context), release);
    assert_eq!((made.created.len(), made.more), (1, false));
    // Whoever has another in hand does not wait, and says that there is more.
    open(&world, monthly("2026-04-10")).await;
    let next = world.at("2026-03-28T00:00:00Z");
    let other = lock().await;
    let made = generate(&world, &next).await;
    assert_eq!((made.created.len(), made.more), (1, true));
    other.commit().await.unwrap();
    let made = generate(&world, &next).await;
    assert_eq!((made.created.len(), made.more), (1, false));
}

#[tokio::test]
async fn a_time_of_no_work_is_no_mistake() {
    let world = World::new().await;
    let made = generate(&world, &world.later(TimeDelta::days(4000))).await;
    assert!(made.created.is_empty() && !made.more);
    let none = Generate { limit: 0 };
    let refused = world.db.run(world.context.clone(), async |tx| generate_due(tx, &none).await);
    assert!(matches!(refused.await, Err(Error::Invalid { field, .. }) if field == "limit"));
}
