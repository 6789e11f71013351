//! Quotes whose last day has passed.

use entity::{id::QuoteId, sales::quote_activity::Kind};
use sea_orm::FromQueryResult;

use super::{Note, entry};
use crate::{Result, Tx, page};

/// Served by `quotes_expiry`. A quote that somebody else is changing is left to the next sweep.
/// `$3` rows.
pub const EXPIRE: &str = "
with held as materialized (
    select q.id from quotes q
    where q.tenant_id = $1 and q.status in ('sent', 'viewed') and q.deleted_at is null
      and q.valid_until < (select ($2::timestamptz at time zone t.time_zone)::date
                           from tenants t where t.id = $1)
      and q.superseded_at is null
    order by q.valid_until, q.id limit $3 for update of q skip locked
)
update quotes q
set status = 'expired', next_follow_up_at = null, follow_up_claim = null,
    follow_up_lease_until = null, updated_at = $2,
    follow_up_stop = coalesce(q.follow_up_stop, 'expired'),
    follow_up_stopped_at = coalesce(q.follow_up_stopped_at, $2)
from held where q.tenant_id = $1 and q.id = held.id
returning q.id";

#[derive(FromQueryResult)]
struct Expired {
    id: QuoteId,
}

/// Expires up to `limit` quotes whose last day has passed on the tenant's calendar, the longest ago
/// first, and says which. On its last day a quote is still good.
///
/// # Errors
///
/// [`Error::Invalid`](crate::Error::Invalid) if the limit is not from 1 to 1000.
#[tracing::instrument(name = "quote::expire", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn expire(tx: &Tx, limit: u64) -> Result<Vec<QuoteId>> {
    page::check(limit)?;
    let rows = i64::try_from(limit).unwrap_or(i64::MAX);
    let expired = Expired::find_by_statement(tx.ask(EXPIRE, [rows.into()])).all(tx).await?;
    tracing::Span::current().record("rows", expired.len());
    let notes = expired.iter().map(|quote| entry(tx, quote.id, Kind::Expired, Note::default()));
    tx.insert_many(notes.collect()).await?;
    Ok(expired.into_iter().map(|quote| quote.id).collect())
}
