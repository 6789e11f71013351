//! Which deals have stalled, why, and why a deal has not.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::{
    id::{ClientId, ContactId, DealActivityId, DealId},
    sales::{deal::Stage, deal_activity},
    zone::{Zone, date_at},
};
use rust_decimal::Decimal;
use sea_orm::{FromQueryResult, Set};
use serde::{Deserialize, Serialize};

use super::{
    get,
    silence::{mark_sql, stalled_sql},
};
use crate::{Error, Page, Result, Tx, input, page, sales::deal_stage_config};

/// How many stalled deals to read.
#[derive(Clone, Debug)]
pub struct Stalled {
    /// How many to read at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before this one ended.
    pub after: Option<After>,
}

impl Default for Stalled {
    fn default() -> Self {
        Self { limit: 50, after: None }
    }
}

/// Where a page of stalled deals ended. It carries the time that the list was made for, so that
/// the pages of one list join up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    as_of: DateTime<Utc>,
    idle_since: DateTime<Utc>,
    threshold_days: i32,
    ratio: Decimal,
    value: Option<Decimal>,
    id: DealId,
}

/// A deal that has been silent for longer than it may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StalledDeal {
    /// Which.
    pub id: DealId,
    /// What it is about.
    pub title: String,
    /// Where it is stuck.
    pub stage: Stage,
    /// Who would buy.
    pub client_id: ClientId,
    /// The person there.
    pub contact_id: Option<ContactId>,
    /// What they would pay, in `currency`.
    pub value: Option<Decimal>,
    /// ISO 4217.
    pub currency: String,
    /// When something last counted as activity; `None`: never, and then entering the stage counts.
    pub last_activity_at: Option<DateTime<Utc>>,
    /// Since when it has been silent: the latest of its activity, its entering the stage, its
    /// creation and the end of its snooze.
    pub idle_since: DateTime<Utc>,
    /// For how many days, of 24 hours, it may be.
    pub threshold_days: i32,
    /// When it stalled: `idle_since` plus the threshold.
    pub stalled_since: DateTime<Utc>,
    /// Civil dates between `idle_since` and today, by the tenant's calendar: what a person would say,
    /// and not what decides.
    pub days_since_activity: i64,
    /// How long it has been silent in thresholds, to four decimals: 2 is twice as long as allowed. The
    /// list is in order of this.
    pub overdue_ratio: Decimal,
    /// Every reason to look at it, the silence first.
    pub why: Vec<Why>,
    /// Why it gets no automatic follow-up now, though it is stalled; `None`: it does.
    pub not_claimable: Option<NotClaimable>,
}

impl StalledDeal {
    /// By how much it is over its threshold.
    #[must_use]
    pub fn overdue_by(&self, now: DateTime<Utc>) -> TimeDelta {
        now - self.stalled_since
    }
}

/// A reason to look at a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Nothing has happened for longer than it may.
    Idle,
    /// A step was planned, and its time has passed.
    MissedFollowUp {
        /// When it was to be.
        planned: DateTime<Utc>,
    },
    /// It should have been closed by now.
    OverdueClose {
        /// The last day of those on which that was expected.
        expected: NaiveDate,
    },
}

/// Why a stalled deal is reported but not followed up by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotClaimable {
    /// Somebody switched that off for the deal.
    FollowUpsOff,
    /// It has had as many as its stage allows.
    Exhausted,
    /// There is no contact, or none with an e-mail address.
    NoAddress,
    /// The contact was deleted.
    ContactGone,
    /// The contact wants no more mail.
    Unsubscribed,
    /// A number of the contact's is on the do-not-call list.
    DoNotCall,
}

/// Whether one deal has stalled, and if not, why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It has.
    Stalled {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// It is won or lost.
    Closed,
    /// It, or its stage, may lie as long as it likes.
    Never,
    /// Nobody wants to hear of it.
    Snoozed {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// It has not been silent for long enough.
    Active {
        /// When it will stall if nothing happens.
        stalls_at: DateTime<Utc>,
    },
    /// A step is planned.
    FollowUpPlanned {
        /// For when.
        at: DateTime<Utc>,
    },
}

#[derive(FromQueryResult)]
#[expect(clippy::struct_excessive_bools, reason = "columns that are what they are")]
struct Row {
    id: DealId,
    title: String,
    stage: Stage,
    client_id: ClientId,
    contact_id: Option<ContactId>,
    value: Option<Decimal>,
    currency: String,
    last_activity_at: Option<DateTime<Utc>>,
    idle_since: DateTime<Utc>,
    next_follow_up_at: Option<DateTime<Utc>>,
    expected_close_date: Option<NaiveDate>,
    days: i32,
    ratio: Decimal,
    time_zone: Zone,
    auto_follow_up_enabled: bool,
    exhausted: bool,
    no_address: bool,
    gone: bool,
    unsubscribed: bool,
    listed: bool,
}

/// The open deals that have been silent for longer than they may be: the longest overdue first, in
/// thresholds rather than days; of equals the dearest first, then by id.
///
/// A deal's threshold is its own, else its stage's, else the tenant's, else the stage's default;
/// it is stalled when it has been silent for strictly longer. Left out are deals that are closed,
/// deleted, snoozed, allowed to lie, or that have a step planned for later.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000.
#[tracing::instrument(name = "deal::stalled", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn stalled(tx: &Tx, ask: &Stalled) -> Result<Page<StalledDeal, After>> {
    page::check(ask.limit)?;
    let after = ask.after.as_ref();
    let as_of = after.map_or(tx.now(), |a| a.as_of);
    input::at("after", as_of)?;
    let rows = i64::try_from(ask.limit + 1).unwrap_or(i64::MAX);
    let question = tx.ask_at(
        as_of,
        &stalled_sql(),
        [
            rows.into(),
            after.map(|a| a.idle_since).into(),
            after.map(|a| a.threshold_days).into(),
            after.map(|a| a.ratio).into(),
            after.map(|a| a.value.unwrap_or(-Decimal::ONE)).into(),
            after.map(|a| a.id).into(),
        ],
    );
    let found = Row::find_by_statement(question).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    let page = Page::new(found, ask.limit, |row| After {
        as_of,
        idle_since: row.idle_since,
        threshold_days: row.days,
        ratio: row.ratio,
        value: row.value,
        id: row.id,
    });
    let items = page.items.into_iter().map(|row| told(row, as_of)).collect::<Result<_>>()?;
    Ok(Page { items, next: page.next })
}

fn told(row: Row, now: DateTime<Utc>) -> Result<StalledDeal> {
    let zone = row.time_zone.rules().map_err(|e| Error::invalid("time_zone", e.to_string()))?;
    let today = date_at(zone, now);
    let why = [
        Some(Why::Idle),
        row.next_follow_up_at.map(|planned| Why::MissedFollowUp { planned }),
        row.expected_close_date
            .filter(|expected| *expected < today)
            .map(|expected| Why::OverdueClose { expected }),
    ];
    let not_claimable = [
        (!row.auto_follow_up_enabled, NotClaimable::FollowUpsOff),
        (row.exhausted, NotClaimable::Exhausted),
        (row.no_address, NotClaimable::NoAddress),
        (row.gone, NotClaimable::ContactGone),
        (row.unsubscribed, NotClaimable::Unsubscribed),
        (row.listed, NotClaimable::DoNotCall),
    ];
    Ok(StalledDeal {
        id: row.id,
        title: row.title,
        stage: row.stage,
        client_id: row.client_id,
        contact_id: row.contact_id,
        value: row.value,
        currency: row.currency,
        last_activity_at: row.last_activity_at,
        idle_since: row.idle_since,
        threshold_days: row.days,
        stalled_since: row.idle_since + TimeDelta::days(row.days.into()),
        days_since_activity: (today - date_at(zone, row.idle_since)).num_days(),
        overdue_ratio: row.ratio.round_dp(4),
        why: why.into_iter().flatten().collect(),
        not_claimable: not_claimable.into_iter().find_map(|(is, why)| is.then_some(why)),
    })
}

/// Whether one deal has stalled, and if not, the first reason why not.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such deal.
#[tracing::instrument(name = "deal::why_not_stalled", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn why_not_stalled(tx: &Tx, id: DealId) -> Result<Answer> {
    let (now, deal) = (tx.now(), get(tx, id).await?);
    if !deal.is_open() {
        return Ok(Answer::Closed);
    }
    let Some(days) = deal_stage_config::rule_of(tx, &deal).await?.stalls_after_days else {
        return Ok(Answer::Never);
    };
    let since = deal.idle_since.unwrap_or(deal.created_at) + TimeDelta::days(days.into());
    Ok(match (deal.snoozed_until, deal.next_follow_up_at) {
        (Some(until), _) if until > now => Answer::Snoozed { until },
        _ if since >= now => Answer::Active { stalls_at: since },
        (_, Some(at)) if at > now => Answer::FollowUpPlanned { at },
        _ => Answer::Stalled { since },
    })
}

/// Records the beginning of each stall that is not recorded yet, up to `limit` of them, and says
/// how many. What happened in between is not lost: the time recorded is when the deal stalled, not
/// when the sweep came by. Each stall stays in the deal's activities.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000.
#[tracing::instrument(name = "deal::mark_stalled", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn mark_stalled(tx: &Tx, limit: u64) -> Result<u64> {
    page::check(limit)?;
    let rows = i64::try_from(limit).unwrap_or(i64::MAX);
    let marked = Marked::find_by_statement(tx.ask(&mark_sql(), [rows.into()])).all(tx).await?;
    tracing::Span::current().record("rows", marked.len());
    let stalls = marked.iter().map(|deal| deal_activity::ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(DealActivityId::new()),
        deal_id: Set(deal.id),
        activity_type: Set(deal_activity::Kind::Stalled),
        occurred_at: Set(deal.stalled_at),
        created_at: Set(tx.now()),
        ..Default::default()
    });
    // A snooze that was taken back may uncover a stall that is recorded already.
    tx.insert_new(stalls.collect()).await?;
    Ok(marked.len().try_into().unwrap_or(u64::MAX))
}

#[derive(FromQueryResult)]
struct Marked {
    id: DealId,
    stalled_at: DateTime<Utc>,
}
