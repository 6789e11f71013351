//! What to do about a client: the first rule that fits, without a database.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use entity::{
    health::{
        client_health_score::{Level, Momentum, Zone},
        intervention::Kind,
    },
    zone::{date_at, day_start},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What is known of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// `None`: there is no score.
    pub zone: Option<Zone>,
    /// The predictive risk, from 0 to 100; `None`: there is no score.
    pub risk: Option<Decimal>,
    /// Which way it is going.
    pub momentum: Option<Momentum>,
    /// Sessions paid for and not yet had.
    pub outstanding: i32,
    /// Civil days since the last session; 0: today. `None`: there was none, which counts as long
    /// ago.
    pub days_since_last: Option<i32>,
}

/// How to reach a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// By telephone.
    Phone,
    /// By mail.
    Email,
    /// By text message.
    Sms,
    /// By WhatsApp.
    WhatsApp,
    /// Face to face.
    InPerson,
}

/// By when to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// In so many hours.
    Hours(i64),
    /// Before the tenant's civil day is over.
    SameDay,
}

impl Within {
    /// The instant.
    #[must_use]
    pub fn from(self, now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        match self {
            Self::Hours(hours) => now + TimeDelta::hours(hours),
            Self::SameDay => day_start(zone, date_at(zone, now) + TimeDelta::days(1)),
        }
    }
}

/// What to do about a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recommendation {
    /// What.
    pub kind: Kind,
    /// How urgent it is.
    pub priority: Level,
    /// How to reach the client, the best way first.
    pub channels: &'static [Channel],
    /// By when.
    pub within: Within,
    /// How likely it is to succeed, from 0.2 to 0.9, by the seed's points: a guess, and measured by
    /// nobody.
    pub success_probability: Decimal,
    /// The rule that fitted.
    pub why: &'static str,
}

/// How to reach the client for it, the best way first.
#[must_use]
pub fn channels(kind: Kind) -> &'static [Channel] {
    match kind {
        Kind::UrgentOutreach => &[Channel::Phone],
        Kind::Renewal => &[Channel::InPerson, Channel::Phone],
        Kind::ReEngagement => &[Channel::Email, Channel::Sms],
        Kind::WellnessCheck => &[Channel::WhatsApp, Channel::Sms],
        Kind::Celebration => &[Channel::WhatsApp],
        Kind::Incentive => &[Channel::Email],
    }
}

/// By when it is to be done.
#[must_use]
pub fn within(kind: Kind) -> Within {
    match kind {
        Kind::UrgentOutreach => Within::Hours(24),
        Kind::Renewal => Within::Hours(7 * 24),
        Kind::ReEngagement | Kind::WellnessCheck => Within::Hours(48),
        Kind::Celebration => Within::SameDay,
        Kind::Incentive => Within::Hours(72),
    }
}

/// What to do about a client, by the first rule of seed 003, section 4.3, that fits.
#[must_use]
pub fn recommend(facts: &Facts) -> Recommendation {
    let (kind, why) = first(facts);
    let risk = facts.risk.unwrap_or_default();
    let priority = match facts.zone {
        Some(Zone::Red) => Level::Critical,
        _ if risk > Decimal::from(60) => Level::High,
        _ => Level::Medium,
    };
    Recommendation {
        kind,
        priority,
        channels: channels(kind),
        within: within(kind),
        success_probability: Decimal::new(success(facts, kind), 2),
        why,
    }
}

fn first(facts: &Facts) -> (Kind, &'static str) {
    let absent = facts.days_since_last.is_none_or(|days| days > 14);
    match (facts.zone, facts.momentum) {
        (Some(Zone::Red), _) if facts.risk.is_some_and(|risk| risk > Decimal::from(75)) => {
            (Kind::UrgentOutreach, "in the red zone, at a risk above 75")
        }
        _ if (1..=4).contains(&facts.outstanding) => {
            (Kind::Renewal, "one to four sessions are left")
        }
        _ if absent && facts.outstanding > 5 => {
            (Kind::ReEngagement, "more than five sessions are left, and none in fourteen days")
        }
        (zone, Some(Momentum::Declining)) if zone != Some(Zone::Red) => {
            (Kind::WellnessCheck, "comes less often than before")
        }
        (Some(Zone::Purple), _) => (Kind::Celebration, "in the purple zone"),
        (Some(Zone::Green), Some(Momentum::Accelerating)) => {
            (Kind::Celebration, "in the green zone, and comes more often than before")
        }
        (Some(Zone::Yellow), _) => (Kind::Incentive, "in the yellow zone"),
        _ => (Kind::WellnessCheck, "no other rule fits"),
    }
}

/// In percent.
fn success(facts: &Facts, kind: Kind) -> i64 {
    let lately = match facts.days_since_last {
        Some(..7) => 20,
        Some(7..14) => 10,
        Some(14..=30) => 0,
        Some(31..) | None => -15,
    };
    let left = match facts.outstanding {
        11.. => 10,
        1.. => 0,
        _ => -20,
    };
    let rising = if facts.momentum == Some(Momentum::Accelerating) { 15 } else { 0 };
    let glad = if kind == Kind::Celebration { 20 } else { 0 };
    (50 + lately + left + rising + glad).clamp(20, 90)
}

#[cfg(test)]
mod tests {
    use Kind::{Celebration, Incentive, ReEngagement, Renewal, UrgentOutreach, WellnessCheck};
    use Momentum::{Accelerating, Declining, Stable};

    use super::*;

    /// Five sessions left, so that neither renewal nor re-engagement fits, the last ten days ago.
    fn facts(zone: Zone, risk: i64, momentum: Momentum) -> Facts {
        Facts {
            zone: Some(zone),
            risk: Some(risk.into()),
            momentum: Some(momentum),
            outstanding: 5,
            days_since_last: Some(10),
        }
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let red = |risk| facts(Zone::Red, risk, Declining);
        let yellow = facts(Zone::Yellow, 50, Stable);
        let left = |outstanding| Facts { outstanding, ..yellow };
        let away = |days, outstanding| Facts { days_since_last: days, outstanding, ..yellow };
        for (facts, expected) in [
            (red(76), UrgentOutreach),
            (Facts { outstanding: 4, ..red(76) }, UrgentOutreach),
            (red(75), WellnessCheck), // declining, but red: only the last rule
            (Facts { outstanding: 4, ..red(75) }, Renewal),
            (left(0), Incentive),
            (left(1), Renewal),
            (left(4), Renewal),
            (left(5), Incentive),
            (away(Some(15), 6), ReEngagement),
            (away(Some(14), 6), Incentive),
            (away(Some(15), 5), Incentive),
            (away(None, 6), ReEngagement),
            (away(Some(0), 6), Incentive), // seen today: defect 3-12
            (facts(Zone::Yellow, 50, Declining), WellnessCheck),
            (facts(Zone::Purple, 50, Declining), WellnessCheck),
            (facts(Zone::Purple, 0, Stable), Celebration),
            (facts(Zone::Green, 0, Accelerating), Celebration),
            (facts(Zone::Green, 0, Stable), WellnessCheck),
            (yellow, Incentive),
            (facts(Zone::Yellow, 50, Accelerating), Incentive),
            (Facts::default(), WellnessCheck),
        ] {
            assert_eq!(recommend(&facts).kind, expected, "{facts:?}");
        }
    }

    #[test]
    fn the_priority_is_critical_in_red_high_above_60_and_else_medium() {
        let of = |zone, risk| recommend(&facts(zone, risk, Stable)).priority;
        assert_eq!(of(Zone::Red, 0), Level::Critical);
        assert_eq!(of(Zone::Yellow, 61), Level::High);
        assert_eq!(of(Zone::Yellow, 60), Level::Medium);
        assert_eq!(recommend(&Facts::default()).priority, Level::Medium);
    }

    #[test]
    fn each_kind_has_its_channels_and_its_time() {
        use Channel::{Email, InPerson, Phone, Sms, WhatsApp};
        let of = |kind| (channels(kind), within(kind));
        assert_eq!(of(UrgentOutreach), (&[Phone][..], Within::Hours(24)));
        assert_eq!(of(Renewal), (&[InPerson, Phone][..], Within::Hours(168)));
        assert_eq!(of(ReEngagement), (&[Email, Sms][..], Within::Hours(48)));
        assert_eq!(of(WellnessCheck), (&[WhatsApp, Sms][..], Within::Hours(48)));
        assert_eq!(of(Celebration), (&[WhatsApp][..], Within::SameDay));
        assert_eq!(of(Incentive), (&[Email][..], Within::Hours(72)));
    }

    #[test]
    fn the_same_day_ends_with_the_tenants_day() {
        let now: DateTime<Utc> = "2026-03-02T09:00:00Z".parse().unwrap_or_default();
        let end = |zone| Within::SameDay.from(now, zone).to_rfc3339();
        assert_eq!(end(Tz::UTC), "2026-03-03T00:00:00+00:00");
        // 22:00 in Auckland: two hours are left.
        assert_eq!(end(Tz::Pacific__Auckland), "2026-03-02T11:00:00+00:00");
    }

    #[test]
    fn the_probability_of_success_is_the_sum_of_its_points_within_20_and_90() {
        let yellow = facts(Zone::Yellow, 50, Stable);
        let of = |facts: Facts| recommend(&facts).success_probability;
        let after = |days| of(Facts { days_since_last: days, ..yellow });
        let shares = [Some(0), Some(6), Some(7), Some(13), Some(14), Some(30), Some(31), None];
        let expected = [70, 70, 60, 60, 50, 50, 35, 35].map(|p| Decimal::new(p, 2));
        assert_eq!(shares.map(after), expected);
        let left = |outstanding| of(Facts { outstanding, ..yellow });
        assert_eq!([0, 1, 10, 11].map(left), [40, 60, 60, 70].map(|p| Decimal::new(p, 2)));
        // 50 + 20 + 10 + 15 + 20 = 115, limited.
        let best = Facts {
            days_since_last: Some(0),
            outstanding: 11,
            ..facts(Zone::Purple, 0, Accelerating)
        };
        assert_eq!(of(best), Decimal::new(90, 2));
        // 50 − 15 − 20 = 15, limited.
        assert_eq!(
            of(Facts { days_since_last: None, outstanding: 0, ..yellow }),
            Decimal::new(20, 2)
        );
    }
}
