//! Asking others. Keel asks nobody itself: it says what is to be asked, and is told when that was
//! done and what came of it.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    email::Email,
    id::{ContactEnrichmentId, ContactId},
    sales::contact_enrichment::Model,
};
use sea_orm::{ConnectionTrait, FromQueryResult, IntoActiveModel, Set};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Source, Status,
    state::{failed, locked, skipped},
    subject,
};
use crate::{Claims, Error, Result, Tx, claims::lease_seconds, page};

/// How long an answer is awaited. What comes later is still taken, while it has not failed for good.
pub const ANSWER_DAYS: i64 = 3;

/// The right to ask somebody about one contact, until the lease ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromQueryResult)]
pub struct Claim {
    /// Which enrichment.
    pub enrichment_id: ContactEnrichmentId,
    /// Who is to be asked.
    pub source: Source,
    /// About whom.
    pub contact_id: Option<ContactId>,
    /// By which address they are known; `None`: by none.
    pub email: Option<Email>,
    /// Which attempt this is, counted from 1.
    pub attempt_no: i32,
    /// Until when, by the database's clock, nobody else may claim it.
    pub lease_until: DateTime<Utc>,
    token: Uuid,
}

impl Claim {
    /// What whoever asks knows the question by: the same however often the attempt is claimed.
    #[must_use]
    pub fn key(&self) -> String {
        format!("enrichment:{}:{}", self.enrichment_id, self.attempt_no)
    }

    /// The row's id.
    #[must_use]
    pub fn subject(&self) -> Uuid {
        self.enrichment_id.0
    }
}

/// Served by `contact_enrichment_queue_requests`, and by `outbox_of_subject` to leave out what is to be
/// sent already. The conditions on the row are tried once more on
/// one that changed after the statement began. `$3` rows, `$4` token, `$5` seconds.
pub const CLAIM: &str = "
with held as materialized (
select q.id
from contact_enrichment_queue q
where q.tenant_id = $1 and q.source <> 'email_signature' and q.status in ('pending', 'processing')
  and q.handed_over_at is null and q.next_attempt_at <= $2
  and (q.lease_until is null or q.lease_until < statement_timestamp())
  and not exists (select from outbox o where o.tenant_id = $1 and o.topic = 'enrichment_request'
                    and o.subject_id = q.id and o.state in ('pending', 'dead'))
order by q.next_attempt_at, q.id limit $3 for update of q skip locked
)
update contact_enrichment_queue q
set status = 'processing', claim = $4,
    lease_until = statement_timestamp() + make_interval(secs => $5), updated_at = $2
from held where q.tenant_id = $1 and q.id = held.id
returning q.*";

/// Served by `contact_enrichment_queue_awaited`. `$3` rows.
pub const LAPSE: &str = "
select q.* from contact_enrichment_queue q
where q.tenant_id = $1 and q.handed_over_at is not null and q.next_attempt_at <= $2
order by q.next_attempt_at, q.id limit $3 for update skip locked";

/// Claims questions that are to be asked, the longest due first. No two workers ever hold the same
/// one: what another holds is passed over, and what a dead one held is free when its lease ends.
///
/// Those about nobody, or about somebody who wants to be left alone, are skipped on the way.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000, or the lease not from a second to a day.
#[tracing::instrument(name = "contact_enrichment::claim_requests", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn claim_requests(tx: &Tx, ask: &Claims) -> Result<Vec<Claim>> {
    page::check(ask.limit)?;
    let seconds = lease_seconds(ask.lease)?;
    let most = usize::try_from(ask.limit).unwrap_or(usize::MAX);
    let mut claimed: Vec<Claim> = vec![];
    while claimed.len() < most {
        let rows = i64::try_from(most - claimed.len()).unwrap_or(i64::MAX);
        let token = Uuid::now_v7();
        let question = tx.ask(CLAIM, [rows.into(), token.into(), seconds.into()]);
        let mut items = Model::find_by_statement(question).all(tx).await?;
        if items.is_empty() {
            break;
        }
        items.sort_by_key(|item| (item.contact_id, item.id));
        for item in items {
            let contact = match subject(tx, &item).await? {
                Ok(contact) => contact,
                Err(why) => {
                    skipped(tx, item, why).await?;
                    continue;
                }
            };
            claimed.push(Claim {
                enrichment_id: item.id,
                source: item.source,
                contact_id: Some(contact.id),
                email: contact.email.or(item.email_address),
                attempt_no: item.attempts + 1,
                lease_until: item.lease_until.unwrap_or(tx.now()),
                token,
            });
        }
    }
    claimed.sort_by_key(|claim| claim.enrichment_id);
    tracing::Span::current().record("rows", claimed.len());
    Ok(claimed)
}

/// Records that a claimed question was asked. Its answer is awaited for [`ANSWER_DAYS`] days.
///
/// # Errors
///
/// [`Error::Conflict`] if the claim is no longer good, because it was recorded already, somebody else
/// took it after the lease had ended, or the answer is there. Nothing is written then.
#[tracing::instrument(name = "contact_enrichment::record_request", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record_request(tx: &Tx, claim: &Claim) -> Result<()> {
    let item = held(tx, claim).await?.ok_or_else(no_longer)?;
    let mut row = item.into_active_model();
    row.claim = Set(None);
    row.lease_until = Set(None);
    row.handed_over_at = Set(Some(tx.now()));
    row.next_attempt_at = Set(tx.now() + TimeDelta::days(ANSWER_DAYS));
    row.updated_at = Set(tx.now());
    tx.update(row).await.map(drop)
}

/// Gives a claim back without having asked anybody, for others to take at once.
///
/// # Errors
///
/// [`Error::Conflict`] if the claim is no longer good.
#[tracing::instrument(name = "contact_enrichment::release_request", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn release_request(tx: &Tx, claim: &Claim) -> Result<()> {
    let sql = "update contact_enrichment_queue
               set status = 'pending', claim = null, lease_until = null, updated_at = $2
               where tenant_id = $1 and id = $3 and claim = $4";
    let free = tx.ask(sql, [claim.enrichment_id.into(), claim.token.into()]);
    match tx.execute_raw(free).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(no_longer()),
    }
}

/// Whether a claimed question is still to be asked: the claim holds, nobody has answered it, and it is
/// about somebody who does not want to be left alone.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "contact_enrichment::request_stands", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn request_stands(tx: &Tx, claim: &Claim) -> Result<bool> {
    match held(tx, claim).await? {
        Some(item) => Ok(subject(tx, &item).await?.is_ok()),
        None => Ok(false),
    }
}

/// Takes the questions that nobody has answered in time for failed, so that they are asked again, or
/// looked at; how many there were. Call it until there are none.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000.
#[tracing::instrument(name = "contact_enrichment::lapse", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn lapse(tx: &Tx, limit: u64) -> Result<usize> {
    page::check(limit)?;
    let rows = i64::try_from(limit).unwrap_or(i64::MAX);
    let items = Model::find_by_statement(tx.ask(LAPSE, [rows.into()])).all(tx).await?;
    tracing::Span::current().record("rows", items.len());
    let lapsed = items.len();
    for item in items {
        failed(tx, item, "nobody answered in time").await?;
    }
    Ok(lapsed)
}

async fn held(tx: &Tx, claim: &Claim) -> Result<Option<Model>> {
    match locked(tx, claim.enrichment_id).await {
        Ok(item) => Ok(Some(item).filter(|item| {
            item.status == Status::Processing
                && item.claim == Some(claim.token)
                && item.attempts + 1 == claim.attempt_no
        })),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn no_longer() -> Error {
    Error::conflict("the claim on the enrichment is no longer good")
}
