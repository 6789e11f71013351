//! Changing what is known about a lead.

use std::net::IpAddr;

use entity::{
    email::Email,
    id::LeadId,
    leads::{
        lead::{ActiveModel, Model},
        lead_tag,
    },
    phone::Phone,
    zone::Zone,
};
use sea_orm::{ColumnTrait, IntoActiveModel, QueryFilter, Set};
use serde::{Deserialize, Serialize};

use super::{
    Because, Note, Trigger, block, create, get, index, locked,
    record::{fields_since, note_from},
};
use crate::{Error, Result, Tx, input, outreach::dnc};

/// A field of a lead, and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "field", content = "value", rename_all = "snake_case")]
pub enum Change {
    /// The first name.
    FirstName(String),
    /// The last name.
    LastName(String),
    /// The number, as it was given.
    PhoneNumber(String),
    /// Where mail reaches them; `None`: nowhere.
    Email(Option<Email>),
    /// Street and house.
    Address(Option<String>),
    /// Town.
    City(Option<String>),
    /// State or province.
    State(Option<String>),
    /// Postal code.
    Zip(Option<String>),
    /// Two letters.
    Country(Option<String>),
    /// Where they are.
    TimeZone(Option<Zone>),
    /// Where they come from.
    Source(Option<String>),
    /// The campaign, the event, the vendor.
    SubSource(Option<String>),
    /// All of the tags.
    Tags(Vec<String>),
    /// What else there is to know.
    Notes(Option<String>),
}

/// Where a request came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// From which machine.
    pub ip_address: Option<IpAddr>,
    /// With which program, up to 500 characters.
    pub user_agent: Option<String>,
}

/// What is to be changed about a lead.
#[derive(Clone, Debug)]
pub struct Update {
    /// The version that whoever asks has seen.
    pub version: i32,
    /// What it becomes.
    pub changes: Vec<Change>,
    /// Why, up to 255 characters; `None`: nobody said.
    pub reason: Option<String>,
    /// Where the request came from; `None`: nobody said.
    pub origin: Option<Origin>,
}

impl Update {
    /// Changes to the version of a lead that was read.
    #[must_use]
    pub fn of(lead: &Model, changes: Vec<Change>) -> Self {
        Self { version: lead.version, changes, reason: None, origin: None }
    }
}

/// Changes a lead, and writes down each field that is another now. What somebody else has changed in
/// the meantime stays as they left it, as long as it is not the same field.
///
/// A new number that is on the do-not-call list for good puts the lead into status `dnc`; a lead that is in it
/// stays there, whatever its number: that ends when the number that it has comes off the list.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead; [`Error::Conflict`] if the same field was
/// changed after that version, saying which, or another lead has the number; [`Error::Invalid`] if a
/// change breaks a rule, or the version is one that the lead has not come to.
#[tracing::instrument(name = "lead::update", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn update(tx: &Tx, id: LeadId, ask: &Update) -> Result<Model> {
    if let Some(reason) = &ask.reason {
        input::text("reason", reason, 255)?;
    }
    if let Some(agent) = ask.origin.as_ref().and_then(|from| from.user_agent.as_ref()) {
        input::text("user_agent", agent, 500)?;
    }
    let region = &tx.tenant().await?.phone_region;
    // Before the lead, in the order of whoever lists numbers.
    for change in &ask.changes {
        if let Change::PhoneNumber(value) = change
            && let Ok(parsed) = Phone::parse(value.trim(), region)
        {
            dnc::hold(tx, &parsed.phone).await?;
        }
    }
    let before = locked(tx, id).await?;
    if ask.version > before.version || ask.version < 1 {
        return Err(Error::invalid("version", "the lead has not come to it"));
    }
    let mut row = before.clone().into_active_model();
    let mut notes: Vec<Note> = vec![];
    for change in &ask.changes {
        let said = change.applied(&before, &mut row, region)?;
        if let Some(twice) = said.as_ref().filter(|s| notes.iter().any(|n| n.field == s.field)) {
            return Err(Error::invalid(twice.field, "is changed twice"));
        }
        notes.extend(said);
    }
    if notes.is_empty() {
        return Ok(before);
    }
    if ask.version < before.version {
        let mut since = fields_since(tx, id, ask.version).await?;
        since.retain(|field| notes.iter().any(|note| note.field == field));
        if !since.is_empty() {
            return Err(Error::conflict(format!("changed in the meantime: {}", since.join(", "))));
        }
    }
    row.version = Set(before.version + 1);
    row.updated_at = Set(tx.now());
    let after = tx.update(row).await?;
    note_from(tx, notes, ask.reason.as_deref(), ask.origin.as_ref()).await?;
    if after.tags != before.tags {
        tx.delete_many::<lead_tag::Entity>()
            .filter(lead_tag::Column::LeadId.eq(id))
            .exec(tx)
            .await?;
        tx.insert_many(create::tag_rows(&after).collect()).await?;
    }
    index(tx, &after).await?;
    if let Some(phone) = &after.phone_number
        && after.phone_number != before.phone_number
        && dnc::listed_now(tx, phone).await?
    {
        let why = "its new number is on the do-not-call list".to_owned();
        let because = Because { trigger: Trigger::DncList, trigger_id: None, reason: Some(why) };
        block(tx, std::slice::from_ref(phone), &because).await?;
        return get(tx, id).await;
    }
    Ok(after)
}

impl Change {
    /// Puts the change into the row, and says what it is, if it is one.
    fn applied(&self, before: &Model, row: &mut ActiveModel, region: &str) -> Result<Option<Note>> {
        let name =
            |field, value: &str| input::text(field, value, 100).map(|()| value.trim().to_owned());
        let optional = |field, value: &Option<String>, most| match value {
            Some(value) => input::text(field, value, most),
            None => Ok(()),
        };
        let text = |value: &Option<String>| value.clone();
        let (field, old, new) = match self {
            Self::FirstName(value) => {
                row.first_name = Set(name("first_name", value)?);
                ("first_name", Some(before.first_name.clone()), Some(value.trim().to_owned()))
            }
            Self::LastName(value) => {
                row.last_name = Set(name("last_name", value)?);
                ("last_name", Some(before.last_name.clone()), Some(value.trim().to_owned()))
            }
            Self::PhoneNumber(value) => {
                let parsed = Phone::parse(value.trim(), region)
                    .map_err(|_| Error::invalid("phone_number", "not a telephone number"))?;
                let old = before.phone_number.as_ref().map(|phone| phone.as_str().to_owned());
                let new = Some(parsed.phone.as_str().to_owned());
                row.phone_number = Set(Some(parsed.phone));
                row.phone_extension = Set(parsed.extension.clone());
                if old == new {
                    ("phone_extension", before.phone_extension.clone(), parsed.extension)
                } else {
                    ("phone_number", old, new)
                }
            }
            Self::Email(value) => {
                let text = |email: &Option<Email>| email.as_ref().map(|e| e.as_str().to_owned());
                row.email = Set(value.clone());
                ("email", text(&before.email), text(value))
            }
            Self::Address(value) => {
                optional("address", value, 500)?;
                row.address = Set(value.clone());
                ("address", text(&before.address), text(value))
            }
            Self::City(value) => {
                optional("city", value, 100)?;
                row.city = Set(value.clone());
                ("city", text(&before.city), text(value))
            }
            Self::State(value) => {
                optional("state", value, 50)?;
                row.state = Set(value.clone());
                ("state", text(&before.state), text(value))
            }
            Self::Zip(value) => {
                optional("zip", value, 20)?;
                row.zip = Set(value.clone());
                ("zip", text(&before.zip), text(value))
            }
            Self::Country(value) => {
                if let Some(code) = value {
                    input::region(code)
                        .map_err(|e| Error::invalid("country", e.message.unwrap_or_default()))?;
                }
                row.country = Set(value.clone());
                ("country", text(&before.country), text(value))
            }
            Self::TimeZone(value) => {
                let text = |zone: &Option<Zone>| zone.as_ref().map(|z| z.as_str().to_owned());
                row.time_zone = Set(value.clone());
                ("time_zone", text(&before.time_zone), text(value))
            }
            Self::Source(value) => {
                optional("source", value, 100)?;
                row.source = Set(value.clone());
                ("source", text(&before.source), text(value))
            }
            Self::SubSource(value) => {
                optional("sub_source", value, 100)?;
                row.sub_source = Set(value.clone());
                ("sub_source", text(&before.sub_source), text(value))
            }
            Self::Tags(value) => {
                let tags = create::tags(value)?;
                let told = |tags: &[String]| Some(tags.join(", ")).filter(|t| !t.is_empty());
                let said = ("tags", told(&before.tags), told(&tags));
                row.tags = Set(tags);
                said
            }
            Self::Notes(value) => {
                optional("notes", value, 10_000)?;
                row.notes = Set(value.clone());
                ("notes", text(&before.notes), text(value))
            }
        };
        let note = Note { lead: before.id, version: before.version + 1, field, old, new };
        Ok(Some(note).filter(|note| note.old != note.new))
    }
}
