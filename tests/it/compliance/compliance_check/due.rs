//! Which checks are to be completed now.

use integration::World;
use sea_orm::{DbBackend, FromQueryResult, Statement};
use service::{
    Context, Tx,
    compliance::{
        compliance_check::{self, Due, Status, Unreachable},
        compliance_schedule::{self, Change, Named, New, Target, create_checks},
    },
    sales::contact,
};

use super::super::{MICRO, days, due, generate, monthly, one_check, register, somebody, write};

/// Due on 10 March, and so late from the 11th on.
async fn march(world: &World) -> compliance_check::Model {
    one_check(world, monthly("2026-03-10")).await
}

#[tokio::test]
async fn a_check_is_listed_in_the_days_that_its_schedule_says_now() {
    let world = World::new().await;
    let check = march(&world).await;
    let from = world.at("2026-02-25T00:00:00Z");
    let before = Context { now: from.now - MICRO, ..from.clone() };
    assert_eq!(due(&world, &from).await.len(), 1);
    assert!(due(&world, &before).await.is_empty());
    assert!(due(&world, &world.neighbour).await.is_empty());
    // A changed schedule counts at once, in both directions; 0 is the default again.
    for (days, from) in [(3, "2026-03-08"), (20, "2026-02-19"), (0, "2026-02-25")] {
        let change = Change { notification_days_before: Some(days), ..Change::default() };
        let id = check.schedule_id.unwrap();
        world.run(async |tx| compliance_schedule::change(tx, id, change).await).await;
        let from = world.at(&format!("{from}T00:00:00Z"));
        let before = Context { now: from.now - MICRO, ..from.clone() };
        assert_eq!(due(&world, &from).await.len(), 1, "{days}");
        assert!(due(&world, &before).await.is_empty(), "{days}");
    }
}

#[tokio::test]
async fn a_check_is_overdue_when_its_day_has_ended_and_not_before() {
    let world = World::new().await;
    march(&world).await;
    let late = world.at("2026-03-11T00:00:00Z");
    let not_yet = Context { now: late.now - MICRO, ..late.clone() };
    for (at, is_overdue, days) in
        [(&world.context, false, 8), (&not_yet, false, 0), (&late, true, -1)]
    {
        let check = due(&world, at).await.remove(0);
        // It is derived, and the status stays what it is (defect 2-16).
        assert_eq!((check.is_overdue, check.status), (is_overdue, Status::Pending));
        assert_eq!(check.days_until_due, days);
    }
}

#[tokio::test]
async fn the_longest_overdue_come_first_page_by_page() {
    let world = World::new().await;
    let ids = world
        .run(async |tx| {
            let mut ids = vec![];
            for (n, first) in
                ["2026-03-20", "2026-01-10", "2026-03-01", "2026-02-20"].iter().enumerate()
            {
                let schedule = compliance_schedule::open(tx, monthly(first)).await?;
                // Three fall due at one time, and are told apart by their ids.
                let customers = if n == 2 { vec![20, 21, 22] } else { vec![n] };
                let mut named = vec![];
                for n in customers {
                    named.push(Named { id: register(tx, n).await?.to_string(), name: None });
                }
                let mut made = create_checks(tx, schedule.id, named).await?;
                made.sort();
                ids.push(made);
            }
            Ok(ids)
        })
        .await;
    let at = world.later(days(5));
    let (mut found, mut after) = (vec![], None);
    loop {
        let ask = Due { limit: 1, after };
        let page = world.run_as(&at, async |tx| compliance_check::due(tx, &ask).await).await;
        found.extend(page.items.into_iter().map(|check| check.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let expected = [&ids[1], &ids[3], &ids[2], &ids[0]].into_iter().flatten().copied();
    assert_eq!(found, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn whoever_waits_or_was_told_is_still_listed_and_so_is_a_check_without_a_schedule() {
    let world = World::new().await;
    let check = march(&world).await;
    for status in ["in_progress", "awaiting_response", "overdue", "escalated"] {
        write(
            &world,
            &format!(
                "update compliance_checks set status = '{status}', reminder_count = 1,
                    reminder_sent_at = now(), escalation_count = 1, escalation_sent_at = now()"
            ),
        )
        .await;
        assert_eq!(due(&world, &world.context).await.len(), 1, "{status} (defect 2-15)");
    }
    let id = check.schedule_id.unwrap();
    let change = Change { notification_days_before: Some(1), ..Change::default() };
    world
        .run(async |tx| {
            compliance_schedule::change(tx, id, change).await?;
            compliance_schedule::archive(tx, id).await
        })
        .await;
    assert!(due(&world, &world.context).await.is_empty());
    assert_eq!(due(&world, &world.later(days(9))).await.len(), 1);
    // Without any, it is listed for 14 days (defect 2-14).
    write(&world, "update compliance_checks set schedule_id = null").await;
    assert_eq!(due(&world, &world.at("2026-02-25T00:00:00Z")).await.len(), 1);
    assert!(due(&world, &world.at("2026-02-24T23:59:59Z")).await.is_empty());
}

#[tokio::test]
async fn where_nobody_can_be_reminded_the_list_says_why() {
    let world = World::new().await;
    march(&world).await;
    let now = world.context.clone();
    let why = async || due(&world, &now).await.remove(0).unreachable;
    assert_eq!(why().await, None);
    let ada = due(&world, &now).await.remove(0).recipient_id.unwrap();
    world.run(async |tx| contact::unsubscribe(tx, ada).await).await;
    assert_eq!(why().await, Some(Unreachable::Unsubscribed));
    write(&world, "update contacts set email = null").await;
    assert_eq!(why().await, Some(Unreachable::NoEmail));
    write(&world, "update contacts set is_primary = false").await;
    assert_eq!(why().await, Some(Unreachable::NoContact));
    write(&world, "update customers set deleted_at = now()").await;
    assert_eq!(why().await, Some(Unreachable::Gone));
}

#[derive(Debug, PartialEq, FromQueryResult)]
struct Row {
    check_id: entity::id::ComplianceCheckId,
    schedule_id: Option<entity::id::ComplianceScheduleId>,
    entity_type: Target,
    entity_id: String,
    entity_name: Option<String>,
    due_at: chrono::DateTime<chrono::Utc>,
    status: Status,
    days_until_due: i32,
    is_overdue: bool,
    reminder_count: i32,
    compliance_type: String,
    missing_fields: compliance_schedule::Fields,
}

#[tokio::test]
async fn the_sql_function_lists_the_same_and_says_type_and_what_is_missing() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for n in 0..7 {
                register(tx, n).await?;
            }
            for (first, window) in [("2026-01-31", 14), ("2026-03-05", 40), ("2026-03-20", 3)] {
                let new = New {
                    notification_days_before: Some(window),
                    required_fields: compliance_schedule::Fields(vec![
                        compliance_schedule::Field::CsmAssigned,
                    ]),
                    ..monthly(first)
                };
                compliance_schedule::open(tx, new).await?;
            }
            Ok(())
        })
        .await;
    for month in ["2026-03-02", "2026-04-02", "2026-05-02"] {
        generate(&world, &world.at(&format!("{month}T00:00:00Z"))).await;
    }
    let (_, as_sam) = somebody(&world, "sam", "csm").await;
    let all = due(&world, &world.later(days(40))).await;
    assert!(all.len() > 30, "{}", all.len());
    world
        .run_as(&as_sam, async |tx| {
            for (n, check) in all.iter().enumerate() {
                if n % 3 == 0 {
                    compliance_check::validate(tx, check.id).await?;
                }
                if n % 5 == 0 {
                    compliance_check::skip(tx, check.id, "x").await?;
                }
            }
            Ok(())
        })
        .await;
    write(&world, "update compliance_checks set schedule_id = null where entity_id = 'cs_3_c'")
        .await;
    for at in ["2026-01-20", "2026-03-02", "2026-03-11", "2026-04-30"] {
        let at = world.at(&format!("{at}T05:00:00Z"));
        let listed: Vec<_> = due(&world, &at)
            .await
            .into_iter()
            .map(|check| Row {
                check_id: check.id,
                schedule_id: check.schedule_id,
                entity_type: check.entity_type,
                entity_id: check.entity_id,
                entity_name: check.entity_name,
                due_at: check.due_at,
                status: check.status,
                days_until_due: check.days_until_due,
                is_overdue: check.is_overdue,
                reminder_count: check.reminder_count,
                compliance_type: check.compliance_type,
                missing_fields: check.missing_fields,
            })
            .collect();
        let asked = async |who: &Context| {
            let sql = "select * from get_compliance_due($1, 50, $2)";
            let values = [at.tenant.into(), at.now.into()];
            let ask = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
            let read = async |tx: &Tx| Ok(Row::find_by_statement(ask).all(tx).await?);
            world.db.read(who.clone(), read).await.unwrap()
        };
        assert_eq!(asked(&at).await, listed, "{}", at.now);
        assert!(asked(&world.neighbour).await.is_empty());
    }
}
