//! What a column is, and what its words mean: data, and not code, also for other systems' exports.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use entity::leads::lead::Status;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How many names a mapping may have in all.
const MOST_NAMES: usize = 2000;

/// What a column of a file can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the field of a lead that it is named for")]
pub enum Field {
    FirstName,
    LastName,
    /// Both in one; split where a file has no columns for the two.
    FullName,
    Phone,
    Email,
    /// Whether they must not be called: yes makes the status `dnc`.
    DoNotCall,
    Status,
    /// Fresh, aged, hot, warm or cold: becomes tags.
    Category,
    Source,
    SubSource,
    Tags,
    Address,
    City,
    State,
    Zip,
    Country,
    TimeZone,
    Notes,
    LastContactDate,
    /// From where they filled in a form.
    Ip,
}

impl Field {
    /// Its name, as in a mapping.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::FullName => "full_name",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::DoNotCall => "do_not_call",
            Self::Status => "status",
            Self::Category => "category",
            Self::Source => "source",
            Self::SubSource => "sub_source",
            Self::Tags => "tags",
            Self::Address => "address",
            Self::City => "city",
            Self::State => "state",
            Self::Zip => "zip",
            Self::Country => "country",
            Self::TimeZone => "time_zone",
            Self::Notes => "notes",
            Self::LastContactDate => "last_contact_date",
            Self::Ip => "ip",
        }
    }
}

/// Which of day and month comes first in `03/04/2026`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// The third of April.
    DayFirst,
    /// The fourth of March.
    MonthFirst,
}

/// What a file's columns and words mean. Names are compared by their letters and digits alone, whole,
/// in any case: `E-Mail` is `email`, and `Last contacted` is no last name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// What it is called: the system that it is for.
    pub name: String,
    /// The columns of each field. Where a file has several of one field, the first that says
    /// something counts, in this order.
    #[serde(default)]
    pub fields: BTreeMap<Field, Vec<String>>,
    /// The words of each status.
    #[serde(default)]
    pub statuses: BTreeMap<Status, Vec<String>>,
    /// The names of countries, by their two letters.
    #[serde(default)]
    pub countries: BTreeMap<String, Vec<String>>,
    /// Columns that are kept as they are, in `source_metadata`.
    #[serde(default)]
    pub keep: Vec<String>,
    /// Whether every column that is nothing else is kept there. Else it is left out, and reported.
    #[serde(default)]
    pub keep_others: bool,
    /// How dates are written that do not say so; null: as in the tenant's region.
    #[serde(default)]
    pub date_order: Option<DateOrder>,
    /// Whether only what stands here counts, and not also what stands in [`Mapping::plain`].
    #[serde(default)]
    pub only: bool,
}

static PLAIN: LazyLock<Mapping> = LazyLock::new(|| shipped(include_str!("mappings/plain.json")));

/// A test reads each of them.
fn shipped(json: &str) -> Mapping {
    serde_json::from_str(json).unwrap_or_else(|_| Mapping::named("broken"))
}

impl Default for Mapping {
    fn default() -> Self {
        Self::plain()
    }
}

impl Mapping {
    /// One that says nothing of its own.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            fields: BTreeMap::new(),
            statuses: BTreeMap::new(),
            countries: BTreeMap::new(),
            keep: vec![],
            keep_others: false,
            date_order: None,
            only: false,
        }
    }

    /// What people call their columns.
    #[must_use]
    pub fn plain() -> Self {
        PLAIN.clone()
    }

    /// An export of HubSpot's contacts, by the names on the screen or those of its interface.
    #[must_use]
    pub fn hubspot() -> Self {
        shipped(include_str!("mappings/hubspot.json"))
    }

    /// A report or an export of Salesforce's leads.
    #[must_use]
    pub fn salesforce() -> Self {
        shipped(include_str!("mappings/salesforce.json"))
    }

    /// An export of Pipedrive's leads or persons.
    #[must_use]
    pub fn pipedrive() -> Self {
        shipped(include_str!("mappings/pipedrive.json"))
    }

    /// Refuses a mapping in which a name means two things, or that is too large to be one.
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |why: String| Err(Error::invalid("mapping", why));
        let named = |text: &str| !normal(text).is_empty() && text.chars().count() <= 200;
        if !named(&self.name) || self.name.chars().any(char::is_control) {
            return refuse("must have a name of at most 200 characters".to_owned());
        }
        let lists = self.fields.values().chain(self.statuses.values());
        let lists = lists.chain(self.countries.values()).chain([&self.keep]);
        if lists.clone().map(Vec::len).sum::<usize>() > MOST_NAMES {
            return refuse(format!("must not have more than {MOST_NAMES} names"));
        }
        if lists.flatten().any(|text| !named(text)) {
            return refuse("has an empty name, or one longer than 200 characters".to_owned());
        }
        if self.countries.keys().any(|c| c.len() != 2 || !c.bytes().all(|b| b.is_ascii_uppercase()))
        {
            return refuse("has a country that is not two capital letters".to_owned());
        }
        let fields = twice(self.fields.values());
        let statuses = twice(self.statuses.values());
        match fields.or(statuses).or_else(|| twice(self.countries.values())) {
            Some(_) => refuse("has a name that means two things".to_owned()),
            None => Ok(()),
        }
    }

    /// It, and behind it what everybody calls things.
    fn layers(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(Some(&*PLAIN).filter(|_| !self.only))
    }
}

/// A name that is in two of the lists.
fn twice<'a>(lists: impl Iterator<Item = &'a Vec<String>>) -> Option<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (at, list) in lists.enumerate() {
        for name in list {
            let normal = normal(name);
            if *seen.entry(normal.clone()).or_insert(at) != at {
                return Some(normal);
            }
        }
    }
    None
}

/// A name by its letters and digits alone, in lower case.
pub(super) fn normal(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What is done with a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// It is a field; the lower rank goes before.
    Field(Field, usize),
    Keep,
    Ignore,
}

/// A mapping, made fast: asked once for each column, and once for each word.
#[derive(Debug)]
pub(super) struct Dictionary {
    columns: HashMap<String, Target>,
    statuses: HashMap<String, Status>,
    countries: HashMap<String, String>,
    others: Target,
}

impl Dictionary {
    pub(super) fn new(mapping: &Mapping) -> Self {
        let mut it = Self {
            columns: HashMap::new(),
            statuses: HashMap::new(),
            countries: HashMap::new(),
            others: if mapping.keep_others { Target::Keep } else { Target::Ignore },
        };
        for name in &mapping.keep {
            it.columns.insert(normal(name), Target::Keep);
        }
        let mut rank = 0;
        for layer in mapping.layers() {
            for (field, names) in &layer.fields {
                for name in names {
                    rank += 1;
                    it.columns.entry(normal(name)).or_insert(Target::Field(*field, rank));
                }
            }
            for (status, words) in &layer.statuses {
                for word in words {
                    it.statuses.entry(normal(word)).or_insert(*status);
                }
            }
            for (country, names) in &layer.countries {
                for name in names {
                    it.countries.entry(normal(name)).or_insert_with(|| country.clone());
                }
            }
        }
        it
    }

    pub(super) fn column(&self, header: &str) -> Target {
        let name = normal(header);
        if name.is_empty() {
            return Target::Ignore;
        }
        self.columns.get(&name).copied().unwrap_or(self.others)
    }

    pub(super) fn status(&self, word: &str) -> Option<Status> {
        self.statuses.get(&normal(word)).copied()
    }

    pub(super) fn country(&self, name: &str) -> Option<String> {
        if name.len() == 2 && name.bytes().all(|b| b.is_ascii_alphabetic()) {
            let code = name.to_ascii_uppercase();
            return Some(if code == "UK" { "GB".to_owned() } else { code });
        }
        self.countries.get(&normal(name)).cloned()
    }
}
