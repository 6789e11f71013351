//! How promising leads are, from 0 to 100.
//!
//! A score is the sum of four components: what they answered (up to 40), how lately and how often we
//! spoke (30), what they said (20), who and where they are (10); each scaled by what the tenant says
//! it counts for. The parts sum exactly to the score ([`score`]), and each point can be asked for
//! ([`explain`]).
//!
//! A score is computed from what is written down of a lead, and again when that changes, when a limit
//! of days is crossed, or when a month has gone by without a contact ([`compute`]). For each such month
//! it decays: engagement to 0.8 of what it was, intent to half. Something new from them undoes that.
//!
//! Whether somebody may be called does not change the score, and the score nothing about that.

mod by_hand;
mod compute;
mod known;
mod qualify;
mod score;
mod weights;
mod write;

use chrono::{DateTime, TimeDelta, Utc};
pub use entity::leads::{
    lead_qualification::Model as Answers,
    lead_score::{Cause, Class, Factors, Model, Weights},
    lead_score_override::Model as ByHand,
};
use entity::{
    id::{LeadId, LeadScoreHistoryId, UserId},
    leads::lead_score::{Column, Entity},
};
use sea_orm::{
    ColumnTrait, Condition, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde::{Deserialize, Serialize};

pub use self::{
    by_hand::{Override, let_go, set},
    compute::{Compute, Computed, Failure, compute, due_again, rescore},
    known::Known,
    qualify::{Qualify, qualify},
    score::{Component, Line, Scored, raw, score},
    weights::weights,
};
use super::lead::{self, Status};
use crate::{Page, Result, Tx, page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{EARLIER, TOP, compute::QUEUE, history_query, known::KNOWN};
}

/// From which score on a lead is hot.
pub const HOT: i64 = 80;
/// From which score on it is warm.
pub const WARM: i64 = 60;
/// From which score on it is cool.
pub const COOL: i64 = 40;
/// From which score on somebody should call now; seed 004 calls it hot in places (defect 4-25).
pub const CALL_READY: i64 = 70;

/// How warm a lead of that score is.
#[must_use]
pub fn class(score: i64) -> Class {
    match score {
        HOT.. => Class::Hot,
        WARM.. => Class::Warm,
        COOL.. => Class::Cool,
        _ => Class::Cold,
    }
}

/// A score, and where each of its points comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// What is stored: what it was when it was last computed.
    pub stored: i32,
    /// What it would be now. The parts sum exactly to the total.
    pub factors: Factors,
    /// How warm that is.
    pub class: Class,
    /// The rules that gave or took points, before decay and limits.
    pub lines: Vec<Line>,
    /// What each component counts for.
    pub weights: Weights,
    /// How many months without a contact it has lost for.
    pub decay_months: i32,
    /// What somebody set, if that counts now.
    pub by_hand: Option<ByHand>,
    /// Why it does not matter for calls: nobody may call.
    pub calling_blocked: bool,
}

/// What the score of a lead is now, and why. Changes nothing.
///
/// # Errors
///
/// [`Error::NotFound`](crate::Error::NotFound) if the tenant has no such lead.
#[tracing::instrument(name = "lead_score::explain", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn explain(tx: &Tx, id: LeadId) -> Result<Explained> {
    let lead = lead::get(tx, id).await?;
    let weights = weights(tx).await?;
    let known = known::of(tx, &[id]).await?.remove(&id).unwrap_or_default();
    let known = known.with(&lead);
    let by_hand = by_hand::present(tx, id).await?;
    let decay = compute::decay(tx, &lead);
    let scored =
        score(&known, &weights, decay, by_hand.as_ref().map(|by| by.score.into()), tx.now());
    Ok(Explained {
        stored: lead.lead_score,
        factors: scored.factors,
        class: class(scored.factors.total),
        lines: scored.lines,
        weights,
        decay_months: decay,
        by_hand,
        calling_blocked: lead.calling_blocked,
    })
}

/// One of the most promising leads.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Top {
    /// Which.
    pub id: LeadId,
    /// Their first name.
    pub first_name: String,
    /// Their last name.
    pub last_name: String,
    /// 80 to 100.
    pub lead_score: i32,
    /// How far they have come.
    pub status: Status,
    /// Whose lead it is; `None`: nobody's yet.
    pub user_id: Option<UserId>,
    /// When we last reached them.
    pub last_contact_date: Option<DateTime<Utc>>,
}

/// How many [`top`] lists.
pub const TOP_LIMIT: i64 = 50;

/// Served by `leads_by_score`. `$3` the least score, `$4` rows.
pub const TOP: &str = "
select l.id, l.first_name, l.last_name, l.lead_score, l.status, l.user_id, l.last_contact_date
from leads l
where l.tenant_id = $1 and l.deleted_at is null and l.lead_score >= $3 and not l.calling_blocked
  and $2::timestamptz is not null
order by l.lead_score desc, l.id desc limit $4";

/// The fifty most promising of those with a score of 80 or more who may be called, best first.
///
/// # Errors
///
/// [`Error::Database`](crate::Error::Database).
#[tracing::instrument(name = "lead_score::top", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn top(tx: &Tx) -> Result<Vec<Top>> {
    let hot = i32::try_from(HOT).unwrap_or(i32::MAX);
    let found = Top::find_by_statement(tx.ask(TOP, [hot.into(), TOP_LIMIT.into()])).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}

/// Which way a score is going.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// It is higher by 10 points or more than it was.
    Rising,
    /// Neither.
    Stable,
    /// It is lower by 10 or more.
    Falling,
}

/// Over how long a trend is looked at (ours).
pub const TREND: TimeDelta = TimeDelta::days(30);
/// By how many points a score has to differ to be a trend.
pub const TREND_POINTS: i32 = 10;

/// Served by `lead_score_history_of_lead`. `$3` the lead.
pub const EARLIER: &str = "
select coalesce(
    (select h.score from lead_score_history h
     where h.tenant_id = $1 and h.lead_id = $3 and h.calculated_at <= $2
     order by h.calculated_at desc, h.id desc limit 1),
    (select h.score from lead_score_history h
     where h.tenant_id = $1 and h.lead_id = $3
     order by h.calculated_at, h.id limit 1)) as score";

#[derive(FromQueryResult)]
struct Earlier {
    score: Option<i32>,
}

/// Whether a lead's score has risen or fallen by ten points or more since thirty days ago, or since it
/// was first computed, if that is later.
///
/// # Errors
///
/// [`Error::NotFound`](crate::Error::NotFound) if the tenant has no such lead.
#[tracing::instrument(name = "lead_score::trend", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn trend(tx: &Tx, id: LeadId) -> Result<Trend> {
    let lead = lead::get(tx, id).await?;
    let asked = tx.ask_at(tx.now() - TREND, EARLIER, [id.0.into()]);
    let earlier = Earlier::find_by_statement(asked).one(tx).await?.and_then(|row| row.score);
    Ok(match lead.lead_score - earlier.unwrap_or(lead.lead_score) {
        TREND_POINTS.. => Trend::Rising,
        change if change <= -TREND_POINTS => Trend::Falling,
        _ => Trend::Stable,
    })
}

/// Which changes of a score to read.
#[derive(Clone, Copy, Debug)]
pub struct History {
    /// Of which lead.
    pub lead: LeadId,
    /// How many at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before ended.
    pub after: Option<After>,
}

/// Where a page of changes ended. What changes later stands before the first page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    calculated_at: DateTime<Utc>,
    id: LeadScoreHistoryId,
}

/// What a lead's score was, latest first: a row for each time at which it changed.
///
/// # Errors
///
/// [`Error::NotFound`](crate::Error::NotFound) if the tenant has no such lead;
/// [`Error::Invalid`](crate::Error::Invalid) if the limit is none.
#[tracing::instrument(name = "lead_score::history", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn history(tx: &Tx, ask: &History) -> Result<Page<Model, After>> {
    page::check(ask.limit)?;
    lead::get(tx, ask.lead).await?;
    let found = history_query(tx, ask).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, ask.limit, |last| After { calculated_at: last.calculated_at, id: last.id }))
}

/// Served by `lead_score_history_of_lead`.
#[must_use]
pub fn history_query(tx: &Tx, ask: &History) -> Select<Entity> {
    let mut query = tx
        .find::<Entity>()
        .filter(Column::LeadId.eq(ask.lead))
        .order_by_desc(Column::CalculatedAt)
        .order_by_desc(Column::Id)
        .limit(ask.limit + 1);
    if let Some(After { calculated_at, id }) = ask.after {
        let same =
            Condition::all().add(Column::CalculatedAt.eq(calculated_at)).add(Column::Id.lt(id));
        query = query
            .filter(Column::CalculatedAt.lte(calculated_at))
            .filter(Condition::any().add(Column::CalculatedAt.lt(calculated_at)).add(same));
    }
    query
}
