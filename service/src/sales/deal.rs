//! The sales that a tenant hopes to make.
//!
//! Every function that answers a question answers it for the context's time, whatever that is.

mod follow_up;
mod silence;
mod stalled;
mod velocity;

use chrono::{DateTime, NaiveDate, Utc};
pub use entity::sales::{
    deal::{Category, Model, Stage},
    deal_activity::Kind as Activity,
};
use entity::{
    id::{ClientId, ContactId, DealActivityId, DealId, DealStageHistoryId, UserId},
    sales::{
        deal::{self, Column, Entity},
        deal_activity, deal_stage_history,
        quote::Stop,
    },
};
use rust_decimal::Decimal;
use sea_orm::{
    ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select, Set,
};
use serde::{Deserialize, Serialize};
use validator::Validate;

pub use self::{
    follow_up::{
        Claim, Tone, claim_follow_ups, follow_up_stands, record_follow_up, release_follow_up,
    },
    stalled::{
        After, Answer, NotClaimable, Stalled, StalledDeal, Why, mark_stalled, stalled,
        why_not_stalled,
    },
    velocity::{StageVelocity, velocity},
};
pub use crate::Claims;
use crate::{
    Error, Page, Result, Tx,
    customers::customer,
    input, page,
    sales::{contact, quote},
};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        follow_up::{STANDS, claim_sql},
        list_query,
        silence::{mark_sql, stalled_sql},
        velocity::VELOCITY,
    };
}

/// A deal to be opened.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// Who would buy.
    pub client_id: ClientId,
    /// The person there.
    pub contact_id: Option<ContactId>,
    /// Who looks after it.
    pub assigned_to: Option<UserId>,
    /// What it is about.
    #[validate(custom(function = input::named), length(max = 500))]
    pub title: String,
    /// More of that.
    #[validate(custom(function = input::plain), length(max = 5000))]
    pub description: Option<String>,
    /// What they would pay, in the tenant's currency; `None`: nobody knows yet.
    #[validate(custom(function = input::money))]
    pub value: Option<Decimal>,
    /// How likely that is, from 0 to 1.
    #[validate(custom(function = input::share))]
    pub probability: Decimal,
    /// When they would sign.
    #[validate(custom(function = input::date))]
    pub expected_close_date: Option<NaiveDate>,
}

impl New {
    /// A deal that only has a title, as likely as not.
    #[must_use]
    pub fn titled(client_id: ClientId, title: &str) -> Self {
        Self {
            client_id,
            contact_id: None,
            assigned_to: None,
            title: title.to_owned(),
            description: None,
            value: None,
            probability: Decimal::new(5, 1),
            expected_close_date: None,
        }
    }
}

/// Which deals to list, newest first. `None` means any.
#[derive(Clone, Debug)]
pub struct List {
    /// In this stage.
    pub stage: Option<Stage>,
    /// With this customer.
    pub client_id: Option<ClientId>,
    /// Looked after by this user.
    pub assigned_to: Option<UserId>,
    /// How many to read at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before this one ended.
    pub after: Option<Listed>,
}

/// Where a page of the list ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed(pub DealId);

impl Default for List {
    fn default() -> Self {
        Self { stage: None, client_id: None, assigned_to: None, limit: 50, after: None }
    }
}

/// Opens a deal in the first stage.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such customer, contact or user, or no more;
/// [`Error::Invalid`], also if the contact works for another customer.
#[tracing::instrument(name = "deal::open", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn open(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    customer::get(tx, &new.client_id).await?;
    if let Some(id) = new.contact_id {
        contact::get_of(tx, id, &new.client_id).await?;
    }
    let (now, id) = (tx.now(), DealId::new());
    let opened = tx
        .insert(deal::ActiveModel {
            id: Set(id),
            client_id: Set(new.client_id),
            contact_id: Set(new.contact_id),
            assigned_to: Set(new.assigned_to),
            title: Set(new.title),
            description: Set(new.description),
            value: Set(new.value),
            currency: Set(tx.tenant().await?.currency.clone()),
            probability: Set(new.probability),
            expected_close_date: Set(new.expected_close_date),
            created_by: Set(tx.context().user()),
            stage: Set(Stage::Lead),
            stage_entered_at: Set(now),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        })
        .await?;
    record_move(tx, id, None, opened.stage, None).await?;
    Ok(opened)
}

/// One deal.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such deal, or it was deleted.
#[tracing::instrument(name = "deal::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: DealId) -> Result<Model> {
    let found = tx.get::<Entity>(id).await?;
    found.filter(|deal| deal.deleted_at.is_none()).ok_or(Error::NotFound("deal"))
}

/// The tenant's deals, newest first.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000.
#[tracing::instrument(name = "deal::list", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn list(tx: &Tx, ask: &List) -> Result<Page<Model, Listed>> {
    page::check(ask.limit)?;
    let found = list_query(tx, ask).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, ask.limit, |deal| Listed(deal.id)))
}

/// Served by `deals_by_stage`, `deals_of_client` or `deals_of_assignee`, whichever is asked for,
/// and by the primary key if none is.
#[must_use]
pub fn list_query(tx: &Tx, ask: &List) -> Select<Entity> {
    tx.find::<Entity>()
        .filter(Column::DeletedAt.is_null())
        .apply_if(ask.stage, |query, stage| query.filter(Column::Stage.eq(stage)))
        .apply_if(ask.client_id.clone(), |query, id| query.filter(Column::ClientId.eq(id)))
        .apply_if(ask.assigned_to, |query, id| query.filter(Column::AssignedTo.eq(id)))
        .apply_if(ask.after, |query, Listed(id)| query.filter(Column::Id.lt(id)))
        .order_by_desc(Column::Id)
        .limit(ask.limit + 1)
}

/// Moves a deal to another stage, and records how long it was in the one it leaves. Moving it to
/// where it is changes nothing and records nothing.
///
/// It ends a stall, and starts the count of follow-ups anew. A deal that is won or lost is no
/// longer asked about its quotes, and the tasks of one that is won are done; one that is opened again
/// is new in its stage from now.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such deal; [`Error::Invalid`] if the reason is not
/// text; [`Error::Conflict`] if the deal entered its stage later than the context's time.
#[tracing::instrument(name = "deal::move_to", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn move_to(tx: &Tx, id: DealId, stage: Stage, reason: Option<&str>) -> Result<Model> {
    if let Some(reason) = reason {
        input::text("reason", reason, 500)?;
    }
    let left = locked(tx, id).await?;
    if left.stage == stage {
        return Ok(left);
    }
    let stayed = tx.now() - left.stage_entered_at;
    if stayed < chrono::TimeDelta::zero() {
        return Err(Error::conflict("the deal entered its stage later than that"));
    }
    // Before the move, so that the trigger `deal_stage_change` finds it told, with who and why.
    let days = i32::try_from(stayed.num_days()).unwrap_or(i32::MAX);
    record_move(tx, id, Some((left.stage, days)), stage, reason).await?;
    let mut row = left.into_active_model();
    row.stage = Set(stage);
    row.stage_entered_at = Set(tx.now());
    row.stalled_at = Set(None);
    row.follow_up_count = Set(0);
    row.next_follow_up_at = Set(None);
    row.follow_up_claim = Set(None);
    row.follow_up_lease_until = Set(None);
    row.updated_at = Set(tx.now());
    let closed = stage.category() != Category::Open;
    row.actual_close_date = Set(if closed { Some(tx.today().await?) } else { None });
    row.lost_reason = Set(reason.filter(|_| stage == Stage::Lost).map(str::to_owned));
    let moved = tx.update(row).await?;
    match stage.category() {
        Category::Open => {}
        Category::Won => quote::stop_for_deal(tx, id, Stop::DealWon).await?,
        Category::Lost => quote::stop_for_deal(tx, id, Stop::DealLost).await?,
    }
    Ok(moved)
}

/// The moves of a deal, latest first, its opening last.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such deal.
#[tracing::instrument(name = "deal::moves", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn moves(tx: &Tx, id: DealId) -> Result<Vec<deal_stage_history::Model>> {
    get(tx, id).await?;
    let found = tx
        .find::<deal_stage_history::Entity>() // served by deal_stage_history_of_deal
        .filter(deal_stage_history::Column::DealId.eq(id))
        .order_by_desc(deal_stage_history::Column::ChangedAt)
        .order_by_desc(deal_stage_history::Column::Id)
        .limit(page::MOST)
        .all(tx)
        .await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}

/// Records that something happened to a deal at some time up to now. Only what
/// [qualifies](Activity::qualifies) ends a silence, and then also a stall.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such deal; [`Error::Invalid`] if it is to have happened
/// in the future, or is one of the kinds that only Keel records.
#[tracing::instrument(name = "deal::record_activity", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record_activity(
    tx: &Tx,
    id: DealId,
    kind: Activity,
    happened: DateTime<Utc>,
) -> Result<Model> {
    input::at("happened", happened)?;
    if happened > tx.now() {
        return Err(Error::invalid("happened", "must not be in the future"));
    }
    if matches!(kind, Activity::FollowUp | Activity::Stalled) {
        return Err(Error::invalid("kind", "is recorded by Keel alone"));
    }
    let found = locked(tx, id).await?;
    tx.insert(deal_activity::ActiveModel {
        id: Set(DealActivityId::new()),
        deal_id: Set(id),
        activity_type: Set(kind),
        occurred_at: Set(happened),
        created_by: Set(tx.context().user()),
        created_at: Set(tx.now()),
        ..Default::default()
    })
    .await?;
    if !kind.qualifies() || found.last_activity_at.is_some_and(|last| last >= happened) {
        return Ok(found);
    }
    get(tx, id).await // as the trigger `deal_activity_update` has left it
}

/// Leaves a deal alone until some time, from which its silence counts anew. `None` ends that now.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such deal; [`Error::Conflict`] if it is closed;
/// [`Error::Invalid`] if the time is not in the future.
#[tracing::instrument(name = "deal::snooze", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn snooze(tx: &Tx, id: DealId, until: Option<DateTime<Utc>>) -> Result<Model> {
    if let Some(until) = until {
        input::at("until", until)?;
        if until <= tx.now() {
            return Err(Error::invalid("until", "must be in the future"));
        }
    }
    let found = locked(tx, id).await?;
    if !found.is_open() {
        return Err(Error::conflict("the deal is closed"));
    }
    let mut row = found.into_active_model();
    row.snoozed_until = Set(until);
    row.stalled_at = Set(None);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// The deal, which nobody else can change until the transaction ends. Whoever also needs one of its
/// quotes takes the deal first, so that two who need both do not wait for each other.
async fn locked(tx: &Tx, id: DealId) -> Result<Model> {
    find_locked(tx, id).await?.ok_or(Error::NotFound("deal"))
}

pub(crate) async fn find_locked(tx: &Tx, id: DealId) -> Result<Option<Model>> {
    let found = tx
        .find::<Entity>()
        .filter(Column::Id.eq(id))
        .filter(Column::DeletedAt.is_null())
        .lock_exclusive()
        .one(tx)
        .await?;
    Ok(found)
}

/// `from`: the stage that was left, and the days spent in it.
async fn record_move(
    tx: &Tx,
    deal: DealId,
    from: Option<(Stage, i32)>,
    to: Stage,
    reason: Option<&str>,
) -> Result<()> {
    let row = deal_stage_history::ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(DealStageHistoryId::new()),
        deal_id: Set(deal),
        from_stage: Set(from.map(|(stage, _)| stage)),
        to_stage: Set(to),
        changed_at: Set(tx.now()),
        changed_by: Set(tx.context().user()),
        reason: Set(reason.map(str::to_owned)),
        days_in_previous_stage: Set(from.map(|(_, days)| days)),
        created_at: Set(tx.now()),
    };
    tx.insert_many(vec![row]).await
}
