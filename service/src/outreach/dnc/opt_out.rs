//! Words in which somebody asks not to be called any more.
//!
//! A program that hears them acts at once, and so it must not hear what was not said. A clause counts
//! as certain only if all of it is understood: some courtesy, one of the [`REQUESTS`], some emphasis,
//! and nothing in its sentence that limits, reports or questions it. Whatever else has the sound of a
//! request goes to a person.

mod words;

pub use entity::outreach::opt_out_review::Grade;

use self::words::{Sentence, Word, sentences};

/// Where words come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Medium {
    /// A text message, as a whole. There, one word can say it all: STOP.
    Message,
    /// A call's transcript, a letter, a note.
    Speech,
}

/// A request not to be called, or what may be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptOut<'a> {
    /// The words, as they stand in the text.
    pub phrase: &'a str,
    /// How sure they are.
    pub grade: Grade,
}

/// What carriers and the law take for a request if it is the whole message.
const MESSAGES: &[&str] = &[
    "stop",
    "stopall",
    "stop all",
    "quit",
    "end",
    "revoke",
    "opt out",
    "optout",
    "cancel",
    "unsubscribe",
];

/// What is a request by itself. `a|b` is either word, and `a?` one that may be missing.
const REQUESTS: &[&str] = &[
    "remove|take|get|delete me from|off your|the|this|all|any|every calling|call|contact|phone|mailing|marketing|do? not? call? list|lists|database",
    "take|get me off of your|the|this|all calling|call|contact|phone|mailing|marketing? list|lists",
    "remove|delete|erase my phone? number",
    "remove|delete|take my phone? number from|off your|the|this|all calling|call|contact|phone|marketing? list|lists|database|system|records",
    "lose my number",
    "put me on your|the do not call list|registry",
    "add me to your|the do not call list|registry",
    "do not ever? call|phone|ring|text|contact|message me",
    "do not ever? call|text|contact this|my number",
    "do not ever? call again",
    "never call|phone|text|contact|message me|us? again|anymore",
    "stop|quit calling|phoning|texting|contacting|messaging|ringing me|us",
    "stop|quit sending me|us? texts|messages|these|those texts|messages?",
    "stop these|the|those|your|all calls|texts|messages",
    "no more calls|texts|messages",
    "i do not want any? more? calls|texts|messages",
    "i do not want you to call|text|contact|phone me|us",
    "i do not want|wish to be called|contacted|texted",
    "i no longer want|wish to be called|contacted|texted",
    "i do not want|wish to receive your|any? more? calls|texts|messages",
    "i no longer want|wish to receive your|any|these? calls|texts|messages",
    "i do not want you calling|phoning|texting|contacting|messaging me|us",
    "i want|wish to be removed",
    "i would like to be removed",
    "i want|wish to be removed|taken from|off your|the|this calling|call|contact|marketing? list|lists",
    "i would like to be removed|taken from|off your|the|this calling|call|contact|marketing? list|lists",
    "i opt out",
    "i want|wish|have|need to opt out",
    "i would like to opt out",
    "opt me out",
    "unsubscribe",
    "unsubscribe me",
    "i want|wish to unsubscribe",
    "i would like to unsubscribe",
    "i revoke|withdraw my consent",
    "i revoke|withdraw my consent to be called|contacted|texted",
];

/// What may stand before a request and changes nothing.
const HEADS: &[&str] = &[
    "please",
    "pls",
    "plz",
    "kindly",
    "just",
    "so",
    "and",
    "then",
    "ok",
    "okay",
    "look",
    "listen",
    "hey",
    "hi",
    "hello",
    "yes",
    "yeah",
    "no",
    "well",
    "sir",
    "madam",
    "seriously",
    "again",
    "now",
    "sorry",
    "thanks",
    "thank you",
    "customer",
    "caller",
    "lead",
    "prospect",
    "client",
    "contact",
    "can|could|would|will you",
    "i want you to",
    "i would like you to",
    "i need you to",
    "i am asking|telling you to?",
    "i said|repeat",
    "i told|asked you to?",
    "i have told|asked you to?",
    "you need|have to",
    "you must",
    "for the last time",
];

/// What may stand behind a request and changes nothing.
const TAILS: &[&str] = &[
    "please",
    "pls",
    "plz",
    "thanks",
    "thank you",
    "again",
    "anymore",
    "any more",
    "ever",
    "ever again",
    "period",
    "at|on this number",
    "at|on my number",
    "at all",
    "for good",
    "permanently",
    "for me",
    "you people",
    "ok",
    "okay",
    "and do not call me|us? again",
    "and never call me|us? again",
    "from your|the list|lists|system|database|records",
    "immediately",
    "at once",
];

/// What makes a request one about some times, some cases or somebody else.
const LIMITS: &[&str] = &[
    "unless",
    "until",
    "till",
    "before",
    "after",
    "if",
    "when",
    "whenever",
    "except",
    "while",
    "during",
    "only",
    "but",
    "instead",
    "tomorrow",
    "today",
    "tonight",
    "kidding",
    "joking",
    "i will call",
    "he|she|they|you says|say|said",
    "told me|him|her|them|us",
    "he|she|they|who|somebody|someone|wife|husband|boss told|asked|wrote|says|said|say",
    "did i",
    "did not say|ask|mean",
    "do not mean|say",
    "never said|asked",
];

/// What has the sound of a request, wherever it stands.
const SOUNDS: &[&str] = &[
    "not interested",
    "no interest",
    "take|get me off",
    "remove|delete me",
    "leave me|us alone",
    "opt out",
    "optout",
    "opting out",
    "unsubscribe",
    "stop|quit calling|phoning|texting|contacting|messaging|sending|ringing|bothering|harassing",
    "stop these|the|those|your calls|texts|messages",
    "no more calls|texts|messages",
    "do|did|will|can not call|contact|phone|text",
    "never call|contact|phone|text",
    "remove|delete|lose|erase my phone? number",
    "be removed|taken off",
    "do not call list|registry",
    "revoke|withdraw my consent",
    "not want you to call|text|contact",
    "not want any|more|your|these calls|texts|messages|more",
    "not|longer want|wish to be called|contacted|texted",
    "not|longer want|wish to receive",
    "not want you calling|phoning|texting|contacting|messaging",
    "cease calling|phoning|texting|contacting|messaging",
    "cease and desist",
];

/// The first request in a text that is certain or, if there is none, the first that a person should
/// look at. Nothing that is only part of a word counts.
#[must_use]
pub fn detect(text: &str, medium: Medium) -> Option<OptOut<'_>> {
    let sentences = sentences(text);
    let told = |words: &[Word], grade| {
        let (first, last) = (words.first()?, words.last()?);
        Some(OptOut { phrase: text.get(first.from..last.to)?, grade })
    };
    let said: Vec<Word> = sentences.iter().flat_map(Sentence::words).cloned().collect();
    if let Some(words) = whole_message(&said) {
        let grade = if medium == Medium::Message { Grade::Certain } else { Grade::Review };
        return told(words, grade);
    }
    if let Some(words) = sentences.iter().find_map(certain) {
        return told(words, Grade::Certain);
    }
    // A message may go on behind the carrier's word: `STOP, wrong number`.
    if medium == Medium::Message
        && let Some(words) =
            sentences.iter().flat_map(|one| &one.clauses).find_map(|clause| whole_message(clause))
    {
        return told(words, Grade::Review);
    }
    sentences.iter().find_map(Sentence::sound).and_then(|words| told(words, Grade::Review))
}

/// One of the words that are a request if they are all that was written, courtesy and repetition
/// aside.
fn whole_message(said: &[Word]) -> Option<&[Word]> {
    const LONGEST: usize = 12;
    if said.is_empty() || said.len() > LONGEST {
        return None;
    }
    let is_courtesy = |at: usize| {
        ["please", "pls", "plz", "thanks", "thank", "you", "now"]
            .contains(&said.get(at).map_or("", Word::text))
    };
    MESSAGES.iter().find_map(|message| {
        let (mut at, mut found) = (0, None);
        while at < said.len() {
            if let Some(end) = fits(message, said, at) {
                found = found.or(said.get(at..end));
                at = end;
            } else if is_courtesy(at) {
                at += 1;
            } else {
                return None;
            }
        }
        found
    })
}

/// The request in a sentence that is understood as a whole.
fn certain(sentence: &Sentence) -> Option<&[Word]> {
    /// Nobody asks in more words than these in one breath.
    const LONGEST: usize = 40;
    let all: Vec<Word> = sentence.words().cloned().collect();
    if (0..all.len()).any(|at| LIMITS.iter().any(|limit| fits(limit, &all, at).is_some())) {
        return None;
    }
    sentence.clauses.iter().filter(|clause| clause.len() <= LONGEST).find_map(|clause| {
        let heads = reached(HEADS, clause);
        let asks = |at: usize| {
            ["can you", "could you", "would you", "will you"]
                .iter()
                .any(|ask| (0..at).any(|from| fits(ask, clause, from).is_some()))
        };
        (0..clause.len()).filter(|at| heads.get(*at) == Some(&true)).find_map(|at| {
            if sentence.is_question && !sentence.ends_with_a_tag() && !asks(at) {
                return None;
            }
            REQUESTS.iter().find_map(|request| {
                ends(request, clause, at).into_iter().find_map(|end| {
                    let rest = clause.get(end..)?;
                    (reached(TAILS, rest).last() == Some(&true)).then(|| clause.get(at..end))?
                })
            })
        })
    })
}

impl Sentence {
    /// Whether it is a question only because somebody wants to be sure that they were heard.
    fn ends_with_a_tag(&self) -> bool {
        let last = self.clauses.last().filter(|_| self.clauses.len() > 1);
        let tags = ["ok", "okay", "alright", "all right", "understood", "right", "please"];
        last.is_some_and(|last| tags.iter().any(|tag| fits(tag, last, 0) == Some(last.len())))
    }

    /// What in it has the sound of a request.
    fn sound(&self) -> Option<&[Word]> {
        self.clauses.iter().find_map(|clause| {
            (0..clause.len()).find_map(|at| {
                let end = SOUNDS.iter().find_map(|sound| fits(sound, clause, at))?;
                clause.get(at..end)
            })
        })
    }
}

/// Which places in `words` some of the phrases, one after the other, lead to from the start.
fn reached(phrases: &[&str], words: &[Word]) -> Vec<bool> {
    let mut reached = vec![false; words.len() + 1];
    reached[0] = true;
    for at in 0..words.len() {
        if reached[at] {
            for end in phrases.iter().flat_map(|phrase| ends(phrase, words, at)) {
                reached[end] = true;
            }
        }
    }
    reached
}

/// Where the phrase ends that begins at `at`, if it stands there: the longest.
fn fits(phrase: &str, words: &[Word], at: usize) -> Option<usize> {
    ends(phrase, words, at).into_iter().max()
}

/// All the places at which the phrase that begins at `at` may end.
fn ends(phrase: &str, words: &[Word], at: usize) -> Vec<usize> {
    let mut places = vec![at];
    for step in phrase.split(' ') {
        let (either, optional) = step.strip_suffix('?').map_or((step, false), |word| (word, true));
        let mut next = if optional { places.clone() } else { vec![] };
        for place in places {
            let is = words
                .get(place)
                .is_some_and(|word| either.split('|').any(|one| one == word.text()));
            if is && !next.contains(&(place + 1)) {
                next.push(place + 1);
            }
        }
        if next.is_empty() {
            return next;
        }
        places = next;
    }
    places.retain(|end| *end > at);
    places
}
