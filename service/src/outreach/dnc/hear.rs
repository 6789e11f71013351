//! What is heard on a call or read in a message, and acted upon before anything else is.

use entity::{
    id::OptOutReviewId,
    outreach::opt_out_review::{self, Column, Grade, State},
};
use sea_orm::{ColumnTrait, QueryFilter, Set, sea_query::Expr};
use validator::Validate;

use super::{Lock, Medium, New, REQUESTED, add, detect, lock, parse};
use crate::{Actor, Error, Result, Tx, input};

/// Something that somebody said or wrote to us.
#[derive(Clone, Debug, Validate)]
pub struct Heard {
    /// Who said it: their number, as it was given.
    #[validate(length(max = 64, message = "not a telephone number"))]
    pub number: String,
    /// What they said.
    pub text: String,
    /// Whether it is a message or speech.
    pub medium: Medium,
    /// Where it was heard: `call_transcript`, `sms`.
    #[validate(custom(function = input::named), length(max = 100))]
    pub source: String,
    /// The call or the message.
    #[validate(custom(function = input::named), length(max = 200))]
    pub reference: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hearing {
    /// It is about something else.
    Nothing,
    /// It may be a request not to be called, and waits for a person.
    ForReview(OptOutReviewId),
    /// It is one: the number is listed, by this entry. Where a program heard it, a person looks at it
    /// as well, and may [dismiss](crate::outreach::opt_out_review::dismiss) it.
    Listed {
        /// The entry of the list.
        entry: super::Model,
        /// What a person is to look at; `None` if it was a person who heard it.
        review: Option<OptOutReviewId>,
    },
}

/// Looks for a request not to be called in what somebody said. A certain one takes effect at once, in
/// this transaction, with the words as evidence; what may be one is written down for a person.
/// The same words of the same number wait once.
///
/// # Errors
///
/// [`Error::Invalid`] if the number cannot be read.
#[tracing::instrument(name = "dnc::hear", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn hear(tx: &Tx, heard: &Heard) -> Result<Hearing> {
    input::check(heard)?;
    let Some(parsed) = parse(tx, &heard.number).await? else {
        return Err(Error::invalid("number", "not a telephone number"));
    };
    let Some(found) = detect(&heard.text, heard.medium) else { return Ok(Hearing::Nothing) };
    // Evidence is text that a database can keep.
    let plain = |text: &str, most: usize| -> String {
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect()
    };
    let phrase = plain(found.phrase, 200);
    let entry = match found.grade {
        Grade::Review => None,
        Grade::Certain => {
            let new = New {
                source: Some(heard.source.clone()),
                detected_phrase: Some(phrase.clone()),
                ..New::for_good(&heard.number, REQUESTED)
            };
            let entry = add(tx, new).await?;
            if matches!(tx.context().actor, Actor::User(_)) {
                return Ok(Hearing::Listed { entry, review: None });
            }
            Some(entry)
        }
    };
    lock(tx, &parsed.phone, Lock::Change).await?;
    let row = opt_out_review::ActiveModel {
        id: Set(OptOutReviewId::new()),
        phone_number: Set(parsed.phone.clone()),
        phrase: Set(phrase.clone()),
        excerpt: Set(plain(around(&heard.text, found.phrase), 1000)),
        grade: Set(found.grade),
        source: Set(heard.source.clone()),
        reference: Set(heard.reference.clone()),
        heard_by: Set(tx.context().actor.to_string()),
        heard_at: Set(tx.now()),
        dnc_id: Set(entry.as_ref().map(|entry| entry.id)),
        state: Set(State::Pending),
        ..Default::default()
    };
    let id = match tx.insert_new(vec![row]).await?.pop() {
        Some(new) => new.id,
        None => waiting(tx, &parsed.phone, &phrase, found.grade).await?,
    };
    Ok(match entry {
        Some(entry) => Hearing::Listed { entry, review: Some(id) },
        None => Hearing::ForReview(id),
    })
}

/// The same words of the same number, that wait already; served by `opt_out_reviews_pending`.
async fn waiting(
    tx: &Tx,
    phone: &entity::phone::Phone,
    phrase: &str,
    grade: Grade,
) -> Result<OptOutReviewId> {
    let same = tx
        .find::<opt_out_review::Entity>()
        .filter(Column::PhoneNumber.eq(phone.as_str()))
        .filter(Column::Phrase.eq(phrase))
        .filter(Column::Grade.eq(grade))
        .filter(Expr::cust("state = 'pending'"));
    Ok(same.one(tx).await?.ok_or(Error::NotFound("review"))?.id)
}

/// The words and some of what stands around them.
fn around<'a>(text: &'a str, phrase: &str) -> &'a str {
    const ROOM: usize = 300;
    let Some(at) = text.find(phrase) else { return text };
    let from = text.floor_char_boundary(at.saturating_sub(ROOM));
    let to = text.ceil_char_boundary((at + phrase.len() + ROOM).min(text.len()));
    text.get(from..to).unwrap_or(text)
}
