//! Companies, the people there, and the numbers that must not be called.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    customers::customer::{self, LifecycleStage, Tier},
    email::Email,
    id::{ClientId, ContactId, DncId, UserId},
    outreach::dnc,
    phone::Phone,
    sales::contact,
    tenancy::user,
    zone::{Zone, date_at},
};
use sea_orm::Set;

use super::{Dice, Setting};
use crate::Failure;

const FIRST: [&str; 24] = [
    "Ada", "Ben", "Clara", "David", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Katja",
    "Liam", "Mara", "Noah", "Olga", "Paul", "Rosa", "Simon", "Tessa", "Uwe", "Vera", "Wim", "Yara",
    "Zoe",
];
const LAST: [&str; 23] = [
    "Albers", "Baptiste", "Claasen", "Dahl", "Evans", "Fischer", "Gruber", "Holm", "Iversen",
    "Jansen", "Keller", "Lambert", "Moreau", "Novak", "Ortega", "Petersen", "Quist", "Richter",
    "Sato", "Thomas", "Urban", "Voss", "Weber",
];
const HOUSE: [&str; 25] = [
    "Ashford",
    "Bergmann",
    "Calder",
    "Delacroix",
    "Elmhurst",
    "Fairbanks",
    "Granger",
    "Halvorsen",
    "Ironbridge",
    "Jansson",
    "Kestrel",
    "Lindqvist",
    "Marlow",
    "Nordwind",
    "Osterfeld",
    "Pemberton",
    "Quayside",
    "Rosenthal",
    "Sandoval",
    "Tidewater",
    "Ulrich",
    "Vantage",
    "Westbrook",
    "Yardley",
    "Ziegler",
];
const TRADE: [&str; 16] = [
    "Cranes", "Dairy", "Energy", "Foods", "Freight", "Hotels", "Marine", "Medical", "Optics",
    "Paper", "Printing", "Robotics", "Steel", "Textiles", "Timber", "Tools",
];
pub const STAFF: [&str; 6] = ["Anke", "Bogdan", "Chiara", "Derek", "Esra", "Frank"];

/// Lines that regulators keep for films: nobody answers. A zone, how many of a hundred numbers
/// are there, how they begin, with how many digits they end, and how many there are of each.
const LINES: [(&str, u32, &[&str], usize, u32); 6] = [
    (
        "Europe/Berlin",
        56,
        &["+49 30 23125 ", "+49 40 66969 ", "+49 69 90009 ", "+49 89 99998 ", "+49 221 4710 "],
        3,
        900,
    ),
    ("Europe/London", 16, &["+44 20 7946 0", "+44 161 496 0", "+44 121 496 0"], 3, 1000),
    ("Europe/Paris", 12, &["+33 1 99 00 "], 4, 10_000),
    ("America/New_York", 8, &["+1 212 555 01", "+1 202 555 01", "+1 617 555 01"], 2, 100),
    ("America/Los_Angeles", 3, &["+1 310 555 01", "+1 415 555 01"], 2, 100),
    ("Australia/Sydney", 5, &["+61 2 5550 "], 4, 10_000),
];

/// Somebody at a customer.
pub struct Person {
    pub id: ContactId,
    pub client_id: ClientId,
    pub company: String,
    pub first: &'static str,
    pub last: &'static str,
    pub email: Email,
    pub line: Line,
    /// Whether they are whom their company is written to.
    pub primary: bool,
    pub unsubscribed: bool,
    pub listed: bool,
}

/// A number, as people write it and as it is stored, and where it rings.
#[derive(Clone)]
pub struct Line {
    pub written: String,
    pub phone: Phone,
    pub zone: Zone,
}

/// Gives each line once.
#[derive(Default)]
struct Exchange([u32; LINES.len()]);

impl Exchange {
    fn line(&mut self, dice: &mut Dice) -> Result<Line, Failure> {
        let at = dice.weigh(&LINES.map(|(_, weight, ..)| weight));
        let (zone, _, begins, digits, each) = LINES[at];
        let (begin, end) = (self.0[at] / each, self.0[at] % each);
        self.0[at] += 1;
        let begin = begins.get(begin as usize).ok_or("more numbers than there are")?;
        let written = format!("{begin}{:0digits$}", end * 577 % each);
        let phone = Phone::try_from(written.replace(' ', ""))?;
        Ok(Line { written, phone, zone: Zone::parse(zone)? })
    }
}

/// What is loaded first, since all else refers to it.
#[derive(Default)]
pub struct People {
    pub users: Vec<user::ActiveModel>,
    pub staff: Vec<UserId>,
    pub customers: Vec<customer::ActiveModel>,
    pub contacts: Vec<contact::ActiveModel>,
    pub persons: Vec<Person>,
    pub listed: Vec<dnc::ActiveModel>,
    /// One number of each kind that the list knows: for good, for a time, expired, removed.
    pub of_each_kind: Vec<Line>,
}

pub fn draw(dice: &mut Dice, setting: &Setting, listed: u32) -> Result<People, Failure> {
    let mut people = People::default();
    let mut exchange = Exchange::default();
    let long_ago = setting.now - TimeDelta::days(500);
    for name in STAFF {
        let id = UserId::new();
        people.staff.push(id);
        people.users.push(user::ActiveModel {
            id: Set(id),
            email: Set(Email::parse(&format!("{name}@{}", setting.domain))?),
            name: Set(name.to_owned()),
            role: Set("account manager".to_owned()),
            created_at: Set(long_ago),
            updated_at: Set(long_ago),
            ..Default::default()
        });
    }
    let tiers = [Tier::Starter, Tier::Standard, Tier::Professional, Tier::Enterprise];
    for n in 0..setting.size.customers {
        let at = n as usize;
        let (house, trade) = (HOUSE[at % HOUSE.len()], TRADE[at / HOUSE.len() % TRADE.len()]);
        let company = format!("{house} {trade}");
        let site = company.to_lowercase();
        let client_id = ClientId::parse(&format!("cs_{}_{}", 1000 + n, site.replace(' ', "_")))?;
        people.customers.push(customer::ActiveModel {
            client_id: Set(client_id.clone()),
            client_name: Set(company.clone()),
            company_name: Set(company.clone()),
            contract_value: Set((5_000 + 500 * dice.low(400)).into()),
            contract_start_date: Set(date_at(setting.zone, dice.ago(setting.now, 900, 30))),
            tier: Set(*dice.pick(&tiers)),
            lifecycle_stage: Set(LifecycleStage::Active),
            created_at: Set(long_ago),
            updated_at: Set(long_ago),
            ..Default::default()
        });
        for k in 0..2 + at % 2 {
            let nth = people.persons.len();
            let (first, last) =
                (FIRST[(at + 5 * k) % FIRST.len()], LAST[(3 * at + 7 * k) % LAST.len()]);
            let email = format!("{first}.{last}@{}.example", site.replace(' ', "-"));
            people.persons.push(Person {
                id: ContactId::new(),
                client_id: client_id.clone(),
                company: company.clone(),
                first,
                last,
                email: Email::parse(&email)?,
                line: exchange.line(dice)?,
                primary: k == 0,
                unsubscribed: nth % 17 == 5,
                listed: nth % 23 == 7,
            });
        }
    }
    people.contacts = people.persons.iter().map(|person| contact(person, long_ago)).collect();
    let theirs: Vec<_> =
        people.persons.iter().filter(|p| p.listed).map(|p| p.line.clone()).collect();
    for n in 0..listed {
        let known = theirs.get(n as usize);
        let line = known.map_or_else(|| exchange.line(dice), |line| Ok(line.clone()))?;
        // Those of contacts are for good; of the others, some of each kind.
        let kind = if known.is_some() { 0 } else { dice.weigh(&[60, 15, 15, 10]) };
        let entry = entry(dice, setting.now, &line, kind);
        if people.of_each_kind.len() == kind && line.zone.as_str() == setting.zone.name() {
            people.of_each_kind.push(line);
        }
        people.listed.push(entry);
    }
    Ok(people)
}

fn contact(person: &Person, since: DateTime<Utc>) -> contact::ActiveModel {
    contact::ActiveModel {
        id: Set(person.id),
        client_id: Set(person.client_id.clone()),
        first_name: Set(person.first.to_owned()),
        last_name: Set(person.last.to_owned()),
        email: Set(Some(person.email.clone())),
        phone: Set(Some(person.line.phone.clone())),
        time_zone: Set(Some(person.line.zone.clone())),
        is_primary: Set(person.primary),
        unsubscribed_at: Set(person.unsubscribed.then_some(since + TimeDelta::days(400))),
        created_at: Set(since),
        updated_at: Set(since),
        ..Default::default()
    }
}

/// An entry that holds for good (0), for a time (1), has expired (2) or was removed (3).
fn entry(dice: &mut Dice, now: DateTime<Utc>, line: &Line, kind: usize) -> dnc::ActiveModel {
    let said = ["please take me off your list", "never call this number again", "stop calling me"];
    let (added, expires, removed) = match kind {
        0 => (dice.ago(now, 365, 1), None, None),
        1 => (dice.ago(now, 60, 1), Some(now + TimeDelta::days(1) + dice.within(60)), None),
        2 => (dice.ago(now, 365, 120), Some(dice.ago(now, 120, 1)), None),
        _ => (dice.ago(now, 365, 120), None, Some(dice.ago(now, 120, 1))),
    };
    let asked = expires.is_none();
    dnc::ActiveModel {
        id: Set(DncId::new()),
        phone_number: Set(line.phone.clone()),
        raw_number: Set(line.written.clone()),
        kind: Set(if asked { dnc::Kind::Permanent } else { dnc::Kind::Temporary }),
        reason: Set(if asked { "wants no calls" } else { "asked for time" }.to_owned()),
        source: Set(Some("call_transcript".to_owned())),
        detected_phrase: Set(asked.then(|| (*dice.pick(&said)).to_owned())),
        added_at: Set(added),
        expires_at: Set(expires),
        removed_at: Set(removed),
        removal_reason: Set(removed.map(|_| "gave consent again, in writing".to_owned())),
        ..Default::default()
    }
}
