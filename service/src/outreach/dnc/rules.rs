//! When, how often and on what grounds people may be called: dated rules as data, which counsel
//! reviews. Whoever changes one adds a line with the date from which it counts, and leaves the old.

use chrono::{Datelike, NaiveDate, Weekday};
use entity::outreach::consent::{Basis, Channel, Purpose};

/// What holds in a place from a date on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A country or a state of one: `US`, `US-FL`. Where nothing is known of a country, `*`.
    pub place: &'static str,
    /// The first day, there, on which it counts.
    pub from: NaiveDate,
    /// The hours, where the called party is, in which calls are allowed: from the first up to but not
    /// including the second. If the first is the later one, through the night.
    pub hours: (u32, u32),
    /// Whether nobody is called on Sundays.
    pub no_sundays: bool,
    /// Whether nobody is called on [holidays](is_holiday).
    pub no_holidays: bool,
    /// How many calls on the same subject are allowed in how many hours, which are counted back from
    /// the call; `None`: any number.
    pub most_calls: Option<(usize, i64)>,
    /// For how many months after they bought something people may be called though they are on their
    /// country's or state's list; 0: that is no reason.
    pub months_after_buying: u32,
    /// The same after they inquired.
    pub months_after_asking: u32,
    /// Whether the country's list must have been looked at.
    pub needs_national_list: bool,
    /// Where it stands.
    pub source: &'static str,
}

const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a date")
}

/// From this day on, whoever withdraws consent to one kind of call by machine or text message
/// withdraws it for all kinds. (47 CFR 64.1200(a)(10), which the FCC has put off to 2027-01-31.)
pub const REVOKES_ALL_FROM: NaiveDate = day(2027, 1, 31);

/// What holds for telephone solicitation in the United States.
const FEDERAL: Rule = Rule {
    place: "US",
    from: day(2003, 10, 1),
    hours: (8, 21),
    no_sundays: false,
    no_holidays: false,
    most_calls: None,
    months_after_buying: 18,
    months_after_asking: 3,
    needs_national_list: true,
    source: "47 CFR 64.1200(c)(1), (c)(2), (f)(5)",
};

/// What holds where we know of no rule.
pub(super) const ELSEWHERE: Rule =
    Rule { place: "*", needs_national_list: false, source: "as 47 CFR 64.1200(c)(1)", ..FEDERAL };

/// The rules, as of 2026-11. A state's is told beside the country's, and both hold.
pub const RULES: &[Rule] = &[
    FEDERAL,
    Rule {
        place: "US-FL",
        from: day(2021, 7, 1),
        hours: (8, 20),
        most_calls: Some((3, 24)),
        source: "Fla. Stat. 501.616(6)",
        ..FEDERAL
    },
    Rule {
        place: "US-IN",
        months_after_buying: 0,
        months_after_asking: 0,
        source: "Ind. Code 24-4.7: no exemption for existing customers",
        ..FEDERAL
    },
    Rule {
        place: "US-LA",
        hours: (8, 20),
        no_sundays: true,
        no_holidays: true,
        months_after_buying: 6,
        source: "La. R.S. 45:844.11 ff. and the Public Service Commission's general order",
        ..FEDERAL
    },
    Rule {
        place: "US-MI",
        months_after_buying: 12,
        months_after_asking: 0,
        source: "Mich. Comp. Laws 445.111",
        ..FEDERAL
    },
    Rule { place: "US-MO", months_after_buying: 6, source: "Mo. Rev. Stat. 407.1095", ..FEDERAL },
    Rule { place: "US-MS", months_after_buying: 6, source: "Miss. Code 77-3-701 ff.", ..FEDERAL },
    Rule { place: "US-MT", months_after_buying: 6, source: "Mont. Code 30-14-1601 ff.", ..FEDERAL },
];

/// What holds in a place on a day there.
#[must_use]
pub fn rule_of(place: &str, on: NaiveDate) -> Option<&'static Rule> {
    let of = RULES.iter().filter(|rule| rule.place == place && rule.from <= on);
    of.max_by_key(|rule| rule.from)
}

/// What consent it takes to reach somebody. (47 CFR 64.1200(a)(1) and (2). Whether a number is
/// wireless does not matter here: to a machine they are all the same.)
#[must_use]
pub fn needed(purpose: Purpose, channel: Channel) -> Basis {
    match (channel, purpose) {
        (Channel::Call | Channel::Email, _) => Basis::None,
        (Channel::AutodialledCall | Channel::Sms, Purpose::Marketing) => Basis::ExpressWritten,
        (Channel::AutodialledCall | Channel::Sms, Purpose::Informational) => Basis::Express,
    }
}

/// Whether it is one of the United States' legal public holidays (5 U.S.C. 6103), on the day itself.
#[must_use]
pub fn is_holiday(on: NaiveDate) -> bool {
    let (month, day, weekday) = (on.month(), on.day(), on.weekday());
    let nth = |n: u32, of| weekday == of && (day - 1) / 7 + 1 == n;
    match month {
        1 => day == 1 || nth(3, Weekday::Mon),
        2 => nth(3, Weekday::Mon),
        5 => weekday == Weekday::Mon && day > 24,
        6 => day == 19,
        7 => day == 4,
        9 => nth(1, Weekday::Mon),
        10 => nth(2, Weekday::Mon),
        11 => day == 11 || nth(4, Weekday::Thu),
        12 => day == 25,
        _ => false,
    }
}
