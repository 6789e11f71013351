//! Reaching each lead once for each step, whoever else is at it, or saying why not now or not at all.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::{
    id::{LeadId, LeadSequenceEnrollmentId, NurtureSequenceId},
    outreach::{
        lead_sequence_enrollment::{self, Stop},
        lead_sequence_enrollment_step::Skip,
        nurture_sequence::Channel,
    },
    phone::Phone,
    zone::day_start,
};
use sea_orm::{ActiveEnum, ConnectionTrait, DbBackend, FromQueryResult, Set, Statement};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    PER_LEAD_AND_DAY, Status, Went, advance,
    agreed::agreed,
    calendar::Place,
    get,
    judge::{Facts, Verdict, judge},
    locked,
    stop::end,
};
use crate::{
    Claims, Result, Tx,
    claims::lease_seconds,
    outreach::{dnc, nurture_sequence::settings},
    page,
};

/// The right to do one step for one lead, until the lease ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Of which enrolment.
    pub enrollment_id: LeadSequenceEnrollmentId,
    /// Whom to reach.
    pub lead_id: LeadId,
    /// Through which sequence.
    pub sequence_id: NurtureSequenceId,
    /// Which step, from 1 on.
    pub step: i32,
    /// How.
    pub channel: Channel,
    /// What the sender knows the text by.
    pub template_id: String,
    /// As the sequence has it: [`message`](super::message) puts the names in, when it is sent and not before.
    pub subject: Option<String>,
    /// The same.
    pub message: Option<String>,
    /// Until when, by the database's clock, nobody else may claim it.
    pub lease_until: DateTime<Utc>,
    token: Uuid,
}

impl Claim {
    /// What a sender knows the message by: the same however often the step is claimed, so that a
    /// sender which has seen it before sends nothing.
    #[must_use]
    pub fn key(&self) -> String {
        format!("nurture:{}:{}", self.enrollment_id, self.step)
    }

    /// The row that it is about.
    #[must_use]
    pub fn subject(&self) -> Uuid {
        self.enrollment_id.0
    }

    pub(super) fn token(&self) -> Uuid {
        self.token
    }
}

/// What became of due steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Claimed {
    /// Those that the caller may do, the longest due first.
    pub claims: Vec<Claim>,
    /// Those that were passed over, and why.
    pub skipped: Vec<(LeadSequenceEnrollmentId, Skip)>,
    /// Those that were put off, and until when: to the hours of their channel, or to the lead's next day.
    pub put_off: Vec<(LeadSequenceEnrollmentId, DateTime<Utc>)>,
    /// The enrolments that ended, and why.
    pub stopped: Vec<(LeadSequenceEnrollmentId, Stop)>,
}

impl Claimed {
    /// How many steps were looked at.
    #[must_use]
    pub fn looked_at(&self) -> usize {
        self.claims.len() + self.skipped.len() + self.put_off.len() + self.stopped.len()
    }
}

/// All that speaks for or against the step of `h`. Served by the primary keys, `dnc_list_live`,
/// `lead_sequence_enrollment_steps_of_lead`, `lead_sequence_enrollments_of_lead` and
/// `outbox_of_subject`, row by row. `$1` tenant, `$2` time, `$3` how many of a lead's last sends to pass over.
macro_rules! facts {
    () => {
        "select h.id, h.lead_id, h.sequence_id, h.current_step, h.enrolled_at, v.steps, s.on_dnc,
       l.status as lead_status, l.status_since, l.lead_score, l.phone_number, l.email,
       l.time_zone, l.calling_blocked, l.deleted_at is not null as gone,
       l.merged_into_id is not null as merged,
       (select n.expires_at is null from dnc_list n
        where n.tenant_id = $1 and n.removed_at is null and n.phone_number = l.phone_number
          and (n.expires_at is null or n.expires_at > $2) limit 1) as listed_for_good,
       (select n.expires_at from dnc_list n
        where n.tenant_id = $1 and n.removed_at is null and n.phone_number = l.phone_number
          and n.expires_at > $2 limit 1) as listed_until,
       (select x.executed_at from lead_sequence_enrollment_steps x
        where x.tenant_id = $1 and x.lead_id = h.lead_id and x.status <> 'skipped'
        order by x.executed_at desc offset $3 limit 1) as last_sent_at,
       (select true from lead_sequence_enrollments b
        where b.tenant_id = $1 and b.lead_id = h.lead_id and b.id <> h.id and b.claim is not null
          and (b.lease_until >= statement_timestamp()
               or (select true from outbox o where o.tenant_id = $1 and o.topic = 'nurture_step'
                     and o.subject_id = b.id and o.state = 'pending' limit 1))
        limit 1) as busy
from held h
join nurture_sequences s on s.tenant_id = $1 and s.id = h.sequence_id
join nurture_sequence_versions v on v.tenant_id = $1 and v.id = h.version_id
join leads l on l.tenant_id = $1 and l.id = h.lead_id"
    };
}

/// Served by `lead_sequence_enrollments_due`. The conditions on the enrolment are tried once more on a
/// row that changed after the statement began, and what they were is what comes out. `$4` rows, `$5`
/// the channels that may still be used today.
pub const DUE: &str = concat!(
    "with held as materialized (
    select e.id, e.lead_id, e.sequence_id, e.version_id, e.current_step, e.enrolled_at,
           e.next_step_scheduled_at
    from lead_sequence_enrollments e
    join nurture_sequences a on a.tenant_id = $1 and a.id = e.sequence_id and a.active
    where e.tenant_id = $1 and e.status = 'active' and e.next_step_scheduled_at <= $2
      and e.next_channel = any ($5::text[])
      and (e.lease_until is null or e.lease_until < statement_timestamp())
      and (select true from outbox o where o.tenant_id = $1 and o.topic = 'nurture_step'
             and o.subject_id = e.id and o.state in ('pending', 'dead') limit 1) is null
    order by e.next_step_scheduled_at, e.id limit $4 for update of e skip locked
)
",
    facts!(),
    "
order by h.next_step_scheduled_at, h.id"
);

/// Served by the primary key. `$4` the enrolment, `$5` the token, `$6` the step.
pub const STANDS: &str = concat!(
    "with held as materialized (
    select e.id, e.lead_id, e.sequence_id, e.version_id, e.current_step, e.enrolled_at
    from lead_sequence_enrollments e
    join nurture_sequences a on a.tenant_id = $1 and a.id = e.sequence_id and a.active
    where e.tenant_id = $1 and e.id = $4 and e.claim = $5 and e.current_step = $6
      and e.status = 'active'
)
",
    facts!()
);

/// Served by `lead_sequence_enrollment_steps_by_day`, `lead_sequence_enrollments_held` and
/// `outbox_of_subject`. `$3` when the tenant's day began.
pub const SPENT: &str = "
select c.channel,
       (select count(*) from lead_sequence_enrollment_steps x
        where x.tenant_id = $1 and x.channel = c.channel and x.executed_at >= $3
          and x.status <> 'skipped')
       + (select count(*) from lead_sequence_enrollments e
          where e.tenant_id = $1 and e.next_channel = c.channel and e.claim is not null
            and (e.lease_until >= statement_timestamp()
                 or (select true from outbox o where o.tenant_id = $1 and o.topic = 'nurture_step'
                       and o.subject_id = e.id and o.state = 'pending' limit 1))) as spent
from unnest(array['sms', 'email']) c (channel) where $2 is not null";

#[derive(FromQueryResult)]
struct Spent {
    channel: Channel,
    spent: i64,
}

/// How much may still be sent today; what is not there has no limit.
async fn allowance(tx: &Tx) -> Result<HashMap<Channel, i64>> {
    let settings = settings(tx).await?;
    let today = day_start(tx.zone().await?, tx.today().await?);
    let spent = Spent::find_by_statement(tx.ask(SPENT, [today.into()])).all(tx).await?;
    let left = spent.into_iter().map(|Spent { channel, spent }| {
        let most = match channel {
            Channel::Sms => settings.max_sms_per_day.into(),
            Channel::Email => settings.max_emails_per_day.into(),
            Channel::Call => i64::MAX,
        };
        (channel, most.saturating_sub(spent).max(0))
    });
    Ok(left.collect())
}

/// Claims due steps, the longest due first. Whether a step is still right is decided here: the lead is
/// not gone, recruited, lost or qualified since, wants to be reached so, is not asleep, has heard
/// nothing from us today, and the tenant has not sent as much today as it settled. A step that is not
/// right is not claimed, but passed over, put off or the end of its enrolment: up to about a thousand
/// on the way to as many claims as were asked for. Of an enrolment only one step is ever due, so an
/// outage is followed by one step, and the next comes so many days after it.
///
/// No two workers ever hold the same step, nor two of the same lead's: what another holds is passed
/// over, and what a dead one held is free when its lease ends. The claims of a tenant wait for each
/// other, until the transaction ends.
///
/// # Errors
///
/// [`Invalid`](crate::Error::Invalid) if the limit is not from 1 to 1000, or the lease not from a second to a day.
#[tracing::instrument(name = "lead_sequence_enrollment::claim", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn claim(tx: &Tx, ask: &Claims) -> Result<Claimed> {
    page::check(ask.limit)?;
    let seconds = lease_seconds(ask.lease)?;
    let limit = usize::try_from(ask.limit).unwrap_or(usize::MAX);
    let most = usize::try_from(page::MOST).unwrap_or(usize::MAX);
    take_turns(tx).await?;
    let dnc_stops = settings(tx).await?.respect_dnc;
    let mut left = allowance(tx).await?;
    let mut done = Claimed::default();
    while done.claims.len() < limit && done.looked_at() < most {
        let rows = i64::try_from(limit - done.claims.len()).unwrap_or(i64::MAX);
        let due = due(tx, rows, &left).await?;
        if due.is_empty() {
            break;
        }
        let mut fit: Vec<Facts> = vec![];
        let mut reached = HashSet::new();
        let agreed = agreed(tx, &due).await?;
        for (facts, agreed) in due.into_iter().zip(agreed) {
            let Some(step) = facts.step().cloned() else {
                // Only somebody who wrote past us can have brought it about.
                let found = locked(tx, facts.id).await?;
                end(tx, found, Status::Failed, Stop::DeliveryFailed, None).await?;
                done.stopped.push((facts.id, Stop::DeliveryFailed));
                continue;
            };
            let left = left.entry(step.channel).or_insert(i64::MAX);
            if *left == 0 {
                continue; // it stays due, and the channel is not asked for any more
            }
            let place = place_of(tx, &facts).await?;
            let mut verdict = judge(&facts, &step, &place, dnc_stops, tx.now());
            if verdict == Verdict::Send && !agreed {
                verdict = Verdict::Skip(Skip::NoConsent);
            }
            if verdict == Verdict::Send && reached.contains(&facts.lead_id) {
                let busy = Facts { busy: Some(true), ..facts.clone() };
                verdict = judge(&busy, &step, &place, dnc_stops, tx.now());
            }
            match verdict {
                Verdict::Send => {
                    *left -= 1;
                    reached.insert(facts.lead_id);
                    fit.push(facts);
                }
                Verdict::Wait(until) => {
                    put_off(tx, facts.id, until).await?;
                    done.put_off.push((facts.id, until));
                }
                Verdict::Skip(why) => {
                    let enrolled = get(tx, facts.id).await?;
                    advance(tx, enrolled, &facts.steps, &place, &Went::Skipped(why)).await?;
                    done.skipped.push((facts.id, why));
                }
                Verdict::End(why) => {
                    let enrolled = get(tx, facts.id).await?;
                    end(tx, enrolled, Status::Cancelled, why, None).await?;
                    done.stopped.push((facts.id, why));
                }
            }
        }
        done.claims.extend(take(tx, fit, seconds).await?);
    }
    tracing::Span::current().record("rows", done.looked_at());
    Ok(done)
}

/// Steps that are due, by channels of which something is left.
async fn due(tx: &Tx, rows: i64, left: &HashMap<Channel, i64>) -> Result<Vec<Facts>> {
    use sea_orm::Iterable;
    let open = Channel::iter().filter(|channel| left.get(channel).is_none_or(|left| *left > 0));
    let open: Vec<String> = open.map(|channel| channel.to_value()).collect();
    let values = [earlier_sends(), rows.into(), open.into()];
    Ok(Facts::find_by_statement(tx.ask(DUE, values)).all(tx).await?)
}

/// How many of a lead's last sends do not count against the next.
fn earlier_sends() -> sea_orm::Value {
    i64::try_from(PER_LEAD_AND_DAY - 1).unwrap_or_default().into()
}

async fn place_of(tx: &Tx, facts: &Facts) -> Result<Place> {
    Place::of(facts.time_zone.as_ref(), facts.phone_number.as_ref(), tx.zone().await?)
}

/// Waits for whoever claims for the tenant at this moment, who may be about to reach the same lead
/// through another sequence, or to send the last message of the day.
async fn take_turns(tx: &Tx) -> Result<()> {
    let wait = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "select pg_advisory_xact_lock(hashtextextended($1, 3))",
        [format!("nurture:{}", tx.context().tenant).into()],
    );
    tx.execute_raw(wait).await?;
    Ok(())
}

async fn put_off(tx: &Tx, id: LeadSequenceEnrollmentId, until: DateTime<Utc>) -> Result<()> {
    let row = lead_sequence_enrollment::ActiveModel {
        id: Set(id),
        next_step_scheduled_at: Set(Some(until)),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    tx.update(row).await.map(drop)
}

#[derive(FromQueryResult)]
struct Taken {
    id: LeadSequenceEnrollmentId,
    lease_until: DateTime<Utc>,
}

/// Takes steps that were found to be right, and leaves evidence that the numbers were looked up.
async fn take(tx: &Tx, fit: Vec<Facts>, seconds: f64) -> Result<Vec<Claim>> {
    let sql = "update lead_sequence_enrollments e
               set claim = $3, lease_until = statement_timestamp() + make_interval(secs => $4),
                   updated_at = $2
               where e.tenant_id = $1 and e.id = any ($5::uuid[])
               returning e.id, e.lease_until";
    if fit.is_empty() {
        return Ok(vec![]);
    }
    let is_mail = |facts: &Facts| facts.step().is_some_and(|step| step.channel == Channel::Email);
    let numbers = fit.iter().filter(|facts| !is_mail(facts));
    let numbers: Vec<&str> =
        numbers.filter_map(|facts| facts.phone_number.as_ref().map(Phone::as_str)).collect();
    if !numbers.is_empty() {
        dnc::check_many(tx, &numbers).await?;
    }
    let token = Uuid::now_v7();
    let ids: Vec<Uuid> = fit.iter().map(|facts| facts.id.0).collect();
    let question = tx.ask(sql, [token.into(), seconds.into(), ids.into()]);
    let taken = Taken::find_by_statement(question).all(tx).await?;
    let until: HashMap<_, _> = taken.into_iter().map(|row| (row.id, row.lease_until)).collect();
    let claims = fit.into_iter().filter_map(|facts| {
        let step = facts.step()?.clone();
        Some(Claim {
            enrollment_id: facts.id,
            lead_id: facts.lead_id,
            sequence_id: facts.sequence_id,
            step: step.step,
            channel: step.channel,
            template_id: step.template_id,
            subject: step.subject,
            message: step.message,
            lease_until: *until.get(&facts.id)?,
            token,
        })
    });
    Ok(claims.collect())
}

/// Whether it is still right to do what was claimed: the claim is good, the enrolment is neither paused
/// nor ended nor its sequence inactive, and it would be claimed now: there is nothing against reaching
/// the lead so, and it is an hour for it there. Whether the lease has ended does not matter.
///
/// # Errors
///
/// [`Database`](crate::Error::Database).
#[tracing::instrument(name = "lead_sequence_enrollment::stands", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn stands(tx: &Tx, claim: &Claim) -> Result<bool> {
    let values =
        [earlier_sends(), claim.enrollment_id.into(), claim.token.into(), claim.step.into()];
    let Some(facts) = Facts::find_by_statement(tx.ask(STANDS, values)).one(tx).await? else {
        return Ok(false);
    };
    let Some(step) = facts.step() else { return Ok(false) };
    let (place, dnc_stops) = (place_of(tx, &facts).await?, settings(tx).await?.respect_dnc);
    let right = judge(&facts, step, &place, dnc_stops, tx.now()) == Verdict::Send;
    Ok(right && agreed(tx, std::slice::from_ref(&facts)).await? == [true])
}
