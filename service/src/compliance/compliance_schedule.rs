//! What has to be in order with which customers or contacts, how often, and who is told when it is
//! not.

mod create;
mod generate;
mod period;
mod target;

use chrono::NaiveDate;
pub use entity::compliance::compliance_schedule::{
    Adjust, Cadence, Condition, Field, Fields, Filter, Frequency, Joining, Ladder, Model, Rung,
    Target,
};
use entity::{
    compliance::compliance_schedule::{self, ActiveModel, Column, Entity},
    id::ComplianceScheduleId,
};
use sea_orm::{ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use serde::{Deserialize, Serialize};
use validator::Validate;

pub use self::{
    create::{Named, create_checks},
    generate::{CATCH_UP, Generate, Generated, generate, generate_due},
    period::{
        ESCALATION_DAYS, NOTIFICATION_DAYS, Period, Plan, first_due, listed_from, making_days,
        months, notification_days,
    },
    target::{Subject, Targets, matches, targets},
};
pub(crate) use self::{
    create::{keep_days, roll_on},
    target::{Row, row},
};
use crate::{Error, Page, Result, Tx, input, page, tenancy::user};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        generate::DUE_SCHEDULES,
        target::{clients_query, contacts_query},
    };
}

/// A schedule to be opened.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// What it is about, in the tenant's word (`license renewal`); reports are by this.
    #[validate(custom(function = input::named), length(max = 100))]
    pub compliance_type: String,
    /// More of that.
    #[validate(custom(function = input::plain), length(min = 1, max = 5000))]
    pub description: Option<String>,
    /// How long a period is.
    pub frequency: Frequency,
    /// From what the next period is counted.
    pub cadence: Cadence,
    /// The first due day, from which all others are counted; `None`: as [`first_due`] has it. One
    /// in the past is caught up with.
    #[validate(custom(function = input::date))]
    pub first_due: Option<NaiveDate>,
    /// Where a due day goes that is no weekday.
    pub adjust: Adjust,
    /// Which period is the first of a customer or contact that is added during one.
    pub joining: Joining,
    /// What is checked. The checks of vendors are made by [`create_checks`] alone, and have no
    /// required fields.
    pub target: Target,
    /// Which of them.
    pub filter: Filter,
    /// The columns that must be filled in.
    pub required_fields: Fields,
    /// How many days of 24 hours before it is late a check is listed; `None` and 0: 14.
    #[validate(range(min = 0, max = 366))]
    pub notification_days_before: Option<i32>,
    /// How many days of 24 hours after it became late a check is escalated; `None` and 0: 7.
    #[validate(range(min = 0, max = 366))]
    pub escalation_days_after: Option<i32>,
    /// Who is told then, and on the steps after; empty: the role `admin`.
    #[validate(custom(function = ladder))]
    pub escalate_to: Ladder,
}

impl New {
    /// A quarterly check of all customers that asks for nothing in particular.
    #[must_use]
    pub fn quarterly(compliance_type: &str) -> Self {
        Self {
            compliance_type: compliance_type.to_owned(),
            description: None,
            frequency: Frequency::Quarterly,
            cadence: Cadence::Fixed,
            first_due: None,
            adjust: Adjust::None,
            joining: Joining::NextPeriod,
            target: Target::Client,
            filter: Filter::default(),
            required_fields: Fields::default(),
            notification_days_before: None,
            escalation_days_after: None,
            escalate_to: Ladder::default(),
        }
    }
}

/// What a schedule says from now on. `None` keeps what it said. Checks that were made keep the
/// fields that they were made with; the days count for them too, from the next reading on.
#[derive(Clone, Debug, Default, Validate)]
pub struct Change {
    /// More of what it is about.
    #[validate(custom(function = input::plain), length(min = 1, max = 5000))]
    pub description: Option<String>,
    /// Which customers or contacts.
    pub filter: Option<Filter>,
    /// The columns that must be filled in.
    pub required_fields: Option<Fields>,
    /// How many days of 24 hours before it is late a check is listed; 0: 14.
    #[validate(range(min = 0, max = 366))]
    pub notification_days_before: Option<i32>,
    /// How many days of 24 hours after it became late a check is escalated; 0: 7.
    #[validate(range(min = 0, max = 366))]
    pub escalation_days_after: Option<i32>,
    /// Who is told then.
    #[validate(custom(function = ladder))]
    pub escalate_to: Option<Ladder>,
}

fn ladder(ladder: &Ladder) -> Result<(), validator::ValidationError> {
    if ladder.0.len() > 3 {
        let why = "must not have more than 3 steps";
        return Err(validator::ValidationError::new("ladder").with_message(why.into()));
    }
    ladder.0.iter().try_for_each(|rung| match rung {
        Rung::User(_) => Ok(()),
        Rung::Role(role) => input::named(role),
    })
}

fn check_fields(target: Target, fields: &Fields) -> Result<()> {
    let refuse = |why: &'static str| Err(Error::invalid("required_fields", why));
    if fields.0.iter().any(|field| field.of() != target) {
        return refuse("asks for a column that the target does not have");
    }
    if fields.0.iter().any(|field| fields.0.iter().filter(|f| *f == field).count() > 1) {
        return refuse("names a column twice");
    }
    Ok(())
}

async fn check_ladder(tx: &Tx, ladder: &Ladder) -> Result<()> {
    for rung in &ladder.0 {
        if let Rung::User(id) = rung {
            user::get(tx, *id).await?;
        }
    }
    Ok(())
}

/// Opens a schedule. Its checks are made by [`generate_due`].
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no user that the ladder names; [`Error::Invalid`], also if
/// filter or required fields ask for columns that the target does not have.
#[tracing::instrument(name = "compliance_schedule::open", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn open(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    target::check(new.target, &new.filter)?;
    check_fields(new.target, &new.required_fields)?;
    check_ladder(tx, &new.escalate_to).await?;
    let anchor = match new.first_due {
        Some(day) => day,
        None => first_due(new.frequency, tx.today().await?)?,
    };
    let (frequency, adjust) = (new.frequency, new.adjust);
    let first = Plan { anchor, frequency, adjust, zone: tx.zone().await? }.period(0)?;
    tx.insert(ActiveModel {
        id: Set(ComplianceScheduleId::new()),
        compliance_type: Set(new.compliance_type),
        description: Set(new.description),
        frequency: Set(frequency),
        cadence: Set(new.cadence),
        adjust: Set(adjust),
        joining: Set(new.joining),
        anchor_date: Set(anchor),
        next_due_at: Set(first.due_at),
        target_entity_type: Set(new.target),
        target_filter: Set(new.filter),
        required_fields: Set(new.required_fields),
        notification_days_before: Set(new.notification_days_before),
        escalation_days_after: Set(new.escalation_days_after),
        escalate_to: Set(new.escalate_to),
        created_by: Set(tx.context().user()),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    })
    .await
}

/// One schedule, also one that was archived.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such schedule.
#[tracing::instrument(name = "compliance_schedule::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: ComplianceScheduleId) -> Result<Model> {
    tx.get::<Entity>(id).await?.ok_or(Error::NotFound("compliance schedule"))
}

/// Which schedules to list.
#[derive(Clone, Debug)]
pub struct List {
    /// How many at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before this one ended.
    pub after: Option<Listed>,
}

impl Default for List {
    fn default() -> Self {
        Self { limit: 50, after: None }
    }
}

/// Where a page of the list ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed(pub ComplianceScheduleId);

/// The tenant's schedules, the last opened first, those that rest or were archived among them.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000.
#[tracing::instrument(name = "compliance_schedule::list", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn list(tx: &Tx, ask: &List) -> Result<Page<Model, Listed>> {
    page::check(ask.limit)?;
    let mut query = tx.find::<Entity>(); // served by the primary key
    if let Some(Listed(id)) = ask.after {
        query = query.filter(Column::Id.lt(id));
    }
    let found = query.order_by_desc(Column::Id).limit(ask.limit + 1).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, ask.limit, |last| Listed(last.id)))
}

/// The schedule, which nobody else can change until the transaction ends.
async fn locked(tx: &Tx, id: ComplianceScheduleId) -> Result<Model> {
    let found = tx.find::<Entity>().filter(Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    found.ok_or(Error::NotFound("compliance schedule"))
}

/// The same, unless it was archived.
async fn live(tx: &Tx, id: ComplianceScheduleId) -> Result<Model> {
    let found = locked(tx, id).await?;
    if found.archived_at.is_some() {
        return Err(Error::conflict("the schedule was archived"));
    }
    Ok(found)
}

/// Changes what a schedule says. A change of filter or required fields is a new version of its
/// rule.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such schedule, or no user that the ladder names;
/// [`Error::Conflict`] if it was archived; [`Error::Invalid`].
#[tracing::instrument(name = "compliance_schedule::change", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn change(tx: &Tx, id: ComplianceScheduleId, change: Change) -> Result<Model> {
    input::check(&change)?;
    let found = live(tx, id).await?;
    let target = found.target_entity_type;
    let filter = change.filter.unwrap_or_else(|| found.target_filter.clone());
    let fields = change.required_fields.unwrap_or_else(|| found.required_fields.clone());
    let ladder = change.escalate_to.unwrap_or_else(|| found.escalate_to.clone());
    target::check(target, &filter)?;
    check_fields(target, &fields)?;
    check_ladder(tx, &ladder).await?;
    let differs = filter != found.target_filter || fields != found.required_fields;
    let version = found.rule_version + i32::from(differs);
    let notification = change.notification_days_before.or(found.notification_days_before);
    let escalation = change.escalation_days_after.or(found.escalation_days_after);
    let description = change.description.or_else(|| found.description.clone());
    let mut row = found.into_active_model();
    row.description = Set(description);
    row.target_filter = Set(filter);
    row.required_fields = Set(fields);
    row.rule_version = Set(version);
    row.notification_days_before = Set(notification);
    row.escalation_days_after = Set(escalation);
    row.escalate_to = Set(ladder);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// Lets a schedule rest: no new checks are made, and those that there are stay as they are.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such schedule; [`Error::Conflict`] if it was archived.
#[tracing::instrument(name = "compliance_schedule::pause", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn pause(tx: &Tx, id: ComplianceScheduleId) -> Result<Model> {
    let mut row = live(tx, id).await?.into_active_model();
    row.is_active = Set(false);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// Lets a schedule that rested go on with the first period that is not late yet: what fell due in
/// its rest is not made up for. One that did not rest goes on as it is.
///
/// # Errors
///
/// As [`pause`].
#[tracing::instrument(name = "compliance_schedule::resume", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn resume(tx: &Tx, id: ComplianceScheduleId) -> Result<Model> {
    let found = live(tx, id).await?;
    if found.is_active {
        return Ok(found);
    }
    let plan = Plan::of(&found, tx.zone().await?);
    let late = plan.last_listed(found.period_no, tx.now(), 0)?;
    let mut row = match late {
        Some(last) => moved(found, plan.period(last.no + 1)?),
        None => found.into_active_model(),
    };
    row.is_active = Set(true);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// Gives a schedule up for good. Its checks stay, and are still to be completed. Doing so twice
/// changes nothing.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such schedule.
#[tracing::instrument(name = "compliance_schedule::archive", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn archive(tx: &Tx, id: ComplianceScheduleId) -> Result<Model> {
    let found = locked(tx, id).await?;
    if found.archived_at.is_some() {
        return Ok(found);
    }
    let mut row = found.into_active_model();
    row.is_active = Set(false);
    row.archived_at = Set(Some(tx.now()));
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// Goes on to the next period, whether or not checks were made for this one. That anything was
/// completed is another matter, which this does not touch.
///
/// # Errors
///
/// As [`pause`]; [`Error::Invalid`] at the end of time.
#[tracing::instrument(name = "compliance_schedule::advance", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn advance(tx: &Tx, id: ComplianceScheduleId) -> Result<Model> {
    let found = live(tx, id).await?;
    let next = Plan::of(&found, tx.zone().await?).period(found.period_no + 1)?;
    let mut row = moved(found, next);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// The row, at the beginning of a period.
fn moved(schedule: Model, to: Period) -> compliance_schedule::ActiveModel {
    let mut row = schedule.into_active_model();
    row.period_no = Set(to.no);
    row.next_due_at = Set(to.due_at);
    row.generated_after = Set(None);
    row
}
