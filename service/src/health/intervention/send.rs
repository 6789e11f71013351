//! Sending what is to be done to whoever does it, once.

use chrono::{DateTime, Utc};
use entity::{
    email::Email,
    health::{
        client_health_score::Level,
        intervention::{Column, Entity, Kind, Status},
    },
    id::InterventionId,
};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, FromQueryResult, QueryFilter, sea_query::Expr,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Claims,
    recommend::{Channel, channels},
};
use crate::{Error, Result, Tx, claims::lease_seconds, page};

/// The right to send one intervention, until the lease ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromQueryResult)]
pub struct Claim {
    /// Which.
    pub intervention_id: InterventionId,
    /// About whom.
    pub client_email: Email,
    /// First and last name, where both are known.
    pub client_name: Option<String>,
    /// Who looks after the client, now.
    pub assigned_coach: Option<String>,
    /// What to do.
    pub intervention_type: Kind,
    /// How urgent it is.
    pub intervention_priority: Level,
    /// The rule that chose it, in words.
    pub why: Option<String>,
    /// By when to act.
    pub due_at: DateTime<Utc>,
    /// Until when, by the database's clock, nobody else may claim it.
    pub lease_until: DateTime<Utc>,
    token: Uuid,
}

impl Claim {
    /// What a sender knows the message by: the same however often it is claimed, so that a sender
    /// which has seen it before sends nothing.
    #[must_use]
    pub fn key(&self) -> String {
        format!("intervention:{}", self.intervention_id)
    }

    /// The row that it is about.
    #[must_use]
    pub fn subject(&self) -> Uuid {
        self.intervention_id.0
    }

    /// How to reach the client, the best way first.
    #[must_use]
    pub fn channels(&self) -> &'static [Channel] {
        channels(self.intervention_type)
    }
}

macro_rules! apt {
    () => {
        "i.status = 'pending'
  and exists (select from client_health_scores c
              where c.tenant_id = $1 and c.email = i.client_email
                and (i.triggered_by = 'owner_change'
                     or (i.triggered_by = 'zone' and c.health_zone = i.health_zone
                         and i.intervention_date >= coalesce(c.zone_since, c.created_at))
                     or (i.triggered_by = 'pattern_break' and c.pattern_status = 'PATTERN_BREAK'))
                and not exists (select from customers k
                                where k.tenant_id = $1 and k.client_id = c.client_id
                                  and k.deleted_at is not null))"
    };
}

/// Served by `intervention_log_pending`, and by the outbox's own for what waits there already. `$3`
/// rows, `$4` token, `$5` seconds. The coach is the client's as of now.
pub const CLAIM: &str = concat!(
    "with held as materialized (
select i.id, (select c.assigned_coach from client_health_scores c
              where c.tenant_id = $1 and c.email = i.client_email) as coach
from intervention_log i
where i.tenant_id = $1 and $2::timestamptz is not null and ",
    apt!(),
    "
  and (i.send_lease_until is null or i.send_lease_until < statement_timestamp())
  and not exists (select from outbox o
                  where o.tenant_id = $1 and o.topic = 'intervention' and o.subject_id = i.id
                    and o.state in ('pending', 'dead'))
order by i.predictive_risk_score desc nulls last, i.id limit $3 for update of i skip locked
)
update intervention_log i
set send_claim = $4, send_lease_until = statement_timestamp() + make_interval(secs => $5)
from held where i.tenant_id = $1 and i.id = held.id
returning i.id as intervention_id, i.client_email, i.client_name,
          held.coach as assigned_coach, i.intervention_type, i.intervention_priority, i.ai_recommendation as why, i.due_at,
          i.send_lease_until as lease_until, i.send_claim as token"
);

const STANDS: &str = concat!(
    "select i.id from intervention_log i
where i.tenant_id = $1 and $2::timestamptz is not null and i.id = $3 and i.send_claim = $4 and ",
    apt!()
);

/// Claims interventions that were not sent, those of the greatest risk first. No two workers ever
/// hold the same one: what another holds is passed over, and what a dead one held is free when its
/// lease ends. One whose cause is gone, since the client has left the zone, if only
/// for a time, or calls again, is passed over, and [`super::open_due`] dismisses it; one whose
/// customer is deleted waits.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000, or the lease not from a second to a day.
#[tracing::instrument(name = "intervention::claim", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn claim(tx: &Tx, ask: &Claims) -> Result<Vec<Claim>> {
    page::check(ask.limit)?;
    let seconds = lease_seconds(ask.lease)?;
    let rows = i64::try_from(ask.limit).unwrap_or(i64::MAX);
    let question = tx.ask(CLAIM, [rows.into(), Uuid::now_v7().into(), seconds.into()]);
    let mut claimed = Claim::find_by_statement(question).all(tx).await?;
    claimed.sort_by_key(|claim| claim.intervention_id);
    tracing::Span::current().record("rows", claimed.len());
    Ok(claimed)
}

/// Whether it is still right to send a claimed intervention: nobody else has it, nobody closed it,
/// and its cause is still there.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "intervention::stands", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn stands(tx: &Tx, claim: &Claim) -> Result<bool> {
    let question = tx.ask(STANDS, [claim.intervention_id.into(), claim.token.into()]);
    Ok(tx.query_one_raw(question).await?.is_some())
}

/// Records that a claimed intervention was sent.
///
/// # Errors
///
/// [`Error::Conflict`] if the claim is no longer good, because it was recorded already, the lease
/// ended and somebody else took it, or the intervention was closed. Nothing is written then.
#[tracing::instrument(name = "intervention::record_sent", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record_sent(tx: &Tx, claim: &Claim) -> Result<()> {
    let done = tx
        .update_many::<Entity>()
        .col_expr(Column::Status, Expr::value(Status::Sent.to_value()))
        .col_expr(Column::SentAt, Expr::value(tx.now()))
        .col_expr(Column::SendClaim, Expr::value(None::<Uuid>))
        .col_expr(Column::SendLeaseUntil, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::UpdatedAt, Expr::value(tx.now()))
        .filter(Column::Id.eq(claim.intervention_id))
        .filter(Column::SendClaim.eq(claim.token))
        .filter(Column::Status.eq(Status::Pending.to_value()))
        .exec(tx)
        .await?;
    one(done.rows_affected)
}

/// Gives a claim back without having sent anything, for others to take at once.
///
/// # Errors
///
/// [`Error::Conflict`] if the claim is no longer good.
#[tracing::instrument(name = "intervention::release", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn release(tx: &Tx, claim: &Claim) -> Result<()> {
    let done = tx
        .update_many::<Entity>()
        .col_expr(Column::SendClaim, Expr::value(None::<Uuid>))
        .col_expr(Column::SendLeaseUntil, Expr::value(None::<DateTime<Utc>>))
        .filter(Column::Id.eq(claim.intervention_id))
        .filter(Column::SendClaim.eq(claim.token))
        .exec(tx)
        .await?;
    one(done.rows_affected)
}

fn one(rows: u64) -> Result<()> {
    if rows == 1 {
        Ok(())
    } else {
        Err(Error::conflict("the claim on the intervention is no longer good"))
    }
}
