//! What is done when: the hours of seed 002 and 003, in the tenant's zone.

use chrono::{DateTime, Datelike, Days, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use entity::{
    engine::run::Step,
    zone::{date_at, instant},
};

/// When a step is planned for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Every day at these minutes of the day.
    Daily(&'static [u32]),
    /// Every day from this hour on, and each hour after it: for those to whom it is too early then,
    /// since they are further west.
    Hourly(u32),
    /// On Mondays at this minute of the day. A Monday that was missed is made up for on a later day
    /// of the week, from the same hour on.
    Mondays(u32),
    /// Every so many minutes, from midnight on.
    Every(u32),
}

/// A step of the day.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    /// What is done.
    pub step: Step,
    /// When.
    pub when: When,
    /// Until which minute of the day it may be made up for: nothing is decided at night that
    /// somebody would be written to about (ours).
    pub until: u32,
}

const fn at(hour: u32, minute: u32) -> u32 {
    hour * 60 + minute
}

const EVENING: u32 = at(20, 0);
const MIDNIGHT: u32 = at(24, 0);

/// The day, in the order in which it is done when several steps are due at once: what clients did is
/// looked at before they are scored, and scores before interventions are decided upon (defect 3-18).
pub const PLAN: [Planned; 12] = [
    Planned { step: Step::Compliance, when: When::Mondays(at(7, 0)), until: EVENING },
    Planned { step: Step::Deals, when: When::Daily(&[at(8, 0), at(14, 0)]), until: EVENING },
    Planned { step: Step::Patterns, when: When::Daily(&[at(8, 0)]), until: MIDNIGHT },
    Planned { step: Step::Week, when: When::Mondays(at(8, 0)), until: MIDNIGHT },
    Planned { step: Step::Feedback, when: When::Hourly(9), until: EVENING },
    Planned { step: Step::Health, when: When::Daily(&[at(9, 0)]), until: MIDNIGHT },
    Planned { step: Step::Quotes, when: When::Hourly(10), until: EVENING },
    Planned { step: Step::Interventions, when: When::Daily(&[at(10, 30)]), until: EVENING },
    // Whom it is night for is put off: a lead may be anywhere, whatever hour it is here.
    Planned { step: Step::Nurture, when: When::Every(30), until: MIDNIGHT },
    Planned { step: Step::Enrichment, when: When::Every(30), until: MIDNIGHT },
    Planned { step: Step::Leads, when: When::Daily(&[at(2, 0)]), until: MIDNIGHT },
    Planned { step: Step::Day, when: When::Daily(&[at(18, 0)]), until: MIDNIGHT },
];

impl Planned {
    /// The latest hour up to now that the step is planned for and may still be done at; `None`:
    /// nothing is due. What was missed before that is made up for by it, but for the close of a day or
    /// a week that nobody worked in: what the scores were then is not known any more.
    #[must_use]
    pub fn slot(&self, zone: Tz, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let today = date_at(zone, now);
        let on = |days: u64, minute: u32| {
            let midnight = (today - Days::new(days)).and_time(NaiveTime::MIN);
            instant(zone, midnight + TimeDelta::minutes(minute.into()))
        };
        if self.until < MIDNIGHT && now >= on(0, self.until) {
            return None;
        }
        match self.when {
            When::Daily(minutes) => {
                let slots = minutes.iter().rev().map(|minute| on(0, *minute));
                slots.into_iter().find(|slot| *slot <= now)
            }
            When::Hourly(hour) => {
                let slots = (hour..24).rev().map(|hour| on(0, hour * 60));
                slots.into_iter().find(|slot| *slot <= now)
            }
            When::Mondays(minute) => {
                let since = today.weekday().days_since(Weekday::Mon);
                (on(0, minute) <= now).then(|| on(since.into(), minute))
            }
            When::Every(minutes) => {
                let slots = (0..MIDNIGHT / minutes).rev().map(|n| on(0, n * minutes));
                slots.into_iter().find(|slot| *slot <= now)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::America::New_York;

    use super::*;

    fn due(zone: Tz, now: &str) -> Vec<(Step, String)> {
        let now: DateTime<Utc> = now.parse().unwrap_or_default();
        let slots = PLAN.iter().filter_map(|planned| {
            let slot = planned.slot(zone, now)?;
            Some((planned.step, slot.format("%a %H:%M").to_string()))
        });
        slots.collect()
    }

    fn slot(step: Step, zone: Tz, now: &str) -> Option<String> {
        due(zone, now).into_iter().find(|(s, _)| *s == step).map(|(_, at)| at)
    }

    #[test]
    fn each_step_is_due_from_its_hour_and_not_before() {
        let monday = |time: &str| format!("2026-03-02T{time}Z");
        for (step, before, hour, expected) in [
            (Step::Compliance, "06:59:59", "07:00:00", "Mon 07:00"),
            (Step::Deals, "07:59:59", "08:00:00", "Mon 08:00"),
            (Step::Patterns, "07:59:59", "08:00:00", "Mon 08:00"),
            (Step::Week, "07:59:59", "08:00:00", "Mon 08:00"),
            (Step::Feedback, "08:59:59", "09:00:00", "Mon 09:00"),
            (Step::Health, "08:59:59", "09:00:00", "Mon 09:00"),
            (Step::Quotes, "09:59:59", "10:00:00", "Mon 10:00"),
            (Step::Interventions, "10:29:59", "10:30:00", "Mon 10:30"),
            (Step::Leads, "01:59:59", "02:00:00", "Mon 02:00"),
            (Step::Day, "17:59:59", "18:00:00", "Mon 18:00"),
        ] {
            assert_eq!(slot(step, Tz::UTC, &monday(before)), None, "{step:?}");
            assert_eq!(slot(step, Tz::UTC, &monday(hour)).as_deref(), Some(expected));
        }
        assert_eq!(slot(Step::Deals, Tz::UTC, &monday("13:59:59")).as_deref(), Some("Mon 08:00"));
        assert_eq!(slot(Step::Quotes, Tz::UTC, &monday("11:59:59")).as_deref(), Some("Mon 11:00"));
        assert_eq!(
            slot(Step::Feedback, Tz::UTC, &monday("19:59:59")).as_deref(),
            Some("Mon 19:00")
        );
        assert_eq!(slot(Step::Deals, Tz::UTC, &monday("14:00:00")).as_deref(), Some("Mon 14:00"));
        assert_eq!(
            slot(Step::Enrichment, Tz::UTC, &monday("00:29:59")).as_deref(),
            Some("Mon 00:00")
        );
        assert_eq!(
            slot(Step::Enrichment, Tz::UTC, &monday("23:30:00")).as_deref(),
            Some("Mon 23:30")
        );
    }

    #[test]
    fn nobody_is_written_to_because_of_what_was_decided_in_the_evening() {
        let monday = |time: &str| due(Tz::UTC, &format!("2026-03-02T{time}Z"));
        assert_eq!(monday("19:59:59").len(), 12);
        let late: Vec<_> = monday("20:00:00").into_iter().map(|(step, _)| step).collect();
        // Each lead has an evening of their own, which `lead_sequence_enrollment` sees to.
        let all_day = [Step::Nurture, Step::Enrichment, Step::Leads, Step::Day];
        assert_eq!(late[..3], [Step::Patterns, Step::Week, Step::Health]);
        assert_eq!(late[3..], all_day);
    }

    #[test]
    fn a_monday_that_was_missed_is_made_up_for_in_its_week_from_the_same_hour() {
        let at = |now: &str| slot(Step::Compliance, Tz::UTC, now);
        assert_eq!(at("2026-03-04T06:59:59Z"), None);
        assert_eq!(at("2026-03-04T07:00:00Z").as_deref(), Some("Mon 07:00"));
        assert_eq!(at("2026-03-08T19:00:00Z").as_deref(), Some("Mon 07:00"));
    }

    #[test]
    fn hours_are_the_tenants_and_stay_so_when_the_clocks_change() {
        // 09:00 in New York is 14:00 UTC in winter, and 13:00 from 8 March on.
        assert_eq!(slot(Step::Feedback, New_York, "2026-03-06T13:59:59Z"), None);
        assert_eq!(
            slot(Step::Feedback, New_York, "2026-03-06T14:00:00Z").as_deref(),
            Some("Fri 14:00")
        );
        assert_eq!(slot(Step::Feedback, New_York, "2026-03-09T12:59:59Z"), None);
        assert_eq!(
            slot(Step::Feedback, New_York, "2026-03-09T13:00:00Z").as_deref(),
            Some("Mon 13:00")
        );
    }
}
