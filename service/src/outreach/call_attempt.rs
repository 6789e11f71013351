//! Who was called when, which is what rolling limits count. A cleared number that is
//! [dialled](super::dnc::ClearedNumber::dial) writes its own.

use chrono::{DateTime, TimeDelta, Utc};
pub use entity::outreach::call_attempt::{Model, Outcome};
use entity::{
    id::{CallAttemptId, ContactId},
    outreach::{
        call_attempt::{self, Column, Entity},
        consent::{Channel, Purpose},
    },
    phone::Phone,
};
use sea_orm::{
    ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    prelude::Uuid,
    sea_query::{Expr, ExprTrait},
};
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::dnc;
use crate::{Error, Page, Result, Tx, input, page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{of_lead_query, of_query};
}

/// A call that somebody made by other means than ours.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// The number, as it was given.
    #[validate(length(max = 64, message = "not a telephone number"))]
    pub number: String,
    /// What for.
    pub purpose: Purpose,
    /// How.
    pub channel: Channel,
    /// What it was about; `None`: nobody said, and so it counts for anything.
    #[validate(custom(function = input::named), length(max = 200))]
    pub subject: Option<String>,
    /// The lead that was called.
    pub lead_id: Option<Uuid>,
    /// The contact that was called.
    pub contact_id: Option<ContactId>,
    /// When.
    #[validate(custom(function = input::instant))]
    pub at: DateTime<Utc>,
}

/// Where the next page of attempts starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    /// When the last attempt on this page was made.
    pub attempted_at: DateTime<Utc>,
    /// Its id.
    pub id: CallAttemptId,
}

/// Writes down a call that was made by other means, so that limits count it too.
///
/// # Errors
///
/// [`Error::Invalid`] if the number cannot be read, or the call is still to come.
#[tracing::instrument(name = "call_attempt::report", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn report(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    let Some(parsed) = dnc::parse(tx, &new.number).await? else {
        return Err(Error::invalid("number", "not a telephone number"));
    };
    // Another machine's clock may be ahead of ours, though not by much.
    if new.at > tx.now() + TimeDelta::minutes(5) {
        return Err(Error::invalid("at", "must not be in the future"));
    }
    dnc::lock(tx, &parsed.phone, dnc::Lock::Change).await?;
    tx.insert(call_attempt::ActiveModel {
        id: Set(CallAttemptId::new()),
        phone_number: Set(parsed.phone),
        purpose: Set(new.purpose),
        channel: Set(new.channel),
        subject: Set(new.subject),
        place: Set(None),
        lead_id: Set(new.lead_id),
        contact_id: Set(new.contact_id),
        outcome: Set(Outcome::Reported),
        actor: Set(tx.context().actor.to_string()),
        attempted_at: Set(new.at),
        ..Default::default()
    })
    .await
}

/// The attempts to call a number, latest first.
///
/// # Errors
///
/// [`Error::Invalid`] if `limit` is 0 or above 1000.
#[tracing::instrument(name = "call_attempt::of", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn of(
    tx: &Tx,
    phone: &Phone,
    limit: u64,
    after: Option<After>,
) -> Result<Page<Model, After>> {
    page::check(limit)?;
    paged(of_query(tx, phone, limit, after).all(tx).await?, limit)
}

/// The attempts to call a lead, latest first, at whatever number.
///
/// # Errors
///
/// [`Error::Invalid`] if `limit` is 0 or above 1000.
#[tracing::instrument(name = "call_attempt::of_lead", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn of_lead(
    tx: &Tx,
    lead: Uuid,
    limit: u64,
    after: Option<After>,
) -> Result<Page<Model, After>> {
    page::check(limit)?;
    paged(of_lead_query(tx, lead, limit, after).all(tx).await?, limit)
}

#[expect(clippy::unnecessary_wraps, reason = "both of its callers end with it")]
fn paged(found: Vec<Model>, limit: u64) -> Result<Page<Model, After>> {
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, limit, |last| After { attempted_at: last.attempted_at, id: last.id }))
}

/// Served by `call_attempts_of_number`.
#[must_use]
pub fn of_query(tx: &Tx, phone: &Phone, limit: u64, after: Option<After>) -> Select<Entity> {
    latest(tx, limit, after).filter(Column::PhoneNumber.eq(phone.as_str()))
}

/// Served by `call_attempts_of_lead`.
#[must_use]
pub fn of_lead_query(tx: &Tx, lead: Uuid, limit: u64, after: Option<After>) -> Select<Entity> {
    latest(tx, limit, after).filter(Column::LeadId.eq(lead))
}

fn latest(tx: &Tx, limit: u64, after: Option<After>) -> Select<Entity> {
    let newest = tx
        .find::<Entity>()
        .order_by_desc(Column::AttemptedAt)
        .order_by_desc(Column::Id)
        .limit(limit.saturating_add(1));
    let Some(After { attempted_at, id }) = after else { return newest };
    let place = Expr::tuple([Expr::col(Column::AttemptedAt), Expr::col(Column::Id)]);
    newest.filter(place.lt(Expr::tuple([Expr::value(attempted_at), Expr::value(id)])))
}
