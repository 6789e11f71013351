//! Lists that others keep, version by version: who must not be called in a country or a state, whose
//! number has changed hands, which numbers are wireless, who sues.

use chrono::{DateTime, NaiveDate, Utc};
pub use entity::outreach::{
    external_list::{Kind, Model},
    external_list_number::Answer,
};
use entity::{
    id::{ExternalListId, ExternalListNumberId},
    outreach::{
        external_list::{self, Column, Entity},
        external_list_number,
    },
    phone::{Phone, is_region},
};
use sea_orm::{ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, Set};
use validator::Validate;

use crate::{Error, Result, Tx, input};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::VOID;
}

/// For how many days a scrub is good, the last one included.
pub const SCRUB_DAYS: i64 = 31;

/// How many numbers are loaded at once at the most.
pub const MOST_AT_ONCE: usize = 100_000;

/// A version of a list.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// What it says of the numbers on it.
    pub kind: Kind,
    /// Where it counts: `US`, `US-FL`.
    #[validate(length(max = 6))]
    pub jurisdiction: String,
    /// Who keeps it, and under what number we have it.
    #[validate(custom(function = input::named), length(max = 200))]
    pub source: String,
    /// As of when it is.
    #[validate(custom(function = input::instant))]
    pub as_of: DateTime<Utc>,
}

/// A line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The number, as it stands there. Without a country code, it is one of the list's country.
    pub number: &'a str,
    /// What the list answers.
    pub answer: Answer,
    /// The date of the consent that was asked about, where the list is one of numbers reassigned.
    pub consent_date: Option<NaiveDate>,
}

impl<'a> Line<'a> {
    /// A number that is on the list.
    #[must_use]
    pub fn listed(number: &'a str) -> Self {
        Self { number, answer: Answer::Listed, consent_date: None }
    }
}

/// What was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The version.
    pub list: Model,
    /// How many numbers of it are new.
    pub numbers: usize,
    /// The lines, counted from 1, that hold no number.
    pub unreadable: Vec<usize>,
}

/// Loads a version of a list, which counts from now on instead of the one before. What is left of it
/// is [appended](append) in the same transaction.
///
/// # Errors
///
/// [`Error::Invalid`] if the jurisdiction is none, the version is still to come, or not newer than the
/// one that is there, or there are more than 100,000 lines; [`Error::Conflict`] if somebody else loads
/// one.
#[tracing::instrument(name = "external_list::load", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn load(tx: &Tx, new: New, lines: &[Line<'_>]) -> Result<Loaded> {
    input::check(&new)?;
    let country = new.jurisdiction.split('-').next().unwrap_or_default();
    if !is_region(country) {
        return Err(Error::invalid("jurisdiction", "must be a country, or a state of one: US-FL"));
    }
    if new.as_of > tx.now() {
        return Err(Error::invalid("as_of", "must not be in the future"));
    }
    let live = tx
        .find::<Entity>() // served by external_lists_live
        .filter(Column::Kind.eq(new.kind))
        .filter(Column::Jurisdiction.eq(&new.jurisdiction))
        .filter(Column::SupersededAt.is_null());
    if let Some(before) = live.one(tx).await? {
        if before.as_of >= new.as_of {
            return Err(Error::invalid("as_of", "is not newer than the version that is there"));
        }
        let mut row = before.into_active_model();
        row.superseded_at = Set(Some(tx.now()));
        tx.update(row).await?;
    }
    let list = tx
        .insert(external_list::ActiveModel {
            id: Set(ExternalListId::new()),
            kind: Set(new.kind),
            jurisdiction: Set(new.jurisdiction),
            source: Set(new.source),
            as_of: Set(new.as_of),
            loaded_at: Set(tx.now()),
            loaded_by: Set(tx.context().actor.to_string()),
            superseded_at: Set(None),
            ..Default::default()
        })
        .await?;
    append_to(tx, list, lines).await
}

/// Adds numbers to a version that is there. A number that it has already is passed over.
///
/// # Errors
///
/// [`Error::NotFound`] if there is no such version, [`Error::Invalid`] as [`load`].
#[tracing::instrument(name = "external_list::append", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn append(tx: &Tx, id: ExternalListId, lines: &[Line<'_>]) -> Result<Loaded> {
    let list = tx.get::<Entity>(id).await?.ok_or(Error::NotFound("external list"))?;
    append_to(tx, list, lines).await
}

/// The versions that count now, by kind and jurisdiction.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "external_list::current", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn current(tx: &Tx) -> Result<Vec<Model>> {
    let live = tx.find::<Entity>().filter(Column::SupersededAt.is_null()); // external_lists_live
    let mut found = live.all(tx).await?;
    found.sort_by(|a, b| (&a.jurisdiction, a.as_of).cmp(&(&b.jurisdiction, b.as_of)));
    Ok(found)
}

async fn append_to(tx: &Tx, list: Model, lines: &[Line<'_>]) -> Result<Loaded> {
    if lines.len() > MOST_AT_ONCE {
        return Err(Error::invalid("lines", format!("must not be more than {MOST_AT_ONCE}")));
    }
    let country = list.jurisdiction.get(..2).unwrap_or_default();
    let (mut unreadable, mut rows, mut changed_hands) = (vec![], vec![], vec![]);
    for (at, line) in lines.iter().enumerate() {
        if (list.kind == Kind::Rnd) == (line.answer == Answer::Listed) {
            return Err(Error::invalid("answer", format!("line {}: not of this list", at + 1)));
        }
        if (line.answer == Answer::Listed) != line.consent_date.is_none() {
            let why = format!("line {}: goes with an answer about a consent", at + 1);
            return Err(Error::invalid("consent_date", why));
        }
        let Ok(parsed) = Phone::parse(line.number.trim(), country) else {
            unreadable.push(at + 1);
            continue;
        };
        if let (Answer::Yes, Some(date)) = (line.answer, line.consent_date) {
            changed_hands.push((parsed.phone.as_str().to_owned(), date.to_string()));
        }
        rows.push(external_list_number::ActiveModel {
            id: Set(ExternalListNumberId::new()),
            list_id: Set(list.id),
            phone_number: Set(parsed.phone),
            answer: Set(line.answer),
            consent_date: Set(line.consent_date),
            ..Default::default()
        });
    }
    let numbers = tx.insert_new(rows).await?.len();
    tracing::Span::current().record("rows", numbers);
    if !changed_hands.is_empty() {
        let (numbers, dates): (Vec<String>, Vec<String>) = changed_hands.into_iter().unzip();
        let values = [numbers.into(), dates.into(), list.as_of.into()];
        tx.execute_raw(tx.ask(VOID, values)).await?;
    }
    Ok(Loaded { list, numbers, unreadable })
}

/// Served by `consents_of_subject`. `$1` tenant, `$2` time, `$3` and `$4` the numbers and the dates of
/// the consents after which they were disconnected, `$5` as of when we know.
pub const VOID: &str = "
update consents c set void_from = $5
from unnest($3::text[], $4::text[]) r(number, day)
where c.tenant_id = $1 and c.subject = r.number and c.void_from is null
  and c.granted_at < (r.day::date + 1)::timestamp at time zone 'UTC'
  and $2::timestamptz is not null";
