//! Acting on a stalled deal, once for each step, whoever else is at it.

use chrono::{DateTime, Days, Utc};
use entity::{
    id::{ClientId, ContactId, DealActivityId, DealId},
    sales::{
        deal::{Column, Entity, Stage},
        deal_activity,
    },
    zone::instant,
};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, ExprTrait, FromQueryResult, QueryFilter, Set,
    sea_query::Expr,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::silence::{ALWAYS, RATIO, RULES, candidates};
use crate::{Claims, Error, Result, Tx, claims::lease_seconds, page, sales::deal_stage_config};

/// The right to send one follow-up to one deal, until the lease ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromQueryResult)]
pub struct Claim {
    /// Which deal.
    pub deal_id: DealId,
    /// Who would buy.
    pub client_id: ClientId,
    /// Whom to write to.
    pub contact_id: Option<ContactId>,
    /// What it is about.
    pub title: String,
    /// Where it is stuck.
    pub stage: Stage,
    /// Since when it has been there; with the attempt, what the follow-up is known by.
    pub stage_entered_at: DateTime<Utc>,
    /// Which follow-up this is, counted from 1 in each stage.
    pub attempt_no: i32,
    /// How many there are at the most.
    pub max_follow_ups: i32,
    /// Until when, by the database's clock, nobody else may claim it.
    pub lease_until: DateTime<Utc>,
    token: Uuid,
}

/// In what tone to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// The first.
    Neutral,
    /// The second.
    Reminder,
    /// The third and later ones.
    Repeated,
    /// The last that is allowed.
    Last,
}

impl Tone {
    pub(crate) fn of(attempt: i32, most: i32) -> Self {
        match attempt {
            n if n >= most => Self::Last,
            1 => Self::Neutral,
            2 => Self::Reminder,
            _ => Self::Repeated,
        }
    }
}

impl Claim {
    /// What a sender knows the message by: the same however often the step is claimed, so that a
    /// sender which has seen it before sends nothing.
    #[must_use]
    pub fn key(&self) -> String {
        let entered = self.stage_entered_at.timestamp_micros();
        format!("deal:{}:{entered}:{}", self.deal_id, self.attempt_no)
    }

    /// In what tone to write.
    #[must_use]
    pub fn tone(&self) -> Tone {
        Tone::of(self.attempt_no, self.max_follow_ups)
    }
}

/// Claims follow-ups of stalled deals, the longest overdue first. No two workers ever hold the same
/// one: what another holds is passed over, and what a dead one held is free when its lease ends.
///
/// Claimed are stalled deals of customers who are still there, whose follow-ups are on and not
/// exhausted, and whose contact has an e-mail address, has not unsubscribed and is not on the
/// do-not-call list. What hour it is at the contact's does not matter.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000, or the lease not from a second to a day.
#[tracing::instrument(name = "deal::claim_follow_ups", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn claim_follow_ups(tx: &Tx, ask: &Claims) -> Result<Vec<Claim>> {
    page::check(ask.limit)?;
    let seconds = lease_seconds(ask.lease)?;
    let rows = i64::try_from(ask.limit).unwrap_or(i64::MAX);
    // More candidates than asked for, since others may hold some of them.
    let question = tx.ask(
        &claim_sql(),
        [(rows * 4 + 64).into(), rows.into(), Uuid::now_v7().into(), seconds.into()],
    );
    let mut claimed = Claim::find_by_statement(question).all(tx).await?;
    claimed.sort_by_key(|claim| claim.deal_id);
    tracing::Span::current().record("rows", claimed.len());
    Ok(claimed)
}

/// What lets a deal be followed up as far as its people are concerned: whoever claims asks it, and so
/// does whoever is about to send.
macro_rules! reachable {
    () => {
        "d.auto_follow_up_enabled
        and (select m.deleted_at from customers m
             where m.tenant_id = $1 and m.client_id = d.client_id) is null
        and exists (
            select from contacts k where k.tenant_id = $1 and k.id = d.contact_id
              and k.email is not null and k.unsubscribed_at is null and k.deleted_at is null
              and not exists (select from dnc_list n
                              where n.tenant_id = $1 and n.removed_at is null
                                and n.phone_number in (k.phone, k.mobile)
                                and (n.expires_at is null or n.expires_at > $2)))"
    };
}

/// Served by `deals_stalled` and `deals_stalled_by_own_rule`. All conditions on the deal stand in
/// the locking part again, where Postgres tries them once more on a row that changed meanwhile: else
/// a deal that another worker has just followed up would be claimed for the step after.
///
/// `$3` candidates, `$4` rows, `$5` token, `$6` seconds.
#[must_use]
pub fn claim_sql() -> String {
    let claimable = concat!(
        "and (d.follow_up_lease_until is null or d.follow_up_lease_until < statement_timestamp())
        and not exists (select from outbox o where o.tenant_id = $1 and o.topic = 'deal_follow_up'
                          and o.subject_id = d.id and o.state in ('pending', 'dead'))
        and d.follow_up_count < (select e.most from expected e where e.stage = d.stage)
        and ",
        reachable!()
    );
    format!(
        "{RULES},
candidate as materialized (
    select d.id, d.idle_since, d.value, {RATIO} as ratio from ({}) d
    order by ratio desc, d.value desc nulls last, d.id limit $3
),
held as materialized (
    select d.id from candidate c join deals d on d.tenant_id = $1 and d.id = c.id
    where d.idle_since = c.idle_since and d.stage not in ('won', 'lost')
      and d.deleted_at is null and not d.never_stalls
      and (d.next_follow_up_at is null or d.next_follow_up_at <= $2) {claimable}
    order by c.ratio desc, c.value desc nulls last, c.id
    limit $4 for update of d skip locked
)
update deals d
set follow_up_claim = $5, follow_up_lease_until = statement_timestamp() + make_interval(secs => $6)
from held h, expected e
where d.tenant_id = $1 and d.id = h.id and e.stage = d.stage
returning d.id as deal_id, d.client_id, d.contact_id, d.title, d.stage, d.stage_entered_at,
          d.follow_up_count + 1 as attempt_no, e.most as max_follow_ups,
          d.follow_up_lease_until as lease_until, d.follow_up_claim as token",
        candidates(ALWAYS, claimable, "$3")
    )
}

/// Records that a claimed follow-up was sent, and plans the next step: as many civil days on as the
/// stage says, at the same time of day; after the last one, none. It is not activity: our own mail
/// does not end a silence.
///
/// # Errors
///
/// [`Error::NotFound`] if the deal was deleted; [`Error::Conflict`] if the claim is no longer good,
/// because the follow-up was recorded already, the lease ended and somebody else took it, or the deal
/// moved on. Nothing is written then.
#[tracing::instrument(name = "deal::record_follow_up", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record_follow_up(tx: &Tx, claim: &Claim) -> Result<()> {
    let deal = super::get(tx, claim.deal_id).await?;
    let rule = deal_stage_config::rule_of(tx, &deal).await?;
    let zone = tx.zone().await?;
    let days = Days::new(u64::try_from(rule.follow_up_interval_days).unwrap_or(3));
    let next = instant(zone, tx.now().with_timezone(&zone).naive_local() + days);
    let planned = (claim.attempt_no < rule.max_follow_ups).then_some(next);
    let done = tx
        .update_many::<Entity>()
        .col_expr(Column::FollowUpCount, Expr::value(claim.attempt_no))
        .col_expr(Column::LastFollowUpAt, Expr::value(tx.now()))
        .col_expr(Column::NextFollowUpAt, Expr::value(planned))
        .col_expr(Column::FollowUpClaim, Expr::value(None::<Uuid>))
        .col_expr(Column::FollowUpLeaseUntil, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::UpdatedAt, Expr::value(tx.now()))
        .filter(Column::Id.eq(claim.deal_id))
        .filter(Column::FollowUpClaim.eq(claim.token))
        .filter(Column::FollowUpCount.into_expr().eq(claim.attempt_no - 1))
        .filter(Column::Stage.eq(claim.stage.to_value()))
        .filter(Column::StageEnteredAt.eq(claim.stage_entered_at))
        .exec(tx)
        .await?;
    if done.rows_affected != 1 {
        return Err(Error::conflict("the claim on the follow-up is no longer good"));
    }
    tx.insert_many(vec![deal_activity::ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(DealActivityId::new()),
        deal_id: Set(claim.deal_id),
        activity_type: Set(deal_activity::Kind::FollowUp),
        occurred_at: Set(tx.now()),
        attempt_no: Set(Some(claim.attempt_no)),
        stage_entered_at: Set(Some(claim.stage_entered_at)),
        notes: Set(None),
        created_by: Set(tx.context().user()),
        created_at: Set(tx.now()),
    }])
    .await
}

/// Found by the primary key. `$3` the deal, `$4` the token, `$5` the attempt before, `$6` to whom.
pub const STANDS: &str = concat!(
    "select d.id from deals d
where d.tenant_id = $1 and d.id = $3 and d.follow_up_claim = $4 and d.follow_up_count = $5
  and d.contact_id is not distinct from $6 and d.deleted_at is null and ",
    reachable!()
);

/// Whether a claimed follow-up is still right to send: the deal is still silent, its contact is still
/// the one that was meant, and may still be written to.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "deal::follow_up_stands", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn follow_up_stands(tx: &Tx, claim: &Claim) -> Result<bool> {
    let rest = [
        claim.deal_id.into(),
        claim.token.into(),
        (claim.attempt_no - 1).into(),
        claim.contact_id.into(),
    ];
    if tx.query_one_raw(tx.ask(STANDS, rest)).await?.is_none() {
        return Ok(false);
    }
    let answer = super::why_not_stalled(tx, claim.deal_id).await?;
    Ok(matches!(answer, super::Answer::Stalled { .. }))
}

/// Gives a claim back without having sent anything, for others to take at once.
///
/// # Errors
///
/// [`Error::Conflict`] if the claim is no longer good.
#[tracing::instrument(name = "deal::release_follow_up", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn release_follow_up(tx: &Tx, claim: &Claim) -> Result<()> {
    let sql = "update deals set follow_up_claim = null, follow_up_lease_until = null
               where tenant_id = $1 and id = $3 and follow_up_claim = $4 and $2 is not null";
    let free = tx.ask(sql, [claim.deal_id.into(), claim.token.into()]);
    match tx.execute_raw(free).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(Error::conflict("the claim on the follow-up is no longer good")),
    }
}
