//! Who looked after a client, and when that changed. Changes are made by
//! [`client_health_score::change_owner`](super::client_health_score::change_owner).

use chrono::{DateTime, Utc};
pub use entity::health::contact_owner_history::Model;
use entity::{
    email::Email,
    health::contact_owner_history::{Column, Entity},
    id::ContactOwnerHistoryId,
};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::{Deserialize, Serialize};

use crate::{Page, Result, Tx, input, page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::changes_query;
}

/// Which changes of a client's owner to read.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Whose.
    pub email: Email,
    /// How many to read at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before this one ended.
    pub after: Option<After>,
}

/// Where a page of changes ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    changed_at: DateTime<Utc>,
    id: ContactOwnerHistoryId,
}

/// Served by `contact_owner_history_of_client`.
#[must_use]
pub fn changes_query(tx: &Tx, ask: &Changes) -> Select<Entity> {
    let mut of = tx.find::<Entity>().filter(Column::ClientEmail.eq(ask.email.as_str()));
    if let Some(After { changed_at, id }) = ask.after {
        of = of
            .filter(Column::ChangedAt.lte(changed_at))
            .filter(Condition::any().add(Column::ChangedAt.lt(changed_at)).add(Column::Id.lt(id)));
    }
    of.order_by_desc(Column::ChangedAt).order_by_desc(Column::Id).limit(ask.limit + 1)
}

/// The changes of a client's owner, the latest first.
///
/// # Errors
///
/// [`Error::Invalid`](crate::Error::Invalid) if the limit is not from 1 to 1000.
#[tracing::instrument(name = "contact_owner_history::changes", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn changes(tx: &Tx, ask: &Changes) -> Result<Page<Model, After>> {
    page::check(ask.limit)?;
    if let Some(after) = ask.after {
        input::at("after", after.changed_at)?;
    }
    let found = changes_query(tx, ask).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    let cursor = |change: &Model| After { changed_at: change.changed_at, id: change.id };
    Ok(Page::new(found, ask.limit, cursor))
}
