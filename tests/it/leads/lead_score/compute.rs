//! Scoring all leads, some at a time.

use chrono::TimeDelta;
use integration::World;
use sea_orm::ConnectionTrait;
use service::leads::{
    lead::{self, Because, Change, Status, Update},
    lead_activity::{self, New},
    lead_score::{self, Cause, Compute, Qualify},
    system_config::{self, ScoringWeights},
};

use super::{explained, history, made, of, scored, warm_up};

/// Leads by the thousand, of whom nothing but a number is known: 5 points.
async fn many(world: &World, number: usize) {
    let sql = format!(
        "insert into leads (tenant_id, id, first_name, last_name, phone_number, tags, status_since) \
         select '{}', gen_random_uuid(), 'f', 'l', '+1206' || 2000000 + n, '{{}}', now() \
         from generate_series(1, {number}) n",
        world.context.tenant
    );
    world.owner.execute_unprepared(&sql).await.unwrap();
}

#[tokio::test]
async fn each_is_scored_once_by_several_workers_and_not_again_before_something_changes() {
    let world = World::new().await;
    many(&world, 2300).await;
    let workers: Vec<_> = (0..6)
        .map(|_| {
            let (db, who) = (world.db.clone(), world.context.clone());
            tokio::spawn(async move {
                let mut looked_at = 0;
                loop {
                    let done = db
                        .run(who.clone(), async |tx| {
                            lead_score::compute(tx, &Compute { limit: 100 }).await
                        })
                        .await
                        .unwrap();
                    assert!(done.failed.is_empty());
                    match done.looked_at {
                        0 => return looked_at,
                        some => looked_at += some,
                    }
                }
            })
        })
        .collect();
    let mut all = 0;
    for worker in workers {
        all += worker.await.unwrap();
    }
    // A worker that found the last rows in the hands of others left them to those.
    assert_eq!(all, 2300);
    let once = "select count(*)::text || ' ' || count(distinct lead_id) from lead_score_history";
    assert_eq!(world.strings(once).await, ["2300 2300"]);
    assert!(scored(&world, &world.context).await.is_empty());
    assert_eq!(world.strings("select distinct lead_score::text from leads").await, ["5"]);
}

#[tokio::test]
async fn a_run_that_is_cut_off_goes_on_where_it_was() {
    let world = World::new().await;
    many(&world, 250).await;
    let ask = Compute { limit: 100 };
    world.run(async |tx| lead_score::compute(tx, &ask).await).await;
    let cut = world.db.run(world.context.clone(), async |tx| {
        lead_score::compute(tx, &ask).await?;
        Err::<(), _>(service::Error::NotFound("patience"))
    });
    assert!(cut.await.is_err());
    assert_eq!(world.strings("select 'x' from lead_score_history").await.len(), 100);
    let mut looked_at = vec![];
    loop {
        let done = world.run(async |tx| lead_score::compute(tx, &ask).await).await;
        looked_at.push(done.looked_at);
        if done.looked_at == 0 {
            break;
        }
    }
    assert_eq!(looked_at, [100, 50, 0]);
    assert_eq!(world.strings("select 'x' from lead_score_history").await.len(), 250);
}

#[tokio::test]
async fn what_the_score_is_made_of_makes_it_due_and_what_it_is_not_does_not() {
    let world = World::new().await;
    let id = made(&world, 109).await;
    let due = || async { !scored(&world, &world.context).await.is_empty() };
    assert!(due().await, "a new lead");
    assert!(!due().await);
    let change = async |change: Change| {
        world
            .run(async |tx| {
                let seen = lead::get(tx, id).await?;
                lead::update(tx, id, &Update::of(&seen, vec![change])).await
            })
            .await;
    };
    change(Change::City(Some("Paris".to_owned()))).await;
    assert!(!due().await, "a town");
    change(Change::Source(Some("referral".to_owned()))).await;
    assert!(due().await, "a source");
    assert_eq!(of(&world, id).await.lead_score, 10);
    let now = world.context.now;
    world.run(async |tx| lead_activity::record(tx, id, New::call(now, None)).await).await;
    assert!(due().await, "a call");
    let sent = New::plain(lead_activity::Kind::EmailSent, now);
    world.run(async |tx| lead_activity::record(tx, id, sent).await).await;
    assert!(!due().await, "what we send");
    let answers = Qualify { experience: Some(15), ..Qualify::default() };
    world.run(async |tx| lead_score::qualify(tx, id, answers).await).await;
    assert!(due().await, "an answer");
    // Nothing happens, and the contact counts for less from the eighth day on: 10 + 18 become 10 + 13.
    assert_eq!(of(&world, id).await.lead_score, 28);
    let day = TimeDelta::days(8);
    assert!(scored(&world, &world.later(day - TimeDelta::microseconds(1))).await.is_empty());
    assert_eq!(scored(&world, &world.later(day)).await.len(), 1);
    assert_eq!(of(&world, id).await.lead_score, 23);
    let scores: Vec<_> = history(&world, id).await.iter().map(|row| row.score).collect();
    assert_eq!(scores, [23, 28, 10, 5], "the answer changed no point, and is no row");
}

#[tokio::test]
async fn weights_that_are_settled_count_from_the_next_time_on_and_are_written_down() {
    let world = World::new().await;
    let id = made(&world, 109).await;
    scored(&world, &world.context).await;
    let tenths = |tenths| rust_decimal::Decimal::new(tenths, 1);
    let weights = ScoringWeights {
        qualification: tenths(3),
        engagement: tenths(3),
        intent: tenths(2),
        demographic: tenths(2),
    };
    world.run(async |tx| system_config::set(tx, weights, "they matter").await).await;
    assert!(scored(&world, &world.context).await.is_empty());
    assert_eq!(explained(&world, &world.context, id).await.factors.total, 10);
    world.run(async |tx| lead_score::due_again(tx).await).await;
    scored(&world, &world.context).await;
    let rows = history(&world, id).await;
    let told: Vec<_> = rows.iter().map(|row| (row.score, row.previous_score)).collect();
    assert_eq!(told, [(10, Some(5)), (5, None)]);
    assert_eq!(rows[0].weights.map(|weights| weights.demographic), Some(2000));
    assert_eq!((rows[1].weights, rows[1].cause), (None, Cause::Computed));
}

#[tokio::test]
async fn who_turns_hot_becomes_qualified_once_unless_they_are_further_or_gone() {
    let world = World::new().await;
    let mut ids = vec![];
    for (n, status) in [
        (1, Status::New),
        (2, Status::Contacted),
        (3, Status::Nurturing),
        (4, Status::Cold),
        (5, Status::Qualified),
        (6, Status::Hot),
        (7, Status::Recruited),
    ] {
        let id = made(&world, n).await;
        if status != Status::New {
            let why = Because::manual(None);
            world.run(async |tx| lead::move_to(tx, id, status, &why).await).await;
        }
        warm_up(&world, &world.context, id).await;
        ids.push((id, status));
    }
    scored(&world, &world.context).await;
    for (id, status) in &ids {
        let expected = match status {
            Status::Hot | Status::Recruited => *status,
            _ => Status::Qualified,
        };
        let lead = of(&world, *id).await;
        assert_eq!((lead.lead_score, lead.status), (83, expected), "{status:?}");
    }
    let moved = world.run(async |tx| lead::statuses(tx, ids[0].0).await).await;
    let told = (moved[0].trigger_type, moved[0].reason.as_deref());
    assert_eq!(told, (lead::Trigger::Automation, Some("the score is 83")));
    // Somebody moved one back, and it stays there.
    let why = Because::manual(None);
    let (back, _) = ids[0];
    world.run(async |tx| lead::move_to(tx, back, Status::Nurturing, &why).await).await;
    world.run(async |tx| lead_score::rescore(tx, back).await).await;
    assert_eq!(of(&world, back).await.status, Status::Nurturing);
}

#[tokio::test]
async fn who_is_on_the_do_not_call_list_has_a_score_all_the_same() {
    use service::outreach::dnc;
    let world = World::new().await;
    let id = made(&world, 109).await;
    warm_up(&world, &world.context, id).await;
    let new = dnc::New::for_good("+12025550109", "lead_requested");
    world.run(async |tx| dnc::add(tx, new).await).await;
    scored(&world, &world.context).await;
    let lead = of(&world, id).await;
    assert_eq!((lead.lead_score, lead.status), (83, Status::Dnc));
    let told = explained(&world, &world.context, id).await;
    assert!(told.calling_blocked);
    // And it does not decay: the contact counts for less, and what was said for as much.
    scored(&world, &world.later(TimeDelta::days(70))).await;
    let lead = of(&world, id).await;
    assert_eq!((lead.lead_score, lead.score_decay), (73, 0));
}

#[tokio::test]
async fn one_that_cannot_be_written_is_told_of_and_stops_nobody() {
    let world = World::new().await;
    let [bad, good] = [made(&world, 1).await, made(&world, 2).await];
    warm_up(&world, &world.context, bad).await;
    warm_up(&world, &world.context, good).await;
    let sql = format!(
        "create function keel.refuse_it() returns trigger language plpgsql as \
         $$ begin raise exception 'no' using errcode = 'check_violation'; end $$; \
         create trigger refused before insert on lead_score_history for each row \
         when (new.lead_id = '{bad}') execute function keel.refuse_it()"
    );
    world.owner.execute_unprepared(&sql).await.unwrap();
    let done = scored(&world, &world.context).await;
    assert_eq!(done.len(), 1);
    assert_eq!((done[0].looked_at, done[0].changed, done[0].failed.len()), (2, 1, 1));
    assert_eq!(done[0].failed[0].lead, bad);
    let found = [of(&world, bad).await.lead_score, of(&world, good).await.lead_score];
    assert_eq!(found, [0, 83]);
    world.owner.execute_unprepared("drop trigger refused on lead_score_history").await.unwrap();
    scored(&world, &world.later(TimeDelta::days(1))).await;
    assert_eq!(of(&world, bad).await.lead_score, 83);
}
