//! Signs about which nothing was done yet.

use chrono::{DateTime, Utc};
use entity::{
    id::{ClientId, ContactId, OpportunitySignalId},
    sales::opportunity_signal::{SignalType, SourceType},
};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};

use crate::{Error, Page, Result, Tx, input, page};

/// What is listed where nobody says how strong a sign must be (seed 002).
pub const LEAST_STRENGTH: Decimal = Decimal::from_parts(5, 0, 0, false, 1);

/// Which signs to read.
#[derive(Clone, Debug)]
pub struct Unactioned {
    /// How strong they are at least, 0 to 1; what is beyond its second decimal is rounded up.
    pub min_strength: Decimal,
    /// How many to read at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before this one ended.
    pub after: Option<After>,
}

impl Default for Unactioned {
    fn default() -> Self {
        Self { min_strength: LEAST_STRENGTH, limit: 10, after: None }
    }
}

/// Where a page ended, and for what time the list was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    as_of: DateTime<Utc>,
    strength_gap: i32,
    created_at: DateTime<Utc>,
    id: OpportunitySignalId,
}

/// A sign about which nothing was done yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct Waiting {
    /// Which.
    pub id: OpportunitySignalId,
    /// Of what.
    pub signal_type: SignalType,
    /// How strong, 0 to 1. The list is in order of this, the strongest first.
    pub signal_strength: Decimal,
    /// Whether it has [priority](super::HIGH).
    pub is_high: bool,
    /// Where it was seen.
    pub source_type: SourceType,
    /// What the source is called.
    pub source_id: String,
    /// Whose it is.
    pub client_id: Option<ClientId>,
    /// Who said it.
    pub contact_id: Option<ContactId>,
    /// The words that it was seen in.
    pub extracted_text: Option<String>,
    /// Since when it waits. Of signs that are equally strong, the one that waits longest is first.
    pub created_at: DateTime<Utc>,
    /// For how many whole hours.
    pub hours_waiting: i64,
    strength_gap: i32,
}

/// Served by `opportunity_signals_unactioned`. `$3` rows, `$4` the greatest gap; `$5` to `$7` the
/// cursor: gap, created, id.
pub const UNACTIONED: &str = "
select s.id, s.signal_type, s.signal_strength, s.signal_strength >= 0.70 as is_high, s.source_type,
       s.source_id, s.client_id, s.contact_id, s.extracted_text, s.created_at, s.strength_gap,
       floor(extract(epoch from $2 - s.created_at) / 3600)::bigint as hours_waiting
from opportunity_signals s
left join customers c on c.tenant_id = $1 and c.client_id = s.client_id
left join contacts k on k.tenant_id = $1 and k.id = s.contact_id
where s.tenant_id = $1 and s.actioned = false and s.strength_gap <= $4 and s.created_at <= $2
  and (s.strength_gap, s.created_at, s.id)
      > (coalesce($5::int, -1), coalesce($6::timestamptz, '-infinity'),
         coalesce($7::uuid, '00000000-0000-0000-0000-000000000000'))
  and c.deleted_at is null and k.deleted_at is null
order by s.strength_gap, s.created_at, s.id limit $3";

/// The signs about which nothing was done yet, the strongest first, and of those that are equally
/// strong the oldest, so that none is overtaken for ever. Those of customers and contacts that were
/// deleted are left out.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000, or the strength not from 0 to 1.
#[tracing::instrument(name = "opportunity_signal::unactioned", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn unactioned(tx: &Tx, ask: &Unactioned) -> Result<Page<Waiting, After>> {
    page::check(ask.limit)?;
    let share = Some(ask.min_strength).filter(|s| (Decimal::ZERO..=Decimal::ONE).contains(s));
    let least = share.and_then(|share| (share * Decimal::ONE_HUNDRED).ceil().to_i32());
    let least = least.ok_or_else(|| Error::invalid("min_strength", "must be from 0 to 1"))?;
    let as_of = ask.after.map_or(tx.now(), |after| after.as_of);
    input::at("after", as_of)?;
    let rows = i64::try_from(ask.limit + 1).unwrap_or(i64::MAX);
    let rest = [
        rows.into(),
        (100 - least).into(),
        ask.after.map(|a| a.strength_gap).into(),
        ask.after.map(|a| a.created_at).into(),
        ask.after.map(|a| a.id).into(),
    ];
    let found = Waiting::find_by_statement(tx.ask_at(as_of, UNACTIONED, rest)).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    let cursor = |last: &Waiting| After {
        as_of,
        strength_gap: last.strength_gap,
        created_at: last.created_at,
        id: last.id,
    };
    Ok(Page::new(found, ask.limit, cursor))
}
