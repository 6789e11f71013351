//! How many entries a second one account takes, from how many who write at once.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use entity::{
    email::Email,
    id::{BudgetAccountId, TenantId},
    zone::Zone,
};
use rust_decimal::Decimal;
use service::{
    Actor, Context, Db, Options,
    ledger::{
        budget_account,
        budget_transaction::{self, New, Post},
    },
    tenancy::{tenant, user},
};

use crate::{
    Failable, load,
    table::{Deed, Times},
};

/// How long each way of writing is watched, after a while that is not.
const WATCHED: Duration = Duration::from_secs(8);
const WARM_UP: Duration = Duration::from_secs(2);
/// How many entries a second are to come of 64 writers.
const TARGET: f64 = 1000.0;

/// Writers on one account: how many, and how many entries each posts in a transaction.
const WAYS: [(&str, usize, usize); 4] = [
    ("ledger: 1 writer, 1 account", 1, 1),
    ("ledger: 64 writers, 1 account", 64, 1),
    ("ledger: 64 writers, batches of 8", 64, 8),
    ("ledger: 1 writer, batches of 100", 1, 100),
];

/// What writing to the ledger costs.
pub async fn measure(app: &str) -> Failable<Vec<Deed>> {
    let options = Options { max_connections: 64, ..Options::default() };
    let db = Db::connect(app, &options).await?;
    let who = Context { tenant: TenantId::new(), actor: Actor::System("bench"), now: load::now() };
    let new = tenant::New::named("ledger", Zone::utc());
    db.run(who.clone(), async |tx| tenant::open(tx, new).await).await?;
    let mut deeds = vec![];
    for (at, (name, writers, batch)) in WAYS.into_iter().enumerate() {
        eprintln!("{name}");
        let account = account(&db, &who, at).await?;
        let began = Instant::now() + WARM_UP;
        let writing = (0..writers).map(|writer| {
            let (db, who) = (db.clone(), who.clone());
            let key = Arc::from(format!("{at} {writer}"));
            tokio::spawn(write(db, who, account, key, batch, began))
        });
        let mut times = vec![];
        for writer in writing.collect::<Vec<_>>() {
            times.extend(writer.await??);
        }
        let entries = f64::from(u32::try_from(times.len() * batch)?);
        let rate = entries / WATCHED.as_secs_f64();
        let mark = if writers == 64 && rate < TARGET { "*" } else { "" };
        let books =
            db.read(who.clone(), async |tx| budget_account::reconcile(tx, account).await).await?;
        if !books.in_order() {
            return Err(format!("{name}: the books are not in order: {books:?}").into());
        }
        let mut deed = Deed::new(name, Times::new(times), None);
        deed.said = format!("{rate:.0}{mark} entries a second");
        deeds.push(deed);
    }
    db.close().await;
    Ok(deeds)
}

/// An account with enough on it.
async fn account(db: &Db, who: &Context, at: usize) -> Failable<BudgetAccountId> {
    let new = user::New {
        email: Email::parse(&format!("payer{at}@bench.example")).map_err(|_| "no address")?,
        name: "Payer".to_owned(),
        role: "bench".to_owned(),
    };
    let opened = db.run(who.clone(), async |tx| {
        let user = user::add(tx, new).await?;
        let account = budget_account::open(tx, budget_account::New::of(user.id, "USD")).await?;
        let much = Decimal::from(1_000_000);
        let new = New::of(account.id, much, "USD", "to begin with", &format!("begin {at}"));
        budget_transaction::credit(tx, new).await?;
        Ok(account.id)
    });
    Ok(opened.await?)
}

/// Posts debits of a cent until the time is over; how long each transaction took.
async fn write(
    db: Db,
    who: Context,
    account: BudgetAccountId,
    key: Arc<str>,
    batch: usize,
    began: Instant,
) -> service::Result<Vec<Duration>> {
    let new = |n: usize, of: usize| {
        New::of(account, Decimal::new(1, 2), "USD", "a text", &format!("{key} {n} {of}"))
    };
    let mut times = vec![];
    for n in 0.. {
        let start = Instant::now();
        if batch == 1 {
            db.run(who.clone(), async |tx| budget_transaction::debit(tx, new(n, 0)).await).await?;
        } else {
            let posts = (0..batch).map(|of| Post::Debit(new(n, of))).collect();
            db.run(who.clone(), async |tx| budget_transaction::post_many(tx, posts).await).await?;
        }
        let end = Instant::now();
        if end > began + WATCHED {
            break;
        }
        if end > began {
            times.push(end - start);
        }
    }
    Ok(times)
}
