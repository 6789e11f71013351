//! What a tenant offers to its customers, from the draft to what came of it.

mod cadence;
mod expiry;
mod follow_up;
mod life;
mod win_rate;

use chrono::NaiveDate;
pub use entity::sales::quote::{Intel, LineItem, LineItems, Model, Outcome, Status, Stop};
use entity::{
    id::{ClientId, ContactId, DealId, QuoteActivityId, QuoteId},
    sales::{
        quote::{self, Column, Entity},
        quote_activity::{self, Kind},
    },
};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use validator::{Validate, ValidationError};

pub use self::{
    cadence::{AFTER_VIEW_DAYS, DELAY_DAYS, LEAST_GAP_DAYS, MAX_FOLLOW_UPS, WORKING_HOURS},
    expiry::expire,
    follow_up::{
        After, Claim, Due, DueQuote, claim_follow_ups, follow_up_stands, follow_ups_due,
        record_follow_up, release_follow_up,
    },
    life::{
        OutcomeOf, Response, View, Viewer, record_outcome, record_response, record_view, send,
        stop_follow_ups,
    },
    win_rate::{Rates, WinRates, win_rates},
};
use crate::{
    Error, Result, Tx,
    customers::customer,
    input,
    sales::{contact, deal},
};
pub(crate) use life::{stop_for_contact, stop_for_deal};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        expiry::EXPIRE,
        follow_up::{CLAIM, DUE, STANDS},
        win_rate::WIN_RATES,
    };
}

/// A quote to be drafted.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// For whom.
    pub client_id: ClientId,
    /// The person there that it is sent to.
    pub contact_id: Option<ContactId>,
    /// The deal that it belongs to.
    pub deal_id: Option<DealId>,
    /// What it is about.
    #[validate(custom(function = input::named), length(max = 500))]
    pub title: String,
    /// More of that.
    #[validate(custom(function = input::plain), length(max = 5000))]
    pub description: Option<String>,
    /// For how much, in the tenant's currency.
    #[validate(custom(function = total))]
    pub total_amount: Decimal,
    /// For what. Each line adds up; that they add up to the total is not asked, since a discount or
    /// a tax may stand between.
    #[validate(custom(function = lines))]
    pub line_items: Vec<LineItem>,
    /// The last day on which it can be accepted, by the tenant's calendar; `None`: no such day.
    #[validate(custom(function = input::date))]
    pub valid_until: Option<NaiveDate>,
    /// How many follow-ups it gets at most; `None`: 5.
    #[validate(range(min = 0, max = 100))]
    pub max_follow_ups: Option<i32>,
}

impl New {
    /// A quote over an amount that says nothing else.
    #[must_use]
    pub fn over(client_id: ClientId, title: &str, total_amount: Decimal) -> Self {
        Self {
            client_id,
            contact_id: None,
            deal_id: None,
            title: title.to_owned(),
            description: None,
            total_amount,
            line_items: vec![],
            valid_until: None,
            max_follow_ups: None,
        }
    }
}

/// What a new version says in place of the old one. `None` keeps what it said.
#[derive(Clone, Debug, Default, Validate)]
pub struct Revision {
    /// What it is about.
    #[validate(custom(function = input::named), length(max = 500))]
    pub title: Option<String>,
    /// For how much.
    #[validate(custom(function = total))]
    pub total_amount: Option<Decimal>,
    /// For what.
    #[validate(custom(function = lines))]
    pub line_items: Option<Vec<LineItem>>,
    /// The last day on which it can be accepted. Not kept: an old offer's day says nothing about
    /// a new one's.
    #[validate(custom(function = input::date))]
    pub valid_until: Option<NaiveDate>,
}

fn total(amount: &Decimal) -> Result<(), ValidationError> {
    input::money(amount)?;
    if *amount > Decimal::from(999_999_999) {
        return Err(ValidationError::new("range").with_message("must not exceed 999999999".into()));
    }
    Ok(())
}

fn lines(items: &[LineItem]) -> Result<(), ValidationError> {
    let refuse = |why: &'static str| Err(ValidationError::new("lines").with_message(why.into()));
    if items.len() > 100 {
        return refuse("must not be more than 100");
    }
    for item in items {
        input::named(&item.description)?;
        if item.description.chars().count() > 500 || item.quantity.is_sign_negative() {
            return refuse("must have short descriptions, and quantities not below 0");
        }
        input::money(&item.total)?;
        if item.quantity.checked_mul(item.unit_price) != Some(item.total) {
            return refuse("each total must be its quantity times its unit price");
        }
    }
    Ok(())
}

/// Drafts a quote under the tenant's next number of this year.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such customer, contact or deal, or no more;
/// [`Error::Invalid`], also if contact or deal are another customer's.
#[tracing::instrument(name = "quote::create", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn create(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    customer::get(tx, &new.client_id).await?;
    if let Some(id) = new.contact_id {
        contact::get_of(tx, id, &new.client_id).await?;
    }
    if let Some(id) = new.deal_id
        && deal::get(tx, id).await?.client_id != new.client_id
    {
        return Err(Error::invalid("deal_id", "is another customer's"));
    }
    let created = tx
        .insert(quote::ActiveModel {
            id: Set(QuoteId::new()),
            client_id: Set(new.client_id),
            contact_id: Set(new.contact_id),
            deal_id: Set(new.deal_id),
            quote_number: Set(next_number(tx).await?),
            title: Set(new.title),
            description: Set(new.description),
            total_amount: Set(new.total_amount),
            currency: Set(tx.tenant().await?.currency.clone()),
            line_items: Set(LineItems(new.line_items)),
            valid_until: Set(new.valid_until),
            max_follow_ups: Set(new.max_follow_ups),
            created_by: Set(tx.context().user()),
            created_at: Set(tx.now()),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .await?;
    note(tx, created.id, Kind::Created, Note::default()).await?;
    Ok(created)
}

/// One quote.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such quote, or it was deleted.
#[tracing::instrument(name = "quote::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: QuoteId) -> Result<Model> {
    let found = tx.get::<Entity>(id).await?;
    found.filter(|quote| quote.deleted_at.is_none()).ok_or(Error::NotFound("quote"))
}

/// Drafts the next version of a quote under the same number. The old version goes on as it is until
/// the new one is [sent](send).
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such quote; [`Error::Conflict`] if it was accepted, or
/// has a next version already; [`Error::Invalid`].
#[tracing::instrument(name = "quote::revise", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn revise(tx: &Tx, id: QuoteId, revision: Revision) -> Result<Model> {
    input::check(&revision)?;
    let old = locked(tx, id).await?;
    if old.status == Status::Accepted {
        return Err(Error::conflict("the quote was accepted"));
    }
    let lines = revision.line_items.map_or(old.line_items, LineItems);
    let drafted = tx
        .insert(quote::ActiveModel {
            id: Set(QuoteId::new()),
            client_id: Set(old.client_id),
            contact_id: Set(old.contact_id),
            deal_id: Set(old.deal_id),
            supersedes_id: Set(Some(old.id)),
            quote_number: Set(old.quote_number),
            version: Set(old.version + 1),
            title: Set(revision.title.unwrap_or(old.title)),
            description: Set(old.description),
            total_amount: Set(revision.total_amount.unwrap_or(old.total_amount)),
            currency: Set(old.currency),
            line_items: Set(lines),
            intel: Set(old.intel),
            valid_until: Set(revision.valid_until),
            max_follow_ups: Set(old.max_follow_ups),
            created_by: Set(tx.context().user()),
            created_at: Set(tx.now()),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .await?;
    note(tx, id, Kind::Revised, Note::default()).await?;
    note(tx, drafted.id, Kind::Created, Note::default()).await?;
    Ok(drafted)
}

/// The tenant's next number of the year that it is there: `Q-2026-0001`, and after 9999 as many
/// digits as it takes.
async fn next_number(tx: &Tx) -> Result<String> {
    let (year, number) = tx.next_number("quote_counters").await?;
    Ok(format!("Q-{year}-{number:04}"))
}

/// The quote, which nobody else can change until the transaction ends.
async fn locked(tx: &Tx, id: QuoteId) -> Result<Model> {
    let found = tx
        .find::<Entity>()
        .filter(Column::Id.eq(id))
        .filter(Column::DeletedAt.is_null())
        .lock_exclusive()
        .one(tx)
        .await?;
    found.ok_or(Error::NotFound("quote"))
}

/// What an entry of a quote's history says beside its kind.
#[derive(Default)]
struct Note {
    attempt_no: Option<i32>,
    notes: Option<String>,
}

async fn note(tx: &Tx, quote: QuoteId, kind: Kind, note: Note) -> Result<()> {
    tx.insert_many(vec![entry(tx, quote, kind, note)]).await
}

fn entry(tx: &Tx, quote: QuoteId, kind: Kind, note: Note) -> quote_activity::ActiveModel {
    quote_activity::ActiveModel {
        id: Set(QuoteActivityId::new()),
        quote_id: Set(quote),
        activity_type: Set(kind),
        attempt_no: Set(note.attempt_no),
        notes: Set(note.notes),
        created_by: Set(tx.context().user()),
        created_at: Set(tx.now()),
        ..Default::default()
    }
}

/// What happened to a quote, latest first.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such quote.
#[tracing::instrument(name = "quote::history", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn history(tx: &Tx, id: QuoteId) -> Result<Vec<quote_activity::Model>> {
    get(tx, id).await?;
    let found = tx
        .find::<quote_activity::Entity>() // served by quote_activities_of_quote
        .filter(quote_activity::Column::QuoteId.eq(id))
        .order_by_desc(quote_activity::Column::CreatedAt)
        .order_by_desc(quote_activity::Column::Id)
        .limit(crate::page::MOST)
        .all(tx)
        .await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}
