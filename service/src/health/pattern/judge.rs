//! Whether a client's calls are as usual: arithmetic on counts, without a database.

use chrono::{DateTime, Utc};
use entity::health::pattern::Status;
use rust_decimal::{Decimal, RoundingStrategy};

/// How many complete weeks the usual is the mean of (defect 3-6).
pub const BASELINE_WEEKS: i64 = 4;
/// Of how few of them nothing can be said.
pub const LEAST_WEEKS: i64 = 3;
/// How many calls must be expected by now before anything is flagged: 1.5. Below, one call more or
/// less would make the difference.
pub const LEAST_EXPECTED: Decimal = Decimal::from_parts(15, 0, 0, false, 1);
/// Strictly below this deviation, in percent, it is a break.
pub const BREAK_PCT: i64 = -50;
/// Strictly below this, it is below pattern.
pub const BELOW_PCT: i64 = -25;
/// Strictly above this, it is above pattern.
pub const ABOVE_PCT: i64 = 50;

/// What is known of a client's calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The time that it is taken to be.
    pub now: DateTime<Utc>,
    /// When this week began, and when it will end.
    pub week: (DateTime<Utc>, DateTime<Utc>),
    /// How many of the last [`BASELINE_WEEKS`] complete weeks the client was there for: those from
    /// the week of the first call on.
    pub weeks: i64,
    /// Calls in those weeks.
    pub before: i64,
    /// Calls this week, up to now.
    pub this_week: i64,
    /// The last call of all, up to now.
    pub last_call: Option<DateTime<Utc>>,
    /// What was found when the client was last looked at, and when that was.
    pub last_found: Option<(Status, DateTime<Utc>)>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// In a word.
    pub status: Status,
    /// The usual number of calls a week, to two decimals.
    pub average: Decimal,
    /// How many this week should have had by now, to two decimals.
    pub expected: Decimal,
    /// By how many percent it differs, to two decimals; `None`: nothing was expected.
    pub deviation_pct: Option<Decimal>,
}

/// Compares the calls of this week so far with as much of a usual week as has passed.
///
/// Fewer than [`LEAST_WEEKS`] weeks are too few to say what is usual. Where fewer than
/// [`LEAST_EXPECTED`] calls were to be expected by now, nothing is flagged, with one exception: a
/// break ends with a call, and neither with the next Monday nor because, after weeks of silence,
/// silence has become usual. Calls where none were usual are above pattern.
#[must_use]
pub fn judge(seen: &Seen) -> Judged {
    let average = ratio(seen.before, seen.weeks.max(1));
    let share = ratio(
        (seen.now - seen.week.0).num_seconds(),
        (seen.week.1 - seen.week.0).num_seconds().max(1),
    );
    let expected = average * share;
    let actual = Decimal::from(seen.this_week);
    let deviation = (!expected.is_zero()).then(|| percent(actual - expected, expected));
    let silent_since = |at| seen.last_call.is_none_or(|call| call <= at);
    let still_broken = seen.this_week == 0
        && seen
            .last_found
            .is_some_and(|(status, at)| status == Status::PatternBreak && silent_since(at));
    let status = if still_broken {
        Status::PatternBreak
    } else if seen.weeks < LEAST_WEEKS {
        Status::InsufficientData
    } else if average.is_zero() && seen.this_week > 0 {
        Status::AbovePattern
    } else if expected < LEAST_EXPECTED {
        Status::Normal
    } else {
        flagged(deviation.unwrap_or_default())
    };
    Judged {
        status,
        average: round(average, 2),
        expected: round(expected, 2),
        deviation_pct: deviation.map(|d| round(d, 2)),
    }
}

/// The source system's own rule, for those who must have its figures: calls of every kind recorded
/// in thirty days, divided by 4.3, against the week so far as if it were whole.
#[must_use]
pub fn judge_as_seed(in_30_days: i64, this_week: i64) -> Judged {
    let average = Decimal::from(in_30_days) / Decimal::new(43, 1);
    let deviation = if average.is_zero() {
        Decimal::ZERO
    } else {
        percent(Decimal::from(this_week) - average, average)
    };
    Judged {
        status: flagged(deviation),
        average: round(average, 1),
        expected: round(average, 1),
        deviation_pct: Some(round(deviation, 1)),
    }
}

fn flagged(deviation_pct: Decimal) -> Status {
    match deviation_pct {
        d if d < BREAK_PCT.into() => Status::PatternBreak,
        d if d < BELOW_PCT.into() => Status::BelowPattern,
        d if d > ABOVE_PCT.into() => Status::AbovePattern,
        _ => Status::Normal,
    }
}

fn ratio(part: i64, whole: i64) -> Decimal {
    Decimal::from(part) / Decimal::from(whole)
}

/// Within what the column holds: in the first seconds of a week one call is a great deal more than
/// was to be expected.
fn percent(part: Decimal, whole: Decimal) -> Decimal {
    let most = Decimal::from(9_999_999);
    (part * Decimal::ONE_HUNDRED).checked_div(whole).unwrap_or(most).clamp(-most, most)
}

fn round(number: Decimal, places: u32) -> Decimal {
    number.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap_or_default()
    }

    /// Wednesday noon, UTC: 60 of 168 hours have passed.
    fn seen(before: i64, this_week: i64) -> Seen {
        Seen {
            now: at("2026-03-04T12:00:00Z"),
            week: (at("2026-03-02T00:00:00Z"), at("2026-03-09T00:00:00Z")),
            weeks: 4,
            before,
            this_week,
            last_call: None,
            last_found: None,
        }
    }

    fn end_of_week(before: i64, this_week: i64) -> Seen {
        Seen { now: at("2026-03-09T00:00:00Z"), ..seen(before, this_week) }
    }

    #[test]
    fn a_week_is_compared_with_as_much_of_a_usual_one_as_has_passed() {
        // 56 calls in four weeks are 14 a week; 60/168 of that are 5.
        let judged = judge(&seen(56, 5));
        assert_eq!(judged.average, Decimal::from(14));
        assert_eq!(judged.expected, Decimal::from(5));
        assert_eq!(judged.deviation_pct, Some(Decimal::ZERO));
        assert_eq!(judged.status, Status::Normal);
    }

    #[test]
    fn the_limits_are_strict() {
        // 80 calls in four weeks are 20 a week, and the week is over.
        let status = |this_week| judge(&end_of_week(80, this_week)).status;
        assert_eq!(status(9), Status::PatternBreak); // −55 %
        assert_eq!(status(10), Status::BelowPattern); // −50 % exactly
        assert_eq!(status(14), Status::BelowPattern); // −30 %
        assert_eq!(status(15), Status::Normal); // −25 % exactly
        assert_eq!(status(30), Status::Normal); // +50 % exactly
        assert_eq!(status(31), Status::AbovePattern); // +55 %
    }

    #[test]
    fn two_weeks_are_too_few_and_three_are_enough() {
        let of = |weeks| judge(&Seen { weeks, ..end_of_week(30, 0) }).status;
        assert_eq!(of(2), Status::InsufficientData);
        assert_eq!(of(3), Status::PatternBreak);
    }

    #[test]
    fn nothing_is_flagged_before_a_call_and_a_half_was_to_be_expected() {
        // 6 in four weeks are 1.5 a week: only the whole week reaches the minimum.
        assert_eq!(judge(&end_of_week(6, 0)).status, Status::PatternBreak);
        let sunday = Seen { now: at("2026-03-08T23:00:00Z"), ..seen(6, 0) };
        assert_eq!(judge(&sunday).status, Status::Normal);
    }

    #[test]
    fn monday_morning_is_no_break() {
        let monday = Seen { now: at("2026-03-02T08:00:00Z"), ..seen(40, 0) };
        assert_eq!(judge(&monday).status, Status::Normal);
    }

    #[test]
    fn where_nothing_was_usual_nothing_can_be_divided_and_a_call_is_above_pattern() {
        let silent = judge(&end_of_week(0, 0));
        assert_eq!((silent.status, silent.deviation_pct), (Status::Normal, None));
        let back = judge(&end_of_week(0, 1));
        assert_eq!((back.status, back.deviation_pct), (Status::AbovePattern, None));
    }

    #[test]
    fn a_break_ends_with_a_call_and_not_with_monday_or_with_getting_used_to_it() {
        let found = at("2026-03-01T12:00:00Z");
        let monday = Seen {
            now: at("2026-03-02T08:00:00Z"),
            last_call: Some(at("2026-02-10T12:00:00Z")),
            last_found: Some((Status::PatternBreak, found)),
            ..seen(40, 0)
        };
        assert_eq!(judge(&monday).status, Status::PatternBreak);
        let used_to_it = Seen { before: 0, ..monday.clone() };
        assert_eq!(judge(&used_to_it).status, Status::PatternBreak);
        let called =
            Seen { last_call: Some(found + TimeDelta::seconds(1)), this_week: 1, ..monday };
        assert_eq!(judge(&called).status, Status::Normal);
    }

    #[test]
    fn the_seeds_rule_gives_the_seeds_figures() {
        // 43 calls are 10 a week.
        assert_eq!(judge_as_seed(43, 4).status, Status::PatternBreak);
        assert_eq!(judge_as_seed(43, 5).status, Status::BelowPattern);
        assert_eq!(judge_as_seed(43, 15).status, Status::Normal);
        assert_eq!(judge_as_seed(43, 16).status, Status::AbovePattern);
        let none = judge_as_seed(0, 0);
        assert_eq!((none.status, none.deviation_pct), (Status::Normal, Some(Decimal::ZERO)));
        // 10 calls are 2.3255… a week: rounded for show, and not for the deviation.
        let some = judge_as_seed(10, 1);
        assert_eq!(some.average, Decimal::new(23, 1));
        assert_eq!(some.deviation_pct, Some(Decimal::new(-570, 1)));
    }
}
