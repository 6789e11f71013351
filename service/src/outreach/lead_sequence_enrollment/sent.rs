//! What becomes of a claim.

use entity::outreach::lead_sequence_enrollment::{Column, Entity};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect};

use super::{Claim, Model, Went, advance, place, steps_of};
use crate::{Error, Result, Tx};

/// Records that a claimed step was sent, and plans the next, so many days from now; behind the last,
/// the enrolment is completed. If it was paused or ended in the meantime the step was sent all the
/// same, and is not sent again.
///
/// # Errors
///
/// [`Error::Conflict`] if the claim is no longer good, because it was recorded already, or the lease
/// ended and somebody else took it. Nothing is written then.
#[tracing::instrument(name = "lead_sequence_enrollment::record_sent", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record_sent(tx: &Tx, claim: &Claim) -> Result<Model> {
    let found = tx
        .find::<Entity>()
        .filter(Column::Id.eq(claim.enrollment_id))
        .filter(Column::Claim.eq(claim.token()))
        .filter(Column::CurrentStep.eq(claim.step))
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or(NO_LONGER)?;
    let steps = steps_of(tx, &found).await?;
    let place = place(tx, found.lead_id).await?;
    advance(tx, found, &steps, &place, &Went::Sent).await
}

/// Gives a claim back without having sent anything, for others to take at once.
///
/// # Errors
///
/// [`Error::Conflict`] if the claim is no longer good.
#[tracing::instrument(name = "lead_sequence_enrollment::release", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn release(tx: &Tx, claim: &Claim) -> Result<()> {
    let sql = "update lead_sequence_enrollments
               set claim = null, lease_until = null, updated_at = $2
               where tenant_id = $1 and id = $3 and claim = $4";
    let values = [claim.enrollment_id.into(), claim.token().into()];
    match tx.execute_raw(tx.ask(sql, values)).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(NO_LONGER),
    }
}

const NO_LONGER: Error =
    Error::Conflict(std::borrow::Cow::Borrowed("the claim on the step is no longer good"));
