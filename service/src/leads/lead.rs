//! People who may become customers.
//!
//! A lead has one telephone number, in E.164, which no other live lead of the tenant's has. Whatever
//! is changed about it is written down beside it, field by field, with who and why
//! ([`changes`]); its status changes by one table ([`may_become`]) and keeps its history
//! ([`statuses`]). A number that comes onto the do-not-call list for good puts its lead into status
//! `dnc`, and off the list brings back the status it had.

mod block;
mod convert;
mod create;
mod edit;
mod leave;
mod life;
mod list;
mod recommend;
mod record;
mod status;
mod timeline;
mod word;

pub use entity::leads::{
    lead::{Metadata, Model, Status},
    lead_audit_log::Model as Noted,
    lead_status_history::{Model as Moved, Trigger},
};
use entity::{
    id::LeadId,
    leads::lead::{Column, Entity},
};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

pub(crate) use self::{
    block::{block, unblock},
    create::{Fresh, add_many},
    leave::{Why, left},
    record::{Note, note},
    status::enter,
    word::index,
};
pub use self::{
    convert::{Becomes, Convert, Converted, convert, undo_conversion},
    create::{MOST_TAGS, New, create, tags},
    edit::{Change, Origin, Update, update},
    life::{delete, restore},
    list::{After, List, Order, Owner, list},
    recommend::{Action, IMMEDIATE_NEED, Recommendation, recommend, recommendation},
    record::{changes, statuses},
    status::{TRANSITIONS, may_become, move_to, of_foreign},
    timeline::{Earlier, Event, EventKind, timeline},
    word::fold,
};
use crate::{Error, Result, Tx, input};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        block::{BEFORE, BLOCKED, LEFT, LISTED_LEADS},
        list::list_query,
        record::{changed_since, changes_query, statuses_query},
        timeline::TIMELINE,
    };
}

/// Why something is done to a lead, for its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because {
    /// What made it happen.
    pub trigger: Trigger,
    /// The call, the import, the entry of the list; `None`: nothing of its own.
    pub trigger_id: Option<Uuid>,
    /// In words, up to 255 characters; `None`: nobody said.
    pub reason: Option<String>,
}

impl Because {
    /// Somebody did it, and gave this reason.
    #[must_use]
    pub fn manual(reason: Option<&str>) -> Self {
        Self { trigger: Trigger::Manual, trigger_id: None, reason: reason.map(str::to_owned) }
    }

    fn check(&self) -> Result<()> {
        match &self.reason {
            Some(reason) => input::text("reason", reason, 255),
            None => Ok(()),
        }
    }
}

/// One lead.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead, or it was deleted, merged into another or
/// erased.
#[tracing::instrument(name = "lead::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: LeadId) -> Result<Model> {
    let found = tx.get::<Entity>(id).await?;
    found.filter(|lead| lead.deleted_at.is_none()).ok_or(Error::NotFound("lead"))
}

/// The lead, which nobody else can change until the transaction ends. Whoever needs several takes
/// them in the order of their ids.
pub(crate) async fn locked(tx: &Tx, id: LeadId) -> Result<Model> {
    let found = locked_at_all(tx, id).await?;
    found.filter(|lead| lead.deleted_at.is_none()).ok_or(Error::NotFound("lead"))
}

/// The same, deleted or not.
pub(crate) async fn locked_at_all(tx: &Tx, id: LeadId) -> Result<Option<Model>> {
    Ok(tx.find::<Entity>().filter(Column::Id.eq(id)).lock_exclusive().one(tx).await?)
}
