//! What each step of the day consists of: parts, each of which is done in pieces until nothing is left
//! of it.

use entity::{
    engine::{outbox::Topic, run::Step},
    zone::{date_at, week_before},
};
use sea_orm::ActiveEnum;

use super::{Decided, Limits};
use crate::{
    Claims, Result, Tx,
    compliance::{
        compliance_check,
        compliance_schedule::{self, Generate},
    },
    engine::outbox::{self, Content},
    feedback::feedback_request,
    health::{
        client_health_score::{self, Compute},
        coach_performance, daily_summary,
        intervention::{self, Due},
        pattern, weekly_pattern,
    },
    leads::{lead_assignment, lead_score},
    outreach::lead_sequence_enrollment as enrollment,
    sales::{contact_enrichment, deal, quote},
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
    /// Why the first of those could not be done, if they are to be tried again soon.
    pub error: Option<String>,
    /// Whether it is only the limit of the hour that keeps the rest from being done.
    pub limited: bool,
}

/// A part of a step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// Puts in order what Keel itself keeps.
    Sweep(Sweep),
    /// Decides upon messages of a topic.
    Decide(Topic),
}

/// What Keel itself keeps in order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sweep {
    CancelGone,
    MakeChecks,
    MarkStalled,
    LookAtPatterns,
    CloseWeek,
    ExpireRequests,
    ScoreClients,
    ExpireQuotes,
    MeasureOutcomes,
    OpenInterventions,
    ReadSignatures,
    LapseRequests,
    BuryDead,
    ScoreLeads,
    AssignWaiting,
    CloseDay,
    Forget,
}

/// The parts of a step, in order.
pub(super) fn parts(step: Step) -> &'static [Part] {
    use Part::{Decide, Sweep as Do};
    match step {
        Step::Compliance => &[
            Do(Sweep::CancelGone),
            Do(Sweep::MakeChecks),
            // What is late before what may become so: both draw on one limit.
            Decide(Topic::ComplianceEscalation),
            Decide(Topic::ComplianceReminder),
        ],
        Step::Nurture => &[Decide(Topic::NurtureStep)],
        Step::Deals => &[Do(Sweep::MarkStalled), Decide(Topic::DealFollowUp)],
        Step::Patterns => &[Do(Sweep::LookAtPatterns)],
        Step::Week => &[Do(Sweep::CloseWeek)],
        Step::Feedback => &[Do(Sweep::ExpireRequests), Decide(Topic::FeedbackRequest)],
        Step::Health => &[Do(Sweep::ScoreClients)],
        Step::Quotes => &[Do(Sweep::ExpireQuotes), Decide(Topic::QuoteFollowUp)],
        Step::Interventions => {
            &[Do(Sweep::MeasureOutcomes), Do(Sweep::OpenInterventions), Decide(Topic::Intervention)]
        }
        Step::Enrichment => &[
            Do(Sweep::BuryDead),
            Do(Sweep::ReadSignatures),
            Do(Sweep::LapseRequests),
            Decide(Topic::EnrichmentRequest),
        ],
        Step::Leads => &[Do(Sweep::ScoreLeads), Do(Sweep::AssignWaiting)],
        Step::Day => &[Do(Sweep::CloseDay), Do(Sweep::Forget)],
    }
}

/// How many rows one piece takes on.
const AT_ONCE: u64 = 500;
/// How many of those that take several statements each.
const FEW: u64 = 100;

impl Part {
    /// Does a piece of it.
    pub(super) async fn work(self, tx: &Tx, limits: &Limits) -> Result<Piece> {
        match self {
            Self::Sweep(sweep) => sweep.work(tx).await,
            Self::Decide(topic) => match limits.left(tx, topic).await? {
                0 => Ok(Piece { limited: true, ..Piece::default() }),
                left => {
                    let ask = Claims { limit: left.min(FEW), ..Claims::default() };
                    decide(tx, claimed(tx, topic, &ask).await?).await
                }
            },
        }
    }
}

impl Sweep {
    async fn work(self, tx: &Tx) -> Result<Piece> {
        let rows = |count: usize| Piece { handled: count, more: count > 0, ..Piece::default() };
        let swept = |count: u64| rows(usize::try_from(count).unwrap_or(usize::MAX));
        Ok(match self {
            Self::CancelGone => swept(compliance_check::cancel_gone(tx, AT_ONCE).await?),
            Self::MakeChecks => {
                let made = compliance_schedule::generate_due(tx, &Generate::default()).await?;
                let (handled, failed) = (made.created.len(), made.failed.len());
                // What fails is tried again with the next piece that has something to do, and no more.
                let more = made.more && (made.looked_at > 0 || made.passed_over > 0);
                let error = made.failed.first().map(|(_, error)| error.told());
                Piece { handled, failed, more, error, ..Piece::default() }
            }
            Self::MarkStalled => swept(deal::mark_stalled(tx, AT_ONCE).await?),
            Self::LookAtPatterns => {
                let seen = pattern::analyse(tx, &pattern::Analyse::default()).await?;
                Piece { failed: seen.failed.len(), ..rows(seen.looked_at) }
            }
            Self::CloseWeek => {
                let coaches = coach_performance::close(tx, tx.today().await?).await?;
                let zone = tx.zone().await?;
                let monday = date_at(zone, week_before(zone, tx.now(), 1));
                weekly_pattern::close(tx, monday).await?;
                Piece { more: false, ..rows(coaches.len() + 1) }
            }
            Self::ExpireRequests => rows(feedback_request::expire(tx, AT_ONCE).await?.len()),
            Self::ScoreClients => {
                let seen = client_health_score::compute(tx, &Compute::default()).await?;
                Piece { failed: seen.failed.len(), ..rows(seen.looked_at) }
            }
            Self::ExpireQuotes => rows(quote::expire(tx, AT_ONCE).await?.len()),
            Self::MeasureOutcomes => {
                let measured = intervention::measure_outcomes(tx, AT_ONCE).await?;
                swept(measured.after_7_days + measured.after_30_days)
            }
            Self::OpenInterventions => {
                rows(intervention::open_due(tx, &Due::default()).await?.len())
            }
            Self::ReadSignatures => {
                let read = contact_enrichment::work_signatures(tx, FEW).await?;
                let seen = read.completed + read.skipped + read.failed;
                Piece { failed: read.failed, ..rows(seen) }
            }
            Self::LapseRequests => rows(contact_enrichment::lapse(tx, FEW).await?),
            Self::BuryDead => swept(outbox::bury(tx).await?),
            Self::ScoreLeads => {
                let seen = lead_score::compute(tx, &lead_score::Compute::default()).await?;
                Piece { failed: seen.failed.len(), ..rows(seen.looked_at) }
            }
            Self::AssignWaiting => rows(lead_assignment::drain(tx, FEW).await?.looked_at),
            Self::CloseDay => {
                daily_summary::close(tx, tx.today().await?).await?;
                Piece { more: false, ..rows(1) }
            }
            Self::Forget => swept(super::forget(tx).await?),
        })
    }
}

/// Steps that were claimed, each with why, and how many were given up on the way.
struct Taken {
    claimed: Vec<(Content, String)>,
    skipped: usize,
}

/// Claims steps of a topic that are due.
async fn claimed(tx: &Tx, topic: Topic, ask: &Claims) -> Result<Taken> {
    fn told<C>(claims: Vec<C>, tell: impl Fn(&C) -> String, of: fn(C) -> Content) -> Taken {
        let claimed = claims.into_iter().map(|claim| {
            let why = tell(&claim);
            (of(claim), why)
        });
        Taken { claimed: claimed.collect(), skipped: 0 }
    }
    let nth = |n: i32, most: i32| format!("follow-up {n} of {most}");
    let owed = |claim: &compliance_check::Claim| {
        let whose = claim.entity_name.as_ref().unwrap_or(&claim.entity_id);
        let what = &claim.compliance_type;
        format!(
            "{what} of {whose} is due on {}: {} {}",
            claim.due_on,
            claim.step.to_value(),
            claim.n
        )
    };
    Ok(match topic {
        Topic::DealFollowUp => told(
            deal::claim_follow_ups(tx, ask).await?,
            |c| {
                let (stage, what) = (c.stage.to_value(), &c.title);
                let nth = nth(c.attempt_no, c.max_follow_ups);
                format!("“{what}” of {} is silent in stage {stage}: {nth}", c.client_id)
            },
            Content::DealFollowUp,
        ),
        Topic::QuoteFollowUp => told(
            quote::claim_follow_ups(tx, ask).await?,
            |c| {
                let nth = nth(c.attempt_no, c.max_follow_ups);
                format!("{} to {} is unanswered: {nth}", c.quote_number, c.client_id)
            },
            Content::QuoteFollowUp,
        ),
        Topic::FeedbackRequest => {
            let done = feedback_request::claim(tx, ask).await?;
            let why = |c: &feedback_request::Claim| {
                let day = c.delivery_date.date_naive();
                format!("order {} of {} was delivered on {day}", c.order_id, c.client_id)
            };
            Taken {
                skipped: done.skipped.len(),
                ..told(done.claims, why, Content::FeedbackRequest)
            }
        }
        Topic::EnrichmentRequest => told(
            contact_enrichment::claim_requests(tx, ask).await?,
            |c| {
                let (source, n) = (c.source.to_value(), c.attempt_no);
                format!("a contact is to be looked up by {source}: attempt {n}")
            },
            Content::EnrichmentRequest,
        ),
        Topic::ComplianceReminder => told(
            compliance_check::claim_reminders(tx, ask).await?,
            owed,
            Content::ComplianceReminder,
        ),
        Topic::ComplianceEscalation => told(
            compliance_check::claim_escalations(tx, ask).await?,
            owed,
            Content::ComplianceEscalation,
        ),
        Topic::NurtureStep => {
            let done = enrollment::claim(tx, ask).await?;
            let passed = done.looked_at() - done.claims.len();
            let why = |c: &enrollment::Claim| {
                let (step, channel) = (c.step, c.channel.to_value());
                format!("step {step} of a sequence, by {channel}: {}", c.template_id)
            };
            Taken { skipped: passed, ..told(done.claims, why, Content::NurtureStep) }
        }
        Topic::Intervention => told(
            intervention::claim(tx, ask).await?,
            |c| {
                let why = c.why.as_deref().unwrap_or("recommended");
                let whom = c.client_name.as_deref().unwrap_or("a client");
                format!("{} for {whom}: {why}", c.intervention_type.to_value())
            },
            Content::Intervention,
        ),
    })
}

/// Writes down what was claimed, in the transaction in which it was.
async fn decide(tx: &Tx, Taken { claimed, skipped }: Taken) -> Result<Piece> {
    let handled = claimed.len() + skipped;
    let mut piece = Piece { handled, more: handled > 0, ..Piece::default() };
    for (content, why) in claimed {
        let why: String = why.chars().take(outbox::WHY).collect();
        if outbox::enqueue(tx, &content, &why).await? {
            piece.decided.push(Decided { topic: content.topic(), key: content.key(), why });
        }
    }
    Ok(piece)
}
