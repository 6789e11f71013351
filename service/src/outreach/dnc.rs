//! The numbers that a tenant must not call, and the only way to one that it may.
//!
//! A number is compared in E.164, whoever wrote it how; what cannot be read is never clear. Every
//! check leaves evidence, whatever it answers. To dial, [`clear`] a number: what it gives can be
//! [dialled](ClearedNumber::dial) once, soon, and by nobody else.

mod bulk;
mod check;
mod clearance;
mod facts;
mod hear;
mod list;
mod opt_out;
mod place;
mod retract;
mod rules;
mod why;
mod window;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
pub use entity::outreach::{
    dnc::{Kind, Model},
    dnc_check::{Model as Evidence, Purpose, Refusal, Verdict},
};
use entity::{
    id::DncId,
    outreach::{
        dnc::{self, Column},
        dnc_check,
    },
    phone::{Parsed, Phone},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    Set, Statement,
};
use validator::Validate;

pub(super) use self::retract::retract;
pub use self::{
    bulk::{Added, Batch, MOST_ADDED, add_many},
    check::{Check, MOST_AT_ONCE, check, check_many},
    clearance::{Ask, CLEARED_FOR_SECONDS, Clearance, ClearedNumber, Dial, clear},
    hear::{Heard, Hearing, hear},
    list::{Filter, NewestAfter, Report, compliance_report, list},
    opt_out::{Grade, Medium, OptOut, detect},
    rules::{REVOKES_ALL_FROM, RULES, Rule, is_holiday, needed, rule_of},
    why::{Retention, Why, retention, why_called},
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
    pub use super::{
        bulk::LIVE,
        check::LISTED,
        facts::FACTS,
        history_query,
        list::{REPORT, list_query},
        why::{RETENTION, WHY},
    };
}

/// The reason of whoever asked not to be called.
pub const REQUESTED: &str = "lead_requested";

const REPLACED: &str = "a newer entry took its place";

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
    may_end(tx, &new.reason, new.expires_at)?;
    lock(tx, &phone, Lock::Change).await?;
    if let Some(old) = live(tx, &phone).await? {
        if stands(&old, &new) {
            tell_leads(tx, &old).await?;
            return Ok(old);
        }
        retire(tx, old, REPLACED).await?;
    }
    let added = tx.insert(row(tx, phone, new)).await?;
    tell_leads(tx, &added).await?;
    Ok(added)
}

fn row(tx: &Tx, phone: Phone, new: New) -> dnc::ActiveModel {
    let kind = if new.expires_at.is_some() { Kind::Temporary } else { Kind::Permanent };
    dnc::ActiveModel {
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
    }
}

/// Refuses an end that has passed, and any to what is for good.
fn may_end(tx: &Tx, reason: &str, expires_at: Option<DateTime<Utc>>) -> Result<()> {
    if expires_at.is_some_and(|until| until <= tx.now()) {
        return Err(Error::invalid("expires_at", "must be in the future"));
    }
    if expires_at.is_some() && is_for_good(reason) {
        return Err(Error::invalid("expires_at", "such a request is for good"));
    }
    Ok(())
}

/// Whether an entry stays as it is though somebody lists its number anew.
fn stands(old: &Model, new: &New) -> bool {
    match (old.expires_at, new.expires_at) {
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
    }
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

/// The number, if it can be read; what it means without a country code is the tenant's to say.
pub(super) async fn parse(tx: &Tx, number: &str) -> Result<Option<Parsed>> {
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
    let listed = check::listed(tx, phones.iter()).await?.into_iter();
    let for_good =
        |found: &Option<Check>| matches!(found, Some(Check::Listed { expires_at: None, .. }));
    Ok(listed.filter(|(_, found)| for_good(&found.listed)).map(|(phone, _)| phone).collect())
}

/// Whether a number is. Leaves no evidence either.
pub(crate) async fn listed_now(tx: &Tx, phone: &Phone) -> Result<bool> {
    Ok(!listed_among(tx, std::slice::from_ref(phone)).await?.is_empty())
}

/// What somebody is about to do with a number.
#[derive(Clone, Copy)]
pub(super) enum Lock {
    /// Call it. Others may, too.
    Dial,
    /// Call it, where calls are counted: nobody else may meanwhile, or two would take the last one.
    DialCounted,
    /// List it, or take it off. Nobody else may do anything.
    Change,
}

/// Waits for whoever does otherwise with the number, and for whoever lists thousands at once, and
/// holds them off until the transaction ends.
pub(super) async fn lock(tx: &Tx, phone: &Phone, lock: Lock) -> Result<()> {
    let sql = match lock {
        Lock::Dial => {
            "select pg_advisory_xact_lock_shared(hashtextextended($1, 1)),
                    pg_advisory_xact_lock_shared(hashtextextended($2, 1))"
        }
        Lock::DialCounted | Lock::Change => {
            "select pg_advisory_xact_lock_shared(hashtextextended($1, 1)),
                    pg_advisory_xact_lock(hashtextextended($2, 1))"
        }
    };
    let of = all_numbers(tx);
    let one = format!("{of}:{}", phone.as_str());
    let wait = Statement::from_sql_and_values(DbBackend::Postgres, sql, [of.into(), one.into()]);
    tx.execute_raw(wait).await?;
    Ok(())
}

/// The key of the lock on all of the tenant's numbers.
fn all_numbers(tx: &Tx) -> String {
    format!("dnc:{}", tx.context().tenant)
}
