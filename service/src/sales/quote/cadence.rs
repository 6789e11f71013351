//! When to follow a quote up: pure arithmetic on calendars.

use chrono::{DateTime, Datelike, Days, NaiveDateTime, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;
use entity::zone::instant;

/// Days from sending to the first follow-up and from each to the next (seed 002).
pub const DELAY_DAYS: u64 = 3;
/// Days from the first view to the follow-up behind it: who has looked and said nothing is warmer
/// than who has not (ours; the seed does not distinguish them).
pub const AFTER_VIEW_DAYS: u64 = 1;
/// Days that lie between two follow-ups at the least, whatever was viewed (ours).
pub const LEAST_GAP_DAYS: u64 = 1;
/// How many follow-ups a quote gets that does not say (seed 002).
pub const MAX_FOLLOW_UPS: i32 = 5;
/// The civil hours, of Monday to Friday where the contact is, in which follow-ups are sent: from
/// the first up to but not including the second (ours).
pub const WORKING_HOURS: (u32, u32) = (9, 17);

/// Where a quote's clock runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar {
    /// Where the contact is.
    pub contact: Tz,
    /// The first instant at which the quote is no longer valid.
    pub expires: Option<DateTime<Utc>>,
}

impl Calendar {
    /// The follow-up behind a sending or an earlier one; `None` if the quote expires before.
    pub fn after(self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.window(self.days_on(at, DELAY_DAYS))
    }

    /// The follow-up behind the first view: sooner than the one that was planned, if that can be.
    pub fn after_view(
        self,
        viewed: DateTime<Utc>,
        last: Option<DateTime<Utc>>,
        planned: DateTime<Utc>,
    ) -> DateTime<Utc> {
        let soon = self.days_on(viewed, AFTER_VIEW_DAYS);
        let gap = last.map(|last| self.days_on(last, LEAST_GAP_DAYS));
        let at = self.window(gap.map_or(soon, |gap| soon.max(gap)));
        at.map_or(planned, |at| at.min(planned))
    }

    fn days_on(self, at: DateTime<Utc>, days: u64) -> DateTime<Utc> {
        instant(self.contact, at.with_timezone(&self.contact).naive_local() + Days::new(days))
    }

    /// The first instant from `at` on that is in working hours, if it comes before expiry.
    fn window(self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = at.with_timezone(&self.contact).naive_local();
        let shifted = shift(local);
        let at = if shifted == local { at } else { instant(self.contact, shifted) };
        self.expires.is_none_or(|expires| at < expires).then_some(at)
    }
}

fn shift(local: NaiveDateTime) -> NaiveDateTime {
    let hour = |h: u32| NaiveTime::from_hms_opt(h, 0, 0).unwrap_or(NaiveTime::MIN);
    let (open, close) = (hour(WORKING_HOURS.0), hour(WORKING_HOURS.1));
    let works = |day: chrono::NaiveDate| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    if works(local.date()) && local.time() < open {
        return local.date().and_time(open);
    }
    if works(local.date()) && local.time() < close {
        return local;
    }
    let mut day = local.date() + Days::new(1);
    while !works(day) {
        day = day + Days::new(1);
    }
    day.and_time(open)
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap_or_default()
    }

    const OPEN: Calendar = Calendar { contact: Berlin, expires: None };

    #[test]
    fn three_days_after_a_monday_morning_is_thursday_at_the_same_hour() {
        assert_eq!(OPEN.after(at("2026-03-02T09:30:00Z")), Some(at("2026-03-05T09:30:00Z")));
    }

    #[test]
    fn what_falls_on_a_weekend_moves_to_monday_at_nine_where_the_contact_is() {
        // Wednesday plus three is Saturday; Monday 09:00 in Berlin is 08:00 UTC.
        assert_eq!(OPEN.after(at("2026-03-04T09:30:00Z")), Some(at("2026-03-09T08:00:00Z")));
    }

    #[test]
    fn working_hours_begin_at_nine_and_end_before_five() {
        let monday = |time: &str| at(&format!("2026-03-02T{time}Z"));
        assert_eq!(OPEN.window(monday("07:59:59")), Some(monday("08:00:00")));
        assert_eq!(OPEN.window(monday("08:00:00")), Some(monday("08:00:00")));
        assert_eq!(OPEN.window(monday("15:59:59")), Some(monday("15:59:59")));
        assert_eq!(OPEN.window(monday("16:00:00")), Some(at("2026-03-03T08:00:00Z")));
    }

    #[test]
    fn the_same_hour_is_kept_over_a_change_of_clocks() {
        // Clocks go forward on Sunday, 29 March: Friday 10:30 CET, Monday 10:30 CEST.
        assert_eq!(OPEN.after(at("2026-03-27T09:30:00Z")), Some(at("2026-03-30T08:30:00Z")));
    }

    #[test]
    fn a_follow_up_comes_strictly_before_expiry_or_not_at_all() {
        let sent = at("2026-03-02T09:30:00Z");
        let due = at("2026-03-05T09:30:00Z");
        let until = |expires| Calendar { contact: Berlin, expires: Some(expires) }.after(sent);
        assert_eq!(until(due), None);
        assert_eq!(until(due + chrono::TimeDelta::microseconds(1)), Some(due));
    }

    #[test]
    fn a_view_brings_the_follow_up_nearer_but_never_puts_it_off() {
        let planned = at("2026-03-05T09:30:00Z");
        let viewed = at("2026-03-02T12:00:00Z");
        assert_eq!(OPEN.after_view(viewed, None, planned), at("2026-03-03T12:00:00Z"));
        let late = at("2026-03-05T09:00:00Z");
        assert_eq!(OPEN.after_view(late, None, planned), planned);
        let last = at("2026-03-03T15:00:00Z");
        assert_eq!(OPEN.after_view(viewed, Some(last), planned), at("2026-03-04T15:00:00Z"));
    }
}
