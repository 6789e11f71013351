//! Writing checks, each once.

use std::collections::{HashMap, HashSet};

use chrono::{Days, NaiveDate};
use entity::{
    compliance::{
        compliance_check::{self, Status},
        compliance_check_event::Kind,
    },
    id::{ComplianceCheckId, ComplianceScheduleId},
    zone::Zone,
};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::{Cadence, Entity, Model, Period, Plan, Row, Subject, live, row};
use crate::{
    Error, Result, Tx,
    compliance::compliance_check::{Note, note_all},
    input, page,
};

/// Somebody that a check is to be made of.
#[derive(Clone, Debug)]
pub struct Named {
    /// A customer's key, a contact's id, or what the tenant calls a vendor.
    pub id: String,
    /// What to call it; `None`: as the tenant's row of it does.
    pub name: Option<String>,
}

/// The waivers that are good for a period, by whom they are of.
async fn waivers(
    tx: &Tx,
    schedule: &Model,
    period: Period,
    of: &[Subject],
) -> Result<HashMap<String, compliance_check::Model>> {
    use compliance_check::Column;
    let found = tx
        .find::<compliance_check::Entity>() // served by compliance_checks_once
        .filter(Column::ScheduleId.eq(schedule.id))
        .filter(Column::EntityType.eq(schedule.target_entity_type))
        .filter(Column::EntityId.is_in(of.iter().map(|subject| &subject.id)))
        .filter(Column::Status.eq(Status::Waived))
        .filter(Column::WaiverUntil.gte(period.due_on))
        .order_by_asc(Column::PeriodStart)
        .all(tx)
        .await?;
    Ok(found.into_iter().map(|check| (check.entity_id.clone(), check)).collect())
}

pub(super) async fn insert(
    tx: &Tx,
    schedule: &Model,
    period: Period,
    of: Vec<Subject>,
) -> Result<Vec<compliance_check::Model>> {
    let waivers = waivers(tx, schedule, period, &of).await?;
    let rows: Vec<_> = of
        .into_iter()
        .map(|subject| {
            let under = waivers.get(&subject.id);
            compliance_check::ActiveModel {
                tenant_id: Set(tx.context().tenant),
                id: Set(ComplianceCheckId::new()),
                schedule_id: Set(Some(schedule.id)),
                compliance_type: Set(schedule.compliance_type.clone()),
                entity_type: Set(schedule.target_entity_type),
                entity_id: Set(subject.id),
                entity_name: Set(subject.name),
                client_id: Set(subject.client_id),
                contact_id: Set(subject.contact_id),
                period_start: Set(period.start),
                period_end: Set(period.end),
                due_on: Set(period.due_on),
                due_at: Set(period.due_at),
                status: Set(under.map_or(Status::Pending, |_| Status::Waived)),
                required_fields: Set(schedule.required_fields.clone()),
                rule_version: Set(schedule.rule_version),
                waived_reason: Set(under.and_then(|w| w.waived_reason.clone())),
                waived_at: Set(under.map(|_| tx.now())),
                waived_by: Set(under.and_then(|w| w.waived_by)),
                waiver_until: Set(None),
                waived_under: Set(under.map(|w| w.id)),
                created_at: Set(tx.now()),
                updated_at: Set(tx.now()),
                ..Default::default()
            }
        })
        .collect();
    let made = tx.insert_new(rows).await?;
    let created = made.iter().map(|check| (check, Kind::Created, Note::default())).collect();
    note_all(tx, created).await?;
    let waived = made.iter().filter_map(|check| {
        let under = check.waived_under?;
        let notes = Some(format!("under the waiver of {under}"));
        Some((check, Kind::Waived, Note { notes, ..Note::default() }))
    });
    note_all(tx, waived.collect()).await?;
    Ok(made)
}

/// Makes the checks of the schedule's next period for those that are named, whether or not its
/// filter matches them and the period is listed yet, and says which were made: those that are there
/// already stay as they are. The schedule does not go on to the period after; see
/// [`advance`](super::advance).
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such schedule, customer or contact, or no more;
/// [`Error::Conflict`] if the schedule was archived; [`Error::Invalid`] if more than 1000 are named,
/// or one has no id.
#[tracing::instrument(name = "compliance_schedule::create_checks", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn create_checks(
    tx: &Tx,
    id: ComplianceScheduleId,
    named: Vec<Named>,
) -> Result<Vec<ComplianceCheckId>> {
    if named.len() as u64 > page::MOST {
        return Err(Error::invalid("entities", "must not be more than 1000"));
    }
    let schedule = live(tx, id).await?;
    let (mut of, mut seen) = (vec![], HashSet::new());
    for Named { id, name } in named {
        input::text("entities", &id, 200)?;
        if let Some(name) = &name {
            input::text("entities", name, 250)?;
        }
        let found = row(tx, schedule.target_entity_type, &id).await?;
        let subject = match found.ok_or(Error::NotFound("customer or contact"))? {
            Row::Client(row) => Subject::from(*row),
            Row::Contact(row, _) => Subject::from(*row),
            Row::Vendor => Subject { id, name: None, client_id: None, contact_id: None },
        };
        if seen.insert(subject.id.clone()) {
            of.push(Subject { name: name.or(subject.name), ..subject });
        }
    }
    let period = Plan::of(&schedule, tx.zone().await?).period(schedule.period_no)?;
    let made = insert(tx, &schedule, period, of).await?;
    tracing::Span::current().record("rows", made.len());
    Ok(made.into_iter().map(|check| check.id).collect())
}

/// Makes the check after one that has ended, where the schedule counts from that: the period begins
/// on the day of the end. One that a waiver is good for is waived, and is gone on from when its own
/// period ends. Whoever was deleted or is not matched any more gets none, until
/// [`generate_due`](super::generate_due) finds it among the targets again.
pub(crate) async fn roll_on(tx: &Tx, ended: &compliance_check::Model, on: NaiveDate) -> Result<()> {
    let Some(id) = ended.schedule_id else { return Ok(()) };
    let Some(schedule) = tx.get::<Entity>(id).await? else { return Ok(()) };
    if schedule.cadence == Cadence::Rolling && schedule.is_active {
        roll(tx, &schedule, ended, on).await?;
    }
    Ok(())
}

/// The same for a schedule that rolls and does not rest; and the check, if one was made.
pub(super) async fn roll(
    tx: &Tx,
    schedule: &Model,
    ended: &compliance_check::Model,
    on: NaiveDate,
) -> Result<Option<compliance_check::Model>> {
    use compliance_check::Column;
    let later: Vec<(NaiveDate, Status)> = tx
        .find::<compliance_check::Entity>() // served by compliance_checks_once
        .select_only()
        .column(Column::PeriodStart)
        .column(Column::Status)
        .filter(Column::ScheduleId.eq(schedule.id))
        .filter(Column::EntityType.eq(ended.entity_type))
        .filter(Column::EntityId.eq(&ended.entity_id))
        .filter(Column::PeriodStart.gt(ended.period_start))
        .into_tuple()
        .all(tx)
        .await?;
    if later.iter().any(|(_, status)| *status != Status::Cancelled) {
        return Ok(None); // it had ended before, and was opened again
    }
    let found = row(tx, ended.entity_type, &ended.entity_id).await?;
    let of = match found.filter(|row| row.matches(&schedule.target_filter)) {
        None => return Ok(None),
        Some(Row::Client(row)) => Subject::from(*row),
        Some(Row::Contact(row, _)) => Subject::from(*row),
        Some(Row::Vendor) => Subject {
            id: ended.entity_id.clone(),
            name: ended.entity_name.clone(),
            client_id: None,
            contact_id: None,
        },
    };
    let plan = Plan::of(schedule, tx.zone().await?);
    let start = on.max(ended.period_start + Days::new(1)); // not the same period again
    let mut period = plan.period_from(start)?;
    // There is nothing to check in a period that was cancelled, and so the next is made.
    while later.iter().any(|(taken, _)| *taken == period.start) {
        period = plan.period_from(period.end)?;
    }
    Ok(insert(tx, schedule, period, vec![of]).await?.pop())
}

/// Lets the days on which something is still due end as they do in a zone. Served by
/// `compliance_checks_due`.
pub(crate) async fn keep_days(tx: &Tx, zone: &Zone) -> Result<()> {
    const CHECKS: &str = "
        update compliance_checks c
        set due_at = keel.compliance_day_end(c.due_on, $3), updated_at = $2
        where c.tenant_id = $1
          and c.status in ('pending', 'in_progress', 'awaiting_response', 'overdue', 'escalated')";
    const SCHEDULES: &str = "
        update compliance_schedule s
        set next_due_at = keel.compliance_day_end(
                keel.compliance_due_on(
                    keel.compliance_period_end(s.anchor_date, s.frequency, s.period_no), s.adjust),
                $3),
            updated_at = $2
        where s.tenant_id = $1";
    for sql in [CHECKS, SCHEDULES] {
        tx.execute_raw(tx.ask(sql, [zone.as_str().into()])).await?;
    }
    Ok(())
}
