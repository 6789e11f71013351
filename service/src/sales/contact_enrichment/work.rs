//! Reading signatures.

use entity::{
    email::Email,
    sales::{contact, contact_enrichment::Model},
};
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::{
    Found, SIGNATURE_CONFIDENCE, Status,
    signature::parse,
    state::{completed, failed},
};
use crate::{Result, Tx, page};

/// What came of reading some signatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Worked {
    /// How many were read.
    pub completed: usize,
    /// How many were about nobody, or about somebody who wants to be left alone.
    pub skipped: usize,
    /// How many could not be recorded; each is tried again later.
    pub failed: usize,
}

/// Served by `contact_enrichment_queue_signatures`. `$3` rows.
pub const SIGNATURES: &str = "
select q.* from contact_enrichment_queue q
where q.tenant_id = $1 and q.source = 'email_signature' and q.status = 'pending'
  and q.next_attempt_at <= $2
order by q.next_attempt_at, q.id limit $3 for update skip locked";

/// Reads some of the signatures that wait, the longest due first. Those that somebody else reads at
/// this moment are passed over; one that cannot be recorded stops none of the others.
///
/// It fills no empty field where the signature may be another's: where [nothing said that it is
/// one](super::signature::Signature::marked), or where its address is not the contact's. All that
/// such a one says is for a person to [decide](super::resolve).
///
/// Call it until it has done nothing: those are all that were due.
///
/// # Errors
///
/// [`Invalid`](crate::Error::Invalid) if the limit is not from 1 to 1000; [`Database`](crate::Error::Database).
#[tracing::instrument(name = "contact_enrichment::work_signatures", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn work_signatures(tx: &Tx, limit: u64) -> Result<Worked> {
    page::check(limit)?;
    let region = tx.tenant().await?.phone_region.clone();
    let rows = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut items = Model::find_by_statement(tx.ask(SIGNATURES, [rows.into()])).all(tx).await?;
    tracing::Span::current().record("rows", items.len());
    // In one order, so that two workers do not wait for each other's contacts.
    items.sort_by_key(|item| (item.contact_id, item.id));
    let mut worked = Worked::default();
    for item in items {
        let signature = parse(item.source_text.as_deref().unwrap_or_default(), &region);
        let (marked, email) = (signature.marked, signature.email.clone());
        let fills = |contact: &contact::Model| marked && is_theirs(email.as_ref(), contact);
        let found = Found { confidence: Some(SIGNATURE_CONFIDENCE), ..signature.into() };
        let again = item.clone();
        match tx.attempt(async || completed(tx, item, found, fills).await).await {
            Ok(done) if done.status == Status::Skipped => worked.skipped += 1,
            Ok(_) => worked.completed += 1,
            Err(error) if error.is_retryable() => return Err(error),
            Err(error) => {
                failed(tx, again, &error.told()).await?;
                worked.failed += 1;
            }
        }
    }
    Ok(worked)
}

/// Whether an address is the contact's, as far as is known.
fn is_theirs(email: Option<&Email>, contact: &contact::Model) -> bool {
    match (email, &contact.email) {
        (Some(signed), Some(own)) => signed.as_str().to_lowercase() == own.as_str().to_lowercase(),
        _ => true,
    }
}
