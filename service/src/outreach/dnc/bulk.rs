//! Thousands of numbers put on the list at once.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{id::DncId, phone::Phone};
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement};
use validator::Validate;

use super::{Model, New, REPLACED, all_numbers, may_end, parse, row, stands};
use crate::{
    Error, Result, Tx, input,
    leads::lead::{self, Because, Trigger},
};

/// How many numbers are put on the list at once at the most.
pub const MOST_ADDED: usize = 10_000;

/// Up to this many are locked one by one; for more, all of the tenant's numbers are, since the server
/// has room for some thousand locks only.
const MOST_LOCKED: usize = 200;

/// Numbers to be put on the list, for one reason.
#[derive(Clone, Debug, Validate)]
pub struct Batch {
    /// The numbers, as they were given.
    pub numbers: Vec<String>,
    /// Why: `admin_added`, `litigator`.
    #[validate(custom(function = input::named), length(max = 100))]
    pub reason: String,
    /// Where they come from: `manual_entry`.
    #[validate(custom(function = input::named), length(max = 100))]
    pub source: Option<String>,
    /// Until when; `None`: for good.
    #[validate(custom(function = input::instant))]
    pub expires_at: Option<DateTime<Utc>>,
}

/// What became of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is on the list now.
    New(DncId),
    /// It was, for at least as long, or stands in the batch before.
    Already(DncId),
    /// It cannot be read. `line` is its place in the batch, counted from 1.
    Unreadable {
        /// Which one.
        line: usize,
    },
}

/// Puts up to 10,000 numbers on the list, by the rules of [`add`](super::add), in a few statements, and
/// says what became of each, in their order. The leads that have them go into status `dnc`.
///
/// # Errors
///
/// [`Error::Invalid`] if there are more, or they are to be listed until a time that has passed, or for
/// a time though the reason is one for good.
#[tracing::instrument(name = "dnc::add_many", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn add_many(tx: &Tx, batch: &Batch) -> Result<Vec<Added>> {
    input::check(batch)?;
    if batch.numbers.len() > MOST_ADDED {
        return Err(Error::invalid("numbers", format!("must not be more than {MOST_ADDED}")));
    }
    may_end(tx, &batch.reason, batch.expires_at)?;
    let mut phones = Vec::with_capacity(batch.numbers.len());
    for number in &batch.numbers {
        let short = Some(number).filter(|number| number.chars().count() <= 64);
        let parsed = match short {
            Some(number) => parse(tx, number).await?,
            None => None,
        };
        phones.push(parsed.map(|parsed| parsed.phone));
    }
    let mut sorted: Vec<String> = phones.iter().flatten().map(|p| p.as_str().to_owned()).collect();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.is_empty() {
        return Ok((1..=phones.len()).map(|line| Added::Unreadable { line }).collect());
    }
    lock_all(tx, &sorted).await?;
    let live = Model::find_by_statement(tx.ask(LIVE, [sorted.into()])).all(tx).await?;
    let live: HashMap<Phone, Model> =
        live.into_iter().map(|m| (m.phone_number.clone(), m)).collect();

    let mut ids: HashMap<&Phone, DncId> = HashMap::new();
    let (mut rows, mut retired, mut told) = (vec![], vec![], vec![]);
    for (line, (raw, phone)) in (1..).zip(batch.numbers.iter().zip(&phones)) {
        let Some(phone) = phone else {
            told.push(Added::Unreadable { line });
            continue;
        };
        if let Some(id) = ids.get(phone) {
            told.push(Added::Already(*id));
            continue;
        }
        let new = New {
            source: batch.source.clone(),
            expires_at: batch.expires_at,
            ..New::for_good(raw, &batch.reason)
        };
        let old = live.get(phone);
        let id = match old.filter(|old| stands(old, &new)) {
            Some(old) => {
                told.push(Added::Already(old.id));
                old.id
            }
            None => {
                retired.extend(old.map(|old| old.id.0));
                let row = row(tx, phone.clone(), new);
                let id = row.id.clone().take().ok_or(Error::NotFound("id"))?;
                rows.push(row);
                told.push(Added::New(id));
                id
            }
        };
        ids.insert(phone, id);
    }
    if !retired.is_empty() {
        let values =
            [retired.into(), tx.context().user().map(|user| user.0).into(), REPLACED.into()];
        tx.execute_raw(tx.ask(RETIRE, values)).await?;
    }
    tracing::Span::current().record("rows", rows.len());
    tx.insert_many(rows).await?;
    let kept = |phone: &&Phone| live.get(*phone).is_some_and(|old| old.expires_at.is_none());
    let of_leads: Vec<Phone> = ids
        .into_keys()
        .filter(|phone| batch.expires_at.is_none() || kept(phone))
        .cloned()
        .collect();
    if !of_leads.is_empty() {
        let reason = Some(batch.reason.clone());
        let because = Because { trigger: Trigger::DncList, trigger_id: None, reason };
        lead::block(tx, &of_leads, &because).await?;
    }
    Ok(told)
}

/// Served by `dnc_list_live` or `dnc_list_of_number`. `$1` tenant, `$2` time, `$3` numbers in E.164.
pub const LIVE: &str = "
select n.* from dnc_list n
where n.tenant_id = $1 and n.phone_number = any ($3::text[]) and n.removed_at is null
  and $2::timestamptz is not null";

/// Served by `pk-dnc_list`. `$1` tenant, `$2` time, `$3` entries, `$4` who, `$5` why.
pub const RETIRE: &str = "
update dnc_list n
set removed_at = greatest($2, n.added_at), removed_by = $4::uuid, removal_reason = $5
where n.tenant_id = $1 and n.id = any ($3::uuid[])";

/// Waits for whoever does anything with any of the numbers, in one order for all, so that no two wait
/// for each other.
async fn lock_all(tx: &Tx, phones: &[String]) -> Result<()> {
    let of = all_numbers(tx);
    let wait = if phones.len() > MOST_LOCKED {
        let sql = "select pg_advisory_xact_lock(hashtextextended($1, 1))";
        Statement::from_sql_and_values(DbBackend::Postgres, sql, [of.into()])
    } else {
        let sql = "select pg_advisory_xact_lock_shared(hashtextextended($1, 1)), null
                   union all
                   select null, pg_advisory_xact_lock(o.key)
                   from (select hashtextextended($1 || ':' || n, 1) as key
                         from unnest($2::text[]) n order by 1) o";
        Statement::from_sql_and_values(
            DbBackend::Postgres,
            sql,
            [of.into(), phones.to_vec().into()],
        )
    };
    tx.execute_raw(wait).await?;
    Ok(())
}
