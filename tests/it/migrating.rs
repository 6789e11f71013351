//! Migrating: one at a time, losing nothing, again and again.

use std::time::Duration;

use entity::schema::tables as tables_of_ours;
use integration::{SERVER, World, name, strings};
use migration::{
    HISTORY,
    run::{self, Options, Verb},
    scratch,
};
use sea_orm::{ConnectionTrait, TransactionTrait};

#[tokio::test(flavor = "multi_thread")]
async fn migrators_that_come_at_once_wait_for_each_other_and_each_step_is_done_once() {
    let name = name();
    let db = scratch::database(&SERVER, &name).await.unwrap();
    let url = SERVER.url(&name);
    let migrators: Vec<_> = (0..4)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move {
                let mut steps = 0;
                run::run(&url, Verb::Up(None), Options::default(), |_| steps += 1).await?;
                Ok::<_, sea_orm::DbErr>(steps)
            })
        })
        .collect();
    let mut done = 0;
    for migrator in migrators {
        done += migrator.await.unwrap().unwrap();
    }
    assert_eq!(done, HISTORY.len());
    let applied = strings(&db, "select version::text from seaql_migrations order by 1").await;
    assert_eq!(applied, HISTORY.iter().map(|m| m.name).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_way_back_that_would_lose_rows_is_refused_and_nothing_is_lost() {
    let world = World::new().await;
    world.populate(&world.context).await;
    let url = SERVER.url(&world.name);
    let refused = run::run(&url, Verb::Reset, Options::default(), |_| {}).await;
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("--yes-drop-data"), "{said}");
    let named = said.split("would drop ").nth(1).unwrap();
    let named: String = named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let holds = world.strings(&format!("select (count(*) > 0)::text from {named}")).await;
    assert_eq!(holds, ["true"], "it names the first that holds something: {said}");
    assert_eq!(world.strings("select count(*)::text from call_records").await, ["1"]);
    let fresh = run::run(&url, Verb::Fresh, Options::default(), |_| {}).await;
    assert!(fresh.unwrap_err().to_string().contains("--yes-drop-data"));

    run::run(&url, Verb::Fresh, Options { yes_drop_data: true }, |_| {}).await.unwrap();
    assert_eq!(world.strings("select count(*)::text from call_records").await, ["0"]);
}

#[tokio::test]
async fn a_migrator_that_was_killed_leaves_what_the_next_one_can_finish() {
    for (killed_after, migration) in HISTORY.iter().enumerate() {
        let name = name();
        let db = scratch::database(&SERVER, &name).await.unwrap();
        let url = SERVER.url(&name);
        let steps = u32::try_from(killed_after).unwrap();
        run::run(&url, Verb::Up(Some(steps)), Options::default(), |_| {}).await.unwrap();
        // The next one dies in the middle of its step, its connection with it.
        let dying = run::connect(&url).await.unwrap();
        let step = dying.begin().await.unwrap();
        let sql = migration.up;
        if !sql.contains("-- keel: as the migrator") {
            step.execute_unprepared("set role keel_owner").await.unwrap();
        }
        step.execute_unprepared(sql).await.unwrap();
        let kill = "select pg_terminate_backend(pid, 5000)::text from pg_stat_activity
                    where datname = current_database() and state = 'idle in transaction'";
        assert_eq!(strings(&db, kill).await, ["true"]);
        drop(step);

        run::run(&url, Verb::Up(None), Options::default(), |_| {}).await.unwrap();
        assert!(run::status(&url).await.unwrap().iter().all(|(_, applied)| *applied));
    }
}

#[tokio::test]
async fn a_step_that_finds_its_table_locked_tries_again_and_does_not_queue_for_long() {
    let world = World::new().await;
    let url = SERVER.url(&world.name);
    let back = Options { yes_drop_data: true };
    let tables = HISTORY.iter().rev().position(|m| m.name.ends_with("_health_tables")).unwrap();
    let steps = u32::try_from(tables + 1).unwrap();
    run::run(&url, Verb::Down(steps), back, |_| {}).await.unwrap();
    let reader = run::connect(&url).await.unwrap();
    let reading = reader.begin().await.unwrap();
    // The tables of the next step refer to this one.
    reading.execute_unprepared("lock table customers in row exclusive mode").await.unwrap();
    let migrating = tokio::spawn({
        let url = url.clone();
        async move { run::run(&url, Verb::Up(None), Options::default(), |_| {}).await }
    });
    tokio::time::sleep(Duration::from_millis(2500)).await; // longer than it waits for a lock
    reading.rollback().await.unwrap();
    migrating.await.unwrap().unwrap();
    assert!(run::status(&url).await.unwrap().iter().all(|(_, applied)| *applied));
}

#[tokio::test]
async fn what_would_be_run_can_be_read_first_and_running_it_by_hand_comes_to_the_same() {
    let name = name();
    let db = scratch::database(&SERVER, &name).await.unwrap();
    let url = SERVER.url(&name);
    let sql = run::sql(&url).await.unwrap();
    for migration in HISTORY {
        assert!(sql.contains(migration.name));
    }
    let tables = "select count(*)::text from pg_class where relkind = 'r'
                  and relnamespace = 'public'::regnamespace";
    assert_eq!(strings(&db, tables).await, ["0"], "it only prints");
    db.execute_unprepared(&sql).await.unwrap();
    assert_eq!(strings(&db, tables).await, [tables_of_ours().len().to_string()]);
}
