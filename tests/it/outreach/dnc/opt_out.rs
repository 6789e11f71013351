//! Words in which somebody asks not to be called any more, and words that only sound so.

use proptest::prelude::*;
use service::outreach::dnc::{Grade, Medium, detect};

fn grade(text: &str, medium: Medium) -> Option<Grade> {
    detect(text, medium).map(|found| found.grade)
}

fn all(expected: Option<Grade>, medium: Medium, texts: &[&str]) {
    for text in texts {
        let found = detect(text, medium);
        assert_eq!(found.map(|found| found.grade), expected, "{text:?}: {found:?}");
    }
}

#[test]
fn a_request_that_can_only_be_understood_as_one_is_certain() {
    all(
        Some(Grade::Certain),
        Medium::Speech,
        &[
            "Remove me from your list.",
            "Please take me off your calling list, thank you.",
            "do not call me again",
            "Don't call me anymore!",
            "DON’T CALL ME AGAIN",
            "Don`t ever call me again please",
            "dont text me",
            "Don't call me again, okay?",
            "stop calling me",
            "Hello? Stop calling me. I am at work.",
            "Listen, I told you to stop calling me.",
            "Could you please take me off of your list?",
            "Can you remove me from your call list?",
            "I said stop calling me!",
            "Never call me again.",
            "No more calls, please.",
            "Stop these calls",
            "I want to be removed from your list",
            "I'd like to be removed from the list.",
            "Put me on your do-not-call list.",
            "Remove my number",
            "Please delete my phone number from your database.",
            "I opt out.",
            "I want to opt out",
            "Unsubscribe me, please",
            "I don't want you to call me.",
            "I revoke my consent to be called",
            "Customer: stop calling me",
            "ok so please just stop calling me thanks",
            "don\u{200b}'t call me again",
            "Ｓｔｏｐ calling me",
            "Yes.\nNo.\nTake me off your list",
        ],
    );
}

#[test]
fn a_fragment_a_refusal_or_a_mood_lists_nobody_and_is_looked_at() {
    all(
        Some(Grade::Review),
        Medium::Speech,
        &[
            "I'm not interested",
            "I’m not interested.",
            "not interested thanks",
            "take me off",
            "Take me off.",
            "remove me",
            "please remove me",
            "leave me alone",
            "opt out",
            "Can I opt out?",
            "How do I unsubscribe from this?",
            "stop calling",
            "stop",
            "cancel",
            "Stop bothering me",
        ],
    );
}

#[test]
fn negations_conditions_questions_and_what_others_said_are_looked_at_at_the_most() {
    all(
        Some(Grade::Review),
        Medium::Speech,
        &[
            "Don't remove me from your list",
            "do not take me off your list",
            "please do not call me before nine",
            "Don't call me until Monday",
            "do not call me today",
            "don't call me at work, call my mobile",
            "Don't call me, I'll call you.",
            "Don't call me unless it is urgent.",
            "If you can't help me, stop calling me",
            "who told you to stop calling?",
            "Who told you to stop calling me?",
            "Did I say stop calling me?",
            "I did not say stop calling me",
            "he said do not call me",
            "My wife said, don't call me again",
            "They told me, stop calling me",
            "I never said take me off your list",
            "Don't call me Bob",
            "don't call me sir",
            "stop calling me names",
            "do not call me back on this, email me",
            "I would never say don't call me",
            "say stop calling me to opt out",
            "Remove my number from the invoice",
            "take me off your list for tomorrow",
            "stop calling me, just kidding",
        ],
    );
}

#[test]
fn what_is_about_something_else_is_nothing() {
    let texts = [
        "",
        "   ",
        "Yes, call me tomorrow.",
        "I am interested.",
        "unstoppable",
        "The bus stop is near my house",
        "at the end of the month",
        "cancel my order from Tuesday and send the blue one",
        "we quit smoking last year",
        "🙂",
        "call me at nine",
        "remove the old one",
        "I would list it",
    ];
    for medium in [Medium::Speech, Medium::Message] {
        all(None, medium, &texts);
    }
}

#[test]
fn a_message_of_one_carrier_word_is_a_request_however_it_is_written_and_one_among_others_is_not() {
    let words =
        ["STOP", "QUIT", "END", "REVOKE", "OPT OUT", "CANCEL", "UNSUBSCRIBE", "stop all", "OptOut"];
    for word in words {
        for written in [
            word.to_owned(),
            word.to_lowercase(),
            format!(" {word} \n"),
            format!("{word}."),
            format!("“{word}”"),
            format!("'{word}!!!'"),
            format!("{word} please"),
            format!("Please {word}"),
            format!("{word}\u{200d}"),
            format!("{word} {word}"),
        ] {
            all(Some(Grade::Certain), Medium::Message, &[&written]);
        }
        assert_ne!(
            grade(&format!("I will {word} by your office"), Medium::Message),
            Some(Grade::Certain)
        );
    }
    all(Some(Grade::Certain), Medium::Message, &["opt-out", "ＳＴＯＰ", "Stop calling me"]);
    all(Some(Grade::Review), Medium::Speech, &["stop", "END", "cancel."]);
    all(None, Medium::Message, &["start", "stopped", "the end", "ending", "yes"]);
}

#[test]
fn the_words_come_back_as_they_stood() {
    let found = detect("Well, hi. “Please don’t call me again”, ok? Bye", Medium::Speech).unwrap();
    assert_eq!(found.phrase, "don’t call me");
    let found = detect("Hm… I'm NOT interested, sorry", Medium::Speech).unwrap();
    assert_eq!((found.phrase, found.grade), ("NOT interested", Grade::Review));
    // A certain one counts before an uncertain one that stands before it.
    let found = detect("I'm not interested. Take me off your list.", Medium::Speech).unwrap();
    assert_eq!((found.phrase, found.grade), ("Take me off your list", Grade::Certain));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_and_what_is_found_stands_in_it(text in "\\PC{0,200}") {
        for medium in [Medium::Message, Medium::Speech] {
            if let Some(found) = detect(&text, medium) {
                prop_assert!(text.contains(found.phrase) && !found.phrase.is_empty());
            }
        }
    }

    #[test]
    fn any_words_of_requests_in_any_order_are_read(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "do", "not", "don't", "call", "me", "again", "stop", "calling", "remove", "from", "your", "list",
                "before", "nine", ",", ".", "?", "please", "take", "off", "the", "no", "more", "calls", "I", "'",
            ]),
            0..60,
        )
    ) {
        let text = words.join(" ");
        for medium in [Medium::Message, Medium::Speech] {
            if let Some(found) = detect(&text, medium) {
                prop_assert!(text.contains(found.phrase));
            }
        }
    }

    /// Whatever stands before a request in its clause and is not understood leaves it to a person.
    #[test]
    fn a_request_after_words_that_mean_something_is_never_certain(word in "[b-z]{5,9}") {
        prop_assume!(!["please", "kindly", "customer", "caller", "client", "contact", "prospect", "listen", "hello",
                       "seriously", "again", "sorry", "thanks", "madam"].contains(&word.as_str()));
        let text = format!("{word} stop calling me");
        prop_assert_ne!(grade(&text, Medium::Speech), Some(Grade::Certain));
        let text = format!("stop calling me {word}");
        prop_assume!(!["again", "anymore", "thanks", "please", "period"].contains(&word.as_str()));
        prop_assert_ne!(grade(&text, Medium::Speech), Some(Grade::Certain));
    }
}

#[test]
fn a_text_as_long_as_a_book_is_read_in_a_moment() {
    let begun = std::time::Instant::now();
    let text = "I do not call me stop calling the and then ".repeat(5_000);
    assert_eq!(grade(&text, Medium::Speech), Some(Grade::Review));
    assert_eq!(grade(&"a".repeat(1_000_000), Medium::Message), None);
    assert!(begun.elapsed() < std::time::Duration::from_secs(20));
}

#[test]
fn a_message_that_goes_on_behind_the_carriers_word_is_looked_at() {
    let said = ["STOP, wrong number", "STOP. I don't know you"];
    all(Some(Grade::Review), Medium::Message, &said);
    all(Some(Grade::Certain), Medium::Message, &["Thanks. Unsubscribe."]);
}

#[test]
fn who_does_not_wish_to_be_called_has_asked() {
    for text in ["I do not wish to be contacted.", "I no longer wish to receive calls"] {
        assert!(grade(text, Medium::Speech).is_some(), "{text}");
    }
}
