//! What people are asked to do.

use chrono::{DateTime, Utc};
use entity::{
    id::{ClientId, ContactId, DealId, TaskId, UserId},
    sales::task::{self, Column, Entity},
};
pub use entity::{
    sales::task::{Model, Status},
    support::case::Priority,
};
use sea_orm::{
    ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::NullOrdering,
};
use validator::Validate;

use crate::{Error, Result, Tx, input, page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::assigned_query;
}

/// A task to be given.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// What is to be done.
    #[validate(custom(function = input::named), length(max = 500))]
    pub title: String,
    /// More of that.
    #[validate(custom(function = input::plain), length(max = 10000))]
    pub description: Option<String>,
    /// The customer that it is about.
    pub client_id: Option<ClientId>,
    /// The person that it is about.
    pub contact_id: Option<ContactId>,
    /// The deal that it is about; done when that is won.
    pub deal_id: Option<DealId>,
    /// How soon it matters.
    pub priority: Priority,
    /// Until when; `None`: whenever.
    #[validate(custom(function = input::instant))]
    pub due_at: Option<DateTime<Utc>>,
    /// Who is to do it; `None`: whoever takes it.
    pub assigned_to: Option<UserId>,
}

impl New {
    /// A task that only has a title.
    #[must_use]
    pub fn titled(title: &str, priority: Priority) -> Self {
        Self {
            title: title.to_owned(),
            description: None,
            client_id: None,
            contact_id: None,
            deal_id: None,
            priority,
            due_at: None,
            assigned_to: None,
        }
    }
}

/// Gives somebody a task.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such customer, contact, deal or user;
/// [`Error::Invalid`].
#[tracing::instrument(name = "task::open", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn open(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    tx.insert(task::ActiveModel {
        id: Set(TaskId::new()),
        client_id: Set(new.client_id),
        contact_id: Set(new.contact_id),
        deal_id: Set(new.deal_id),
        assigned_to: Set(new.assigned_to),
        title: Set(new.title),
        description: Set(new.description),
        priority: Set(new.priority),
        due_date: Set(new.due_at),
        created_by: Set(tx.context().user()),
        status: Set(Status::Pending),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    })
    .await
}

/// What somebody has, what is due first first, and what is due whenever last.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000.
#[tracing::instrument(name = "task::assigned", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn assigned(tx: &Tx, to: UserId, limit: u64) -> Result<Vec<Model>> {
    page::check(limit)?;
    let found = assigned_query(tx, to, limit).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}

/// Served by `tasks_of_assignee`.
#[must_use]
pub fn assigned_query(tx: &Tx, to: UserId, limit: u64) -> Select<Entity> {
    tx.find::<Entity>()
        .filter(Column::AssignedTo.eq(to))
        .filter(Column::Status.is_in([Status::Pending, Status::InProgress]))
        .order_by_with_nulls(Column::DueDate, sea_orm::Order::Asc, NullOrdering::Last)
        .order_by_asc(Column::Id)
        .limit(limit)
}

/// Moves a task on, or takes it up again. To where it is already changes nothing.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such task.
#[tracing::instrument(name = "task::move_to", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn move_to(tx: &Tx, id: TaskId, status: Status) -> Result<Model> {
    let found = tx.find::<Entity>().filter(Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    let found = found.ok_or(Error::NotFound("task"))?;
    if found.status == status {
        return Ok(found);
    }
    let mut row = found.into_active_model();
    row.status = Set(status);
    row.completed_at = Set((status == Status::Completed).then(|| tx.now()));
    row.updated_at = Set(tx.now());
    tx.update(row).await
}
