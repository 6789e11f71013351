//! The arithmetic of a score.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::{Factors, Known, Weights, weights::DEFAULT};
use crate::leads::lead_activity::Signal;

/// A part of a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// What they answered: up to 40.
    Qualification,
    /// How lately and how often we spoke, and what they did with what we wrote: up to 30.
    Engagement,
    /// What they said in the last calls: up to 20.
    Intent,
    /// Who and where they are: up to 10.
    Demographic,
}

use Component::{Demographic, Engagement, Intent, Qualification};

/// A rule that gave points, or took some.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Of which component.
    pub component: Component,
    /// For what.
    pub what: &'static str,
    /// How many, below 0 if they were taken.
    pub points: i64,
}

/// A score, and what gave its points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scored {
    /// The parts and their sum.
    pub factors: Factors,
    /// What gave points, before decay, limits and weights.
    pub lines: Vec<Line>,
}

/// The most that each component gives.
const MOST: [i64; 4] = [40, 30, 20, 10];

/// What sources give, in the order in which they are tried: a word that the source holds, and points.
const SOURCES: [(&[&str], i64); 4] = [
    (&["referral"], 10),
    (&["facebook", "linkedin"], 5),
    (&["purchased", "list"], 0),
    (&["gmail", "email", "e-mail"], 7),
];
/// What any other source gives.
const OTHER_SOURCE: i64 = 3;

/// What each component gives before decay and weights, each within its limits, and by which rules.
#[must_use]
pub fn raw(known: &Known, now: DateTime<Utc>) -> ([i64; 4], Vec<Line>) {
    let mut lines = vec![];
    let mut give = |component, what, points| {
        if points != 0 {
            lines.push(Line { component, what, points });
        }
    };
    give(
        Qualification,
        "answers",
        match known.answers {
            70.. => 40,
            50.. => 25,
            30.. => 10,
            _ => 0,
        },
    );
    let days = known.last_contact.map(|at| days_since(at, now));
    give(
        Engagement,
        "days since the last contact",
        match days {
            Some(..=7) => 15,
            Some(..=30) => 10,
            Some(..=90) => 5,
            _ => 0,
        },
    );
    give(
        Engagement,
        "calls",
        match known.calls {
            5.. => 10,
            3.. => 7,
            1.. => 3,
            _ => 0,
        },
    );
    for (signal, what, points) in [
        (Signal::Reply, "a reply", 5),
        (Signal::Opened, "an e-mail opened", 3),
        (Signal::Clicked, "a link clicked", 5),
    ] {
        give(Engagement, what, if known.noted.contains(&signal) { points } else { 0 });
    }
    for (signal, what, points) in [
        (Signal::Interest, "interest", 10),
        (Signal::Questions, "questions", 5),
        (Signal::Callback, "a callback asked for", 10),
        (Signal::Handled, "objections handled", 5),
        (Signal::Objection, "a hard objection", -10),
    ] {
        let calls = known.said.iter().filter(|said| **said == signal).count();
        give(Intent, what, points * i64::try_from(calls).unwrap_or(i64::MAX));
    }
    let american = known.zone.as_deref().is_some_and(is_american);
    give(Demographic, "an American time zone", if american { 5 } else { 0 });
    let area = known.phone.as_deref().is_some_and(has_area_code);
    give(Demographic, "an area code", if area { 5 } else { 0 });
    give(Demographic, "the source", known.source.as_deref().map_or(0, of_source));
    let mut sums = [0; 4];
    for line in &lines {
        if let Some(sum) = sums.get_mut(line.component as usize) {
            *sum += line.points;
        }
    }
    for (sum, most) in sums.iter_mut().zip(MOST) {
        *sum = (*sum).clamp(0, most);
    }
    (sums, lines)
}

/// The score of a lead of whom that much is known, `decay` months without a contact after it was
/// computed from news. Its parts are what the components give by their weights, in whole points: the
/// sum is rounded once, half up, and limited to 0 to 100 once; the points that rounding the parts down
/// leaves over go to those with the largest remainders, the first of equals first. A score that is set
/// `by_hand` adds the difference as a part of its own.
#[must_use]
pub fn score(
    known: &Known,
    weights: &Weights,
    decay: i32,
    by_hand: Option<i64>,
    now: DateTime<Utc>,
) -> Scored {
    let ([qualification, engagement, intent, demographic], lines) = raw(known, now);
    let parts = [
        (qualification, weights.qualification, DEFAULT.qualification),
        (decayed(engagement, (8, 10), decay), weights.engagement, DEFAULT.engagement),
        (decayed(intent, (1, 2), decay), weights.intent, DEFAULT.intent),
        (demographic, weights.demographic, DEFAULT.demographic),
    ];
    // In twelve-thousandths of a point, which all four can be said in.
    let parts = parts.map(|(points, weight, default)| points * weight * (UNIT / default));
    let (parts, total) = whole(parts);
    let [qualification, engagement, intent, demographic] = parts;
    let (by_hand, total) = match by_hand {
        Some(set) => (Some(set - total), set),
        None => (None, total),
    };
    let factors = Factors { qualification, engagement, intent, demographic, by_hand, total };
    Scored { factors, lines }
}

const UNIT: i64 = 12_000;

/// Parts in whole points, and their sum.
fn whole(parts: [i64; 4]) -> ([i64; 4], i64) {
    let sum: i64 = parts.iter().sum();
    let total = ((2 * sum + UNIT) / (2 * UNIT)).clamp(0, 100);
    // Of a sum beyond the limit, each part has its share of what is left.
    let (up, unit) = if sum > 100 * UNIT { (100, sum) } else { (1, UNIT) };
    let mut whole = parts.map(|part| part * up / unit);
    let left = total - whole.iter().sum::<i64>();
    let mut order = [0, 1, 2, 3];
    order.sort_by_key(|n| std::cmp::Reverse(parts.get(*n).map_or(0, |part| part * up % unit)));
    for n in order.into_iter().take(usize::try_from(left).unwrap_or_default()) {
        if let Some(part) = whole.get_mut(n) {
            *part += 1;
        }
    }
    (whole, total)
}

/// Points after so many months, each of which leaves a share of them; rounded half up.
fn decayed(points: i64, (of, whole): (i128, i128), months: i32) -> i64 {
    const NOTHING_LEFT: i32 = 30; // 0.8 ^ 30 of 30 points is 0.04
    if months > NOTHING_LEFT {
        return 0;
    }
    let months = u32::try_from(months).unwrap_or_default();
    let (points, whole) = (i128::from(points) * of.pow(months), whole.pow(months));
    i64::try_from((2 * points + whole) / (2 * whole)).unwrap_or_default()
}

/// Whole days since then; what is still to come was today.
pub(super) fn days_since(at: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    (now - at).max(TimeDelta::zero()).num_days()
}

fn is_american(zone: &str) -> bool {
    ["America/", "US/"].iter().any(|of| zone.starts_with(of)) || zone == "Pacific/Honolulu"
}

/// Whether a number in E.164 is one of those of North America, which all have an area code.
fn has_area_code(phone: &str) -> bool {
    let digits = phone.strip_prefix("+1").unwrap_or_default();
    digits.len() == 10 && !digits.starts_with(['0', '1'])
}

fn of_source(source: &str) -> i64 {
    let source = source.to_lowercase();
    let of = SOURCES.iter().find(|(words, _)| words.iter().any(|word| source.contains(word)));
    of.map_or(OTHER_SOURCE, |(_, points)| *points)
}
