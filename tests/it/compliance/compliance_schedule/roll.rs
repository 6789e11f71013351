//! Where each customer's next check counts from its last.

use entity::id::ComplianceCheckId;
use integration::World;
use service::{
    Context, Tx,
    compliance::{
        compliance_check::{self, Model, Waive, Waiver, cancel_gone},
        compliance_schedule::{
            self, Cadence, Condition, Filter, Named, New, Target, create_checks,
        },
    },
};

use super::{
    super::{generate, monthly, one_check, register, somebody, write},
    generate::starts,
    open,
};

fn rolling() -> New {
    New { cadence: Cadence::Rolling, ..monthly("2026-03-10") }
}

async fn complete(world: &World, day: &str, id: ComplianceCheckId) -> Model {
    let at = world.at(&format!("{day}T12:00:00Z"));
    world.run_as(&at, async |tx| compliance_check::complete(tx, id, None).await).await
}

async fn make(world: &World, day: &str) -> usize {
    generate(world, &world.at(&format!("{day}T00:00:00Z"))).await.created.len()
}

async fn waive(world: &World, who: &Context, id: ComplianceCheckId, until: &str) {
    let scope = Waiver::Until(until.parse().unwrap());
    let waive = Waive { reason: "in liquidation".to_owned(), scope };
    world.run_as(who, async |tx| compliance_check::waive(tx, id, waive).await).await;
}

async fn states(world: &World) -> Vec<String> {
    let sql = "select due_on || ' ' || status from compliance_checks order by due_on";
    world.strings(sql).await
}

#[tokio::test]
async fn where_the_schedule_rolls_the_next_check_counts_from_the_completion() {
    let world = World::new().await;
    let new = New { cadence: Cadence::Rolling, ..monthly("2026-03-10") };
    let first = one_check(&world, new).await;
    let late = world.at("2026-03-31T12:00:00Z");
    world.run_as(&late, async |tx| compliance_check::complete(tx, first.id, None).await).await;
    let expected =
        ["cs_1_acme 2026-02-10 2026-03-10 completed", "cs_1_acme 2026-03-31 2026-04-30 pending"];
    assert_eq!(starts(&world).await, expected);
    // The calendar makes no second one beside it, but does for whoever is new.
    world.run(async |tx| register(tx, 2).await).await;
    generate(&world, &world.at("2026-04-05T00:00:00Z")).await;
    let made = starts(&world).await;
    assert_eq!(made[..2], expected);
    assert_eq!(made[2..], ["cs_2_c 2026-03-10 2026-04-10 pending"]);
    // Completed a second time, it has no second successor.
    world
        .run_as(&late, async |tx| {
            compliance_check::reopen(tx, first.id, "a mistake").await?;
            compliance_check::complete(tx, first.id, None).await
        })
        .await;
    assert_eq!(starts(&world).await.len(), 3);
}

#[tokio::test]
async fn what_was_completed_while_the_schedule_rested_is_gone_on_from_when_it_goes_on() {
    // Due within the rest, it is not made up for: the period that runs is the next.
    for (resumed, made_on, next) in [
        ("2026-03-06", "2026-03-28", "cs_1_acme 2026-03-05 2026-04-05 pending"),
        ("2026-07-01", "2026-07-01", "cs_1_acme 2026-06-10 2026-07-10 pending"),
    ] {
        let world = World::new().await;
        let first = one_check(&world, rolling()).await;
        let id = first.schedule_id.unwrap();
        world.run(async |tx| compliance_schedule::pause(tx, id).await).await;
        complete(&world, "2026-03-05", first.id).await;
        assert_eq!(starts(&world).await.len(), 1);
        let resumed = world.at(&format!("{resumed}T00:00:00Z"));
        world.run_as(&resumed, async |tx| compliance_schedule::resume(tx, id).await).await;
        assert_eq!(make(&world, made_on).await, 1);
        assert_eq!(starts(&world).await[1], next);
        // It is open, and there is no third.
        write(&world, "update compliance_schedule set period_no = 0, next_due_at = '2026-03-11'")
            .await;
        assert_eq!(make(&world, made_on).await, 0);
    }
}

#[tokio::test]
async fn a_check_that_was_cancelled_does_not_stand_in_for_the_next() {
    for (again, next) in [
        // The same period was cancelled, and so it is the one after.
        ("2026-03-05", "cs_1_acme 2026-04-05 2026-05-05 pending"),
        ("2026-03-07", "cs_1_acme 2026-03-07 2026-04-07 pending"),
    ] {
        let world = World::new().await;
        let first = one_check(&world, rolling()).await;
        complete(&world, "2026-03-05", first.id).await;
        let second = "select id::text from compliance_checks where status = 'pending'";
        let second: ComplianceCheckId = world.strings(second).await[0].parse().unwrap();
        world
            .run(async |tx| {
                compliance_check::reopen(tx, first.id, "not so").await?;
                compliance_check::cancel(tx, second, "too early").await
            })
            .await;
        complete(&world, again, first.id).await;
        let expected = [
            "cs_1_acme 2026-02-10 2026-03-10 completed",
            "cs_1_acme 2026-03-05 2026-04-05 cancelled",
            next,
        ];
        assert_eq!(starts(&world).await, expected);
    }
}

#[tokio::test]
async fn a_customer_that_is_there_again_is_checked_again() {
    let delete = async |world: &World| {
        write(world, "update customers set deleted_at = now()").await;
        assert_eq!(world.run(async |tx| cancel_gone(tx, 10).await).await, 1);
        write(world, "update customers set deleted_at = null").await;
    };
    // It had none but the one that was cancelled.
    let world = World::new().await;
    one_check(&world, rolling()).await;
    delete(&world).await;
    assert_eq!(make(&world, "2026-03-28").await, 1);
    let expected =
        ["cs_1_acme 2026-02-10 2026-03-10 cancelled", "cs_1_acme 2026-03-10 2026-04-10 pending"];
    assert_eq!(starts(&world).await, expected);
    // One was completed before.
    let world = World::new().await;
    let first = one_check(&world, rolling()).await;
    complete(&world, "2026-03-05", first.id).await;
    delete(&world).await;
    assert_eq!(make(&world, "2026-03-28").await, 1);
    assert_eq!(starts(&world).await[2], "cs_1_acme 2026-04-05 2026-05-05 pending");
}

#[tokio::test]
async fn whoever_is_not_matched_any_more_or_was_deleted_gets_no_next_until_it_is_again() {
    let world = World::new().await;
    let filter = Filter { all: vec![Condition::HasCsm(false)] };
    let first = one_check(&world, New { filter, ..rolling() }).await;
    write(&world, "update customers set csm_assigned = 'Mo'").await;
    complete(&world, "2026-03-05", first.id).await;
    assert_eq!(make(&world, "2026-03-28").await, 0);
    assert_eq!(starts(&world).await.len(), 1);
    write(&world, "update customers set csm_assigned = null").await;
    assert_eq!(make(&world, "2026-04-27").await, 1);
    // What fell due in between is not made up for.
    assert_eq!(starts(&world).await[1], "cs_1_acme 2026-04-10 2026-05-10 pending");

    let world = World::new().await;
    let first = one_check(&world, rolling()).await;
    write(&world, "update customers set deleted_at = now()").await;
    world.run(async |tx| compliance_check::skip(tx, first.id, "gone").await).await;
    assert_eq!(starts(&world).await.len(), 1);
}

#[tokio::test]
async fn a_standing_waiver_makes_one_check_ahead_and_the_next_in_its_time() {
    let world = World::new().await;
    let first = one_check(&world, rolling()).await;
    let (_, as_boss) = somebody(&world, "boss", "manager").await;
    waive(&world, &as_boss, first.id, "2026-05-10").await;
    assert_eq!(states(&world).await, ["2026-03-10 waived", "2026-04-10 waived"]);
    // Made when that of 10 April has ended, and then when that of 10 May has.
    for (day, made) in [("2026-03-28", 0), ("2026-04-26", 0), ("2026-04-27", 1), ("2026-05-27", 0)]
    {
        assert_eq!(make(&world, day).await, made, "{day}");
    }
    assert_eq!(make(&world, "2026-05-28").await, 1);
    let expected =
        ["2026-03-10 waived", "2026-04-10 waived", "2026-05-10 waived", "2026-06-10 pending"];
    assert_eq!(states(&world).await, expected);
}

#[tokio::test]
async fn a_standing_waiver_that_was_withdrawn_is_good_for_no_later_check() {
    let world = World::new().await;
    let first = one_check(&world, rolling()).await;
    let (_, as_boss) = somebody(&world, "boss", "manager").await;
    waive(&world, &as_boss, first.id, "2036-02-01").await;
    world
        .run_as(&as_boss, async |tx| compliance_check::reopen(tx, first.id, "no longer").await)
        .await;
    assert_eq!(make(&world, "2026-04-27").await, 1);
    let expected = ["2026-03-10 pending", "2026-04-10 waived", "2026-05-10 pending"];
    assert_eq!(states(&world).await, expected);
}

#[tokio::test]
async fn a_vendor_that_was_waived_is_gone_on_with_too() {
    let world = World::new().await;
    let schedule = open(&world, New { target: Target::Vendor, ..rolling() }).await;
    let (_, as_boss) = somebody(&world, "boss", "manager").await;
    let named = |id: &str| Named { id: id.to_owned(), name: Some(format!("Vendor {id}")) };
    let of = vec![named("V-1"), named("V-2")];
    let made = world.run(async |tx: &Tx| create_checks(tx, schedule.id, of).await).await;
    waive(&world, &as_boss, made[0], "2026-04-10").await;
    assert_eq!(make(&world, "2026-04-27").await, 1);
    let third = "select entity_id || ' ' || entity_name || ' ' || due_on || ' ' || status
                 from compliance_checks order by due_on desc limit 1";
    assert_eq!(world.strings(third).await, ["V-1 Vendor V-1 2026-05-10 pending"]);
}
