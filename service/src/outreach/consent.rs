//! What somebody agreed to: to be reached at a number or an address, for a purpose, by a channel.
//!
//! A newer request not to be reached always wins over an older consent, by whatever means it came,
//! and a number that changed hands takes no consent along.

mod force;

use chrono::{DateTime, Utc};
pub use entity::outreach::consent::{Basis, Channel, Model, Purpose};
use entity::{
    email::Email,
    id::{ConsentId, LeadId},
    leads::lead,
    outreach::consent::{self, Column, Entity},
    phone::Phone,
};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, Iterable, QueryFilter, QueryOrder, QuerySelect, Set,
};
use validator::Validate;

pub(super) use self::force::{Said, in_force};
pub use self::force::{holds_at, holds_many};
use super::{
    dnc::{self, REVOKES_ALL_FROM},
    lead_sequence_enrollment::{Stop, stop},
};
use crate::{Error, Result, Tx, input, page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{REVOKE, VOID_SINCE, force::SAID};
}

/// A number or an address, by which somebody is reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A number.
    Phone(Phone),
    /// An address.
    Email(Email),
}

impl Subject {
    /// As it is stored and compared.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.as_str(),
            Self::Email(email) => email.as_str(),
        }
    }

    /// Whether one is reached at it by this channel.
    fn has(&self, channel: Channel) -> bool {
        matches!(self, Self::Email(_)) == (channel == Channel::Email)
    }
}

impl From<Phone> for Subject {
    fn from(phone: Phone) -> Self {
        Self::Phone(phone)
    }
}

impl From<Email> for Subject {
    fn from(email: Email) -> Self {
        Self::Email(email)
    }
}

/// A consent that was captured.
#[derive(Clone, Debug, Validate)]
pub struct Grant {
    /// Where they may be reached.
    pub subject: Subject,
    /// What for.
    pub purpose: Purpose,
    /// How.
    pub channel: Channel,
    /// What it rests on.
    pub basis: Basis,
    /// Which version of which text they agreed to. A consent in writing has one.
    #[validate(custom(function = input::named), length(max = 200))]
    pub text_version: Option<String>,
    /// Where it was captured: `web_form`, `call_recording`, `paper`.
    #[validate(custom(function = input::named), length(max = 100))]
    pub source: String,
    /// Where the proof is: the form's address, the recording's id.
    #[validate(custom(function = input::named), length(max = 500))]
    pub reference: Option<String>,
    /// When they consented, which may be long before anybody tells us.
    #[validate(custom(function = input::instant))]
    pub granted_at: DateTime<Utc>,
}

/// Somebody no longer wants to be reached, and said so by any reasonable means.
#[derive(Clone, Debug, Validate)]
pub struct Revocation {
    /// Where they are not to be reached.
    pub subject: Subject,
    /// For what and how; `None`: not for anything.
    pub only: Option<(Purpose, Channel)>,
    /// By what means, in their words or ours.
    #[validate(custom(function = input::named), length(max = 500))]
    pub how: String,
    /// When.
    #[validate(custom(function = input::instant))]
    pub at: DateTime<Utc>,
}

/// Writes down that somebody consented. The same consent, told twice, is one. One that is older than
/// a withdrawal, or given by whoever had the number before, is kept, and does not hold.
///
/// # Errors
///
/// [`Error::Invalid`] if it rests on nothing, is in writing and names no text, is still to come, or
/// the channel does not reach that kind of subject; [`Error::Conflict`] if a consent of the same
/// instant is there and rests on something else.
#[tracing::instrument(name = "consent::grant", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn grant(tx: &Tx, grant: Grant) -> Result<Model> {
    input::check(&grant)?;
    if grant.basis == Basis::None {
        return Err(Error::invalid("basis", "a consent rests on something"));
    }
    if grant.basis == Basis::ExpressWritten && grant.text_version.is_none() {
        return Err(Error::invalid("text_version", "must be there for a consent in writing"));
    }
    if grant.granted_at > tx.now() {
        return Err(Error::invalid("granted_at", "must not be in the future"));
    }
    if !grant.subject.has(grant.channel) {
        return Err(Error::invalid("channel", "does not reach that"));
    }
    let row = consent::ActiveModel {
        id: Set(ConsentId::new()),
        subject: Set(grant.subject.as_str().to_owned()),
        purpose: Set(grant.purpose),
        channel: Set(grant.channel),
        basis: Set(grant.basis),
        text_version: Set(grant.text_version),
        source: Set(grant.source),
        captured_by: Set(tx.context().actor.to_string()),
        reference: Set(grant.reference),
        granted_at: Set(grant.granted_at),
        void_from: Set(void_since(tx, &grant.subject, grant.granted_at).await?),
        recorded_at: Set(tx.now()),
        ..Default::default()
    };
    if let Some(new) = tx.insert_new(vec![row]).await?.pop() {
        return Ok(new);
    }
    let there = tx
        .find::<Entity>() // served by consents_of_subject
        .filter(Column::Subject.eq(grant.subject.as_str()))
        .filter(Column::Purpose.eq(grant.purpose))
        .filter(Column::Channel.eq(grant.channel))
        .filter(Column::GrantedAt.eq(grant.granted_at))
        .one(tx)
        .await?;
    let there = there.filter(|row| row.basis == grant.basis);
    there.ok_or(Error::conflict("another consent of the same instant is there"))
}

/// Served by `external_lists_version` and `external_list_numbers_once`. `$1` tenant, `$2` time, `$3`
/// number, `$4` the day of a consent: since when we know that the number was disconnected after it.
pub const VOID_SINCE: &str = "
select l.as_of
from external_lists l
join external_list_numbers n on n.tenant_id = $1 and n.list_id = l.id and n.phone_number = $3
where l.tenant_id = $1 and l.kind = 'rnd' and l.as_of <= $2
  and n.answer = 'yes' and n.consent_date >= $4
order by l.as_of
limit 1";

async fn void_since(
    tx: &Tx,
    subject: &Subject,
    granted: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    let Subject::Phone(phone) = subject else { return Ok(None) };
    let ask = tx.ask(VOID_SINCE, [phone.as_str().into(), granted.date_naive().into()]);
    let found = tx.query_one_raw(ask).await?;
    Ok(found.map(|row| row.try_get_by_index(0)).transpose()?)
}

/// Writes down that somebody withdrew, whether or not we knew of a consent, and whoever dials on the
/// strength of one is waited for. A consent that is newer than the withdrawal stands. How many
/// consents ended.
///
/// From 31 January 2027 on, whoever withdraws from messages or calls by machine withdraws from
/// all of those ([`REVOKES_ALL_FROM`]). Who withdraws from marketing by e-mail leaves the sequences
/// that they are on their way through.
///
/// # Errors
///
/// [`Error::Invalid`] if nobody says how, it is still to come, or the channel does not reach that kind
/// of subject.
#[tracing::instrument(name = "consent::revoke", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn revoke(tx: &Tx, revocation: &Revocation) -> Result<u64> {
    input::check(revocation)?;
    let Revocation { subject, only, how, at } = revocation;
    if *at > tx.now() {
        return Err(Error::invalid("at", "must not be in the future"));
    }
    if only.is_some_and(|(_, channel)| !subject.has(channel)) {
        return Err(Error::invalid("channel", "does not reach that"));
    }
    if let Subject::Phone(phone) = subject {
        dnc::lock(tx, phone, dnc::Lock::Change).await?;
    }
    let mut scope = scope(subject, *only, *at);
    let mut ended = 0;
    let words =
        |of: &dyn Fn(&(Purpose, Channel)) -> String| scope.iter().map(of).collect::<Vec<_>>();
    let (purposes, channels) = (words(&|(p, _)| p.to_value()), words(&|(_, c)| c.to_value()));
    let values = [
        subject.as_str().into(),
        purposes.into(),
        channels.into(),
        (*at).into(),
        how.as_str().into(),
    ];
    for row in tx.query_all_raw(tx.ask(REVOKE, values)).await? {
        let of = (
            Purpose::try_from_value(&row.try_get_by_index(0)?)?,
            Channel::try_from_value(&row.try_get_by_index(1)?)?,
        );
        scope.retain(|pair| *pair != of);
        ended += 1;
    }
    // What they withdrew and we knew nothing of, so that what turns up later does not hold.
    let rows = scope.into_iter().map(|(purpose, channel)| consent::ActiveModel {
        id: Set(ConsentId::new()),
        subject: Set(subject.as_str().to_owned()),
        purpose: Set(purpose),
        channel: Set(channel),
        basis: Set(Basis::None),
        source: Set("revocation".to_owned()),
        captured_by: Set(tx.context().actor.to_string()),
        granted_at: Set(*at),
        revoked_at: Set(Some(*at)),
        revoked_how: Set(Some(how.clone())),
        recorded_at: Set(tx.now()),
        ..Default::default()
    });
    tx.insert_new(rows.collect()).await?;
    if let Subject::Email(email) = subject
        && only.is_none_or(|(purpose, _)| purpose == Purpose::Marketing)
    {
        let leads = tx
            .find::<lead::Entity>() // served by leads_of_email
            .filter(lead::Column::Email.eq(email.clone()))
            .filter(lead::Column::DeletedAt.is_null())
            .order_by_asc(lead::Column::Id)
            .all(tx)
            .await?;
        let leads: Vec<LeadId> = leads.into_iter().map(|lead| lead.id).collect();
        stop(tx, &leads, Stop::Unsubscribed).await?;
    }
    tracing::Span::current().record("rows", ended);
    Ok(ended)
}

/// Served by `consents_of_subject`. `$1` tenant, `$2` time of asking, `$3` subject, `$4` and `$5` the
/// purposes and channels that it is about, pair by pair, `$6` time of withdrawal, `$7` how.
pub const REVOKE: &str = "
update consents c set revoked_at = $6, revoked_how = $7
from unnest($4::text[], $5::text[]) w(purpose, channel)
where c.tenant_id = $1 and c.subject = $3 and c.purpose = w.purpose and c.channel = w.channel
  and c.granted_at <= $6 and c.revoked_at is null and $2::timestamptz is not null
returning c.purpose, c.channel";

/// What a withdrawal is about.
fn scope(
    subject: &Subject,
    only: Option<(Purpose, Channel)>,
    at: DateTime<Utc>,
) -> Vec<(Purpose, Channel)> {
    let by_machine = |channel| matches!(channel, Channel::AutodialledCall | Channel::Sms);
    let spreads = at.date_naive() >= REVOKES_ALL_FROM;
    let all = Purpose::iter().flat_map(|purpose| Channel::iter().map(move |by| (purpose, by)));
    all.filter(|(purpose, channel)| match only {
        None => subject.has(*channel),
        Some((_, one)) if spreads && by_machine(one) => by_machine(*channel),
        Some(one) => one == (*purpose, *channel),
    })
    .collect()
}

/// Everything that somebody consented to or withdrew, latest first, up to 1000.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "consent::of", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn of(tx: &Tx, subject: &Subject) -> Result<Vec<Model>> {
    let found = tx
        .find::<Entity>() // served by consents_of_subject
        .filter(Column::Subject.eq(subject.as_str()))
        .order_by_desc(Column::GrantedAt)
        .order_by_desc(Column::Id)
        .limit(page::MOST)
        .all(tx)
        .await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}
