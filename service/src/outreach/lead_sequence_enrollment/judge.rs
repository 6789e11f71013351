//! Whether the next step of an enrolment is to be done now: a pure function of what is known.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    id::{LeadId, LeadSequenceEnrollmentId, NurtureSequenceId},
    leads::lead,
    outreach::{
        lead_sequence_enrollment::Stop,
        lead_sequence_enrollment_step::Skip,
        nurture_sequence::{Channel, OnDnc, Step, Steps},
    },
    phone::Phone,
    zone::Zone,
};
use sea_orm::FromQueryResult;

use super::calendar::Place;
use crate::outreach::nurture_sequence::meets;

/// All that speaks for or against a step.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct Facts {
    pub id: LeadSequenceEnrollmentId,
    pub lead_id: LeadId,
    pub sequence_id: NurtureSequenceId,
    pub current_step: i32,
    pub enrolled_at: DateTime<Utc>,
    pub steps: Steps,
    pub on_dnc: OnDnc,
    pub lead_status: lead::Status,
    pub status_since: DateTime<Utc>,
    pub lead_score: i32,
    pub phone_number: Option<Phone>,
    pub email: Option<entity::email::Email>,
    pub time_zone: Option<Zone>,
    pub calling_blocked: bool,
    pub gone: bool,
    pub merged: bool,
    /// Whether the number is on the do-not-call list, and for good; `None`: it is not.
    pub listed_for_good: Option<bool>,
    /// Until when, if it is for a time.
    pub listed_until: Option<DateTime<Utc>>,
    /// When the lead heard from us for as many times before now as they may in a day.
    pub last_sent_at: Option<DateTime<Utc>>,
    /// Whether something else is on its way to the lead.
    pub busy: Option<bool>,
}

impl Facts {
    /// The step that comes next.
    pub fn step(&self) -> Option<&Step> {
        let n = usize::try_from(self.current_step).ok()?.checked_sub(1)?;
        self.steps.0.get(n)
    }

    fn wants_no_calls(&self) -> bool {
        self.listed_for_good == Some(true)
            || self.calling_blocked
            || self.lead_status == lead::Status::Dnc
    }
}

/// What is to become of the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is done now.
    Send,
    /// Not before then.
    Wait(DateTime<Utc>),
    /// It is passed over.
    Skip(Skip),
    /// The whole enrolment ends.
    End(Stop),
}

/// How soon it is tried again while something else is on its way to the lead (ours).
const BUSY: TimeDelta = TimeDelta::hours(1);

/// Why the whole enrolment ends now, if it does; of several reasons the first. That the lead had that
/// status when they were enrolled is none: who is lost may be won back.
pub(super) fn ends(facts: &Facts, dnc_stops: bool) -> Option<Stop> {
    let since_then = facts.status_since > facts.enrolled_at;
    match facts.lead_status {
        _ if facts.merged => Some(Stop::Merged),
        _ if facts.gone => Some(Stop::Deleted),
        lead::Status::Recruited => Some(Stop::Recruited),
        lead::Status::Qualified if since_then => Some(Stop::Qualified),
        lead::Status::Cold if since_then => Some(Stop::Lost),
        _ if dnc_stops && facts.on_dnc == OnDnc::Stop && facts.wants_no_calls() => {
            Some(Stop::DoNotCall)
        }
        _ => None,
    }
}

/// What is to become of the next step at `now`. `dnc_stops`: the tenant's setting.
pub(super) fn judge(
    facts: &Facts,
    step: &Step,
    place: &Place,
    dnc_stops: bool,
    now: DateTime<Utc>,
) -> Verdict {
    if let Some(stop) = ends(facts, dnc_stops) {
        return Verdict::End(stop);
    }
    if !meets(&step.conditions, facts.lead_status, facts.lead_score) {
        return Verdict::Skip(Skip::Conditions);
    }
    match step.channel {
        Channel::Email if facts.email.is_none() => return Verdict::Skip(Skip::NoAddress),
        Channel::Email => {}
        Channel::Sms | Channel::Call => {
            if facts.wants_no_calls() {
                return Verdict::Skip(Skip::DoNotCall);
            }
            if facts.phone_number.is_none() {
                return Verdict::Skip(Skip::NoAddress);
            }
        }
    }
    let from = |at| place.window(at, step.channel).unwrap_or(at);
    let Some(open) = place.window(now, step.channel) else {
        return Verdict::Skip(Skip::UnknownZone);
    };
    // Who has asked for a time to be left alone is reached when it is over, if not by mail.
    if let Some(until) = facts.listed_until
        && step.channel != Channel::Email
    {
        return Verdict::Wait(from(until));
    }
    if open > now {
        return Verdict::Wait(open);
    }
    if facts.last_sent_at.is_some_and(|last| last >= now || place.same_day(last, now)) {
        return Verdict::Wait(from(place.tomorrow(now)));
    }
    if facts.busy.is_some() {
        return Verdict::Wait(from(now + BUSY));
    }
    Verdict::Send
}
