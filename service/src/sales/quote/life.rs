//! What happens to a quote between the draft and its end.

use chrono::Days;
use entity::{
    id::{ContactId, DealId, QuoteActivityId, QuoteId, QuoteOutcomeId},
    sales::{
        deal_activity,
        quote::{ActiveModel, Column, Entity},
        quote_activity::{self, Kind},
        quote_outcome,
    },
    zone::day_start,
};
use rust_decimal::Decimal;
use sea_orm::{
    ActiveEnum, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
};
use validator::Validate;

use super::{
    Model, Note, Outcome, Status, Stop,
    cadence::{Calendar, MAX_FOLLOW_UPS},
    get, locked, note,
};
use crate::{
    Error, Result, Tx, input,
    sales::{contact, deal},
};

/// What the buyer answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// Yes.
    Accepted,
    /// No.
    Rejected,
    /// Yes, if.
    Countered,
    /// Something else: the quote stays open, and a person goes on.
    Replied,
}

/// Who looked at a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Whom it was made for.
    Buyer,
    /// One of us.
    Staff,
    /// A program that follows links.
    Bot,
}

/// A look at a quote.
#[derive(Clone, Debug, Validate)]
pub struct View {
    /// The session that it was part of: a session is counted once.
    #[validate(custom(function = input::named), length(max = 200))]
    pub session: String,
    /// Who looked. Only the buyer counts.
    pub viewer: Viewer,
}

/// What came of a quote.
#[derive(Clone, Debug, Validate)]
pub struct OutcomeOf {
    /// What, in a word.
    pub outcome: Outcome,
    /// The main reason.
    #[validate(custom(function = input::plain), length(max = 500))]
    pub primary_reason: Option<String>,
    /// Who got it instead.
    #[validate(custom(function = input::plain), length(max = 200))]
    pub competitor: Option<String>,
    /// For how much, in the quote's currency.
    #[validate(custom(function = input::money))]
    pub competitor_amount: Option<Decimal>,
    /// Anything else.
    #[validate(custom(function = input::plain), length(max = 5000))]
    pub notes: Option<String>,
}

impl OutcomeOf {
    /// An outcome without a reason.
    #[must_use]
    pub fn plain(outcome: Outcome) -> Self {
        Self {
            outcome,
            primary_reason: None,
            competitor: None,
            competitor_amount: None,
            notes: None,
        }
    }
}

/// Records that a draft went out, and plans its first follow-up. The version that it replaces is
/// followed up no more.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such quote, or its contact was deleted;
/// [`Error::Conflict`] if it is no draft, or the version that it replaces was accepted;
/// [`Error::Invalid`] if it has no contact with an e-mail address, or is out of date.
#[tracing::instrument(name = "quote::send", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn send(tx: &Tx, id: QuoteId) -> Result<Model> {
    let draft = locked(tx, id).await?;
    if !matches!(draft.status, Status::Draft | Status::PendingApproval) {
        return Err(Error::conflict("the quote was sent already"));
    }
    if draft.superseded_at.is_some() {
        return Err(Error::conflict("a newer version was sent"));
    }
    let today = tx.today().await?;
    if draft.valid_until.is_some_and(|last| last < today) {
        return Err(Error::invalid("valid_until", "has passed"));
    }
    let to = match draft.contact_id {
        Some(contact) => contact::get(tx, contact).await?,
        None => return Err(Error::invalid("contact_id", "somebody must get it")),
    };
    if to.email.is_none() {
        return Err(Error::invalid("contact_id", "has no e-mail address"));
    }
    if let Some(old) = draft.supersedes_id {
        supersede(tx, old).await?;
    }
    let next = calendar(tx, &draft).await?.after(tx.now());
    let most = draft.max_follow_ups.unwrap_or(MAX_FOLLOW_UPS);
    let mut row = draft.into_active_model();
    row.status = Set(Status::Sent);
    row.sent_at = Set(Some(tx.now()));
    row.next_follow_up_at = Set(next);
    row.updated_at = Set(tx.now());
    let stop = match next {
        _ if to.unsubscribed_at.is_some() => Some(Stop::Unsubscribed),
        _ if most == 0 => Some(Stop::Exhausted),
        None => Some(Stop::MissedWindow),
        Some(_) => None,
    };
    note(tx, id, Kind::Sent, Note::default()).await?;
    stopping(tx, id, row, stop).await
}

/// Where and how long the quote's clock runs.
pub(super) async fn calendar(tx: &Tx, quote: &Model) -> Result<Calendar> {
    let ours = tx.zone().await?;
    let theirs = match quote.contact_id {
        Some(id) => tx.get::<entity::sales::contact::Entity>(id).await?.and_then(|c| c.time_zone),
        None => None,
    };
    let contact = theirs.and_then(|zone| zone.rules().ok()).unwrap_or(ours);
    let expires = quote.valid_until.map(|last| day_start(ours, last + Days::new(1)));
    Ok(Calendar { contact, expires })
}

async fn supersede(tx: &Tx, id: QuoteId) -> Result<()> {
    let old = locked(tx, id).await?;
    if old.status == Status::Accepted {
        return Err(Error::conflict("the version that it replaces was accepted"));
    }
    let mut row = old.into_active_model();
    row.superseded_at = Set(Some(tx.now()));
    row.updated_at = Set(tx.now());
    stopping(tx, id, row, Some(Stop::Superseded)).await.map(drop)
}

/// Records that somebody looked at a quote. Only the buyer counts, and each of their sessions once;
/// the first look brings the next follow-up nearer, and counts as activity of the deal. A look at a
/// quote that has ended is counted and changes nothing else.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such quote; [`Error::Conflict`] if it was never sent;
/// [`Error::Invalid`] if the session is empty or longer than 200 characters.
#[tracing::instrument(name = "quote::record_view", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record_view(tx: &Tx, id: QuoteId, view: View) -> Result<Model> {
    input::check(&view)?;
    // The deal before its quote, as everywhere; one that was deleted takes no part.
    let deal = match get(tx, id).await?.deal_id {
        Some(deal) => deal::find_locked(tx, deal).await?.map(|deal| deal.id),
        None => None,
    };
    let found = locked(tx, id).await?;
    if found.sent_at.is_none() {
        return Err(Error::conflict("the quote was never sent"));
    }
    if view.viewer != Viewer::Buyer || !first_in_session(tx, id, view.session).await? {
        return Ok(found);
    }
    let active = matches!(found.status, Status::Sent | Status::Viewed);
    let first = found.status == Status::Sent;
    let next = match found.next_follow_up_at {
        Some(planned) if first => {
            Some(calendar(tx, &found).await?.after_view(tx.now(), found.last_follow_up_at, planned))
        }
        planned => planned,
    };
    let count = found.view_count + 1;
    let viewed = found.viewed_at.unwrap_or(tx.now());
    let mut row = found.into_active_model();
    row.view_count = Set(count);
    row.viewed_at = Set(Some(viewed));
    row.next_follow_up_at = Set(next);
    row.updated_at = Set(tx.now());
    if first {
        row.status = Set(Status::Viewed);
    }
    if let Some(deal) = deal.filter(|_| active) {
        deal::record_activity(tx, deal, deal_activity::Kind::QuoteViewed, tx.now()).await?;
    }
    tx.update(row).await
}

async fn first_in_session(tx: &Tx, id: QuoteId, session: String) -> Result<bool> {
    let look = quote_activity::ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(QuoteActivityId::new()),
        quote_id: Set(id),
        activity_type: Set(Kind::Viewed),
        session: Set(Some(session)),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    Ok(!tx.insert_new(vec![look]).await?.is_empty())
}

/// Records the buyer's answer, which ends the follow-ups.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such quote; [`Error::Conflict`] if it is not waiting
/// for an answer: never sent, answered, expired, or replaced by a newer version.
#[tracing::instrument(name = "quote::record_response", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record_response(tx: &Tx, id: QuoteId, response: Response) -> Result<Model> {
    let found = locked(tx, id).await?;
    let today = tx.today().await?;
    if !matches!(found.status, Status::Sent | Status::Viewed) || found.superseded_at.is_some() {
        return Err(Error::conflict("the quote is not waiting for an answer"));
    }
    if found.valid_until.is_some_and(|last| last < today) && response == Response::Accepted {
        return Err(Error::conflict("the quote has expired: revise it"));
    }
    let (status, stop) = match response {
        Response::Accepted => (Status::Accepted, Stop::Accepted),
        Response::Rejected => (Status::Rejected, Stop::Rejected),
        Response::Countered => (Status::Countered, Stop::Countered),
        Response::Replied => (found.status, Stop::Replied),
    };
    let mut row = found.into_active_model();
    row.status = Set(status);
    row.responded_at = Set(Some(tx.now()));
    row.updated_at = Set(tx.now());
    let notes = Some(stop.to_value());
    note(tx, id, Kind::Response, Note { notes, ..Note::default() }).await?;
    stopping(tx, id, row, Some(stop)).await
}

/// Records what came of a quote, once. It is then accepted if it was won and rejected if not, except
/// that one which expired stays expired, unless it was won after all.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such quote; [`Error::Conflict`] if it was never sent,
/// was replaced, or has an outcome already; [`Error::Invalid`].
#[tracing::instrument(name = "quote::record_outcome", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record_outcome(tx: &Tx, id: QuoteId, came: OutcomeOf) -> Result<Model> {
    input::check(&came)?;
    let found = locked(tx, id).await?;
    if found.sent_at.is_none() || found.superseded_at.is_some() {
        return Err(Error::conflict("the quote was never sent, or was replaced"));
    }
    if found.outcome.is_some() {
        return Err(Error::conflict("the quote has an outcome already"));
    }
    tx.insert(quote_outcome::ActiveModel {
        id: Set(QuoteOutcomeId::new()),
        quote_id: Set(id),
        outcome: Set(came.outcome),
        primary_reason: Set(came.primary_reason.clone()),
        competitor: Set(came.competitor.clone()),
        our_amount: Set(Some(found.total_amount)),
        competitor_amount: Set(came.competitor_amount),
        recorded_at: Set(tx.now()),
        recorded_by: Set(tx.context().user()),
        ..Default::default()
    })
    .await?;
    let status = match (came.outcome, found.status) {
        (Outcome::Won, _) => Status::Accepted,
        (_, Status::Expired) => Status::Expired,
        _ => Status::Rejected,
    };
    let responded = found.responded_at.or(Some(tx.now()));
    let mut row = found.into_active_model();
    row.status = Set(status);
    row.outcome = Set(Some(came.outcome));
    row.outcome_reason = Set(came.primary_reason);
    row.outcome_competitor = Set(came.competitor);
    row.outcome_notes = Set(came.notes);
    row.responded_at = Set(responded);
    row.updated_at = Set(tx.now());
    let notes = Some(came.outcome.to_value());
    note(tx, id, Kind::Outcome, Note { notes, ..Note::default() }).await?;
    stopping(tx, id, row, Some(Stop::OutcomeRecorded)).await
}

/// Ends the follow-ups of a quote for a reason that only the caller knows: the mail bounced, the
/// owner said so. Where they have ended already, the first reason stands.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such quote; [`Error::Conflict`] if it is not active.
#[tracing::instrument(name = "quote::stop_follow_ups", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn stop_follow_ups(tx: &Tx, id: QuoteId, why: Stop) -> Result<Model> {
    let found = locked(tx, id).await?;
    if !matches!(found.status, Status::Sent | Status::Viewed) {
        return Err(Error::conflict("the quote is not active"));
    }
    if found.follow_up_stop.is_some() {
        return Ok(found);
    }
    stopping(tx, id, found.into_active_model(), Some(why)).await
}

/// Ends the follow-ups of a deal's quotes, when the deal is decided.
pub(crate) async fn stop_for_deal(tx: &Tx, deal: DealId, why: Stop) -> Result<()> {
    stop_all(tx, Column::DealId.eq(deal), why).await // served by quotes_of_deal
}

/// Ends the follow-ups to a contact who wants no more of them.
pub(crate) async fn stop_for_contact(tx: &Tx, contact: ContactId, why: Stop) -> Result<()> {
    stop_all(tx, Column::ContactId.eq(contact), why).await // served by quotes_of_contact
}

async fn stop_all(tx: &Tx, of: sea_orm::sea_query::SimpleExpr, why: Stop) -> Result<()> {
    let active = tx
        .find::<Entity>()
        .filter(of)
        .filter(Column::Status.is_in([Status::Sent, Status::Viewed]))
        .filter(Column::FollowUpStop.is_null())
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .all(tx)
        .await?;
    for quote in active {
        stopping(tx, quote.id, quote.into_active_model(), Some(why)).await?;
    }
    Ok(())
}

/// Writes the row, with its follow-ups ended for `why`. The first reason stands, and is noted once.
pub(super) async fn stopping(
    tx: &Tx,
    id: QuoteId,
    mut row: ActiveModel,
    why: Option<Stop>,
) -> Result<Model> {
    let Some(why) = why else { return tx.update(row).await };
    row.next_follow_up_at = Set(None);
    row.follow_up_claim = Set(None);
    row.follow_up_lease_until = Set(None);
    if row.follow_up_stop.as_ref().is_none() {
        row.follow_up_stop = Set(Some(why));
        row.follow_up_stopped_at = Set(Some(tx.now()));
        row.updated_at = Set(tx.now());
        let notes = Some(why.to_value());
        note(tx, id, Kind::Stopped, Note { notes, ..Note::default() }).await?;
    }
    tx.update(row).await
}
