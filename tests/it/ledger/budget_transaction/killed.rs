//! Sixty-four writers on one account, whose connections are cut at random.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use integration::{SERVER, World};
use migration::run;
use sea_orm::ConnectionTrait;
use service::{
    Context, Db, Error, Options,
    entity::id::BudgetAccountId,
    ledger::{
        budget_account,
        budget_transaction::{self, Model, Post},
    },
};

use super::super::{account, balance, cents, dollars};

const WRITERS: usize = 64;
const EACH: usize = 40;

/// Cuts connections of the application's in this database, some thirty a second.
fn killer(world: &World, stop: &Arc<AtomicBool>) -> tokio::task::JoinHandle<u64> {
    let (url, name, stop) = (SERVER.url(&world.name), world.name.clone(), Arc::clone(stop));
    tokio::spawn(async move {
        let admin = run::connect(&url).await.unwrap();
        let mut cut = 0;
        let kill = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = '{name}' and usename = 'keel_app' order by random() limit 1"
        );
        while !stop.load(Ordering::Relaxed) {
            cut += admin.execute_unprepared(&kill).await.unwrap().rows_affected();
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        cut
    })
}

/// What a writer asks for under a key: mostly debits, some of them too large, some credits, and now
/// and then both at once.
fn posts(id: BudgetAccountId, writer: usize, n: usize) -> Vec<Post> {
    let key = format!("{writer} {n}");
    let amount = i64::try_from((writer * 7 + n * 13) % 40 + 1).unwrap();
    match n % 8 {
        0 => vec![Post::Credit(dollars(id, amount, &key))],
        1 => vec![
            Post::Credit(dollars(id, 1, &format!("{key} a"))),
            Post::Debit(dollars(id, amount, &key)),
        ],
        _ => vec![Post::Debit(dollars(id, amount, &key))],
    }
}

/// Asks for each until it is told yes or no, whatever becomes of the connection, and sometimes again.
async fn write(
    db: Db,
    who: Context,
    id: BudgetAccountId,
    writer: usize,
    told: Arc<Mutex<Vec<Model>>>,
) {
    for n in 0..EACH {
        let mut again = n % 5 == 0;
        loop {
            let asked = posts(id, writer, n);
            let done = db
                .run(who.clone(), async |tx| budget_transaction::post_many(tx, asked).await)
                .await;
            match done {
                Ok(entries) => {
                    told.lock().unwrap().extend(entries);
                    if !again {
                        break;
                    }
                    again = false;
                }
                Err(Error::Conflict(why)) if why.contains("available") => break,
                Err(Error::Database(_)) => tokio::time::sleep(Duration::from_millis(2)).await,
                Err(error) => panic!("{error:?}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_writers_whose_connections_are_cut_none_loses_or_doubles_an_entry() {
    let world = World::new().await;
    let options = Options { max_connections: 64, ..Options::default() };
    let db = Db::connect(&SERVER.url_as("keel_app", &world.name), &options).await.unwrap();
    let id = account(&world, 30_000).await;
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::new(Mutex::new(vec![]));
    let killer = killer(&world, &stop);
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let who = world.context.clone();
            tokio::spawn(write(db.clone(), who, id, writer, Arc::clone(&told)))
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let cut = killer.await.unwrap();
    assert!(cut > 20, "connections were cut: {cut}");
    // The one that looks now may have been cut as well.
    let look = async |tx: &service::Tx| budget_account::get(tx, id).await;
    while world.db.read(world.context.clone(), look).await.is_err() {}

    // The sum is the balance, the numbers have no gap, and each follows on the one before it.
    let left = balance(&world, id).await;
    assert!(left >= 0);
    let low = world.strings("select min(balance_after_usd)::text from budget_transactions").await;
    assert!(!low[0].starts_with('-'), "the floor was crossed: {low:?}");
    // What was acknowledged is there as it was told, and is there once; and there is nothing else.
    let told = std::mem::take(&mut *told.lock().unwrap());
    let stored = world
        .strings(
            "select id || ' ' || entry_no || ' ' || balance_after_usd from budget_transactions",
        )
        .await;
    let stored: HashSet<_> = stored.into_iter().collect();
    let acknowledged: HashSet<_> = told
        .iter()
        .map(|e| format!("{} {} {:.2}", e.id, e.entry_no, e.balance_after_usd))
        .collect();
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert_eq!(stored.len(), acknowledged.len() + 1, "and the one that it began with");
    let told: HashSet<_> = told.iter().map(|e| (e.id, e.amount_usd)).collect();
    let sum: rust_decimal::Decimal = told.iter().map(|(_, amount)| *amount).sum();
    assert_eq!(cents(30_000) + sum, cents(left));
}
