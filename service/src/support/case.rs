//! What clients are unhappy with, until it is put right.

pub use entity::support::case::{Model, Priority, Status};
use entity::{
    id::{CaseId, ClientId, ContactId},
    support::case::{self, Column, Entity},
};
use sea_orm::{ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};
use uuid::Uuid;
use validator::Validate;

use crate::{Error, Result, Tx, customers::customer, input, sales::contact};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::OPEN_OF_ORDER;
}

/// A case to be opened.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// Whose it is.
    pub client_id: ClientId,
    /// The person there who complained.
    pub contact_id: Option<ContactId>,
    /// The order that it is about, as the system that has the orders knows it.
    pub order_id: Option<Uuid>,
    /// What the tenant calls its kind.
    #[validate(custom(function = input::named), length(max = 100))]
    pub category: String,
    /// What it is about.
    #[validate(custom(function = input::named), length(max = 500))]
    pub subject: String,
    /// More of that.
    #[validate(custom(function = input::plain), length(max = 10000))]
    pub description: Option<String>,
    /// How soon it matters.
    pub priority: Priority,
}

/// Opens a case under the tenant's next number of this year.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such customer or contact; [`Error::Invalid`].
#[tracing::instrument(name = "case::open", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn open(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    customer::get(tx, &new.client_id).await?;
    if let Some(id) = new.contact_id {
        contact::get_of(tx, id, &new.client_id).await?;
    }
    let (year, number) = tx.next_number("case_counters").await?;
    tx.insert(case::ActiveModel {
        id: Set(CaseId::new()),
        client_id: Set(new.client_id),
        contact_id: Set(new.contact_id),
        order_id: Set(new.order_id),
        case_number: Set(format!("CASE-{year}-{number:04}")),
        category: Set(new.category),
        subject: Set(new.subject),
        description: Set(new.description),
        opened_by: Set(tx.context().user()),
        priority: Set(new.priority),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    })
    .await
}

/// One case.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such case.
#[tracing::instrument(name = "case::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: CaseId) -> Result<Model> {
    tx.get::<Entity>(id).await?.ok_or(Error::NotFound("case"))
}

/// Moves a case on, or opens it again. To where it is already changes nothing.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such case.
#[tracing::instrument(name = "case::move_to", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn move_to(tx: &Tx, id: CaseId, status: Status) -> Result<Model> {
    let found = tx.find::<Entity>().filter(Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    let found = found.ok_or(Error::NotFound("case"))?;
    if found.status == status {
        return Ok(found);
    }
    let (was_open, resolved_at) = (found.is_open(), found.resolved_at);
    let mut row = found.into_active_model();
    row.status = Set(status);
    row.resolved_at = Set(match status {
        Status::Resolved | Status::Closed if was_open => Some(tx.now()),
        Status::Resolved | Status::Closed => resolved_at,
        _ => None,
    });
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// Served by `cases_open_of_order`. `$3` the order.
pub const OPEN_OF_ORDER: &str = "
select c.id from cases c
where c.tenant_id = $1 and c.order_id = $3 and c.status not in ('resolved', 'closed')
  and $2 is not null limit 1";

/// Whether an order has a case that somebody still has to do something about.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "case::is_open_for", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn is_open_for(tx: &Tx, order: Uuid) -> Result<bool> {
    Ok(tx.query_one_raw(tx.ask(OPEN_OF_ORDER, [order.into()])).await?.is_some())
}
