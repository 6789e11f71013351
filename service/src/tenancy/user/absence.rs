//! When people are away.

use chrono::{DateTime, Utc};
use entity::{
    id::{UserAbsenceId, UserId},
    tenancy::user_absence::{self, ActiveModel, Column, Entity},
};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::get;
use crate::{Error, Result, Tx, input, page};

/// Says that somebody is away from one time to another, and gets no new work then. Times may overlap.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such user; [`Error::Invalid`] if it ends before it begins,
/// or the reason is not text.
#[tracing::instrument(name = "user::absent", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn absent(
    tx: &Tx,
    user: UserId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    reason: Option<&str>,
) -> Result<user_absence::Model> {
    input::at("from", from)?;
    input::at("until", until)?;
    if until <= from {
        return Err(Error::invalid("until", "must be later than from"));
    }
    if let Some(reason) = reason {
        input::text("reason", reason, 500)?;
    }
    get(tx, user).await?;
    tx.insert(ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(UserAbsenceId::new()),
        user_id: Set(user),
        starts_at: Set(from),
        ends_at: Set(until),
        reason: Set(reason.map(str::to_owned)),
        created_at: Set(tx.now()),
    })
    .await
}

/// When somebody is away, now or later: up to 1000 times, those first that end first.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such user.
#[tracing::instrument(name = "user::absences", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn absences(tx: &Tx, user: UserId) -> Result<Vec<user_absence::Model>> {
    get(tx, user).await?;
    let found = tx
        .find::<Entity>() // served by user_absences_of_user
        .filter(Column::UserId.eq(user))
        .filter(Column::EndsAt.gt(tx.now()))
        .order_by_asc(Column::EndsAt)
        .limit(page::MOST)
        .all(tx)
        .await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}

/// Takes back that somebody is away.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant knows nothing of it.
#[tracing::instrument(name = "user::not_absent", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn not_absent(tx: &Tx, id: UserAbsenceId) -> Result<()> {
    if tx.delete::<Entity>(id).await? { Ok(()) } else { Err(Error::NotFound("absence")) }
}
