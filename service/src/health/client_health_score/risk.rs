//! How likely a client is to leave, in points, and how soon to do something about it.

use entity::health::client_health_score::{Level, Momentum, Risk, RiskFactor, Zone};

use super::score::{Seen, days, left};

/// The least risk that is critical, high and medium; below is low.
pub const RISKS: [i64; 3] = [75, 60, 40];

/// A risk in a word.
#[must_use]
pub fn category(risk: i64) -> Level {
    match risk {
        r if r >= RISKS[0] => Level::Critical,
        r if r >= RISKS[1] => Level::High,
        r if r >= RISKS[2] => Level::Medium,
        _ => Level::Low,
    }
}

/// How soon to do something about a client.
#[must_use]
pub fn priority(zone: Zone, risk: i64, indicator: Momentum) -> Level {
    let declining = indicator == Momentum::Declining;
    match zone {
        Zone::Red if risk > 75 => Level::Critical,
        Zone::Red => Level::High,
        _ if risk > 60 => Level::High,
        Zone::Yellow if declining => Level::High,
        Zone::Green if declining => Level::Medium,
        Zone::Yellow => Level::Medium,
        _ => Level::Low,
    }
}

/// What the risk is the sum of, before it is limited.
pub(super) fn factors(seen: &Seen, zone: Zone, indicator: Momentum) -> Vec<RiskFactor> {
    let recent = seen.sessions_7d;
    let ending = seen.has_package() && left(seen, 10).is_lt() && recent < 2;
    let full = seen.has_package() && left(seen, 50).is_gt();
    [
        Some((Risk::Base, 50)),
        match indicator {
            Momentum::Declining => Some((Risk::Declining, 30)),
            Momentum::Accelerating => Some((Risk::Accelerating, -15)),
            Momentum::Stable => None,
        },
        match recent {
            0 => Some((Risk::Absent, 25)),
            1 => None,
            _ => Some((Risk::Active, -10)),
        },
        match days(seen) {
            31.. => Some((Risk::LongAgo, 25)),
            15.. => Some((Risk::LongAgo, 15)),
            8.. => None,
            _ => Some((Risk::Recent, -10)),
        },
        ending.then_some((Risk::PackageEnding, 20)),
        full.then_some((Risk::PackageFull, -10)),
        (zone == Zone::Green && indicator == Momentum::Declining)
            .then_some((Risk::EarlyWarning, 10)),
    ]
    .into_iter()
    .flatten()
    .map(|(factor, points)| RiskFactor { factor, points })
    .collect()
}

#[cfg(test)]
mod tests {
    use sea_orm::ActiveEnum;

    use super::*;
    use crate::health::client_health_score::score::tests::{of, seen};

    #[test]
    fn the_risk_is_the_sum_of_its_reasons_within_0_and_100() {
        let risk = |outstanding, week, month, days| {
            of(&Seen { outstanding, ..seen(week, month, days) }).risk
        };
        // 50 + declining 30 + absent 25 + 31 days 25, limited.
        assert_eq!(risk(5, 0, 1, Some(31)), 100);
        // Stable, one session, today: 50 − 10; half is left, which is not more than half.
        assert_eq!(risk(5, 1, 4, Some(0)), 40);
        assert_eq!(risk(6, 1, 4, Some(0)), 30);
        // Two in the week: active.
        assert_eq!(risk(5, 2, 8, Some(0)), 30);
        // Accelerating: 50 − 15 − 10 − 10 − 10.
        assert_eq!(risk(6, 2, 2, Some(0)), 5);
        // Nothing left: below 10 %, with one session and with two.
        assert_eq!(risk(0, 1, 4, Some(0)), 60);
        assert_eq!(risk(0, 2, 8, Some(0)), 30);
        assert_eq!(risk(1, 1, 4, Some(0)), 40, "10 % is not below it");
        // Of whom no package is known: 50 − 10, and nothing ends.
        let unknown = Seen { purchased: 0, outstanding: 0, ..seen(1, 4, Some(0)) };
        assert_eq!(of(&unknown).risk, 40);
        // The days, of one who is stable at a session a week: 7, 8, 14, 15, 30, 31.
        let by_days = [7, 8, 14, 15, 30, 31].map(|days| risk(5, 1, 4, Some(days)));
        assert_eq!(by_days, [40, 50, 50, 65, 65, 75]);
        assert_eq!(risk(5, 1, 4, None), 75);
    }

    #[test]
    fn a_green_client_who_declines_is_an_early_warning() {
        // 3 in the week against 20 in the month are −35.5 %.
        // 95, 90, 30: 38 + 27 + 9 = 74. Risk: 50 + 30 − 10 (active) − 10 (recent) + 10 = 70.
        let found = of(&seen(3, 20, Some(0)));
        assert_eq!(
            (found.score, found.zone, found.indicator),
            (74, Zone::Green, Momentum::Declining)
        );
        assert_eq!((found.risk, found.early_warning), (70, true));
        assert!(found.factors.0.contains(&RiskFactor { factor: Risk::EarlyWarning, points: 10 }));
        assert_eq!(found.factors.0.iter().map(|f| f.points).sum::<i32>(), 70);
        assert!(!of(&seen(3, 12, Some(0))).early_warning);
    }

    #[test]
    fn a_risk_is_critical_from_75_high_from_60_and_medium_from_40() {
        let words = [39, 40, 59, 60, 74, 75].map(category);
        let expected = ["LOW", "MEDIUM", "MEDIUM", "HIGH", "HIGH", "CRITICAL"];
        assert_eq!(words.map(|w| w.to_value()), expected);
    }

    #[test]
    fn the_priority_is_the_first_rule_that_fits() {
        use Level::{Critical, High, Low, Medium};
        use Momentum::{Declining, Stable};
        for (zone, risk, indicator, expected) in [
            (Zone::Red, 76, Stable, Critical),
            (Zone::Red, 75, Stable, High),
            (Zone::Red, 0, Stable, High),
            (Zone::Purple, 61, Stable, High),
            (Zone::Purple, 60, Declining, Low),
            (Zone::Yellow, 60, Declining, High),
            (Zone::Yellow, 60, Stable, Medium),
            (Zone::Yellow, 61, Stable, High),
            (Zone::Green, 61, Declining, High),
            (Zone::Green, 60, Declining, Medium),
            (Zone::Green, 60, Stable, Low),
        ] {
            assert_eq!(priority(zone, risk, indicator), expected, "{zone:?} {risk} {indicator:?}");
        }
    }
}
