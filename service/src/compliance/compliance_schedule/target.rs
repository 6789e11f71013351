//! Whom a schedule is about.

use chrono::{DateTime, Utc};
use entity::{
    compliance::compliance_schedule::{Condition, Entity, Filter, Target},
    customers::customer,
    id::{ClientId, ComplianceScheduleId, ContactId},
    sales::contact,
};
use sea_orm::{ColumnTrait, Condition as All, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::Serialize;
use uuid::Uuid;

use crate::{Error, Page, Result, Tx, page};

/// A customer, contact or vendor that a check is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// A customer's key, a contact's id, or what the tenant calls a vendor.
    pub id: String,
    /// What it is called.
    pub name: Option<String>,
    /// The customer, or the contact's customer.
    pub client_id: Option<ClientId>,
    /// The contact.
    pub contact_id: Option<ContactId>,
}

impl From<customer::Model> for Subject {
    fn from(row: customer::Model) -> Self {
        Self {
            id: row.client_id.as_str().to_owned(),
            name: Some(row.client_name),
            client_id: Some(row.client_id),
            contact_id: None,
        }
    }
}

impl From<contact::Model> for Subject {
    fn from(row: contact::Model) -> Self {
        Self {
            id: row.id.to_string(),
            name: Some(format!("{} {}", row.first_name, row.last_name)),
            client_id: Some(row.client_id),
            contact_id: Some(row.id),
        }
    }
}

/// Whether all conditions of a filter hold of a customer, or of a contact and its customer.
#[must_use]
pub fn matches(
    filter: &Filter,
    customer: &customer::Model,
    contact: Option<&contact::Model>,
) -> bool {
    filter.all.iter().all(|condition| match condition {
        Condition::ClientId(any) => any.contains(&customer.client_id),
        Condition::Status(any) => any.contains(&customer.status),
        Condition::Tier(any) => any.contains(&customer.tier),
        Condition::LifecycleStage(any) => any.contains(&customer.lifecycle_stage),
        Condition::Industry(any) => any.contains(&customer.industry),
        Condition::CsmAssigned(any) => {
            customer.csm_assigned.as_ref().is_some_and(|csm| any.contains(csm))
        }
        Condition::HasCsm(yes) => customer.csm_assigned.is_some() == *yes,
        Condition::IsPrimary(yes) => contact.is_some_and(|c| c.is_primary == *yes),
        Condition::HasEmail(yes) => contact.is_some_and(|c| c.email.is_some() == *yes),
        Condition::Department(any) => contact
            .and_then(|c| c.department.as_ref())
            .is_some_and(|department| any.contains(department)),
    })
}

/// The same in SQL.
fn condition(filter: &Filter) -> All {
    filter.all.iter().fold(All::all(), |all, condition| {
        all.add(match condition {
            Condition::ClientId(any) => customer::Column::ClientId.is_in(any.iter().cloned()),
            Condition::Status(any) => customer::Column::Status.is_in(any.iter().copied()),
            Condition::Tier(any) => customer::Column::Tier.is_in(any.iter().copied()),
            Condition::LifecycleStage(any) => {
                customer::Column::LifecycleStage.is_in(any.iter().copied())
            }
            Condition::Industry(any) => customer::Column::Industry.is_in(any),
            Condition::CsmAssigned(any) => customer::Column::CsmAssigned.is_in(any),
            Condition::HasCsm(true) => customer::Column::CsmAssigned.is_not_null(),
            Condition::HasCsm(false) => customer::Column::CsmAssigned.is_null(),
            Condition::IsPrimary(yes) => contact::Column::IsPrimary.eq(*yes),
            Condition::HasEmail(true) => contact::Column::Email.is_not_null(),
            Condition::HasEmail(false) => contact::Column::Email.is_null(),
            Condition::Department(any) => contact::Column::Department.is_in(any),
        })
    })
}

/// Refuses a filter that can match nothing, or asks of customers what only contacts have.
pub(super) fn check(target: Target, filter: &Filter) -> Result<()> {
    let refuse = |why: &'static str| Err(Error::invalid("target_filter", why));
    if filter.all.len() > 20 {
        return refuse("must not have more than 20 conditions");
    }
    if target == Target::Vendor && !filter.all.is_empty() {
        return refuse("there is no table of vendors to filter");
    }
    for condition in &filter.all {
        let (alternatives, of_contacts) = match condition {
            Condition::ClientId(any) => (any.len(), false),
            Condition::Status(any) => (any.len(), false),
            Condition::Tier(any) => (any.len(), false),
            Condition::LifecycleStage(any) => (any.len(), false),
            Condition::Industry(any) | Condition::CsmAssigned(any) => (any.len(), false),
            Condition::HasCsm(_) => (1, false),
            Condition::IsPrimary(_) | Condition::HasEmail(_) => (1, true),
            Condition::Department(any) => (any.len(), true),
        };
        if !(1..=200).contains(&alternatives) {
            return refuse("each list must have from 1 to 200 alternatives");
        }
        if of_contacts && target != Target::Contact {
            return refuse("asks of customers what only contacts have");
        }
    }
    Ok(())
}

/// Which of those that a filter matches to read.
#[derive(Clone, Debug)]
pub(super) struct Batch<'a> {
    pub(super) filter: &'a Filter,
    /// Those that were added before then.
    pub(super) joined_before: Option<DateTime<Utc>>,
    /// Those whose id comes after this one.
    pub(super) after: Option<&'a str>,
    pub(super) limit: u64,
}

/// Served by the primary key of `customers`.
#[must_use]
pub fn clients_query(
    tx: &Tx,
    filter: &Filter,
    joined_before: Option<DateTime<Utc>>,
    after: Option<&str>,
    limit: u64,
) -> Select<customer::Entity> {
    let mut ask = tx
        .find::<customer::Entity>()
        .filter(customer::Column::DeletedAt.is_null())
        .filter(condition(filter))
        .order_by_asc(customer::Column::ClientId)
        .limit(limit);
    if let Some(then) = joined_before {
        ask = ask.filter(customer::Column::CreatedAt.lt(then));
    }
    if let Some(id) = after {
        ask = ask.filter(customer::Column::ClientId.gt(id));
    }
    ask
}

/// Served by the primary keys of `contacts` and `customers`.
#[must_use]
pub fn contacts_query(
    tx: &Tx,
    filter: &Filter,
    joined_before: Option<DateTime<Utc>>,
    after: Option<Uuid>,
    limit: u64,
) -> Select<contact::Entity> {
    let mut ask = tx
        .find::<contact::Entity>()
        .inner_join(customer::Entity)
        .filter(contact::Column::DeletedAt.is_null())
        .filter(customer::Column::DeletedAt.is_null())
        .filter(condition(filter))
        .order_by_asc(contact::Column::Id)
        .limit(limit);
    if let Some(then) = joined_before {
        ask = ask.filter(contact::Column::CreatedAt.lt(then));
    }
    if let Some(id) = after {
        ask = ask.filter(contact::Column::Id.gt(id));
    }
    ask
}

/// Those that a filter matches, in order of their ids.
pub(super) async fn batch(tx: &Tx, target: Target, ask: Batch<'_>) -> Result<Vec<Subject>> {
    let Batch { filter, joined_before, after, limit } = ask;
    match target {
        Target::Client => {
            let found = clients_query(tx, filter, joined_before, after, limit).all(tx).await?;
            Ok(found.into_iter().map(Into::into).collect())
        }
        Target::Contact => {
            let after = after.map(Uuid::parse_str).transpose();
            let after = after.map_err(|_| Error::invalid("after", "is no contact's id"))?;
            let found = contacts_query(tx, filter, joined_before, after, limit).all(tx).await?;
            Ok(found.into_iter().map(Into::into).collect())
        }
        Target::Vendor => Ok(vec![]),
    }
}

/// The row itself, which a check looks into.
pub(crate) enum Row {
    Client(Box<customer::Model>),
    /// With its customer.
    Contact(Box<contact::Model>, Box<customer::Model>),
    /// There is no table of vendors.
    Vendor,
}

impl Row {
    /// Whether a filter matches it. A vendor matches, as it has nothing to filter by.
    pub(super) fn matches(&self, filter: &Filter) -> bool {
        match self {
            Self::Client(row) => matches(filter, row, None),
            Self::Contact(row, at) => matches(filter, at, Some(row)),
            Self::Vendor => true,
        }
    }
}

/// The row, unless it was deleted, or its customer was.
pub(crate) async fn row(tx: &Tx, target: Target, id: &str) -> Result<Option<Row>> {
    let customer = async |id: ClientId| -> Result<_> {
        let found = tx.get::<customer::Entity>(id).await?;
        Ok(found.filter(|c| c.deleted_at.is_none()))
    };
    match target {
        Target::Client => {
            let Ok(id) = ClientId::parse(id) else { return Ok(None) };
            Ok(customer(id).await?.map(|row| Row::Client(Box::new(row))))
        }
        Target::Contact => {
            let Ok(id) = id.parse::<ContactId>() else { return Ok(None) };
            let found = tx.get::<contact::Entity>(id).await?;
            let Some(row) = found.filter(|c| c.deleted_at.is_none()) else { return Ok(None) };
            let at = customer(row.client_id.clone()).await?;
            Ok(at.map(|at| Row::Contact(Box::new(row), Box::new(at))))
        }
        Target::Vendor => Ok(Some(Row::Vendor)),
    }
}

/// Which of a schedule's targets to read.
#[derive(Clone, Debug)]
pub struct Targets {
    /// How many at once, 1 to 1000.
    pub limit: u64,
    /// The id that the page before this one ended with.
    pub after: Option<String>,
}

impl Default for Targets {
    fn default() -> Self {
        Self { limit: 50, after: None }
    }
}

/// Those that a schedule is about as things stand, in order of their ids. Of vendors there are none:
/// theirs is no table.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such schedule; [`Error::Invalid`] if the limit is not
/// from 1 to 1000.
#[tracing::instrument(name = "compliance_schedule::targets", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn targets(
    tx: &Tx,
    id: ComplianceScheduleId,
    ask: &Targets,
) -> Result<Page<Subject, String>> {
    page::check(ask.limit)?;
    let of = tx.get::<Entity>(id).await?.ok_or(Error::NotFound("compliance schedule"))?;
    let (filter, after) = (&of.target_filter, ask.after.as_deref());
    let asked = Batch { filter, joined_before: None, after, limit: ask.limit + 1 };
    let found = batch(tx, of.target_entity_type, asked).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, ask.limit, |last| last.id.clone()))
}
