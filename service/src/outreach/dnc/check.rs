//! Whether numbers are on the list, with evidence of each answer.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{
    id::DncCheckId,
    outreach::dnc_check::{Purpose, Refusal, Verdict},
    phone::Phone,
};
use sea_orm::{ActiveEnum, ConnectionTrait, DbBackend, FromQueryResult, Statement};
use serde::Serialize;

use super::{super::suppression::digests, parse};
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
    /// Not on the list, but among those who must not come back.
    Suppressed {
        /// Since when.
        since: DateTime<Utc>,
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
    found.pop().ok_or(Error::NotFound("answer"))
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
    answers(tx, numbers).await
}

/// Served by `dnc_list_live` or `dnc_list_of_number`, and `suppression_keys_one` and
/// `suppressions_live`. `$1` tenant, `$2` time, `$3` numbers in E.164.
pub const LISTED: &str = concat!(
    "with asked as materialized (",
    digests!("$3"),
    ")
select n.phone_number, n.added_at, n.reason, n.expires_at, false as suppressed
from dnc_list n
where n.tenant_id = $1 and n.phone_number = any ($3::text[]) and n.removed_at is null
  and (n.expires_at is null or n.expires_at > $2)
union all
select a.subject, s.suppressed_at, s.reason, null, true
from asked a
join suppressions s on s.tenant_id = $1 and s.digest = a.digest and s.lifted_at is null"
);

#[derive(FromQueryResult)]
struct Listed {
    phone_number: Phone,
    added_at: DateTime<Utc>,
    reason: String,
    expires_at: Option<DateTime<Utc>>,
    suppressed: bool,
}

/// What speaks against a number.
#[derive(Clone, Default)]
pub(super) struct Found {
    pub listed: Option<Check>,
    suppressed: Option<DateTime<Utc>>,
}

impl Found {
    fn refusals(&self) -> Vec<Refusal> {
        let listed = self.listed.as_ref().map(|_| Refusal::Listed);
        listed.into_iter().chain(self.suppressed.map(|_| Refusal::Suppressed)).collect()
    }

    fn answer(self) -> Check {
        let suppressed = self.suppressed.map(|since| Check::Suppressed { since });
        self.listed.or(suppressed).unwrap_or(Check::Clear)
    }
}

/// Reads and asks for all of the numbers, and leaves evidence.
async fn answers(tx: &Tx, numbers: &[&str]) -> Result<Vec<Check>> {
    let mut parsed = Vec::with_capacity(numbers.len());
    for number in numbers {
        parsed.push(parse(tx, number).await?.map(|parsed| parsed.phone));
    }
    let found = listed(tx, parsed.iter().flatten()).await?;
    let refusals = |phone: &Option<Phone>| match phone {
        None => vec![Refusal::Unparseable],
        Some(phone) => found.get(phone).map(Found::refusals).unwrap_or_default(),
    };
    let records =
        numbers.iter().zip(&parsed).map(|(raw, phone)| (raw, phone.as_ref(), refusals(phone)));
    record(tx, Purpose::Check, records).await?;
    let answer = |phone: Option<Phone>| match phone {
        None => Check::Unparseable,
        Some(phone) => found.get(&phone).cloned().unwrap_or_default().answer(),
    };
    Ok(parsed.into_iter().map(answer).collect())
}

pub(super) async fn listed<'a>(
    tx: &Tx,
    phones: impl Iterator<Item = &'a Phone>,
) -> Result<HashMap<Phone, Found>> {
    let phones: Vec<String> = phones.map(|phone| phone.as_str().to_owned()).collect();
    let mut told: HashMap<Phone, Found> = HashMap::new();
    if phones.is_empty() {
        return Ok(told);
    }
    for entry in Listed::find_by_statement(tx.ask(LISTED, [phones.into()])).all(tx).await? {
        let Listed { phone_number, added_at: since, reason, expires_at, suppressed } = entry;
        let found = told.entry(phone_number).or_default();
        if suppressed {
            found.suppressed = Some(since);
        } else {
            found.listed = Some(Check::Listed { since, reason, expires_at });
        }
    }
    Ok(told)
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
