//! Making the checks of those that are named.

use integration::{World, populate::acme};
use service::{
    Error, Tx,
    compliance::{
        compliance_check::{self, Waive, Waiver},
        compliance_schedule::{self, Field, Fields, Generate, Named, New, Target, create_checks},
    },
};

use super::{
    super::{days, generate, monthly, register, somebody},
    by_function, open,
};

fn named(id: &str) -> Named {
    Named { id: id.to_owned(), name: None }
}

#[tokio::test]
async fn those_that_are_named_get_a_check_and_a_stranger_none() {
    let world = World::new().await;
    world.run(async |tx| acme(tx).await).await;
    let schedule = open(&world, New::quarterly("license renewal")).await;
    let vendors = open(&world, New { target: Target::Vendor, ..New::quarterly("profile") }).await;
    let create = async |id, of: Vec<Named>| {
        world.db.run(world.context.clone(), async |tx| create_checks(tx, id, of).await).await
    };
    let made = create(schedule.id, vec![named("cs_1_acme"), named("cs_1_acme")]).await.unwrap();
    assert_eq!(made.len(), 1);
    assert!(create(schedule.id, vec![named("cs_1_acme")]).await.unwrap().is_empty());
    let stranger = create(schedule.id, vec![named("cs_9_who")]).await;
    assert!(matches!(stranger, Err(Error::NotFound("customer or contact"))));
    assert_eq!(create(vendors.id, vec![named("V-1"), named("V-2")]).await.unwrap().len(), 2);
    // The calendar has nothing to make of vendors.
    let made = generate(&world, &world.later(days(60))).await;
    assert!(made.failed.is_empty());
    let by_calendar =
        async |tx: &Tx| compliance_schedule::generate(tx, vendors.id, &Generate::default()).await;
    let refused = world.db.run(world.context.clone(), by_calendar).await;
    assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "target"));
}

#[tokio::test]
async fn the_sql_function_makes_the_same_checks_and_counts_those_that_it_made() {
    let world = World::new().await;
    let (_, as_boss) = somebody(&world, "boss", "manager").await;
    let (mut ours, mut theirs) = (vec![], vec![]);
    world
        .run(async |tx| {
            for n in 0..6 {
                register(tx, n).await?;
            }
            Ok(())
        })
        .await;
    for first in ["2026-03-31", "2026-03-07", "2026-02-28"] {
        let new = New {
            adjust: compliance_schedule::Adjust::Following,
            required_fields: Fields(vec![Field::Industry]),
            ..monthly(first)
        };
        ours.push(open(&world, new.clone()).await.id);
        theirs.push(open(&world, new).await.id);
    }
    // The first of each has a waiver that stands for the period that follows.
    for id in [&ours, &theirs].into_iter().flatten() {
        let waive = Waive {
            reason: "closed".to_owned(),
            scope: Waiver::Until("2026-05-15".parse().unwrap()),
        };
        world
            .run_as(&as_boss, async |tx| {
                let made = create_checks(tx, *id, vec![named("cs_0_c")]).await?;
                compliance_check::waive(tx, made[0], waive).await?;
                compliance_schedule::advance(tx, *id).await
            })
            .await;
    }
    let ids = ["cs_0_c", "cs_1_c", "cs_4_c"];
    for (ours, theirs) in ours.iter().zip(&theirs) {
        for expected in [3, 0] {
            let of = ids.map(named).to_vec();
            let made = world.run(async |tx| create_checks(tx, *ours, of).await).await;
            assert_eq!(made.len(), expected);
            let entities = ids.map(|id| format!("{{\"id\": \"{id}\"}}")).join(", ");
            let sql = format!(
                "select create_compliance_checks_from_schedule('{theirs}', '[{entities}]', '{}')::text",
                world.context.now.to_rfc3339()
            );
            let counted = by_function(&world, &world.context, &sql).await.unwrap();
            assert_eq!(counted, expected.to_string());
        }
        let rows = async |id| {
            let sql = format!(
                "select (to_jsonb(c) - 'id' - 'schedule_id' - 'waived_under' - 'updated_at')::text
                     || (select string_agg(e.kind, ' ' order by e.kind)
                         from compliance_check_events e where e.check_id = c.id)
                 from compliance_checks c where schedule_id = '{id}' order by 1"
            );
            world.strings(&sql).await
        };
        assert_eq!(rows(theirs).await, rows(ours).await);
    }
    let unknown = "select create_compliance_checks_from_schedule(gen_random_uuid(), '[]')::text";
    assert!(by_function(&world, &world.context, unknown).await.is_err());
    let stranger = format!(
        "select create_compliance_checks_from_schedule('{}', '[{{\"id\": \"cs_9_who\"}}]')::text",
        theirs[0]
    );
    assert!(by_function(&world, &world.context, &stranger).await.is_err());
    assert!(by_function(&world, &world.neighbour, &stranger).await.is_err());
}
