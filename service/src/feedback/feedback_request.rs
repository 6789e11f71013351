//! Asking a customer about an order that was delivered, once, and what comes of the answer.

mod answer;
mod due;
mod expiry;
mod sending;
mod sentiment;
mod statistics;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
pub use entity::feedback::feedback_request::{Issue, Model, Sentiment, SkipReason, Status};
use entity::{
    feedback::feedback_request::{ActiveModel, Column, Entity},
    id::{ClientId, ContactId, FeedbackRequestId},
    zone::{date_at, instant},
};
use sea_orm::{ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};
use uuid::Uuid;
use validator::Validate;

pub use self::{
    answer::{Answer, respond},
    due::{After, Due, DueRequest, due},
    expiry::expire,
    sending::{Claim, Claimed, Skipped, claim, record_sent, release, stands},
    sentiment::{NO_ISSUES, RECOVERY_ISSUES, Reading, read},
    statistics::{Period, Statistics, statistics},
};
use crate::{Error, Result, Tx, customers::customer, input, sales::contact};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        due::DUE,
        expiry::EXPIRE,
        sending::{CLAIM, STANDS},
        statistics::STATISTICS,
    };
}

/// Days from the delivery to the request, by the contact's calendar (seed 002).
pub const DELAY_DAYS: u64 = 7;
/// The civil hours where the contact is, on any day of the week, in which they are asked: from the
/// first up to but not including the second. The first is the seed's; the second is ours.
pub const FRIENDLY_HOURS: (u32, u32) = (9, 20);
/// For how many days of 24 hours after the request an answer is in time (seed 002).
pub const EXPIRES_AFTER_DAYS: i64 = 30;
/// For how many days of 24 hours after one request the same contact gets no other (ours).
pub const FATIGUE_DAYS: i64 = 30;

/// An order that was delivered.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// The order, as the system that has the orders knows it.
    pub order_id: Uuid,
    /// Whose it was.
    pub client_id: ClientId,
    /// The person there to ask; `None`: nobody is known, and nobody will be asked.
    pub contact_id: Option<ContactId>,
    /// When it was delivered.
    #[validate(custom(function = input::instant))]
    pub delivered_at: DateTime<Utc>,
}

/// What undid an order or its delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reversal {
    /// It was cancelled.
    Cancelled,
    /// The money was given back.
    Refunded,
    /// It was not delivered after all, or came back.
    Reversed,
}

impl From<Reversal> for SkipReason {
    fn from(reversal: Reversal) -> Self {
        match reversal {
            Reversal::Cancelled => Self::OrderCancelled,
            Reversal::Refunded => Self::OrderRefunded,
            Reversal::Reversed => Self::DeliveryReversed,
        }
    }
}

/// When to ask about a delivery: [`DELAY_DAYS`] days later by the calendar of `zone`, on whatever
/// day of the week that is, at the first of the [`FRIENDLY_HOURS`].
fn planned(zone: Tz, delivered_at: DateTime<Utc>) -> DateTime<Utc> {
    let day = date_at(zone, delivered_at) + Days::new(DELAY_DAYS);
    let hour = NaiveTime::from_hms_opt(FRIENDLY_HOURS.0, 0, 0).unwrap_or(NaiveTime::MIN);
    instant(zone, day.and_time(hour))
}

/// The first instant of whose requests it is said that their contact was asked not long ago.
fn fatigued_since(as_of: DateTime<Utc>) -> DateTime<Utc> {
    as_of - TimeDelta::days(FATIGUE_DAYS)
}

/// Plans to ask about an order that was delivered: seven days later by the calendar of the contact,
/// or, where nobody knows where that is, of the tenant, at nine in the morning there. An order is
/// asked about once: if it has a request already, that is returned as it is, whatever else is said
/// of the order now.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such customer or contact, or no more; [`Error::Invalid`]
/// if the contact is another customer's, or the delivery is still to come.
#[tracing::instrument(name = "feedback_request::schedule", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn schedule(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    if let Some(first) = of_order(tx, new.order_id).await? {
        return Ok(first);
    }
    if new.delivered_at > tx.now() {
        return Err(Error::invalid("delivered_at", "must not be in the future"));
    }
    customer::get(tx, &new.client_id).await?;
    let contact = match new.contact_id {
        Some(id) => Some(contact::get_of(tx, id, &new.client_id).await?),
        None => None,
    };
    let theirs = contact.and_then(|contact| contact.time_zone).and_then(|zone| zone.rules().ok());
    let zone = match theirs {
        Some(zone) => zone,
        None => tx.zone().await?,
    };
    let request = ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(FeedbackRequestId::new()),
        order_id: Set(new.order_id),
        client_id: Set(new.client_id),
        contact_id: Set(new.contact_id),
        delivery_date: Set(new.delivered_at),
        scheduled_for: Set(planned(zone, new.delivered_at)),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    // Whoever schedules the same order at this moment is waited for.
    tx.insert_new(vec![request]).await?;
    of_order(tx, new.order_id).await?.ok_or(Error::NotFound("feedback request"))
}

/// The order's request, by `feedback_requests_order`.
async fn of_order(tx: &Tx, order: Uuid) -> Result<Option<Model>> {
    Ok(tx.find::<Entity>().filter(Column::OrderId.eq(order)).one(tx).await?)
}

/// One request.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such request.
#[tracing::instrument(name = "feedback_request::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: FeedbackRequestId) -> Result<Model> {
    tx.get::<Entity>(id).await?.ok_or(Error::NotFound("feedback request"))
}

/// Records that an order or its delivery was undone, so that nobody is asked about it. One that was
/// sent, skipped or answered already stays as it is.
///
/// # Errors
///
/// [`Error::NotFound`] if no delivery of the order was ever recorded.
#[tracing::instrument(name = "feedback_request::reverse_delivery", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn reverse_delivery(tx: &Tx, order: Uuid, why: Reversal) -> Result<Model> {
    let found = tx.find::<Entity>().filter(Column::OrderId.eq(order)).lock_exclusive();
    let found = found.one(tx).await?.ok_or(Error::NotFound("feedback request"))?;
    if found.status != Status::Pending {
        return Ok(found);
    }
    let mut row = found.into_active_model();
    row.status = Set(Status::Skipped);
    row.skip_reason = Set(Some(why.into()));
    row.claim = Set(None);
    row.lease_until = Set(None);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

#[cfg(test)]
mod tests {
    use chrono_tz::{
        America::New_York,
        Asia::{Kathmandu, Tokyo},
        Europe::Berlin,
        Pacific::Apia,
        UTC,
    };

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap_or_default()
    }

    #[test]
    fn a_request_is_planned_for_nine_seven_days_after_the_civil_day_of_delivery() {
        assert_eq!(planned(UTC, at("2026-03-02T00:00:00Z")), at("2026-03-09T09:00:00Z"));
        assert_eq!(planned(UTC, at("2026-03-02T23:59:59Z")), at("2026-03-09T09:00:00Z"));
        assert_eq!(planned(UTC, at("2026-03-03T00:00:00Z")), at("2026-03-10T09:00:00Z"));
    }

    #[test]
    fn the_day_is_the_contacts_and_not_ours() {
        // 23:30 UTC on the 2nd is 08:30 on the 3rd in Tokyo: the 10th at 09:00 there is 00:00 UTC.
        assert_eq!(planned(Tokyo, at("2026-03-02T23:30:00Z")), at("2026-03-10T00:00:00Z"));
        // 03:00 UTC on the 2nd is 22:00 on the 1st in New York: the 8th at 09:00, when the clocks
        // have just gone forward, is 13:00 UTC.
        assert_eq!(planned(New_York, at("2026-03-02T03:00:00Z")), at("2026-03-08T13:00:00Z"));
        // Five hours and three quarters east: 09:00 is 03:15 UTC.
        assert_eq!(planned(Kathmandu, at("2026-03-02T12:00:00Z")), at("2026-03-09T03:15:00Z"));
    }

    #[test]
    fn months_and_years_end_and_february_has_its_days() {
        assert_eq!(planned(UTC, at("2026-01-31T12:00:00Z")), at("2026-02-07T09:00:00Z"));
        assert_eq!(planned(UTC, at("2026-12-28T12:00:00Z")), at("2027-01-04T09:00:00Z"));
        assert_eq!(planned(UTC, at("2026-02-25T12:00:00Z")), at("2026-03-04T09:00:00Z"));
        assert_eq!(planned(UTC, at("2028-02-25T12:00:00Z")), at("2028-03-03T09:00:00Z"));
    }

    #[test]
    fn nine_is_nine_on_both_sides_of_a_change_of_clocks() {
        // Berlin's clocks go forward on 29 March and back on 25 October 2026.
        assert_eq!(planned(Berlin, at("2026-03-21T12:00:00Z")), at("2026-03-28T08:00:00Z"));
        assert_eq!(planned(Berlin, at("2026-03-22T12:00:00Z")), at("2026-03-29T07:00:00Z"));
        assert_eq!(planned(Berlin, at("2026-10-17T12:00:00Z")), at("2026-10-24T07:00:00Z"));
        assert_eq!(planned(Berlin, at("2026-10-18T12:00:00Z")), at("2026-10-25T08:00:00Z"));
    }

    #[test]
    fn a_day_that_a_zone_left_out_is_asked_about_on_the_next() {
        // Samoa had no 30 December 2011: 09:00 of that day is as good as 09:00 of the 31st.
        assert_eq!(planned(Apia, at("2011-12-23T12:00:00Z")), at("2011-12-30T19:00:00Z"));
    }

    #[test]
    fn a_weekend_is_no_reason_to_wait() {
        // Saturday, 7 March 2026.
        assert_eq!(planned(UTC, at("2026-02-28T12:00:00Z")), at("2026-03-07T09:00:00Z"));
    }
}
