//! What is to be found out about contacts, and by whom.
//!
//! What somebody wrote under a message is [read by us](work_signatures); for the rest others are
//! asked, who [answer](complete) in their own time. What was found fills fields that are empty and
//! that no person stands by; where it says something else than the contact does, that is a conflict,
//! which a person [resolves](resolve).

mod merge;
mod request;
pub mod signature;
mod state;
mod work;

use chrono::{DateTime, TimeDelta, Utc};
pub use entity::sales::{
    contact_enrichment::{Extracted, MergeConflict, MergeConflicts, Model, Skip, Source, Status},
    contact_enrichment_proposal::{Model as Proposal, State},
};
use entity::{
    email::Email,
    id::{ContactEnrichmentId, ContactId},
    phone::Phone,
    sales::{
        contact as contacts,
        contact_enrichment::{self, Column, Entity},
    },
};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, Set};
use serde::{Deserialize, Serialize};
use validator::Validate;

pub use self::{
    merge::{AfterConflict, Conflicts, Resolution, conflicts, resolve},
    request::{
        ANSWER_DAYS, Claim, claim_requests, lapse, record_request, release_request, request_stands,
    },
    state::{FIRST_DELAY_MINUTES, MOST_ATTEMPTS, complete, fail, retry, skip},
    work::{Worked, work_signatures},
};
use crate::{Error, Page, Result, Tx, customers::customer, input, page, sales::contact};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        PENDING,
        merge::{CONFLICTS, CONFLICTS_OF},
        request::{CLAIM, LAPSE},
        work::SIGNATURES,
    };
}

/// How sure a signature is: it is the person's own word, read by a program.
pub const SIGNATURE_CONFIDENCE: Decimal = Decimal::from_parts(8, 0, 0, false, 1);

/// Something to be found out.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// About whom; `None`: about whoever has the address.
    pub contact_id: Option<ContactId>,
    /// Their address; needed where no contact is given.
    pub email: Option<Email>,
    /// Who is asked.
    pub source: Source,
    /// What the source calls it: the message's id.
    #[validate(custom(function = input::named), length(max = 200))]
    pub source_id: Option<String>,
    /// The message, whole, if the source is a signature; else nothing.
    pub text: Option<String>,
    /// When the source said so: when the message was written; `None`: now.
    #[validate(custom(function = input::instant))]
    pub observed_at: Option<DateTime<Utc>>,
}

impl New {
    /// A message that a contact signed.
    #[must_use]
    pub fn signed(contact_id: ContactId, message: &str) -> Self {
        Self {
            contact_id: Some(contact_id),
            email: None,
            source: Source::EmailSignature,
            source_id: None,
            text: Some(message.to_owned()),
            observed_at: None,
        }
    }

    /// A question to others about a contact.
    #[must_use]
    pub fn asked(contact_id: ContactId, source: Source) -> Self {
        Self { source, text: None, ..Self::signed(contact_id, "") }
    }

    /// The same about whoever has an address.
    #[must_use]
    pub fn of_address(self, email: Email) -> Self {
        Self { contact_id: None, email: Some(email), ..self }
    }
}

/// What was found. What nobody knows is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Validate, Serialize, Deserialize)]
#[serde(default)]
pub struct Found {
    /// What they are called; kept, and never written into the contact.
    #[validate(custom(function = input::named), length(max = 500))]
    pub name: Option<String>,
    /// What they are.
    #[validate(custom(function = input::named), length(max = 500))]
    pub title: Option<String>,
    /// In which part of the company.
    #[validate(custom(function = input::named), length(max = 500))]
    pub department: Option<String>,
    /// Where they work; kept, and never written into the contact.
    #[validate(custom(function = input::named), length(max = 500))]
    pub company: Option<String>,
    /// Where calls reach them.
    pub phone: Option<Phone>,
    /// Where calls reach them anywhere.
    pub mobile: Option<Phone>,
    /// Where mail reaches them; kept, and never written into the contact, who is known by it.
    pub email: Option<Email>,
    /// Where their profile is.
    #[validate(custom(function = input::named), length(max = 500))]
    pub linkedin_url: Option<String>,
    /// Their handle; kept, and never written into the contact, who has no such field.
    #[validate(custom(function = input::named), length(max = 500))]
    pub twitter: Option<String>,
    /// Their own site, or the company's.
    #[validate(custom(function = input::named), length(max = 500))]
    pub website: Option<String>,
    /// How sure that is, 0 to 1; `None`: 0.5.
    #[validate(custom(function = input::share))]
    pub confidence: Option<Decimal>,
    /// When the source said so; `None`: when it was asked.
    #[validate(custom(function = input::instant))]
    pub observed_at: Option<DateTime<Utc>>,
}

/// Queues something to be found out. While the same is under way for the same contact (or address of
/// nobody known) and source, that one is the answer and nothing is written; its text stays the first.
///
/// An address that one contact has is that contact's. Of a message, only what the writer wrote
/// themselves is kept, and that only until it was read.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such contact; [`Error::Invalid`], also if neither a
/// contact nor an address is given, a signature without a text, or a text for another source.
#[tracing::instrument(name = "contact_enrichment::enqueue", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn enqueue(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    if (new.source == Source::EmailSignature) != new.text.is_some() {
        return Err(Error::invalid("text", "must be given for a signature, and for nothing else"));
    }
    let contact_id = match (new.contact_id, &new.email) {
        (Some(id), _) => Some(contact::get(tx, id).await?.id),
        (None, Some(email)) => match contact::of_email(tx, email).all(tx).await?.as_slice() {
            [one] => Some(one.id),
            _ => None,
        },
        (None, None) => return Err(Error::invalid("contact_id", "or an address is needed")),
    };
    let row = contact_enrichment::ActiveModel {
        tenant_id: Set(tx.context().tenant),
        contact_id: Set(contact_id),
        email_address: Set(new.email.clone()),
        source: Set(new.source),
        source_id: Set(new.source_id),
        source_text: Set(new.text.as_deref().map(signature::own)),
        observed_at: Set(new.observed_at.unwrap_or(tx.now())),
        next_attempt_at: Set(tx.now()),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    // Whichever is under way may end before it is read.
    for _ in 0..3 {
        let mut row = row.clone();
        row.id = Set(ContactEnrichmentId::new());
        if let Some(queued) = tx.insert_new(vec![row]).await?.pop() {
            return Ok(queued);
        }
        let live = tx
            .find::<Entity>() // served by contact_enrichment_queue_live_contact and _live_email
            .filter(Column::Source.eq(new.source))
            .filter(Column::Status.is_in([Status::Pending, Status::Processing]));
        let live = match contact_id {
            Some(id) => live.filter(Column::ContactId.eq(id)),
            None => live
                .filter(Column::ContactId.is_null())
                .filter(Column::EmailAddress.eq(new.email.clone())),
        };
        if let Some(first) = live.one(tx).await? {
            return Ok(first);
        }
    }
    Err(Error::conflict("the same ends and begins all the time"))
}

/// One of them.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such one.
#[tracing::instrument(name = "contact_enrichment::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: ContactEnrichmentId) -> Result<Model> {
    tx.get::<Entity>(id).await?.ok_or(Error::NotFound("enrichment"))
}

/// Which of those that wait to read.
#[derive(Clone, Debug)]
pub struct Pending {
    /// How many to read at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before this one ended.
    pub after: Option<After>,
}

impl Default for Pending {
    fn default() -> Self {
        Self { limit: 10, after: None }
    }
}

/// Where a page of those that wait ended, and for what time the list was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    as_of: DateTime<Utc>,
    created_at: DateTime<Utc>,
    id: ContactEnrichmentId,
}

/// Something that waits to be found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct Waiting {
    /// Which.
    pub id: ContactEnrichmentId,
    /// About whom; null: about whoever has the address.
    pub contact_id: Option<ContactId>,
    /// Their address.
    pub email_address: Option<Email>,
    /// Who is asked.
    pub source: Source,
    /// How often it failed.
    pub attempts: i32,
    /// When it is tried again.
    pub next_attempt_at: DateTime<Utc>,
    /// Why the last attempt failed; null: there was none.
    pub error_message: Option<String>,
    /// Since when it waits. The list is in order of this.
    pub created_at: DateTime<Utc>,
}

/// Served by `contact_enrichment_queue_pending`. `$3` rows; `$4` and `$5` the cursor: created, id.
pub const PENDING: &str = "
select q.id, q.contact_id, q.email_address, q.source, q.attempts, q.next_attempt_at,
       q.error_message, q.created_at
from contact_enrichment_queue q
where q.tenant_id = $1 and q.status = 'pending' and q.created_at <= $2
  and (q.created_at, q.id) > (coalesce($4::timestamptz, '-infinity'),
                              coalesce($5::uuid, '00000000-0000-0000-0000-000000000000'))
order by q.created_at, q.id limit $3";

/// What waits to be found out, the oldest first, those that wait for another attempt among them.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000.
#[tracing::instrument(name = "contact_enrichment::pending", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn pending(tx: &Tx, ask: &Pending) -> Result<Page<Waiting, After>> {
    page::check(ask.limit)?;
    let as_of = ask.after.map_or(tx.now(), |after| after.as_of);
    input::at("after", as_of)?;
    let rows = i64::try_from(ask.limit + 1).unwrap_or(i64::MAX);
    let after = (ask.after.map(|a| a.created_at), ask.after.map(|a| a.id));
    let question = tx.ask_at(as_of, PENDING, [rows.into(), after.0.into(), after.1.into()]);
    let found = Waiting::find_by_statement(question).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, ask.limit, |it| After { as_of, created_at: it.created_at, id: it.id }))
}

/// Whom it is about, whom nobody may change until the transaction ends, or why it is about nobody.
async fn subject(tx: &Tx, item: &Model) -> Result<Result<contacts::Model, Skip>> {
    let id = match (item.contact_id, &item.email_address) {
        (Some(id), _) => id,
        (None, None) => return Ok(Err(Skip::NoMatch)),
        (None, Some(email)) => match contact::of_email(tx, email).all(tx).await?.as_slice() {
            [] => return Ok(Err(Skip::NoMatch)),
            [one] => one.id,
            _ => return Ok(Err(Skip::Ambiguous)),
        },
    };
    let found = match contact::locked(tx, id).await {
        Ok(found) => found,
        Err(Error::NotFound(_)) => return Ok(Err(Skip::ContactGone)),
        Err(error) => return Err(error),
    };
    match customer::get(tx, &found.client_id).await {
        Err(Error::NotFound(_)) => Ok(Err(Skip::CompanyGone)),
        Err(error) => Err(error),
        Ok(_) if found.unsubscribed_at.is_some() => Ok(Err(Skip::Suppressed)),
        Ok(_) => Ok(Ok(found)),
    }
}

/// How long it is until the next attempt, after so many that failed: 5 minutes, 10, 20, 40.
fn delay(failed: i32) -> TimeDelta {
    TimeDelta::minutes(FIRST_DELAY_MINUTES << (failed - 1).clamp(0, 10))
}
