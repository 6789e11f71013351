//! Nurture sequences: what a lead hears from us over days and weeks, by text, e-mail and telephone.
//!
//! The steps of a sequence are a version of it. To change them is to write the next version; whoever is
//! on the way keeps the one that they began with.

mod settings;
mod step;

use chrono::{DateTime, Utc};
pub use entity::outreach::{
    nurture_sequence::{Channel, Conditions, Model, OnDnc, ReEntry, Step, Steps},
    nurture_sequence_version::Model as Version,
};
use entity::{
    id::{NurtureSequenceId, NurtureSequenceVersionId},
    outreach::{
        nurture_sequence::{self, Column, Entity},
        nurture_sequence_version,
    },
};
use rust_decimal::Decimal;
use sea_orm::{
    ColumnTrait, FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Set,
};
use serde::{Deserialize, Serialize};
use validator::Validate;

pub use self::step::{MOST_STEPS, Words, read_steps, render};
pub(crate) use self::{settings::settings, step::meets};
use crate::{Error, Page, Result, Tx, input, page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{RATES, list_query};
}

/// How many days lie between two enrolments of a lead's in one sequence, unless it says (ours).
pub const COOL_DOWN_DAYS: i32 = 30;

/// A sequence to be made.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// What it is called.
    #[validate(custom(function = input::named), length(max = 255))]
    pub name: String,
    /// What it is for.
    #[validate(custom(function = input::named), length(max = 2000))]
    pub description: Option<String>,
    /// What happens, in order.
    pub steps: Steps,
    /// Which leads can be enrolled; `None`: any.
    pub trigger_conditions: Option<Conditions>,
    /// Whether a lead may go through it more than once.
    pub re_entry: ReEntry,
    /// How many days lie between the end of one time and the next; 0: none.
    #[validate(range(min = 0, max = 3650, message = "must be from 0 to 3650 days"))]
    pub cool_down_days: i32,
    /// What becomes of those who want no calls.
    pub on_dnc: OnDnc,
}

impl New {
    /// A sequence that any lead may go through again after [`COOL_DOWN_DAYS`], and that ends when they
    /// want no calls.
    #[must_use]
    pub fn named(name: &str, steps: Steps) -> Self {
        Self {
            name: name.to_owned(),
            description: None,
            steps,
            trigger_conditions: None,
            re_entry: ReEntry::AfterCoolDown,
            cool_down_days: COOL_DOWN_DAYS,
            on_dnc: OnDnc::Stop,
        }
    }
}

/// What is to become of a sequence; what is `None` stays as it is.
#[derive(Clone, Debug, Default, Validate)]
pub struct Edit {
    /// What it is called.
    #[validate(custom(function = input::named), length(max = 255))]
    pub name: Option<String>,
    /// What it is for.
    #[validate(custom(function = input::named), length(max = 2000))]
    pub description: Option<String>,
    /// The steps of the next version.
    pub steps: Option<Steps>,
    /// Which leads can be enrolled.
    pub trigger_conditions: Option<Conditions>,
    /// Whether a lead may go through it more than once.
    pub re_entry: Option<ReEntry>,
    /// How many days lie between the end of one time and the next.
    #[validate(range(min = 0, max = 3650, message = "must be from 0 to 3650 days"))]
    pub cool_down_days: Option<i32>,
    /// What becomes of those who want no calls.
    pub on_dnc: Option<OnDnc>,
}

/// Which sequences to read.
#[derive(Clone, Debug)]
pub struct List {
    /// Only those that leads can be enrolled in.
    pub only_active: bool,
    /// How many to read at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before this one ended.
    pub after: Option<After>,
}

impl Default for List {
    fn default() -> Self {
        Self { only_active: false, limit: 50, after: None }
    }
}

/// Where a page of sequences ended, and for what time the list was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    as_of: DateTime<Utc>,
    id: NurtureSequenceId,
}

/// How a sequence does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct Rates {
    /// How many times a lead was enrolled.
    pub total_enrollments: i64,
    /// How many of those are on their way, paused ones among them.
    pub live: i64,
    /// How many came to the last step.
    pub completed: i64,
    /// How many were cancelled or failed.
    pub stopped: i64,
    /// Of those that have ended, how many came to the last step, in percent, to two decimals; null:
    /// none has ended.
    pub completion_rate: Option<Decimal>,
}

/// Makes a sequence that leads can be enrolled in, with its first version.
///
/// # Errors
///
/// [`Error::Invalid`] naming the field, as `steps[2].channel`: there are no steps or more than
/// [`MOST_STEPS`], they are not numbered 1, 2, 3, a delay is below 0 or above 3650 days, a text is empty,
/// too long, or has a placeholder that nobody knows.
#[tracing::instrument(name = "nurture_sequence::create", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn create(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    step::check(&new.steps)?;
    if let Some(conditions) = &new.trigger_conditions {
        step::check_conditions("trigger_conditions", conditions)?;
    }
    let made = tx
        .insert(nurture_sequence::ActiveModel {
            id: Set(NurtureSequenceId::new()),
            name: Set(new.name),
            description: Set(new.description),
            steps: Set(new.steps),
            trigger_conditions: Set(new.trigger_conditions),
            re_entry: Set(new.re_entry),
            cool_down_days: Set(new.cool_down_days),
            on_dnc: Set(new.on_dnc),
            created_by_user_id: Set(tx.context().user()),
            created_at: Set(tx.now()),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .await?;
    freeze(tx, &made).await?;
    Ok(made)
}

/// Changes a sequence. Other steps are a new version, which whoever is enrolled from now on gets; the
/// others keep theirs. The same steps are none.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such sequence; [`Error::Invalid`] as for [`create`].
#[tracing::instrument(name = "nurture_sequence::edit", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn edit(tx: &Tx, id: NurtureSequenceId, edit: Edit) -> Result<Model> {
    input::check(&edit)?;
    if let Some(steps) = &edit.steps {
        step::check(steps)?;
    }
    if let Some(conditions) = &edit.trigger_conditions {
        step::check_conditions("trigger_conditions", conditions)?;
    }
    let old = locked(tx, id).await?;
    let (version, was) = (old.version, old.steps.clone());
    let mut row = old.into_active_model();
    let steps = edit.steps.filter(|steps| *steps != was);
    let next = steps.is_some();
    if let Some(steps) = steps {
        row.steps = Set(steps);
        row.version = Set(version + 1);
    }
    if let Some(name) = edit.name {
        row.name = Set(name);
    }
    if edit.description.is_some() {
        row.description = Set(edit.description);
    }
    if edit.trigger_conditions.is_some() {
        row.trigger_conditions = Set(edit.trigger_conditions);
    }
    if let Some(re_entry) = edit.re_entry {
        row.re_entry = Set(re_entry);
    }
    if let Some(days) = edit.cool_down_days {
        row.cool_down_days = Set(days);
    }
    if let Some(on_dnc) = edit.on_dnc {
        row.on_dnc = Set(on_dnc);
    }
    row.updated_at = Set(tx.now());
    let edited = tx.update(row).await?;
    if next {
        freeze(tx, &edited).await?;
    }
    Ok(edited)
}

/// Writes the present steps down as a version.
async fn freeze(tx: &Tx, sequence: &Model) -> Result<()> {
    let version = nurture_sequence_version::ActiveModel {
        id: Set(NurtureSequenceVersionId::new()),
        sequence_id: Set(sequence.id),
        version: Set(sequence.version),
        steps: Set(sequence.steps.clone()),
        created_by_user_id: Set(tx.context().user()),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    tx.insert(version).await.map(drop)
}

/// Lets leads be enrolled, and those who are on their way hear from us again: what came due in the
/// meantime comes one step at a time.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such sequence.
#[tracing::instrument(name = "nurture_sequence::activate", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn activate(tx: &Tx, id: NurtureSequenceId) -> Result<Model> {
    switch(tx, id, true).await
}

/// Lets nobody be enrolled. Whoever is on the way stays there and hears nothing from us, until the
/// sequence is [activated](activate) again or they are cancelled; what was decided already and not sent
/// yet is not sent.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such sequence.
#[tracing::instrument(name = "nurture_sequence::deactivate", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn deactivate(tx: &Tx, id: NurtureSequenceId) -> Result<Model> {
    switch(tx, id, false).await
}

async fn switch(tx: &Tx, id: NurtureSequenceId, active: bool) -> Result<Model> {
    let mut row = locked(tx, id).await?.into_active_model();
    row.active = Set(active);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

async fn locked(tx: &Tx, id: NurtureSequenceId) -> Result<Model> {
    let found = tx.find::<Entity>().filter(Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    found.ok_or(Error::NotFound("nurture sequence"))
}

/// One sequence.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such sequence.
#[tracing::instrument(name = "nurture_sequence::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: NurtureSequenceId) -> Result<Model> {
    tx.get::<Entity>(id).await?.ok_or(Error::NotFound("nurture sequence"))
}

/// The sequences, oldest first.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000.
#[tracing::instrument(name = "nurture_sequence::list", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn list(tx: &Tx, ask: &List) -> Result<Page<Model, After>> {
    page::check(ask.limit)?;
    let as_of = ask.after.map_or(tx.now(), |after| after.as_of);
    let found = list_query(tx, ask).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, ask.limit, |sequence| After { as_of, id: sequence.id }))
}

/// Served by the primary key.
#[must_use]
pub fn list_query(tx: &Tx, ask: &List) -> sea_orm::Select<Entity> {
    tx.find::<Entity>()
        .apply_if(ask.only_active.then_some(true), |query, yes| {
            query.filter(Column::Active.eq(yes))
        })
        .apply_if(ask.after, |query, after| query.filter(Column::Id.gt(after.id)))
        .order_by_asc(Column::Id)
        .limit(ask.limit + 1)
}

/// The versions of a sequence, the first first.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such sequence.
#[tracing::instrument(name = "nurture_sequence::versions", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn versions(tx: &Tx, id: NurtureSequenceId) -> Result<Vec<Version>> {
    get(tx, id).await?;
    let found = tx
        .find::<nurture_sequence_version::Entity>() // served by nurture_sequence_versions_once
        .filter(nurture_sequence_version::Column::SequenceId.eq(id))
        .order_by_asc(nurture_sequence_version::Column::Version)
        .limit(page::MOST)
        .all(tx)
        .await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}

/// Served by `lead_sequence_enrollments_of_sequence`. `$3` the sequence.
pub const RATES: &str = "
select count(*) as total_enrollments,
       count(*) filter (where e.status in ('active', 'paused')) as live,
       count(*) filter (where e.status = 'completed') as completed,
       count(*) filter (where e.status in ('cancelled', 'failed')) as stopped,
       round(100.0 * count(*) filter (where e.status = 'completed')
             / nullif(count(*) filter (where e.status in ('completed', 'cancelled', 'failed')), 0), 2)
           as completion_rate
from lead_sequence_enrollments e
where e.tenant_id = $1 and e.sequence_id = $3 and $2 is not null";

/// How a sequence does: counted, and not stored. The SQL functions `total_enrollments` and
/// `completion_rate` of a sequence give the same.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such sequence.
#[tracing::instrument(name = "nurture_sequence::rates", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn rates(tx: &Tx, id: NurtureSequenceId) -> Result<Rates> {
    get(tx, id).await?;
    let found = Rates::find_by_statement(tx.ask(RATES, [id.into()])).one(tx).await?;
    found.ok_or(Error::NotFound("nurture sequence"))
}
