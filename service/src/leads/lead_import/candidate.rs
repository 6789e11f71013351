//! A row, read as a lead: or every reason why it is none.

use std::{borrow::Cow, net::IpAddr};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
pub(super) use entity::leads::lead::Status;
use entity::{
    email::Email,
    leads::lead_import::Format,
    phone::{Phone, is_region},
    zone::Zone,
};
use serde_json::{Map, Value};

use super::{
    mapping::{DateOrder, Dictionary, Field, Mapping, Target},
    record::Cells,
    value,
};

/// How long a value may be that is kept as it is.
const MOST_KEPT: usize = 500;
/// How many tags a lead has at the most, and how long each is.
const MOST_TAGS: usize = 50;
const TAG_LENGTH: usize = 50;

/// What a row says, when it can become a lead.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The name that comes first.
    pub first_name: String,
    /// The name that comes last.
    pub last_name: String,
    /// The number, understood.
    pub phone: Phone,
    /// What is dialled behind it.
    pub phone_extension: Option<String>,
    /// The address, in lower case.
    pub email: Option<Email>,
    /// The street.
    pub address: Option<String>,
    /// The town.
    pub city: Option<String>,
    /// The state.
    pub state: Option<String>,
    /// The postal code.
    pub zip: Option<String>,
    /// The country's two letters.
    pub country: Option<String>,
    /// Where they are.
    pub time_zone: Option<Zone>,
    /// How far they have come.
    pub status: Status,
    /// Where they came from, in the file's own words; null: it does not say.
    pub source: Option<String>,
    /// More of that.
    pub sub_source: Option<String>,
    /// In order, and each once.
    pub tags: Vec<String>,
    /// What somebody noted.
    pub notes: Option<String>,
    /// When somebody last talked to them.
    pub last_contact_date: Option<DateTime<Utc>>,
    /// What is kept of the other columns, by their names.
    pub metadata: Map<String, Value>,
}

/// Why a row is no lead. Never with the value itself, since reasons are shown and logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What it is about; null: the row as such.
    pub field: Option<Field>,
    /// What is wrong with it.
    pub why: Cow<'static, str>,
}

impl Reason {
    pub(super) fn row(why: impl Into<Cow<'static, str>>) -> Self {
        Self { field: None, why: why.into() }
    }

    fn of(field: Field, why: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Some(field), why: why.into() }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.field {
            Some(field) => write!(f, "{}: {}", field.name(), self.why),
            None => f.write_str(&self.why),
        }
    }
}

/// What a file is read by.
#[derive(Debug)]
pub(super) struct Rules<'a> {
    pub dictionary: Dictionary,
    /// Where numbers without a country code are dialled from.
    pub region: &'a str,
    pub order: DateOrder,
    pub zone: Tz,
    pub now: DateTime<Utc>,
    /// What they came from where the file does not say.
    pub source: Option<&'a str>,
    /// What every lead of the file is tagged with.
    pub tags: &'a [String],
}

impl<'a> Rules<'a> {
    pub(super) fn new(mapping: &Mapping, region: &'a str, zone: Tz, now: DateTime<Utc>) -> Self {
        let usual = if matches!(region, "US" | "PR" | "PH" | "GU" | "VI") {
            DateOrder::MonthFirst
        } else {
            DateOrder::DayFirst
        };
        Self {
            dictionary: Dictionary::new(mapping),
            region,
            order: mapping.date_order.unwrap_or(usual),
            zone,
            now,
            source: None,
            tags: &[],
        }
    }
}

/// What the row says of each field, and what is wrong with it.
struct Said<'a> {
    values: [Option<(usize, &'a str)>; 20],
    reasons: Vec<Reason>,
}

impl<'a> Said<'a> {
    /// The tidied value of a field, if it says anything and is not too long.
    fn text(&mut self, field: Field, most: usize) -> Option<String> {
        let text = value::tidy(self.raw(field)?);
        self.short(field, text, most)
    }

    fn raw(&self, field: Field) -> Option<&'a str> {
        self.values.get(field as usize).copied().flatten().map(|(_, text)| text)
    }

    fn short(&mut self, field: Field, text: String, most: usize) -> Option<String> {
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            self.refuse(field, "holds control characters");
            return None;
        }
        if text.chars().count() > most {
            self.refuse(field, format!("is longer than {most} characters"));
            return None;
        }
        Some(text).filter(|text| !text.is_empty())
    }

    fn refuse(&mut self, field: Field, why: impl Into<Cow<'static, str>>) {
        self.reasons.push(Reason::of(field, why));
    }
}

/// Reads a row as a lead.
///
/// # Errors
///
/// Every reason why it is none.
pub(super) fn read(
    cells: Cells<'_>,
    targets: &[Target],
    rules: &Rules<'_>,
    format: Format,
) -> Result<Candidate, (Vec<Reason>, Option<Phone>)> {
    let mut said = Said { values: [None; 20], reasons: vec![] };
    let mut metadata = Map::new();
    for (column, name, text) in cells.iter() {
        if text.chars().all(value::is_blank) {
            continue;
        }
        match targets.get(column) {
            Some(Target::Field(field, rank)) => {
                let place = said.values.get_mut(*field as usize);
                if let Some(place) = place.filter(|p| p.is_none_or(|(least, _)| *rank < least)) {
                    *place = Some((*rank, text));
                }
            }
            Some(Target::Keep) => {
                let kept: String =
                    value::tidy(text).chars().filter(|c| !c.is_control()).take(MOST_KEPT).collect();
                let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
                metadata.insert(name, kept.into());
            }
            Some(Target::Ignore) | None => {}
        }
    }
    let (first_name, last_name) = names(&mut said);
    let phone = phone(&mut said, rules.region);
    let email = email(&mut said);
    let status = status(&mut said, rules);
    let mut tags = rules.tags.to_vec();
    if format == Format::EmailText {
        tags.push("gmail_import".to_owned());
    }
    category(&mut said, &mut tags);
    said_tags(&mut said, &mut tags);
    place_of_form(&mut said, &mut metadata);
    let source = said.text(Field::Source, 100).or_else(|| rules.source.map(str::to_owned));
    Ok(Candidate {
        first_name: first_name.unwrap_or_default(),
        last_name: last_name.unwrap_or_default(),
        phone_extension: phone.as_ref().and_then(|p| p.extension.clone()),
        email,
        address: said.text(Field::Address, 500),
        city: said.text(Field::City, 100),
        state: said.text(Field::State, 50),
        zip: said.text(Field::Zip, 20).map(|zip| value::digits(&zip).unwrap_or(zip)),
        country: country(&mut said, rules),
        time_zone: time_zone(&mut said),
        status,
        source,
        sub_source: said.text(Field::SubSource, 100),
        tags,
        notes: notes(&mut said),
        last_contact_date: last_contact(&mut said, rules),
        metadata,
        phone: match phone {
            Some(parsed) if said.reasons.is_empty() => parsed.phone,
            // Who wants no calls is heard, whatever else is wrong with the row.
            phone => {
                let opted_out = phone.filter(|_| status == Status::Dnc).map(|p| p.phone);
                return Err((said.reasons, opted_out));
            }
        },
    })
}

fn names(said: &mut Said<'_>) -> (Option<String>, Option<String>) {
    let mut first = said.text(Field::FirstName, 100);
    let mut last = said.text(Field::LastName, 100);
    if (first.is_none() || last.is_none())
        && let Some(full) = said.text(Field::FullName, 201)
        && let Some((one, other)) = value::split_name(&full)
    {
        first = first.or_else(|| said.short(Field::FirstName, one, 100));
        last = last.or_else(|| said.short(Field::LastName, other, 100));
    }
    for (name, field) in [(&first, Field::FirstName), (&last, Field::LastName)] {
        // What is there and is wrong is not missing as well.
        let is_told = |r: &Reason| r.field == Some(field) || r.field == Some(Field::FullName);
        if name.is_none() && !said.reasons.iter().any(is_told) {
            said.refuse(field, "is missing");
        }
    }
    (first, last)
}

fn phone(said: &mut Said<'_>, region: &str) -> Option<entity::phone::Parsed> {
    let Some(text) = said.raw(Field::Phone).map(value::tidy) else {
        said.refuse(Field::Phone, "is missing");
        return None;
    };
    let Some(text) = value::digits(&text) else {
        said.refuse(Field::Phone, "a spreadsheet kept too few of its digits");
        return None;
    };
    let parsed = Phone::parse(&text, region).ok();
    let short = |parsed: &entity::phone::Parsed| {
        parsed.extension.as_ref().is_none_or(|e| e.chars().count() <= 20)
    };
    match parsed.filter(short) {
        Some(parsed) if parsed.premium => said.refuse(Field::Phone, "calls to it cost extra"),
        Some(parsed) => return Some(parsed),
        None => said.refuse(Field::Phone, "not a telephone number"),
    }
    None
}

fn email(said: &mut Said<'_>) -> Option<Email> {
    let text = said.text(Field::Email, 254)?;
    let email = Email::parse(&text).ok();
    if email.is_none() {
        said.refuse(Field::Email, "not an e-mail address");
    }
    email
}

/// A status is never guessed: one who said "remove me" in words that we do not know would be called.
fn status(said: &mut Said<'_>, rules: &Rules<'_>) -> Status {
    let known = said.text(Field::Status, 200).map(|word| rules.dictionary.status(&word));
    if known == Some(None) {
        said.refuse(Field::Status, "not a status that the mapping knows");
    }
    match said.text(Field::DoNotCall, 50) {
        Some(word) if value::is_yes(&word) => return Status::Dnc,
        Some(word) if !value::is_no(&word) => said.refuse(Field::DoNotCall, "neither yes nor no"),
        _ => {}
    }
    known.flatten().unwrap_or(Status::New)
}

/// Fresh, aged, hot, warm or cold, by the first such word; the tags say so, and how soon to call.
fn category(said: &mut Said<'_>, tags: &mut Vec<String>) {
    const WORDS: [(&str, &str); 5] = [
        ("hot", "urgent"),
        ("fresh", "high"),
        ("warm", "medium"),
        ("aged", "low"),
        ("cold", "low"),
    ];
    let Some(text) = said.text(Field::Category, 200) else { return };
    let text = text.to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric());
    let mut found = words.filter_map(|word| WORDS.into_iter().find(|(known, _)| *known == word));
    let (word, priority) = found.next().unwrap_or(("unknown", "medium"));
    tags.extend([format!("category:{word}"), format!("priority:{priority}")]);
    if word == "fresh" {
        tags.push("phone_interviewed".to_owned());
    }
}

fn said_tags(said: &mut Said<'_>, tags: &mut Vec<String>) {
    if let Some(text) = said.raw(Field::Tags) {
        for tag in text.split([',', ';', '|', '\n']) {
            let tag = value::tidy(tag).to_lowercase();
            if let Some(tag) = said.short(Field::Tags, tag, TAG_LENGTH) {
                tags.push(tag);
            }
        }
    }
    tags.sort();
    tags.dedup();
    if tags.len() > MOST_TAGS {
        said.refuse(Field::Tags, format!("are more than {MOST_TAGS}"));
    }
}

fn place_of_form(said: &mut Said<'_>, metadata: &mut Map<String, Value>) {
    if let Some(text) = said.text(Field::Ip, 64) {
        match text.parse::<IpAddr>() {
            Ok(ip) => drop(metadata.insert("ip".to_owned(), ip.to_string().into())),
            Err(_) => said.refuse(Field::Ip, "not an address of the Internet"),
        }
    }
}

fn country(said: &mut Said<'_>, rules: &Rules<'_>) -> Option<String> {
    let text = said.text(Field::Country, 100)?;
    let code = rules.dictionary.country(&text).filter(|code| is_region(code));
    if code.is_none() {
        said.refuse(Field::Country, "not a country that the mapping knows");
    }
    code
}

fn time_zone(said: &mut Said<'_>) -> Option<Zone> {
    let text = said.text(Field::TimeZone, 100)?;
    let zone = Zone::parse(&text).ok();
    if zone.is_none() {
        said.refuse(Field::TimeZone, "not a zone of the IANA database");
    }
    zone
}

fn notes(said: &mut Said<'_>) -> Option<String> {
    let text = said.raw(Field::Notes)?.replace("\r\n", "\n").replace('\r', "\n");
    said.short(Field::Notes, text.trim_matches(value::is_blank).to_owned(), 10_000)
}

fn last_contact(said: &mut Said<'_>, rules: &Rules<'_>) -> Option<DateTime<Utc>> {
    let text = said.text(Field::LastContactDate, 100)?;
    let at = value::instant(&text, rules.order, rules.zone);
    match at {
        None => said.refuse(Field::LastContactDate, "not a date, or one that means two days"),
        Some(at) if at > rules.now => said.refuse(Field::LastContactDate, "is yet to come"),
        Some(_) => {}
    }
    at
}
