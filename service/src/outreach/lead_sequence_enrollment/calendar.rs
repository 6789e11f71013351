//! When a step reaches somebody: pure arithmetic on calendars.

use chrono::{DateTime, Days, NaiveTime, Timelike, Utc};
use chrono_tz::Tz;
use entity::{
    outreach::nurture_sequence::Channel,
    phone::Phone,
    zone::{Zone, date_at, day_start, instant},
};

use crate::{
    Error, Result,
    outreach::dnc::{CALLING_HOURS, zones_of},
};

/// The hours, on every day of the week and where the lead is, in which e-mails are sent: those of calls
/// (ours).
pub const EMAIL_HOURS: (u32, u32) = CALLING_HOURS;

/// Where a lead is, as far as we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Where their days begin: where they are or, if nobody knows, where the tenant is.
    pub civil: Tz,
    /// Every zone in which they may be called or texted; none: nobody knows.
    pub callable: Vec<Tz>,
}

impl Place {
    /// A lead of whom the zone, the number or neither is known.
    pub fn of(zone: Option<&Zone>, phone: Option<&Phone>, tenant: Tz) -> Result<Self> {
        let rules = zone.map(Zone::rules).transpose();
        let zone = rules.map_err(|e| Error::invalid("time_zone", e.to_string()))?;
        let callable = match (zone, phone) {
            (Some(zone), _) => vec![zone],
            (None, Some(phone)) => zones_of(phone).to_vec(),
            (None, None) => vec![],
        };
        Ok(Self { civil: zone.unwrap_or(tenant), callable })
    }

    /// So many civil days after an instant, in the hours of the channel. Where those are not known, at
    /// the very time; whether anything is sent then is another question.
    pub fn after(&self, at: DateTime<Utc>, days: i32, channel: Channel) -> DateTime<Utc> {
        let at = self.days_on(at, days);
        self.window(at, channel).unwrap_or(at)
    }

    /// So many civil days after an instant, at the same hour.
    pub fn days_on(&self, at: DateTime<Utc>, days: i32) -> DateTime<Utc> {
        match u64::try_from(days) {
            Ok(0) | Err(_) => at,
            Ok(days) => {
                let local = at.with_timezone(&self.civil).naive_local() + Days::new(days);
                instant(self.civil, local)
            }
        }
    }

    /// The first instant from `at` on that is in the hours of the channel, in every zone that counts;
    /// `None`: nobody knows which those are, or they have no hour in common.
    pub fn window(&self, at: DateTime<Utc>, channel: Channel) -> Option<DateTime<Utc>> {
        let (zones, hours) = match channel {
            Channel::Email => (std::slice::from_ref(&self.civil), EMAIL_HOURS),
            Channel::Sms | Channel::Call => (self.callable.as_slice(), CALLING_HOURS),
        };
        if zones.is_empty() {
            return None;
        }
        // Each turn of the loop goes on to the next opening in some zone: two or three for a country.
        let mut open = at;
        for _ in 0..64 {
            let later = zones.iter().map(|zone| opening(*zone, open, hours)).max().unwrap_or(open);
            if later == open {
                return Some(open);
            }
            open = later;
        }
        None
    }

    /// When the day of an instant ends, where the lead is.
    pub fn tomorrow(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        day_start(self.civil, date_at(self.civil, at) + Days::new(1))
    }

    /// Whether two instants are on the same day, where the lead is.
    pub fn same_day(&self, a: DateTime<Utc>, b: DateTime<Utc>) -> bool {
        date_at(self.civil, a) == date_at(self.civil, b)
    }
}

/// The instant itself, if it is in the hours of a zone; or when they begin.
fn opening(zone: Tz, at: DateTime<Utc>, (from, to): (u32, u32)) -> DateTime<Utc> {
    let local = at.with_timezone(&zone);
    if (from..to).contains(&local.hour()) {
        return at;
    }
    let wait = u64::from(local.hour() >= to);
    let hour = NaiveTime::from_hms_opt(from, 0, 0).unwrap_or(NaiveTime::MIN);
    instant(zone, (local.date_naive() + Days::new(wait)).and_time(hour))
}

#[cfg(test)]
mod tests {
    use chrono_tz::{
        America::{Los_Angeles, New_York},
        Asia::Tokyo,
        Europe::Berlin,
    };

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap_or_default()
    }

    fn known(zone: Tz) -> Place {
        Place { civil: zone, callable: vec![zone] }
    }

    #[test]
    fn days_are_the_leads_own_and_keep_their_hour_when_the_clocks_change() {
        let place = known(New_York);
        // Clocks go forward on 8 March: 10:00 EST is 15:00 UTC, 10:00 EDT is 14:00 UTC.
        let friday = at("2026-03-06T15:00:00Z");
        assert_eq!(place.after(friday, 2, Channel::Sms), at("2026-03-08T14:00:00Z"));
        // And back on 1 November.
        let friday = at("2026-10-30T14:00:00Z");
        assert_eq!(place.after(friday, 2, Channel::Sms), at("2026-11-01T15:00:00Z"));
        assert_eq!(place.after(friday, 0, Channel::Sms), friday);
    }

    #[test]
    fn the_hours_begin_at_eight_and_end_before_nine_in_the_evening() {
        for channel in [Channel::Sms, Channel::Call, Channel::Email] {
            let open = |time: &str| known(Tokyo).window(at(time), channel);
            // Tokyo is nine hours ahead all year.
            assert_eq!(open("2026-03-01T22:59:59Z"), Some(at("2026-03-01T23:00:00Z")));
            assert_eq!(open("2026-03-01T23:00:00Z"), Some(at("2026-03-01T23:00:00Z")));
            assert_eq!(open("2026-03-02T11:59:59Z"), Some(at("2026-03-02T11:59:59Z")));
            assert_eq!(open("2026-03-02T12:00:00Z"), Some(at("2026-03-02T23:00:00Z")));
        }
    }

    #[test]
    fn eight_on_the_morning_of_a_change_of_clocks_is_eight() {
        // Berlin, Sunday, 29 March: 08:00 CEST is 06:00 UTC; the evening before was CET.
        let place = known(Berlin);
        assert_eq!(
            place.window(at("2026-03-28T20:00:00Z"), Channel::Sms),
            Some(at("2026-03-29T06:00:00Z"))
        );
        assert_eq!(
            place.window(at("2026-03-28T19:59:59Z"), Channel::Sms),
            Some(at("2026-03-28T19:59:59Z"))
        );
    }

    #[test]
    fn who_may_be_anywhere_in_a_country_is_texted_when_it_is_day_in_all_of_it() {
        let phone = Phone::try_from("+12065550010".to_owned()).ok();
        let place = Place::of(None, phone.as_ref(), Berlin).ok();
        let open = |time: &str| place.as_ref().and_then(|p| p.window(at(time), Channel::Sms));
        // In winter: 08:00 on Adak and Hawaii is 18:00 UTC, 21:00 on Puerto Rico is 01:00 UTC.
        assert_eq!(open("2026-01-10T17:59:59Z"), Some(at("2026-01-10T18:00:00Z")));
        assert_eq!(open("2026-01-11T00:59:59Z"), Some(at("2026-01-11T00:59:59Z")));
        assert_eq!(open("2026-01-11T01:00:00Z"), Some(at("2026-01-11T18:00:00Z")));
        // E-mail goes by the tenant's clock then: 08:00 in Berlin.
        let mail =
            place.as_ref().and_then(|p| p.window(at("2026-01-10T02:00:00Z"), Channel::Email));
        assert_eq!(mail, Some(at("2026-01-10T07:00:00Z")));
    }

    #[test]
    fn where_nobody_knows_there_is_no_hour_for_a_text() {
        let nowhere = Place::of(None, None, Los_Angeles).ok();
        let open =
            |channel| nowhere.as_ref().and_then(|p| p.window(at("2026-01-10T18:00:00Z"), channel));
        assert_eq!((open(Channel::Sms), open(Channel::Call)), (None, None));
        assert_eq!(open(Channel::Email), Some(at("2026-01-10T18:00:00Z")));
    }

    #[test]
    fn a_day_ends_at_midnight_where_the_lead_is() {
        let place = known(New_York);
        let evening = at("2026-03-08T03:59:59Z"); // Saturday, 22:59:59 EST
        assert_eq!(place.tomorrow(evening), at("2026-03-08T05:00:00Z"));
        assert!(place.same_day(evening, at("2026-03-08T04:59:59Z")));
        assert!(!place.same_day(evening, at("2026-03-08T05:00:00Z")));
    }
}
