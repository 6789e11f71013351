//! How far an enrichment has got, and how it ends.

use entity::{
    id::ContactEnrichmentId,
    sales::{
        contact,
        contact_enrichment::{ActiveModel, Column, Entity},
    },
};
use sea_orm::{ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};

use super::{
    Extracted, Found, MergeConflicts, Model, Skip, Status, delay,
    merge::{Finding, merge},
    signature::Role,
    subject,
};
use crate::{Error, Result, Tx, input};

/// How often it is tried; then somebody has to look at it.
pub const MOST_ATTEMPTS: i32 = 5;
/// How long it is until the second attempt. Each next wait is twice as long.
pub const FIRST_DELAY_MINUTES: i64 = 5;

/// Records what was found, and fills the contact's empty fields with it. What no person stands by and
/// says something else is a conflict, and so is whatever differs from what a person stands by.
/// Whether anybody was asked or still is makes no difference: an answer is an answer.
///
/// If it is about nobody, or about somebody who wants to be left alone, it is skipped instead, which
/// the answer says.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such enrichment; [`Error::Conflict`] if it has ended;
/// [`Error::Invalid`] by the field that cannot be right.
#[tracing::instrument(name = "contact_enrichment::complete", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn complete(tx: &Tx, id: ContactEnrichmentId, found: Found) -> Result<Model> {
    input::check(&found)?;
    let item = live(tx, id).await?;
    completed(tx, item, found, |_| true).await
}

/// Records that it could not be found out this time. It is tried again later, after 5, 10, 20 and 40
/// minutes; after the fifth failure it stays failed until somebody [asks for more](retry).
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such enrichment; [`Error::Conflict`] if it has ended;
/// [`Error::Invalid`] if the reason is empty or longer than 1000 characters.
#[tracing::instrument(name = "contact_enrichment::fail", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn fail(tx: &Tx, id: ContactEnrichmentId, why: &str) -> Result<Model> {
    input::text("why", why, 1000)?;
    let item = live(tx, id).await?;
    failed(tx, item, why).await
}

/// Ends it without having found anything out.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such enrichment; [`Error::Conflict`] if it has ended.
#[tracing::instrument(name = "contact_enrichment::skip", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn skip(tx: &Tx, id: ContactEnrichmentId, why: Skip) -> Result<Model> {
    let item = live(tx, id).await?;
    skipped(tx, item, why).await
}

/// Tries one that had failed for good another five times.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such enrichment; [`Error::Conflict`] if it has not
/// failed, or the same is under way already.
#[tracing::instrument(name = "contact_enrichment::retry", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn retry(tx: &Tx, id: ContactEnrichmentId) -> Result<Model> {
    let item = locked(tx, id).await?;
    if item.status != Status::Failed {
        return Err(Error::conflict("the enrichment has not failed"));
    }
    let attempts = item.attempts;
    let mut row = item.into_active_model();
    row.status = Set(Status::Pending);
    // The attempts go on being counted, since each is asked under a key of its own.
    row.most_attempts = Set(attempts + MOST_ATTEMPTS);
    row.next_attempt_at = Set(tx.now());
    row.processed_at = Set(None);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// The enrichment, which nobody else can change until the transaction ends.
pub(super) async fn locked(tx: &Tx, id: ContactEnrichmentId) -> Result<Model> {
    let found = tx.find::<Entity>().filter(Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    found.ok_or(Error::NotFound("enrichment"))
}

async fn live(tx: &Tx, id: ContactEnrichmentId) -> Result<Model> {
    let found = locked(tx, id).await?;
    match found.status {
        Status::Pending | Status::Processing => Ok(found),
        _ => Err(Error::conflict("the enrichment has ended")),
    }
}

/// `fills` says whether what was found is the contact's own, so that it fills empty fields.
pub(super) async fn completed(
    tx: &Tx,
    item: Model,
    found: Found,
    fills: impl FnOnce(&contact::Model) -> bool,
) -> Result<Model> {
    let contact = match subject(tx, &item).await? {
        Ok(contact) => contact,
        Err(why) => return skipped(tx, item, why).await,
    };
    let finding = Finding {
        item: item.id,
        source: item.source,
        observed_at: found.observed_at.unwrap_or(item.observed_at),
        fills: fills(&contact),
    };
    let id = contact.id;
    let conflicts = merge(tx, &finding, contact, &found).await?;
    let mut row = ended(tx, item, Status::Completed);
    row.contact_id = Set(Some(id));
    row.merged_to_contact_id = Set(Some(id));
    row.merge_conflicts = Set(MergeConflicts(conflicts));
    row.extracted_data = Set(extracted(found));
    row.source_text = Set(None);
    tx.update(row).await
}

pub(super) async fn failed(tx: &Tx, item: Model, why: &str) -> Result<Model> {
    let (attempts, most) = (item.attempts + 1, item.most_attempts);
    let mut row = ended(tx, item, Status::Failed);
    if attempts < most {
        row.status = Set(Status::Pending);
        row.processed_at = Set(None);
        row.next_attempt_at = Set(tx.now() + delay(attempts - (most - MOST_ATTEMPTS)));
    }
    row.attempts = Set(attempts.min(most));
    row.error_message = Set(Some(why.chars().take(1000).collect()));
    tx.update(row).await
}

pub(super) async fn skipped(tx: &Tx, item: Model, why: Skip) -> Result<Model> {
    let mut row = ended(tx, item, Status::Skipped);
    row.skip_reason = Set(Some(why));
    row.source_text = Set(None);
    tx.update(row).await
}

/// Nobody holds it any more.
fn ended(tx: &Tx, item: Model, status: Status) -> ActiveModel {
    let mut row = item.into_active_model();
    row.status = Set(status);
    row.claim = Set(None);
    row.lease_until = Set(None);
    row.handed_over_at = Set(None);
    row.processed_at = Set(Some(tx.now()));
    row.updated_at = Set(tx.now());
    row
}

fn extracted(found: Found) -> Extracted {
    Extracted {
        role: found.title.as_deref().map(|title| Role::of(title).as_str().to_owned()),
        name: found.name,
        title: found.title,
        department: found.department,
        company: found.company,
        phone: found.phone.map(String::from),
        mobile: found.mobile.map(String::from),
        email: found.email.map(String::from),
        linkedin_url: found.linkedin_url,
        twitter: found.twitter,
        website: found.website,
    }
}
