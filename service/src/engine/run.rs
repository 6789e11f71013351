//! Doing what is due for a tenant: each step of the day at its hour, in order, once.
//!
//! A step at its hour is a row of `engine_runs`. Whoever works on it holds the row, does a piece and
//! keeps it in one transaction with what was decided; so a worker that dies loses nothing and leaves
//! nothing half done, and the next goes on where it was. Any number of workers may try.

mod limit;
mod part;
mod plan;

use chrono::{DateTime, TimeDelta, Utc};
pub use entity::engine::run::{Model, Step};
use entity::{
    engine::{
        outbox::Topic,
        run::{self, Column, Entity},
    },
    id::RunId,
};
use sea_orm::{
    ColumnTrait, IntoActiveModel, Iterable, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::Expr,
};
use serde::Serialize;

pub use self::{
    limit::Limits,
    plan::{PLAN, Planned, When},
};
use crate::{Context, Db, Result, Tx, leads::lead_import, page};
use part::{Piece, parts};

/// Something that was decided, and waits in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// What for.
    pub topic: Topic,
    /// What the message is known by.
    pub key: String,
    /// Why, for people.
    pub why: String,
}

/// One piece of work, done in one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Worked {
    /// Of which step.
    pub step: Step,
    /// The hour that it was planned for.
    pub slot: DateTime<Utc>,
    /// How many things were done.
    pub handled: usize,
    /// How many could not be.
    pub failed: usize,
    /// What was decided upon.
    pub decided: Vec<Decided>,
    /// Whether the step is done with this.
    pub done: bool,
    /// Whether the limit of the hour keeps the rest from being done.
    pub limited: bool,
    /// What went wrong, if the whole piece did.
    pub error: Option<String>,
}

/// What was done, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Piece by piece, in order.
    pub pieces: Vec<Worked>,
}

impl Report {
    /// All that was decided upon.
    pub fn decided(&self) -> impl Iterator<Item = &Decided> {
        self.pieces.iter().flat_map(|piece| &piece.decided)
    }

    /// How many things were done in a step.
    #[must_use]
    pub fn handled(&self, step: Step) -> usize {
        self.pieces.iter().filter(|piece| piece.step == step).map(|piece| piece.handled).sum()
    }
}

/// After how long a step is tried again that failed or has reached a limit of the hour (ours).
pub const RESUME: TimeDelta = TimeDelta::minutes(10);

/// For how long it is known what was done when (ours).
pub const KEPT: TimeDelta = TimeDelta::days(30);

/// Does all that is due for the context's tenant at its time, each piece in a transaction of its own,
/// and says what was done. Call it every few minutes, from as many workers as you like: a step is done
/// once for its hour, after those that come before it. One that waits, because of a limit or a failure,
/// lets the others pass, but clients are not scored before their calls were looked at, and nothing is
/// to be done about them before they were scored.
///
/// It is not a function on a [`Tx`], since what it does is more than one transaction can hold.
///
/// # Errors
///
/// [`NotFound`](crate::Error::NotFound) if the tenant has not been opened;
/// [`Database`](crate::Error::Database) if the database fails
/// repeatedly. What was done until then is kept. What goes wrong with a single step is in the report.
pub async fn run_due(db: &Db, context: &Context, limits: &Limits) -> Result<Report> {
    const TRIES: u32 = 5;
    let mut report = Report::default();
    loop {
        let limits = *limits;
        let piece =
            db.run_retrying(context.clone(), TRIES, async move |tx| work(tx, &limits).await);
        match piece.await? {
            Some(piece) => report.pieces.push(piece),
            None => return Ok(report),
        }
    }
}

/// What [`run_due`] would do now, and why: the same work, in one transaction that is undone.
/// While it lasts, it holds what it would act upon. A row that it would make has another id when it is
/// made, and so has the key of a message about it.
///
/// # Errors
///
/// As [`run_due`].
pub async fn dry_run(db: &Db, context: &Context, limits: &Limits) -> Result<Report> {
    db.rehearse(context.clone(), async |tx| {
        let mut report = Report::default();
        while let Some(piece) = work(tx, limits).await? {
            report.pieces.push(piece);
        }
        Ok(report)
    })
    .await
}

/// Does one piece of the first step that is due and not done; `None` if there is none. If somebody
/// else is at it, it waits for them. For callers who have a loop of their own; others take
/// [`run_due`].
///
/// # Errors
///
/// As [`run_due`].
#[tracing::instrument(name = "run::work", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn work(tx: &Tx, limits: &Limits) -> Result<Option<Worked>> {
    let (zone, now) = (tx.zone().await?, tx.now());
    let due = PLAN.iter().filter_map(|planned| Some((planned.step, planned.slot(zone, now)?)));
    let due: Vec<_> = due.collect();
    if due.is_empty() {
        return Ok(None);
    }
    begin(tx, &due).await?;
    let mut waiting = vec![];
    for (step, slot) in due {
        if needs(step).iter().any(|before| waiting.contains(before)) {
            continue;
        }
        let open = tx
            .find::<Entity>() // served by engine_runs_slot
            .filter(Column::Step.eq(step))
            .filter(Column::Slot.eq(slot))
            .filter(Column::EndedAt.is_null())
            .lock_exclusive()
            .one(tx)
            .await?;
        match open {
            Some(run) if run.resume_at.is_none_or(|at| at <= now) => {
                return piece(tx, run, limits).await.map(Some);
            }
            Some(_) => waiting.push(step),
            None => {} // done
        }
    }
    Ok(None)
}

/// What must be done before a step begins, and not only have had its turn (defect 3-18).
fn needs(step: Step) -> &'static [Step] {
    match step {
        Step::Health => &[Step::Patterns],
        Step::Interventions => &[Step::Patterns, Step::Health],
        _ => &[],
    }
}

/// Writes down what is due, unless it is there already.
async fn begin(tx: &Tx, due: &[(Step, DateTime<Utc>)]) -> Result<()> {
    let rows = due.iter().map(|(step, slot)| run::ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(RunId::new()),
        step: Set(*step),
        slot: Set(*slot),
        began_at: Set(tx.now()),
        ..Default::default()
    });
    if !tx.insert_new(rows.collect()).await?.is_empty() {
        // What was left of an earlier hour is made up for by this one.
        for (step, slot) in due {
            tx.update_many::<Entity>() // served by engine_runs_slot
                .col_expr(Column::EndedAt, Expr::value(tx.now()))
                .col_expr(Column::LastError, Expr::value("a later hour made up for the rest"))
                .filter(Column::Step.eq(*step))
                .filter(Column::Slot.lt(*slot))
                .filter(Column::EndedAt.is_null())
                .exec(tx)
                .await?;
        }
    }
    Ok(())
}

/// Forgets what was done before [`KEPT`], and what stood in the refused rows of files; how many that were.
async fn forget(tx: &Tx) -> Result<u64> {
    let mut forgotten = 0;
    for step in Step::iter() {
        let old = tx.delete_many::<Entity>().filter(Column::Step.eq(step)); // by engine_runs_slot
        let old = old.filter(Column::Slot.lt(tx.now() - KEPT));
        forgotten += old.exec(tx).await?.rows_affected;
    }
    Ok(forgotten + lead_import::forget_values(tx, tx.now() - KEPT).await?)
}

/// Does a piece of a step whose row we hold, and writes down how far that is.
async fn piece(tx: &Tx, run: Model, limits: &Limits) -> Result<Worked> {
    let (step, slot, parts) = (run.step, run.slot, parts(run.step));
    let at = usize::try_from(run.part).unwrap_or(usize::MAX);
    let (counted, part, was_again) = ((run.handled, run.failed), run.part, run.again);
    let mut row = run.into_active_model();
    let done = match parts.get(at) {
        None => Ok(Piece::default()),
        Some(part) => tx.attempt(async || part.work(tx, limits).await).await,
    };
    let (done, error) = match done {
        Ok(mut done) => {
            let error = done.error.take();
            (done, error)
        }
        Err(error) if error.is_retryable() => return Err(error),
        Err(error) => (Piece { failed: 1, ..Piece::default() }, Some(error.told())),
    };
    let waits = done.limited || error.is_some();
    // What waits lets the next part pass, and has its turn again after the last.
    let next = if done.more { part } else { part + 1 };
    let last = usize::try_from(next).is_ok_and(|next| next >= parts.len());
    let again = last && (was_again || waits);
    let over = last && !again;
    row.part = Set(if again { 0 } else { next });
    row.again = Set(!again && (was_again || waits));
    row.handled = Set(counted.0 + i64::try_from(done.handled).unwrap_or(i64::MAX));
    row.failed = Set(counted.1 + i64::try_from(done.failed).unwrap_or(i64::MAX));
    row.resume_at = Set(again.then(|| tx.now() + RESUME));
    if waits {
        let limit = || "the limit of the hour".to_owned();
        row.last_error = Set(Some(error.clone().unwrap_or_else(limit)));
    }
    row.ended_at = Set(over.then(|| tx.now()));
    tx.update(row).await?;
    Ok(Worked {
        step,
        slot,
        handled: done.handled,
        failed: done.failed,
        decided: done.decided,
        done: over,
        limited: done.limited,
        error,
    })
}

/// What was done of late, the latest hours first.
///
/// # Errors
///
/// [`Invalid`](crate::Error::Invalid) if the limit is not from 1 to 1000.
#[tracing::instrument(name = "run::of", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn of(tx: &Tx, step: Step, limit: u64) -> Result<Vec<Model>> {
    page::check(limit)?;
    let found = tx
        .find::<Entity>() // served by engine_runs_slot
        .filter(Column::Step.eq(step))
        .order_by_desc(Column::Slot)
        .limit(limit)
        .all(tx)
        .await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}
