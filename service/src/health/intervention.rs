//! What to do about clients who call less than they used to, fall into a bad zone, or change hands.
//!
//! An intervention is logged once for each cause, sent once, and what came of it is recorded once.

mod due;
mod outcome;
mod recommend;
mod send;

pub use entity::health::intervention::{Kind, Model, Status, Trigger};
use entity::{health::intervention::Entity, id::InterventionId};

pub(crate) use self::due::{Cause, Client, log};
pub use self::{
    due::{Due, open_due},
    outcome::{Measured, OutcomeOf, dismiss, measure_outcomes, outcome_of, record_outcome},
    recommend::{Channel, Facts, Recommendation, Within, channels, recommend, within},
    send::{Claim, claim, record_sent, release, stands},
};
pub use crate::Claims;
use crate::{Error, Result, Tx};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        due::{DUE_BREAKS, DUE_ZONES, GONE},
        outcome::{AFTER_7_DAYS, AFTER_30_DAYS},
        send::CLAIM,
    };
}

/// One intervention.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such intervention.
#[tracing::instrument(name = "intervention::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: InterventionId) -> Result<Model> {
    tx.get::<Entity>(id).await?.ok_or(Error::NotFound("intervention"))
}
