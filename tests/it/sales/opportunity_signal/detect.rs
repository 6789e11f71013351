//! Finding signs in a text.

use proptest::prelude::*;
use service::sales::opportunity_signal::{Detected, SignalType, detect};

use super::decimal;

fn one(text: &str) -> Detected {
    let found = detect(text);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    found.into_iter().next().unwrap()
}

#[test]
fn each_type_is_found_by_its_words_and_as_strong_as_the_detector_says() {
    for (text, signal_type, words, strength) in [
        ("I am Disappointed.", SignalType::Complaint, 1, "0.40"),
        ("disappointed, frustrated, unhappy and WRONG", SignalType::Complaint, 4, "0.70"),
        ("urgent", SignalType::Urgency, 1, "0.55"),
        ("urgent: asap, right away", SignalType::Urgency, 3, "0.85"),
        // 0.4 and 0.15 for each of five: capped.
        ("urgent asap immediately deadline critical", SignalType::Urgency, 5, "1"),
        ("your competitor, or an alternative", SignalType::CompetitorMention, 2, "0.60"),
        ("a new location", SignalType::Expansion, 1, "0.80"),
        ("the renewal", SignalType::Renewal, 1, "0.70"),
        ("a renewal, to renew it", SignalType::Renewal, 2, "0.70"),
        ("She suggested I contact you", SignalType::Referral, 1, "0.85"),
        ("we cancel", SignalType::ChurnRisk, 1, "0.65"),
        ("We terminate, switching to others", SignalType::ChurnRisk, 2, "0.80"),
        ("our budget of $50,000", SignalType::BudgetMention, 1, "0.70"),
    ] {
        let found = one(text);
        assert_eq!((found.signal_type, found.words.len()), (signal_type, words), "{text}");
        assert_eq!(found.strength, decimal(strength), "{text}");
    }
}

#[test]
fn a_word_counts_where_one_begins_and_once() {
    for text in ["a terror", "the brush", "tissue", "surrender", "Fine, thanks.", ""] {
        assert_eq!(detect(text), [], "{text}");
    }
    assert_eq!(one("issue, issues and an issue").words, ["issue"]);
    assert_eq!(one("errors").words, ["error"]);
}

#[test]
fn the_amounts_of_a_budget_are_read_as_they_are_written() {
    for (text, amounts) in [
        ("budget of $50,000.", &["$50,000"][..]),
        ("Budget: 20k for it", &["20k"]),
        ("a budget of 1.5 million", &["1.5 million"]),
        ("It cost $ 300, or $400", &["$ 300", "$400"]),
        ("we are spending up to 9000 a month", &["9000"]),
        ("$5m", &["$5m"]),
        ("$5 more", &["$5"]),
        ("$40 and $40", &["$40"]),
        ("budget 7 monthly", &["7"]),
        // The ninth byte after the number is in the middle of a letter.
        ("budget $50k aaaaaaé", &["$50k"]),
        ("budget 2 million€", &["2 million"]),
    ] {
        let found = one(text);
        assert_eq!(
            (found.signal_type, found.words),
            (SignalType::BudgetMention, amounts.iter().map(|a| (*a).to_owned()).collect()),
            "{text}"
        );
    }
    let long = format!("${}", "9".repeat(31));
    for text in ["no budget", "budget of many", "low-budget", "$", "$$$", "50,000", long.as_str()] {
        assert_eq!(detect(text), [], "{text}");
    }
}

#[test]
fn there_is_no_detector_of_chances_to_sell_more() {
    let all =
        "disappointed urgent budget of 5 competitor growing renew colleague cancel upsell upgrade";
    let types: Vec<_> = detect(all).into_iter().map(|found| found.signal_type).collect();
    assert_eq!(types.len(), 8);
    assert!(!types.contains(&SignalType::Upsell) && types.is_sorted());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_detected_stands_in_the_text_each_type_once(
        pieces in prop::collection::vec(
            prop_oneof![
                any::<String>(),
                "[$0-9., kmİß]{0,20}",
                prop::sample::select(vec![
                    "urgent", "BUDGET of", "spending up to", "error", "$", "asap", "İ", "next year",
                ]).prop_map(str::to_owned),
            ],
            0..12,
        ),
    ) {
        let text = pieces.join(" ");
        let found = detect(&text);
        let lower = text.to_ascii_lowercase();
        for pair in found.windows(2) {
            prop_assert!(pair[0].signal_type < pair[1].signal_type);
        }
        for Detected { words, strength, excerpt, .. } in found {
            prop_assert!(!words.is_empty() && excerpt.chars().count() <= 200);
            prop_assert!(words.iter().all(|word| lower.contains(&word.to_ascii_lowercase())));
            prop_assert!(strength > decimal("0") && strength <= decimal("1"));
        }
    }
}
