//! Which quotes need a follow-up, and sending it once.

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    id::{ClientId, ContactId, QuoteId},
    sales::quote::{Column, Entity, Status},
    sales::quote_activity::Kind,
};
use rust_decimal::Decimal;
use sea_orm::{
    ColumnTrait, ConnectionTrait, FromQueryResult, IntoActiveModel, QueryFilter, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Note, Stop,
    cadence::MAX_FOLLOW_UPS,
    life::{calendar, stopping},
    note,
};
use crate::{
    Claims, Error, Page, Result, Tx, claims::lease_seconds, input, page, sales::deal::Tone,
};

/// How many due quotes to read.
#[derive(Clone, Debug)]
pub struct Due {
    /// How many to read at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before this one ended.
    pub after: Option<After>,
}

impl Default for Due {
    fn default() -> Self {
        Self { limit: 50, after: None }
    }
}

/// Where a page of due quotes ended, and for what time the list was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    as_of: DateTime<Utc>,
    due_since: DateTime<Utc>,
    id: QuoteId,
}

/// A quote that it is time to follow up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct DueQuote {
    /// Which.
    pub id: QuoteId,
    /// Its number.
    pub quote_number: String,
    /// What it is about.
    pub title: String,
    /// For whom.
    pub client_id: ClientId,
    /// Whom to write to.
    pub contact_id: Option<ContactId>,
    /// For how much, in `currency`.
    pub total_amount: Decimal,
    /// ISO 4217.
    pub currency: String,
    /// Whether they have opened it.
    pub status: Status,
    /// When they first did.
    pub viewed_at: Option<DateTime<Utc>>,
    /// Since when the follow-up has been due. The list is in order of this.
    pub due_since: DateTime<Utc>,
    /// Whole days, of 24 hours, since we last wrote: the last follow-up, else the quote itself.
    pub days_since_last_contact: i32,
    /// The last day on which it can be accepted; `None`: no such day.
    pub valid_until: Option<NaiveDate>,
    /// Which follow-up this would be, counted from 1.
    pub attempt_no: i32,
    /// How many there are at the most.
    pub max_follow_ups: i32,
}

/// The right to send one follow-up of one quote, until the lease ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromQueryResult)]
pub struct Claim {
    /// Which quote.
    pub quote_id: QuoteId,
    /// Its number.
    pub quote_number: String,
    /// For whom.
    pub client_id: ClientId,
    /// Whom to write to.
    pub contact_id: Option<ContactId>,
    /// Which follow-up this is, counted from 1.
    pub attempt_no: i32,
    /// How many there are at the most.
    pub max_follow_ups: i32,
    /// Until when, by the database's clock, nobody else may claim it.
    pub lease_until: DateTime<Utc>,
    token: Uuid,
}

impl Claim {
    /// What a sender knows the message by: the same however often the step is claimed, so that a
    /// sender which has seen it before sends nothing.
    #[must_use]
    pub fn key(&self) -> String {
        format!("quote:{}:{}", self.quote_id, self.attempt_no)
    }

    /// In what tone to write.
    #[must_use]
    pub fn tone(&self) -> Tone {
        Tone::of(self.attempt_no, self.max_follow_ups)
    }
}

/// What is due, but for what each question adds.
macro_rules! due {
    () => {
        "from quotes q
join tenants t on t.id = $1
join customers c on c.tenant_id = $1 and c.client_id = q.client_id
left join contacts k on k.tenant_id = $1 and k.id = q.contact_id
left join deals d on d.tenant_id = $1 and d.id = q.deal_id
where q.tenant_id = $1 and q.status in ('sent', 'viewed') and q.follow_up_stop is null
  and q.outcome is null and q.deleted_at is null and q.next_follow_up_at <= $2
  and q.responded_at is null and q.superseded_at is null
  and q.follow_up_count < coalesce(q.max_follow_ups, 5)
  and (q.valid_until is null or q.valid_until >= ($2::timestamptz at time zone t.time_zone)::date)
  and c.deleted_at is null and k.deleted_at is null and k.unsubscribed_at is null
  and (d.id is null or (d.stage not in ('won', 'lost') and d.deleted_at is null))"
    };
}

/// It is a [working hour](super::WORKING_HOURS) at the contact's.
macro_rules! working_hours {
    () => {
        "extract(isodow from $2::timestamptz at time zone coalesce(k.time_zone, t.time_zone)) < 6
  and ($2::timestamptz at time zone coalesce(k.time_zone, t.time_zone))::time >= '09:00'
  and ($2::timestamptz at time zone coalesce(k.time_zone, t.time_zone))::time < '17:00'"
    };
}

/// Served by `quotes_follow_up`. `$3` rows; `$4` and `$5` the cursor: due since, id.
pub const DUE: &str = concat!(
    "select q.id, q.quote_number, q.title, q.client_id, q.contact_id, q.total_amount, q.currency,
       q.status, q.viewed_at, q.next_follow_up_at as due_since, q.valid_until,
       floor(extract(epoch from $2 - coalesce(q.last_follow_up_at, q.sent_at)) / 86400)::int
           as days_since_last_contact,
       q.follow_up_count + 1 as attempt_no, coalesce(q.max_follow_ups, 5) as max_follow_ups
",
    due!(),
    "
  and (q.next_follow_up_at, q.id) > (coalesce($4::timestamptz, '-infinity'),
                                     coalesce($5::uuid, '00000000-0000-0000-0000-000000000000'))
order by q.next_follow_up_at, q.id limit $3"
);

/// Served by `quotes_follow_up`. The conditions on the quote are tried once more on a row that
/// changed after the statement began. `$3` rows, `$4` token, `$5` seconds.
pub const CLAIM: &str = concat!(
    "with held as materialized (
select q.id
",
    due!(),
    "
  and (q.follow_up_lease_until is null or q.follow_up_lease_until < statement_timestamp())
  and not exists (select from outbox o where o.tenant_id = $1 and o.topic = 'quote_follow_up'
                    and o.subject_id = q.id and o.state in ('pending', 'dead'))
  and ",
    working_hours!(),
    "
order by q.next_follow_up_at, q.id limit $3 for update of q skip locked
)
update quotes q
set follow_up_claim = $4, follow_up_lease_until = statement_timestamp() + make_interval(secs => $5)
from held where q.tenant_id = $1 and q.id = held.id
returning q.id as quote_id, q.quote_number, q.client_id, q.contact_id,
          q.follow_up_count + 1 as attempt_no, coalesce(q.max_follow_ups, 5) as max_follow_ups,
          q.follow_up_lease_until as lease_until, q.follow_up_claim as token"
);

/// Found by the primary key. `$3` the quote, `$4` the token, `$5` the attempt before, `$6` to whom.
pub const STANDS: &str = concat!(
    "select q.id
",
    due!(),
    "
  and q.id = $3 and q.follow_up_claim = $4 and q.follow_up_count = $5
  and q.contact_id is not distinct from $6
  and ",
    working_hours!()
);

/// The quotes that it is time to follow up, the longest due first.
///
/// A quote is due while it is sent or viewed, unanswered, in date on the tenant's calendar, the
/// latest version, and has follow-ups left, once the time of the next has come; unless its deal is
/// decided, or its customer or contact is deleted or wants no more mail.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000.
#[tracing::instrument(name = "quote::follow_ups_due", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn follow_ups_due(tx: &Tx, ask: &Due) -> Result<Page<DueQuote, After>> {
    page::check(ask.limit)?;
    let as_of = ask.after.map_or(tx.now(), |after| after.as_of);
    input::at("after", as_of)?;
    let rows = i64::try_from(ask.limit + 1).unwrap_or(i64::MAX);
    let after = (ask.after.map(|a| a.due_since), ask.after.map(|a| a.id));
    let question = tx.ask_at(as_of, DUE, [rows.into(), after.0.into(), after.1.into()]);
    let found = DueQuote::find_by_statement(question).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    let cursor = |quote: &DueQuote| After { as_of, due_since: quote.due_since, id: quote.id };
    Ok(Page::new(found, ask.limit, cursor))
}

/// Claims due follow-ups, the longest due first, of contacts for whom it is
/// [working hours](super::WORKING_HOURS) now: what was not sent in its hour is not sent at night. No two workers ever hold the same one: what another
/// holds is passed over, and what a dead one held is free when its lease ends.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000, or the lease not from a second to a day.
#[tracing::instrument(name = "quote::claim_follow_ups", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn claim_follow_ups(tx: &Tx, ask: &Claims) -> Result<Vec<Claim>> {
    page::check(ask.limit)?;
    let rows = i64::try_from(ask.limit).unwrap_or(i64::MAX);
    let seconds = lease_seconds(ask.lease)?;
    let question = tx.ask(CLAIM, [rows.into(), Uuid::now_v7().into(), seconds.into()]);
    let mut claimed = Claim::find_by_statement(question).all(tx).await?;
    claimed.sort_by_key(|claim| claim.quote_id);
    tracing::Span::current().record("rows", claimed.len());
    Ok(claimed)
}

/// Records that a claimed follow-up was sent, and plans the next. After the last that is allowed, or
/// when no working hour is left before the quote expires, its follow-ups end and it says so.
///
/// # Errors
///
/// [`Error::Conflict`] if the claim is no longer good, because the follow-up was recorded already,
/// the lease ended and somebody else took it, or the quote is no longer followed up. Nothing is
/// written then.
#[tracing::instrument(name = "quote::record_follow_up", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record_follow_up(tx: &Tx, claim: &Claim) -> Result<()> {
    let held = tx
        .find::<Entity>()
        .filter(Column::Id.eq(claim.quote_id))
        .filter(Column::FollowUpClaim.eq(claim.token))
        .filter(Column::FollowUpCount.eq(claim.attempt_no - 1))
        .lock_exclusive()
        .one(tx)
        .await?;
    let Some(quote) = held.filter(|q| q.follow_up_stop.is_none()) else {
        return Err(Error::conflict("the claim on the follow-up is no longer good"));
    };
    let next = calendar(tx, &quote).await?.after(tx.now());
    let most = quote.max_follow_ups.unwrap_or(MAX_FOLLOW_UPS);
    let mut row = quote.into_active_model();
    row.follow_up_count = Set(claim.attempt_no);
    row.last_follow_up_at = Set(Some(tx.now()));
    row.next_follow_up_at = Set(next);
    row.follow_up_claim = Set(None);
    row.follow_up_lease_until = Set(None);
    row.updated_at = Set(tx.now());
    let attempt = Note { attempt_no: Some(claim.attempt_no), ..Note::default() };
    note(tx, claim.quote_id, Kind::FollowUp, attempt).await?;
    let stop = match next {
        _ if claim.attempt_no >= most => Some(Stop::Exhausted),
        None => Some(Stop::MissedWindow),
        Some(_) => None,
    };
    stopping(tx, claim.quote_id, row, stop).await.map(drop)
}

/// Whether a claimed follow-up is still right to send: the quote is still due, to the same contact,
/// and it is working hours there.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "quote::follow_up_stands", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn follow_up_stands(tx: &Tx, claim: &Claim) -> Result<bool> {
    let rest = [
        claim.quote_id.into(),
        claim.token.into(),
        (claim.attempt_no - 1).into(),
        claim.contact_id.into(),
    ];
    Ok(tx.query_one_raw(tx.ask(STANDS, rest)).await?.is_some())
}

/// Gives a claim back without having sent anything, for others to take at once.
///
/// # Errors
///
/// [`Error::Conflict`] if the claim is no longer good.
#[tracing::instrument(name = "quote::release_follow_up", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn release_follow_up(tx: &Tx, claim: &Claim) -> Result<()> {
    let sql = "update quotes set follow_up_claim = null, follow_up_lease_until = null
               where tenant_id = $1 and id = $3 and follow_up_claim = $4 and $2 is not null";
    let free = tx.ask(sql, [claim.quote_id.into(), claim.token.into()]);
    match tx.execute_raw(free).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(Error::conflict("the claim on the follow-up is no longer good")),
    }
}
