//! Writing down what was decided, and how much of it there was of late.

use chrono::TimeDelta;
use entity::{
    engine::outbox::{Column, Entity, State, Topic},
    id::OutboxId,
};
use sea_orm::{ActiveEnum, ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect};

use super::{Content, WHY, dead_query, end, good, recorded};
use crate::{Error, Result, Tx, input, page};

/// Served by `outbox_decided`. `$3` the topic, `$4` an hour ago.
pub const RECENT: &str = "
select count(*) from outbox o
where o.tenant_id = $1 and o.topic = $3 and o.enqueued_at > $4::timestamptz
  and $2 is not null and o.state <> 'cancelled'";

/// How many messages for something were decided upon in the last hour, which is what the limits of the
/// hour are held against. Those that were cancelled do not count; those of a worker whose clock is
/// ahead do.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "outbox::recent", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn recent(tx: &Tx, topic: Topic) -> Result<u64> {
    let hour_ago = tx.now() - TimeDelta::hours(1);
    let question = tx.ask(RECENT, [topic.to_value().into(), hour_ago.into()]);
    let row = tx.query_one_raw(question).await?.ok_or(Error::NotFound("count"))?;
    Ok(row.try_get_by_index::<i64>(0)?.try_into().unwrap_or_default())
}

/// Writes a message down for a step that the caller has claimed, in the same transaction; whether it
/// is new. One that was cancelled is taken up again; one that waits or was given up stays as it is; of
/// one that was delivered, what follows is recorded, in case it was not then.
///
/// # Errors
///
/// [`Error::Invalid`] if `why` is not text.
#[tracing::instrument(name = "outbox::enqueue", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn enqueue(tx: &Tx, content: &Content, why: &str) -> Result<bool> {
    input::text("why", why, WHY)?;
    let (topic, subject, key) = (content.topic(), content.subject(), content.key());
    let payload = content.payload().map_err(|e| Error::invalid("payload", e.to_string()))?;
    let sql = "
        insert into outbox as o (tenant_id, id, topic, subject_id, key, payload, why, enqueued_at,
                                 created_at, updated_at)
        values ($1, $3, $4, $5, $6, $7, $8, $2, $2, $2)
        on conflict (tenant_id, key) do update
        set state = 'pending', payload = excluded.payload, why = excluded.why, attempts = 0,
            enqueued_at = excluded.enqueued_at, ended_at = null, not_before = null,
            last_error = null, updated_at = $2
        where o.state = 'cancelled'
        returning o.id";
    let rest = [
        OutboxId::new().into(),
        topic.to_value().into(),
        subject.into(),
        key.clone().into(),
        payload.into(),
        why.into(),
    ];
    if tx.query_one_raw(tx.ask(sql, rest)).await?.is_some() {
        return Ok(true);
    }
    // It waits already, or was delivered: then that is recorded, in case it was not.
    let was = tx.find::<Entity>().filter(Column::Key.eq(key)).lock_exclusive().one(tx).await?;
    if was.is_some_and(|message| message.state == State::Delivered) {
        recorded(tx, content).await?;
    }
    Ok(false)
}

/// Cancels what was given up and is no longer right to send, so that it does not keep its subject from
/// what is to be decided next; how many. Looks at the thousand oldest.
pub(crate) async fn bury(tx: &Tx) -> Result<u64> {
    let mut buried = 0;
    for message in dead_query(tx, page::MOST, None).all(tx).await? {
        let Ok(content) = Content::of(message.topic, message.payload) else { continue };
        if good(tx, &content).await? {
            continue;
        }
        end(tx, message.id, State::Cancelled, "no longer right to send").await?;
        content.release(tx).await?;
        buried += 1;
    }
    Ok(buried)
}
