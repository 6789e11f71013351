//! What Keel has decided to have sent, until somebody has sent it.
//!
//! A message is written in the transaction that decides upon it, so that neither exists without the
//! other. A sender of the caller's drains it: [`claim`], send under the message's `key`, and
//! [`delivered`] or [`failed`]. What was sent is recorded where it belongs, with the delivery and not
//! before. A sender that dies between sending and saying so sends once more, under the same key: the
//! receiver, or the provider that takes an idempotency key, sees to the rest.

mod content;
mod decide;

use chrono::{DateTime, TimeDelta, Utc};
pub use entity::engine::outbox::{Model, State, Topic};
use entity::{
    engine::outbox::{self, Column, Entity, Payload},
    id::OutboxId,
};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, FromQueryResult, IntoActiveModel, Iterable,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select, Set,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use self::decide::bury;
pub use self::{
    content::Content,
    decide::{enqueue, recent},
};
use crate::{Claims, Error, Page, Result, Tx, claims::lease_seconds, input, page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{CLAIM, dead_query, decide::RECENT};
}

/// After how many failed attempts a message is given up (ours): with the pauses between them, about
/// four hours.
pub const ATTEMPTS: i32 = 8;

/// How long to wait after the first failed attempt; after each further one, twice as long (ours).
pub const PAUSE: TimeDelta = TimeDelta::minutes(2);

/// How many characters there are for why a message was decided.
pub const WHY: usize = 500;

/// The right to send one message, until the lease ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sending {
    /// Which.
    pub id: OutboxId,
    /// What it is for.
    pub topic: Topic,
    /// The row that it is about.
    pub subject_id: Uuid,
    /// What its receiver knows it by: the same however often it is sent.
    pub key: String,
    /// What it says.
    pub content: Content,
    /// Why it was decided, for people.
    pub why: String,
    /// When it was decided.
    pub enqueued_at: DateTime<Utc>,
    /// How many attempts have failed.
    pub attempts: i32,
    /// Until when, by the database's clock, nobody else may send it.
    pub lease_until: DateTime<Utc>,
    token: Uuid,
}

#[derive(FromQueryResult)]
struct Claimed {
    id: OutboxId,
    topic: Topic,
    subject_id: Uuid,
    key: String,
    payload: Payload,
    why: String,
    enqueued_at: DateTime<Utc>,
    attempts: i32,
    lease_until: DateTime<Utc>,
    token: Uuid,
}

/// Served by `outbox_pending`, and `outbox_line` for what stands before it. A claim that is still there
/// is of a sender that never answered: that was an attempt too. `$3` rows, `$4` token, `$5` seconds,
/// `$6` the topics that this version knows.
pub const CLAIM: &str = "
with held as materialized (
    select o.id from outbox o
    where o.tenant_id = $1 and o.state = 'pending' and $2 is not null and o.topic = any($6::text[])
      and (o.lease_until is null or o.lease_until < statement_timestamp())
      and (o.not_before is null or o.not_before <= statement_timestamp())
      and not exists (select from outbox p
                      where p.tenant_id = $1 and p.state = 'pending'
                        and p.subject_id = o.subject_id and p.id < o.id)
    order by o.id limit $3 for update of o skip locked
)
update outbox o
set attempts = o.attempts + (o.claim is not null)::int, claim = $4,
    lease_until = statement_timestamp() + make_interval(secs => $5), updated_at = $2
from held h where o.tenant_id = $1 and o.id = h.id
returning o.id, o.topic, o.subject_id, o.key, o.payload, o.why, o.enqueued_at, o.attempts,
          o.lease_until, o.claim as token";

/// Claims messages to be sent, the oldest first, and of each subject only the first: the next comes
/// when that was sent or given up. No two senders hold the same one while its lease runs.
///
/// Whatever is no longer right to send, because the deal is won or the contact has unsubscribed
/// since, is cancelled here and not returned; what decided upon it is free to do so anew.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000, or the lease not from a second to a day.
#[tracing::instrument(name = "outbox::claim", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn claim(tx: &Tx, ask: &Claims) -> Result<Vec<Sending>> {
    page::check(ask.limit)?;
    let rows = i64::try_from(ask.limit).unwrap_or(i64::MAX);
    let seconds = lease_seconds(ask.lease)?;
    let mut sending = vec![];
    // What is cancelled makes room for what comes behind it.
    while (sending.len() as u64) < ask.limit {
        let left = rows - i64::try_from(sending.len()).unwrap_or(i64::MAX);
        let topics: Vec<String> = Topic::iter().map(|topic| topic.to_value()).collect();
        let rest = [left.into(), Uuid::now_v7().into(), seconds.into(), topics.into()];
        let question = tx.ask(CLAIM, rest);
        let mut claimed = Claimed::find_by_statement(question).all(tx).await?;
        if claimed.is_empty() {
            break;
        }
        claimed.sort_by_key(|message| message.id);
        for message in claimed {
            sending.extend(wanted(tx, message).await?);
        }
    }
    tracing::Span::current().record("rows", sending.len());
    Ok(sending)
}

/// The message, unless it is no longer right to send.
async fn wanted(tx: &Tx, message: Claimed) -> Result<Option<Sending>> {
    let content = match Content::of(message.topic, message.payload) {
        Ok(content) => content,
        Err(why) => {
            // Written by a version that knew more than this one, or by somebody else.
            end(tx, message.id, State::Dead, &why).await?;
            return Ok(None);
        }
    };
    if message.attempts >= ATTEMPTS {
        end(tx, message.id, State::Dead, "whoever was to send it never answered").await?;
        return Ok(None);
    }
    if !good(tx, &content).await? {
        end(tx, message.id, State::Cancelled, "no longer right to send").await?;
        content.release(tx).await?;
        return Ok(None);
    }
    Ok(Some(Sending {
        id: message.id,
        topic: message.topic,
        subject_id: message.subject_id,
        key: message.key,
        content,
        why: message.why,
        enqueued_at: message.enqueued_at,
        attempts: message.attempts,
        lease_until: message.lease_until,
        token: message.token,
    }))
}

/// Whether it is still right to send. What is about a row that is gone is not.
async fn good(tx: &Tx, content: &Content) -> Result<bool> {
    match content.stands(tx).await {
        Err(Error::NotFound(_) | Error::Conflict(_)) => Ok(false),
        done => done,
    }
}

/// Whether a claimed message is still right to send, for a sender that has waited since.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "outbox::stands", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn stands(tx: &Tx, message: &Sending) -> Result<bool> {
    good(tx, &message.content).await
}

/// Records that a claimed message was sent, and with it whatever follows from that: the follow-up is
/// counted and the next one planned, the request for feedback runs out in thirty days. If its subject
/// has moved on meanwhile it was sent all the same, and that is all that is recorded.
///
/// # Errors
///
/// [`Error::Conflict`] if the claim is no longer good: it was recorded already, or the lease ended
/// and somebody else took it. Nothing is written then.
#[tracing::instrument(name = "outbox::delivered", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn delivered(tx: &Tx, message: &Sending) -> Result<()> {
    held(tx, message).await?;
    let note = recorded(tx, &message.content).await?;
    let row = outbox::ActiveModel {
        id: Set(message.id),
        state: Set(State::Delivered),
        ended_at: Set(Some(tx.now())),
        claim: Set(None),
        lease_until: Set(None),
        last_error: Set(note),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    tx.update(row).await.map(drop)
}

/// Records what follows from a delivery, or why nothing does. It was sent all the same, so only a
/// failing database is an error.
async fn recorded(tx: &Tx, content: &Content) -> Result<Option<String>> {
    match tx.attempt(async || content.record(tx).await).await {
        Ok(()) => Ok(None),
        Err(error @ Error::Database(_)) => Err(error),
        Err(error) => Ok(Some(format!("sent, though {error}").chars().take(WHY).collect())),
    }
}

/// Records that a claimed message could not be sent. It is tried again after a pause that doubles
/// from [`PAUSE`], and given up after [`ATTEMPTS`] attempts: then it waits for somebody to
/// [`replay`] or [`cancel`] it, and lets the next about its subject pass.
///
/// # Errors
///
/// [`Error::Conflict`] if the claim is no longer good; [`Error::Invalid`] if `why` is not text.
#[tracing::instrument(name = "outbox::failed", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn failed(tx: &Tx, message: &Sending, why: &str) -> Result<State> {
    input::text("why", why, 500)?;
    let found = held(tx, message).await?;
    let attempts = found.attempts + 1;
    if attempts >= ATTEMPTS {
        end(tx, message.id, State::Dead, why).await?;
    }
    let pause = PAUSE.num_seconds() << attempts.clamp(1, 16) >> 1;
    let wait = "update outbox set attempts = $4, last_error = $5, claim = null, lease_until = null,
                       not_before = statement_timestamp() + make_interval(secs => $6),
                       updated_at = $2
                where tenant_id = $1 and id = $3";
    let rest = [
        message.id.into(),
        attempts.into(),
        why.into(),
        f64::from(i32::try_from(pause).unwrap_or(i32::MAX)).into(),
    ];
    tx.execute_raw(tx.ask(wait, rest)).await?;
    Ok(if attempts >= ATTEMPTS { State::Dead } else { State::Pending })
}

/// The message, locked, if the claim on it is still good.
async fn held(tx: &Tx, message: &Sending) -> Result<Model> {
    let found = tx
        .find::<Entity>()
        .filter(Column::Id.eq(message.id))
        .filter(Column::Claim.eq(message.token))
        .filter(Column::State.eq(State::Pending))
        .lock_exclusive()
        .one(tx)
        .await?;
    found.ok_or(Error::conflict("the claim on the message is no longer good"))
}

async fn end(tx: &Tx, id: OutboxId, state: State, why: &str) -> Result<()> {
    let row = outbox::ActiveModel {
        id: Set(id),
        state: Set(state),
        ended_at: Set(Some(tx.now())),
        claim: Set(None),
        lease_until: Set(None),
        last_error: Set(Some(why.to_owned())),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    tx.update(row).await.map(drop)
}

/// Sends a message that was given up once more, from the first attempt on. To do so twice changes
/// nothing.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such message; [`Error::Conflict`] if it was delivered or
/// cancelled.
#[tracing::instrument(name = "outbox::replay", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn replay(tx: &Tx, id: OutboxId) -> Result<Model> {
    let found = locked(tx, id).await?;
    match found.state {
        State::Pending => return Ok(found),
        State::Dead => {}
        State::Delivered | State::Cancelled => {
            return Err(Error::conflict("the message was delivered or cancelled"));
        }
    }
    let mut row = found.into_active_model();
    row.state = Set(State::Pending);
    row.attempts = Set(0);
    row.not_before = Set(None);
    row.ended_at = Set(None);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// Takes a message back, whether it waits or is dead. A sender that holds it finds its claim void.
/// What decided upon it may do so anew, under the same key, as long as there is reason to: to have
/// nothing sent any more, take the reason away (snooze the deal, complete the check).
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such message; [`Error::Conflict`] if it was delivered;
/// [`Error::Invalid`] if `why` is not text.
#[tracing::instrument(name = "outbox::cancel", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn cancel(tx: &Tx, id: OutboxId, why: &str) -> Result<()> {
    input::text("why", why, 500)?;
    let found = locked(tx, id).await?;
    match found.state {
        State::Cancelled => return Ok(()),
        State::Delivered => return Err(Error::conflict("the message was delivered")),
        State::Pending | State::Dead => {}
    }
    end(tx, id, State::Cancelled, why).await?;
    match Content::of(found.topic, found.payload) {
        Ok(content) => content.release(tx).await,
        Err(_) => Ok(()),
    }
}

/// One message.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such message.
#[tracing::instrument(name = "outbox::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: OutboxId) -> Result<Model> {
    tx.get::<Entity>(id).await?.ok_or(Error::NotFound("message"))
}

async fn locked(tx: &Tx, id: OutboxId) -> Result<Model> {
    let found = tx.find::<Entity>().filter(Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    found.ok_or(Error::NotFound("message"))
}

/// The messages that were given up and wait for somebody, oldest first.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000.
#[tracing::instrument(name = "outbox::dead", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn dead(tx: &Tx, limit: u64, after: Option<OutboxId>) -> Result<Page<Model, OutboxId>> {
    page::check(limit)?;
    let found = dead_query(tx, limit, after).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, limit, |message| message.id))
}

/// Served by `outbox_dead`.
#[must_use]
pub fn dead_query(tx: &Tx, limit: u64, after: Option<OutboxId>) -> Select<Entity> {
    tx.find::<Entity>()
        .filter(sea_orm::sea_query::Expr::cust("state = 'dead'"))
        .apply_if(after, |query, id| query.filter(Column::Id.gt(id)))
        .order_by_asc(Column::Id)
        .limit(limit + 1)
}
