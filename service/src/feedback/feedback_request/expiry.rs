//! Requests that nobody answered in time.

use entity::id::FeedbackRequestId;
use sea_orm::FromQueryResult;

use crate::{Result, Tx, page};

/// Served by `feedback_requests_expiry`. A request that somebody else is changing is left to the
/// next sweep. `$3` rows.
pub const EXPIRE: &str = "
with held as materialized (
    select f.id from feedback_requests f
    where f.tenant_id = $1 and f.status = 'sent' and f.expires_at <= $2
    order by f.expires_at, f.id limit $3 for update of f skip locked
)
update feedback_requests f set status = 'expired', updated_at = $2
from held where f.tenant_id = $1 and f.id = held.id
returning f.id";

#[derive(FromQueryResult)]
struct Expired {
    id: FeedbackRequestId,
}

/// Expires up to `limit` requests that were sent thirty days ago or longer and not answered, the
/// longest ago first, and says which. An answer that comes later is taken, and marked as late.
///
/// # Errors
///
/// [`Error::Invalid`](crate::Error::Invalid) if the limit is not from 1 to 1000.
#[tracing::instrument(name = "feedback_request::expire", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn expire(tx: &Tx, limit: u64) -> Result<Vec<FeedbackRequestId>> {
    page::check(limit)?;
    let rows = i64::try_from(limit).unwrap_or(i64::MAX);
    let expired = Expired::find_by_statement(tx.ask(EXPIRE, [rows.into()])).all(tx).await?;
    tracing::Span::current().record("rows", expired.len());
    Ok(expired.into_iter().map(|request| request.id).collect())
}
