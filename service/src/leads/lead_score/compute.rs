//! Scoring all of a tenant's leads, some at a time.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    id::LeadId,
    leads::lead::{self, Column, Entity},
};
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, sea_query::Expr};

use super::{
    Cause, Class, Factors, Weights, by_hand, class, known, score,
    weights::{DEFAULT, weights},
    write,
};
use crate::{
    Error, Result, Tx,
    leads::lead::{Status, locked},
    page,
};

/// How many leads to score.
#[derive(Clone, Debug)]
pub struct Compute {
    /// How many at once, 1 to 1000.
    pub limit: u64,
}

impl Default for Compute {
    fn default() -> Self {
        Self { limit: 500 }
    }
}

/// A lead that could not be scored.
#[derive(Debug)]
pub struct Failure {
    /// Which.
    pub lead: LeadId,
    /// Why.
    pub error: Error,
}

/// What came of scoring some leads.
#[derive(Debug, Default)]
pub struct Computed {
    /// How many were looked at, with success or without. 0: none is due, or somebody else is at the
    /// rest.
    pub looked_at: usize,
    /// Of how many the score changed.
    pub changed: usize,
    /// How many of them by decay, changed or not.
    pub decayed: usize,
    /// How many there are of each class.
    pub found: HashMap<Class, usize>,
    /// Those that could not be scored. They are tried again in a day.
    pub failed: Vec<Failure>,
}

/// Served by `leads_score_due`: what changed, then what is due by time, leaving out what somebody else
/// is at. The rows are those that are locked. `$3` rows.
pub const QUEUE: &str = "
with news as materialized (
    select l.* from leads l
    where l.tenant_id = $1 and l.deleted_at is null and l.score_due_at is null
    order by l.id limit $3 for no key update skip locked
),
due as materialized (
    select l.* from leads l
    where l.tenant_id = $1 and l.deleted_at is null and l.score_due_at <= $2
    order by l.score_due_at, l.id limit $3 for no key update skip locked
)
select * from news union all select * from due limit $3";

/// A month without a contact.
pub(super) const MONTH: TimeDelta = TimeDelta::days(30);
/// For how long a lead of cold score may be silent before it is given up.
const GIVEN_UP: TimeDelta = TimeDelta::days(90);
/// From how many days after the last contact on it counts for less.
const CROSSINGS: [i64; 3] = [8, 31, 91];

/// What is to be written about a lead.
pub(super) struct Entry {
    pub lead: lead::Model,
    pub factors: Factors,
    /// How many months it has decayed for.
    pub months: i32,
    /// Whether one of them is new.
    pub decayed: bool,
    /// When it is to be looked at again.
    pub due: DateTime<Utc>,
    pub since: DateTime<Utc>,
    pub cause: Cause,
    pub reason: Option<String>,
    /// What the components counted for, if that is not the default.
    pub weights: Option<Weights>,
    /// The status that follows.
    pub becomes: Option<Status>,
}

impl Entry {
    pub(super) fn has_changed(&self) -> bool {
        self.factors.total != i64::from(self.lead.lead_score)
    }
}

/// Scores up to `limit` leads whose score is due: because something changed, because the last contact
/// counts for less from today, or because a month went by without one. Call it, each time in a
/// transaction of its own, until nobody is left: what was committed is not done again, so that a run
/// which was cut off goes on where it was, and several may run at once.
///
/// A score decays for each whole 30 days since it last changed or decayed, if the last contact is longer
/// than 30 days ago or there never was one. Leads who became customers, and those whom nobody may call,
/// are scored and do not decay. A row of history is written when the score changes.
///
/// Who turns hot becomes `qualified`, unless they are further, and whose score is cold 90 days after
/// the last contact becomes `cold`, each once, by the table of statuses.
///
/// A lead whose figures cannot be written is told of, keeps the old ones, and stops nobody else.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000; [`Error::Database`].
#[tracing::instrument(name = "lead_score::compute", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn compute(tx: &Tx, ask: &Compute) -> Result<Computed> {
    page::check(ask.limit)?;
    let rows = i64::try_from(ask.limit).unwrap_or(i64::MAX);
    let due = lead::Model::find_by_statement(tx.ask(QUEUE, [rows.into()])).all(tx).await?;
    tracing::Span::current().record("rows", due.len());
    let mut computed = Computed { looked_at: due.len(), ..Computed::default() };
    if due.is_empty() {
        return Ok(computed);
    }
    let entries = entries(tx, due, None).await?;
    let refused = tx.attempt_each(&entries, |some| Box::pin(write::write(tx, some))).await?;
    let mut refused: HashMap<_, _> = refused.into_iter().collect();
    for (place, entry) in entries.into_iter().enumerate() {
        match refused.remove(&place) {
            None => {
                computed.changed += usize::from(entry.has_changed());
                computed.decayed += usize::from(entry.decayed);
                *computed.found.entry(class(entry.factors.total)).or_default() += 1;
            }
            Some(error) => computed.failed.push(Failure { lead: entry.lead.id, error }),
        }
    }
    let failed: Vec<_> = computed.failed.iter().map(|failure| failure.lead).collect();
    if !failed.is_empty() {
        tx.update_many::<Entity>()
            .col_expr(Column::ScoreDueAt, Expr::value(tx.now() + TimeDelta::days(1)))
            .filter(Column::Id.is_in(failed))
            .exec(tx)
            .await?;
    }
    Ok(computed)
}

/// Scores one lead at once, as [`compute`] would; for after a call.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead.
#[tracing::instrument(name = "lead_score::rescore", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn rescore(tx: &Tx, id: LeadId) -> Result<Factors> {
    again(tx, id, None).await
}

/// The same, after somebody set the score, or let it go, for a reason.
pub(super) async fn again(tx: &Tx, id: LeadId, reason: Option<&str>) -> Result<Factors> {
    let lead = locked(tx, id).await?;
    let entries = entries(tx, vec![lead], reason).await?;
    write::write(tx, &entries).await?;
    let entry = entries.first().ok_or(Error::NotFound("lead"))?;
    Ok(entry.factors)
}

/// Makes every score due at once, as when the weights have changed; how many those are.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "lead_score::due_again", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn due_again(tx: &Tx) -> Result<u64> {
    let done = tx
        .update_many::<Entity>() // all of them
        .col_expr(Column::ScoreDueAt, Expr::value(None::<DateTime<Utc>>))
        .filter(Column::DeletedAt.is_null())
        .filter(Column::ScoreDueAt.is_not_null())
        .exec(tx)
        .await?;
    tracing::Span::current().record("rows", done.rows_affected);
    Ok(done.rows_affected)
}

async fn entries(tx: &Tx, leads: Vec<lead::Model>, reason: Option<&str>) -> Result<Vec<Entry>> {
    let weights = weights(tx).await?;
    let ids: Vec<_> = leads.iter().map(|lead| lead.id).collect();
    let mut known = known::of(tx, &ids).await?;
    let set = by_hand::among(tx, &ids).await?;
    let set: HashMap<_, _> = set.into_iter().map(|by| (by.lead_id, by)).collect();
    let entries = leads.into_iter().map(|lead| {
        let known = known.remove(&lead.id).unwrap_or_default().with(&lead);
        let by_hand = set.get(&lead.id);
        let months = decay(tx, &lead);
        let set = by_hand.map(|by| by.score.into());
        let factors = score(&known, &weights, months, set, tx.now()).factors;
        let mut entry = Entry {
            factors,
            months,
            decayed: months > lead.score_decay,
            due: tx.now(),
            since: tx.now(),
            cause: Cause::Computed,
            reason: reason.map(str::to_owned),
            weights: Some(weights).filter(|weights| *weights != DEFAULT),
            becomes: None,
            lead,
        };
        entry.cause = match (reason, entry.decayed) {
            (Some(_), _) => Cause::Overridden,
            (None, true) => Cause::Decayed,
            (None, false) => Cause::Computed,
        };
        if let (Some(since), false, false) =
            (entry.lead.score_since, entry.has_changed(), entry.decayed)
        {
            entry.since = since;
        }
        entry.due = next_look(tx.now(), &entry, by_hand.map(|by| by.expires_at));
        entry.becomes = becomes(tx.now(), &entry);
        entry
    });
    Ok(entries.collect())
}

/// For how many months without a contact a lead's score has decayed by now.
pub(super) fn decay(tx: &Tx, lead: &lead::Model) -> i32 {
    let now = tx.now();
    let silent = lead.last_contact_date.is_none_or(|at| now - at > MONTH);
    let months = match lead.score_since {
        Some(since) if silent && !matches!(lead.status, Status::Dnc | Status::Recruited) => {
            (now - since).num_days() / MONTH.num_days()
        }
        _ => 0,
    };
    let months = i32::try_from(months.max(0)).unwrap_or(i32::MAX);
    lead.score_decay.saturating_add(months)
}

/// When the score may be another, if nothing happens until then.
fn next_look(now: DateTime<Utc>, entry: &Entry, set_until: Option<DateTime<Utc>>) -> DateTime<Utc> {
    let crossings = CROSSINGS
        .iter()
        .filter_map(|days| entry.lead.last_contact_date.map(|at| at + TimeDelta::days(*days)));
    let looks = crossings.chain(set_until).chain([entry.since + MONTH]);
    looks.filter(|at| *at > now).min().unwrap_or(now + MONTH)
}

/// The status that follows from a score.
fn becomes(now: DateTime<Utc>, entry: &Entry) -> Option<Status> {
    use Status::{Cold, Contacted, Hot, New, Nurturing, Qualified};
    let lead = &entry.lead;
    if now < lead.status_since {
        return None;
    }
    let was = lead.lead_score_factors.as_ref().map(|_| class(lead.lead_score.into()));
    let turned = was != Some(class(entry.factors.total));
    match class(entry.factors.total) {
        Class::Hot => {
            let behind = matches!(lead.status, New | Contacted | Nurturing | Cold);
            (turned && behind).then_some(Qualified)
        }
        Class::Cold => {
            let given_up = lead.last_contact_date? + GIVEN_UP;
            // Once: not again at each later look, should somebody have brought them back.
            let first = turned || lead.status_since <= given_up;
            let open = matches!(lead.status, New | Contacted | Qualified | Nurturing | Hot);
            (now > given_up && first && open).then_some(Cold)
        }
        Class::Warm | Class::Cool => None,
    }
}
