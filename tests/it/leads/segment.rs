//! Segments: whose they are, what they find, and what they refuse.

mod answer;
mod json;
mod sample;

use chrono::TimeDelta;
use entity::id::UserId;
use integration::{World, populate::email};
use serde_json::{Value, json};
use service::{
    Actor, Context, Error, Result, Tx,
    leads::{
        lead,
        segment::{self, Change, Filter, List, New},
    },
    tenancy::user,
};

pub fn filter(json: Value) -> Filter {
    segment::read(json).unwrap()
}

/// A user of the tenant's, and the tenant with that user at work.
async fn person(world: &World, name: &str) -> Context {
    let new = user::New {
        email: email(&format!("{name}@tenant.example")),
        name: name.to_owned(),
        role: "partner".to_owned(),
    };
    let id: UserId = world.run(async |tx| user::add(tx, new).await).await.id;
    Context { actor: Actor::User(id), ..world.context.clone() }
}

async fn made(tx: &Tx, number: u32, source: &str) -> Result<lead::Model> {
    let new = lead::New {
        source: Some(source.to_owned()),
        ..lead::New::named("Ada", "Byron", &format!("+1212555{number:04}"))
    };
    lead::create(tx, new).await
}

#[tokio::test]
async fn a_private_segment_is_its_owners_alone_and_a_public_one_is_everybodys_to_use() {
    let world = World::new().await;
    world.populate(&world.neighbour).await;
    let [ann, bob] = [person(&world, "ann").await, person(&world, "bob").await];
    let new = New::private("Mine", Filter::everybody());
    let mine = world.run_as(&ann, async |tx| segment::create(tx, new).await).await.id;
    let new = New { is_public: true, ..New::private("Ours", Filter::everybody()) };
    let ours = world.run_as(&ann, async |tx| segment::create(tx, new).await).await.id;

    let ids = async |who: &Context| {
        let found = world.run_as(who, async |tx| segment::list(tx, &List::default()).await).await;
        found.items.iter().map(|s| s.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&ann).await, [mine, ours]);
    assert_eq!(ids(&bob).await, [ours]);
    // A program works for the tenant.
    assert_eq!(ids(&world.context).await, [mine, ours]);

    for see in [
        world.db.run(bob.clone(), async |tx| segment::get(tx, mine).await.map(drop)).await,
        world.db.run(bob.clone(), async |tx| segment::count(tx, mine).await.map(drop)).await,
        world
            .db
            .run(bob.clone(), async |tx| segment::leads(tx, mine, 9, None).await.map(drop))
            .await,
        world.db.run(bob.clone(), async |tx| segment::delete(tx, mine).await).await,
    ] {
        assert!(matches!(see, Err(Error::NotFound("segment"))), "{see:?}");
    }
    world.run_as(&bob, async |tx| segment::count(tx, ours).await).await;
    let change = Change { name: Some("Bob's".to_owned()), ..Change::default() };
    let done = world.db.run(bob, async |tx| segment::update(tx, ours, change).await);
    assert!(matches!(done.await, Err(Error::Denied(_))));
    world.run_as(&ann, async |tx| segment::delete(tx, ours).await).await;
    assert_eq!(ids(&ann).await, [mine]);
}

#[tokio::test]
async fn a_count_is_kept_with_its_time_and_is_out_of_date_when_the_filter_is_another() {
    let world = World::new().await;
    let ann = person(&world, "ann").await;
    let id = world
        .run_as(&ann, async |tx| {
            made(tx, 1001, "event").await?;
            made(tx, 1002, "event").await?;
            made(tx, 1003, "website").await?;
            let new = New::private("Events", filter(json!({"source": "event"})));
            let saved = segment::create(tx, new).await?;
            assert_eq!((saved.lead_count, saved.counted_version), (None, None));
            assert_eq!(segment::count(tx, saved.id).await?, 2);
            Ok(saved.id)
        })
        .await;
    let hour = TimeDelta::hours(1);
    let later = Context { now: ann.now + hour, ..ann.clone() };
    world
        .run_as(&later, async |tx| {
            let kept = segment::get(tx, id).await?;
            assert_eq!((kept.lead_count, kept.last_calculated_at), (Some(2), Some(ann.now)));
            made(tx, 1004, "event").await?;
            // An hour old is still good enough, a microsecond more is not.
            assert_eq!(segment::cached_count(tx, id, hour).await?, 2);
            assert_eq!(segment::cached_count(tx, id, hour - TimeDelta::microseconds(1)).await?, 3);
            assert_eq!(segment::get(tx, id).await?.last_calculated_at, Some(later.now));
            let change =
                Change { filter: Some(filter(json!({"source": "website"}))), ..Change::default() };
            let changed = segment::update(tx, id, change.clone()).await?;
            assert_eq!((changed.filter_version, changed.counted_version), (2, Some(1)));
            assert_eq!(segment::cached_count(tx, id, hour).await?, 1);
            // The same filter again is no other.
            assert_eq!(segment::update(tx, id, change).await?.filter_version, 2);
            Ok(())
        })
        .await;
}

#[tokio::test]
async fn leads_come_in_pieces_and_those_that_are_deleted_or_a_neighbours_never() {
    let world = World::new().await;
    world.populate(&world.neighbour).await;
    let ann = person(&world, "ann").await;
    world
        .run_as(&ann, async |tx| {
            let mut ids = vec![];
            for number in 2001..2008 {
                ids.push(made(tx, number, "event").await?.id);
            }
            lead::delete(tx, ids.remove(3), "gone").await.map(drop)?;
            let all = segment::create(tx, New::private("All", Filter::everybody())).await?;
            let (mut found, mut after) = (vec![], None);
            loop {
                let page = segment::leads(tx, all.id, 2, after).await?;
                found.extend(page.items.iter().map(|lead| lead.id));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found, ids);
            let first = segment::members(tx, all.id, 4, None).await?;
            let rest = segment::members(tx, all.id, 4, first.next).await?;
            assert_eq!([first.items, rest.items].concat(), ids);
            let seen = segment::preview(tx, &filter(json!({"source": ["event", "x"]})), 2).await?;
            assert_eq!((seen.lead_count, seen.leads.len()), (6, 2));
            Ok(())
        })
        .await;
}

#[tokio::test]
async fn days_ago_are_counted_from_the_first_piece_by_the_tenants_calendar() {
    let world = World::new().await;
    let ann = person(&world, "ann").await;
    let id = world
        .run_as(&ann, async |tx| {
            made(tx, 3001, "event").await?;
            made(tx, 3002, "event").await?;
            let today = filter(json!({"created_at": {"gte": {"days_ago": 0}}}));
            Ok(segment::create(tx, New::private("Today", today)).await?.id)
        })
        .await;
    let first = world.run_as(&ann, async |tx| segment::leads(tx, id, 1, None).await).await;
    let tomorrow = Context { now: ann.now + TimeDelta::days(1), ..ann };
    let anew = world.run_as(&tomorrow, async |tx| segment::leads(tx, id, 1, None).await).await;
    assert!(anew.items.is_empty());
    let second =
        world.run_as(&tomorrow, async |tx| segment::leads(tx, id, 1, first.next).await).await;
    assert_eq!(second.items.len(), 1);
}

#[tokio::test]
async fn a_program_saves_a_segment_for_somebody_or_not_at_all() {
    let world = World::new().await;
    let new = New::private("Nobody's", Filter::everybody());
    let done = world.db.run(world.context.clone(), async |tx| segment::create(tx, new).await);
    assert!(matches!(done.await, Err(Error::Invalid { field, .. }) if field == "user_id"));
}
