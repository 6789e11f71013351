//! When the periods of a schedule begin and end.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use entity::{
    compliance::compliance_schedule::{Adjust, Frequency, Model},
    zone::day_start,
};

use crate::{Error, Result};

/// How many days before it is late a check is listed, where its schedule does not say (seed 002).
pub const NOTIFICATION_DAYS: i32 = 14;
/// How many days after it became late a check is escalated, where its schedule does not say (seed
/// 002).
pub const ESCALATION_DAYS: i32 = 7;

/// The calendar of a schedule.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The due day of period 0.
    pub anchor: NaiveDate,
    /// How long each period is.
    pub frequency: Frequency,
    /// Where a due day goes that is no weekday.
    pub adjust: Adjust,
    /// Whose midnight ends a day.
    pub zone: Tz,
}

/// One period of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Which, counted from 0.
    pub no: i32,
    /// Its first day.
    pub start: NaiveDate,
    /// The day after its last, which is the due day as the calendar has it.
    pub end: NaiveDate,
    /// The due day, moved off a weekend if that is asked for.
    pub due_on: NaiveDate,
    /// When the due day ends: the first instant that is late.
    pub due_at: DateTime<Utc>,
}

/// How many months a period has.
#[must_use]
pub fn months(frequency: Frequency) -> i32 {
    match frequency {
        Frequency::Monthly => 1,
        Frequency::Quarterly => 3,
        Frequency::SemiAnnual => 6,
        Frequency::Annual => 12,
    }
}

/// The day that is `months` after `from`, or before it if below zero; where its month is too short,
/// the month's last.
fn months_after(from: NaiveDate, months: i64) -> Option<NaiveDate> {
    let count = i64::from(from.year()) * 12 + i64::from(from.month0()) + months;
    let year = i32::try_from(count.div_euclid(12)).ok()?;
    let month = u32::try_from(count.rem_euclid(12)).ok()? + 1;
    // Only the years that every calendar knows.
    (1..=9998).contains(&year).then_some(())?;
    (28..=from.day())
        .rev()
        .chain([from.day()])
        .find_map(|day| NaiveDate::from_ymd_opt(year, month, day))
}

/// The first due day of a schedule that begins today and says none (seed 002): the first of next
/// month, of next quarter, of July or January, of next January.
///
/// # Errors
///
/// [`Error::Invalid`] at the end of time.
pub fn first_due(frequency: Frequency, today: NaiveDate) -> Result<NaiveDate> {
    let first = today.with_day(1).and_then(|first| {
        let into = today.month0() % u32::try_from(months(frequency)).ok()?;
        months_after(first, i64::from(months(frequency)) - i64::from(into))
    });
    first.ok_or_else(out_of_range)
}

impl Plan {
    /// The plan of a schedule.
    #[must_use]
    pub fn of(schedule: &Model, zone: Tz) -> Self {
        Self {
            anchor: schedule.anchor_date,
            frequency: schedule.frequency,
            adjust: schedule.adjust,
            zone,
        }
    }

    /// Its period with this number. Every period is counted from the anchor, so that the end of a
    /// short month is not carried into the months after it: 31 January, 28 February, 31 March.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] at the end of time.
    pub fn period(self, no: i32) -> Result<Period> {
        let step = i64::from(months(self.frequency));
        let start = months_after(self.anchor, (i64::from(no) - 1) * step);
        let end = months_after(self.anchor, i64::from(no) * step);
        let (start, end) = start.zip(end).ok_or_else(out_of_range)?;
        Ok(self.whole(no, start, end))
    }

    /// The period that begins on some day, wherever the anchor is.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] at the end of time.
    pub fn period_from(self, start: NaiveDate) -> Result<Period> {
        let end = months_after(start, months(self.frequency).into()).ok_or_else(out_of_range)?;
        Ok(self.whole(0, start, end))
    }

    fn whole(self, no: i32, start: NaiveDate, end: NaiveDate) -> Period {
        let due_on = match (self.adjust, end.weekday()) {
            (Adjust::Following, Weekday::Sat) => end + Days::new(2),
            (Adjust::Following, Weekday::Sun) => end + Days::new(1),
            (Adjust::Preceding, Weekday::Sat) => end - Days::new(1),
            (Adjust::Preceding, Weekday::Sun) => end - Days::new(2),
            _ => end,
        };
        Period { no, start, end, due_on, due_at: day_start(self.zone, due_on + Days::new(1)) }
    }

    /// The last period whose checks are listed or made by `now`, if they are from so many days of 24
    /// hours before they become late; not before `from`. None if that one's time has not come.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] at the end of time.
    pub fn last_listed(self, from: i32, now: DateTime<Utc>, days: i32) -> Result<Option<Period>> {
        let is_listed = |period: &Period| listed_from(period.due_at, days) <= now;
        let first = self.period(from)?;
        if !is_listed(&first) {
            return Ok(None);
        }
        // Not beyond the month after the one in which the listed days end, and then back.
        let until = (now + TimeDelta::days(i64::from(days))).date_naive();
        let months_on = i64::from(until.year() - self.anchor.year()) * 12
            + i64::from(until.month())
            - i64::from(self.anchor.month());
        let beyond = months_on / i64::from(months(self.frequency)) + 2;
        let mut no = i32::try_from(beyond).unwrap_or(from).max(from);
        loop {
            let period = self.period(no)?;
            if no <= from || is_listed(&period) {
                return Ok(Some(period));
            }
            no -= 1;
        }
    }
}

/// From when a check that is late at `due_at` is listed.
#[must_use]
pub fn listed_from(due_at: DateTime<Utc>, days: i32) -> DateTime<Utc> {
    due_at - TimeDelta::days(i64::from(days))
}

/// How many days before it is late a check of the schedule is listed.
#[must_use]
pub fn notification_days(schedule: &Model) -> i32 {
    schedule.notification_days_before.filter(|days| *days > 0).unwrap_or(NOTIFICATION_DAYS)
}

/// How many days before it is late a check of the schedule is made: when it begins to be listed, and
/// 14 at the least, since those whose work it is to make them do so only now and then.
#[must_use]
pub fn making_days(schedule: &Model) -> i32 {
    notification_days(schedule).max(NOTIFICATION_DAYS)
}

fn out_of_range() -> Error {
    Error::invalid("anchor_date", "leads out of the calendar")
}
