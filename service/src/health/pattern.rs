//! Clients who call less than they used to, or more.
//!
//! A client's calls of this week, up to now, are held against what the same part of a week has
//! usually had. What counts is a conversation: by telephone, by video or in person, that came
//! about, at the time at which it did.

mod analyse;
mod breaks;
mod judge;

use chrono::{DateTime, Utc};
pub use entity::health::{
    call_record::{CallType, Model as Call, Outcome, Status as CallStatus},
    pattern::{Model, Rule, Status},
};
use entity::{email::Email, health::call_record, id::CallRecordId};
use sea_orm::{ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};
use validator::Validate;

pub use self::{
    analyse::{Analyse, Analysed, analyse},
    breaks::{After, Break, Breaks, breaks},
    judge::{
        ABOVE_PCT, BASELINE_WEEKS, BELOW_PCT, BREAK_PCT, Judged, LEAST_EXPECTED, LEAST_WEEKS, Seen,
        judge, judge_as_seed,
    },
};
use crate::{Error, Result, Tx, input};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        analyse::{COUNTS, QUEUE, SEED_COUNTS},
        breaks::BREAKS,
    };
}

/// A call to be recorded.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// Which client.
    pub client_email: Email,
    /// The telephone system's own id, by which a call is recorded once; `None`: it has none.
    #[validate(custom(function = input::named), length(max = 200))]
    pub external_id: Option<String>,
    /// When it took place, or, if it is only planned, when it will.
    #[validate(custom(function = input::instant))]
    pub call_date: DateTime<Utc>,
    /// How the client was reached.
    pub call_type: CallType,
    /// Whether it came about.
    pub status: CallStatus,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// Who called.
    #[validate(custom(function = input::plain), length(max = 200))]
    pub executed_by: Option<String>,
    /// How long it was.
    #[validate(range(min = 0))]
    pub duration_seconds: Option<i32>,
}

impl New {
    /// A telephone call that came about.
    #[must_use]
    pub fn held(client_email: Email, call_date: DateTime<Utc>) -> Self {
        Self {
            client_email,
            external_id: None,
            call_date,
            call_type: CallType::Phone,
            status: CallStatus::Completed,
            outcome: None,
            executed_by: None,
            duration_seconds: None,
        }
    }
}

/// Records a call. One that has an id of the telephone system's and is recorded already stays as it
/// is, and the answer is the first record; except that one which was only planned becomes what came
/// of it.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant watches no such client; [`Error::Invalid`] if a call that came
/// about is to have done so in the future.
#[tracing::instrument(name = "pattern::record_call", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record_call(tx: &Tx, new: New) -> Result<Call> {
    input::check(&new)?;
    if new.status == CallStatus::Completed && new.call_date > tx.now() {
        return Err(Error::invalid("call_date", "must not be in the future"));
    }
    let again = new.clone();
    let row = call_record::ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(CallRecordId::new()),
        client_email: Set(new.client_email),
        external_id: Set(new.external_id),
        call_date: Set(new.call_date),
        call_type: Set(new.call_type),
        status: Set(new.status),
        outcome: Set(new.outcome),
        executed_by: Set(new.executed_by),
        duration_seconds: Set(new.duration_seconds),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    if let Some(call) = tx.insert_new(vec![row]).await?.pop() {
        return Ok(call);
    }
    let first = tx
        .find::<call_record::Entity>() // served by call_records_once
        .filter(call_record::Column::ExternalId.eq(again.external_id))
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or(Error::NotFound("call"))?;
    if first.status != CallStatus::Scheduled || again.status == CallStatus::Scheduled {
        return Ok(first);
    }
    let mut row = first.into_active_model();
    row.call_date = Set(again.call_date);
    row.call_type = Set(again.call_type);
    row.status = Set(again.status);
    row.outcome = Set(again.outcome);
    row.executed_by = Set(again.executed_by);
    row.duration_seconds = Set(again.duration_seconds);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}
