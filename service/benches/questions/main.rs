//! What the questions cost, each beside the same SQL sent by a bare driver.
//!
//! `cargo bench -p service` prints two tables. `KEEL_BENCH_ROWS` is the size of the larger tenants.
//! `cargo bench -p service -- ledger` measures the ledger alone, `-- imports` imports and `-- leads` leads; with `DATABASE_URL`, on a server whose
//! commits are flushed, which those of the private one are not.

mod ask;
mod imports;
mod leads;
mod ledger;
mod load;
mod runs;
mod table;
mod writes;

use std::{
    env, fs, thread,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use devpg::Server;
use entity::id::TenantId;
use migration::scratch;
use service::{Actor, Context, Db, Options};
use tokio_postgres::{Client, NoTls};

use ask::{Ask, Bare};
use load::Tenants;
use table::{Line, Targets, Times};

type Failable<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How often a question is asked at the most, and for how long in all.
const ROUNDS: usize = 2000;
const ROUNDS_OF_MANY: usize = 300;
const PATIENCE: Duration = Duration::from_secs(12);
const WARM_UP: usize = 100;
/// How often each side asks before it is another's turn, unless one answer takes very long.
const TURN: usize = 10;
const VERY_LONG: Duration = Duration::from_millis(200);

/// One line of the table for each size.
struct Case {
    name: &'static str,
    ask: Ask,
    of: fn(&Tenants) -> TenantId,
    days_later: i64,
    /// How many rows the answer has.
    rows: usize,
    targets: Targets,
}

impl Case {
    const fn of_busy(name: &'static str, ask: Ask, rows: usize, targets: Targets) -> Self {
        Self { name, ask, of: |tenants| tenants.busy, days_later: 0, rows, targets }
    }

    const fn of_quiet(name: &'static str, ask: Ask, targets: Targets) -> Self {
        Self { name, ask, of: |tenants| tenants.quiet, days_later: 0, rows: 0, targets }
    }

    const fn late(mut self) -> Self {
        self.days_later = 60;
        self.rows = 0;
        self
    }
}

const fn within(p99: f64) -> Targets {
    Targets { p99: Some(p99), ratio: None }
}

const NONE: Targets = Targets { p99: None, ratio: None };

const CASES: &[Case] = &[
    Case::of_busy("deal by id", Ask::Deal, 1, Targets { p99: Some(0.5), ratio: Some(1.35) }),
    Case::of_busy("deals of a stage, 50", Ask::Deals, 50, Targets { p99: None, ratio: Some(1.25) }),
    Case::of_busy("stalled, 50 of many", Ask::Stalled, 50, within(5.0)),
    Case::of_quiet("stalled, none", Ask::Stalled, within(5.0)),
    Case::of_quiet("stalled, none: a step planned (late)", Ask::Stalled, within(5.0)).late(),
    Case::of_busy("quotes due, 50 of many", Ask::Quotes, 50, within(5.0)),
    Case::of_quiet("quotes due, none", Ask::Quotes, within(5.0)),
    Case::of_quiet("quotes due, none: expired (late)", Ask::Quotes, within(5.0)).late(),
    Case::of_busy("dnc check, 1", Ask::Check(1), 1, within(0.5)),
    Case::of_busy("dnc check, 1,000", Ask::Check(1000), 1000, within(10.0)),
    Case::of_busy("pattern breaks, 50 of many", Ask::Breaks, 50, NONE),
    Case::of_quiet("pattern breaks, none", Ask::Breaks, NONE),
    Case::of_busy("pattern breaks, none: old (late)", Ask::Breaks, 0, NONE).late(),
    Case::of_busy("feedback due, 50 of many", Ask::Feedback, 50, within(5.0)),
    Case::of_quiet("feedback due, none", Ask::Feedback, within(5.0)),
    Case::of_busy("signals unactioned, 50 of many", Ask::Signals, 50, within(5.0)),
    Case::of_quiet("signals unactioned, none", Ask::Signals, within(5.0)),
    Case::of_busy("compliance due, 50 of many", Ask::Compliance, 50, within(5.0)),
    Case::of_quiet("compliance due, none", Ask::Compliance, within(5.0)),
];

#[tokio::main]
async fn main() -> Failable<()> {
    let server = Server::start()?;
    let name = format!("keel_bench_{}", std::process::id());
    let made = scratch::migrated(&server, &name).await?;
    let (app, admin) = (server.url_as("keel_app", &name), server.url(&name));
    // In a task, as a server would: the threads of the runtime are as near as they can be.
    let measured = tokio::spawn(async move { Box::pin(measure(&app, &admin)).await }).await?;
    scratch::drop(&server, &name, made).await?;
    println!("{}", measured?);
    Ok(())
}

async fn measure(app: &str, admin: &str) -> Failable<String> {
    if env::args().any(|asked| asked == "ledger") {
        let deeds = ledger::measure(app).await?;
        let facts = facts(&connect(admin).await?).await?;
        return Ok(format!("{facts}\n\n{}", table::table_of_deeds(&deeds)));
    }
    if env::args().any(|asked| asked == "imports") {
        let db = Db::connect(app, &Options::default()).await?;
        let deeds = Box::pin(imports::measure(&db)).await?;
        let facts = facts(&connect(admin).await?).await?;
        return Ok(format!("{facts}\n\n{}", table::table_of_deeds(&deeds)));
    }
    if env::args().any(|asked| asked == "leads") {
        let (db, owner) = (Db::connect(app, &Options::default()).await?, connect(admin).await?);
        let deeds = Box::pin(leads::measure(&db, &owner)).await?;
        return Ok(format!("{}\n\n{}", facts(&owner).await?, table::table_of_deeds(&deeds)));
    }
    let larger = env::var("KEEL_BENCH_ROWS").ok().map_or(Ok(1_000_000), |rows| rows.parse())?;
    let (on, off, rest) = (connect(app).await?, connect(admin).await?, connect(app).await?);
    let began = Instant::now();
    let sizes = load::load(&off, &[10_000, larger]).await?;
    eprintln!("loaded in {:.0?}", began.elapsed());
    let db = Db::connect(app, &Options::default()).await?;
    let mut imports = Box::pin(imports::measure(&db)).await?;
    imports.extend(Box::pin(leads::measure(&db, &off)).await?);
    let runs = runs::measure(&db, &off, larger.min(1_000_000)).await?;
    let mut lines = Vec::new();
    for case in CASES {
        for tenants in &sizes {
            eprintln!("{} of {}", case.name, tenants.rows);
            lines.push(line(&db, [&on, &off, &rest], case, tenants).await?);
        }
    }
    let largest = sizes.last().ok_or("no tenants")?;
    let mut deeds = writes::measure(&db, [&on, &off, &rest], largest.busy).await?;
    deeds.extend(runs);
    deeds.extend(imports);
    deeds.extend(ledger::measure(app).await?);
    let facts = facts(&off).await?;
    db.close().await;
    Ok(format!("{}\n\n{}", table::table(&facts, &lines), table::table_of_deeds(&deeds)))
}

async fn connect(url: &str) -> Failable<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    client.batch_execute("set plan_cache_mode = force_generic_plan").await?; // as the service does
    Ok(client)
}

/// The three sides take turns, so that noise hits all alike, and ask for other rows each time, so
/// that nobody finds what another has just read.
async fn line(
    db: &Db,
    [on, off, rest]: [&Client; 3],
    case: &Case,
    tenants: &Tenants,
) -> Failable<Line> {
    let (ask, rows) = (case.ask, tenants.rows);
    let context = Context {
        tenant: (case.of)(tenants),
        actor: Actor::System("bench"),
        now: load::now() + TimeDelta::days(case.days_later),
    };
    let on = Bare::prepare(on, db, ask, &context).await?;
    let off = Bare::prepare(off, db, ask, &context).await?;
    let most = if matches!(ask, Ask::Check(2..)) { ROUNDS_OF_MANY } else { ROUNDS };
    let mut times = [const { Vec::new() }; 3];
    let mut turns = 0..;
    for (least, most, patience) in [(1, WARM_UP, PATIENCE / 4), (TURN, most, PATIENCE)] {
        times.iter_mut().for_each(Vec::clear);
        let began = Instant::now();
        while times[0].len() < most && (times[0].len() < least || began.elapsed() < patience) {
            for (side, times) in times.iter_mut().enumerate() {
                for turn in turns.by_ref().take(TURN) {
                    rest.batch_execute("").await?; // meanwhile the service takes its leave
                    let (found, took) = match side {
                        0 => ask.of_service(db, &context, rows, turn).await?,
                        1 => on.ask(rows, turn).await?,
                        _ => off.ask(rows, turn).await?,
                    };
                    if found != case.rows {
                        let why = format!("{}: {found} rows, not {}", case.name, case.rows);
                        return Err(why.into());
                    }
                    times.push(took);
                    if took > VERY_LONG {
                        break;
                    }
                }
            }
        }
    }
    let [service, bare, off] = times.map(Times::new);
    Ok(Line { name: case.name, rows, targets: case.targets, service, bare, off })
}

/// What the figures depend on.
async fn facts(client: &Client) -> Failable<String> {
    let sql = "select format('PostgreSQL %s, shared_buffers %s, synchronous_commit %s, fsync %s',
        current_setting('server_version'), current_setting('shared_buffers'),
        current_setting('synchronous_commit'), current_setting('fsync'))";
    let postgres: String = client.query_one(sql, &[]).await?.get(0);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |model| model.trim_matches(['\t', ' ', ':']));
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let cores = thread::available_parallelism()?;
    Ok(format!("{postgres}; {cores} cores, {model}; load {load} at the end"))
}
