//! What texts say of somebody's interest, by the words in them. English only, as seed 004 has it.

use super::Signal;

/// How many characters of a transcript are read.
pub const READ: usize = 3000;

const INTEREST: [&str; 3] = ["i'm interested", "tell me more", "sounds good"];
const QUESTIONS: [&str; 3] = ["how does", "what is", "can you explain"];
const CALLBACK: [&str; 3] = ["call me back", "schedule", "appointment"];
const HANDLED: [&str; 2] = ["but", "however"];
const OBJECTION: [&str; 5] = ["not interested", "pyramid", "scam", "remove me", "stop calling"];
const REPLY: [&str; 3] = ["replied", "responded", "sms reply"];

/// What the first [`READ`] characters of a transcript say.
#[must_use]
pub fn said(transcript: &str) -> Vec<Signal> {
    let text: String = transcript.chars().take(READ).collect();
    let text = plain(&text);
    let has = |words: &[&str]| words.iter().any(|words| text.contains(words));
    // A word and no piece of one: there is no objection in a button.
    let has_word =
        |word: &&str| text.split(|c: char| !c.is_alphanumeric()).any(|found| found == *word);
    let asks = has(&QUESTIONS) || text.matches('?').count() >= 2;
    let handled = HANDLED.iter().any(has_word) && !text.contains("not interested");
    let found = [
        (has(&INTEREST), Signal::Interest),
        (asks, Signal::Questions),
        (has(&CALLBACK), Signal::Callback),
        (handled, Signal::Handled),
        (has(&OBJECTION), Signal::Objection),
    ];
    found.into_iter().filter_map(|(is, signal)| is.then_some(signal)).collect()
}

/// What a note says that somebody did.
#[must_use]
pub fn told(note: &str) -> Vec<Signal> {
    let text = plain(note);
    let found = [
        (REPLY.iter().any(|words| text.contains(words)), Signal::Reply),
        (text.contains("opened"), Signal::Opened),
        (text.contains("clicked"), Signal::Clicked),
    ];
    found.into_iter().filter_map(|(is, signal)| is.then_some(signal)).collect()
}

/// In lower case, with the apostrophe that keyboards have.
fn plain(text: &str) -> String {
    text.to_lowercase().replace('’', "'")
}
