//! What an answer sounds like and complains of: the seed's words, counted. Pure.
//!
//! A word counts wherever its letters stand, once however often, in whatever case; what stands
//! around it counts for nothing. So "not good" sounds good, "unhappy" is as happy as it is unhappy
//! and so neither, and a "plate" is late: known weaknesses of the seed's rule, which is kept
//! because its numbers are.

use entity::feedback::feedback_request::{Issue, Sentiment};
use rust_decimal::Decimal;
use sea_orm::ActiveEnum;

/// Words of content customers (seed 002).
const POSITIVE: [&str; 9] = [
    "great",
    "excellent",
    "thank",
    "happy",
    "satisfied",
    "good",
    "wonderful",
    "amazing",
    "perfect",
];

/// Words of others (seed 002).
const NEGATIVE: [&str; 10] = [
    "bad",
    "poor",
    "disappointed",
    "unhappy",
    "terrible",
    "awful",
    "issue",
    "problem",
    "complaint",
    "wrong",
];

/// What gives a complaint away (seed 002).
const COMPLAINTS: [(Issue, [&str; 2]); 4] = [
    (Issue::Timeliness, ["late", "delay"]),
    (Issue::Quality, ["quality", "error"]),
    (Issue::Communication, ["communication", "response"]),
    (Issue::Pricing, ["price", "cost"]),
];

/// The summary of an answer that complains of nothing.
pub const NO_ISSUES: &str = "No specific issues";

/// With how many complaints an answer is taken up though it does not sound negative (seed 002).
pub const RECOVERY_ISSUES: usize = 2;

/// What an answer sounds like and complains of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Of which words it has more.
    pub sentiment: Sentiment,
    /// From -1 to 1; 0 if it is neutral.
    pub score: Decimal,
    /// What it complains of, each once.
    pub issues: Vec<Issue>,
}

impl Reading {
    /// Whether somebody must put it right: it is negative, or complains of two things.
    #[must_use]
    pub fn needs_recovery(&self) -> bool {
        self.sentiment == Sentiment::Negative || self.issues.len() >= RECOVERY_ISSUES
    }

    /// What it complains of, in words.
    #[must_use]
    pub fn summary(&self) -> String {
        let issues: Vec<_> = self.issues.iter().map(ActiveEnum::to_value).collect();
        if issues.is_empty() { NO_ISSUES.to_owned() } else { issues.join(", ") }
    }
}

/// Reads an answer. With `n` words of the kind of which it has more, its score is 0.5 and a tenth
/// for each of them, 1 at the most; with a minus if they are negative.
#[must_use]
pub fn read(text: &str) -> Reading {
    let text = text.to_lowercase();
    let count = |words: &[&str]| words.iter().filter(|word| text.contains(**word)).count();
    let (positive, negative) = (count(&POSITIVE), count(&NEGATIVE));
    let (sentiment, score) = match positive.cmp(&negative) {
        std::cmp::Ordering::Greater => (Sentiment::Positive, strength(positive)),
        std::cmp::Ordering::Less => (Sentiment::Negative, -strength(negative)),
        std::cmp::Ordering::Equal => (Sentiment::Neutral, Decimal::ZERO),
    };
    let complains = |(_, words): &&(Issue, [&str; 2])| count(words) > 0;
    let issues = COMPLAINTS.iter().filter(complains).map(|(issue, _)| *issue).collect();
    Reading { sentiment, score, issues }
}

fn strength(words: usize) -> Decimal {
    let tenths = i64::try_from(words.min(5)).unwrap_or(5) + 5;
    Decimal::new(tenths, 1)
}

#[cfg(test)]
mod tests {
    use Issue::{Communication, Pricing, Quality, Timeliness};

    use super::*;

    fn sounds(text: &str) -> (Sentiment, Decimal) {
        let Reading { sentiment, score, .. } = read(text);
        (sentiment, score)
    }

    fn tenths(n: i64) -> Decimal {
        Decimal::new(n, 1)
    }

    #[test]
    fn each_word_counts_once_in_whatever_case() {
        assert_eq!(sounds("Great. GREAT! great?"), (Sentiment::Positive, tenths(6)));
        assert_eq!(sounds("Great, thanks"), (Sentiment::Positive, tenths(7)));
        assert_eq!(sounds("Bad, bad, BAD."), (Sentiment::Negative, tenths(-6)));
        assert_eq!(sounds("poor and awful"), (Sentiment::Negative, tenths(-7)));
    }

    #[test]
    fn the_score_ends_at_one_with_the_fifth_word() {
        assert_eq!(sounds("great excellent thank good"), (Sentiment::Positive, tenths(9)));
        assert_eq!(sounds("great excellent thank good amazing"), (Sentiment::Positive, tenths(10)));
        let six = sounds("great excellent thank good amazing perfect");
        assert_eq!(six, (Sentiment::Positive, tenths(10)));
        assert_eq!(sounds("bad poor terrible awful wrong"), (Sentiment::Negative, tenths(-10)));
        let six = sounds("bad poor terrible awful wrong problem");
        assert_eq!(six, (Sentiment::Negative, tenths(-10)));
    }

    #[test]
    fn only_the_words_of_the_winning_kind_make_the_score() {
        // Two against one: 0.5 and twice a tenth.
        assert_eq!(sounds("great and amazing, but wrong"), (Sentiment::Positive, tenths(7)));
        assert_eq!(sounds("good, but poor and wrong"), (Sentiment::Negative, tenths(-7)));
    }

    #[test]
    fn as_many_of_each_or_none_of_either_is_neutral() {
        assert_eq!(sounds("good and bad"), (Sentiment::Neutral, Decimal::ZERO));
        assert_eq!(sounds("It arrived."), (Sentiment::Neutral, Decimal::ZERO));
    }

    #[test]
    fn what_stands_around_a_word_counts_for_nothing_which_is_a_known_weakness() {
        assert_eq!(sounds("not good"), (Sentiment::Positive, tenths(6)));
        // The happy one in it outweighs the unhappy one.
        assert_eq!(sounds("unhappy"), (Sentiment::Neutral, Decimal::ZERO));
        assert_eq!(read("a plate").issues, [Issue::Timeliness]);
    }

    #[test]
    fn each_complaint_is_named_once_in_the_order_of_the_list() {
        let reading = read("The price and the cost: an error, late, a delay, no response");
        assert_eq!(reading.issues, [Timeliness, Quality, Communication, Pricing]);
        assert_eq!(reading.summary(), "timeliness, quality, communication, pricing");
        assert_eq!(read("Fine.").summary(), "No specific issues");
        for (text, issue) in [
            ("Delayed", Timeliness),
            ("LATE", Timeliness),
            ("quality", Quality),
            ("errors", Quality),
            ("communication", Communication),
            ("responses", Communication),
            ("prices", Pricing),
            ("costly", Pricing),
        ] {
            assert_eq!(read(text).issues, [issue], "{text}");
        }
    }

    #[test]
    fn a_negative_answer_or_two_complaints_need_somebody_and_one_complaint_does_not() {
        assert!(read("awful").needs_recovery());
        assert!(!read("It was late.").needs_recovery());
        assert!(read("It was late, and the price!").needs_recovery());
        assert!(read("Great, thanks, though late, and with an error").needs_recovery());
        assert!(!read("Great, thanks, though late").needs_recovery());
    }
}
