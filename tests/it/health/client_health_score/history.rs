//! Giving a client to somebody else, and the seed's own questions about the day.

use integration::{World, populate::email};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use service::{
    Context, Error, Result, Tx,
    health::{
        client_health_score::{self, OwnerChange, Zone},
        intervention::Trigger,
    },
};

use super::{OFTEN, client, compute, get, open};

async fn give(world: &World, to: &str) -> Result<OwnerChange> {
    let kim = email("kim@a.example");
    let work = async |tx: &Tx| client_health_score::change_owner(tx, &kim, to, Some("moved")).await;
    world.db.run(world.context.clone(), work).await
}

#[tokio::test]
async fn a_client_who_changes_hands_twice_is_looked_after_and_each_change_is_on_record() {
    let world = World::new().await;
    assert!(matches!(give(&world, "Ann").await, Err(Error::NotFound("client"))));
    let rows = "select count(*)::text from contact_owner_history";
    assert_eq!(world.strings(rows).await, ["0"], "of nobody there is no record");
    world.run(async |tx| client(tx, "kim@a.example", &OFTEN, 5).await).await;
    compute(&world, &world.context).await;

    let first = give(&world, "Ann").await.unwrap();
    assert!(!first.should_intervene && first.intervention.is_none());
    let record = first.history.unwrap();
    assert_eq!((record.old_owner, record.new_owner.as_str()), (None, "Ann"));
    assert_eq!(
        (record.health_before, record.health_zone_before),
        (Some(86.into()), Some(Zone::Purple))
    );
    assert_eq!((record.reason.as_deref(), record.triggered_intervention), (Some("moved"), false));
    assert_eq!((first.client.owner_change_count, first.client.previous_owner), (1, None));

    // Whoever has the client already gets nothing.
    let same = give(&world, "Ann").await.unwrap();
    assert!(same.history.is_none() && !same.should_intervene);
    assert_eq!(same.client.owner_change_count, 1);
    assert_eq!(world.strings(rows).await, ["1"]);

    let second = give(&world, "Bob").await.unwrap();
    assert!(second.should_intervene);
    let logged = second.intervention.unwrap();
    assert_eq!(
        (logged.triggered_by, logged.assigned_coach.as_deref()),
        (Trigger::OwnerChange, Some("Bob"))
    );
    assert_eq!(second.history.unwrap().intervention_id, Some(logged.id));
    let kim = get(&world, "kim@a.example").await;
    assert_eq!(
        (kim.assigned_coach.as_deref(), kim.previous_owner.as_deref()),
        (Some("Bob"), Some("Ann"))
    );
    assert_eq!((kim.owner_change_count, kim.owner_changed_at), (2, Some(world.context.now)));
    // The first one's time has ended, and is known by how the client stood then.
    let ended = "select health_zone_after from contact_owner_history where new_owner = 'Ann'";
    assert_eq!(world.strings(ended).await, ["PURPLE"]);
}

#[tokio::test]
async fn an_owner_has_a_name() {
    let world = World::new().await;
    world.run(async |tx| open(tx, "kim@a.example").await).await;
    for wrong in ["", " ", &"x".repeat(201)] {
        let said = give(&world, wrong).await;
        assert!(matches!(said, Err(Error::Invalid { field, .. }) if field == "new_owner"));
    }
}

#[tokio::test]
async fn the_seeds_questions_about_a_day_are_answered_for_the_tenant_that_asks() {
    let world = World::new().await;
    world
        .run(async |tx| {
            client(tx, "well@a.example", &OFTEN, 5).await?; // 86
            client(tx, "never@a.example", &[], 5).await?; // 44
            client(tx, "worse@a.example", &[], 0).await?; // 20, 30, 30: 8 + 9 + 9 = 26
            open(tx, "unknown@a.example").await
        })
        .await;
    compute(&world, &world.context).await;
    let ask = async |who: &Context, sql: &str| -> Vec<String> {
        let sql = Statement::from_string(DbBackend::Postgres, sql);
        let read = async |tx: &Tx| {
            let rows = tx.query_all_raw(sql).await?;
            rows.iter().map(|row| Ok(row.try_get_by_index::<String>(0)?)).collect()
        };
        world.db.read(who.clone(), read).await.unwrap()
    };
    let zones =
        "select health_zone || ' ' || client_count from get_zone_distribution('2026-03-02')";
    assert_eq!(ask(&world.context, zones).await, ["PURPLE 1", "RED 2"]);
    // (86 + 44 + 26) / 3
    let mean = "select get_overall_avg('2026-03-02')::text";
    assert_eq!(ask(&world.context, mean).await, ["52.00"]);
    let at_risk =
        "select concat_ws(' ', client_email, health_score) from get_at_risk_clients('2026-03-02')";
    assert_eq!(
        ask(&world.context, at_risk).await,
        ["worse@a.example 26.00", "never@a.example 44.00"]
    );
    // The service says the same of now, the greatest risk first: "never" and "worse" are both
    // 50 + 30 + 25 = 105, capped at 100, and in the order in which they came.
    let service = async |tx: &Tx| client_health_score::at_risk(tx, 10).await;
    let named = |all: Vec<client_health_score::Model>| -> Vec<String> {
        all.into_iter().map(|client| client.email.as_str().to_owned()).collect()
    };
    let listed = named(world.run(service).await);
    assert_eq!(listed, ["never@a.example", "worse@a.example"]);
    assert!(named(world.run_as(&world.neighbour, service).await).is_empty());
    // A deleted customer's client is in none of them.
    let gone = format!(
        "insert into customers (tenant_id, client_id, client_name, company_name,
                                contract_start_date, deleted_at)
         values ('{t}', 'cs_9_gone', 'Gone', 'Gone', '2026-01-01', now());
         update client_health_scores set client_id = 'cs_9_gone'
         where tenant_id = '{t}' and email = 'worse@a.example'",
        t = world.context.tenant
    );
    world.owner.execute_unprepared(&gone).await.unwrap();
    assert_eq!(ask(&world.context, zones).await, ["PURPLE 1", "RED 1"]);
    assert_eq!(ask(&world.context, mean).await, ["65.00"]); // (86 + 44) / 2
    assert_eq!(ask(&world.context, at_risk).await, ["never@a.example 44.00"]);
    let other_day = at_risk.replace("03-02", "03-03");
    assert!(ask(&world.context, &other_day).await.is_empty());
    assert!(ask(&world.neighbour, at_risk).await.is_empty());
}
