//! Scores that somebody sets, for a time.

use chrono::{DateTime, Utc};
use entity::{
    id::{LeadId, LeadScoreOverrideId, UserId},
    leads::lead_score_override::{ActiveModel, Column, Entity},
};
use sea_orm::{ColumnTrait, IntoActiveModel, QueryFilter, Set};
use validator::Validate;

use super::{ByHand, Factors, compute};
use crate::{Error, Result, Tx, input, leads::lead::locked};

/// A score that somebody sets.
#[derive(Clone, Debug, Validate)]
pub struct Override {
    /// 0 to 100.
    #[validate(range(min = 0, max = 100))]
    pub score: i32,
    /// Who answers for it.
    pub owner: UserId,
    /// Why.
    #[validate(custom(function = input::named), length(max = 500))]
    pub reason: String,
    /// From when on it does not count any more; later than now.
    #[validate(custom(function = input::instant))]
    pub expires_at: DateTime<Utc>,
}

/// Sets a lead's score, in place of any that was set before, until it runs out. What would have been
/// computed stays in the factors, with the difference beside it.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead, or nobody such to answer for it;
/// [`Error::Invalid`].
#[tracing::instrument(name = "lead_score::set", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn set(tx: &Tx, id: LeadId, new: &Override) -> Result<Factors> {
    input::check(new)?;
    if new.expires_at <= tx.now() {
        return Err(Error::invalid("expires_at", "must be later than now"));
    }
    locked(tx, id).await?;
    crate::tenancy::user::get(tx, new.owner).await?;
    end(tx, id).await?;
    tx.insert(ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(LeadScoreOverrideId::new()),
        lead_id: Set(id),
        score: Set(new.score),
        owner_id: Set(new.owner),
        reason: Set(new.reason.clone()),
        set_at: Set(tx.now()),
        expires_at: Set(new.expires_at),
        ended_at: Set(None),
    })
    .await?;
    compute::again(tx, id, Some(&new.reason)).await
}

/// Lets a lead's score be what it is computed to be again.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead, or nobody had set its score; [`Error::Invalid`].
#[tracing::instrument(name = "lead_score::let_go", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn let_go(tx: &Tx, id: LeadId, reason: &str) -> Result<Factors> {
    input::text("reason", reason, 500)?;
    locked(tx, id).await?;
    if !end(tx, id).await? {
        return Err(Error::NotFound("override"));
    }
    compute::again(tx, id, Some(reason)).await
}

async fn end(tx: &Tx, id: LeadId) -> Result<bool> {
    let of = tx.find::<Entity>(); // served by lead_score_overrides_present
    let open = of.filter(Column::LeadId.eq(id)).filter(Column::EndedAt.is_null()).one(tx).await?;
    let Some(open) = open else { return Ok(false) };
    let at = tx.now().max(open.set_at);
    let mut row = open.into_active_model();
    row.ended_at = Set(Some(at));
    tx.update(row).await?;
    Ok(true)
}

/// What counts now.
pub(super) async fn present(tx: &Tx, id: LeadId) -> Result<Option<ByHand>> {
    Ok(among(tx, &[id]).await?.pop())
}

/// What counts now, of several leads.
pub(super) async fn among(tx: &Tx, ids: &[LeadId]) -> Result<Vec<ByHand>> {
    let of = tx.find::<Entity>(); // served by lead_score_overrides_present
    let found = of
        .filter(Column::LeadId.is_in(ids.iter().copied()))
        .filter(Column::EndedAt.is_null())
        .filter(Column::ExpiresAt.gt(tx.now()))
        .all(tx)
        .await?;
    Ok(found)
}
