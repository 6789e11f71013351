//! What becomes of two leads' values: arithmetic that needs no database.

use chrono::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{Change, Row};
use crate::{Error, Result, leads::lead::MOST_TAGS};

/// How long joined notes may be, in characters.
const LONGEST_NOTES: usize = 10_000;

/// A part of who somebody is that comes from one lead or the other, as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The first name.
    FirstName,
    /// The last name.
    LastName,
    /// The number, with its extension.
    Phone,
    /// The e-mail address.
    Email,
    /// Street, town, state, postal code and country.
    Address,
    /// The zone.
    TimeZone,
    /// Source and sub-source, with what else is known of it.
    Source,
    /// The notes: the folded lead's alone.
    Notes,
    /// Whose lead it is.
    Owner,
}

impl Field {
    const ALL: [Self; 9] = [
        Self::FirstName,
        Self::LastName,
        Self::Phone,
        Self::Email,
        Self::Address,
        Self::TimeZone,
        Self::Source,
        Self::Notes,
        Self::Owner,
    ];

    /// The columns that go together, and how many of them, from the first on, say that there is
    /// something.
    fn columns(self) -> (&'static [&'static str], usize) {
        match self {
            Self::FirstName => (&["first_name"], 1),
            Self::LastName => (&["last_name"], 1),
            Self::Phone => (&["phone_number", "phone_extension"], 1),
            Self::Email => (&["email"], 1),
            // The country is there in any case, the tenant's if nobody said.
            Self::Address => (&["address", "city", "zip", "state", "country"], 4),
            Self::TimeZone => (&["time_zone"], 1),
            Self::Source => (&["source", "sub_source", "source_metadata"], 3),
            Self::Notes => (&["notes"], 1),
            Self::Owner => (&["user_id"], 1),
        }
    }

    fn is_in(self, row: &Row) -> bool {
        let (columns, most) = self.columns();
        columns.iter().take(most).any(|column| !value(row, column).is_null())
    }
}

/// A column's name that lives as long as the program.
pub(super) fn column(name: &str) -> &'static str {
    let more = [
        "tags",
        "last_contact_date",
        "interaction_count",
        "calling_blocked",
        "converted_client_id",
        "converted_contact_id",
        "converted_at",
    ];
    let all = Field::ALL.iter().flat_map(|field| field.columns().0).copied().chain(more);
    all.into_iter().find(|column| *column == name).unwrap_or("merged")
}

fn value(row: &Row, column: &str) -> Json {
    row.get(column).cloned().unwrap_or(Json::Null)
}

/// The tags of a row.
pub(super) fn tags(row: &Row) -> Vec<String> {
    let tags = value(row, "tags");
    let tags = tags.as_array().into_iter().flatten().filter_map(Json::as_str);
    tags.map(str::to_owned).collect()
}

/// Which of the kept lead's columns become something else, and which tags the folded one brings.
///
/// # Errors
///
/// [`Error::Conflict`] if they became two different customers, or people at them; [`Error::Invalid`]
/// if they have more than fifty tags together.
pub fn folded(keep: &Row, fold: &Row, take: &[Field]) -> Result<(Vec<Change>, Vec<String>)> {
    let mut after = keep.clone();
    for field in Field::ALL {
        let (columns, _) = field.columns();
        let takes = take.contains(&field);
        if field.is_in(fold) && (takes || !field.is_in(keep)) {
            for column in columns {
                after.insert((*column).to_owned(), value(fold, column));
            }
        } else if field == Field::Notes && field.is_in(fold) {
            after.insert("notes".to_owned(), notes(&value(keep, "notes"), &value(fold, "notes")));
        }
    }
    let (own, others) = (tags(keep), tags(fold));
    let brought: Vec<_> = others.into_iter().filter(|tag| !own.contains(tag)).collect();
    let mut all = [own, brought.clone()].concat();
    all.sort();
    if all.len() > MOST_TAGS {
        let why = format!("the two have more than {MOST_TAGS} together");
        return Err(Error::invalid("tags", why));
    }
    if !brought.is_empty() {
        after.insert("tags".to_owned(), json!(all));
    }
    let last = later(&value(keep, "last_contact_date"), &value(fold, "last_contact_date"));
    after.insert("last_contact_date".to_owned(), last);
    let count = |row| value(row, "interaction_count").as_i64().unwrap_or(0);
    let sum = i32::try_from(count(keep) + count(fold)).unwrap_or(i32::MAX);
    after.insert("interaction_count".to_owned(), json!(sum));
    let blocked = |row| value(row, "calling_blocked") == json!(true);
    after.insert("calling_blocked".to_owned(), json!(blocked(keep) || blocked(fold)));
    convert(keep, fold, &mut after)?;
    let mut changes = vec![];
    for (field, becomes) in after {
        let was = value(keep, &field);
        if was != becomes {
            changes.push(Change { field, was, becomes });
        }
    }
    Ok((changes, brought))
}

fn notes(own: &Json, other: &Json) -> Json {
    let (Some(own_text), Some(text)) = (own.as_str(), other.as_str()) else { return own.clone() };
    let joined = format!("{own_text}\n\n{text}");
    if own_text.contains(text) || joined.chars().count() > LONGEST_NOTES {
        return own.clone();
    }
    joined.into()
}

fn later(one: &Json, other: &Json) -> Json {
    let at = |value: &Json| value.as_str().and_then(|t| DateTime::parse_from_rfc3339(t).ok());
    if at(other) > at(one) { other.clone() } else { one.clone() }
}

fn convert(keep: &Row, fold: &Row, after: &mut Row) -> Result<()> {
    let became = |row| (value(row, "converted_client_id"), value(row, "converted_contact_id"));
    let (own, other) = (became(keep), became(fold));
    if other.0.is_null() {
        return Ok(());
    }
    if own.0.is_null() {
        for column in ["converted_client_id", "converted_contact_id", "converted_at"] {
            after.insert(column.to_owned(), value(fold, column));
        }
        return Ok(());
    }
    if own == other { Ok(()) } else { Err(Error::conflict("they became different customers")) }
}

/// What the kept lead's columns become when the merge is undone: what they were, wherever nobody has
/// changed them since; what was counted since stays counted.
pub(super) fn parted(now: &Row, changes: &[Change], brought: &[String]) -> Row {
    let mut back = Row::new();
    for Change { field, was, becomes } in changes {
        let is = value(now, field);
        match &**field {
            "tags" => {
                let mut left = tags(now);
                left.retain(|tag| !brought.contains(tag));
                back.insert(field.clone(), json!(left));
            }
            "interaction_count" => {
                let count = |value: &Json| value.as_i64().unwrap_or(0);
                let since = count(&is) - count(becomes);
                back.insert(field.clone(), json!((count(was) + since).max(0)));
            }
            _ if is == *becomes => {
                back.insert(field.clone(), was.clone());
            }
            _ => {}
        }
    }
    // A number and its extension stay together.
    if changes.iter().any(|c| c.field == "phone_number") && !back.contains_key("phone_number") {
        back.remove("phone_extension");
    }
    back.retain(|field, value| now.get(field) != Some(value));
    back
}
