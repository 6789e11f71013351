//! Which instants a condition on a time means.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use entity::{
    leads::segment::{Moment, Order},
    zone,
};

/// The time that it is taken to be, and the zone whose days are counted.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// What "days ago" counts from.
    pub as_of: DateTime<Utc>,
    /// Whose days begin and end them: the tenant's.
    pub zone: Tz,
}

/// From one instant on, and before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

impl Range {
    pub fn holds(self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }
}

impl Clock {
    /// When a moment begins, and when what comes after it does.
    fn ends(self, at: Moment) -> (DateTime<Utc>, DateTime<Utc>) {
        let day = |day: NaiveDate| {
            let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
            (zone::day_start(self.zone, day), zone::day_start(self.zone, next))
        };
        match at {
            // A microsecond is the least that Postgres tells apart.
            Moment::At(at) => (at, at + TimeDelta::microseconds(1)),
            Moment::On(on) => day(on),
            Moment::DaysAgo(days) => {
                let today = zone::date_at(self.zone, self.as_of);
                day(today.checked_sub_days(Days::new(days.into())).unwrap_or(NaiveDate::MIN))
            }
        }
    }

    /// The instants that are at the moment, or on its day.
    pub(super) fn at(self, at: Moment) -> Range {
        let (from, until) = self.ends(at);
        Range { from: Some(from), until: Some(until) }
    }

    /// The instants that are before or after it.
    pub(super) fn compared(self, order: Order, at: Moment) -> Range {
        let (start, end) = self.ends(at);
        match order {
            Order::Gt => Range { from: Some(end), until: None },
            Order::Gte => Range { from: Some(start), until: None },
            Order::Lt => Range { from: None, until: Some(start) },
            Order::Lte => Range { from: None, until: Some(end) },
        }
    }
}
