//! How much is decided in an hour.

use entity::engine::outbox::Topic;

use crate::{Result, Tx, engine::outbox};

/// How many messages of each kind are decided upon in any hour, for one tenant: the numbers of seed
/// 002. What is due beyond that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Follow-ups of deals.
    pub deal_follow_ups: u64,
    /// Follow-ups of quotes.
    pub quote_follow_ups: u64,
    /// Requests for feedback.
    pub feedback: u64,
    /// People to be looked up: the seed's research.
    pub research: u64,
    /// Reminders of compliance, escalations included.
    pub compliance: u64,
    /// Escalations of compliance.
    pub escalations: u64,
    /// Interventions: the seed's e-mail.
    pub interventions: u64,
    /// Steps of nurture sequences (ours; seed 004 has limits by the day, which hold as well).
    pub nurture_steps: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deal_follow_ups: 15,
            quote_follow_ups: 10,
            feedback: 10,
            research: 10,
            compliance: 20,
            escalations: 10,
            interventions: 20,
            nurture_steps: 100,
        }
    }
}

impl Limits {
    /// How many more of a kind may be decided upon now.
    pub(super) async fn left(&self, tx: &Tx, topic: Topic) -> Result<u64> {
        let most = match topic {
            Topic::DealFollowUp => self.deal_follow_ups,
            Topic::QuoteFollowUp => self.quote_follow_ups,
            Topic::FeedbackRequest => self.feedback,
            Topic::EnrichmentRequest => self.research,
            Topic::ComplianceReminder => self.compliance,
            Topic::ComplianceEscalation => self.escalations,
            Topic::Intervention => self.interventions,
            Topic::NurtureStep => self.nurture_steps,
        };
        let mut left = most.saturating_sub(outbox::recent(tx, topic).await?);
        // Both are of one bucket.
        let other = match topic {
            Topic::ComplianceReminder => Topic::ComplianceEscalation,
            Topic::ComplianceEscalation => Topic::ComplianceReminder,
            _ => return Ok(left),
        };
        let both = outbox::recent(tx, topic).await? + outbox::recent(tx, other).await?;
        left = left.min(self.compliance.saturating_sub(both));
        Ok(left)
    }
}
