//! What came of imports.

use chrono::{DateTime, Utc};
use entity::{
    id::LeadImportId,
    leads::{
        lead_import::{self, Model},
        lead_import_row,
    },
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait as _},
};
use serde::{Deserialize, Serialize};

use crate::{Error, Page, Result, Tx, page};

/// One import.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such import.
#[tracing::instrument(name = "lead_import::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: LeadImportId) -> Result<Model> {
    tx.get::<lead_import::Entity>(id).await?.ok_or(Error::NotFound("import"))
}

/// Which imports to list.
#[derive(Clone, Debug)]
pub struct List {
    /// How many at the most, 1 to 1000.
    pub limit: u64,
    /// Where to go on; `None`: from the latest.
    pub after: Option<After>,
}

impl Default for List {
    fn default() -> Self {
        Self { limit: 50, after: None }
    }
}

/// Where a list of imports goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    /// When the last of the page was imported.
    pub imported_at: DateTime<Utc>,
    /// Which it was.
    pub id: LeadImportId,
}

/// A tenant's imports, latest first.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is none.
#[tracing::instrument(name = "lead_import::list", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn list(tx: &Tx, ask: &List) -> Result<Page<Model, After>> {
    page::check(ask.limit)?;
    let found = list_query(tx, ask).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, ask.limit, |import| After {
        imported_at: import.imported_at,
        id: import.id,
    }))
}

/// Served by `lead_imports_latest`.
#[must_use]
pub fn list_query(tx: &Tx, ask: &List) -> Select<lead_import::Entity> {
    use lead_import::Column;
    let mut query = tx
        .find::<lead_import::Entity>()
        .order_by_desc(Column::ImportedAt)
        .order_by_desc(Column::Id)
        .limit(ask.limit + 1);
    if let Some(after) = ask.after {
        let place = Expr::tuple([Expr::col(Column::ImportedAt), Expr::col(Column::Id)]);
        let last = Expr::tuple([Expr::value(after.imported_at), Expr::value(after.id)]);
        query = query.filter(place.lt(last));
    }
    query
}

/// Which rows of an import to tell about.
#[derive(Clone, Debug)]
pub struct Told {
    /// Whose.
    pub import: LeadImportId,
    /// Whether only of those that did not simply become leads.
    pub only_odd: bool,
    /// How many at the most, 1 to 1000.
    pub limit: u64,
    /// The number of the last row that was told about; `None`: from the first.
    pub after: Option<i32>,
}

impl Told {
    /// The first rows of an import.
    #[must_use]
    pub fn of(import: LeadImportId) -> Self {
        Self { import, only_odd: false, limit: 100, after: None }
    }
}

/// What became of an import's rows, in the order of the file.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such import; [`Error::Invalid`] if the limit is none.
#[tracing::instrument(name = "lead_import::outcomes", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn outcomes(tx: &Tx, ask: &Told) -> Result<Page<lead_import_row::Model, i32>> {
    page::check(ask.limit)?;
    get(tx, ask.import).await?;
    let found = outcomes_query(tx, ask).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, ask.limit, |row| row.row_no))
}

/// Served by `pk-lead_import_rows`, or by `lead_import_rows_odd`.
#[must_use]
pub fn outcomes_query(tx: &Tx, ask: &Told) -> Select<lead_import_row::Entity> {
    use lead_import_row::Column;
    let mut query = tx
        .find::<lead_import_row::Entity>()
        .filter(Column::ImportId.eq(ask.import))
        .filter(Column::RowNo.gt(ask.after.unwrap_or_default()))
        .order_by_asc(Column::RowNo)
        .limit(ask.limit + 1);
    if ask.only_odd {
        // As the index has it.
        query = query.filter(Expr::cust("outcome <> 'imported'"));
    }
    query
}

/// Served by `lead_import_rows_odd`, and by `pk-lead_imports` or `lead_imports_latest`.
pub const FORGET: &str = "
update lead_import_rows r set row_values = null
from lead_imports i
where i.tenant_id = $1 and i.imported_at < $2
  and r.tenant_id = $1 and r.import_id = i.id and r.outcome <> 'imported'
  and r.row_values is not null";

/// Forgets what stood in the refused rows of imports before some time: it is kept for whoever mends
/// them, and not for longer. How many rows that were.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "lead_import::forget_values", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn forget_values(tx: &Tx, before: DateTime<Utc>) -> Result<u64> {
    let done = tx.execute_raw(tx.ask_at(before, FORGET, [])).await?;
    tracing::Span::current().record("rows", done.rows_affected());
    Ok(done.rows_affected())
}
