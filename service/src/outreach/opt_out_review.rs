//! What a person makes of words that may have been, or were taken for, a request not to be called.
//! [`dnc::hear`] writes them down.

use chrono::{DateTime, Utc};
pub use entity::outreach::opt_out_review::{Grade, Model, State};
use entity::{
    id::OptOutReviewId,
    outreach::opt_out_review::{Column, Entity},
};
use sea_orm::{
    ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::{Expr, ExprTrait, LockType},
};
use serde::{Deserialize, Serialize};

use super::dnc;
use crate::{Error, Page, Result, Tx, input, page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::pending_query;
}

/// Where the next page starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    /// When the last words on this page were heard.
    pub heard_at: DateTime<Utc>,
    /// Their id.
    pub id: OptOutReviewId,
}

/// What waits for a person, oldest first: also what took effect at once, since a program heard it.
///
/// # Errors
///
/// [`Error::Invalid`] if `limit` is 0 or above 1000.
#[tracing::instrument(name = "opt_out_review::pending", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn pending(tx: &Tx, limit: u64, after: Option<After>) -> Result<Page<Model, After>> {
    page::check(limit)?;
    let found = pending_query(tx, limit, after).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, limit, |last| After { heard_at: last.heard_at, id: last.id }))
}

/// Served by `opt_out_reviews_queue`.
#[must_use]
pub fn pending_query(tx: &Tx, limit: u64, after: Option<After>) -> Select<Entity> {
    let oldest = tx
        .find::<Entity>()
        .filter(Expr::cust("state = 'pending'"))
        .order_by_asc(Column::HeardAt)
        .order_by_asc(Column::Id)
        .limit(limit.saturating_add(1));
    let Some(After { heard_at, id }) = after else { return oldest };
    let place = Expr::tuple([Expr::col(Column::HeardAt), Expr::col(Column::Id)]);
    oldest.filter(place.gt(Expr::tuple([Expr::value(heard_at), Expr::value(id)])))
}

/// They did ask not to be called: the number is listed, with their words, unless it is already.
///
/// # Errors
///
/// [`Error::NotFound`] if there are no such words, [`Error::Conflict`] if somebody has decided about
/// them, [`Error::Invalid`] if no reason is given.
#[tracing::instrument(name = "opt_out_review::confirm", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn confirm(tx: &Tx, id: OptOutReviewId, because: &str) -> Result<Model> {
    let review = undecided(tx, id, because).await?;
    let entry = dnc::add(
        tx,
        dnc::New {
            source: Some(review.source.clone()),
            detected_phrase: Some(review.phrase.clone()),
            ..dnc::New::for_good(review.phone_number.as_str(), dnc::REQUESTED)
        },
    )
    .await?;
    let listed = review.dnc_id.unwrap_or(entry.id);
    decide(tx, review, State::Confirmed, because, Some(listed)).await
}

/// They did not ask. What was listed at once because of these words, and is listed for nothing else,
/// comes off the list, for this reason.
///
/// # Errors
///
/// As [`confirm`].
#[tracing::instrument(name = "opt_out_review::dismiss", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn dismiss(tx: &Tx, id: OptOutReviewId, because: &str) -> Result<Model> {
    let review = undecided(tx, id, because).await?;
    if let Some(entry) = review.dnc_id {
        // What stood before these words were heard stands without them.
        let listed = tx.get::<entity::outreach::dnc::Entity>(entry).await?;
        if listed.is_some_and(|listed| listed.added_at == review.heard_at) {
            dnc::retract(tx, &review.phone_number, entry, because).await?;
        }
    }
    let listed = review.dnc_id;
    decide(tx, review, State::Dismissed, because, listed).await
}

async fn undecided(tx: &Tx, id: OptOutReviewId, because: &str) -> Result<Model> {
    input::text("because", because, 500)?;
    // The number first, as whoever hears does.
    let review = tx.get::<Entity>(id).await?.ok_or(Error::NotFound("review"))?;
    dnc::lock(tx, &review.phone_number, dnc::Lock::Change).await?;
    let row = tx.find::<Entity>().filter(Column::Id.eq(id)).lock(LockType::Update);
    let review = row.one(tx).await?.ok_or(Error::NotFound("review"))?;
    match review.state {
        State::Pending => Ok(review),
        _ => Err(Error::conflict("somebody has decided already")),
    }
}

async fn decide(
    tx: &Tx,
    review: Model,
    state: State,
    because: &str,
    listed: Option<entity::id::DncId>,
) -> Result<Model> {
    let at = std::cmp::max(tx.now(), review.heard_at);
    let mut row = review.into_active_model();
    row.dnc_id = Set(listed);
    row.state = Set(state);
    row.decided_at = Set(Some(at));
    row.decided_by = Set(Some(tx.context().actor.to_string()));
    row.decided_because = Set(Some(because.to_owned()));
    tx.update(row).await
}
