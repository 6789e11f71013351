//! How people and customers stand to each other.

use chrono::TimeDelta;
use entity::id::{ContactId, LeadId};
use integration::{World, populate};
use sea_orm::ConnectionTrait;
use service::{
    Error, Result, Tx,
    leads::{
        lead::{self, Because, Status},
        lead_link::{
            self, Ask, End, Kind, Neighbours, New, household, influence, neighbours, path,
        },
        lead_merge::{self, Choice},
    },
};

/// Somebody whose number ends in `n`.
pub async fn somebody(tx: &Tx, n: u32) -> Result<LeadId> {
    let phone = format!("+1206555{:04}", 1000 + n);
    Ok(lead::create(tx, lead::New::named(&format!("P{n}"), "Person", &phone)).await?.id)
}

/// So many of them.
pub async fn people(world: &World, many: u32) -> Vec<LeadId> {
    world
        .run(async |tx| {
            let mut made = vec![];
            for n in 0..many {
                made.push(somebody(tx, n).await?);
            }
            Ok(made)
        })
        .await
}

pub async fn link(tx: &Tx, from: LeadId, kind: Kind, to: LeadId) -> Result<lead_link::Model> {
    lead_link::add(tx, New::between(End::Lead(from), kind, End::Lead(to))).await
}

/// The leads of a path.
fn leads(steps: Option<Vec<lead_link::Step>>) -> Option<Vec<LeadId>> {
    let lead = |step: lead_link::Step| match step.end {
        End::Lead(id) => id,
        other => panic!("{other}"),
    };
    steps.map(|steps| steps.into_iter().map(lead).collect())
}

async fn way(world: &World, from: LeadId, to: LeadId, max_depth: u32) -> Option<Vec<LeadId>> {
    let ask = Ask { max_depth, ..Ask::default() };
    let found = world.db.read(world.context.clone(), async |tx| {
        path(tx, &End::Lead(from), &End::Lead(to), &ask).await
    });
    leads(found.await.unwrap())
}

#[tokio::test]
async fn the_shortest_path_goes_either_way_along_links_and_not_further_than_asked() {
    let world = World::new().await;
    let p = people(&world, 6).await;
    world
        .run(async |tx| {
            // 0 → 1 → 2 → 3, and a shorter way 0 ← 4 → 3; nobody knows 5.
            link(tx, p[0], Kind::ReferredBy, p[1]).await?;
            link(tx, p[1], Kind::ReferredBy, p[2]).await?;
            link(tx, p[2], Kind::ReferredBy, p[3]).await?;
            link(tx, p[4], Kind::ReportsTo, p[0]).await?;
            link(tx, p[4], Kind::WorksWith, p[3]).await?;
            Ok(())
        })
        .await;
    assert_eq!(way(&world, p[0], p[3], 6).await, Some(vec![p[0], p[4], p[3]]));
    assert_eq!(way(&world, p[0], p[3], 2).await, Some(vec![p[0], p[4], p[3]]));
    assert_eq!(way(&world, p[0], p[3], 1).await, None);
    assert_eq!(way(&world, p[0], p[5], 10).await, None);
    assert_eq!(way(&world, p[0], p[0], 1).await, Some(vec![p[0]]));
    // By referrals alone it is the long way, forwards at each step; from the other end, backwards.
    let kinds = vec![Kind::ReferredBy];
    let ask = Ask { kinds, max_depth: 3 };
    for (from, to, forwards) in [(p[0], p[3], true), (p[3], p[0], false)] {
        let steps = world
            .run(async |tx| path(tx, &End::Lead(from), &End::Lead(to), &ask).await)
            .await
            .unwrap();
        assert_eq!(steps.len(), 4);
        assert_eq!(steps[0].by, None);
        for step in &steps[1..] {
            let by = step.by.as_ref().unwrap();
            assert_eq!((by.kind, by.forwards), (Kind::ReferredBy, forwards));
        }
    }
    for max_depth in [0, 11] {
        let ask = Ask { max_depth, ..Ask::default() };
        let ends = [p[0], p[3]].map(End::Lead);
        let refused = world
            .db
            .run(world.context.clone(), async |tx| path(tx, &ends[0], &ends[1], &ask).await)
            .await;
        assert!(matches!(refused, Err(Error::Invalid { ref field, .. }) if field == "max_depth"));
    }
}

#[tokio::test]
async fn whoever_is_deleted_stands_on_no_path_until_they_come_back() {
    let world = World::new().await;
    let p = people(&world, 3).await;
    world
        .run(async |tx| {
            link(tx, p[0], Kind::WorksWith, p[1]).await?;
            link(tx, p[1], Kind::WorksWith, p[2]).await?;
            lead::delete(tx, p[1], "asked").await
        })
        .await;
    assert_eq!(way(&world, p[0], p[2], 6).await, None);
    let near = async |tx: &Tx| neighbours(tx, &End::Lead(p[0]), &Neighbours::default()).await;
    assert!(world.run(near).await.items.is_empty());
    world.run(async |tx| lead::restore(tx, p[1], "a mistake").await).await;
    assert_eq!(way(&world, p[0], p[2], 6).await, Some(p));
}

#[tokio::test]
async fn who_referred_whom_is_counted_by_level_each_person_where_they_are_nearest() {
    let world = World::new().await;
    let p = people(&world, 6).await;
    world
        .run(async |tx| {
            // 0 referred 1 and 2; both of those referred 3; 3 referred 4. 5 reports to 0.
            for (from, to) in [(1, 0), (2, 0), (3, 1), (3, 2), (4, 3)] {
                link(tx, p[from], Kind::ReferredBy, p[to]).await?;
            }
            link(tx, p[5], Kind::ReportsTo, p[0]).await?;
            for won in [1, 3] {
                lead::move_to(tx, p[won], Status::Recruited, &Because::manual(None)).await?;
            }
            Ok(())
        })
        .await;
    let levels = async |depth| {
        let found = world.run(async |tx| influence(tx, &End::Lead(p[0]), depth).await).await;
        found.into_iter().map(|l| (l.level, l.people, l.recruited)).collect::<Vec<_>>()
    };
    assert_eq!(levels(10).await, [(1, 2, 1), (2, 1, 1), (3, 1, 0)]);
    assert_eq!(levels(2).await, [(1, 2, 1), (2, 1, 1)]);
    assert_eq!(levels(1).await, [(1, 2, 1)]);
    // Whoever is gone is not counted, nor whom only they had brought.
    world.run(async |tx| lead::delete(tx, p[3], "asked").await).await;
    assert_eq!(levels(10).await, [(1, 2, 1)]);
}

#[tokio::test]
async fn a_household_is_everybody_who_lives_with_somebody_who_does() {
    let world = World::new().await;
    let p = people(&world, 5).await;
    world
        .run(async |tx| {
            link(tx, p[1], Kind::SameHousehold, p[0]).await?;
            link(tx, p[1], Kind::SameHousehold, p[2]).await?;
            link(tx, p[2], Kind::WorksWith, p[3]).await?;
            Ok(())
        })
        .await;
    for (who, others) in
        [(0, vec![1, 2]), (1, vec![0, 2]), (2, vec![0, 1]), (3, vec![]), (4, vec![])]
    {
        let found = world.run(async |tx| household(tx, &End::Lead(p[who])).await).await;
        let others: Vec<_> = others.into_iter().map(|n: usize| End::Lead(p[n])).collect();
        assert_eq!(found, others, "of {who}");
    }
}

#[tokio::test]
async fn a_link_both_ways_is_one_whoever_comes_first_and_saying_it_twice_changes_nothing() {
    let world = World::new().await;
    let p = people(&world, 2).await;
    let (one, other) = world
        .run(async |tx| {
            let one = link(tx, p[1], Kind::SameHousehold, p[0]).await?;
            Ok((one, link(tx, p[0], Kind::SameHousehold, p[1]).await?))
        })
        .await;
    assert_eq!(one, other);
    assert_eq!((one.from_lead_id, one.to_lead_id), (Some(p[0]), Some(p[1])));
    // One that has ended can be made anew, and is another.
    let again = world
        .run(async |tx| {
            let ended = lead_link::end(tx, one.id).await?;
            assert_eq!(lead_link::end(tx, one.id).await?, ended);
            link(tx, p[0], Kind::SameHousehold, p[1]).await
        })
        .await;
    assert_ne!(again.id, one.id);
}

#[tokio::test]
async fn nobody_reports_to_themselves_not_even_over_others() {
    let world = World::new().await;
    let p = people(&world, 3).await;
    world
        .run(async |tx| {
            link(tx, p[0], Kind::ReportsTo, p[1]).await?;
            link(tx, p[1], Kind::ReportsTo, p[2]).await
        })
        .await;
    let refused = |from: usize, to: usize| {
        let (world, p) = (&world, &p);
        async move {
            let done = world.db.run(world.context.clone(), async |tx| {
                link(tx, p[from], Kind::ReportsTo, p[to]).await
            });
            done.await.unwrap_err()
        }
    };
    assert!(matches!(refused(2, 0).await, Error::Conflict(_)));
    assert!(matches!(refused(1, 0).await, Error::Conflict(_)));
    assert!(matches!(refused(0, 0).await, Error::Invalid { .. }));
    // Another kind is another matter, and so is what has ended.
    world
        .run(async |tx| {
            link(tx, p[2], Kind::ReferredBy, p[0]).await?;
            link(tx, p[2], Kind::WorksWith, p[0]).await?;
            let first = link(tx, p[0], Kind::ReportsTo, p[1]).await?;
            lead_link::end(tx, first.id).await?;
            link(tx, p[2], Kind::ReportsTo, p[0]).await
        })
        .await;
}

#[tokio::test]
async fn two_links_that_close_a_circle_at_once_are_not_both_made() {
    let world = World::new().await;
    let p = people(&world, 2).await;
    for _ in 0..10 {
        let make = |from: LeadId, to: LeadId| {
            let (db, context) = (world.db.clone(), world.context.clone());
            tokio::spawn(async move {
                db.run(context, async |tx| link(tx, from, Kind::ReportsTo, to).await).await
            })
        };
        let (one, other) = (make(p[0], p[1]), make(p[1], p[0]));
        let done = [one.await.unwrap(), other.await.unwrap()];
        let made: Vec<_> = done.iter().flatten().collect();
        assert_eq!(made.len(), 1, "{done:?}");
        assert!(done.iter().any(|d| matches!(d, Err(Error::Conflict(_)))));
        world.run(async |tx| lead_link::end(tx, made[0].id).await).await;
    }
}

#[tokio::test]
async fn leads_contacts_and_customers_are_linked_alike_and_only_ones_own() {
    let world = World::new().await;
    let lead = people(&world, 1).await[0];
    let ada = world
        .run(async |tx| {
            populate::acme(tx).await?;
            populate::person(tx).await
        })
        .await;
    let (ada, acme) = (End::Contact(ada.id), End::Customer(populate::client()));
    world
        .run(async |tx| {
            let by = New::between(End::Lead(lead), Kind::ReferredBy, ada.clone());
            lead_link::add(tx, by).await?;
            lead_link::add(tx, New::between(ada.clone(), Kind::ReportsTo, acme.clone())).await
        })
        .await;
    let found = world
        .run(async |tx| path(tx, &End::Lead(lead), &acme, &Ask::default()).await)
        .await
        .unwrap();
    let ends: Vec<_> = found.into_iter().map(|step| step.end).collect();
    assert_eq!(ends, [End::Lead(lead), ada.clone(), acme]);
    for end in &ends {
        let read: End = serde_json::from_str(&serde_json::to_string(end).unwrap()).unwrap();
        assert_eq!(read, *end);
    }
    // Of the neighbour's nobody is there.
    for (from, to) in [(End::Lead(lead), ada), (End::Contact(ContactId::new()), End::Lead(lead))] {
        let new = New::between(from, Kind::ReferredBy, to);
        let refused =
            world.db.run(world.neighbour.clone(), async |tx| lead_link::add(tx, new).await).await;
        assert!(matches!(refused, Err(Error::NotFound(_))), "{refused:?}");
    }
    // A contact that is deleted is not met either.
    let all = "update contacts set deleted_at = now()";
    world.owner.execute_unprepared(all).await.unwrap();
    let acme = End::Customer(populate::client());
    let near = world.run(async |tx| neighbours(tx, &acme, &Neighbours::default()).await).await;
    assert!(near.items.is_empty());
}

#[tokio::test]
async fn a_link_holds_from_when_it_is_said_to_but_not_from_later_on() {
    let world = World::new().await;
    let p = people(&world, 2).await;
    let ask = |by: TimeDelta| New {
        since: Some(world.context.now + by),
        ..New::between(End::Lead(p[0]), Kind::ReportsTo, End::Lead(p[1]))
    };
    let later = ask(TimeDelta::microseconds(1));
    let refused = world.db.run(world.context.clone(), async |tx| lead_link::add(tx, later).await);
    assert!(matches!(refused.await, Err(Error::Invalid { ref field, .. }) if field == "since"));
    let now = ask(TimeDelta::zero());
    let made = world.run(async |tx| lead_link::add(tx, now).await).await;
    assert_eq!(made.started_at, world.context.now);
}

/// Somebody whom 10,000 people are linked to.
async fn hub(world: &World) -> LeadId {
    let hub = people(world, 1).await[0];
    let tenant = world.context.tenant;
    let crowd = format!(
        "insert into leads (tenant_id, id, first_name, last_name, phone_number, tags, status_since)
         select '{tenant}', md5('hub' || n)::uuid, 'f', 'l', '+1312' || 2000000 + n, '{{}}', now()
         from generate_series(1, 10000) n;
         insert into lead_links (tenant_id, id, kind, from_lead_id, to_lead_id, started_at)
         select '{tenant}', gen_random_uuid(), 'referred_by', md5('hub' || n)::uuid, '{hub}', now()
         from generate_series(1, 10000) n; analyze leads; analyze lead_links"
    );
    world.owner.execute_unprepared(&crowd).await.unwrap();
    hub
}

#[tokio::test]
async fn a_hub_of_ten_thousand_links_is_paged_crossed_counted_and_merged_in_bounded_time() {
    let world = World::new().await;
    let hub = hub(&world).await;
    let began = std::time::Instant::now();
    let mut ask = Neighbours { limit: 1000, ..Neighbours::default() };
    let mut seen = std::collections::BTreeSet::new();
    loop {
        let page = world.run(async |tx| neighbours(tx, &End::Lead(hub), &ask).await).await;
        seen.extend(page.items.into_iter().map(|n| n.link));
        match page.next {
            Some(after) => ask.after = Some(after),
            None => break,
        }
    }
    assert_eq!(seen.len(), 10_000);
    let counted = world.run(async |tx| influence(tx, &End::Lead(hub), 10).await).await;
    assert_eq!((counted.len(), counted[0].people), (1, 10_000));
    let other: LeadId = world
        .strings("select id::text from leads where first_name = 'f' order by id limit 1")
        .await[0]
        .parse()
        .unwrap();
    let last: LeadId = world
        .strings("select id::text from leads where first_name = 'f' order by id desc limit 1")
        .await[0]
        .parse()
        .unwrap();
    assert_eq!(way(&world, other, last, 2).await, Some(vec![other, hub, last]));
    // Further on everybody is met again, and that ends it.
    let stranger = world.run(async |tx| somebody(tx, 7).await).await;
    let found = world.db.read(world.context.clone(), async |tx| {
        path(tx, &End::Lead(hub), &End::Lead(stranger), &Ask::default()).await
    });
    assert!(matches!(found.await, Err(Error::Invalid { .. })));
    let merge =
        world.run(async |tx| lead_merge::merge(tx, stranger, hub, &Choice::default()).await).await;
    let counted = world.run(async |tx| influence(tx, &End::Lead(stranger), 1).await).await;
    assert_eq!(counted[0].people, 10_000);
    world.run(async |tx| lead_merge::undo(tx, merge.id, "another one").await).await;
    let counted = world.run(async |tx| influence(tx, &End::Lead(hub), 1).await).await;
    assert_eq!(counted[0].people, 10_000);
    assert!(began.elapsed().as_secs() < 120, "{:?}", began.elapsed());
}
