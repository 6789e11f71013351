//! Signs that there is something to win or to lose, and what was done about them.
//!
//! What is stored as a sign's strength are the numbers of the database's function, so that one list
//! can be in order of it; the detector's own stay beside it.

mod detect;
mod rates;
mod strength;
mod unactioned;

pub use entity::sales::opportunity_signal::{Context, Model, SignalType, SourceType};
use entity::{
    id::{ClientId, ContactId, OpportunitySignalId},
    sales::{
        contact::Model as Contact,
        opportunity_signal::{self, Column, Entity},
    },
};
use sea_orm::{ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use validator::Validate;

pub use self::{
    detect::{Detected, detect},
    rates::{Rates, TypeRates, rates},
    strength::{HIGH, context_of, is_high, strength, strength_of},
    unactioned::{After, LEAST_STRENGTH, Unactioned, Waiting, unactioned},
};
use crate::{
    Error, Result, Tx,
    customers::customer,
    input,
    sales::{contact, contact_enrichment::signature::Role},
};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{rates::RATES, unactioned::UNACTIONED};
}

/// Where signs are looked for.
#[derive(Clone, Debug, Validate)]
pub struct Source {
    /// What it is.
    pub source_type: SourceType,
    /// What it is called: the message's id. The same source gives each type once.
    #[validate(custom(function = input::named), length(max = 200))]
    pub source_id: String,
    /// Whose it is; `None`: the contact's company, if there is a contact.
    pub client_id: Option<ClientId>,
    /// Who said it.
    pub contact_id: Option<ContactId>,
}

impl Source {
    /// A message of a contact.
    #[must_use]
    pub fn email(source_id: &str, contact_id: ContactId) -> Self {
        Self {
            source_type: SourceType::Email,
            source_id: source_id.to_owned(),
            client_id: None,
            contact_id: Some(contact_id),
        }
    }
}

/// A sign that somebody saw.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// Where.
    #[validate(nested)]
    pub source: Source,
    /// Of what.
    pub signal_type: SignalType,
    /// What its strength depends on besides.
    pub context: Context,
    /// The words that it was seen in.
    #[validate(custom(function = input::named), length(max = 2000))]
    pub extracted_text: Option<String>,
}

/// What was done about a sign.
#[derive(Clone, Debug, Validate)]
pub struct Action {
    /// What: `called`, `offer_sent`.
    #[validate(custom(function = input::named), length(max = 200))]
    pub taken: String,
    /// What came of it.
    #[validate(custom(function = input::named), length(max = 2000))]
    pub result: Option<String>,
}

/// Records a sign that somebody saw. If the source has given one of the type already, that is the
/// answer, as it was, and nothing is written.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such customer or contact; [`Error::Invalid`], also if the
/// contact works for another customer, or the context counts below zero.
#[tracing::instrument(name = "opportunity_signal::record", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new.source)?;
    input::check(&new)?;
    let context = &new.context;
    if context.keyword_count.is_some_and(|count| count < 0) {
        return Err(Error::invalid("keyword_count", "must not be below 0"));
    }
    if context.words.len() > 100
        || context.words.iter().any(|w| input::plain(w).is_err() || w.len() > 500)
    {
        return Err(Error::invalid(
            "words",
            "must be at most 100, short and without control characters",
        ));
    }
    if let Some(strength) = &context.detector_strength {
        input::share(strength)
            .map_err(|e| Error::invalid("detector_strength", e.message.unwrap_or_default()))?;
    }
    let (client, _) = whose(tx, &new.source).await?;
    let seen = vec![(new.signal_type, new.context, new.extracted_text)];
    let recorded = write(tx, &new.source, client, seen).await?;
    recorded.into_iter().next().ok_or(Error::NotFound("signal"))
}

/// Looks for signs in what a customer wrote or said, and records those that it has not found in this
/// source before; all of the types that it found, strongest first.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such customer or contact; [`Error::Invalid`], also if the
/// contact works for another customer.
#[tracing::instrument(name = "opportunity_signal::detect_in", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn detect_in(tx: &Tx, source: &Source, text: &str) -> Result<Vec<Model>> {
    input::check(source)?;
    let (client, contact) = whose(tx, source).await?;
    let title = contact.as_ref().and_then(|contact| contact.title.as_deref());
    let decides = title.map(|title| Role::of(title) == Role::DecisionMaker);
    let seen = |found: Detected| {
        let context = Context {
            keyword_count: i32::try_from(found.words.len()).ok(),
            is_decision_maker: decides,
            detector_strength: Some(found.strength),
            words: found.words,
        };
        (found.signal_type, context, Some(found.excerpt).filter(|text| !text.is_empty()))
    };
    let seen: Vec<_> = detect(text).into_iter().map(seen).collect();
    let recorded = write(tx, source, client, seen).await?;
    tracing::Span::current().record("rows", recorded.len());
    Ok(recorded)
}

/// The customer and the contact that a source says.
async fn whose(tx: &Tx, source: &Source) -> Result<(Option<ClientId>, Option<Contact>)> {
    let contact = match (source.contact_id, &source.client_id) {
        (None, None) => return Ok((None, None)),
        (None, Some(client)) => {
            customer::get(tx, client).await?;
            return Ok((Some(client.clone()), None));
        }
        (Some(id), Some(client)) => {
            customer::get(tx, client).await?;
            contact::get_of(tx, id, client).await?
        }
        (Some(id), None) => contact::get(tx, id).await?,
    };
    Ok((Some(contact.client_id.clone()), Some(contact)))
}

async fn write(
    tx: &Tx,
    source: &Source,
    client: Option<ClientId>,
    seen: Vec<(SignalType, Context, Option<String>)>,
) -> Result<Vec<Model>> {
    if seen.is_empty() {
        return Ok(vec![]);
    }
    let types: Vec<SignalType> = seen.iter().map(|(signal_type, ..)| *signal_type).collect();
    let rows = seen.into_iter().map(|(signal_type, context, extracted_text)| {
        opportunity_signal::ActiveModel {
            tenant_id: Set(tx.context().tenant),
            id: Set(OpportunitySignalId::new()),
            source_type: Set(source.source_type),
            source_id: Set(source.source_id.clone()),
            client_id: Set(client.clone()),
            contact_id: Set(source.contact_id),
            signal_type: Set(signal_type),
            signal_strength: Set(strength(signal_type, &context)),
            extracted_text: Set(extracted_text),
            context: Set(context),
            created_at: Set(tx.now()),
            updated_at: Set(tx.now()),
            ..Default::default()
        }
    });
    tx.insert_new(rows.collect()).await?;
    let found = tx
        .find::<Entity>() // served by opportunity_signals_once
        .filter(Column::SourceType.eq(source.source_type))
        .filter(Column::SourceId.eq(source.source_id.clone()))
        .filter(Column::SignalType.is_in(types))
        .order_by_asc(Column::StrengthGap)
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .all(tx)
        .await?;
    Ok(found)
}

/// One of them.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such signal.
#[tracing::instrument(name = "opportunity_signal::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: OpportunitySignalId) -> Result<Model> {
    tx.get::<Entity>(id).await?.ok_or(Error::NotFound("signal"))
}

/// Records what was done about a sign, by whom and when. That is done once.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such signal; [`Error::Conflict`] if something was done
/// about it already; [`Error::Invalid`].
#[tracing::instrument(name = "opportunity_signal::action", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn action(tx: &Tx, id: OpportunitySignalId, action: Action) -> Result<Model> {
    input::check(&action)?;
    let found = tx.find::<Entity>().filter(Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    let found = found.ok_or(Error::NotFound("signal"))?;
    if found.actioned {
        return Err(Error::conflict("something was done about it already"));
    }
    let mut row = found.into_active_model();
    row.actioned = Set(true);
    row.actioned_at = Set(Some(tx.now()));
    row.actioned_by = Set(tx.context().user());
    row.action_taken = Set(Some(action.taken));
    row.action_result = Set(action.result);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}
