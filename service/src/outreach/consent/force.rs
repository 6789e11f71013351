//! Whether a consent holds.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::outreach::consent::{Basis, Channel, Purpose};
use sea_orm::{ActiveEnum, FromQueryResult};
use serde::Deserialize;

use super::Subject;
use crate::{Error, Result, Tx};

/// How many are looked for at once at the most.
pub const MOST_AT_ONCE: usize = 1000;

/// Something that was said about being reached: a consent, a withdrawal, a request not to be called.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(in crate::outreach) struct Said {
    pub basis: Basis,
    pub granted_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub void_from: Option<DateTime<Utc>>,
}

/// The strongest consent that holds at `at`: given by then, not void, and later than everything that
/// was withdrawn by then.
pub(in crate::outreach) fn in_force(said: &[Said], at: DateTime<Utc>) -> Option<Basis> {
    let ended = said.iter().filter_map(|s| s.revoked_at).filter(|revoked| *revoked <= at).max();
    said.iter()
        .filter(|s| s.basis != Basis::None && s.granted_at <= at)
        .filter(|s| s.void_from.is_none_or(|void| void > at))
        .filter(|s| ended.is_none_or(|ended| s.granted_at > ended))
        .map(|s| s.basis)
        .max()
}

/// What consent holds at an instant for reaching somebody for a purpose by a channel; `None`: there
/// is none.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "consent::holds_at", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn holds_at(
    tx: &Tx,
    subject: &Subject,
    purpose: Purpose,
    channel: Channel,
    at: DateTime<Utc>,
) -> Result<Option<Basis>> {
    let one = std::slice::from_ref(subject);
    Ok(holds_many(tx, one, purpose, channel, at).await?.pop().flatten())
}

/// The same for each of up to 1000, in their order, by one statement.
///
/// # Errors
///
/// [`Error::Invalid`] if there are more.
#[tracing::instrument(name = "consent::holds_many", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn holds_many(
    tx: &Tx,
    subjects: &[Subject],
    purpose: Purpose,
    channel: Channel,
    at: DateTime<Utc>,
) -> Result<Vec<Option<Basis>>> {
    if subjects.len() > MOST_AT_ONCE {
        return Err(Error::invalid("subjects", format!("must not be more than {MOST_AT_ONCE}")));
    }
    let asked: Vec<String> = subjects.iter().map(|s| s.as_str().to_owned()).collect();
    let values = [asked.into(), purpose.to_value().into(), channel.to_value().into()];
    let rows = Row::find_by_statement(tx.ask_at(at, SAID, values)).all(tx).await?;
    tracing::Span::current().record("rows", rows.len());
    let mut said: HashMap<String, Vec<Said>> = HashMap::new();
    for Row { subject, basis, granted_at, revoked_at, void_from } in rows {
        let one = Said { basis, granted_at, revoked_at, void_from };
        said.entry(subject).or_default().push(one);
    }
    let holds = |subject: &Subject| said.get(subject.as_str()).and_then(|said| in_force(said, at));
    Ok(subjects.iter().map(holds).collect())
}

#[derive(FromQueryResult)]
struct Row {
    subject: String,
    basis: Basis,
    granted_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    void_from: Option<DateTime<Utc>>,
}

/// Served by `consents_of_subject` and `dnc_list_of_number`. `$1` tenant, `$2` time, `$3` subjects,
/// `$4` purpose, `$5` channel. A request not to be called counts as a withdrawal, also after it was
/// taken off the list.
pub const SAID: &str = "
select c.subject, c.basis, c.granted_at, c.revoked_at, c.void_from
from consents c
where c.tenant_id = $1 and c.subject = any ($3::text[]) and c.purpose = $4 and c.channel = $5
  and c.granted_at <= $2
union all
select n.phone_number, 'none', n.added_at, n.added_at, null::timestamptz
from dnc_list n
where n.tenant_id = $1 and n.phone_number = any ($3::text[]) and n.added_at <= $2
  and not n.retracted
  and n.reason in ('lead_requested', 'legal', 'litigator', 'invalid')";
