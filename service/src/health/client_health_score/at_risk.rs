//! Who may leave.

use sea_orm::FromQueryResult;

use super::Model;
use crate::{Result, Tx, page};

/// Served by `client_health_scores_at_risk`. `$3` rows.
pub const AT_RISK: &str = "
select c.* from client_health_scores c
where c.tenant_id = $1 and c.health_zone in ('RED', 'YELLOW') and $2::timestamptz is not null
  and not exists (select from customers k
                  where k.tenant_id = $1 and k.client_id = c.client_id
                    and k.deleted_at is not null)
order by c.predictive_risk_score desc nulls last, c.id
limit $3";

/// The clients in the red or the yellow zone, as they were last scored, those of the greatest risk
/// first. Those of deleted customers are left out.
///
/// # Errors
///
/// [`Error::Invalid`](crate::Error::Invalid) if the limit is not from 1 to 1000.
#[tracing::instrument(name = "client_health_score::at_risk", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn at_risk(tx: &Tx, limit: u64) -> Result<Vec<Model>> {
    page::check(limit)?;
    let rows = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = Model::find_by_statement(tx.ask(AT_RISK, [rows.into()])).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}
