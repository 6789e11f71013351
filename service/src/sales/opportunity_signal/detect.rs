//! Finding signs in a text: the words and numbers of seed 002's detector.

use rust_decimal::Decimal;
use serde::Serialize;

use super::SignalType;

/// A sign that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Detected {
    /// Of what.
    pub signal_type: SignalType,
    /// The type's words that were found, each once, in the order of the type's list; of a budget,
    /// the amounts as they were written.
    pub words: Vec<String>,
    /// How strong the detector takes it for, 0 to 1.
    pub strength: Decimal,
    /// What stands around the first of the words.
    pub excerpt: String,
}

/// How the strength grows with the words: so much, and so much for each, in hundredths.
struct Rule {
    signal_type: SignalType,
    words: &'static [&'static str],
    base: i64,
    each: i64,
}

const RULES: [Rule; 7] = [
    Rule {
        signal_type: SignalType::Complaint,
        words: &[
            "disappointed",
            "frustrated",
            "unhappy",
            "unacceptable",
            "problem",
            "issue",
            "complaint",
            "wrong",
            "error",
            "mistake",
            "fix this",
        ],
        base: 30,
        each: 10,
    },
    Rule {
        signal_type: SignalType::Urgency,
        words: &[
            "urgent",
            "asap",
            "immediately",
            "right away",
            "as soon as possible",
            "time sensitive",
            "deadline",
            "rush",
            "priority",
            "critical",
        ],
        base: 40,
        each: 15,
    },
    Rule {
        signal_type: SignalType::CompetitorMention,
        words: &[
            "competitor",
            "other vendor",
            "alternative",
            "comparing",
            "considering other",
            "also looking at",
            "quoted by",
        ],
        base: 60,
        each: 0,
    },
    Rule {
        signal_type: SignalType::Expansion,
        words: &[
            "expanding",
            "growing",
            "new location",
            "additional",
            "more properties",
            "scaling up",
            "increase volume",
            "more orders",
        ],
        base: 80,
        each: 0,
    },
    Rule {
        signal_type: SignalType::Renewal,
        words: &[
            "renewal",
            "renew",
            "continue",
            "extend",
            "contract expiring",
            "next year",
            "annual review",
        ],
        base: 70,
        each: 0,
    },
    Rule {
        signal_type: SignalType::Referral,
        words: &[
            "referral",
            "recommend",
            "colleague",
            "friend mentioned",
            "heard about you",
            "was told",
            "suggested i contact",
        ],
        base: 85,
        each: 0,
    },
    Rule {
        signal_type: SignalType::ChurnRisk,
        words: &[
            "cancel",
            "discontinue",
            "end our",
            "terminate",
            "no longer need",
            "switching to",
            "moving away",
            "not satisfied",
        ],
        base: 50,
        each: 15,
    },
];

/// How strong the detector takes the mention of a budget for.
const BUDGET: i64 = 70;
/// How much of the text around the first word is kept, in characters to each side.
const AROUND: usize = 100;
/// How many amounts are told apart.
const MOST_AMOUNTS: usize = 20;

/// What has more digits is no amount.
const LONGEST_AMOUNT: usize = 30;

/// Finds the signs in a text, at most one of each type, in the order of the types.
///
/// A word counts where it begins like one, whatever it ends with: "errors" has an error in it, and
/// "terror" and "brush" nothing; "disappointed" and "issue" in one sentence are two words of a
/// complaint, and "issue" twice is one. There is no detector of chances to sell more.
#[must_use]
pub fn detect(text: &str) -> Vec<Detected> {
    // The words are ASCII, so that places in the one are places in the other.
    let lower = text.to_ascii_lowercase();
    let mut found: Vec<Detected> =
        RULES.iter().filter_map(|rule| by_words(rule, text, &lower)).collect();
    found.extend(budget(text, &lower));
    found.sort_by_key(|found| found.signal_type);
    found
}

fn by_words(rule: &Rule, text: &str, lower: &str) -> Option<Detected> {
    // What a longer word of the list begins with is part of that: a renewal is one word.
    let is_part = |word: &str, at: usize| {
        let longer = |other: &&&str| other.len() > word.len() && other.starts_with(word);
        let there = lower.get(at..).unwrap_or_default();
        rule.words.iter().filter(longer).any(|other| there.starts_with(other))
    };
    let place = |word: &str| {
        let mut places = lower.match_indices(word).map(|(at, _)| at);
        places.find(|at| begins(lower, *at) && !is_part(word, *at))
    };
    let places = rule.words.iter().filter_map(|word| Some((place(word)?, *word)));
    let places: Vec<(usize, &str)> = places.collect();
    let first = places.iter().map(|(at, _)| *at).min()?;
    let count = i64::try_from(places.len()).unwrap_or(i64::MAX);
    Some(Detected {
        signal_type: rule.signal_type,
        words: places.into_iter().map(|(_, word)| word.to_owned()).collect(),
        strength: Decimal::new((rule.base + rule.each * count).min(100), 2),
        excerpt: excerpt(text, first),
    })
}

/// Whether a word begins there.
fn begins(text: &str, at: usize) -> bool {
    !text.get(..at).unwrap_or_default().chars().next_back().is_some_and(char::is_alphanumeric)
}

fn budget(text: &str, lower: &str) -> Option<Detected> {
    let mut amounts: Vec<(usize, &str)> = vec![];
    let after_words = ["budget", "spending"].into_iter().flat_map(|word| {
        let ends = lower.match_indices(word).filter(|(at, _)| begins(lower, *at));
        ends.map(move |(at, _)| skip_words(lower, at + word.len(), word)).collect::<Vec<_>>()
    });
    let dollars = lower.match_indices('$').map(|(at, _)| at);
    for from in dollars.chain(after_words) {
        let Some(amount) = amount(text, from) else { continue };
        if amounts.iter().all(|(_, known)| *known != amount) && amounts.len() < MOST_AMOUNTS {
            amounts.push((from, amount));
        }
    }
    amounts.sort_unstable();
    let &(first, _) = amounts.first()?;
    Some(Detected {
        signal_type: SignalType::BudgetMention,
        words: amounts.into_iter().map(|(_, amount)| amount.to_owned()).collect(),
        strength: Decimal::new(BUDGET, 2),
        excerpt: excerpt(text, first),
    })
}

/// Where an amount would stand after "budget (of)" or "spending (up to)".
fn skip_words(lower: &str, from: usize, word: &str) -> usize {
    let rest = |at: usize| lower.get(at..).unwrap_or_default();
    let blanks = |at: usize| at + (rest(at).len() - rest(at).trim_start().len());
    let next = if word == "budget" { ["of ", "is ", ": "] } else { ["up to ", "about ", ": "] };
    let at = blanks(from);
    let skipped = next.iter().find(|word| rest(at).starts_with(**word));
    blanks(at + skipped.map_or(0, |word| word.len()))
}

/// An amount that starts there: `$50,000`, `20k`, `1.5 million`, without what it is followed by.
fn amount(text: &str, from: usize) -> Option<&str> {
    let rest = text.get(from..)?;
    let number = rest.strip_prefix('$').unwrap_or(rest).trim_start_matches(' ');
    if !number.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let start = rest.len() - number.len();
    let len = number.bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b',' | b'.')).count();
    let len = number.get(..len)?.trim_end_matches([',', '.']).len();
    if len > LONGEST_AMOUNT {
        return None;
    }
    let unit = number.get(len..)?;
    let lower = unit.chars().take(9).collect::<String>().to_ascii_lowercase();
    let units = [" million", " thousand", "mm", "k", "m"];
    let unit = units.iter().find(|unit| {
        let after = lower.strip_prefix(**unit).map(|rest| rest.chars().next());
        after.is_some_and(|next| next.is_none_or(|c| !c.is_alphanumeric()))
    });
    rest.get(..start + len + unit.map_or(0, |unit| unit.len()))
}

/// What stands around a place, without control characters.
fn excerpt(text: &str, at: usize) -> String {
    let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at..).unwrap_or_default());
    let from = before.char_indices().rev().take(AROUND).last().map_or(at, |(from, _)| from);
    let kept = text.get(from..at).unwrap_or_default().chars().chain(after.chars().take(AROUND));
    let plain: String = kept.map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.trim().to_owned()
}
