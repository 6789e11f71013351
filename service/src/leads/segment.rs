//! Saved filters over leads: whom each finds, and how many.
//!
//! A filter finds live leads only: none that was deleted, merged into another or erased.

mod compile;
mod matches;
mod members;
mod when;

pub use entity::leads::segment::{
    Choice, Condition, Filter, Model, Moment, Never, NumberField, Order, Problem, Tags, TextField,
    Time, TimeField,
};
use entity::{
    id::{SegmentId, UserId},
    leads::segment::{self, Column, Entity},
};
use sea_orm::{
    ActiveValue::Unchanged, ColumnTrait, Condition as Where, QueryFilter, QueryOrder, QuerySelect,
    Set,
};
use validator::Validate;

pub use self::{
    matches::matches,
    members::{After, Preview, cached_count, count, leads, members, preview},
    when::Clock,
};
use crate::{Error, Result, Tx, input, page, page::Page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        compile::{Compiled, compile},
        members::{count_sql, leads_sql, members_sql},
    };
}

/// A segment to be saved.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// What it is called.
    #[validate(custom(function = input::named), length(max = 255))]
    pub name: String,
    /// What it is for.
    #[validate(custom(function = input::named), length(max = 2000))]
    pub description: Option<String>,
    /// Whom it finds.
    pub filter: Filter,
    /// Whether everybody of the tenant's may use it.
    pub is_public: bool,
    /// Whose it is; `None`: the caller's.
    pub user_id: Option<UserId>,
}

impl New {
    /// The caller's own, which nobody else sees.
    #[must_use]
    pub fn private(name: &str, filter: Filter) -> Self {
        Self { name: name.to_owned(), description: None, filter, is_public: false, user_id: None }
    }
}

/// What changes about a segment. `None` keeps what there is.
#[derive(Clone, Debug, Default, Validate)]
pub struct Change {
    /// What it is called.
    #[validate(custom(function = input::named), length(max = 255))]
    pub name: Option<String>,
    /// What it is for.
    #[validate(custom(function = input::named), length(max = 2000))]
    pub description: Option<String>,
    /// Whom it finds. Another filter makes what was counted out of date.
    pub filter: Option<Filter>,
    /// Whether everybody of the tenant's may use it.
    pub is_public: Option<bool>,
}

/// Which segments, and which piece of the list.
#[derive(Clone, Debug)]
pub struct List {
    /// How many at once.
    pub limit: u64,
    /// The last one of the piece before.
    pub after: Option<SegmentId>,
}

impl Default for List {
    fn default() -> Self {
        Self { limit: 50, after: None }
    }
}

/// Understands a filter as the document writes it, as JSON.
///
/// # Errors
///
/// [`Error::Invalid`], which names the field and the operator that it does not know, or that is of
/// the wrong type, or what is too much.
pub fn read(json: serde_json::Value) -> Result<Filter> {
    Filter::try_from(json).map_err(refused)
}

fn refused(problem: Problem) -> Error {
    Error::invalid(problem.field, problem.why)
}

/// Saves a segment.
///
/// # Errors
///
/// [`Error::Invalid`] naming the field, also if a program saves one for nobody;
/// [`Error::NotFound`] if the tenant has no such user.
#[tracing::instrument(name = "segment::create", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn create(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    new.filter.check().map_err(refused)?;
    let owner = new.user_id.or(tx.context().user());
    let owner = owner.ok_or(Error::invalid("user_id", "must be said by a program"))?;
    tx.insert(segment::ActiveModel {
        id: Set(SegmentId::new()),
        user_id: Set(owner),
        name: Set(new.name),
        description: Set(new.description),
        filter: Set(new.filter.normal()),
        is_public: Set(new.is_public),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    })
    .await
}

/// What the caller may see: their own and the public ones; a program sees all.
fn visible(tx: &Tx) -> Where {
    match tx.context().user() {
        None => Where::all(),
        Some(user) => Where::any().add(Column::UserId.eq(user)).add(Column::IsPublic.eq(true)),
    }
}

/// One segment, of the caller's or public.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such segment, or it is somebody else's own.
#[tracing::instrument(name = "segment::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: SegmentId) -> Result<Model> {
    let found = tx.find::<Entity>().filter(Column::Id.eq(id)).filter(visible(tx)).one(tx).await?;
    found.ok_or(Error::NotFound("segment"))
}

/// The caller's segments and the public ones, oldest first.
///
/// # Errors
///
/// [`Error::Invalid`] for a limit that is not from 1 to 1000.
#[tracing::instrument(name = "segment::list", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn list(tx: &Tx, ask: &List) -> Result<Page<Model, SegmentId>> {
    page::check(ask.limit)?;
    let mut found = tx.find::<Entity>().filter(visible(tx)); // served by pk-segments
    if let Some(after) = ask.after {
        found = found.filter(Column::Id.gt(after));
    }
    let found = found.order_by_asc(Column::Id).limit(ask.limit + 1).all(tx).await?;
    let page = Page::new(found, ask.limit, |segment: &Model| segment.id);
    tracing::Span::current().record("rows", page.items.len());
    Ok(page)
}

/// The caller's own segment, which nobody else can change until the transaction ends.
async fn own(tx: &Tx, id: SegmentId) -> Result<Model> {
    let found = tx.find::<Entity>().filter(Column::Id.eq(id)).filter(visible(tx));
    let found = found.lock_exclusive().one(tx).await?.ok_or(Error::NotFound("segment"))?;
    match tx.context().user() {
        Some(user) if user != found.user_id => {
            Err(Error::Denied("the segment is somebody else's".into()))
        }
        _ => Ok(found),
    }
}

/// Changes a segment of the caller's own.
///
/// # Errors
///
/// [`Error::NotFound`] if the caller sees no such segment; [`Error::Denied`] if it is public and
/// somebody else's; [`Error::Invalid`].
#[tracing::instrument(name = "segment::update", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn update(tx: &Tx, id: SegmentId, change: Change) -> Result<Model> {
    input::check(&change)?;
    if let Some(filter) = &change.filter {
        filter.check().map_err(refused)?;
    }
    let old = own(tx, id).await?;
    let filter = change.filter.map(Filter::normal).filter(|filter| *filter != old.filter);
    let mut row = segment::ActiveModel {
        tenant_id: Unchanged(old.tenant_id),
        id: Unchanged(id),
        name: Set(change.name.unwrap_or(old.name)),
        description: Set(change.description.or(old.description)),
        is_public: Set(change.is_public.unwrap_or(old.is_public)),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    if let Some(filter) = filter {
        row.filter = Set(filter);
        row.filter_version = Set(old.filter_version + 1);
    }
    tx.update(row).await
}

/// Deletes a segment of the caller's own.
///
/// # Errors
///
/// As [`update`].
#[tracing::instrument(name = "segment::delete", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn delete(tx: &Tx, id: SegmentId) -> Result<()> {
    own(tx, id).await?;
    tx.delete::<Entity>(id).await?;
    Ok(())
}
