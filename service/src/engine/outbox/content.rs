//! What a message says, and what follows from its delivery.

use entity::engine::outbox::{Payload, Topic};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Error, Result, Tx,
    compliance::compliance_check,
    feedback::feedback_request,
    health::intervention,
    outreach::lead_sequence_enrollment as enrollment,
    sales::{contact_enrichment, deal, quote},
};

macro_rules! contents {
    ($($(#[$doc:meta])* $topic:ident($claim:ty) {
        subject: $subject:expr, record: $record:path, release: $release:path, stands: $stands:path,
    },)+) => {
        /// What a message says: the claim on the step that it carries out.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "topic", rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Content {
            $($(#[$doc])* $topic($claim),)+
        }

        impl Content {
            /// As it was written down.
            pub(super) fn of(topic: Topic, payload: Payload) -> Result<Self, String> {
                let Payload(json) = payload;
                match topic {
                    $(Topic::$topic => serde_json::from_value(json).map(Self::$topic),)+
                }
                .map_err(|error| format!("nobody knows what it says: {error}"))
            }

            pub(super) fn payload(&self) -> Result<serde_json::Value, serde_json::Error> {
                match self {
                    $(Self::$topic(claim) => serde_json::to_value(claim),)+
                }
            }

            /// What it is for.
            #[must_use]
            pub fn topic(&self) -> Topic {
                match self {
                    $(Self::$topic(_) => Topic::$topic,)+
                }
            }

            /// The row that it is about.
            #[must_use]
            pub fn subject(&self) -> Uuid {
                match self {
                    $(Self::$topic(claim) => {
                        let subject: fn(&$claim) -> Uuid = $subject;
                        subject(claim)
                    })+
                }
            }

            /// What its receiver knows it by.
            #[must_use]
            pub fn key(&self) -> String {
                match self {
                    $(Self::$topic(claim) => claim.key(),)+
                }
            }

            pub(super) async fn record(&self, tx: &Tx) -> Result<()> {
                match self {
                    $(Self::$topic(claim) => $record(tx, claim).await.map(drop),)+
                }
            }

            /// Gives the step back; if it has moved on, there is nothing to give.
            pub(super) async fn release(&self, tx: &Tx) -> Result<()> {
                let done = match self {
                    $(Self::$topic(claim) => $release(tx, claim).await.map(drop),)+
                };
                match done {
                    Err(Error::Conflict(_) | Error::NotFound(_)) => Ok(()),
                    done => done,
                }
            }

            pub(super) async fn stands(&self, tx: &Tx) -> Result<bool> {
                match self {
                    $(Self::$topic(claim) => $stands(tx, claim).await,)+
                }
            }
        }
    };
}

contents! {
    /// A follow-up to the contact of a stalled deal.
    DealFollowUp(deal::Claim) {
        subject: |claim| claim.deal_id.0,
        record: deal::record_follow_up,
        release: deal::release_follow_up,
        stands: deal::follow_up_stands,
    },
    /// A follow-up to the contact of a quote that was not answered.
    QuoteFollowUp(quote::Claim) {
        subject: |claim| claim.quote_id.0,
        record: quote::record_follow_up,
        release: quote::release_follow_up,
        stands: quote::follow_up_stands,
    },
    /// A request for feedback to the contact of a delivered order.
    FeedbackRequest(feedback_request::Claim) {
        subject: feedback_request::Claim::subject,
        record: feedback_request::record_sent,
        release: feedback_request::release,
        stands: feedback_request::stands,
    },
    /// A question about a contact, to whoever looks people up.
    EnrichmentRequest(contact_enrichment::Claim) {
        subject: contact_enrichment::Claim::subject,
        record: contact_enrichment::record_request,
        release: contact_enrichment::release_request,
        stands: contact_enrichment::request_stands,
    },
    /// A reminder to whoever owes a compliance check.
    ComplianceReminder(compliance_check::Claim) {
        subject: compliance_check::Claim::subject,
        record: compliance_check::record_reminder,
        release: compliance_check::release_reminder,
        stands: compliance_check::reminder_stands,
    },
    /// A word to one of the tenant's that a compliance check is late.
    ComplianceEscalation(compliance_check::Claim) {
        subject: compliance_check::Claim::subject,
        record: compliance_check::record_escalation,
        release: compliance_check::release_escalation,
        stands: compliance_check::escalation_stands,
    },
    /// What is to be done about a client, to whoever looks after them.
    Intervention(intervention::Claim) {
        subject: intervention::Claim::subject,
        record: intervention::record_sent,
        release: intervention::release,
        stands: intervention::stands,
    },
    /// A step of a nurture sequence, to a lead.
    NurtureStep(enrollment::Claim) {
        subject: enrollment::Claim::subject,
        record: enrollment::record_sent,
        release: enrollment::release,
        stands: enrollment::stands,
    },
}
