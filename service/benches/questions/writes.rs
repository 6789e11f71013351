//! What a write costs, and how much of a deal's move is its record.

use std::{
    env,
    fs::{self, OpenOptions},
    io::{Seek as _, SeekFrom, Write as _},
    time::{Duration, Instant},
};

use entity::{
    id::{ClientId, ContactId, DealId, TaskId, TenantId},
    sales::{
        deal::{Column, Entity},
        task::ActiveModel,
    },
};
use sea_orm::{ColumnTrait as _, IntoActiveModel as _, QueryFilter as _, QuerySelect as _, Set};
use service::{
    Actor, Context, Db, Error, Tx,
    sales::{
        deal::{self, Stage},
        opportunity_signal::{self, SignalType, Source},
        task::{self, Priority, Status},
    },
};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{
    Failable, load,
    table::{Deed, Times},
};

/// How often each thing is written.
const ROUNDS: u64 = 1000;
const WARM_UP: u64 = 100;
/// How often each side writes before it is another's turn.
const TURN: u64 = 10;
/// How many rows a batch has.
const BATCH: u64 = 20;

/// Something to be written, and kept.
#[derive(Clone, Copy)]
enum Write {
    /// One task.
    Task,
    /// So many at once.
    Tasks,
    /// One sign, in a contact's mail.
    Signal,
    /// So many, one after the other in one transaction.
    Signals,
}

/// What writing costs one tenant.
pub async fn measure(
    db: &Db,
    [on, admin, rest]: [&Client; 3],
    tenant: TenantId,
) -> Failable<Vec<Deed>> {
    let context = Context { tenant, actor: Actor::System("bench"), now: load::now() };
    let mut deeds = vec![flush()?];
    for (name, write, target) in [
        ("insert: a task", Write::Task, Some(1.0)),
        ("insert: a signal in a contact's mail", Write::Signal, Some(1.0)),
        ("batch: 20 tasks at once", Write::Tasks, Some(5.0)),
        ("batch: 20 signals one by one", Write::Signals, None),
    ] {
        eprintln!("{name}");
        let bare = Bare::prepare(on, &context, write).await?;
        let mut times = [const { Vec::new() }; 2];
        let mut turns = 0..;
        for rounds in [WARM_UP, ROUNDS] {
            times.iter_mut().for_each(Vec::clear);
            for _ in 0..rounds / TURN {
                for turn in turns.by_ref().take(usize::try_from(TURN)?) {
                    rest.batch_execute("").await?; // meanwhile the service takes its leave
                    times[0].push(write.by_service(db, &context, turn).await?);
                }
                for _ in 0..TURN {
                    rest.batch_execute("").await?;
                    if let Some(bare) = &bare {
                        times[1].push(bare.write().await?);
                    }
                }
            }
        }
        let [service, by_bare] = times.map(Times::new);
        deeds.push(Deed { bare: bare.map(|_| by_bare), ..Deed::new(name, service, target) });
    }
    deeds.extend(moves(db, admin, rest, &context).await?);
    Ok(deeds)
}

/// How long the disk takes to keep a page that Postgres would write at a commit.
fn flush() -> Failable<Deed> {
    let path = env::temp_dir().join(format!("keel_bench_flush_{}", std::process::id()));
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).open(&path)?;
    let page = [1; 8192];
    file.write_all(&page)?;
    file.sync_all()?;
    let mut times = Vec::new();
    for _ in 0..500 {
        let began = Instant::now();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&page)?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    fs::remove_file(&path)?;
    Ok(Deed::new("the disk: 8 KiB written and synced", Times::new(times), None))
}

impl Write {
    async fn by_service(self, db: &Db, context: &Context, turn: u64) -> Failable<Duration> {
        let who = context.clone();
        let client = ClientId::parse("cs_1_acme").map_err(|_| "no client")?;
        let mail = |at: u64| {
            let contact = ContactId(load::nth(at % 1000));
            opportunity_signal::New {
                source: Source::email(&format!("bench-{turn}-{at}"), contact),
                signal_type: SignalType::Urgency,
                context: opportunity_signal::Context::default(),
                extracted_text: Some("as soon as possible".to_owned()),
            }
        };
        let began = Instant::now();
        match self {
            Self::Task => {
                let mut new = task::New::titled("Call them", Priority::Normal);
                new.client_id = Some(client);
                db.run(who, async |tx| task::open(tx, new).await).await.map(drop)?;
            }
            Self::Tasks => {
                let rows = (0..BATCH).map(|_| row(&client, context)).collect();
                db.run(who, async |tx| tx.insert_many::<ActiveModel>(rows).await).await?;
            }
            Self::Signal => {
                let record =
                    async |tx: &Tx| opportunity_signal::record(tx, mail(BATCH + turn)).await;
                db.run(who, record).await.map(drop)?;
            }
            Self::Signals => {
                let record = async |tx: &Tx| {
                    for at in 0..BATCH {
                        opportunity_signal::record(tx, mail(at)).await?;
                    }
                    Ok(())
                };
                db.run(who, record).await?;
            }
        }
        Ok(began.elapsed())
    }
}

fn row(client: &ClientId, context: &Context) -> ActiveModel {
    ActiveModel {
        id: Set(TaskId::new()),
        client_id: Set(Some(client.clone())),
        title: Set("Call them".to_owned()),
        priority: Set(Priority::Normal),
        status: Set(Status::Pending),
        created_at: Set(context.now),
        updated_at: Set(context.now),
        ..Default::default()
    }
}

/// The same row or rows on a connection without a service around it.
struct Bare<'a> {
    client: &'a Client,
    context: &'a Context,
    insert: tokio_postgres::Statement,
    rows: u64,
}

impl<'a> Bare<'a> {
    /// Only what takes a single statement has a floor.
    async fn prepare(
        client: &'a Client,
        context: &'a Context,
        write: Write,
    ) -> Failable<Option<Self>> {
        let (rows, returning) = match write {
            Write::Task => (1, " returning *"),
            Write::Tasks => (BATCH, ""),
            Write::Signal | Write::Signals => return Ok(None),
        };
        let values = (0..rows)
            .map(|row| format!("($1, ${}, $3, 'Call them', 'normal', 'pending', $2, $2)", row + 4));
        let text = format!(
            "insert into tasks
                 (tenant_id, id, client_id, title, priority, status, created_at, updated_at)
             values {}{returning}",
            values.collect::<Vec<_>>().join(", ")
        );
        let insert = client.prepare(&text).await?;
        Ok(Some(Self { client, context, insert, rows }))
    }

    async fn write(&self) -> Failable<Duration> {
        let began = Instant::now();
        let (tenant, now) = (self.context.tenant.0, self.context.now);
        let begin = format!("begin; select keel.set_tenant('{tenant}')");
        self.client.batch_execute(&begin).await?;
        let ids: Vec<Uuid> = (0..self.rows).map(|_| Uuid::now_v7()).collect();
        let client = "cs_1_acme";
        let mut bound: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> =
            vec![&tenant, &now, &client];
        bound.extend(ids.iter().map(|id| id as &(dyn tokio_postgres::types::ToSql + Sync)));
        self.client.query(&self.insert, &bound).await?;
        self.client.batch_execute("commit").await?;
        Ok(began.elapsed())
    }
}

/// How a deal is moved.
#[derive(Clone, Copy)]
enum Move {
    /// As the service does.
    Recorded,
    /// The service's own record alone.
    WithoutTrigger,
    /// None.
    Unrecorded,
}

/// In turns of so many moves, the first of which are not timed, since a trigger that comes or goes
/// has every statement planned anew.
const MOVES: (usize, usize) = (10, 40);

/// How much of a move is its record: the service's row, and the trigger that looks for it.
async fn moves(db: &Db, admin: &Client, rest: &Client, context: &Context) -> Failable<Vec<Deed>> {
    const TURNS: usize = 15;
    let ways = [
        (Move::Recorded, "deal moved"),
        (Move::WithoutTrigger, "deal moved, trigger off"),
        (Move::Unrecorded, "deal moved, trigger off, no record"),
    ];
    let sql = "select id from deals where tenant_id = $1 and stage in ('lead', 'qualified')
               order by id limit $2";
    let enough = i64::try_from(TURNS * ways.len() * (MOVES.0 + MOVES.1))?;
    let deals = admin.query(sql, &[&context.tenant.0, &enough]).await?;
    let mut deals = deals.iter().map(|row| DealId(row.get(0)));
    let mut times = [const { Vec::new() }; 3];
    for turn in 0..TURNS {
        eprintln!("moves, turn {turn}");
        for (at, (way, _)) in ways.iter().enumerate() {
            let verb = if matches!(way, Move::Recorded) { "enable" } else { "disable" };
            let alter = format!("alter table deals {verb} trigger deal_stage_change");
            admin.batch_execute(&alter).await?;
            for n in 0..MOVES.0 + MOVES.1 {
                let deal = deals.next().ok_or("too few deals to be moved")?;
                rest.batch_execute("").await?;
                let who = context.clone();
                let began = Instant::now();
                let to = async |tx: &Tx| match way {
                    Move::Unrecorded => unrecorded(tx, deal).await,
                    _ => deal::move_to(tx, deal, TO, None).await,
                };
                let moved = db.run(who, to).await?;
                let took = began.elapsed();
                if moved.stage != TO {
                    return Err("the deal was not moved".into());
                }
                if n >= MOVES.0 {
                    times[at].push(took);
                }
            }
        }
    }
    admin.batch_execute("alter table deals enable trigger deal_stage_change").await?;
    let [recorded, without, unrecorded] = times.map(Times::new);
    let over = |less: &Times| recorded.percentile(50) - less.percentile(50);
    let (trigger, all) = (over(&without), over(&unrecorded));
    let mark = if all > OVERHEAD { '*' } else { ' ' };
    let said =
        format!("recording costs {all:.3}{mark} (target {OVERHEAD}), the trigger {trigger:.3}");
    let deeds = ways.into_iter().zip([recorded, without, unrecorded]);
    let deeds = deeds.map(|((_, name), times)| Deed::new(name, times, None));
    let mut deeds: Vec<_> = deeds.collect();
    if let Some(first) = deeds.first_mut() {
        first.said = said;
    }
    Ok(deeds)
}

const TO: Stage = Stage::Negotiation;
/// What the record of a move may cost, in milliseconds.
const OVERHEAD: f64 = 0.2;

/// What `deal::move_to` does with a deal that stays open, but for the record.
async fn unrecorded(tx: &Tx, id: DealId) -> service::Result<deal::Model> {
    let found = tx
        .find::<Entity>()
        .filter(Column::Id.eq(id))
        .filter(Column::DeletedAt.is_null())
        .lock_exclusive()
        .one(tx)
        .await?;
    let mut row = found.ok_or(Error::NotFound("deal"))?.into_active_model();
    row.stage = Set(TO);
    row.stage_entered_at = Set(tx.now());
    row.stalled_at = Set(None);
    row.follow_up_count = Set(0);
    row.next_follow_up_at = Set(None);
    row.follow_up_claim = Set(None);
    row.follow_up_lease_until = Set(None);
    row.updated_at = Set(tx.now());
    row.actual_close_date = Set(None);
    row.lost_reason = Set(None);
    tx.update(row).await
}
