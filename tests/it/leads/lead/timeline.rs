//! All that happened to a lead, in one list.

use chrono::TimeDelta;
use integration::World;
use service::{
    Error,
    leads::lead::{self, Because, Change, EventKind, New, Status, Update, timeline},
};

#[tokio::test]
async fn everything_is_there_once_latest_first_however_small_the_pages() {
    let world = World::new().await;
    world.populate(&world.neighbour).await;
    let id = world
        .run(async |tx| Ok(lead::create(tx, New::named("Ada", "Byron", "+12125550001")).await?.id))
        .await;
    let hours = |n| world.later(TimeDelta::hours(n));
    let because = Because::manual(Some("she called"));
    world
        .run_as(&hours(1), async |tx| lead::move_to(tx, id, Status::Contacted, &because).await)
        .await;
    // Two at one instant.
    world
        .run_as(&hours(2), async |tx| {
            lead::move_to(tx, id, Status::Hot, &Because::manual(None)).await?;
            let seen = lead::get(tx, id).await?;
            let change = Update::of(&seen, vec![Change::City(Some("London".to_owned()))]);
            lead::update(tx, id, &change).await.map(drop)
        })
        .await;
    let told = async |now: i64, limit| {
        let (mut all, mut after, mut pages) = (vec![], None, 0);
        loop {
            let page =
                world.run_as(&hours(now), async |tx| timeline(tx, id, limit, after).await).await;
            all.extend(page.items);
            pages += 1;
            after = page.next;
            if after.is_none() {
                return (all, pages);
            }
        }
    };
    let (all, _) = told(3, 100).await;
    let kinds: Vec<_> = all.iter().map(|e| (e.kind, e.what.as_str(), e.to.as_deref())).collect();
    assert_eq!(
        kinds,
        [
            (EventKind::Status, "status", Some("hot")),
            (EventKind::Change, "city", Some("London")),
            (EventKind::Status, "status", Some("contacted")),
            (EventKind::Status, "status", Some("new")),
            (EventKind::Change, "created", None),
        ]
    );
    assert_eq!((all[2].from.as_deref(), all[2].note.as_deref()), (Some("new"), Some("she called")));
    assert_eq!(all[2].actor.as_deref(), Some("system:test"));
    assert_eq!(told(3, 1).await, (all.clone(), 5));
    assert_eq!(told(3, 2).await.0, all);
    // What comes later is not yet there.
    assert_eq!(told(1, 2).await.0, all[2..]);
}

#[tokio::test]
async fn a_lead_that_is_not_there_has_no_timeline() {
    let world = World::new().await;
    let id = world
        .run(async |tx| {
            let id = lead::create(tx, New::named("Ada", "Byron", "+12125550001")).await?.id;
            lead::delete(tx, id, "gone").await?;
            Ok(id)
        })
        .await;
    for who in [&world.context, &world.neighbour] {
        let done = world.db.read(who.clone(), async |tx| timeline(tx, id, 9, None).await).await;
        assert!(matches!(done, Err(Error::NotFound("lead"))));
    }
    let done =
        world.db.read(world.context.clone(), async |tx| timeline(tx, id, 0, None).await).await;
    assert!(matches!(done, Err(Error::Invalid { field, .. }) if field == "limit"));
}

/// Each row of each table that tells of a lead, told once.
#[tokio::test]
async fn every_table_that_tells_of_a_lead_is_in_its_timeline() {
    let world = World::new().await;
    world.populate(&world.context).await;
    world.populate(&world.neighbour).await;
    let later = world.later(TimeDelta::days(30));
    let told = world
        .run_as(&later, async |tx| {
            let mut told = vec![];
            for lead in lead::list(tx, &lead::List::default()).await?.items {
                told.extend(timeline(tx, lead.id, 1000, None).await?.items);
            }
            Ok(told)
        })
        .await;
    for (kind, table) in [
        (EventKind::Change, "lead_audit_log"),
        (EventKind::Status, "lead_status_history"),
        (EventKind::Step, "lead_sequence_enrollment_steps"),
        (EventKind::Score, "lead_score_history"),
        (EventKind::Assignment, "lead_assignments"),
        (EventKind::Activity, "lead_activities"),
        (EventKind::Call, "call_attempts"),
    ] {
        let but = if kind == EventKind::Change { "and field_name <> 'status'" } else { "" };
        let ids = format!(
            "select t.id::text from {table} t join leads l on l.tenant_id = t.tenant_id
                and l.id = t.lead_id and l.deleted_at is null
             where t.tenant_id = '{}' {but} order by 1",
            world.context.tenant
        );
        let expected = world.strings(&ids).await;
        let of_kind = told.iter().filter(|event| event.kind == kind);
        let mut found: Vec<_> = of_kind.map(|event| event.id.to_string()).collect();
        found.sort();
        assert_eq!(found, expected, "{table}");
        assert!(!found.is_empty() || kind == EventKind::Call, "{table}");
    }
}
