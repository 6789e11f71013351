//! Setting a lead on its way.

use chrono::{DateTime, Utc};
use entity::{
    id::{LeadId, LeadSequenceEnrollmentId, NurtureSequenceId},
    leads::lead,
    outreach::{
        lead_sequence_enrollment::{self, Column, Entity},
        nurture_sequence, nurture_sequence_version,
    },
};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde::Serialize;

use super::{Model, Status, calendar::Place};
use crate::{
    Error, Result, Tx,
    outreach::{
        dnc,
        nurture_sequence::{Channel, ReEntry, meets},
    },
    page,
};

/// Why a lead is not enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The lead was deleted.
    LeadDeleted,
    /// The lead turned out to be another one.
    LeadMerged,
    /// The lead became a customer, or joined.
    LeadRecruited,
    /// The lead wants no calls: their status says so, or the list.
    DoNotCall,
    /// Nobody may call the lead.
    CallingBlocked,
    /// Nobody can be enrolled in the sequence.
    SequenceInactive,
    /// The sequence is not for such leads.
    Conditions,
    /// The lead is on the way through it.
    AlreadyEnrolled,
    /// The lead has been through it, and once is enough.
    NeverAgain,
    /// The lead has been through it, and can be enrolled again from then on.
    CoolDown(DateTime<Utc>),
}

/// What came of enrolling a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enrolled {
    /// The lead is on the way.
    Enrolled(Box<Model>),
    /// The lead is not, for every one of these reasons.
    Refused(Vec<Refusal>),
}

/// Enrols a lead in a sequence, in its present version: the first step is due so many days from now as
/// it says, in the hours of its channel. Of many who enrol the same lead at once one does. That the
/// number was looked up leaves evidence.
///
/// A lead whose number is on the do-not-call list is not enrolled in anything anew, whatever the
/// sequence does with those who ask for it on the way.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead or sequence.
#[tracing::instrument(name = "lead_sequence_enrollment::enroll", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn enroll(tx: &Tx, lead: LeadId, sequence: NurtureSequenceId) -> Result<Enrolled> {
    // Whoever deletes, lists or enrols the lead waits, or is waited for.
    let found = tx.find::<lead::Entity>().filter(lead::Column::Id.eq(lead)).lock_exclusive();
    let found = found.one(tx).await?.ok_or(Error::NotFound("lead"))?;
    // And whoever edits the sequence.
    let to = tx.find::<nurture_sequence::Entity>();
    let to = to.filter(nurture_sequence::Column::Id.eq(sequence)).lock_shared().one(tx).await?;
    let to = to.ok_or(Error::NotFound("nurture sequence"))?;
    let place = Place::of(found.time_zone.as_ref(), found.phone_number.as_ref(), tx.zone().await?)?;
    let mut refusals = against(&found, &to);
    if let Some(phone) = &found.phone_number
        && !dnc::check(tx, phone.as_str()).await?.is_clear()
        && !refusals.contains(&Refusal::DoNotCall)
    {
        refusals.push(Refusal::DoNotCall);
    }
    refusals.extend(before(tx, &found, &to, &place).await?);
    if !refusals.is_empty() {
        return Ok(Enrolled::Refused(refusals));
    }
    let version = tx
        .find::<nurture_sequence_version::Entity>() // served by nurture_sequence_versions_once
        .filter(nurture_sequence_version::Column::SequenceId.eq(sequence))
        .filter(nurture_sequence_version::Column::Version.eq(to.version))
        .one(tx)
        .await?
        .ok_or(Error::NotFound("nurture sequence"))?;
    let first = version.steps.0.first().ok_or(Error::NotFound("step"))?;
    let next = place.after(tx.now(), first.delay_days, first.channel);
    let row = lead_sequence_enrollment::ActiveModel {
        id: Set(LeadSequenceEnrollmentId::new()),
        lead_id: Set(lead),
        sequence_id: Set(sequence),
        version_id: Set(version.id),
        status: Set(Status::Active),
        current_step: Set(1),
        enrolled_at: Set(tx.now()),
        enrolled_by_user_id: Set(tx.context().user()),
        next_step_scheduled_at: Set(Some(next)),
        next_channel: Set(Some::<Channel>(first.channel)),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    // Somebody who wrote otherwise than through here may have been faster.
    match tx.insert_new(vec![row]).await?.pop() {
        Some(enrolled) => Ok(Enrolled::Enrolled(Box::new(enrolled))),
        None => Ok(Enrolled::Refused(vec![Refusal::AlreadyEnrolled])),
    }
}

/// What speaks against enrolling such a lead in such a sequence.
fn against(lead: &lead::Model, to: &nurture_sequence::Model) -> Vec<Refusal> {
    let conditions = to.trigger_conditions.clone().unwrap_or_default();
    let rules = [
        (lead.merged_into_id.is_some(), Refusal::LeadMerged),
        (lead.deleted_at.is_some() && lead.merged_into_id.is_none(), Refusal::LeadDeleted),
        (lead.status == lead::Status::Recruited, Refusal::LeadRecruited),
        (lead.status == lead::Status::Dnc, Refusal::DoNotCall),
        (lead.calling_blocked && lead.status != lead::Status::Dnc, Refusal::CallingBlocked),
        (!to.active, Refusal::SequenceInactive),
        (!meets(&conditions, lead.status, lead.lead_score), Refusal::Conditions),
    ];
    rules.into_iter().filter_map(|(holds, why)| holds.then_some(why)).collect()
}

/// What speaks against it because of how often the lead has been through it.
async fn before(
    tx: &Tx,
    lead: &lead::Model,
    to: &nurture_sequence::Model,
    place: &Place,
) -> Result<Option<Refusal>> {
    let earlier = tx
        .find::<Entity>() // served by lead_sequence_enrollments_of_lead
        .filter(Column::LeadId.eq(lead.id))
        .filter(Column::SequenceId.eq(to.id))
        .order_by_desc(Column::Id)
        .limit(page::MOST)
        .all(tx)
        .await?;
    if earlier.iter().any(|one| one.completed_at.is_none()) {
        return Ok(Some(Refusal::AlreadyEnrolled));
    }
    let Some(ended) = earlier.iter().filter_map(|one| one.completed_at).max() else {
        return Ok(None);
    };
    Ok(match to.re_entry {
        ReEntry::Never => Some(Refusal::NeverAgain),
        ReEntry::AfterCoolDown => {
            let until = place.days_on(ended, to.cool_down_days);
            (tx.now() < until).then_some(Refusal::CoolDown(until))
        }
    })
}
