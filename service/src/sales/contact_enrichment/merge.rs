//! What becomes of what was found.

use chrono::{DateTime, Utc};
use entity::{
    id::{ContactEnrichmentId, ContactEnrichmentProposalId, ContactId, UserId},
    sales::{
        contact,
        contact_enrichment::{MergeConflict, Source},
        contact_enrichment_proposal::{ActiveModel, Column, Entity, Model, State},
        contact_field::{self, Field},
    },
};
use rust_decimal::Decimal;
use sea_orm::{
    ColumnTrait, FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};

use super::Found;
use crate::{
    Error, Page, Result, Tx, input, page,
    sales::contact::{MOST, Said, known, locked, note, person, value_of, write},
};

/// Where a finding comes from.
pub(super) struct Finding {
    pub(super) item: ContactEnrichmentId,
    pub(super) source: Source,
    pub(super) observed_at: DateTime<Utc>,
    /// Whether it fills empty fields; if not, a person decides about these too.
    pub(super) fills: bool,
}

/// What was found of the fields that a contact has.
fn proposed(found: &Found) -> Vec<(Field, String)> {
    let fields = [
        (Field::Title, found.title.clone()),
        (Field::Department, found.department.clone()),
        (Field::Phone, found.phone.clone().map(String::from)),
        (Field::Mobile, found.mobile.clone().map(String::from)),
        (Field::LinkedinUrl, found.linkedin_url.clone()),
        (Field::Website, found.website.clone()),
    ];
    let short = |value: &String| !value.trim().is_empty() && value.chars().count() <= MOST;
    let some = |(field, value): (Field, Option<String>)| {
        value.map(|v| v.trim().to_owned()).filter(short).map(|v| (field, v))
    };
    fields.into_iter().filter_map(some).collect()
}

/// Whether two spellings mean the same: case, and how an address begins and ends, say nothing.
fn alike(field: Field, one: &str, other: &str) -> bool {
    let plain = |text: &str| {
        let text = text.trim().to_lowercase();
        if !matches!(field, Field::LinkedinUrl | Field::Website) {
            return text;
        }
        let text = text.strip_prefix("https://").or(text.strip_prefix("http://")).unwrap_or(&text);
        text.strip_prefix("www.").unwrap_or(text).trim_end_matches('/').to_owned()
    };
    plain(one) == plain(other)
}

/// Fills the empty fields of a contact that is [locked], and writes each proposal down; what is left
/// for a person to decide. What was open, can be accepted no more and is proposed again gives way to
/// the new proposal.
pub(super) async fn merge(
    tx: &Tx,
    finding: &Finding,
    contact: contact::Model,
    found: &Found,
) -> Result<Vec<MergeConflict>> {
    let proposed = proposed(found);
    if proposed.is_empty() {
        return Ok(vec![]);
    }
    let said = Said {
        source: finding.source,
        confidence: found.confidence.unwrap_or(Decimal::new(5, 1)),
        observed_at: finding.observed_at,
        enrichment_id: Some(finding.item),
        verified_by: None,
    };
    let known = known(tx, contact.id).await?;
    let verified = |field| verified_at(&known, field).is_some();
    let before = tx
        .find::<Entity>() // served by contact_enrichment_proposals_of_contact
        .filter(Column::ContactId.eq(contact.id))
        .filter(Column::State.is_in([State::Conflict, State::Rejected]))
        .order_by_desc(Column::Id)
        .limit(page::MOST)
        .all(tx)
        .await?;
    // A number that is the contact's under either name is known.
    let numbers = [Field::Phone, Field::Mobile];
    let says = |field: Field, value: &str| {
        let fields =
            if numbers.contains(&field) { &numbers[..] } else { std::slice::from_ref(&field) };
        let mut said = fields.iter().filter_map(|field| value_of(&contact, *field));
        said.any(|now| alike(field, &now, value))
    };
    let asked = |field: Field, value: &str| {
        before
            .iter()
            .filter(|old| old.field == field && alike(field, &old.value, value))
            .any(|old| old.state == State::Rejected || !is_stale(old, &contact, &known))
    };
    let (mut rows, mut conflicts, mut applied) = (vec![], vec![], vec![]);
    let mut superseded = vec![];
    for (field, value) in proposed {
        let current = value_of(&contact, field);
        let state = match &current {
            _ if says(field, &value) => State::Duplicate,
            None if finding.fills && !verified(field) => State::Applied,
            _ if asked(field, &value) => State::Duplicate,
            _ => State::Conflict,
        };
        let open = before.iter().filter(|old| {
            old.state == State::Conflict
                && old.field == field
                && alike(field, &old.value, &value)
                && is_stale(old, &contact, &known)
        });
        superseded.extend(open.cloned());
        if state == State::Conflict {
            let (current, proposed) = (current.clone(), value.clone());
            conflicts.push(MergeConflict { field, current, proposed });
        }
        if state == State::Applied {
            applied.push((field, value.clone()));
        }
        rows.push(ActiveModel {
            id: Set(ContactEnrichmentProposalId::new()),
            enrichment_id: Set(finding.item),
            contact_id: Set(contact.id),
            field: Set(field),
            value: Set(value),
            current_value: Set(current),
            source: Set(said.source),
            confidence: Set(said.confidence),
            observed_at: Set(said.observed_at),
            state: Set(state),
            created_at: Set(tx.now()),
            updated_at: Set(tx.now()),
            ..Default::default()
        });
    }
    for old in superseded {
        let mut row = old.into_active_model();
        row.state = Set(State::Duplicate);
        row.updated_at = Set(tx.now());
        tx.update(row).await?;
    }
    tx.insert_many(rows).await?;
    let id = contact.id;
    if !applied.is_empty() {
        let values = applied.iter().map(|(field, value)| (*field, Some(value.clone())));
        write(tx, contact, values).await?;
        for (field, value) in applied {
            note(tx, id, field, Some(value), said).await?;
        }
    }
    Ok(conflicts)
}

/// Since when a person stands by a field.
fn verified_at(known: &[contact_field::Model], field: Field) -> Option<DateTime<Utc>> {
    known.iter().find(|row| row.field == field)?.verified_at
}

/// Whether a proposal is about what the contact says no more, or a person has come to stand by.
fn is_stale(proposal: &Model, contact: &contact::Model, known: &[contact_field::Model]) -> bool {
    value_of(contact, proposal.field) != proposal.current_value
        || verified_at(known, proposal.field).is_some_and(|at| at > proposal.created_at)
}

/// Which open conflicts to read.
#[derive(Clone, Debug)]
pub struct Conflicts {
    /// Only those about this contact; `None`: all.
    pub contact_id: Option<ContactId>,
    /// How many to read at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before this one ended.
    pub after: Option<AfterConflict>,
}

impl Default for Conflicts {
    fn default() -> Self {
        Self { contact_id: None, limit: 50, after: None }
    }
}

/// Where a page of conflicts ended, and for what time the list was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AfterConflict {
    as_of: DateTime<Utc>,
    created_at: DateTime<Utc>,
    id: ContactEnrichmentProposalId,
}

macro_rules! conflicts {
    ($($of:literal)?) => {
        concat!(
            "
select p.* from contact_enrichment_proposals p
join contacts k on k.tenant_id = $1 and k.id = p.contact_id
where p.tenant_id = $1 and p.state = 'conflict' and p.created_at <= $2 and k.deleted_at is null
  and (p.created_at, p.id) > (coalesce($4::timestamptz, '-infinity'),
                              coalesce($5::uuid, '00000000-0000-0000-0000-000000000000'))",
            $($of,)?
            "
order by p.created_at, p.id limit $3"
        )
    };
}

/// Served by `contact_enrichment_proposals_open`. `$3` rows; `$4` and `$5` the cursor: created, id.
pub const CONFLICTS: &str = conflicts!();

/// The same of the contact `$6`. Served by `contact_enrichment_proposals_of_contact`.
pub const CONFLICTS_OF: &str = conflicts!("\n  and p.contact_id = $6");

/// What somebody has to decide, the oldest first.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000.
#[tracing::instrument(name = "contact_enrichment::conflicts", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn conflicts(tx: &Tx, ask: &Conflicts) -> Result<Page<Model, AfterConflict>> {
    page::check(ask.limit)?;
    let as_of = ask.after.map_or(tx.now(), |after| after.as_of);
    input::at("after", as_of)?;
    let rows = i64::try_from(ask.limit + 1).unwrap_or(i64::MAX);
    let after = (ask.after.map(|a| a.created_at), ask.after.map(|a| a.id));
    let page = [rows.into(), after.0.into(), after.1.into()];
    let question = match ask.contact_id {
        Some(id) => tx.ask_at(as_of, CONFLICTS_OF, page.into_iter().chain([id.into()])),
        None => tx.ask_at(as_of, CONFLICTS, page),
    };
    let found = Model::find_by_statement(question).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    let cursor = |last: &Model| AfterConflict { as_of, created_at: last.created_at, id: last.id };
    Ok(Page::new(found, ask.limit, cursor))
}

/// What a person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// What was found is right: the contact says so from now on, and the person stands by it.
    Accept,
    /// It is not, and nobody wants to hear of it again.
    Reject,
}

/// Records what a person decided about a conflict.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such proposal, or its contact was deleted;
/// [`Error::Conflict`] if it is no conflict, was resolved already, or is to be accepted though the
/// field was changed or verified since; [`Error::Denied`] to a program.
#[tracing::instrument(name = "contact_enrichment::resolve", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn resolve(
    tx: &Tx,
    id: ContactEnrichmentProposalId,
    resolution: Resolution,
) -> Result<Model> {
    let by = person(tx)?;
    // The contact first, as whoever merges does.
    let proposal = tx.get::<Entity>(id).await?.ok_or(Error::NotFound("proposal"))?;
    let contact = locked(tx, proposal.contact_id).await?;
    let proposal = tx.find::<Entity>().filter(Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    let proposal = proposal.ok_or(Error::NotFound("proposal"))?;
    if proposal.state != State::Conflict {
        return Err(Error::conflict("the proposal is no open conflict"));
    }
    let state = match resolution {
        Resolution::Reject => State::Rejected,
        Resolution::Accept => {
            accept(tx, &proposal, contact, by).await?;
            State::Accepted
        }
    };
    let mut row = proposal.into_active_model();
    row.state = Set(state);
    row.resolved_by = Set(Some(by));
    row.resolved_at = Set(Some(tx.now()));
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

async fn accept(tx: &Tx, proposal: &Model, contact: contact::Model, by: UserId) -> Result<()> {
    let (field, value) = (proposal.field, Some(proposal.value.clone()));
    if is_stale(proposal, &contact, &known(tx, contact.id).await?) {
        return Err(Error::conflict("the field was changed or verified since"));
    }
    let id = contact.id;
    write(tx, contact, [(field, value.clone())]).await?;
    let said = Said {
        source: proposal.source,
        confidence: proposal.confidence,
        observed_at: proposal.observed_at,
        enrichment_id: Some(proposal.enrichment_id),
        verified_by: Some(by),
    };
    note(tx, id, field, value, said).await
}
