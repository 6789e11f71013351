//! What to do about a lead next.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::LeadId;
use serde::{Deserialize, Serialize};

use super::{Model, Status, get};
use crate::{Result, Tx, leads::lead_score::CALL_READY};

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Call.
    CallNow,
    /// Write a text message.
    SendSms,
    /// Plan a call.
    ScheduleCallback,
    /// Write an e-mail of those that keep somebody interested.
    NurtureEmail,
    /// Let them be.
    DropLead,
}

/// What to do about a lead, how urgent that is, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendation {
    /// What.
    pub action: Action,
    /// From 1 to 10, the most urgent.
    pub priority: i32,
    /// Why, for people.
    pub reason: String,
}

/// The tag of leads that need what we have at once (ours; seed 004 says only "immediate need").
pub const IMMEDIATE_NEED: &str = "immediate_need";

/// What to do about a lead, by the first rule of these that holds:
/// 1. nobody may call them: drop, 1;
/// 2. a score of 70 or more, or status hot: call now, 9;
/// 3. an immediate need ([`IMMEDIATE_NEED`]), or two to five days since the last contact: call now, 8;
/// 4. a score below 50, and seven days or more: nurture by e-mail, 5;
/// 5. more than thirty days: a text message, 3;
/// 6. otherwise plan a call, 5.
///
/// Days are whole ones, of 24 hours. Who was never reached has none, and a contact that is still to
/// come was today.
#[must_use]
pub fn recommendation(lead: &Model, now: DateTime<Utc>) -> Recommendation {
    let days = lead.last_contact_date.map(|at| (now - at).max(TimeDelta::zero()).num_days());
    let score = lead.lead_score;
    let is = |action, priority, reason: String| Recommendation { action, priority, reason };
    if lead.status == Status::Dnc || lead.calling_blocked {
        return is(Action::DropLead, 1, "nobody may call them".to_owned());
    }
    if i64::from(score) >= CALL_READY {
        return is(Action::CallNow, 9, format!("the score is {score}"));
    }
    if lead.status == Status::Hot {
        return is(Action::CallNow, 9, "they are about to decide".to_owned());
    }
    if lead.tags.iter().any(|tag| tag == IMMEDIATE_NEED) {
        return is(Action::CallNow, 8, "they need it at once".to_owned());
    }
    match days {
        Some(days @ 2..=5) => {
            is(Action::CallNow, 8, format!("the last contact was {days} days ago"))
        }
        Some(days @ 7..) if score < 50 => is(
            Action::NurtureEmail,
            5,
            format!("the score is {score}, and the last contact was {days} days ago"),
        ),
        Some(days @ 31..) => {
            is(Action::SendSms, 3, format!("the last contact was {days} days ago"))
        }
        Some(_) => is(Action::ScheduleCallback, 5, "nothing is urgent".to_owned()),
        None => is(Action::ScheduleCallback, 5, "they were never reached".to_owned()),
    }
}

/// What to do about a lead, and why: see [`recommendation`].
///
/// # Errors
///
/// [`Error::NotFound`](crate::Error::NotFound) if the tenant has no such lead.
#[tracing::instrument(name = "lead::recommend", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn recommend(tx: &Tx, id: LeadId) -> Result<Recommendation> {
    Ok(recommendation(&get(tx, id).await?, tx.now()))
}
