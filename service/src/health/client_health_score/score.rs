//! How well a client does: arithmetic on counts, without a database and without a float.

use entity::health::client_health_score::{Level, Momentum, RiskFactors, Zone};
use rust_decimal::{Decimal, RoundingStrategy};

use super::risk::{category, factors, priority};

/// In percent, what engagement, package and momentum weigh in the score.
pub const WEIGHTS: [i64; 3] = [40, 30, 30];
/// In percent, how much of the weights has to be known of for a client to fall into a zone.
pub const COVERAGE: i64 = 60;
/// What a package scores of which half or more is left.
const FULL: i64 = 90;
const _: () = assert!(WEIGHTS[0] + WEIGHTS[2] >= COVERAGE, "without a package there is a zone");
/// The least score of the purple, the green and the yellow zone; below is red.
pub const ZONES: [i64; 3] = [85, 70, 50];

/// What is known of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Sessions attended in the last seven days.
    pub sessions_7d: i64,
    /// In the last thirty.
    pub sessions_30d: i64,
    /// Civil days since the last one; 0: today. `None`: there was none, which counts as long ago
    /// (and is not the same as today: defect 3-12).
    pub days_since_last: Option<i64>,
    /// Sessions paid for and not yet had.
    pub outstanding: i64,
    /// Sessions paid for; 0 counts as 1, as in the seed; with 0 outstanding no package is known.
    pub purchased: i64,
}

/// What follows from it. Scores run from 0 to 100.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scored {
    /// How often and how lately the client came.
    pub engagement: i64,
    /// How much of the package is left; `None`: none is known.
    pub package: Option<i64>,
    /// How the last seven days compare with a usual week.
    pub momentum: i64,
    /// Those that are known by their weights, rounded once, half up.
    pub score: i64,
    /// How much of the weights they have together, in percent: 100, or 70 without a package.
    pub coverage: i64,
    /// Where that falls, and no better than it would be with the fullest package, if none is known.
    pub zone: Zone,
    /// By how many percent the last seven days differ from a week of the last thirty, to two
    /// decimals; `None`: there were none.
    pub change_pct: Option<Decimal>,
    /// Which way it is going.
    pub indicator: Momentum,
    /// How likely it is that the client leaves: not a probability, but points.
    pub risk: i64,
    /// What the risk is the sum of, before it is limited.
    pub factors: RiskFactors,
    /// The risk in a word.
    pub category: Level,
    /// How soon to do something.
    pub priority: Level,
    /// Whether a client who still does well is on the way down.
    pub early_warning: bool,
}

/// The score of seed 003, section 4.4. `None`: neither a session nor a package is known of the
/// client, and nothing is made up.
#[must_use]
pub fn score(seen: &Seen) -> Option<Scored> {
    let package = seen.has_package().then(|| package(seen));
    if seen.days_since_last.is_none() && package.is_none() {
        return None;
    }
    let change = Change::of(seen);
    let (engagement, momentum) = (engagement(seen), change.momentum_score());
    let parts = |package| [Some(engagement), package, Some(momentum)];
    let (score, coverage) = weighed(parts(package));
    let (at_best, _) = weighed(parts(package.or(Some(FULL))));
    let zone = zone(score.min(at_best));
    let indicator = change.indicator();
    let factors = factors(seen, zone, indicator);
    let risk = factors.iter().map(|f| i64::from(f.points)).sum::<i64>().clamp(0, 100);
    Some(Scored {
        engagement,
        package,
        momentum,
        score,
        coverage,
        zone,
        change_pct: change.percent(),
        indicator,
        risk,
        factors: RiskFactors(factors),
        category: category(risk),
        priority: priority(zone, risk, indicator),
        early_warning: matches!(zone, Zone::Green | Zone::Purple)
            && indicator == Momentum::Declining,
    })
}

impl Seen {
    /// Whether anything is known of a package.
    pub(super) fn has_package(&self) -> bool {
        self.purchased != 0 || self.outstanding != 0
    }
}

/// The score of the parts that are known, and how much of the weights they have.
fn weighed(parts: [Option<i64>; 3]) -> (i64, i64) {
    let known = parts.iter().zip(WEIGHTS).filter_map(|(part, weight)| Some(((*part)?, weight)));
    let (sum, weights) = known.fold((0, 0), |(sum, weights), (s, w)| (sum + s * w, weights + w));
    ((2 * sum + weights) / (2 * weights), weights)
}

fn zone(score: i64) -> Zone {
    match score {
        s if s >= ZONES[0] => Zone::Purple,
        s if s >= ZONES[1] => Zone::Green,
        s if s >= ZONES[2] => Zone::Yellow,
        _ => Zone::Red,
    }
}

/// Days since the last session, with none at all later than any.
pub(super) fn days(seen: &Seen) -> i64 {
    seen.days_since_last.unwrap_or(i64::MAX)
}

fn engagement(seen: &Seen) -> i64 {
    let lately = match seen.sessions_7d {
        3.. => 30,
        2 => 20,
        1 => 10,
        _ => 0,
    };
    let often = match seen.sessions_30d {
        12.. => 15,
        8.. => 10,
        _ => 0,
    };
    let absent = match days(seen) {
        31.. => 30,
        15.. => 15,
        8.. => 5,
        _ => 0,
    };
    (50 + lately + often - absent).clamp(0, 100)
}

/// How the percentage of the package that is left compares with one, without dividing.
pub(super) fn left(seen: &Seen, percent: i64) -> std::cmp::Ordering {
    (seen.outstanding * 100).cmp(&(percent * seen.purchased.max(1)))
}

fn package(seen: &Seen) -> i64 {
    let at_least = |percent| left(seen, percent).is_ge();
    match () {
        () if at_least(50) => FULL,
        () if at_least(30) => 70,
        () if at_least(10) => 50,
        () => 30,
    }
}

/// The sessions of seven days against those of thirty divided by 4.3.
struct Change {
    recent: i64,
    month: i64,
}

impl Change {
    pub(in super::super) fn of(seen: &Seen) -> Self {
        Self { recent: seen.sessions_7d, month: seen.sessions_30d }
    }

    /// Whether the change is above so many percent, exactly: `(r − m/4.3) / (m/4.3) × 100 > p` is
    /// `430 r − 100 m > p m`.
    fn is_above(&self, percent: i64) -> bool {
        430 * self.recent - 100 * self.month > percent * self.month
    }

    fn percent(&self) -> Option<Decimal> {
        let change = Decimal::from(430 * self.recent - 100 * self.month)
            .checked_div(Decimal::from(self.month))?;
        Some(change.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
    }

    fn momentum_score(&self) -> i64 {
        match () {
            () if self.month == 0 && self.recent > 0 => 70,
            () if self.month == 0 => 30,
            () if self.is_above(20) => 90,
            () if self.is_above(0) => 70,
            () if self.is_above(-20) => 50,
            () => 30,
        }
    }

    fn indicator(&self) -> Momentum {
        match () {
            () if self.month == 0 && self.recent > 0 => Momentum::Stable,
            () if self.month == 0 => Momentum::Declining,
            () if self.is_above(20) => Momentum::Accelerating,
            () if self.is_above(-20) => Momentum::Stable,
            () => Momentum::Declining,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn seen(
        sessions_7d: i64,
        sessions_30d: i64,
        days_since_last: Option<i64>,
    ) -> Seen {
        Seen { sessions_7d, sessions_30d, days_since_last, outstanding: 5, purchased: 10 }
    }

    pub(in super::super) fn of(seen: &Seen) -> Scored {
        score(seen).unwrap_or_else(|| panic!("{seen:?} can be scored"))
    }

    #[test]
    fn engagement_counts_the_last_week_the_last_month_and_the_days_since() {
        for (week, month, days, expected) in [
            (0, 0, Some(7), 50),
            (0, 0, Some(8), 45),
            (0, 0, Some(14), 45),
            (0, 0, Some(15), 35),
            (0, 0, Some(30), 35),
            (0, 0, Some(31), 20),
            (0, 0, None, 20),
            (0, 7, Some(8), 45),
            (0, 8, Some(8), 55),
            (0, 11, Some(8), 55),
            (0, 12, Some(8), 60),
            (1, 4, Some(0), 60),
            (2, 4, Some(0), 70),
            (3, 4, Some(0), 80),
            (9, 11, Some(0), 90),
            (9, 12, Some(0), 95),
        ] {
            assert_eq!(
                of(&seen(week, month, days)).engagement,
                expected,
                "{week} {month} {days:?}"
            );
        }
    }

    #[test]
    fn a_client_seen_today_is_not_taken_for_one_who_was_never_seen() {
        let [today, never] = [Some(0), None].map(|days| of(&seen(0, 0, days)));
        assert_eq!((today.engagement, never.engagement), (50, 20));
        // 50, declining 30, absent 25, and 10 less against 25 more, limited to 100.
        assert_eq!((today.risk, never.risk), (95, 100));
    }

    #[test]
    fn the_package_counts_by_what_is_left_of_it() {
        for (outstanding, purchased, expected) in [
            (50, 100, 90),
            (49, 100, 70),
            (30, 100, 70),
            (29, 100, 50),
            (10, 100, 50),
            (9, 100, 30),
            (0, 100, 30),
            (1, 3, 70), // 33⅓ %
            (1, 0, 90), // nothing bought counts as one
            (12, 10, 90),
        ] {
            let found = of(&Seen { outstanding, purchased, ..seen(1, 4, Some(1)) });
            let of = format!("{outstanding} of {purchased}");
            assert_eq!((found.package, found.coverage), (Some(expected), 100), "{of}");
        }
    }

    #[test]
    fn a_package_that_is_not_known_is_not_an_empty_one() {
        for (week, month, days, score, zone, risk) in [
            // 90, 90 (3 against 10 / 4.3 are +29 %): (3600 + 2700) / 70 = 90. Risk: 50 − 15 − 10 − 10.
            (3, 10, Some(0), 90, Zone::Purple, 15),
            // 95, 70: (3800 + 2100) / 70 = 84.29. Risk: 50 − 10 − 10.
            (3, 12, Some(0), 84, Zone::Green, 30),
            // 60, 70: (2400 + 2100) / 70 = 64.29. Risk: 50 − 10.
            (1, 4, Some(0), 64, Zone::Yellow, 40),
            // 80, 70: (3200 + 2100) / 70 = 75.71.
            (2, 8, Some(0), 76, Zone::Green, 30),
            // 20, 30: (800 + 900) / 70 = 24.29. Risk: 50 + 30 + 25 + 25, limited.
            (0, 0, Some(31), 24, Zone::Red, 100),
        ] {
            let found = of(&Seen { outstanding: 0, purchased: 0, ..seen(week, month, days) });
            assert_eq!((found.package, found.coverage), (None, 70), "{week} {month}");
            assert_eq!(
                (found.score, found.zone, found.risk),
                (score, zone, risk),
                "{week} {month}"
            );
            let points: i32 = found.factors.0.iter().map(|f| f.points).sum();
            assert_eq!(i64::from(points).clamp(0, 100), risk);
        }
        // The empty one of the second: 38 + 9 + 21, and the client who hardly uses it is warned of.
        let empty = of(&Seen { outstanding: 0, ..seen(3, 12, Some(0)) });
        assert_eq!((empty.package, empty.score, empty.zone), (Some(30), 68, Zone::Yellow));
    }

    #[test]
    fn what_is_not_known_makes_no_zone_better_than_it_could_be_at_best() {
        for week in 0..6 {
            for month in week..30 {
                for days in [0, 7, 8, 15, 31] {
                    let known = seen(week, month, Some(days));
                    let best = of(&Seen { outstanding: 10, purchased: 10, ..known });
                    let found = of(&Seen { outstanding: 0, purchased: 0, ..known });
                    let order = [Zone::Red, Zone::Yellow, Zone::Green, Zone::Purple];
                    let [found, best] =
                        [found, best].map(|f| order.iter().position(|z| *z == f.zone));
                    assert!(found <= best, "{known:?}");
                }
            }
        }
    }

    #[test]
    fn momentum_compares_seven_days_with_thirty_divided_by_4_3() {
        use Momentum::{Accelerating, Declining, Stable};
        for (week, month, change, momentum, indicator) in [
            // 43 in thirty days are 10 a week.
            (12, 43, Some(2000), 70, Stable), // +20 % exactly
            (13, 43, Some(3000), 90, Accelerating),
            (10, 43, Some(0), 50, Stable), // 0 exactly
            (11, 43, Some(1000), 70, Stable),
            (8, 43, Some(-2000), 30, Declining), // −20 % exactly
            (9, 43, Some(-1000), 50, Stable),
            (0, 43, Some(-10000), 30, Declining),
            (1, 1, Some(33000), 90, Accelerating),
            // 3 against 10 / 4.3 = 2.3255…: +29 %.
            (3, 10, Some(2900), 90, Accelerating),
            // 1 against 3 / 4.3: 43.333… %.
            (1, 3, Some(4333), 90, Accelerating),
            (0, 0, None, 30, Declining),
            (1, 0, None, 70, Stable),
        ] {
            let found = of(&seen(week, month, Some(1)));
            let expected = (change.map(|c| Decimal::new(c, 2)), momentum, indicator);
            assert_eq!(
                (found.change_pct, found.momentum, found.indicator),
                expected,
                "{week}/{month}"
            );
        }
    }

    #[test]
    fn the_score_is_weighed_and_falls_into_a_zone() {
        // 3 in the week, 12 in the month (+7.5 %): 95, 70; half of the package is left: 90.
        let purple = of(&seen(3, 12, Some(0)));
        assert_eq!((purple.engagement, purple.package, purple.momentum), (95, Some(90), 70));
        assert_eq!((purple.score, purple.zone), (86, Zone::Purple)); // 38 + 27 + 21
        // 3 in the week, 11 in the month: 90 and 70 (+17.3 %): 36 + 27 + 21 = 84.
        let green = of(&seen(3, 11, Some(0)));
        assert_eq!((green.score, green.zone), (84, Zone::Green));
        // 1 in the week, 4 in the month (+7.5 %): 60; 30 % left: 24 + 21 + 21 = 66.
        let yellow = of(&Seen { outstanding: 3, ..seen(1, 4, Some(0)) });
        assert_eq!((yellow.score, yellow.zone), (66, Zone::Yellow));
        // 1 of 4 in the week, 10 % left: 24 + 15 + 21 = 60. A week later: 45, 30: 18 + 15 + 9.
        let red = of(&Seen { outstanding: 1, ..seen(0, 4, Some(8)) });
        assert_eq!((red.score, red.zone), (42, Zone::Red));
    }

    #[test]
    fn the_zones_begin_at_85_70_and_50() {
        // Scores reachable beside the limits: 2 in the week and 8 in the month (+7.5 %) with a full
        // package are 80, 90, 70: 32 + 27 + 21 = 80; a third left: 74; a tenth: 68.
        let with = |outstanding, seen: Seen| of(&Seen { outstanding, ..seen });
        let two = seen(2, 8, Some(0));
        assert_eq!([with(5, two), with(3, two), with(1, two)].map(|s| s.score), [80, 74, 68]);
        assert_eq!([with(3, two), with(1, two)].map(|s| s.zone), [Zone::Green, Zone::Yellow]);
        // Exactly 70: engagement 70 (2 in the week, 7 in the month: +22.9 %): 28 + 15 + 27.
        let seventy = with(1, seen(2, 7, Some(0)));
        assert_eq!((seventy.score, seventy.zone), (70, Zone::Green));
        // Exactly 50: engagement 50, a third left, none in the month: 20 + 21 + 9; a day later 48.
        let [seven, eight] = [7, 8].map(|days| with(3, seen(0, 0, Some(days))));
        assert_eq!((seven.score, seven.zone), (50, Zone::Yellow));
        assert_eq!((eight.score, eight.zone), (48, Zone::Red));
        // With these weights and components every score is even: 84 is the last green, 86 purple.
    }

    #[test]
    fn of_whom_neither_a_session_nor_a_package_is_known_nothing_is_said() {
        assert_eq!(score(&Seen::default()), None);
        assert!(score(&Seen { purchased: 1, ..Seen::default() }).is_some());
        assert!(score(&Seen { outstanding: 1, ..Seen::default() }).is_some());
        assert!(score(&Seen { days_since_last: Some(400), ..Seen::default() }).is_some());
    }
}
