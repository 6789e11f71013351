//! Which quotes need a follow-up, and sending it once.

use std::collections::HashSet;

use chrono::TimeDelta;
use entity::zone::Zone;
use integration::{
    World,
    populate::{acme, email},
};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use service::{
    Context, Error, Tx,
    sales::{
        contact,
        deal::{self, Claims, Stage, Tone},
        quote::{self, Claim, Due, DueQuote, New, Response, Revision, Stop, View, Viewer},
    },
};

use super::{days, draft, get, sent};

const MICRO: TimeDelta = TimeDelta::microseconds(1);

async fn due(world: &World, at: &Context) -> Vec<DueQuote> {
    let ask = Due::default();
    world.db.read(at.clone(), async |tx| quote::follow_ups_due(tx, &ask).await).await.unwrap().items
}

async fn claim(world: &World, at: &Context) -> Vec<Claim> {
    let ask = Claims::default();
    world.run_as(at, async |tx| quote::claim_follow_ups(tx, &ask).await).await
}

async fn follow_up(world: &World, at: &Context) {
    let claim = claim(world, at).await.remove(0);
    world.run_as(at, async |tx| quote::record_follow_up(tx, &claim).await).await;
}

#[tokio::test]
async fn a_quote_is_due_from_the_moment_that_was_planned() {
    let world = World::new().await;
    let offer = world.run(sent).await;
    world.run_as(&world.neighbour, sent).await;
    assert!(due(&world, &world.later(days(3) - MICRO)).await.is_empty());
    let found = due(&world, &world.later(days(3))).await;
    assert_eq!(found.len(), 1);
    let first = &found[0];
    assert_eq!((first.id, first.attempt_no, first.max_follow_ups), (offer.id, 1, 5));
    assert_eq!(first.days_since_last_contact, 3);
    assert_eq!(first.due_since, world.context.now + days(3));
}

#[tokio::test]
async fn no_quote_is_followed_up_after_it_ended_for_whatever_reason() {
    let world = World::new().await;
    let at = world.later(days(30));
    let (ids, newer) = world
        .run(async |tx| {
            let mut ids = vec![];
            for _ in 0..8 {
                ids.push(sent(tx).await?);
            }
            quote::record_response(tx, ids[0].id, Response::Replied).await?;
            quote::record_response(tx, ids[1].id, Response::Rejected).await?;
            quote::stop_follow_ups(tx, ids[2].id, Stop::Bounced).await?;
            quote::stop_follow_ups(tx, ids[3].id, Stop::OwnerOverride).await?;
            let revision = Revision {
                valid_until: Some("2026-12-31".parse().unwrap()),
                ..Revision::default()
            };
            let newer = quote::revise(tx, ids[4].id, revision).await?;
            quote::send(tx, newer.id).await?;
            contact::unsubscribe(tx, ids[5].contact_id.unwrap()).await?;
            draft(tx).await?;
            Ok((ids, newer.id))
        })
        .await;
    for (table, key, value) in [
        ("quotes", "id", ids[6].id.to_string()),
        ("contacts", "id", ids[7].contact_id.unwrap().to_string()),
    ] {
        let delete = format!("update {table} set deleted_at = now() where {key} = '{value}'");
        world.owner.execute_unprepared(&delete).await.unwrap();
    }
    let found: Vec<_> = due(&world, &at).await.into_iter().map(|quote| quote.id).collect();
    assert_eq!(found, [newer]);
    // The first reason stands.
    let again = async |tx: &Tx| quote::stop_follow_ups(tx, ids[2].id, Stop::OwnerOverride).await;
    assert_eq!(world.run(again).await.follow_up_stop, Some(Stop::Bounced));
}

#[tokio::test]
async fn a_quote_of_a_deal_that_is_decided_or_deleted_is_left_alone() {
    let world = World::new().await;
    let deal = world
        .run(async |tx| {
            let client = acme(tx).await?;
            let deal = deal::open(tx, deal::New::titled(client.clone(), "deal")).await?;
            let contact_id = sent(tx).await?.contact_id;
            let new =
                New { contact_id, deal_id: Some(deal.id), ..New::over(client, "x", 1.into()) };
            let offer = quote::create(tx, new).await?;
            quote::send(tx, offer.id).await?;
            Ok(deal.id)
        })
        .await;
    let at = world.later(days(3));
    assert_eq!(due(&world, &at).await.len(), 2);
    let delete = format!("update deals set deleted_at = now() where id = '{deal}'");
    world.owner.execute_unprepared(&delete).await.unwrap();
    assert_eq!(due(&world, &at).await.len(), 1);
    world.owner.execute_unprepared("update deals set deleted_at = null").await.unwrap();
    world.run(async |tx| deal::move_to(tx, deal, Stage::Won, None).await).await;
    assert_eq!(due(&world, &at).await.len(), 1);
}

#[tokio::test]
async fn on_the_last_day_a_quote_is_still_due_and_on_the_next_it_is_not() {
    let world = World::new().await;
    world.run(sent).await;
    assert_eq!(due(&world, &world.at("2026-12-31T23:59:59Z")).await.len(), 1);
    assert!(due(&world, &world.at("2027-01-01T00:00:00Z")).await.is_empty());
}

#[tokio::test]
async fn a_quote_that_says_no_maximum_gets_five_and_then_says_that_it_has_had_them() {
    let world = World::new().await;
    let id = world.run(sent).await.id;
    let mut tones = vec![];
    for n in 1..20 {
        let at = world.later(days(7 * n));
        for claim in claim(&world, &at).await {
            tones.push(claim.tone());
            world.run_as(&at, async |tx| quote::record_follow_up(tx, &claim).await).await;
        }
    }
    let expected = [Tone::Neutral, Tone::Reminder, Tone::Repeated, Tone::Repeated, Tone::Last];
    assert_eq!(tones, expected);
    let spent = get(&world, id).await;
    assert_eq!((spent.follow_up_count, spent.follow_up_stop), (5, Some(Stop::Exhausted)));
    assert_eq!(spent.next_follow_up_at, None);
    let history = world.run(async |tx| quote::history(tx, id).await).await;
    assert_eq!(history.iter().filter_map(|entry| entry.attempt_no).max(), Some(5));
}

#[tokio::test]
async fn where_no_working_hour_is_left_before_expiry_the_owner_is_told() {
    let world = World::new().await;
    let id = world
        .run(async |tx| {
            let contact_id = sent(tx).await?.contact_id;
            let client = acme(tx).await?;
            let valid_until = Some("2026-03-07".parse().unwrap());
            let new = New { contact_id, valid_until, ..New::over(client, "short", 1.into()) };
            let offer = quote::create(tx, new).await?;
            quote::send(tx, offer.id).await
        })
        .await
        .id;
    // Due on Thursday; three days on is Sunday, and Monday is too late.
    let thursday = world.later(days(3));
    let claims = claim(&world, &thursday).await;
    let short = claims.iter().find(|claim| claim.quote_id == id).unwrap();
    world.run_as(&thursday, async |tx| quote::record_follow_up(tx, short).await).await;
    let ended = get(&world, id).await;
    assert_eq!((ended.follow_up_count, ended.follow_up_stop), (1, Some(Stop::MissedWindow)));
}

#[tokio::test]
async fn follow_ups_keep_the_contacts_hours_and_not_ours() {
    let world = World::new().await;
    let offer = world
        .run(async |tx| {
            let client = acme(tx).await?;
            let new = contact::New {
                client_id: client.clone(),
                first_name: "Kai".to_owned(),
                last_name: "Aloha".to_owned(),
                email: Some(email("kai@acme.example")),
                phone: None,
                time_zone: Some(Zone::parse("Pacific/Honolulu").unwrap()),
            };
            let contact_id = Some(contact::add(tx, new).await?.id);
            let new = New { contact_id, ..New::over(client, "far", 1.into()) };
            let offer = quote::create(tx, new).await?;
            quote::send(tx, offer.id).await
        })
        .await;
    // Monday 09:00 UTC is Sunday 23:00 there; three days on is Wednesday 23:00, and then Thursday
    // 09:00, which is 19:00 UTC.
    assert_eq!(offer.next_follow_up_at, Some("2026-03-05T19:00:00Z".parse().unwrap()));
}

#[tokio::test]
async fn a_claim_holds_until_it_is_recorded_given_back_or_lapsed_and_is_recorded_once() {
    let world = World::new().await;
    let id = world.run(sent).await.id;
    let at = world.later(days(3));
    let first = claim(&world, &at).await.remove(0);
    assert!(claim(&world, &at).await.is_empty());
    world.run_as(&at, async |tx| quote::release_follow_up(tx, &first).await).await;
    let second = claim(&world, &at).await.remove(0);
    let lapse = "update quotes set follow_up_lease_until = now() - interval '1 second'";
    world.owner.execute_unprepared(lapse).await.unwrap();
    let third = claim(&world, &at).await.remove(0);
    assert_eq!(second.key(), third.key());
    let record = async |claim: &Claim| {
        world.db.run(at.clone(), async |tx| quote::record_follow_up(tx, claim).await).await
    };
    for stale in [&first, &second] {
        assert!(matches!(record(stale).await, Err(Error::Conflict(_))));
    }
    record(&third).await.unwrap();
    assert!(matches!(record(&third).await, Err(Error::Conflict(_))));
    assert_eq!(get(&world, id).await.follow_up_count, 1);
}

#[tokio::test]
async fn what_was_not_sent_in_its_hour_is_not_sent_at_night_or_on_a_sunday() {
    let world = World::new().await;
    world.run(sent).await;
    let claimable = async |at: &str| {
        let held = claim(&world, &world.at(at)).await;
        for claim in &held {
            world.run(async |tx| quote::release_follow_up(tx, claim).await).await;
        }
        held.len()
    };
    // Due on Thursday at nine; the contact is where the tenant is.
    assert_eq!(claimable("2026-03-05T16:59:59Z").await, 1);
    assert_eq!(claimable("2026-03-05T17:00:00Z").await, 0);
    assert_eq!(claimable("2026-03-06T08:59:59Z").await, 0);
    assert_eq!(claimable("2026-03-06T09:00:00Z").await, 1);
    assert_eq!(claimable("2026-03-08T12:00:00Z").await, 0);
    assert_eq!(
        due(&world, &world.at("2026-03-08T12:00:00Z")).await.len(),
        1,
        "it is due all along"
    );
}

#[tokio::test]
async fn an_answer_between_claim_and_record_wins() {
    let world = World::new().await;
    let id = world.run(sent).await.id;
    let at = world.later(days(3));
    let held = claim(&world, &at).await.remove(0);
    world.run_as(&at, async |tx| quote::record_response(tx, id, Response::Accepted).await).await;
    let recorded = world.db.run(at, async |tx| quote::record_follow_up(tx, &held).await).await;
    assert!(matches!(recorded, Err(Error::Conflict(_))));
    assert_eq!(get(&world, id).await.follow_up_count, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_claim_at_once_never_hold_the_same_quote() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for _ in 0..40 {
                sent(tx).await?;
            }
            Ok(())
        })
        .await;
    let at = world.later(days(3));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (db, at) = (world.db.clone(), at.clone());
            tokio::spawn(async move {
                let mut held = vec![];
                loop {
                    let ask = Claims { limit: 3, ..Claims::default() };
                    let claim = async |tx: &Tx| quote::claim_follow_ups(tx, &ask).await;
                    let claimed = db.run(at.clone(), claim).await.unwrap();
                    if claimed.is_empty() {
                        return held;
                    }
                    held.extend(claimed.into_iter().map(|claim| claim.quote_id));
                }
            })
        })
        .collect();
    let mut held = vec![];
    for worker in workers {
        held.extend(worker.await.unwrap());
    }
    assert_eq!((held.len(), held.iter().collect::<HashSet<_>>().len()), (40, 40));
}

#[tokio::test]
async fn the_longest_due_comes_first_pages_join_up_and_the_sql_function_agrees() {
    let world = World::new().await;
    for n in 0..9 {
        let at = world.later(TimeDelta::hours(n * 5));
        world
            .run_as(&at, async |tx| {
                let offer = sent(tx).await?;
                if n % 3 == 0 {
                    let view = View { session: "s".to_owned(), viewer: Viewer::Buyer };
                    quote::record_view(tx, offer.id, view).await?;
                }
                Ok(())
            })
            .await;
    }
    let at = world.later(days(10));
    follow_up(&world, &world.later(days(3))).await;
    let (mut listed, mut after) = (vec![], None);
    loop {
        let ask = Due { limit: 2, after };
        let page = world
            .db
            .read(at.clone(), async |tx| quote::follow_ups_due(tx, &ask).await)
            .await
            .unwrap();
        listed.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(listed.len(), 9);
    assert!(listed.is_sorted_by_key(|quote| (quote.due_since, quote.id)));
    let ask = format!(
        "select quote_id || ' ' || days_since_last_contact || ' ' || follow_up_count + 1
         from get_quotes_needing_followup('{}', 100, '{}')",
        world.context.tenant,
        at.now.to_rfc3339()
    );
    let by_function = async |tx: &Tx| {
        let rows = tx.query_all_raw(Statement::from_string(DbBackend::Postgres, ask)).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index::<String>(0)?)).collect()
    };
    let by_function: Vec<String> = world.run_as(&at, by_function).await;
    let told = listed.iter().map(|quote| {
        format!("{} {} {}", quote.id, quote.days_since_last_contact, quote.attempt_no)
    });
    assert_eq!(by_function, told.collect::<Vec<_>>());
}
