//! Ending what a lead is enrolled in.

use entity::id::LeadId;
use sea_orm::{ActiveEnum, ConnectionTrait, IntoActiveModel, Set};

use super::{Model, Status, Stop};
use crate::{Result, Tx, outreach::nurture_sequence::settings};

/// Served by `lead_sequence_enrollments_live`. `$3` why, `$4` the leads, `$5` whether those go on whose
/// sequence says so.
pub const STOP: &str = "
update lead_sequence_enrollments e
set status = 'cancelled', stop = $3, completed_at = $2, next_step_scheduled_at = null,
    next_channel = null, paused_at = null, pause_reason = null, updated_at = $2
where e.tenant_id = $1 and e.status in ('active', 'paused')
  and e.lead_id = any ($4::uuid[])
  and (not $5::bool or (select s.on_dnc = 'stop' from nurture_sequences s
                        where s.tenant_id = $1 and s.id = e.sequence_id))";

/// Ends all that some leads are on the way through, the paused ones among it, in one statement; how
/// many that was. Where a lead wants no calls, e-mails go on if the sequence says so, and everything
/// does if the tenant's settings say so; they are neither texted nor called all the same.
///
/// # Errors
///
/// [`crate::Error::Database`].
#[tracing::instrument(name = "lead_sequence_enrollment::stop", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn stop(tx: &Tx, leads: &[LeadId], why: Stop) -> Result<u64> {
    let is_dnc = why == Stop::DoNotCall;
    if leads.is_empty() || is_dnc && !settings(tx).await?.respect_dnc {
        return Ok(0);
    }
    let leads: Vec<uuid::Uuid> = leads.iter().map(|lead| lead.0).collect();
    let values = [why.to_value().into(), leads.into(), is_dnc.into()];
    let done = tx.execute_raw(tx.ask(STOP, values)).await?.rows_affected();
    tracing::Span::current().record("rows", done);
    Ok(done)
}

/// Ends one that is live and locked.
pub(super) async fn end(
    tx: &Tx,
    enrolled: Model,
    status: Status,
    why: Stop,
    said: Option<&str>,
) -> Result<Model> {
    let mut row = enrolled.into_active_model();
    row.status = Set(status);
    row.stop = Set(Some(why));
    row.stop_reason = Set(said.map(str::to_owned));
    row.completed_at = Set(Some(tx.now()));
    row.next_step_scheduled_at = Set(None);
    row.next_channel = Set(None);
    row.paused_at = Set(None);
    row.pause_reason = Set(None);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}
