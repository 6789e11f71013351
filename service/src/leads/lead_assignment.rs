//! Whose lead becomes whose.
//!
//! Distributing is one at a time in a pool: whoever does locks it, counts what its people have, decides
//! and writes, in one transaction. So leads are spread evenly whatever the number of workers, nobody
//! has more than they may, and a lead that is somebody's stays theirs. A lead that nobody can be given
//! waits, with why, until [`drain`] finds somebody.
//!
//! Whoever knows the person already comes first: who has their deal, then who has another lead of the
//! same address, then who had this one.

mod choose;
mod desk;
mod drain;
mod give;

use chrono::{DateTime, Utc};
pub use entity::leads::{
    lead_assignment::{Candidate, Considered, Model, Unfit},
    lead_assignment_queue::Model as Waiting,
};
use entity::{
    id::{DistributionPoolId, LeadAssignmentId, LeadId, UserId},
    leads::{
        lead_assignment::{self, Column, Entity},
        lead_assignment_queue,
    },
};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::{Deserialize, Serialize};

pub use self::{
    choose::{Chosen, Person, Rate, Wanted, choose},
    drain::{Drained, drain},
    give::{Reassign, assign_to, reassign},
};
use super::{
    distribution::{self, Strategy},
    lead,
};
use crate::{Error, Page, Result, Tx, page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        desk::{KNOWN_TO, LEADS, MEMBERS, RATES, USERS},
        drain::DUE,
        history_query, queue_query,
    };
}

/// How a lead is to be distributed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Among whom.
    pub pool: DistributionPoolId,
    /// How; `None`: as the pool does.
    pub strategy: Option<Strategy>,
    /// What whoever gets it must be able to do; case does not matter.
    pub needs: Vec<String>,
}

impl Ask {
    /// As a pool does it.
    #[must_use]
    pub fn of(pool: DistributionPoolId) -> Self {
        Self { pool, strategy: None, needs: vec![] }
    }
}

/// What came of distributing a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assigned {
    /// It is somebody's now.
    To(Box<Model>),
    /// It was somebody's already, and still is.
    Already(UserId),
    /// Nobody can be given it, for this reason: it waits.
    Waiting(String),
    /// It is not to be distributed, for this reason: nobody may call it, or it is gone.
    Refused(&'static str),
}

/// Gives a lead to one of a pool's people. To do so again changes nothing.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead or pool; [`Error::Invalid`] if the strategy decides
/// nothing, or what the lead needs is not text; [`Error::Conflict`] if the pool distributes nothing.
#[tracing::instrument(name = "lead_assignment::assign", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn assign(tx: &Tx, id: LeadId, ask: &Ask) -> Result<Assigned> {
    let done = assign_many(tx, &[id], ask).await?.pop();
    match done {
        Some((_, Assigned::Refused(GONE))) | None => Err(Error::NotFound("lead")),
        Some((_, assigned)) => Ok(assigned),
    }
}

/// What is said of a lead that is not there.
const GONE: &str = "there is no such lead";

/// Gives leads to a pool's people, in this order, evenly. Up to 1000 at once.
///
/// # Errors
///
/// As [`assign`], but for leads that are not there: they are refused, each for itself.
#[tracing::instrument(name = "lead_assignment::assign_many", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn assign_many(tx: &Tx, ids: &[LeadId], ask: &Ask) -> Result<Vec<(LeadId, Assigned)>> {
    page::check(u64::try_from(ids.len()).unwrap_or(u64::MAX))?;
    let needs = distribution::words("needs", &ask.needs, str::to_lowercase)?;
    let mut desk = desk::open(tx, ask.pool).await?;
    if !desk.pool.active {
        return Err(Error::conflict("the pool distributes nothing"));
    }
    let strategy = ask.strategy.unwrap_or(desk.pool.strategy);
    distribution::decides(strategy)?;
    let mut once = std::collections::HashSet::new();
    let asked = ids.iter().filter(|id| once.insert(**id)).map(|id| (*id, strategy, needs.clone()));
    desk.distribute(tx, asked.collect()).await
}

/// Which of a lead's assignments to read.
#[derive(Clone, Copy, Debug)]
pub struct History {
    /// Of which lead.
    pub lead: LeadId,
    /// How many at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before ended.
    pub after: Option<After>,
}

/// Where a page of assignments ended. What is assigned later stands before the first page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    assigned_at: DateTime<Utc>,
    id: LeadAssignmentId,
}

/// Whose a lead was made, latest first.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead; [`Error::Invalid`] if the limit is none.
#[tracing::instrument(name = "lead_assignment::history", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn history(tx: &Tx, ask: &History) -> Result<Page<Model, After>> {
    page::check(ask.limit)?;
    lead::get(tx, ask.lead).await?;
    let found = history_query(tx, ask).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, ask.limit, |last| After { assigned_at: last.assigned_at, id: last.id }))
}

/// Served by `lead_assignments_of_lead`.
#[must_use]
pub fn history_query(tx: &Tx, ask: &History) -> Select<Entity> {
    let mut query = tx
        .find::<lead_assignment::Entity>()
        .filter(Column::LeadId.eq(ask.lead))
        .order_by_desc(Column::AssignedAt)
        .order_by_desc(Column::Id)
        .limit(ask.limit + 1);
    if let Some(After { assigned_at, id }) = ask.after {
        let same = Condition::all().add(Column::AssignedAt.eq(assigned_at)).add(Column::Id.lt(id));
        query = query
            .filter(Column::AssignedAt.lte(assigned_at))
            .filter(Condition::any().add(Column::AssignedAt.lt(assigned_at)).add(same));
    }
    query
}

/// Which of the leads that wait to read.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    /// How many at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before ended.
    pub after: Option<AfterWaiting>,
}

/// Where a page of leads that wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AfterWaiting {
    waiting_since: DateTime<Utc>,
    lead_id: LeadId,
}

/// The leads that wait for somebody, the longest first, and why.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is none.
#[tracing::instrument(name = "lead_assignment::queue", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn queue(tx: &Tx, ask: &Queue) -> Result<Page<Waiting, AfterWaiting>> {
    page::check(ask.limit)?;
    let found = queue_query(tx, ask).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    let at =
        |last: &Waiting| AfterWaiting { waiting_since: last.waiting_since, lead_id: last.lead_id };
    Ok(Page::new(found, ask.limit, at))
}

/// Served by `lead_assignment_queue_waiting`.
#[must_use]
pub fn queue_query(tx: &Tx, ask: &Queue) -> Select<lead_assignment_queue::Entity> {
    use lead_assignment_queue::Column;
    let mut query = tx
        .find::<lead_assignment_queue::Entity>()
        .order_by_asc(Column::WaitingSince)
        .order_by_asc(Column::LeadId)
        .limit(ask.limit + 1);
    if let Some(AfterWaiting { waiting_since, lead_id }) = ask.after {
        let same = Condition::all()
            .add(Column::WaitingSince.eq(waiting_since))
            .add(Column::LeadId.gt(lead_id));
        query = query
            .filter(Column::WaitingSince.gte(waiting_since))
            .filter(Condition::any().add(Column::WaitingSince.gt(waiting_since)).add(same));
    }
    query
}
