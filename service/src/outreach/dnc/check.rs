//! Whether numbers are on the list, with evidence of each answer.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{
    id::DncCheckId,
    outreach::dnc_check::{Purpose, Refusal, Verdict},
    phone::{Parsed, Phone},
};
use sea_orm::{ActiveEnum, ConnectionTrait, DbBackend, FromQueryResult, Statement};
use serde::Serialize;

use super::parse;
use crate::{Error, Result, Tx};

/// How many numbers are checked at once at the most.
pub const MOST_AT_ONCE: usize = 1000;

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

pub(super) async fn listed(
    tx: &Tx,
    phones: impl Iterator<Item = &Phone>,
) -> Result<HashMap<Phone, Check>> {
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
pub(super) async fn record<'a>(
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
