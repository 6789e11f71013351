//! Making the checks of a period, once for each customer or contact, however often it is tried.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Utc};
use entity::{
    compliance::compliance_check::{self, Status},
    id::{ComplianceCheckId, ComplianceScheduleId},
    zone::{date_at, day_start},
};
use sea_orm::{
    ActiveValue, ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{LockBehavior, LockType},
};

use super::{
    Cadence, Column, Entity, Joining, Model, Period, Plan, Subject, Target,
    create::{insert, roll},
    live, moved,
    period::making_days,
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

/// The schedules of which checks are to be made: those whose next period begins to be listed, and 14
/// days before it is late at the latest. Of vendors, those that roll: who is checked once is checked
/// again. Served by `compliance_schedule_due`. `$3` how far ahead a schedule may look, `$4` rows.
pub const DUE_SCHEDULES: &str = "
select s.id from compliance_schedule s
where s.tenant_id = $1 and s.is_active and s.next_due_at <= $3
  and (s.target_entity_type <> 'vendor' or s.cadence = 'rolling')
  and s.next_due_at
      - make_interval(hours => 24 * greatest(14, coalesce(nullif(s.notification_days_before, 0), 14)))
      <= $2
order by s.next_due_at, s.id limit $4";

#[derive(FromQueryResult)]
struct Found {
    id: ComplianceScheduleId,
}

/// Makes the checks of all active schedules whose time has come, the longest due first: when they
/// begin to be listed, and 14 days before they are late at the latest, so that none is late already
/// where this runs only now and then. Where a schedule rolls, whoever has an open check gets no
/// other, and whoever has none open gets the one that follows the last, if that was not made yet.
///
/// What one call does not finish the next goes on with, where this one stopped; if it never kept
/// what it did, from where it began. A schedule that another has in hand is left to the end, and is
/// waited for by a call that has nothing else in hand: two that hold what the other waits for never
/// end. One that fails does not keep the others from theirs.
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
    let (mut in_hand, mut passed_over) = (false, vec![]);
    for Found { id } in due {
        if done.looked_at >= ask.limit {
            done.more = true;
            break;
        }
        match attempt(tx, id, ask, Hold::PassOver, &mut done).await? {
            Attempt::Worked => in_hand = true,
            Attempt::NotFree => passed_over.push(id),
            Attempt::Failed => {}
        }
    }
    let mut passed_over = passed_over.into_iter();
    if !in_hand && let Some(id) = passed_over.next() {
        attempt(tx, id, ask, Hold::Wait, &mut done).await?;
    }
    done.more |= passed_over.len() > 0;
    tracing::Span::current().record("rows", done.created.len());
    Ok(done)
}

/// What became of one schedule.
enum Attempt {
    Worked,
    /// Another has it in hand, or it rests by now.
    NotFree,
    Failed,
}

/// How to come by a schedule that another has in hand.
#[derive(Clone, Copy)]
enum Hold {
    PassOver,
    Wait,
}

/// Works one schedule, all or nothing of it, and adds that to what was done.
async fn attempt(
    tx: &Tx,
    id: ComplianceScheduleId,
    ask: &Generate,
    hold: Hold,
    done: &mut Generated,
) -> Result<Attempt> {
    let left = ask.limit - done.looked_at;
    let worked = tx.attempt(async || {
        let one = tx.find::<Entity>().filter(Column::Id.eq(id)).filter(Column::IsActive.eq(true));
        let one = match hold {
            Hold::PassOver => one.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked),
            Hold::Wait => one.lock_exclusive(),
        };
        match one.one(tx).await? {
            Some(schedule) => work(tx, schedule, left).await.map(Some),
            None => Ok(None),
        }
    });
    match worked.await {
        Ok(Some(one)) => {
            done.created.extend(one.created);
            done.looked_at += one.looked_at;
            done.passed_over += one.passed_over;
            done.more |= one.more;
            Ok(Attempt::Worked)
        }
        Ok(None) => Ok(Attempt::NotFree),
        Err(why) if why.is_retryable() => Err(why),
        Err(why) => {
            done.failed.push((id, why));
            Ok(Attempt::Failed)
        }
    }
}

/// The same for one schedule, which it waits for.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such schedule; [`Error::Conflict`] if it rests or was
/// archived; [`Error::Invalid`] if it is about vendors and does not roll, or the limit is not from 1 to 1000.
#[tracing::instrument(name = "compliance_schedule::generate", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn generate(tx: &Tx, id: ComplianceScheduleId, ask: &Generate) -> Result<Generated> {
    page::check(ask.limit)?;
    let schedule = live(tx, id).await?;
    if !schedule.is_active {
        return Err(Error::conflict("the schedule rests"));
    }
    if schedule.target_entity_type == Target::Vendor && schedule.cadence == Cadence::Fixed {
        return Err(Error::invalid("target", "vendors are named one by one"));
    }
    let done = work(tx, schedule, ask.limit).await?;
    tracing::Span::current().record("rows", done.created.len());
    Ok(done)
}

/// Makes checks period by period until all whose time has come have been made, or as many
/// customers or contacts as allowed were looked at. The schedule is locked.
async fn work(tx: &Tx, mut schedule: Model, limit: u64) -> Result<Generated> {
    let mut done = Generated::default();
    let plan = Plan::of(&schedule, tx.zone().await?);
    let days = making_days(&schedule);
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
        let found = match schedule.target_entity_type {
            Target::Vendor => vendors(tx, &schedule, asked).await?,
            target => batch(tx, target, asked).await?,
        };
        let (looked_at, to) = (found.len() as u64, found.last().map(|last| last.id.clone()));
        done.looked_at += looked_at;
        done.created.extend(make(tx, &schedule, plan, period, found).await?);
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
    plan: Plan,
    period: Period,
    mut of: Vec<Subject>,
) -> Result<Vec<ComplianceCheckId>> {
    let mut made = vec![];
    if schedule.cadence == Cadence::Rolling {
        let last = last_of(tx, schedule, &of).await?;
        of.retain(|subject| !last.contains_key(&subject.id));
        let after = plan.period(period.no + 1)?;
        for ended in last.into_values().filter(|check| !check.status.is_open()) {
            let on = match ended.completed_at {
                Some(at) => date_at(plan.zone, at),
                None => ended.period_end,
            };
            let next = plan.period_from(on)?;
            if ended.status == Status::Waived && next.due_at >= after.due_at {
                continue; // in time with the period after, if the waiver is good then
            }
            // What fell due while nobody was checked is not made up for.
            let on = if next.due_at <= tx.now() { on.max(period.start) } else { on };
            made.extend(roll(tx, schedule, &ended, on).await?);
        }
    }
    made.extend(insert(tx, schedule, period, of).await?);
    Ok(made.into_iter().map(|check| check.id).collect())
}

/// The last check of each of those that have one, but for the cancelled.
async fn last_of(
    tx: &Tx,
    schedule: &Model,
    of: &[Subject],
) -> Result<BTreeMap<String, compliance_check::Model>> {
    use compliance_check::Column;
    let found = tx
        .find::<compliance_check::Entity>() // served by compliance_checks_once
        .distinct_on([Column::EntityId])
        .filter(Column::ScheduleId.eq(schedule.id))
        .filter(Column::EntityType.eq(schedule.target_entity_type))
        .filter(Column::EntityId.is_in(of.iter().map(|subject| &subject.id)))
        .filter(Column::Status.ne(Status::Cancelled))
        .order_by_asc(Column::EntityId)
        .order_by_desc(Column::PeriodStart)
        .all(tx)
        .await?;
    Ok(found.into_iter().map(|check| (check.entity_id.clone(), check)).collect())
}

/// The vendors that the schedule has checks of, but for the cancelled, in order of their ids.
async fn vendors(tx: &Tx, schedule: &Model, ask: Batch<'_>) -> Result<Vec<Subject>> {
    use compliance_check::Column;
    let mut query = tx
        .find::<compliance_check::Entity>() // served by compliance_checks_once
        .select_only()
        .column(Column::EntityId)
        .distinct()
        .filter(Column::ScheduleId.eq(schedule.id))
        .filter(Column::EntityType.eq(Target::Vendor))
        .filter(Column::Status.ne(Status::Cancelled))
        .order_by_asc(Column::EntityId)
        .limit(ask.limit);
    if let Some(id) = ask.after {
        query = query.filter(Column::EntityId.gt(id));
    }
    let found: Vec<String> = query.into_tuple().all(tx).await?;
    let named = |id| Subject { id, name: None, client_id: None, contact_id: None };
    Ok(found.into_iter().map(named).collect())
}
