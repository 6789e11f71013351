//! A time zone, and the civil days and weeks in it.

use chrono::{
    DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone,
};
use chrono::{TimeDelta, Utc};
use chrono_tz::Tz;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// The name of a zone in the IANA database (`America/New_York`): never an offset, which no place
/// keeps all year.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, DeriveValueType)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(String);

/// The text is not the name of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAZone;

impl Zone {
    /// Checks the name.
    ///
    /// # Errors
    ///
    /// [`NotAZone`] if the IANA database has no such zone.
    pub fn parse(name: &str) -> Result<Self, NotAZone> {
        name.parse::<Tz>().map(|_| Self(name.to_owned())).map_err(|_| NotAZone)
    }

    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self("UTC".to_owned())
    }

    /// The name as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The zone's rules.
    ///
    /// # Errors
    ///
    /// [`NotAZone`] if the row was written by somebody who knew a zone that we do not.
    pub fn rules(&self) -> Result<Tz, NotAZone> {
        self.0.parse().map_err(|_| NotAZone)
    }
}

/// The civil date at an instant.
#[must_use]
pub fn date_at(zone: Tz, at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

/// The instant of a civil time. A time that the clocks skip is taken as far behind the gap as it
/// was in it (02:30 becomes 03:30); one that they repeat is taken the first time.
#[must_use]
pub fn instant(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
        LocalResult::None => {
            // No gap is longer than a day, so that the day before tells the offset it began with.
            let before = zone.from_local_datetime(&(local - TimeDelta::days(1))).earliest();
            before.map_or_else(|| local.and_utc(), |at| at.to_utc() + TimeDelta::days(1))
        }
    }
}

/// The first instant of a civil day.
#[must_use]
pub fn day_start(zone: Tz, date: NaiveDate) -> DateTime<Utc> {
    instant(zone, date.and_time(NaiveTime::MIN))
}

/// Monday 00:00, civil time, of the ISO week that the instant is in.
#[must_use]
pub fn week_start(zone: Tz, at: DateTime<Utc>) -> DateTime<Utc> {
    day_start(zone, monday(date_at(zone, at)))
}

/// The week that began `weeks` before (or, negative, after) the one that the instant is in. Weeks
/// are civil: one with a change of clocks has 167 or 169 hours.
#[must_use]
pub fn week_before(zone: Tz, at: DateTime<Utc>, weeks: i64) -> DateTime<Utc> {
    day_start(zone, monday(date_at(zone, at)) - TimeDelta::weeks(weeks))
}

/// The Monday of the ISO week that a day is in.
#[must_use]
pub fn monday(date: NaiveDate) -> NaiveDate {
    date - Days::new(u64::from(date.weekday().num_days_from_monday()))
}

impl std::fmt::Display for NotAZone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not a zone of the IANA database")
    }
}

impl std::error::Error for NotAZone {}

impl TryFrom<String> for Zone {
    type Error = NotAZone;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::parse(&name)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.0
    }
}

impl sea_orm::TryFromU64 for Zone {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("Zone"))
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::America::New_York;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap_or_default()
    }

    #[test]
    fn a_time_in_the_spring_gap_moves_behind_it_and_one_in_the_autumn_fold_is_the_first() {
        let local = |d: u32, m: u32, h: u32| {
            NaiveDate::from_ymd_opt(2026, m, d).and_then(|d| d.and_hms_opt(h, 30, 0))
        };
        // 2026-03-08 02:30 does not exist in New York: 03:30 EDT is 07:30 UTC.
        assert_eq!(local(8, 3, 2).map(|l| instant(New_York, l)), Some(at("2026-03-08T07:30:00Z")));
        // 2026-11-01 01:30 comes twice: first as EDT, 05:30 UTC.
        assert_eq!(local(1, 11, 1).map(|l| instant(New_York, l)), Some(at("2026-11-01T05:30:00Z")));
    }

    #[test]
    fn a_week_has_167_168_or_169_hours() {
        let hours = |day: &str| {
            let (start, end) = (week_start(New_York, at(day)), week_before(New_York, at(day), -1));
            (end - start).num_hours()
        };
        assert_eq!(hours("2026-03-04T12:00:00Z"), 167);
        assert_eq!(hours("2026-03-11T12:00:00Z"), 168);
        assert_eq!(hours("2026-10-28T12:00:00Z"), 169);
    }

    #[test]
    fn sunday_night_belongs_to_the_week_before() {
        assert_eq!(week_start(New_York, at("2026-03-02T04:59:59Z")), at("2026-02-23T05:00:00Z"));
        assert_eq!(week_start(New_York, at("2026-03-02T05:00:00Z")), at("2026-03-02T05:00:00Z"));
    }
}
