//! Checks of what is no longer there.

use entity::compliance::{compliance_check::Model, compliance_check_event::Kind};
use sea_orm::FromQueryResult;

use super::{Note, note_all};
use crate::{Result, Tx, page};

/// Cancels open checks of what was deleted. Served by `compliance_checks_due`, and what they are of
/// by the primary keys of `customers` and `contacts`. `$2` now, `$3` rows.
pub const GONE: &str = "
with gone as materialized (
    select c.id from compliance_checks c
    where c.tenant_id = $1
      and c.status in ('pending', 'in_progress', 'awaiting_response', 'overdue', 'escalated')
      and c.entity_type <> 'vendor'
      and ((select m.client_id from customers m
            where m.tenant_id = $1 and m.client_id = c.client_id and m.deleted_at is null) is null
           or c.entity_type = 'contact'
              and (select k.id from contacts k
                   where k.tenant_id = $1 and k.id = c.contact_id and k.deleted_at is null) is null)
    order by c.due_at, c.id limit $3
    for update of c skip locked
)
update compliance_checks c
set status = 'cancelled', reminder_claim = null, reminder_lease_until = null,
    escalation_claim = null, escalation_lease_until = null, updated_at = $2
from gone
where c.tenant_id = $1 and c.id = gone.id
returning c.*";

/// Cancels the open checks whose customer or contact was deleted, the longest due first, and says how
/// many: so many again may be left. One that another has in hand is passed over.
///
/// # Errors
///
/// [`Error::Invalid`](crate::Error::Invalid) if the limit is not from 1 to 1000.
#[tracing::instrument(name = "compliance_check::cancel_gone", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn cancel_gone(tx: &Tx, limit: u64) -> Result<u64> {
    page::check(limit)?;
    let rows = i64::try_from(limit).unwrap_or(i64::MAX);
    let gone = Model::find_by_statement(tx.ask(GONE, [rows.into()])).all(tx).await?;
    let why = || Note { notes: Some("the row was deleted".to_owned()), ..Note::default() };
    note_all(tx, gone.iter().map(|check| (check, Kind::Cancelled, why())).collect()).await?;
    tracing::Span::current().record("rows", gone.len());
    Ok(gone.len() as u64)
}
