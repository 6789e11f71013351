//! What happens between us and leads.
//!
//! An activity is written down once, however often and in whatever order other systems tell of it.
//! Only what reached a person counts as a contact ([`is_contact`]). What was said in a call is read
//! for what it says of their intent, and forgotten.

mod signal;

use chrono::{DateTime, TimeDelta, Utc};
pub use entity::leads::lead_activity::{Direction, Kind, Model, Outcome, Signal};
use entity::{
    id::{LeadActivityId, LeadId, UserId},
    leads::{
        lead,
        lead_activity::{ActiveModel, Column, Entity},
    },
};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    Select, Set,
};
use serde::{Deserialize, Serialize};
use validator::Validate;

pub use self::signal::{READ, said, told};
use super::lead::locked;
use crate::{Error, Page, Result, Tx, input, page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::of_query;
}

/// Something that happened.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// What.
    pub kind: Kind,
    /// Who began it; `None`: as is usual ([`direction`]).
    pub direction: Option<Direction>,
    /// When; not later than now.
    #[validate(custom(function = input::instant))]
    pub occurred_at: DateTime<Utc>,
    /// What another system knows it by, unique within the tenant; `None`: nobody else does, and it is
    /// written down as often as it is told.
    #[validate(custom(function = input::named), length(max = 200))]
    pub external_id: Option<String>,
    /// Who of us; `None`: whoever says so, if that is a person.
    pub user_id: Option<UserId>,
    /// How a call ended; needed for calls, and only for them.
    pub outcome: Option<Outcome>,
    /// How long a call or a meeting took.
    #[validate(range(min = 0, max = 86_400))]
    pub duration_seconds: Option<i32>,
    /// What was written down.
    #[validate(custom(function = input::named), length(max = 10_000))]
    pub notes: Option<String>,
    /// What was said in a call. It is read, and not kept.
    pub transcript: Option<String>,
    /// What a better reader than ours found in the transcript; `None`: ours reads it.
    pub signals: Option<Vec<Signal>>,
}

impl New {
    /// Something of which nothing else is known.
    #[must_use]
    pub fn plain(kind: Kind, occurred_at: DateTime<Utc>) -> Self {
        Self {
            kind,
            direction: None,
            occurred_at,
            external_id: None,
            user_id: None,
            outcome: None,
            duration_seconds: None,
            notes: None,
            transcript: None,
            signals: None,
        }
    }

    /// A call in which we spoke.
    #[must_use]
    pub fn call(occurred_at: DateTime<Utc>, transcript: Option<&str>) -> Self {
        let transcript = transcript.map(str::to_owned);
        let outcome = Some(Outcome::Connected);
        Self { outcome, transcript, ..Self::plain(Kind::Call, occurred_at) }
    }

    /// What somebody wrote down.
    #[must_use]
    pub fn note(occurred_at: DateTime<Utc>, text: &str) -> Self {
        Self { notes: Some(text.to_owned()), ..Self::plain(Kind::Note, occurred_at) }
    }
}

/// Who begins an activity of a kind, unless somebody says otherwise; nobody a note.
#[must_use]
pub fn direction(kind: Kind) -> Option<Direction> {
    match kind {
        Kind::Call | Kind::Meeting | Kind::SmsSent | Kind::EmailSent => Some(Direction::Outbound),
        Kind::SmsReply | Kind::EmailReply | Kind::EmailOpened | Kind::EmailClicked => {
            Some(Direction::Inbound)
        }
        Kind::Note => None,
    }
}

/// Whether we reached them, or they us: what counts as a contact.
#[must_use]
pub fn is_contact(kind: Kind, outcome: Option<Outcome>) -> bool {
    match kind {
        Kind::Call => outcome == Some(Outcome::Connected),
        Kind::SmsReply | Kind::EmailReply | Kind::Meeting => true,
        Kind::SmsSent | Kind::EmailSent | Kind::EmailOpened | Kind::EmailClicked | Kind::Note => {
            false
        }
    }
}

/// After how long what happened is no news any more: it does not undo the decay of a score.
pub const NEWS: TimeDelta = TimeDelta::days(30);

/// Writes down what happened to a lead; `None` if it was written down already. A contact becomes the
/// lead's last one, if it is, and is counted, in the same transaction. Whatever may change the score
/// makes it due.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead; [`Error::Invalid`] if it happens later than now,
/// a call has no outcome or something else has one, a direction is not the kind's, or something other
/// than a call in which we spoke has a transcript.
#[tracing::instrument(name = "lead_activity::record", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record(tx: &Tx, lead: LeadId, new: New) -> Result<Option<Model>> {
    input::check(&new)?;
    check(tx, &new)?;
    let lead = locked(tx, lead).await?;
    let (kind, outcome, at) = (new.kind, new.outcome, new.occurred_at);
    let row = row(tx, lead.id, new);
    let Some(written) = tx.insert_new(vec![row]).await?.pop() else { return Ok(None) };
    let contact = is_contact(kind, outcome);
    let from_them =
        contact || !written.signals.is_empty() || written.direction == Some(Direction::Inbound);
    if let Some(row) = heard(tx, lead, kind, contact, from_them, at) {
        tx.update(row).await?;
    }
    Ok(Some(written))
}

fn check(tx: &Tx, new: &New) -> Result<()> {
    if new.occurred_at > tx.now() {
        return Err(Error::invalid("occurred_at", "must not be later than now"));
    }
    if (new.kind == Kind::Call) != new.outcome.is_some() {
        return Err(Error::invalid("outcome", "calls have one, and nothing else has"));
    }
    let free = matches!(new.kind, Kind::Call | Kind::Meeting);
    if new.direction.is_some() && !free && new.direction != direction(new.kind) {
        return Err(Error::invalid("direction", "is not that of the kind"));
    }
    if new.duration_seconds.is_some() && !free {
        return Err(Error::invalid("duration_seconds", "only calls and meetings take time"));
    }
    let heard = new.transcript.is_some() || new.signals.is_some();
    if heard && new.outcome != Some(Outcome::Connected) {
        return Err(Error::invalid("transcript", "only of a call in which we spoke"));
    }
    if new.signals.is_some() && new.transcript.is_none() {
        return Err(Error::invalid("signals", "are found in a transcript"));
    }
    Ok(())
}

fn row(tx: &Tx, lead: LeadId, new: New) -> ActiveModel {
    let mut signals = match new.kind {
        Kind::Call => match (new.signals, &new.transcript) {
            (Some(found), _) => found,
            (None, Some(transcript)) => said(transcript),
            (None, None) => vec![],
        },
        Kind::SmsReply | Kind::EmailReply => vec![Signal::Reply],
        Kind::EmailOpened => vec![Signal::Opened],
        Kind::EmailClicked => vec![Signal::Clicked],
        Kind::Note => new.notes.as_deref().map(told).unwrap_or_default(),
        Kind::SmsSent | Kind::EmailSent | Kind::Meeting => vec![],
    };
    signals.sort_by_key(ActiveEnum::to_value);
    signals.dedup();
    let length = new.transcript.map(|text| text.chars().take(READ).count());
    let length = length.filter(|length| *length > 0);
    ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(LeadActivityId::new()),
        lead_id: Set(lead),
        user_id: Set(new.user_id.or(tx.context().user())),
        activity_type: Set(new.kind),
        direction: Set(new.direction.or(direction(new.kind))),
        occurred_at: Set(new.occurred_at),
        external_id: Set(new.external_id),
        outcome: Set(new.outcome),
        duration_seconds: Set(new.duration_seconds),
        notes: Set(new.notes),
        transcript_length: Set(length.and_then(|length| i32::try_from(length).ok())),
        signals: Set(signals.iter().map(ActiveEnum::to_value).collect()),
        created_at: Set(tx.now()),
    }
}

/// What becomes of the lead; `None`: nothing.
fn heard(
    tx: &Tx,
    lead: lead::Model,
    kind: Kind,
    contact: bool,
    from_them: bool,
    at: DateTime<Utc>,
) -> Option<lead::ActiveModel> {
    if matches!(kind, Kind::SmsSent | Kind::EmailSent) {
        return None; // what we send ourselves makes nobody warmer
    }
    let (last, count) = (lead.last_contact_date, lead.interaction_count);
    let mut row = lead.into_active_model();
    row.score_due_at = Set(None);
    if from_them && at > tx.now() - NEWS {
        row.score_decay = Set(0);
        row.score_since = Set(None);
    }
    if contact {
        row.last_contact_date = Set(last.max(Some(at)));
        row.interaction_count = Set(count.saturating_add(1));
    }
    row.updated_at = Set(tx.now());
    Some(row)
}

/// Which activities of a lead to read.
#[derive(Clone, Copy, Debug)]
pub struct Of {
    /// Whose.
    pub lead: LeadId,
    /// How many at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before ended.
    pub after: Option<After>,
}

/// Where a page of activities ended. What happens later stands before the first page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    occurred_at: DateTime<Utc>,
    id: LeadActivityId,
}

/// What happened to a lead, latest first.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead; [`Error::Invalid`] if the limit is none.
#[tracing::instrument(name = "lead_activity::of", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn of(tx: &Tx, ask: &Of) -> Result<Page<Model, After>> {
    page::check(ask.limit)?;
    super::lead::get(tx, ask.lead).await?;
    let found = of_query(tx, ask).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, ask.limit, |last| After { occurred_at: last.occurred_at, id: last.id }))
}

/// Served by `lead_activities_of_lead`.
#[must_use]
pub fn of_query(tx: &Tx, ask: &Of) -> Select<Entity> {
    let mut query = tx
        .find::<Entity>()
        .filter(Column::LeadId.eq(ask.lead))
        .order_by_desc(Column::OccurredAt)
        .order_by_desc(Column::Id)
        .limit(ask.limit + 1);
    if let Some(After { occurred_at, id }) = ask.after {
        let same = Condition::all().add(Column::OccurredAt.eq(occurred_at)).add(Column::Id.lt(id));
        query = query
            .filter(Column::OccurredAt.lte(occurred_at))
            .filter(Condition::any().add(Column::OccurredAt.lt(occurred_at)).add(same));
    }
    query
}
