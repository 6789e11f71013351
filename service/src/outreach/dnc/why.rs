//! Why somebody was called: everything that is known about a number, for whoever asks, or sues; and
//! for how long it must be kept.

use chrono::{DateTime, Months, Utc};
use entity::phone::Phone;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use serde_json::Value;

use super::parse;
use crate::{Error, Result, Tx, input};

/// For how many years evidence of calls and of requests is kept. (16 CFR 310.5.)
const YEARS_KEPT: u32 = 5;

/// Everything that is known about calls to a number in a time. Each part is a list of rows as they
/// stand in the tables, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Why {
    /// The number in E.164.
    pub number: Phone,
    /// From when.
    pub from: DateTime<Utc>,
    /// Up to when.
    pub to: DateTime<Utc>,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// Who called, or tried to, when, for what, and what came of it.
    pub attempts: Value,
    /// When the number was looked up, by whom, and what was answered for which reasons.
    pub checks: Value,
    /// What had been agreed to or withdrawn by then.
    pub consents: Value,
    /// The entries of our own list until then, with who made and removed them, and why.
    pub entries: Value,
    /// What was heard that may have been a request, and what a person made of it.
    pub reviews: Value,
    /// The versions of others' lists that counted in that time, and what each answers about the
    /// number.
    pub lists: Value,
    /// Whether they must not come back.
    pub suppressed: bool,
}

#[derive(FromQueryResult)]
struct Row {
    attempts: Value,
    checks: Value,
    consents: Value,
    entries: Value,
    reviews: Value,
    lists: Value,
    suppressed: bool,
}

/// Served by `call_attempts_of_number`, `dnc_checks_of_number`, `consents_of_subject`,
/// `dnc_list_of_number`, `opt_out_reviews_of_number`, `external_lists_version`,
/// `external_list_numbers_once`, `suppression_keys_one` and `suppressions_live`. `$1` tenant, `$2` time
/// of asking, `$3` number, `$4` and `$5` from when to when.
pub const WHY: &str = concat!(
    "with asked as materialized (",
    super::super::suppression::digests!("array[$3::text]"),
    ")
select
  (select coalesce(jsonb_agg(to_jsonb(a) - 'tenant_id' order by a.attempted_at, a.id), '[]')
   from call_attempts a
   where a.tenant_id = $1 and a.phone_number = $3 and a.attempted_at >= $4 and a.attempted_at < $5)
    as attempts,
  (select coalesce(jsonb_agg(to_jsonb(c) - 'tenant_id' order by c.checked_at, c.id), '[]')
   from dnc_checks c
   where c.tenant_id = $1 and c.number = $3 and c.checked_at >= $4 and c.checked_at < $5)
    as checks,
  (select coalesce(jsonb_agg(to_jsonb(c) - 'tenant_id' order by c.granted_at, c.id), '[]')
   from consents c
   where c.tenant_id = $1 and c.subject = $3 and c.granted_at < $5) as consents,
  (select coalesce(jsonb_agg(to_jsonb(n) - 'tenant_id' order by n.added_at, n.id), '[]')
   from dnc_list n
   where n.tenant_id = $1 and n.phone_number = $3 and n.added_at < $5) as entries,
  (select coalesce(jsonb_agg(to_jsonb(r) - 'tenant_id' order by r.heard_at, r.id), '[]')
   from opt_out_reviews r
   where r.tenant_id = $1 and r.phone_number = $3 and r.heard_at < $5) as reviews,
  (select coalesce(jsonb_agg(to_jsonb(l) - 'tenant_id' || jsonb_build_object('answers', coalesce((
     select jsonb_agg(jsonb_build_object('answer', x.answer, 'consent_date', x.consent_date))
     from external_list_numbers x
     where x.tenant_id = $1 and x.list_id = l.id and x.phone_number = $3), '[]'))
     order by l.as_of, l.id), '[]')
   from external_lists l
   where l.tenant_id = $1 and l.loaded_at < $5
     and (l.superseded_at is null or l.superseded_at > $4)) as lists,
  coalesce((select true from asked a
   join suppressions s on s.tenant_id = $1 and s.digest = a.digest and s.lifted_at is null
   limit 1), false) as suppressed
where $2::timestamptz is not null"
);

/// Everything that is known about calls to a number from one time up to another, complete, by one
/// statement, and of this tenant only.
///
/// # Errors
///
/// [`Error::Invalid`] if the number cannot be read, or the time ends before it begins.
#[tracing::instrument(name = "dnc::why_called", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn why_called(
    tx: &Tx,
    number: &str,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Why> {
    input::at("from", from)?;
    input::at("to", to)?;
    if to < from {
        return Err(Error::invalid("to", "must not be before the beginning"));
    }
    let Some(parsed) = parse(tx, number).await? else {
        return Err(Error::invalid("number", "not a telephone number"));
    };
    let ask = tx.ask(WHY, [parsed.phone.as_str().into(), from.into(), to.into()]);
    let row = Row::find_by_statement(ask).one(tx).await?.ok_or(Error::NotFound("answer"))?;
    Ok(Why {
        number: parsed.phone,
        from,
        to,
        asked_at: tx.now(),
        attempts: row.attempts,
        checks: row.checks,
        consents: row.consents,
        entries: row.entries,
        reviews: row.reviews,
        lists: row.lists,
        suppressed: row.suppressed,
    })
}

/// For how long what is known about a number must be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Retention {
    /// Nothing is known.
    Nothing,
    /// Until then: five years after the last of it.
    Until(DateTime<Utc>),
    /// As long as it is on the list for good.
    ForGood,
}

/// For how long the evidence about a number must be kept, which whoever erases a person asks: our own
/// list, its checks, calls, and consents.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "dnc::retention", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn retention(tx: &Tx, phone: &Phone) -> Result<Retention> {
    let row = tx.query_one_raw(tx.ask(RETENTION, [phone.as_str().into()])).await?;
    let row = row.ok_or(Error::NotFound("answer"))?;
    if row.try_get_by_index::<Option<bool>>(0)? == Some(true) {
        return Ok(Retention::ForGood);
    }
    let last: Option<DateTime<Utc>> = row.try_get_by_index(1)?;
    let until = last.and_then(|last| last.checked_add_months(Months::new(12 * YEARS_KEPT)));
    Ok(until.filter(|until| *until > tx.now()).map_or(Retention::Nothing, Retention::Until))
}

/// Served by `dnc_list_of_number`, `dnc_checks_of_number`, `call_attempts_of_number` and
/// `consents_of_subject`. `$1` tenant, `$2` time, `$3` number.
pub const RETENTION: &str = "
select
  (select true from dnc_list n
   where n.tenant_id = $1 and n.phone_number = $3 and n.removed_at is null
     and n.expires_at is null limit 1),
  greatest(
    (select max(greatest(n.added_at, n.expires_at, n.removed_at)) from dnc_list n
     where n.tenant_id = $1 and n.phone_number = $3),
    (select max(c.checked_at) from dnc_checks c where c.tenant_id = $1 and c.number = $3),
    (select max(a.attempted_at) from call_attempts a
     where a.tenant_id = $1 and a.phone_number = $3),
    (select max(greatest(c.granted_at, c.revoked_at, c.void_from)) from consents c
     where c.tenant_id = $1 and c.subject = $3))
where $2::timestamptz is not null";
