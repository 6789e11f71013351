//! What becomes of rows: which of them are leads, and which only look like it.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
};

use entity::{
    email::Email,
    id::LeadId,
    leads::lead_import_row::{Outcome, Values, Warning},
    phone::Phone,
};
use sea_orm::FromQueryResult;

use super::{
    candidate::Candidate,
    read::{Row, Rows},
};
use crate::{
    Result, Tx,
    outreach::{consent::Subject, dnc, suppression},
};

/// How many rows are looked up, and written, together.
const AT_ONCE: usize = 1000;
/// How long the reasons against a row may be together.
const REASON: usize = 2000;

/// Served by `leads_phone`. `$3` numbers in E.164.
pub const HAVING_PHONES: &str = "
select l.id, l.phone_number from leads l
where l.tenant_id = $1 and $2::timestamptz is not null and l.deleted_at is null
  and l.phone_number = any ($3::text[])";

/// Served by `leads_of_email`. `$3` addresses.
pub const HAVING_EMAILS: &str = "
select distinct l.email from leads l
where l.tenant_id = $1 and $2::timestamptz is not null and l.deleted_at is null
  and l.email is not null and l.email = any ($3::text[])";

#[derive(FromQueryResult)]
struct Having {
    id: LeadId,
    phone_number: Phone,
}

#[derive(FromQueryResult)]
struct Known {
    email: Email,
}

/// How many rows became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the outcome that it is named for")]
pub struct Counts {
    pub imported: i32,
    pub do_not_call: i32,
    pub duplicates_in_file: i32,
    pub duplicates_of_leads: i32,
    pub suppressed: i32,
    pub invalid: i32,
}

impl Counts {
    pub(super) fn add(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Imported => &mut self.imported,
            Outcome::DoNotCall => &mut self.do_not_call,
            Outcome::DuplicateInFile => &mut self.duplicates_in_file,
            Outcome::DuplicateOfLead => &mut self.duplicates_of_leads,
            Outcome::Suppressed => &mut self.suppressed,
            Outcome::Invalid => &mut self.invalid,
        } += 1;
    }

    /// How many rows that are.
    #[must_use]
    pub fn rows(&self) -> i32 {
        self.imported
            + self.do_not_call
            + self.duplicates_in_file
            + self.duplicates_of_leads
            + self.suppressed
            + self.invalid
    }
}

/// What a row is, and what is to be done with it.
#[derive(Debug)]
pub(super) struct Sorted {
    pub row_no: u32,
    pub line: u32,
    pub outcome: Outcome,
    /// The lead that has the number.
    pub lead_id: Option<LeadId>,
    pub reason: Option<String>,
    pub warning: Option<Warning>,
    pub values: Option<Values>,
    /// What it says, if it is to become a lead.
    pub candidate: Option<Box<Candidate>>,
}

impl Sorted {
    fn of(row_no: u32, line: u32, outcome: Outcome) -> Self {
        Self {
            row_no,
            line,
            outcome,
            lead_id: None,
            reason: None,
            warning: None,
            values: None,
            candidate: None,
        }
    }

    fn refused(self, outcome: Outcome, reason: String) -> Self {
        Self { outcome, reason: Some(reason), candidate: None, ..self }
    }
}

/// What is known of a file before anything is done with it.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub rows: u32,
    /// The numbers that some row says must not be called, whichever row has them too.
    opted_out: HashSet<u64>,
}

impl Survey {
    /// Those numbers, in their order.
    pub(super) fn opted_out(&self) -> Vec<Phone> {
        let phones = self.opted_out.iter().filter_map(|n| Phone::try_from(format!("+{n}")).ok());
        let mut phones: Vec<_> = phones.collect();
        phones.sort();
        phones
    }
}

/// Reads a file to its end, so that one that is broken there is refused before anything is written.
pub(super) fn survey(rows: &mut Rows<'_>) -> Result<Survey> {
    let mut found = Survey::default();
    while let Some(row) = rows.next()? {
        found.rows += 1;
        let out = match &row.read {
            Ok(lead) if lead.status == super::candidate::Status::Dnc => Some(&lead.phone),
            Ok(_) => None,
            Err(refused) => refused.opted_out.as_ref(),
        };
        found.opted_out.extend(out.map(number));
    }
    Ok(found)
}

/// A number in E.164 is one of fifteen digits, and takes eight bytes.
fn number(phone: &Phone) -> u64 {
    phone.as_str().trim_start_matches('+').parse().unwrap_or_default()
}

/// What the file has said so far.
#[derive(Debug)]
pub(super) struct Sorter<'a> {
    tx: &'a Tx,
    survey: &'a Survey,
    rows: u32,
    /// The line of each number.
    phones: HashMap<u64, u32>,
    emails: HashSet<u64>,
    hasher: RandomState,
}

impl<'a> Sorter<'a> {
    pub(super) fn new(tx: &'a Tx, survey: &'a Survey) -> Self {
        let (phones, emails) = (HashMap::new(), HashSet::new());
        Self { tx, survey, rows: 0, phones, emails, hasher: RandomState::new() }
    }

    /// The next rows, sorted; none: there are no more.
    pub(super) async fn next(&mut self, rows: &mut Rows<'_>) -> Result<Vec<Sorted>> {
        let mut sorted = Vec::with_capacity(AT_ONCE);
        while sorted.len() < AT_ONCE
            && let Some(row) = rows.next()?
        {
            sorted.push(self.by_file(row));
        }
        self.by_lists(&mut sorted).await?;
        self.by_emails(&mut sorted).await?;
        Ok(sorted)
    }

    /// By the file alone: is it a lead, and the first with its number?
    fn by_file(&mut self, row: Row) -> Sorted {
        self.rows += 1;
        let sorted = Sorted::of(self.rows, row.line, Outcome::Imported);
        let lead = match row.read {
            Ok(lead) => lead,
            Err(refused) => {
                let reasons: Vec<_> = refused.reasons.iter().map(ToString::to_string).collect();
                let reason = reasons.join("; ").chars().take(REASON).collect();
                let sorted = sorted.refused(Outcome::Invalid, reason);
                return Sorted { values: Some(Values(refused.values)), ..sorted };
            }
        };
        let number = number(&lead.phone);
        let is_out = self.survey.opted_out.contains(&number);
        if let Some(first) = self.phones.get(&number) {
            let reason = format!("the number of line {first}");
            return sorted.refused(Outcome::DuplicateInFile, reason);
        }
        self.phones.insert(number, row.line);
        let outcome = if is_out { Outcome::DoNotCall } else { Outcome::Imported };
        Sorted { outcome, candidate: Some(Box::new(lead)), ..sorted }
    }

    /// By what is known of the numbers.
    async fn by_lists(&self, sorted: &mut [Sorted]) -> Result<()> {
        let phones: Vec<_> =
            sorted.iter().filter_map(|row| Some(row.candidate.as_ref()?.phone.clone())).collect();
        let suppressed = suppressed(self.tx, sorted).await?;
        let having = having(self.tx, &phones).await?;
        let listed = dnc::listed_among(self.tx, &phones).await?;
        for row in sorted {
            let Some(lead) = row.candidate.take() else { continue };
            let subject = |subject| suppressed.contains(&subject);
            if subject(Subject::Phone(lead.phone.clone()))
                || lead.email.clone().map(Subject::Email).is_some_and(subject)
            {
                row.outcome = Outcome::Suppressed;
                row.reason = Some("the person asked to be forgotten".to_owned());
            } else if let Some(id) = having.get(&lead.phone) {
                row.outcome = Outcome::DuplicateOfLead;
                row.lead_id = Some(*id);
            } else {
                if listed.contains(&lead.phone) {
                    row.outcome = Outcome::DoNotCall;
                }
                row.candidate = Some(lead);
            }
        }
        Ok(())
    }

    /// Two people may share an address; it is worth a look all the same (defect 4-27).
    async fn by_emails(&mut self, sorted: &mut [Sorted]) -> Result<()> {
        let email = |row: &Sorted| row.candidate.as_ref()?.email.clone();
        let emails: Vec<String> =
            sorted.iter().filter_map(email).map(|email| email.as_str().to_owned()).collect();
        if emails.is_empty() {
            return Ok(());
        }
        let asked = self.tx.ask(HAVING_EMAILS, [emails.into()]);
        let known = Known::find_by_statement(asked).all(self.tx).await?;
        let known: HashSet<Email> = known.into_iter().map(|row| row.email).collect();
        for row in sorted {
            let Some(email) = email(row) else { continue };
            // Who is in the database may have come from an earlier line of this file.
            if !self.emails.insert(self.hasher.hash_one(&email)) {
                row.warning = Some(Warning::EmailInFile);
            } else if known.contains(&email) {
                row.warning = Some(Warning::EmailOfLead);
            }
        }
        Ok(())
    }
}

/// The leads that have these numbers.
pub(super) async fn having(tx: &Tx, phones: &[Phone]) -> Result<HashMap<Phone, LeadId>> {
    if phones.is_empty() {
        return Ok(HashMap::new());
    }
    let phones: Vec<String> = phones.iter().map(|phone| phone.as_str().to_owned()).collect();
    let found = Having::find_by_statement(tx.ask(HAVING_PHONES, [phones.into()])).all(tx).await?;
    Ok(found.into_iter().map(|lead| (lead.phone_number, lead.id)).collect())
}

/// Which numbers and addresses were erased, and must not come back. The one place that asks.
async fn suppressed(tx: &Tx, sorted: &[Sorted]) -> Result<HashSet<Subject>> {
    let leads = sorted.iter().filter_map(|row| row.candidate.as_deref());
    let subjects: Vec<Subject> = leads
        .flat_map(|lead| {
            let email = lead.email.clone().map(Subject::Email);
            std::iter::once(Subject::Phone(lead.phone.clone())).chain(email)
        })
        .collect();
    let held = suppression::holds(tx, &subjects).await?;
    Ok(subjects
        .into_iter()
        .zip(held)
        .filter(|(_, held)| *held)
        .map(|(subject, _)| subject)
        .collect())
}
