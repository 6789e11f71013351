//! What a customer answered, and what it sets off.

use entity::{
    feedback::feedback_request::{Column, Entity},
    id::{CaseId, FeedbackRequestId},
    sales::contact,
};
use sea_orm::{ActiveEnum, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};
use validator::Validate;

use super::{
    Model, Status,
    sentiment::{Reading, read},
};
use crate::{
    Error, Result, Tx, input,
    support::case::{self, Priority},
};

/// The kind of case that an answer opens (seed 002).
const CATEGORY: &str = "service_recovery";

/// What a customer answered.
#[derive(Clone, Debug, Validate)]
pub struct Answer {
    /// In their words. They are read and, if something must be put right, handed to whoever does;
    /// the request itself keeps what they come to.
    #[validate(custom(function = input::named), length(max = 10000))]
    pub text: String,
    /// The mail in which it came, by which a second delivery of it is known; `None`: it came
    /// otherwise.
    #[validate(custom(function = input::named), length(max = 998))]
    pub response_email_id: Option<String>,
}

/// Records an answer, and what it sounds like and complains of. If it is negative, or complains of
/// two things, a case of high priority is opened for it, in the same transaction: once, since a
/// request is answered once.
///
/// An answer that comes when the request has expired is taken all the same, and marked as late. So
/// is one that comes before the request was sent or though it was skipped: the customer has said
/// what we would have asked, and is not asked any more. The same mail a second time changes nothing
/// and returns what the first did.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such request, or somebody must put something right for a
/// customer who was deleted; [`Error::Conflict`] if it was answered already, in another mail or in
/// none; [`Error::Invalid`].
#[tracing::instrument(name = "feedback_request::respond", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn respond(tx: &Tx, id: FeedbackRequestId, answer: Answer) -> Result<Model> {
    input::check(&answer)?;
    // Whoever answers the same request at this moment is waited for.
    let found = tx.find::<Entity>().filter(Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    let request = found.ok_or(Error::NotFound("feedback request"))?;
    if request.status == Status::Responded {
        let same = answer.response_email_id.is_some()
            && answer.response_email_id == request.response_email_id;
        return if same {
            Ok(request)
        } else {
            Err(Error::conflict("the request was answered already"))
        };
    }
    let reading = read(&answer.text);
    let case = if reading.needs_recovery() {
        Some(recover(tx, &request, answer.text).await?)
    } else {
        None
    };
    let is_late = request.expires_at.is_some_and(|expires| expires <= tx.now());
    let late = is_late || request.status == Status::Expired;
    // A claim stays: whoever sent the request at this moment still says so.
    let mut row = request.into_active_model();
    row.status = Set(Status::Responded);
    row.responded_at = Set(Some(tx.now()));
    row.response_email_id = Set(answer.response_email_id);
    row.response_summary = Set(Some(reading.summary()));
    let Reading { sentiment, score, issues } = reading;
    row.sentiment = Set(Some(sentiment));
    row.sentiment_score = Set(Some(score));
    row.issues = Set(issues.iter().map(ActiveEnum::to_value).collect());
    row.late = Set(late);
    row.case_created_id = Set(case);
    row.service_recovery_triggered = Set(case.is_some());
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// Opens the case. A contact who was deleted since is not named in it.
async fn recover(tx: &Tx, request: &Model, said: String) -> Result<CaseId> {
    let contact = match request.contact_id {
        Some(id) => tx.get::<contact::Entity>(id).await?,
        None => None,
    };
    let contact = contact.filter(|contact| contact.deleted_at.is_none());
    let new = case::New {
        client_id: request.client_id.clone(),
        contact_id: contact.map(|contact| contact.id),
        order_id: Some(request.order_id),
        category: CATEGORY.to_owned(),
        subject: format!("Service recovery: feedback on order {}", request.order_id),
        description: Some(said),
        priority: Priority::High,
    };
    Ok(case::open(tx, new).await?.id)
}
