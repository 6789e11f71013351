//! A morning at a tenant's: what Keel knows about a year of its business, and what it does about it.
//!
//! `cargo run -p service --example briefing` starts a server of its own, which is gone at the end.
//! With `DATABASE_URL` it makes the database `keel_briefing` on that server, in place of any
//! of that name, and leaves it there.

mod answers;
mod calls;
mod claims;
mod compliance;
mod day;
mod feedback;
mod health;
mod leads;
mod mail;
mod print;
mod world;

use std::{collections::BTreeMap, error::Error, fmt, time::Instant};

use chrono::{DateTime, Utc};
use chrono_tz::{America::Los_Angeles, Europe::Berlin};
use devpg::Server;
use entity::{health::client_health_score, id::TenantId};
use migration::{
    run::{self, Verb},
    scratch,
};
use sea_orm::{ConnectionTrait, DbBackend, PaginatorTrait, Statement};
use service::{
    Actor, Context, Db, Options,
    health::pattern::{self, Analyse},
    sales::{self, quote},
};

use crate::{
    answers::Reader,
    print::{Paper, count, grouped},
    world::{Letter, Lines, Setting, Size, World},
};

const DATABASE: &str = "keel_briefing";

/// A Wednesday morning in Hamburg.
const NOW: &str = "2026-03-04T09:40:00Z";

/// Why the briefing ended early, and what that came from.
pub struct Failure(Box<dyn Error + Send + Sync>);

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// How `main` prints it.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        let mut source = self.0.source();
        while let Some(error) = source {
            let more = error.to_string();
            if !said.contains(&more) {
                said = format!("{said}: {more}");
            }
            source = error.source();
        }
        f.write_str(&said)
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (began, now) = (Instant::now(), NOW.parse::<DateTime<Utc>>()?);
    let size = Size {
        customers: 400,
        deals: 10_000,
        quotes: 3_600,
        listed: 2_000,
        clients: 500,
        orders: 500,
        letters: 30,
    };
    let ours = Setting {
        name: "Alsterwerk Software",
        domain: "alsterwerk.example",
        zone: Berlin,
        region: "DE",
        currency: "EUR",
        now,
        size,
        seed: 2026,
    };
    let theirs = Setting {
        name: "Bayside Systems",
        domain: "bayside.example",
        zone: Los_Angeles,
        region: "US",
        currency: "USD",
        size: Size {
            customers: 60,
            deals: 1_500,
            quotes: 540,
            listed: 300,
            clients: 75,
            orders: 60,
            letters: 0,
        },
        seed: 1848,
        ..ours
    };
    let context = |actor| Context { tenant: TenantId::new(), actor: Actor::System(actor), now };
    let (context, neighbour) = (context("briefing"), context("neighbour"));

    let mut paper = Paper::new();
    let local = now.with_timezone(&ours.zone).format("%A, %-d %B %Y, %H:%M");
    paper.title("KEEL", &format!("{}  ·  {local}  ·  {}", ours.name, ours.zone))?;

    let server = prepare(&mut paper).await?;
    let options = Options { max_connections: 8, ..Options::default() };
    let db = Db::connect(&server.url_as("keel_app", DATABASE), &options).await?;

    let tenants = [(&ours, &context), (&theirs, &neighbour)];
    let (lines, letters) = load(&server, &db, &mut paper, tenants).await?;
    let reader = Reader { db: &db, context: &context, zone: ours.zone, currency: ours.currency };
    let escalated = compliance::until_now(&reader, &mut paper).await?;
    night(&db, &mut paper, &context).await?;
    health::score(&reader, &mut paper).await?;

    reader.stalled_deals(&mut paper).await?;
    reader.velocity(&mut paper).await?;
    reader.due_quotes(&mut paper).await?;
    calls::numbers(&reader, &mut paper, &lines).await?;
    reader.breaks(&mut paper).await?;
    feedback::due(&reader, &mut paper).await?;
    feedback::answers(&reader, &mut paper).await?;
    mail::read(&reader, &mut paper, &letters).await?;
    compliance::due(&reader, &mut paper, escalated).await?;
    health::at_risk(&reader, &mut paper).await?;
    let sellers = leads::until_now(&reader).await?;
    leads::import(&reader, &mut paper, &sellers).await?;
    leads::funnel(&reader, &mut paper).await?;
    leads::roi(&reader, &mut paper).await?;
    leads::balance(&reader, &mut paper, &sellers).await?;
    claims::ten(&reader, &mut paper).await?;
    day::work(&reader, &mut paper).await?;
    wall(&server, &db, &mut paper, tenants).await?;

    db.close().await;
    paper.heading("That is all")?;
    let how = if cfg!(debug_assertions) { "All of it, in a debug build" } else { "All of it" };
    paper.done(how, began.elapsed())?;
    match server.database() {
        Some(_) => paper.line(&format!("  The database {DATABASE} stays for you to look at.\n"))?,
        None => paper.line("  The server and its files are gone when you read this.\n")?,
    }
    Ok(())
}

/// A server, a database of its own on it, and the schema.
async fn prepare(paper: &mut Paper) -> Result<Server, Failure> {
    let began = Instant::now();
    let server = Server::start()?;
    let admin = scratch::database(&server, DATABASE).await?;
    let version = scratch::strings(&admin, "show server_version").await?.concat();
    admin.close().await?;
    let version = version.split(' ').next().unwrap_or_default();
    paper.done(&format!("PostgreSQL {version}, with a new database"), began.elapsed())?;
    let (began, mut steps) = (Instant::now(), 0_u32);
    let options = run::Options::default();
    run::run(&server.url(DATABASE), Verb::Up(None), options, |_| steps += 1).await?;
    paper.done(&format!("{} applied", count(steps, "migration")), began.elapsed())?;
    Ok(server)
}

/// Draws and loads both tenants; the numbers that the first has to do with.
async fn load(
    server: &Server,
    db: &Db,
    paper: &mut Paper,
    tenants: [(&Setting, &Context); 2],
) -> Result<(Lines, Vec<Letter>), Failure> {
    let began = Instant::now();
    let [ours, theirs] = tenants.map(|(setting, _)| World::draw(setting));
    let (ours, theirs) = (ours?, theirs?);
    let (lines, calls, rows) = (ours.lines(), ours.calls(), [ours.rows(), theirs.rows()]);
    let bar = print::bar("Loading", rows.iter().sum())?;
    let [(setting, context), (next_door, neighbour)] = tenants;
    let letters = ours.load(db, context, setting, &bar).await?;
    theirs.load(db, neighbour, next_door, &bar).await?;
    bar.finish_and_clear();
    let admin = run::connect(&server.url(DATABASE)).await?;
    admin.execute_unprepared("analyze").await?; // the autovacuum would, in a minute or so
    admin.close().await?;
    let Size { deals, quotes, listed, clients, orders, .. } = setting.size;
    let what = format!(
        "{}, {}, {}, {}, {} with {}",
        count(deals, "deal"),
        count(quotes, "quote"),
        count(orders, "order"),
        count(listed, "number"),
        count(clients, "client"),
        count(calls, "call")
    );
    paper.done(&what, began.elapsed())?;
    let [own, other] = rows.map(grouped);
    paper.line(&format!("  a year in {own} rows, and next door {other} of {}", next_door.name))?;
    Ok((lines, letters))
}

/// What is done while nobody looks: quotes expire, stalls are recorded, calls are compared.
async fn night(db: &Db, paper: &mut Paper, context: &Context) -> Result<(), Failure> {
    let began = Instant::now();
    let expired = db.run(context.clone(), async |tx| quote::expire(tx, 1000).await).await?;
    let stalled = db.run(context.clone(), async |tx| sales::deal::mark_stalled(tx, 1000).await);
    let stalled = stalled.await?;
    let what =
        format!("{} expired, {} recorded", count(expired.len(), "quote"), count(stalled, "stall"));
    paper.done(&what, began.elapsed())?;
    let (began, mut clients, mut found) = (Instant::now(), 0, BTreeMap::<_, usize>::new());
    let watched = db.read(context.clone(), async |tx| {
        Ok(tx.find::<client_health_score::Entity>().count(tx).await?)
    });
    let bar = print::bar("Analysis", usize::try_from(watched.await?)?)?;
    let some = Analyse { limit: 50, ..Analyse::default() };
    loop {
        let done = db.run(context.clone(), async |tx| pattern::analyse(tx, &some).await).await?;
        if done.looked_at == 0 {
            break;
        }
        if let Some(failed) = done.failed.into_iter().next() {
            return Err(failed.error.into());
        }
        clients += done.looked_at;
        bar.inc(done.looked_at as u64);
        for (status, clients) in done.found {
            let word = format!("{status:?}");
            *found.entry(word).or_default() += clients;
        }
    }
    bar.finish_and_clear();
    let of = |status: &str| found.get(status).copied().unwrap_or_default();
    let what = format!(
        "{} analysed: {} as usual, {} above, {} below, {} broken, {} too new",
        count(clients, "client"),
        of("Normal"),
        of("AbovePattern"),
        of("BelowPattern"),
        of("PatternBreak"),
        of("InsufficientData")
    );
    paper.done(&what, began.elapsed())?;
    Ok(())
}

/// That each tenant sees its own deals and no others, in a query that does not say whose it wants.
async fn wall(
    server: &Server,
    db: &Db,
    paper: &mut Paper,
    tenants: [(&Setting, &Context); 2],
) -> Result<(), Failure> {
    const ALL: &str = "select count(*) from deals";
    let admin = run::connect(&server.url(DATABASE)).await?;
    let there = scratch::strings(&admin, "select count(*)::text from deals").await?.concat();
    admin.close().await?;
    paper.heading("And next door?")?;
    for (setting, context) in tenants {
        let began = Instant::now();
        let seen = db.read(context.clone(), async |tx| {
            let row = tx.query_one_raw(Statement::from_string(DbBackend::Postgres, ALL)).await?;
            Ok(row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?)
        });
        let seen = seen.await?.unwrap_or_default();
        if seen != i64::from(setting.size.deals) {
            return Err(format!("{} sees {seen} deals", setting.name).into());
        }
        let seen = grouped(seen);
        let what = format!("“{ALL}” tells {} {seen} of the {}", setting.name, grouped(&there));
        paper.done(&what, began.elapsed())?;
    }
    Ok(())
}
