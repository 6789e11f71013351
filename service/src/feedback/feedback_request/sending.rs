//! Asking each customer once, whoever else is at it, or saying why they are not asked.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    feedback::feedback_request::SkipReason,
    id::{ClientId, ContactId, FeedbackRequestId},
};
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{EXPIRES_AFTER_DAYS, due::skip_reason, fatigued_since};
use crate::{Claims, Error, Result, Tx, claims::lease_seconds, page};

/// The right to send one request, until the lease ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromQueryResult)]
pub struct Claim {
    /// Which request.
    pub request_id: FeedbackRequestId,
    /// The order to ask about.
    pub order_id: Uuid,
    /// Whose it was.
    pub client_id: ClientId,
    /// Whom to ask.
    pub contact_id: ContactId,
    /// When the order was delivered.
    pub delivery_date: DateTime<Utc>,
    /// Until when, by the database's clock, nobody else may claim it.
    pub lease_until: DateTime<Utc>,
    token: Uuid,
}

impl Claim {
    /// What a sender knows the message by: the same however often the request is claimed, so that a
    /// sender which has seen it before sends nothing.
    #[must_use]
    pub fn key(&self) -> String {
        format!("feedback:{}:1", self.request_id)
    }

    /// The row that it is about.
    #[must_use]
    pub fn subject(&self) -> Uuid {
        self.request_id.0
    }
}

/// A request that is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Which.
    pub id: FeedbackRequestId,
    /// Why.
    pub reason: SkipReason,
}

/// What became of due requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Claimed {
    /// Those that the caller may send, the longest due first.
    pub claims: Vec<Claim>,
    /// Those that nobody will send any more.
    pub skipped: Vec<Skipped>,
}

/// A row that was looked at: claimed, or skipped.
#[derive(FromQueryResult)]
struct Judged {
    request_id: FeedbackRequestId,
    order_id: Uuid,
    client_id: ClientId,
    contact_id: Option<ContactId>,
    delivery_date: DateTime<Utc>,
    scheduled_for: DateTime<Utc>,
    skip_reason: Option<SkipReason>,
    lease_until: Option<DateTime<Utc>>,
    token: Option<Uuid>,
}

impl Judged {
    fn claim(self) -> Option<Claim> {
        Some(Claim {
            request_id: self.request_id,
            order_id: self.order_id,
            client_id: self.client_id,
            contact_id: self.contact_id?,
            delivery_date: self.delivery_date,
            lease_until: self.lease_until?,
            token: self.token?,
        })
    }
}

/// It is a [friendly hour](super::FRIENDLY_HOURS) at the contact's.
macro_rules! friendly_hours {
    () => {
        "($2::timestamptz at time zone coalesce(k.time_zone, t.time_zone))::time >= '09:00'
      and ($2::timestamptz at time zone coalesce(k.time_zone, t.time_zone))::time < '20:00'"
    };
}

/// Served by `feedback_requests_due`. The conditions on the request are tried once more on a row
/// that changed after the statement began. Of a contact's requests only the first is taken, and
/// none while another is on its way, or was given up and waits for a person. What is looked up is
/// looked up row by row, by `cases_open_of_order`, `outbox_of_subject` and
/// `feedback_requests_of_contact`: `exists` would let Postgres read whole tables instead. `$3` rows, `$4` token, `$5` seconds, `$6` who was asked since
/// then was asked not long ago.
pub const CLAIM: &str = concat!(
    "with held as materialized (
    select f.id from feedback_requests f
    join tenants t on t.id = $1
    left join contacts k on k.tenant_id = $1 and k.id = f.contact_id
    where f.tenant_id = $1 and f.status = 'pending' and f.scheduled_for <= $2
      and (f.lease_until is null or f.lease_until < statement_timestamp())
      and ",
    friendly_hours!(),
    "
      and (select true from outbox o where o.tenant_id = $1 and o.topic = 'feedback_request'
             and o.subject_id = f.id and o.state in ('pending', 'dead') limit 1) is null
      and (
          select true from feedback_requests s
          where s.tenant_id = $1 and s.contact_id = f.contact_id and s.sent_at is null
            and s.status = 'pending' and s.id <> f.id
            and ((s.scheduled_for, s.id) < (f.scheduled_for, f.id)
                 or s.lease_until >= statement_timestamp()
                 or (select true from outbox o where o.tenant_id = $1
                       and o.topic = 'feedback_request' and o.subject_id = s.id
                       and o.state in ('pending', 'dead') limit 1))
          limit 1) is null
    order by f.scheduled_for, f.id limit $3 for update of f skip locked
),
judged as materialized (
    select f.id, ",
    skip_reason!("$6::timestamptz"),
    " as reason
    from held h
    join feedback_requests f on f.tenant_id = $1 and f.id = h.id
    join customers c on c.tenant_id = $1 and c.client_id = f.client_id
    left join contacts k on k.tenant_id = $1 and k.id = f.contact_id
)
update feedback_requests f
set status = case when j.reason is null then 'pending' else 'skipped' end,
    skip_reason = j.reason, has_open_case = coalesce(j.reason = 'open_case', false),
    claim = case when j.reason is null then $4::uuid end,
    lease_until = case when j.reason is null
                       then statement_timestamp() + make_interval(secs => $5) end,
    updated_at = $2
from judged j where f.tenant_id = $1 and f.id = j.id
returning f.id as request_id, f.order_id, f.client_id, f.contact_id, f.delivery_date,
          f.scheduled_for, f.skip_reason, f.lease_until, f.claim as token"
);

/// Claims due requests, the longest due first, of contacts for whom it is a
/// [friendly hour](super::FRIENDLY_HOURS) now. A request that fails a precondition is not claimed
/// but skipped for good, with the reason: up to about a thousand on the way to as many claims as
/// were asked for. No two workers ever hold the same request, nor two of the same contact's: what
/// another holds is passed over, and what a dead one held is free when its lease ends.
///
/// The claims of a tenant wait for each other, until the transaction ends.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000, or the lease not from a second to a day.
#[tracing::instrument(name = "feedback_request::claim", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn claim(tx: &Tx, ask: &Claims) -> Result<Claimed> {
    page::check(ask.limit)?;
    let seconds = lease_seconds(ask.lease)?;
    let limit = usize::try_from(ask.limit).unwrap_or(usize::MAX);
    let most = usize::try_from(page::MOST).unwrap_or(usize::MAX);
    take_turns(tx).await?;
    let token = Uuid::now_v7();
    let mut done = Claimed::default();
    while done.claims.len() < limit && done.skipped.len() < most {
        let rows = i64::try_from(limit - done.claims.len()).unwrap_or(i64::MAX);
        let since = fatigued_since(tx.now());
        let question = tx.ask(CLAIM, [rows.into(), token.into(), seconds.into(), since.into()]);
        let mut judged = Judged::find_by_statement(question).all(tx).await?;
        if judged.is_empty() {
            break;
        }
        judged.sort_by_key(|row| (row.scheduled_for, row.request_id));
        for row in judged {
            match row.skip_reason {
                Some(reason) => done.skipped.push(Skipped { id: row.request_id, reason }),
                None => done.claims.extend(row.claim()),
            }
        }
    }
    tracing::Span::current().record("rows", done.claims.len() + done.skipped.len());
    Ok(done)
}

/// Waits for whoever claims for the tenant at this moment, who may be about to ask the very contact
/// about another order; which no lock on the requests would tell.
async fn take_turns(tx: &Tx) -> Result<()> {
    let wait = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "select pg_advisory_xact_lock(hashtextextended($1, 2))",
        [format!("feedback:{}", tx.context().tenant).into()],
    );
    tx.execute_raw(wait).await?;
    Ok(())
}

/// Records that a claimed request was sent, from when on the answer has thirty days. One that was
/// answered in the meantime stays answered, and has been sent all the same.
///
/// # Errors
///
/// [`Error::Conflict`] if the claim is no longer good, because it was recorded already, the lease
/// ended and somebody else took it, or the delivery was undone. Nothing is written then.
#[tracing::instrument(name = "feedback_request::record_sent", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record_sent(tx: &Tx, claim: &Claim) -> Result<()> {
    let sql = "update feedback_requests
               set status = case status when 'pending' then 'sent' else status end,
                   sent_at = $2, expires_at = $5, claim = null, lease_until = null, updated_at = $2
               where tenant_id = $1 and id = $3 and claim = $4
                 and status in ('pending', 'responded')";
    let expires_at = tx.now() + TimeDelta::days(EXPIRES_AFTER_DAYS);
    let values = [claim.request_id.into(), claim.token.into(), expires_at.into()];
    changed_one(tx, tx.ask(sql, values)).await
}

/// Gives a claim back without having sent anything, for others to take at once.
///
/// # Errors
///
/// [`Error::Conflict`] if the claim is no longer good.
#[tracing::instrument(name = "feedback_request::release", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn release(tx: &Tx, claim: &Claim) -> Result<()> {
    let sql = "update feedback_requests set claim = null, lease_until = null, updated_at = $2
               where tenant_id = $1 and id = $3 and claim = $4";
    changed_one(tx, tx.ask(sql, [claim.request_id.into(), claim.token.into()])).await
}

async fn changed_one(tx: &Tx, change: Statement) -> Result<()> {
    match tx.execute_raw(change).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(Error::conflict("the claim on the request is no longer good")),
    }
}

/// Served by the primary key. `$3` the request, `$4` the token, `$5` who was asked since then was
/// asked not long ago, `$6` the contact.
pub const STANDS: &str = concat!(
    "select f.id from feedback_requests f
join tenants t on t.id = $1
join customers c on c.tenant_id = $1 and c.client_id = f.client_id
left join contacts k on k.tenant_id = $1 and k.id = f.contact_id
where f.tenant_id = $1 and f.id = $3 and f.status = 'pending' and f.claim = $4
  and ",
    friendly_hours!(),
    "
  and f.contact_id = $6 and ",
    skip_reason!("$5::timestamptz"),
    " is null"
);

/// Whether it is still right to send what was claimed: the claim is good, nobody answered or undid
/// the delivery, the contact is the same, there is no reason for which it would be skipped now, and it
/// is a [friendly hour](super::FRIENDLY_HOURS) there. Whether the lease has ended does not matter.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "feedback_request::stands", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn stands(tx: &Tx, claim: &Claim) -> Result<bool> {
    let since = fatigued_since(tx.now());
    let values =
        [claim.request_id.into(), claim.token.into(), since.into(), claim.contact_id.into()];
    Ok(tx.query_one_raw(tx.ask(STANDS, values)).await?.is_some())
}
