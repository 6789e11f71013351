//! A day of work: what would be done at this hour, that it is done, and that all of it is sent once.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use entity::engine::{
    outbox::{Column, Entity, State, Topic},
    run::Step,
};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use service::{
    Actor, Context, Db,
    engine::{self, Limits, Report, outbox},
    sales::deal::Claims,
};
use tokio::task::JoinSet;

use crate::{
    Failure,
    answers::Reader,
    claims::WORKERS,
    print::{
        Paper,
        Side::{Left, Right},
        count, fair, plain,
    },
};

pub async fn work(reader: &Reader<'_>, paper: &mut Paper) -> Result<(), Failure> {
    paper.heading("A day's work, decided by four workers at once and sent by four")?;
    let began = Instant::now();
    let planned = engine::dry_run(reader.db, reader.context, &Limits::default()).await?;
    let took = began.elapsed();
    list(paper, &planned)?;
    let planned = keys(&planned);
    let what = format!("{} would be decided upon now", count(planned.len(), "message"));
    paper.done(&what, took)?;

    let began = Instant::now();
    let reports = at_once(reader, decide).await?;
    let took = began.elapsed();
    let decided: usize = reports.values().map(|report| report.decided().count()).sum();
    let kept: BTreeSet<_> = reports.values().flat_map(keys).collect();
    if decided != kept.len() || kept != planned {
        let (planned, both) = (planned.len(), kept.intersection(&planned).count());
        let why = format!("{planned} were planned and {decided} decided upon, {both} of them both");
        return Err(why.into());
    }
    paper.done("Four workers have decided upon these, each once, and upon no others", took)?;

    let began = Instant::now();
    let sent = at_once(reader, drain).await?;
    let took = began.elapsed();
    verify(reader, &planned, &sent).await?;
    let again = engine::dry_run(reader.db, reader.context, &Limits::default()).await?;
    if again.decided().next().is_some() {
        return Err("what was decided upon would be decided upon once more".into());
    }
    let each = sent.iter().map(|(name, keys)| format!("{name} {}", keys.len()));
    let each: Vec<_> = each.collect();
    let what = format!("All were sent, each once, and none waits: {}", each.join(", "));
    paper.done(&what, took)?;
    Ok(())
}

fn keys(report: &Report) -> BTreeSet<String> {
    report.decided().map(|decided| decided.key.clone()).collect()
}

/// Has each worker do the same, all of them at once.
async fn at_once<T, W>(
    reader: &Reader<'_>,
    work: impl Fn(Db, Context) -> W,
) -> Result<BTreeMap<&'static str, T>, Failure>
where
    T: Send + 'static,
    W: Future<Output = service::Result<T>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for name in WORKERS {
        let context = Context { actor: Actor::System(name), ..reader.context.clone() };
        let work = work(reader.db.clone(), context);
        tasks.spawn(async move { (name, work.await) });
    }
    let mut done = BTreeMap::new();
    while let Some(one) = tasks.join_next().await {
        let (name, one) = one?;
        done.insert(name, one?);
    }
    Ok(done)
}

async fn decide(db: Db, context: Context) -> service::Result<Report> {
    engine::run_due(&db, &context, &Limits::default()).await
}

/// Sends what waits until nothing does; the keys under which that was.
async fn drain(db: Db, context: Context) -> service::Result<Vec<String>> {
    let some = Claims { limit: 3, ..Claims::default() };
    let mut sent = vec![];
    loop {
        let claimed = db.run(context.clone(), async |tx| outbox::claim(tx, &some).await).await?;
        if claimed.is_empty() {
            return Ok(sent);
        }
        for message in claimed {
            sent.push(message.key.clone()); // a real sender would send it here
            db.run(context.clone(), async |tx| outbox::delivered(tx, &message).await).await?;
        }
    }
}

/// That what was planned was sent, each once and as it should be, and that nothing is left.
async fn verify(
    reader: &Reader<'_>,
    planned: &BTreeSet<String>,
    sent: &BTreeMap<&str, Vec<String>>,
) -> Result<(), Failure> {
    let all: Vec<_> = sent.values().flatten().cloned().collect();
    let once: BTreeSet<_> = all.iter().cloned().collect();
    let (waiting, well) = reader
        .db
        .read(reader.context.clone(), async |tx| {
            let of = |state: State| tx.find::<Entity>().filter(Column::State.eq(state));
            let well = of(State::Delivered).filter(Column::LastError.is_null());
            Ok((of(State::Pending).count(tx).await?, well.count(tx).await?))
        })
        .await?;
    if all.len() == once.len() && once == *planned && waiting == 0 && well == all.len() as u64 {
        return Ok(());
    }
    let why = format!(
        "{} were to be sent once each: {} were, under {} keys; {well} are recorded, {waiting} wait",
        planned.len(),
        all.len(),
        once.len()
    );
    Err(why.into())
}

/// What is planned, by what it is for, and of each the first with its reason.
fn list(paper: &mut Paper, planned: &Report) -> Result<(), Failure> {
    let mut by_topic = BTreeMap::<Topic, (usize, Step, &str)>::new();
    for piece in &planned.pieces {
        if let Some(error) = &piece.error {
            return Err(format!("{:?}: {error}", piece.step).into());
        }
        for decided in &piece.decided {
            by_topic.entry(decided.topic).or_insert((0, piece.step, &decided.why)).0 += 1;
        }
    }
    let limited: Vec<_> = planned.pieces.iter().filter(|it| it.limited).map(|it| it.step).collect();
    let rows = by_topic.into_iter().map(|(topic, (messages, step, why))| {
        let rest = if limited.contains(&step) { fair("the next hour") } else { plain("") };
        vec![plain(named(topic)), plain(messages), rest, plain(why)]
    });
    let columns =
        [("What for", Left), ("Now", Right), ("The rest", Left), ("Why the first of them", Left)];
    paper.table(&columns, rows.collect())?;
    Ok(())
}

fn named(topic: Topic) -> &'static str {
    match topic {
        Topic::DealFollowUp => "follow-up on a deal",
        Topic::QuoteFollowUp => "follow-up on a quote",
        Topic::FeedbackRequest => "request for feedback",
        Topic::EnrichmentRequest => "looking somebody up",
        Topic::ComplianceReminder => "compliance reminder",
        Topic::ComplianceEscalation => "compliance escalation",
        Topic::Intervention => "intervention",
        Topic::NurtureStep => "nurture step",
    }
}
