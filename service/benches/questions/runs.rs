//! What it costs to look at all of a tenant's clients, and to do a tenant's work of an hour.

use std::{
    fs,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use entity::id::TenantId;
use service::{
    Actor, Context, Db, Tx,
    engine::run::{self, Limits},
    health::{client_health_score, pattern},
};
use tokio_postgres::Client;

use crate::{
    Failable, load,
    table::{Deed, Times},
};

const CLIENTS: u64 = 10_000;
/// How many sessions each of them had.
const SESSIONS: u64 = 20;
/// How often all of them are looked at, on as many days.
const DAYS: i64 = 3;
/// What it may cost to look at all of them, in milliseconds.
const ALL: f64 = 5000.0;

/// What the runs cost; before anything else is measured, so that this process has little memory
/// yet.
pub async fn measure(db: &Db, admin: &Client, calls: u64) -> Failable<Vec<Deed>> {
    let tenant = TenantId::new();
    let sql = WATCHED
        .replace("{tenant}", &tenant.to_string())
        .replace("{clients}", &CLIENTS.to_string())
        .replace("{calls}", &calls.to_string())
        .replace("{sessions}", &(SESSIONS * CLIENTS).to_string())
        .replace("{now}", &format!("timestamptz '{}'", load::NOW));
    admin.batch_execute(&sql).await?;
    admin.batch_execute("vacuum (analyze)").await?;
    let context = Context { tenant, actor: Actor::System("bench"), now: load::now() };
    let patterns = async |tx: &Tx| {
        let seen = pattern::analyse(tx, &pattern::Analyse::default()).await?;
        Ok((seen.looked_at, seen.failed.len()))
    };
    let scores = async |tx: &Tx| {
        let ask = client_health_score::Compute::default();
        let seen = client_health_score::compute(tx, &ask).await?;
        Ok((seen.looked_at, seen.failed.len()))
    };
    let name = format!("patterns of {CLIENTS}, {calls} calls");
    let mut deeds = vec![all(db, &context, name, patterns).await?];
    let name = format!("scores of {CLIENTS}, {} sessions", SESSIONS * CLIENTS);
    deeds.push(all(db, &context, name, scores).await?);
    deeds.push(due(db, admin).await?);
    admin.batch_execute("vacuum (analyze)").await?;
    admin.batch_execute("checkpoint").await?;
    Ok(deeds)
}

/// Looks at all clients, some at a time, until nobody is left; and again on the next days.
async fn all(
    db: &Db,
    context: &Context,
    name: String,
    some: impl AsyncFn(&Tx) -> service::Result<(usize, usize)>,
) -> Failable<Deed> {
    eprintln!("{name}");
    let (mut times, mut grown) = (Vec::new(), [0.0; 3]);
    for day in 0..DAYS {
        let today = Context { now: context.now + TimeDelta::days(day), ..context.clone() };
        let before = Memory::begin()?;
        let began = Instant::now();
        let mut looked_at = 0;
        let mut first = None;
        loop {
            let (seen, failed) = db.run(today.clone(), &some).await?;
            if failed > 0 {
                return Err(format!("{name}: {failed} failed").into());
            }
            if seen == 0 {
                break;
            }
            looked_at += seen;
            first = first.or(Some(before.grown()?));
        }
        times.push(began.elapsed());
        if looked_at != usize::try_from(CLIENTS)? {
            return Err(format!("{name}: {looked_at} looked at").into());
        }
        grown = match day {
            0 => [before.grown()?, first.unwrap_or_default(), 0.0],
            _ => [grown[0], grown[1], before.grown()?.max(grown[2])],
        };
    }
    let [whole, first, later] = grown;
    let said = format!(
        "memory grew by {whole:.1} MiB, {first:.1} of it with the first transaction; \
         on later days by {later:.1}"
    );
    Ok(Deed { said, ..Deed::new(&name, Times::new(times), Some(ALL)) })
}

/// Does what is due on a Monday morning for some small tenants, about a hundred messages each.
async fn due(db: &Db, admin: &Client) -> Failable<Deed> {
    eprintln!("what is due");
    let limits =
        Limits { deal_follow_ups: 40, quote_follow_ups: 30, feedback: 30, ..Limits::default() };
    let (mut times, mut said): (Vec<Duration>, _) = (Vec::new(), String::new());
    for _ in 0..6 {
        let tenant = TenantId::new();
        admin.batch_execute("set session_replication_role = replica").await?;
        load::fill(admin, 600, tenant, true).await?;
        admin.batch_execute("reset session_replication_role").await?;
        let now = load::now() + TimeDelta::hours(2);
        let context = Context { tenant, actor: Actor::System("bench"), now };
        let began = Instant::now();
        let report = run::run_due(db, &context, &limits).await?;
        times.push(began.elapsed());
        if let Some(piece) = report.pieces.iter().find(|piece| piece.error.is_some()) {
            return Err(format!("{:?}: {:?}", piece.step, piece.error).into());
        }
        let handled: usize = report.pieces.iter().map(|piece| piece.handled).sum();
        said = format!(
            "{} messages decided upon, {handled} things done in {} transactions",
            report.decided().count(),
            report.pieces.len()
        );
    }
    times.remove(0); // the first had every statement prepared
    Ok(Deed { said, ..Deed::new("all that is due for a small tenant", Times::new(times), None) })
}

/// How much memory this process had at a time.
pub struct Memory(f64);

impl Memory {
    /// Forgets what it once had.
    pub fn begin() -> Failable<Self> {
        fs::write("/proc/self/clear_refs", "5")?;
        Ok(Self(mebibytes("VmRSS:")?))
    }

    /// By how many mebibytes it was larger at the most since then.
    pub fn grown(&self) -> Failable<f64> {
        Ok(mebibytes("VmHWM:")? - self.0)
    }
}

fn mebibytes(of: &str) -> Failable<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(of)).ok_or("no such line")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes / 1024.0)
}

/// The clients of one tenant, and their calls and sessions of the last months.
const WATCHED: &str = "
set session_replication_role = replica;

insert into tenants (id, name) values ('{tenant}', 'Watched');

insert into client_health_scores (tenant_id, id, email, firstname, lastname, sessions_purchased,
                                  outstanding_sessions)
select '{tenant}', pg_temp.nth(n), 'client' || n || '@example.com', 'Kim', 'Client ' || n, 20,
       n % 20
from generate_series(0, {clients} - 1) n;

insert into call_records (tenant_id, id, client_email, call_date, call_type, status, created_at)
select '{tenant}', pg_temp.nth(n), 'client' || n % {clients} || '@example.com', called,
       case when n % 3 = 0 then 'EMAIL' else 'PHONE' end,
       case when n % 7 = 0 then 'NO_ANSWER' else 'COMPLETED' end, called
from (select n, {now} - random() * interval '98 days' as called
      from generate_series(0, {calls} - 1) n) made;

insert into client_sessions (tenant_id, id, client_email, held_at, status, created_at)
select '{tenant}', pg_temp.nth(n), 'client' || n % {clients} || '@example.com', held,
       case when n % 7 = 0 then 'no_show' else 'attended' end, held
from (select n, {now} - random() * interval '120 days' as held
      from generate_series(0, {sessions} - 1) n) made;

reset session_replication_role;";
