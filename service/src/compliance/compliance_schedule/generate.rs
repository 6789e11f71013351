//! Making the checks of a period, once for each customer or contact, however often it is tried.

use std::collections::HashSet;

use chrono::{DateTime, Days, Utc};
use entity::{
    compliance::compliance_check,
    id::{ComplianceCheckId, ComplianceScheduleId},
    zone::day_start,
};
use sea_orm::{
    ActiveValue, ColumnTrait, FromQueryResult, QueryFilter, QuerySelect, Set,
    sea_query::{LockBehavior, LockType},
};

use super::{
    Cadence, Column, Entity, Joining, Model, Period, Plan, Subject, Target,
    create::insert,
    live, moved,
    period::notification_days,
    target::{Batch, batch},
};
use crate::{Error, Result, Tx, page};

/// How many missed periods are made up for at the most; those before are passed over.
pub const CATCH_UP: i32 = 12;

/// How much to do in one transaction.
#[derive(Clone, Debug)]
pub struct Generate {
    /// How many customers and contacts to look at, 1 to 1000.
    pub limit: u64,
}

impl Default for Generate {
    fn default() -> Self {
        Self { limit: 500 }
    }
}

/// What was done.
#[derive(Debug, Default)]
pub struct Generated {
    /// The checks that were made. Those that were there already are not among them.
    pub created: Vec<ComplianceCheckId>,
    /// How many customers and contacts were looked at.
    pub looked_at: u64,
    /// How many missed periods were too long ago to be made up for.
    pub passed_over: i32,
    /// The schedules that could not be worked, and why. Nothing was written for them.
    pub failed: Vec<(ComplianceScheduleId, Error)>,
    /// Whether there is more to do at this time: call again.
    pub more: bool,
}

/// Served by `compliance_schedule_due`. `$3` how far ahead a schedule may look, `$4` rows.
pub const DUE_SCHEDULES: &str = "
select s.id from compliance_schedule s
where s.tenant_id = $1 and s.is_active and s.next_due_at <= $3
  and s.target_entity_type <> 'vendor'
  and s.next_due_at
      - make_interval(hours => 24 * coalesce(nullif(s.notification_days_before, 0), 14)) <= $2
order by s.next_due_at, s.id limit $4";

#[derive(FromQueryResult)]
struct Found {
    id: ComplianceScheduleId,
}

/// Makes the checks that are to be listed by now, of all active schedules, the longest due first.
/// What one call does not finish the next goes on with, where this one stopped; if it never kept
/// what it did, from where it began. A schedule that another worker has in hand is passed over, and
/// one that fails does not keep the others from theirs.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000.
#[tracing::instrument(name = "compliance_schedule::generate_due", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn generate_due(tx: &Tx, ask: &Generate) -> Result<Generated> {
    page::check(ask.limit)?;
    let ahead = tx.now() + Days::new(367);
    let at_once = i64::try_from(page::MOST).unwrap_or(i64::MAX);
    let question = tx.ask(DUE_SCHEDULES, [ahead.into(), at_once.into()]);
    let due = Found::find_by_statement(question).all(tx).await?;
    let mut done = Generated { more: due.len() as u64 == page::MOST, ..Generated::default() };
    for Found { id } in due {
        if done.looked_at >= ask.limit {
            done.more = true;
            break;
        }
        let left = ask.limit - done.looked_at;
        let worked = tx.attempt(async || {
            let free = tx
                .find::<Entity>()
                .filter(Column::Id.eq(id))
                .filter(Column::IsActive.eq(true))
                .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
                .one(tx)
                .await?;
            match free {
                Some(schedule) => work(tx, schedule, left).await,
                None => Ok(Generated::default()),
            }
        });
        match worked.await {
            Ok(one) => {
                done.created.extend(one.created);
                done.looked_at += one.looked_at;
                done.passed_over += one.passed_over;
                done.more |= one.more;
            }
            Err(why) if why.is_retryable() => return Err(why),
            Err(why) => done.failed.push((id, why)),
        }
    }
    tracing::Span::current().record("rows", done.created.len());
    Ok(done)
}

/// The same for one schedule, which it waits for.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such schedule; [`Error::Conflict`] if it rests or was
/// archived; [`Error::Invalid`] if it is about vendors, or the limit is not from 1 to 1000.
#[tracing::instrument(name = "compliance_schedule::generate", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn generate(tx: &Tx, id: ComplianceScheduleId, ask: &Generate) -> Result<Generated> {
    page::check(ask.limit)?;
    let schedule = live(tx, id).await?;
    if !schedule.is_active {
        return Err(Error::conflict("the schedule rests"));
    }
    if schedule.target_entity_type == Target::Vendor {
        return Err(Error::invalid("target", "vendors are named one by one"));
    }
    let done = work(tx, schedule, ask.limit).await?;
    tracing::Span::current().record("rows", done.created.len());
    Ok(done)
}

/// Makes checks period by period until all that are listed by now have been made, or as many
/// customers or contacts as allowed were looked at. The schedule is locked.
async fn work(tx: &Tx, mut schedule: Model, limit: u64) -> Result<Generated> {
    let mut done = Generated::default();
    let plan = Plan::of(&schedule, tx.zone().await?);
    let days = notification_days(&schedule);
    let Some(last) = plan.last_listed(schedule.period_no, tx.now(), days)? else {
        return Ok(done);
    };
    if schedule.period_no <= last.no - CATCH_UP {
        let first = plan.period(last.no - CATCH_UP + 1)?;
        done.passed_over = first.no - schedule.period_no;
        schedule = keep(tx, moved(schedule, first)).await?;
    }
    while schedule.period_no <= last.no {
        let left = limit - done.looked_at;
        if left == 0 {
            done.more = true;
            break;
        }
        let period = plan.period(schedule.period_no)?;
        let asked = Batch {
            filter: &schedule.target_filter,
            joined_before: Some(joined_before(&schedule, plan, period)),
            after: schedule.generated_after.as_deref(),
            limit: left,
        };
        let found = batch(tx, schedule.target_entity_type, asked).await?;
        let (looked_at, to) = (found.len() as u64, found.last().map(|last| last.id.clone()));
        done.looked_at += looked_at;
        done.created.extend(make(tx, &schedule, period, found).await?);
        let row = if looked_at < left {
            moved(schedule, plan.period(period.no + 1)?)
        } else {
            let mut row = sea_orm::IntoActiveModel::into_active_model(schedule);
            row.generated_after = Set(to);
            row
        };
        schedule = keep(tx, row).await?;
    }
    Ok(done)
}

async fn keep(tx: &Tx, mut row: super::ActiveModel) -> Result<Model> {
    row.updated_at = ActiveValue::Set(tx.now());
    tx.update(row).await
}

/// Before when one must have been added to be part of a period: on its first day at the latest; or,
/// where those who join are taken in at once, before it ends.
fn joined_before(schedule: &Model, plan: Plan, period: Period) -> DateTime<Utc> {
    match schedule.joining {
        Joining::NextPeriod => day_start(plan.zone, period.start + Days::new(1)),
        Joining::ProRata => day_start(plan.zone, period.end),
    }
}

/// Makes the checks of one period that are not there yet.
async fn make(
    tx: &Tx,
    schedule: &Model,
    period: Period,
    mut of: Vec<Subject>,
) -> Result<Vec<ComplianceCheckId>> {
    if schedule.cadence == Cadence::Rolling {
        // Whoever has one gets the next when that is completed.
        let have: HashSet<_> = checks_of(tx, schedule, &of).await?;
        of.retain(|subject| !have.contains(&subject.id));
    }
    let made = insert(tx, schedule, period, of).await?;
    Ok(made.into_iter().map(|check| check.id).collect())
}

async fn checks_of(tx: &Tx, schedule: &Model, of: &[Subject]) -> Result<HashSet<String>> {
    use compliance_check::Column;
    let found: Vec<String> = tx
        .find::<compliance_check::Entity>() // served by compliance_checks_once
        .select_only()
        .column(Column::EntityId)
        .filter(Column::ScheduleId.eq(schedule.id))
        .filter(Column::EntityType.eq(schedule.target_entity_type))
        .filter(Column::EntityId.is_in(of.iter().map(|subject| &subject.id)))
        .distinct()
        .into_tuple()
        .all(tx)
        .await?;
    Ok(found.into_iter().collect())
}
