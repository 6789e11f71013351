//! How a client did from week to week.

use chrono::NaiveDate;
pub use entity::health::client_lifecycle_history::Model;
use entity::{
    email::Email,
    health::client_lifecycle_history::{Column, Entity},
};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::{Page, Result, Tx, page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::weeks_query;
}

/// Which weeks of a client's to read.
#[derive(Clone, Debug)]
pub struct Weeks {
    /// Whose.
    pub email: Email,
    /// How many to read at once, 1 to 1000.
    pub limit: u64,
    /// The Sunday of the last week of the page before this one.
    pub before: Option<NaiveDate>,
}

/// Served by `client_lifecycle_history_once`.
#[must_use]
pub fn weeks_query(tx: &Tx, ask: &Weeks) -> Select<Entity> {
    let mut of = tx.find::<Entity>().filter(Column::Email.eq(ask.email.as_str()));
    if let Some(before) = ask.before {
        of = of.filter(Column::WeekEndingDate.lt(before));
    }
    of.order_by_desc(Column::WeekEndingDate).limit(ask.limit + 1)
}

/// A client's weeks, the latest first, each as it was last computed in it. A client without a score
/// has none.
///
/// # Errors
///
/// [`Error::Invalid`](crate::Error::Invalid) if the limit is not from 1 to 1000.
#[tracing::instrument(name = "client_lifecycle_history::weeks", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn weeks(tx: &Tx, ask: &Weeks) -> Result<Page<Model, NaiveDate>> {
    page::check(ask.limit)?;
    let found = weeks_query(tx, ask).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, ask.limit, |week| week.week_ending_date))
}
