//! Reminding, and telling one of ours: each step once.

use std::collections::HashSet;

use chrono::TimeDelta;
use entity::id::UserId;
use integration::{World, populate::acme};
use service::{
    Context, Error, Result, Tx,
    compliance::{
        compliance_check::{
            self, Claim, Kind, Model, Status, Step, claim_escalations, claim_reminders,
            escalation_stands, record_escalation, record_reminder, release_reminder,
            reminder_stands,
        },
        compliance_schedule::{self, Change, Frequency, Ladder, New, Rung},
    },
    sales::{contact, deal::Claims},
};

use super::{
    super::{MICRO, days, due, get, monthly, one_check, somebody, write},
    kinds,
};

/// Due on 10 March, and so late from the 11th on.
async fn march(world: &World) -> Model {
    one_check(world, monthly("2026-03-10")).await
}

async fn reminders(world: &World, at: &Context) -> Vec<Claim> {
    world.run_as(at, async |tx| claim_reminders(tx, &Claims::default()).await).await
}

async fn escalations(world: &World, at: &Context) -> Vec<Claim> {
    world.run_as(at, async |tx| claim_escalations(tx, &Claims::default()).await).await
}

async fn remind(world: &World, at: &Context) -> Claim {
    let claim = reminders(world, at).await.remove(0);
    world.run_as(at, async |tx| record_reminder(tx, &claim).await).await;
    claim
}

async fn escalate(world: &World, at: &Context) -> Claim {
    let claim = escalations(world, at).await.remove(0);
    world.run_as(at, async |tx| record_escalation(tx, &claim).await).await;
    claim
}

fn before(at: &Context) -> Context {
    Context { now: at.now - MICRO, ..at.clone() }
}

/// Nobody holds anything any more.
async fn leases_end(world: &World) {
    write(
        world,
        "update compliance_checks set reminder_lease_until = now() - interval '1 s'
         where reminder_claim is not null;
         update compliance_checks set escalation_lease_until = now() - interval '1 s'
         where escalation_claim is not null",
    )
    .await;
}

#[tokio::test]
async fn a_reminder_is_claimed_once_and_recorded_once_when_it_was_sent() {
    let world = World::new().await;
    let check = march(&world).await;
    let claim = reminders(&world, &world.context).await.remove(0);
    assert_eq!(claim.key(), format!("compliance:{}:reminder:1:1", check.id));
    assert_eq!((claim.step, claim.n, claim.subject()), (Step::Reminder, 1, check.id.0));
    assert!(claim.contact_id.is_some() && !claim.is_overdue);
    assert!(reminders(&world, &world.context).await.is_empty());
    // Decided is not sent (defect 2-34).
    assert_eq!(get(&world, check.id).await.reminder_count, 0);
    assert!(world.run(async |tx| reminder_stands(tx, &claim).await).await);
    // However long that took: the token is what counts.
    leases_end(&world).await;
    world.run(async |tx| record_reminder(tx, &claim).await).await;
    let reminded = get(&world, check.id).await;
    assert_eq!((reminded.status, reminded.reminder_count), (Status::AwaitingResponse, 1));
    assert_eq!(reminded.reminder_sent_at, Some(world.context.now));
    let again = world.db.run(world.context.clone(), async |tx| record_reminder(tx, &claim).await);
    assert!(matches!(again.await, Err(Error::Conflict(_))));
    assert_eq!(kinds(&world, check.id).await, [Kind::Created, Kind::Reminder]);
    // It is seen again, which the seed's never is (defect 2-15).
    assert_eq!(due(&world, &world.context).await.len(), 1);
}

#[tokio::test]
async fn what_a_dead_worker_held_is_claimed_again_under_the_same_key_and_fences_it_out() {
    let world = World::new().await;
    march(&world).await;
    let dead = reminders(&world, &world.context).await.remove(0);
    leases_end(&world).await;
    let heir = reminders(&world, &world.context).await.remove(0);
    assert_eq!(heir.key(), dead.key());
    let late = world.db.run(world.context.clone(), async |tx| record_reminder(tx, &dead).await);
    assert!(matches!(late.await, Err(Error::Conflict(_))));
    assert!(!world.run(async |tx| reminder_stands(tx, &dead).await).await);
    let theirs = world.db.run(world.neighbour.clone(), async |tx| record_reminder(tx, &heir).await);
    assert!(matches!(theirs.await, Err(Error::Conflict(_))));
    world.run(async |tx| release_reminder(tx, &heir).await).await;
    assert_eq!(reminders(&world, &world.context).await[0].n, 1);
}

#[tokio::test]
async fn reminders_are_three_days_apart_and_two_once_the_check_is_overdue() {
    let world = World::new().await;
    march(&world).await; // listed from 25 February on
    assert!(reminders(&world, &world.at("2026-02-24T23:59:59Z")).await.is_empty());
    remind(&world, &world.at("2026-03-02T09:00:00Z")).await;
    let next = world.at("2026-03-05T09:00:00Z");
    assert!(reminders(&world, &before(&next)).await.is_empty());
    assert_eq!(remind(&world, &next).await.n, 2);
    // Not overdue yet: a third.
    assert_eq!(remind(&world, &world.at("2026-03-10T09:00:00Z")).await.n, 3);
    assert!(reminders(&world, &world.at("2026-03-14T09:00:00Z")).await.is_empty());
    // Nor is a reminder sent of what is closed.
    let world = World::new().await;
    let check = march(&world).await;
    let claim = reminders(&world, &world.context).await.remove(0);
    world.run(async |tx| compliance_check::complete(tx, check.id, None).await).await;
    let sent = world.db.run(world.context.clone(), async |tx| record_reminder(tx, &claim).await);
    assert!(matches!(sent.await, Err(Error::Conflict(_))));
    assert!(!world.run(async |tx| reminder_stands(tx, &claim).await).await);
    assert!(reminders(&world, &world.context).await.is_empty());
}

#[tokio::test]
async fn five_reminders_are_the_most_before_a_check_is_overdue() {
    let world = World::new().await;
    let new = New {
        frequency: Frequency::Annual,
        notification_days_before: Some(60),
        ..monthly("2026-03-31")
    };
    let id = one_check(&world, new).await.id;
    let mut sent = 0;
    for day in 0..29 {
        let at = world.later(days(day));
        for claim in reminders(&world, &at).await {
            world.run_as(&at, async |tx| record_reminder(tx, &claim).await).await;
            sent += 1;
        }
    }
    assert_eq!((sent, get(&world, id).await.reminder_count), (5, 5));
}

#[tokio::test]
async fn nobody_is_reminded_who_cannot_be_or_does_not_want_to_and_what_was_decided_no_longer_stands()
 {
    let world = World::new().await;
    march(&world).await;
    let claim = reminders(&world, &world.context).await.remove(0);
    let undo = [
        ("contacts set email = null", "contacts set email = 'ada@acme.example'"),
        ("contacts set is_primary = false", "contacts set is_primary = true"),
        ("contacts set deleted_at = now()", "contacts set deleted_at = null"),
        ("customers set deleted_at = now()", "customers set deleted_at = null"),
    ];
    let stands = async || world.run(async |tx| reminder_stands(tx, &claim).await).await;
    for (done, undone) in undo {
        write(&world, &format!("update {done}")).await;
        assert!(!stands().await, "{done}");
        leases_end(&world).await;
        assert!(reminders(&world, &world.context).await.is_empty(), "{done}");
        write(&world, &format!("update {undone}")).await;
        assert!(stands().await, "{undone}");
    }
    let ada = claim.contact_id.unwrap();
    world.run(async |tx| contact::unsubscribe(tx, ada).await).await;
    assert!(!stands().await);
    assert!(reminders(&world, &world.context).await.is_empty());
}

#[tokio::test]
async fn what_is_in_the_outbox_already_is_not_claimed_again() {
    let world = World::new().await;
    let check = march(&world).await;
    let put = |topic: &str, state: &str| {
        format!(
            "insert into outbox (tenant_id, id, topic, subject_id, key, payload, why, state, enqueued_at,
                                 ended_at)
             values ('{}', gen_random_uuid(), '{topic}', '{}', 'x', '{{}}', 'x', '{state}', now(),
                     case when '{state}' <> 'pending' then now() end)",
            check.tenant_id, check.id
        )
    };
    let late = world.at("2026-03-18T00:00:00Z");
    for state in ["pending", "dead"] {
        write(&world, &put("compliance_reminder", state)).await;
        assert!(reminders(&world, &world.context).await.is_empty(), "{state}");
        // A reminder that nobody has sent does not keep the ladder waiting.
        assert_eq!(escalations(&world, &late).await.len(), 1, "{state}");
        leases_end(&world).await;
        write(&world, "delete from outbox").await;
        assert_eq!(reminders(&world, &world.context).await.len(), 1, "{state}");
        leases_end(&world).await;
        write(&world, &put("compliance_escalation", state)).await;
        assert!(escalations(&world, &late).await.is_empty(), "{state}");
        write(&world, "delete from outbox").await;
        assert_eq!(escalations(&world, &late).await.len(), 1, "{state}");
        leases_end(&world).await;
    }
}

#[tokio::test]
async fn a_check_is_escalated_a_week_after_it_became_late_or_as_its_schedule_says() {
    let world = World::new().await;
    let check = march(&world).await;
    for (days, from) in [(None, "2026-03-18"), (Some(2), "2026-03-13"), (Some(0), "2026-03-18")] {
        if days.is_some() {
            let change = Change { escalation_days_after: days, ..Change::default() };
            let id = check.schedule_id.unwrap();
            world.run(async |tx| compliance_schedule::change(tx, id, change).await).await;
        }
        let from = world.at(&format!("{from}T00:00:00Z"));
        assert!(escalations(&world, &before(&from)).await.is_empty(), "{days:?}");
        // From then on, it is not the contact's turn any more.
        assert_eq!(reminders(&world, &before(&from)).await.len(), 1, "{days:?}");
        leases_end(&world).await;
        assert!(reminders(&world, &from).await.is_empty(), "{days:?}");
        assert_eq!(escalations(&world, &from).await.len(), 1, "{days:?}");
        leases_end(&world).await;
    }
}

#[tokio::test]
async fn a_check_that_was_reminded_of_twice_is_escalated_as_soon_as_it_is_late() {
    let world = World::new().await;
    march(&world).await;
    remind(&world, &world.context).await;
    let late = world.at("2026-03-11T00:00:00Z");
    assert!(escalations(&world, &late).await.is_empty());
    remind(&world, &world.later(days(3))).await;
    assert!(escalations(&world, &before(&late)).await.is_empty());
    assert_eq!(escalations(&world, &late).await.len(), 1);
}

#[tokio::test]
async fn the_ladder_has_three_steps_each_told_to_whom_it_names_and_the_check_stays_due() {
    let world = World::new().await;
    let (mo, _) = somebody(&world, "mo", "csm").await;
    let (_, _) = somebody(&world, "al", "admin").await;
    let (jo, _) = somebody(&world, "jo", "head of compliance").await;
    let ladder = Ladder(vec![Rung::User(mo), Rung::Role("head of compliance".to_owned())]);
    let id = one_check(&world, New { escalate_to: ladder, ..monthly("2026-03-10") }).await.id;
    let steps = [("2026-03-18", 1, mo), ("2026-03-25", 2, jo), ("2026-04-01", 3, jo)];
    for (day, n, told) in steps {
        let at = world.at(&format!("{day}T00:00:00Z"));
        assert!(escalations(&world, &before(&at)).await.is_empty(), "{day}");
        let claim = escalate(&world, &at).await;
        assert_eq!((claim.n, claim.step, claim.escalate_to), (n, Step::Escalation, Some(told)));
        assert_eq!(claim.key(), format!("compliance:{id}:escalation:1:{n}"));
        let check = get(&world, id).await;
        assert_eq!((check.status, check.escalated_to), (Status::Escalated, Some(told)));
        assert_eq!(check.escalation_sent_at, Some(at.now));
        // Still to be completed.
        assert_eq!(due(&world, &at).await[0].id, id);
        let again = world.db.run(at.clone(), async |tx| record_escalation(tx, &claim).await);
        assert!(matches!(again.await, Err(Error::Conflict(_))));
    }
    let at = world.at("2026-05-01T00:00:00Z");
    assert!(escalations(&world, &at).await.is_empty());
    assert!(reminders(&world, &at).await.is_empty());
    // Each has a task of it that matters (defect 2-32).
    let tasks = "select concat_ws(' ', title, priority, status, client_id, assigned_to) from tasks
                 order by created_at";
    let title = "Overdue: license renewal of Acme high pending cs_1_acme";
    let expected = steps.map(|(_, _, told)| format!("{title} {told}"));
    assert_eq!(world.strings(tasks).await, expected);
    world.run_as(&at, async |tx| compliance_check::complete(tx, id, None).await).await;
    assert!(due(&world, &at).await.is_empty());
}

#[tokio::test]
async fn where_nobody_of_the_ladder_is_left_an_admin_is_told_and_else_the_task_is_anybodys() {
    let world = World::new().await;
    let (mo, _) = somebody(&world, "mo", "csm").await;
    let ladder = Ladder(vec![Rung::User(mo)]);
    one_check(&world, New { escalate_to: ladder, ..monthly("2026-03-10") }).await;
    let at = world.at("2026-03-18T00:00:00Z");
    let told = async || -> Option<UserId> {
        let claim = escalations(&world, &at).await.remove(0);
        leases_end(&world).await;
        claim.escalate_to
    };
    assert_eq!(told().await, Some(mo));
    write(&world, "update users set active = false").await;
    assert_eq!(told().await, None);
    let (al, _) = somebody(&world, "al", "admin").await;
    assert_eq!(told().await, Some(al));
    write(&world, "update users set active = false").await;
    let claim = escalate(&world, &at).await;
    assert!(claim.escalate_to.is_none());
    let tasks = world.strings("select coalesce(assigned_to::text, 'anybody') from tasks").await;
    assert_eq!(tasks, ["anybody"]);
}

#[tokio::test]
async fn what_was_deleted_or_closed_is_nobodys_to_be_told_of() {
    let world = World::new().await;
    let id = march(&world).await.id;
    let at = world.at("2026-03-18T00:00:00Z");
    let claim = escalations(&world, &at).await.remove(0);
    let stands = async || world.run_as(&at, async |tx| escalation_stands(tx, &claim).await).await;
    assert!(stands().await);
    write(&world, "update customers set deleted_at = now()").await;
    assert!(!stands().await);
    leases_end(&world).await;
    assert!(escalations(&world, &at).await.is_empty());
    write(&world, "update customers set deleted_at = null").await;
    world.run_as(&at, async |tx| compliance_check::skip(tx, id, "x").await).await;
    assert!(!stands().await);
    assert!(escalations(&world, &at).await.is_empty());
}

#[tokio::test]
async fn a_check_that_is_opened_again_begins_anew_with_its_reminders_and_its_ladder() {
    let world = World::new().await;
    let id = march(&world).await.id;
    remind(&world, &world.context).await;
    escalate(&world, &world.at("2026-03-18T00:00:00Z")).await;
    let at = world.at("2026-03-20T00:00:00Z");
    world
        .run_as(&at, async |tx| {
            compliance_check::complete(tx, id, None).await?;
            compliance_check::reopen(tx, id, "not so").await
        })
        .await;
    // The ladder counts from the reopening.
    let week_on = world.at("2026-03-27T00:00:00Z");
    assert!(escalations(&world, &before(&week_on)).await.is_empty());
    let claim = remind(&world, &at).await;
    assert_eq!((claim.n, claim.key()), (1, format!("compliance:{id}:reminder:2:1")));
    let claim = escalate(&world, &week_on).await;
    assert_eq!((claim.n, claim.round), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_workers_send_each_reminder_once() {
    let world = World::new().await;
    march(&world).await;
    // Forty of Acme's, of as many periods.
    write(
        &world,
        "insert into compliance_checks (tenant_id, id, schedule_id, compliance_type, entity_type,
             entity_id, client_id, period_start, period_end, due_on, due_at)
         select tenant_id, gen_random_uuid(), schedule_id, compliance_type, entity_type, entity_id,
                client_id, period_start - n, period_end, due_on, due_at
         from compliance_checks, generate_series(1, 39) n",
    )
    .await;
    let workers: Vec<_> = (0..8)
        .map(|n| {
            let (db, context) = (world.db.clone(), world.context.clone());
            tokio::spawn(async move {
                let mut keys = vec![];
                for _ in 0..12 {
                    let ask = Claims { limit: 5, lease: TimeDelta::minutes(5) };
                    let claim = async |tx: &Tx| claim_reminders(tx, &ask).await;
                    for claim in db.run(context.clone(), claim).await? {
                        // One of them dies with what it holds.
                        if n == 0 {
                            continue;
                        }
                        let record = async |tx: &Tx| record_reminder(tx, &claim).await;
                        db.run(context.clone(), record).await?;
                        keys.push(claim.key());
                    }
                }
                Ok::<_, Error>(keys)
            })
        })
        .collect();
    let mut keys = vec![];
    for worker in workers {
        keys.extend(worker.await.unwrap().unwrap());
    }
    leases_end(&world).await;
    loop {
        let rest = reminders(&world, &world.context).await;
        if rest.is_empty() {
            break;
        }
        for claim in rest {
            world.run(async |tx| record_reminder(tx, &claim).await).await;
            keys.push(claim.key());
        }
    }
    let once: HashSet<_> = keys.iter().collect();
    assert_eq!((once.len(), keys.len()), (40, 40));
    let sent = "select count(*)::text from compliance_check_events where kind = 'reminder'";
    assert_eq!(world.strings(sent).await, ["40"]);
}

#[tokio::test]
async fn a_neighbour_claims_nothing_of_ours() {
    let world = World::new().await;
    march(&world).await;
    world.run_as(&world.neighbour, async |tx| acme(tx).await).await;
    let theirs = Context { now: world.later(days(30)).now, ..world.neighbour.clone() };
    assert!(reminders(&world, &theirs).await.is_empty());
    assert!(escalations(&world, &theirs).await.is_empty());
    let none: Result<Vec<Claim>> = world
        .db
        .run(theirs, async |tx| {
            let ask = Claims { limit: 0, ..Claims::default() };
            claim_reminders(tx, &ask).await
        })
        .await;
    assert!(matches!(none, Err(Error::Invalid { field, .. }) if field == "limit"));
}
