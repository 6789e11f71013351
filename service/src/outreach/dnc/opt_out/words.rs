//! A text as sentences, clauses and words, however they are spelled.

/// A word in lower case, and where it stands in the text.
#[derive(Clone, Debug)]
pub(super) struct Word {
    text: String,
    /// From which byte.
    pub from: usize,
    /// Up to which byte.
    pub to: usize,
}

impl Word {
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// What stands between two ends of sentences.
#[derive(Debug, Default)]
pub(super) struct Sentence {
    pub clauses: Vec<Vec<Word>>,
    pub is_question: bool,
}

impl Sentence {
    pub(super) fn words(&self) -> impl Iterator<Item = &Word> {
        self.clauses.iter().flatten()
    }
}

/// Short forms, and what they are short for.
const SHORT: &[(&str, &[&str])] = &[
    ("dont", &["do", "not"]),
    ("didnt", &["did", "not"]),
    ("cant", &["can", "not"]),
    ("cannot", &["can", "not"]),
    ("wont", &["will", "not"]),
    ("doesnt", &["does", "not"]),
    ("isnt", &["is", "not"]),
    ("im", &["i", "am"]),
    ("ill", &["i", "will"]),
    ("id", &["i", "would"]),
    ("ive", &["i", "have"]),
];

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | '`' | '´' | '＇' | '′')
}

/// What shows nothing: a reader does not see that it stands inside a word.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// A letter of the widths that some keyboards write, as it is written here.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

pub(super) fn sentences(text: &str) -> Vec<Sentence> {
    let mut reader = Reader::default();
    for (at, c) in text.char_indices() {
        reader.read(at, c);
    }
    reader.end_word(text.len());
    reader.end_sentence(false);
    reader.done
}

#[derive(Default)]
struct Reader {
    done: Vec<Sentence>,
    clauses: Vec<Vec<Word>>,
    clause: Vec<Word>,
    word: String,
    from: usize,
}

impl Reader {
    fn read(&mut self, at: usize, c: char) {
        let c = narrow(c);
        if c.is_alphanumeric() {
            if self.word.is_empty() {
                self.from = at;
            }
            self.word.extend(c.to_lowercase());
            return;
        }
        if is_invisible(c) || is_apostrophe(c) {
            return;
        }
        self.end_word(at);
        match c {
            '.' | '!' | ';' | '\n' | '\r' | '…' | '。' => self.end_sentence(false),
            '?' | '？' => self.end_sentence(true),
            ',' | '—' | '–' | '(' | ')' => self.end_clause(),
            _ => {}
        }
    }

    fn end_word(&mut self, to: usize) {
        if self.word.is_empty() {
            return;
        }
        let word = std::mem::take(&mut self.word);
        let from = self.from;
        match SHORT.iter().find(|(short, _)| *short == word) {
            Some((_, long)) => {
                let of = long.iter().map(|text| Word { text: (*text).to_owned(), from, to });
                self.clause.extend(of);
            }
            None => self.clause.push(Word { text: word, from, to }),
        }
    }

    fn end_clause(&mut self) {
        if !self.clause.is_empty() {
            self.clauses.push(std::mem::take(&mut self.clause));
        }
    }

    fn end_sentence(&mut self, is_question: bool) {
        self.end_clause();
        if !self.clauses.is_empty() {
            let clauses = std::mem::take(&mut self.clauses);
            self.done.push(Sentence { clauses, is_question });
        } else if let Some(before) = self.done.last_mut() {
            before.is_question |= is_question; // `!?`
        }
    }
}
