//! Imports that meet each other, other writers, and their end.

use std::sync::Arc;

use integration::World;
use sea_orm::ConnectionTrait;
use service::{
    Error,
    leads::{
        lead::{self, New},
        lead_import::{Ask, Outcome, Progress},
    },
};

use super::{import_as, outcomes, people};

async fn count(world: &World, sql: &str) -> String {
    world.strings(&format!("select count(*)::text from {sql}")).await.remove(0)
}

#[tokio::test]
async fn the_same_file_from_two_hands_at_once_is_imported_once() {
    let world = World::new().await;
    let table = people(1500, 0);
    let ask = Ask::default();
    let one = || import_as(&world, &world.context, &table, &ask);
    let (a, b, c) = tokio::join!(one(), one(), one());
    let done = [a.unwrap(), b.unwrap(), c.unwrap()];
    assert_eq!(done.iter().filter(|done| !done.again).count(), 1);
    assert!(done.iter().all(|one| one.import == done[0].import));
    assert_eq!(count(&world, "leads").await, "1500");
    assert_eq!(count(&world, "lead_imports").await, "1");
}

#[tokio::test]
async fn two_files_with_people_in_common_make_each_of_them_one_lead() {
    let world = World::new().await;
    // In opposite orders, so that each would have what the other waits for.
    let (first, mut second) = (people(1500, 0), people(1500, 500));
    let head = second.split('\n').next().unwrap().to_owned();
    let mut rows: Vec<_> = second.lines().skip(1).map(str::to_owned).collect();
    rows.reverse();
    second = format!("{head}\n{}\n", rows.join("\n"));
    let ask = Ask::default();
    let (a, b) = tokio::join!(
        import_as(&world, &world.context, &first, &ask),
        import_as(&world, &world.context, &second, &ask)
    );
    let (a, b) = (a.unwrap().import, b.unwrap().import);
    assert_eq!(a.imported + b.imported, 2000);
    assert_eq!(a.duplicates_of_leads + b.duplicates_of_leads, 1000);
    assert_eq!(count(&world, "leads").await, "2000");
}

#[tokio::test]
async fn a_lead_that_somebody_makes_meanwhile_is_a_duplicate_and_no_error() {
    let world = World::new().await;
    let table = people(1000, 0);
    // She is made, and not yet kept, when the import looks for her.
    let (begin, keep) =
        (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
    let (begun, kept) = (Arc::clone(&begin), Arc::clone(&keep));
    let other = world.db.run(world.context.clone(), async |tx| {
        let made = lead::create(tx, New::named("P", "Q", "+12062000700")).await?;
        begun.notify_one();
        kept.notified().await;
        Ok(made)
    });
    let ask = Ask::default();
    let import = async {
        begin.notified().await;
        let waits = async {
            let waiting =
                "pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
            while count(&world, waiting).await == "0" {
                tokio::task::yield_now().await;
            }
            keep.notify_one();
        };
        tokio::join!(import_as(&world, &world.context, &table, &ask), waits).0
    };
    let (made, done) = tokio::join!(other, import);
    let (made, import) = (made.unwrap(), done.unwrap().import);
    assert_eq!((import.imported, import.duplicates_of_leads), (999, 1));
    let told = outcomes(&world, &import).await;
    assert_eq!(told[700].1, Outcome::DuplicateOfLead);
    let id = format!("lead_import_rows where lead_id = '{}' and row_no = 701", made.id);
    assert_eq!(count(&world, &id).await, "1");
    assert_eq!(count(&world, "leads").await, "1000");
}

#[tokio::test]
async fn an_import_whose_connection_is_killed_leaves_nothing_and_can_be_done_again() {
    let world = World::new().await;
    let table = people(5000, 0);
    let progress = Arc::new(Progress::default());
    let ask = Ask { progress: Some(Arc::clone(&progress)), ..Ask::default() };
    let kill = async {
        while progress.done() < 1000 {
            tokio::task::yield_now().await;
        }
        let all = "select pg_terminate_backend(pid) from pg_stat_activity
                   where usename = 'keel_app' and datname = current_database() and state <> 'idle'";
        world.owner.execute_unprepared(all).await.unwrap();
    };
    let (done, ()) = tokio::join!(import_as(&world, &world.context, &table, &ask), kill);
    let error = done.unwrap_err();
    assert!(matches!(error, Error::Database(_)), "{error}");
    for of in ["leads", "lead_imports", "lead_import_rows", "lead_tags", "lead_status_history"] {
        assert_eq!(count(&world, of).await, "0", "{of}");
    }
    let again = import_as(&world, &world.context, &table, &Ask::default()).await.unwrap();
    assert!(!again.again);
    assert_eq!(again.import.imported, 5000);
}
