//! How people and customers stand to each other: who referred whom, who reports to whom, who lives
//! with whom; and what follows from that, over several steps.
//!
//! Whoever was deleted, merged into another or erased is never met on the way, and what was only to
//! be reached through them is not reached.

mod walk;

use chrono::{DateTime, Utc};
pub use entity::leads::lead_link::{Kind, Model};
use entity::{
    customers::customer,
    id::{ClientId, ContactId, LeadId, LeadLinkId},
    leads::{
        lead,
        lead_link::{self, Column, Entity},
    },
    sales::contact,
};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DbBackend, FromQueryResult, IntoActiveModel,
    QueryFilter, QuerySelect, Set, Statement, sea_query::LockType,
};
use serde::{Deserialize, Serialize};

pub use self::walk::{
    Ask, By, Level, MOST_IN_REACH, MOST_STEPS, Neighbour, Neighbours, Step, household, influence,
    neighbours, path,
};
use crate::{Error, Result, Tx, input};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        REACHES,
        walk::{HOUSEHOLD, INFLUENCE, NEIGHBOURS, PATH},
    };
}

/// One of the two that a link is between.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum End {
    /// A lead.
    Lead(LeadId),
    /// Somebody at a customer.
    Contact(ContactId),
    /// A customer as a whole.
    Customer(ClientId),
}

/// The text is not `lead:<id>`, `contact:<id>` or `customer:<id>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnEnd;

impl std::fmt::Display for NotAnEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not of the form lead:<id>, contact:<id> or customer:<id>")
    }
}

impl std::error::Error for NotAnEnd {}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lead(id) => write!(f, "lead:{id}"),
            Self::Contact(id) => write!(f, "contact:{id}"),
            Self::Customer(id) => write!(f, "customer:{id}"),
        }
    }
}

impl TryFrom<String> for End {
    type Error = NotAnEnd;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (kind, id) = text.split_once(':').ok_or(NotAnEnd)?;
        match kind {
            "lead" => id.parse().map(Self::Lead).map_err(|_| NotAnEnd),
            "contact" => id.parse().map(Self::Contact).map_err(|_| NotAnEnd),
            "customer" => ClientId::parse(id).map(Self::Customer).map_err(|_| NotAnEnd),
            _ => Err(NotAnEnd),
        }
    }
}

impl From<End> for String {
    fn from(end: End) -> Self {
        end.to_string()
    }
}

/// Whether a link of this kind holds both ways.
#[must_use]
pub fn is_mutual(kind: Kind) -> bool {
    matches!(kind, Kind::SameHousehold | Kind::WorksWith)
}

/// A link to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// What it says of the two.
    pub kind: Kind,
    /// Who was referred, who reports.
    pub from: End,
    /// By whom, to whom.
    pub to: End,
    /// Since when; `None`: now.
    pub since: Option<DateTime<Utc>>,
}

impl New {
    /// A link that holds from now on.
    #[must_use]
    pub fn between(from: End, kind: Kind, to: End) -> Self {
        Self { kind, from, to, since: None }
    }
}

/// Links two people or customers. Saying what is known already changes nothing; which of two that
/// stand to each other both ways comes first does not matter.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has not both of them, or no more; [`Error::Invalid`] if they are
/// the same, or it holds only from later on; [`Error::Conflict`] if it would make somebody report to
/// themselves over others, or be referred by somebody whom they referred.
#[tracing::instrument(name = "lead_link::add", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn add(tx: &Tx, new: New) -> Result<Model> {
    let New { kind, mut from, mut to, since } = new;
    if from == to {
        return Err(Error::invalid("to", "must be another than from"));
    }
    let since = since.unwrap_or_else(|| tx.now());
    input::at("since", since)?;
    if since > tx.now() {
        return Err(Error::invalid("since", "must not be in the future"));
    }
    if is_mutual(kind) && to.to_string() < from.to_string() {
        std::mem::swap(&mut from, &mut to);
    }
    hold(tx, &[&from, &to]).await?;
    if !is_mutual(kind) {
        lock(tx, kind).await?;
        if reaches(tx, kind, &to, &from).await? {
            let what = "they would lead back to themselves over others";
            return Err(Error::conflict(what));
        }
    }
    let mut row = lead_link::ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(LeadLinkId::new()),
        kind: Set(kind),
        started_at: Set(since),
        created_by: Set(tx.context().user()),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    match from.clone() {
        End::Lead(id) => row.from_lead_id = Set(Some(id)),
        End::Contact(id) => row.from_contact_id = Set(Some(id)),
        End::Customer(id) => row.from_client_id = Set(Some(id)),
    }
    match to.clone() {
        End::Lead(id) => row.to_lead_id = Set(Some(id)),
        End::Contact(id) => row.to_contact_id = Set(Some(id)),
        End::Customer(id) => row.to_client_id = Set(Some(id)),
    }
    if let Some(made) = tx.insert_new(vec![row]).await?.pop() {
        return Ok(made);
    }
    let there = tx
        .find::<Entity>() // served by lead_links_live
        .filter(Column::FromEnd.eq(from.to_string()))
        .filter(Column::Kind.eq(kind))
        .filter(Column::ToEnd.eq(to.to_string()))
        .filter(Column::EndedAt.is_null())
        .one(tx)
        .await?;
    there.ok_or_else(|| Error::conflict("the link was made and ended at this moment"))
}

/// Ends a link: from now on it holds no longer. Ending it twice changes nothing.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such link.
#[tracing::instrument(name = "lead_link::end", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn end(tx: &Tx, id: LeadLinkId) -> Result<Model> {
    let found = tx.find::<Entity>().filter(Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    let link = found.ok_or(Error::NotFound("link"))?;
    if link.ended_at.is_some() {
        return Ok(link);
    }
    let at = tx.now().max(link.started_at);
    let mut row = link.into_active_model();
    row.ended_at = Set(Some(at));
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// Keeps those ends from being deleted or merged until the transaction ends, in one order whoever
/// asks, and before [`lock`]: whoever merges does so too.
async fn hold(tx: &Tx, ends: &[&End]) -> Result<()> {
    let mut ends = ends.to_vec();
    ends.sort();
    for end in ends {
        there(tx, end, Some(LockType::KeyShare)).await?;
    }
    Ok(())
}

/// Whether the tenant has such a person or customer.
async fn there(tx: &Tx, end: &End, lock: Option<LockType>) -> Result<()> {
    let (found, noun) = match end {
        End::Lead(id) => {
            let mut one = tx.find::<lead::Entity>().filter(lead::Column::Id.eq(*id));
            if let Some(lock) = lock {
                one = one.lock(lock);
            }
            let found = one.one(tx).await?;
            (found.is_some_and(|row| row.deleted_at.is_none()), "lead")
        }
        End::Contact(id) => {
            let mut one = tx.find::<contact::Entity>().filter(contact::Column::Id.eq(*id));
            if let Some(lock) = lock {
                one = one.lock(lock);
            }
            let found = one.one(tx).await?;
            (found.is_some_and(|row| row.deleted_at.is_none()), "contact")
        }
        End::Customer(id) => {
            let mut one = tx.find::<customer::Entity>();
            one = one.filter(customer::Column::ClientId.eq(id.clone()));
            if let Some(lock) = lock {
                one = one.lock(lock);
            }
            let found = one.one(tx).await?;
            (found.is_some_and(|row| row.deleted_at.is_none()), "customer")
        }
    };
    if found { Ok(()) } else { Err(Error::NotFound(noun)) }
}

/// Holds off whoever else makes a link of this kind until the transaction ends, so that no two of
/// them close a circle together.
pub(crate) async fn lock(tx: &Tx, kind: Kind) -> Result<()> {
    let key = format!("lead_links:{}:{}", tx.context().tenant, kind.to_value());
    let sql = "select pg_advisory_xact_lock(hashtextextended($1, 2))";
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [key.into()])).await?;
    Ok(())
}

/// Served by `lead_links_live`. `$3` whence, `$4` whither, `$5` the kind. Whoever is deleted counts:
/// they may come back.
pub const REACHES: &str = "
with recursive onward(node) as (
    select $3::text
    union
    select l.to_end from onward o
    join lead_links l on l.tenant_id = $1 and l.from_end = o.node and l.kind = $5
                     and l.ended_at is null
)
select node from onward where node = $4 and $2::timestamptz is not null limit 1";

/// Whether links of one kind lead from the one to the other.
pub(crate) async fn reaches(tx: &Tx, kind: Kind, from: &End, to: &End) -> Result<bool> {
    let rest = [from.to_string().into(), to.to_string().into(), kind.to_value().into()];
    Ok(tx.query_one_raw(tx.ask(REACHES, rest)).await?.is_some())
}

/// A link's two ends, as Postgres writes them.
#[derive(FromQueryResult)]
pub(crate) struct Ends {
    pub id: LeadLinkId,
    pub kind: Kind,
    pub from_end: String,
    pub to_end: String,
}
