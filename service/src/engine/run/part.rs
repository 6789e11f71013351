//! What each step of the day consists of: parts, each of which is done in pieces until nothing is left
//! of it.

use entity::engine::{outbox::Topic, run::Step};

use sea_orm::ActiveEnum;

use super::{Decided, Limits};
use crate::{
    Result, Tx,
    compliance::{
        compliance_check,
        compliance_schedule::{self, Generate},
    },
    engine::outbox::{self, Content},
    feedback::feedback_request,
    health::pattern,
    sales::{
        contact_enrichment,
        deal::{self, Claims},
        quote,
    },
};

/// What came of one piece of a part.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// How many things were done.
    pub handled: usize,
    /// How many could not be.
    pub failed: usize,
    /// What was decided upon.
    pub decided: Vec<Decided>,
    /// Whether something may be left.
    pub more: bool,
    /// Whether it is only the limit of the hour that keeps the rest from being done.
    pub limited: bool,
}

/// A part of a step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    MarkStalled,
    FollowDealsUp,
    LookAtPatterns,
    ExpireQuotes,
    FollowQuotesUp,
    ExpireRequests,
    AskForFeedback,
    ReadSignatures,
    LapseRequests,
    LookPeopleUp,
    MakeChecks,
    Remind,
    Escalate,
    Forget,
}

/// The parts of a step, in order.
pub(super) fn parts(step: Step) -> &'static [Part] {
    match step {
        Step::Deals => &[Part::MarkStalled, Part::FollowDealsUp],
        Step::Patterns => &[Part::LookAtPatterns],
        Step::Quotes => &[Part::ExpireQuotes, Part::FollowQuotesUp],
        Step::Feedback => &[Part::ExpireRequests, Part::AskForFeedback],
        Step::Enrichment => &[Part::ReadSignatures, Part::LapseRequests, Part::LookPeopleUp],
        Step::Compliance => &[Part::MakeChecks, Part::Remind, Part::Escalate],
        Step::Day => &[Part::Forget],
        _ => &[],
    }
}

/// How many rows one piece takes on where nobody is written to.
const AT_ONCE: u64 = 500;

impl Part {
    /// Does a piece of it.
    pub(super) async fn work(self, tx: &Tx, limits: &Limits) -> Result<Piece> {
        match self {
            Self::MarkStalled => {
                let marked = deal::mark_stalled(tx, AT_ONCE).await?;
                Ok(Piece::swept(marked))
            }
            Self::LookAtPatterns => {
                let seen = pattern::analyse(tx, &pattern::Analyse::default()).await?;
                Ok(Piece { failed: seen.failed.len(), ..Piece::looked(seen.looked_at) })
            }
            Self::ExpireQuotes => {
                let expired = quote::expire(tx, AT_ONCE).await?;
                Ok(Piece::swept(expired.len().try_into().unwrap_or(u64::MAX)))
            }
            Self::ExpireRequests => {
                let expired = feedback_request::expire(tx, AT_ONCE).await?;
                Ok(Piece::swept(expired.len().try_into().unwrap_or(u64::MAX)))
            }
            Self::AskForFeedback => {
                let Some(ask) = claims(tx, limits, Topic::FeedbackRequest).await? else {
                    return Ok(Piece::limited());
                };
                let done = feedback_request::claim(tx, &ask).await?;
                let skipped = done.skipped.len();
                let claimed = done.claims.into_iter().map(|claim| {
                    let day = claim.delivery_date.date_naive();
                    (Content::FeedbackRequest(claim), format!("an order was delivered on {day}"))
                });
                let mut piece = decide(tx, &ask, claimed.collect()).await?;
                piece.handled += skipped;
                piece.more |= skipped > 0;
                Ok(piece)
            }
            Self::ReadSignatures => {
                let read = contact_enrichment::work_signatures(tx, AT_ONCE / 5).await?;
                let done = read.completed + read.skipped;
                Ok(Piece { failed: read.failed, ..Piece::looked(done + read.failed) })
            }
            Self::LapseRequests => {
                let lapsed = contact_enrichment::lapse(tx, AT_ONCE).await?;
                Ok(Piece::looked(lapsed))
            }
            Self::LookPeopleUp => {
                let Some(ask) = claims(tx, limits, Topic::EnrichmentRequest).await? else {
                    return Ok(Piece::limited());
                };
                let claimed = contact_enrichment::claim_requests(tx, &ask).await?;
                let claimed = claimed.into_iter().map(|claim| {
                    let why = format!("to be looked up: {:?}", claim.source);
                    (Content::EnrichmentRequest(claim), why)
                });
                decide(tx, &ask, claimed.collect()).await
            }
            Self::MakeChecks => {
                let made = compliance_schedule::generate_due(tx, &Generate::default()).await?;
                let (handled, failed) = (made.created.len(), made.failed.len());
                Ok(Piece { handled, failed, more: made.more, ..Piece::default() })
            }
            Self::Remind => {
                let Some(ask) = claims(tx, limits, Topic::ComplianceReminder).await? else {
                    return Ok(Piece::limited());
                };
                let claimed = compliance_check::claim_reminders(tx, &ask).await?;
                let claimed = claimed.into_iter().map(|claim| {
                    let why = owed(&claim, "reminder");
                    (Content::ComplianceReminder(claim), why)
                });
                decide(tx, &ask, claimed.collect()).await
            }
            Self::Escalate => {
                let Some(ask) = claims(tx, limits, Topic::ComplianceEscalation).await? else {
                    return Ok(Piece::limited());
                };
                let claimed = compliance_check::claim_escalations(tx, &ask).await?;
                let claimed = claimed.into_iter().map(|claim| {
                    let why = owed(&claim, "escalation");
                    (Content::ComplianceEscalation(claim), why)
                });
                decide(tx, &ask, claimed.collect()).await
            }
            Self::Forget => Ok(Piece::swept(super::forget(tx).await?)),
            Self::FollowDealsUp => {
                let Some(ask) = claims(tx, limits, Topic::DealFollowUp).await? else {
                    return Ok(Piece::limited());
                };
                let claimed = deal::claim_follow_ups(tx, &ask).await?.into_iter().map(|claim| {
                    let why = format!(
                        "in stage {:?} and silent: follow-up {} of {}",
                        claim.stage, claim.attempt_no, claim.max_follow_ups
                    );
                    (Content::DealFollowUp(claim), why)
                });
                decide(tx, &ask, claimed.collect()).await
            }
            Self::FollowQuotesUp => {
                let Some(ask) = claims(tx, limits, Topic::QuoteFollowUp).await? else {
                    return Ok(Piece::limited());
                };
                let claimed = quote::claim_follow_ups(tx, &ask).await?.into_iter().map(|claim| {
                    let why = format!(
                        "quote {} is unanswered: follow-up {} of {}",
                        claim.quote_number, claim.attempt_no, claim.max_follow_ups
                    );
                    (Content::QuoteFollowUp(claim), why)
                });
                decide(tx, &ask, claimed.collect()).await
            }
        }
    }
}

fn owed(claim: &compliance_check::Claim, step: &str) -> String {
    let (what, due, n) = (&claim.compliance_type, claim.due_on, claim.n);
    format!(
        "{what} of {} {}, due on {due}: {step} {n}",
        claim.entity_type.to_value(),
        claim.entity_id
    )
}

impl Piece {
    /// Of a sweep that is asked again until nothing is left.
    fn swept(handled: u64) -> Self {
        let handled = usize::try_from(handled).unwrap_or(usize::MAX);
        Self { handled, more: handled > 0, ..Self::default() }
    }

    fn looked(handled: usize) -> Self {
        Self { handled, more: handled > 0, ..Self::default() }
    }

    fn limited() -> Self {
        Self { limited: true, ..Self::default() }
    }
}

/// How many more may be claimed now; `None` if none.
async fn claims(tx: &Tx, limits: &Limits, topic: Topic) -> Result<Option<Claims>> {
    let left = limits.left(tx, topic).await?;
    Ok((left > 0).then(|| Claims { limit: left.min(AT_ONCE), ..Claims::default() }))
}

/// Writes down what was claimed, in the transaction in which it was.
async fn decide(tx: &Tx, ask: &Claims, claimed: Vec<(Content, String)>) -> Result<Piece> {
    let mut piece = Piece { handled: claimed.len(), ..Piece::default() };
    piece.more = !claimed.is_empty();
    debug_assert!(claimed.len() as u64 <= ask.limit);
    for (content, why) in claimed {
        if outbox::enqueue(tx, &content, &why).await? {
            piece.decided.push(Decided { topic: content.topic(), key: content.key(), why });
        }
    }
    Ok(piece)
}
