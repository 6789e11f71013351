//! What leads answer to the five questions.

use entity::{
    id::LeadId,
    leads::lead_qualification::{ActiveModel, Entity},
};
use sea_orm::{IntoActiveModel, Set};
use validator::Validate;

use super::Answers;
use crate::{Result, Tx, input, leads::lead::locked};

/// What a lead answered, in points; `None`: it was not asked, or did not answer, and what was answered
/// before stays.
#[derive(Clone, Copy, Debug, Default, Validate)]
pub struct Qualify {
    /// How much they want a business of their own, 0 to 25.
    #[validate(range(min = 0, max = 25))]
    pub business_interest: Option<i32>,
    /// How they are employed, 0 to 20.
    #[validate(range(min = 0, max = 20))]
    pub employment: Option<i32>,
    /// What they mean to earn, 0 to 25.
    #[validate(range(min = 0, max = 25))]
    pub income_commitment: Option<i32>,
    /// What they have done, 0 to 15.
    #[validate(range(min = 0, max = 15))]
    pub experience: Option<i32>,
    /// Whether they decide for themselves, 0 to 15.
    #[validate(range(min = 0, max = 15))]
    pub decision_making: Option<i32>,
}

/// Writes down what a lead answered. The score is due then, and what it lost by decay comes back.
///
/// # Errors
///
/// [`Error::NotFound`](crate::Error::NotFound) if the tenant has no such lead;
/// [`Error::Invalid`](crate::Error::Invalid) if an answer is out of range.
#[tracing::instrument(name = "lead_score::qualify", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn qualify(tx: &Tx, id: LeadId, answers: Qualify) -> Result<Answers> {
    input::check(&answers)?;
    let lead = locked(tx, id).await?;
    let before = tx.get::<Entity>(id).await?;
    let kept = |of: fn(&Answers) -> Option<i32>| before.as_ref().and_then(of);
    let row = ActiveModel {
        tenant_id: Set(tx.context().tenant),
        lead_id: Set(id),
        business_interest: Set(answers.business_interest.or(kept(|a| a.business_interest))),
        employment: Set(answers.employment.or(kept(|a| a.employment))),
        income_commitment: Set(answers.income_commitment.or(kept(|a| a.income_commitment))),
        experience: Set(answers.experience.or(kept(|a| a.experience))),
        decision_making: Set(answers.decision_making.or(kept(|a| a.decision_making))),
        asked_by: Set(tx.context().user()),
        answered_at: Set(tx.now()),
    };
    let written = match before {
        Some(_) => tx.update(row).await?,
        None => tx.insert(row).await?,
    };
    let mut row = lead.into_active_model();
    row.score_due_at = Set(None);
    row.score_since = Set(None);
    row.score_decay = Set(0);
    row.updated_at = Set(tx.now());
    tx.update(row).await?;
    Ok(written)
}
