//! Leads that have waited.

use entity::{id::DistributionPoolId, leads::distribution};
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};

use super::{Assigned, Waiting, desk};
use crate::{Result, Tx, page};

/// What came of looking at leads that wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// How many were looked at. 0: all have been, or nobody could be given any.
    pub looked_at: usize,
    /// How many are somebody's now.
    pub assigned: usize,
}

/// Served by `lead_assignment_queue_of_pool`. `$3` the pool, `$4` rows.
pub const DUE: &str = "
select q.* from lead_assignment_queue q
where q.tenant_id = $1 and q.pool_id = $3 and q.tried_at < $2
order by q.waiting_since, q.lead_id limit $4";

/// Gives leads that wait to whoever can take them by now, in each pool the longest waiting first: up to
/// `limit` in all, 1 to 1000. Call it, each time in a transaction of its own, until none is looked at: what
/// was tried is not tried again at the same time. If nobody of a pool can take anything, its leads are
/// left alone.
///
/// # Errors
///
/// [`Error::Invalid`](crate::Error::Invalid) if the limit is none.
#[tracing::instrument(name = "lead_assignment::drain", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn drain(tx: &Tx, limit: u64) -> Result<Drained> {
    page::check(limit)?;
    let mut left = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut drained = Drained::default();
    for pool in pools(tx).await? {
        if left == 0 {
            break;
        }
        let mut desk = desk::open(tx, pool).await?;
        if !desk.is_open() {
            continue;
        }
        let rows = i64::try_from(left).unwrap_or(i64::MAX);
        let asked = tx.ask(DUE, [pool.into(), rows.into()]);
        let waiting = Waiting::find_by_statement(asked).all(tx).await?;
        left = left.saturating_sub(waiting.len());
        drained.looked_at += waiting.len();
        if waiting.is_empty() {
            continue;
        }
        let done = desk.distribute(tx, desk::asked(waiting)).await?;
        drained.assigned += done.iter().filter(|(_, a)| matches!(a, Assigned::To(_))).count();
    }
    tracing::Span::current().record("rows", drained.looked_at);
    Ok(drained)
}

/// The pools that distribute, in the order in which they are locked.
async fn pools(tx: &Tx) -> Result<Vec<DistributionPoolId>> {
    let found = tx
        .find::<distribution::Entity>() // served by its primary key
        .select_only()
        .column(distribution::Column::Id)
        .filter(distribution::Column::Active.eq(true))
        .order_by_asc(distribution::Column::Id)
        .lock_exclusive() // all of them before anybody of theirs
        .into_tuple()
        .all(tx)
        .await?;
    Ok(found)
}
