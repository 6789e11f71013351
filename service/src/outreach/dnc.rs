//! The numbers that a tenant must not call, and the only way to one that it may.
//!
//! A number is compared in E.164, whoever wrote it how; what cannot be read is never clear. Every
//! check leaves evidence, whatever it answers. To dial, [`clear`] a number: what it gives can be
//! [dialled](ClearedNumber::dial) once, soon, and by nobody else.

mod clearance;
mod window;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
pub use entity::outreach::{
    dnc::{Kind, Model},
    dnc_check::{Model as Evidence, Purpose, Refusal, Verdict},
};
use entity::{
    id::{DncCheckId, DncId},
    outreach::{
        dnc::{self, Column},
        dnc_check,
    },
    phone::{Parsed, Phone},
};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DbBackend, FromQueryResult, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, Set, Statement,
};
use serde::Serialize;
use validator::Validate;

pub use self::{
    clearance::{Ask, CLEARED_FOR_SECONDS, Clearance, ClearedNumber, Dial, clear},
    window::{CALLING_HOURS, zones_of},
};
use crate::{
    Error, Result, Tx, input,
    leads::lead::{self, Because, Trigger},
    page,
};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{LISTED, history_query};
}

/// How many numbers are checked at once at the most.
pub const MOST_AT_ONCE: usize = 1000;

/// Whether a reason does not lapse: somebody asked, or the law does, or nobody is there.
fn is_for_good(reason: &str) -> bool {
    matches!(reason, "lead_requested" | "legal" | "litigator" | "invalid")
}

/// A number to be put on the list.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// The number, as it was given.
    #[validate(length(max = 64, message = "not a telephone number"))]
    pub number: String,
    /// Why: `lead_requested`, `admin_added`.
    #[validate(custom(function = input::named), length(max = 100))]
    pub reason: String,
    /// Where that was heard: `call_transcript`, `manual_entry`.
    #[validate(custom(function = input::named), length(max = 100))]
    pub source: Option<String>,
    /// The words in which somebody asked.
    #[validate(custom(function = input::plain), length(max = 1000))]
    pub detected_phrase: Option<String>,
    /// Until when; `None`: for good. A request by whoever is called is for good.
    #[validate(custom(function = input::instant))]
    pub expires_at: Option<DateTime<Utc>>,
}

impl New {
    /// A number that is listed for good.
    #[must_use]
    pub fn for_good(number: &str, reason: &str) -> Self {
        Self {
            number: number.to_owned(),
            reason: reason.to_owned(),
            source: None,
            detected_phrase: None,
            expires_at: None,
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Not on the list.
    Clear,
    /// On the list.
    Listed {
        /// Since when.
        since: DateTime<Utc>,
        /// Why.
        reason: String,
        /// Until when; `None`: for good.
        expires_at: Option<DateTime<Utc>>,
    },
    /// No number that could be read, and so as good as listed.
    Unparseable,
}

impl Check {
    /// Whether the list has nothing against calling.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        *self == Self::Clear
    }
}

/// All that is known about a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Its entries, latest first, those that were removed among them.
    pub entries: Vec<Model>,
    /// When it was looked up, latest first, up to 1000 times.
    pub checks: Vec<Evidence>,
}

/// Puts a number on the list. Whoever dials at this moment is waited for, and once this has been
/// committed nobody dials it.
///
/// A number that is listed for at least as long already stays as it is; one that is listed for a
/// shorter time, or no longer, gets a new entry, and the old one is kept as removed. So does a number
/// listed for good that somebody lists for another reason, from another source or in other words,
/// unless it was listed at a request and now is not.
///
/// # Errors
///
/// [`Error::Invalid`] if the number cannot be read, is to be listed until a time that has passed, or
/// is to be listed for a time though the reason is one for good: `lead_requested`, `legal`,
/// `litigator`, `invalid`.
#[tracing::instrument(name = "dnc::add", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn add(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    let phone = match parse(tx, &new.number).await? {
        Some(parsed) => parsed.phone,
        None => return Err(Error::invalid("number", "not a telephone number")),
    };
    if new.expires_at.is_some_and(|until| until <= tx.now()) {
        return Err(Error::invalid("expires_at", "must be in the future"));
    }
    if new.expires_at.is_some() && is_for_good(&new.reason) {
        return Err(Error::invalid("expires_at", "such a request is for good"));
    }
    lock(tx, &phone, Lock::Change).await?;
    if let Some(old) = live(tx, &phone).await? {
        let holds_longer = match (old.expires_at, new.expires_at) {
            // A request must stand though somebody else had listed the number, and must not go when
            // their entry does.
            (None, None) => {
                let same = (&old.reason, &old.source, &old.detected_phrase)
                    == (&new.reason, &new.source, &new.detected_phrase);
                same || is_for_good(&old.reason) && !is_for_good(&new.reason)
            }
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (Some(old), Some(new)) => old >= new,
        };
        if holds_longer {
            tell_leads(tx, &old).await?;
            return Ok(old);
        }
        retire(tx, old, "a newer entry took its place").await?;
    }
    let kind = if new.expires_at.is_some() { Kind::Temporary } else { Kind::Permanent };
    let added = tx
        .insert(dnc::ActiveModel {
            id: Set(DncId::new()),
            phone_number: Set(phone),
            raw_number: Set(new.number),
            kind: Set(kind),
            reason: Set(new.reason),
            source: Set(new.source),
            detected_phrase: Set(new.detected_phrase),
            added_by_user_id: Set(tx.context().user()),
            added_at: Set(tx.now()),
            expires_at: Set(new.expires_at),
            ..Default::default()
        })
        .await?;
    tell_leads(tx, &added).await?;
    Ok(added)
}

/// An entry for good puts the lead that has the number into status `dnc`. What is for a time is not
/// written to the lead, which would not know when it is over; [`clear`] refuses it meanwhile.
async fn tell_leads(tx: &Tx, entry: &Model) -> Result<()> {
    if entry.kind == Kind::Permanent {
        let because = because(entry, &entry.reason);
        lead::block(tx, std::slice::from_ref(&entry.phone_number), &because).await?;
    }
    Ok(())
}

fn because(entry: &Model, reason: &str) -> Because {
    let reason = Some(reason.chars().take(255).collect());
    Because { trigger: Trigger::DncList, trigger_id: Some(entry.id.0), reason }
}

/// Takes a number off the list, and keeps why. Its entries stay in its [history].
///
/// # Errors
///
/// [`Error::NotFound`] if the number is not listed; [`Error::Invalid`] if it cannot be read, or no
/// reason is given.
#[tracing::instrument(name = "dnc::remove", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn remove(tx: &Tx, number: &str, reason: &str) -> Result<Model> {
    input::text("reason", reason, 500)?;
    let Some(parsed) = parse(tx, number).await? else {
        return Err(Error::invalid("number", "not a telephone number"));
    };
    lock(tx, &parsed.phone, Lock::Change).await?;
    match live(tx, &parsed.phone).await? {
        Some(entry) => {
            let removed = retire(tx, entry, reason).await?;
            lead::unblock(tx, &parsed.phone, &because(&removed, reason)).await?;
            Ok(removed)
        }
        None => Err(Error::NotFound("listed number")),
    }
}

async fn retire(tx: &Tx, entry: Model, reason: &str) -> Result<Model> {
    // Another machine's clock may be ahead of ours, and an opt-out must not fail for it.
    let at = tx.now().max(entry.added_at);
    let mut row = entry.into_active_model();
    row.removed_at = Set(Some(at));
    row.removed_by = Set(tx.context().user());
    row.removal_reason = Set(Some(reason.to_owned()));
    tx.update(row).await
}

/// The entry that was not removed, whether or not it has expired.
async fn live(tx: &Tx, phone: &Phone) -> Result<Option<Model>> {
    let of = tx.find::<dnc::Entity>().filter(Column::PhoneNumber.eq(phone.as_str()));
    Ok(of.filter(Column::RemovedAt.is_null()).one(tx).await?) // served by dnc_list_live
}

/// Whether a number is on the list. Leaves evidence, and so needs a transaction that may write and
/// is kept.
///
/// # Errors
///
/// [`Error::NotFound`] if the number has no country code and the tenant has not been opened.
#[tracing::instrument(name = "dnc::check", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn check(tx: &Tx, number: &str) -> Result<Check> {
    let mut found = answers(tx, &[number]).await?;
    found.pop().map(|(_, answer)| answer).ok_or(Error::NotFound("answer"))
}

/// Whether each of up to 1000 numbers is on the list, in their order: one statement asks, and
/// another leaves evidence of each answer.
///
/// # Errors
///
/// [`Error::Invalid`] if there are more; [`Error::NotFound`] as [`check`].
#[tracing::instrument(name = "dnc::check_many", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn check_many(tx: &Tx, numbers: &[&str]) -> Result<Vec<Check>> {
    if numbers.len() > MOST_AT_ONCE {
        return Err(Error::invalid("numbers", format!("must not be more than {MOST_AT_ONCE}")));
    }
    tracing::Span::current().record("rows", numbers.len());
    Ok(answers(tx, numbers).await?.into_iter().map(|(_, answer)| answer).collect())
}

/// Everything that is known about a number.
///
/// # Errors
///
/// [`Error::Invalid`] if the number cannot be read.
#[tracing::instrument(name = "dnc::history", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn history(tx: &Tx, number: &str) -> Result<History> {
    let Some(Parsed { phone, .. }) = parse(tx, number).await? else {
        return Err(Error::invalid("number", "not a telephone number"));
    };
    let entries = tx
        .find::<dnc::Entity>() // served by dnc_list_of_number
        .filter(Column::PhoneNumber.eq(phone.as_str()))
        .order_by_desc(Column::Id)
        .limit(page::MOST)
        .all(tx)
        .await?;
    let checks = history_query(tx, &phone).all(tx).await?;
    tracing::Span::current().record("rows", entries.len() + checks.len());
    Ok(History { entries, checks })
}

/// Served by `dnc_checks_of_number`.
#[must_use]
pub fn history_query(tx: &Tx, phone: &Phone) -> sea_orm::Select<dnc_check::Entity> {
    tx.find::<dnc_check::Entity>()
        .filter(dnc_check::Column::Number.eq(phone.as_str()))
        .order_by_desc(dnc_check::Column::Id)
        .limit(page::MOST)
}

/// Served by `dnc_list_live` or `dnc_list_of_number`. `$1` tenant, `$2` time, `$3` numbers in E.164.
pub const LISTED: &str = "
select n.phone_number, n.added_at, n.reason, n.expires_at
from dnc_list n
where n.tenant_id = $1 and n.phone_number = any ($3::text[]) and n.removed_at is null
  and (n.expires_at is null or n.expires_at > $2)";

#[derive(FromQueryResult)]
struct Listed {
    phone_number: Phone,
    added_at: DateTime<Utc>,
    reason: String,
    expires_at: Option<DateTime<Utc>>,
}

/// Reads and asks for all of the numbers, and leaves evidence.
async fn answers(tx: &Tx, numbers: &[&str]) -> Result<Vec<(Option<Parsed>, Check)>> {
    let mut parsed = Vec::with_capacity(numbers.len());
    for number in numbers {
        parsed.push(parse(tx, number).await?);
    }
    let listed = listed(tx, parsed.iter().flatten().map(|p| &p.phone)).await?;
    let answers: Vec<_> = parsed
        .into_iter()
        .map(|parsed| {
            let answer = match &parsed {
                None => Check::Unparseable,
                Some(number) => listed.get(&number.phone).cloned().unwrap_or(Check::Clear),
            };
            (parsed, answer)
        })
        .collect();
    let records = numbers.iter().zip(&answers).map(|(raw, (parsed, answer))| {
        let refusals = match answer {
            Check::Clear => vec![],
            Check::Listed { .. } => vec![Refusal::Listed],
            Check::Unparseable => vec![Refusal::Unparseable],
        };
        (raw, parsed.as_ref().map(|p| &p.phone), refusals)
    });
    record(tx, Purpose::Check, records).await?;
    Ok(answers)
}

async fn listed(tx: &Tx, phones: impl Iterator<Item = &Phone>) -> Result<HashMap<Phone, Check>> {
    let phones: Vec<String> = phones.map(|phone| phone.as_str().to_owned()).collect();
    if phones.is_empty() {
        return Ok(HashMap::new());
    }
    let found = Listed::find_by_statement(tx.ask(LISTED, [phones.into()])).all(tx).await?;
    let told = found.into_iter().map(|entry| {
        let Listed { phone_number, added_at: since, reason, expires_at } = entry;
        (phone_number, Check::Listed { since, reason, expires_at })
    });
    Ok(told.collect())
}

/// Leaves evidence of each answer. What is the same in every row is bound once, and the text depends
/// on nothing but the number of rows, so that it is parsed and planned once.
async fn record<'a>(
    tx: &Tx,
    purpose: Purpose,
    answers: impl Iterator<Item = (&'a &'a str, Option<&'a Phone>, Vec<Refusal>)>,
) -> Result<()> {
    const AT_ONCE: usize = 500;
    let answers: Vec<_> = answers.collect();
    for chunk in answers.chunks(AT_ONCE) {
        let mut sql = String::from(
            "insert into dnc_checks
             (tenant_id, checked_at, actor, purpose, id, number, verdict, refusals) values ",
        );
        let mut values = vec![
            tx.context().tenant.into(),
            tx.now().into(),
            tx.context().actor.to_string().into(),
            purpose.to_value().into(),
        ];
        for (raw, phone, refusals) in chunk {
            let number = match phone {
                Some(phone) => phone.as_str().to_owned(),
                None => raw.chars().filter(|c| !c.is_control()).take(64).collect(),
            };
            let verdict = if refusals.is_empty() { Verdict::Clear } else { Verdict::Refused };
            let why: Vec<_> = refusals.iter().map(ActiveEnum::to_value).collect();
            let [id, to, said, because] = std::array::from_fn(|at| values.len() + 1 + at);
            let comma = if values.len() == 4 { "" } else { ", " };
            sql.push_str(&format!(
                "{comma}($1, $2, $3, $4, ${id}, ${to}, ${said}, ${because}::text::text[])"
            ));
            values.extend([
                DncCheckId::new().into(),
                number.into(),
                verdict.to_value().into(),
                format!("{{{}}}", why.join(",")).into(), // words of ours, and no commas in them
            ]);
        }
        let insert = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        tx.execute_raw(insert).await?;
    }
    Ok(())
}

/// The number, if it can be read; what it means without a country code is the tenant's to say.
async fn parse(tx: &Tx, number: &str) -> Result<Option<Parsed>> {
    let number = number.trim();
    let region = if number.starts_with('+') { "US" } else { &tx.tenant().await?.phone_region };
    Ok(Phone::parse(number, region).ok())
}

/// Keeps a number from being listed, or taken off the list, until the transaction ends.
pub(crate) async fn hold(tx: &Tx, phone: &Phone) -> Result<()> {
    lock(tx, phone, Lock::Dial).await
}

/// Which of these numbers are on the list for good. Leaves no evidence: nobody is about to be called.
pub(crate) async fn listed_among(tx: &Tx, phones: &[Phone]) -> Result<HashSet<Phone>> {
    let listed = listed(tx, phones.iter()).await?.into_iter();
    let for_good = |found: &Check| matches!(found, Check::Listed { expires_at: None, .. });
    Ok(listed.filter(|(_, found)| for_good(found)).map(|(phone, _)| phone).collect())
}

/// Whether a number is. Leaves no evidence either.
pub(crate) async fn listed_now(tx: &Tx, phone: &Phone) -> Result<bool> {
    Ok(!listed_among(tx, std::slice::from_ref(phone)).await?.is_empty())
}

/// What somebody is about to do with a number.
#[derive(Clone, Copy)]
enum Lock {
    /// Call it. Others may, too.
    Dial,
    /// List it, or take it off. Nobody else may do anything.
    Change,
}

/// Waits for whoever does otherwise with the number, and holds them off until the transaction ends.
async fn lock(tx: &Tx, phone: &Phone, lock: Lock) -> Result<()> {
    let sql = match lock {
        Lock::Dial => "select pg_advisory_xact_lock_shared(hashtextextended($1, 1))",
        Lock::Change => "select pg_advisory_xact_lock(hashtextextended($1, 1))",
    };
    let key = format!("dnc:{}:{}", tx.context().tenant, phone.as_str());
    let wait = Statement::from_sql_and_values(DbBackend::Postgres, sql, [key.into()]);
    tx.execute_raw(wait).await?;
    Ok(())
}
