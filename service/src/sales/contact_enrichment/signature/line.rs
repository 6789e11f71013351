//! Where the signature is, and whose it is.

use super::{OTHERWISE_CHARACTERS, role, tail};

/// Words that end a message. The seed's are the English ones up to "cheers"; the others are ours.
const CLOSINGS: [&str; 34] = [
    "best regards",
    "kind regards",
    "warm regards",
    "regards",
    "thanks",
    "thank you",
    "sincerely",
    "cheers",
    "many thanks",
    "yours sincerely",
    "best wishes",
    "all the best",
    "best",
    "mit freundlichen grüßen",
    "mit freundlichen grüssen",
    "freundliche grüße",
    "viele grüße",
    "beste grüße",
    "mfg",
    "vielen dank",
    "danke",
    "cordialement",
    "bien à vous",
    "merci",
    "saludos cordiales",
    "un cordial saludo",
    "saludos",
    "atentamente",
    "gracias",
    "cordiali saluti",
    "с уважением",
    "此致",
    "よろしくお願いいたします",
    "مع أطيب التحيات",
];

/// What a closing may be followed by in its line, beside the name.
const CLOSING_LINE: usize = 60;

/// The lines of a signature that have something in them.
pub(super) struct Lines<'a> {
    pub(super) all: Vec<&'a str>,
    /// Whether a separator or a closing said that it starts here. Else it may be of the message.
    pub(super) marked: bool,
    /// Whether it starts with the name, if with any.
    apart: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let lines: Vec<&str> = text.split('\n').map(str::trim).collect();
        let mut start = None;
        let mut something_after = false;
        for (at, line) in lines.iter().enumerate().rev() {
            match after_marker(line) {
                Some(rest) if something_after || !rest.is_empty() => {
                    start = Some((at, rest));
                    break;
                }
                Some(_) => {}
                None => something_after |= !line.is_empty(),
            }
        }
        // What stands above a separator may be its closing: "Best regards,", a name, "--", the rest.
        if let Some((at, "")) = start
            && lines.get(at).is_some_and(|line| is_rule(line))
        {
            let first = at.saturating_sub(6);
            let signed = |closing: usize, rest: &str| {
                let below = lines.get(closing + 1..at).unwrap_or_default();
                let first = below.iter().find(|line| !line.is_empty());
                !below.iter().any(|line| is_postscript(line))
                    && (!rest.is_empty() || first.is_some_and(|line| is_name(line)))
            };
            let above =
                (first..at).rev().filter_map(|at| Some((at, after_closing(lines.get(at)?)?)));
            start = above.filter(|(at, rest)| signed(*at, rest)).max().or(start);
        }
        if let Some((at, rest)) = start {
            let after = lines.get(at + 1..).unwrap_or_default().iter().copied();
            let after = after.filter(|line| after_marker(line) != Some(""));
            let all = std::iter::once(rest).chain(after).filter(|line| !line.is_empty());
            let all = all.take_while(|line| !is_postscript(line));
            return Self { all: all.collect(), marked: true, apart: true };
        }
        let (block, apart) = match text.trim_end().rsplit_once("\n\n\n") {
            Some((_, block)) => (block, true),
            None => (tail(text, OTHERWISE_CHARACTERS), false),
        };
        let all = block.split('\n').map(str::trim).filter(|line| !line.is_empty());
        Self { all: all.collect(), marked: false, apart }
    }

    /// Who signed: the first line, if it looks like a name.
    pub(super) fn name(&self) -> Option<String> {
        let first = self.all.first().filter(|_| self.apart)?;
        let name = first.split(['|', '·', '•', ',', '(', '–']).next()?.trim();
        (is_name(name) && !role::is_title(name) && !role::is_company(name)).then(|| name.to_owned())
    }
}

/// What a line says after a separator or a closing formula; `None` if it is neither.
fn after_marker(line: &str) -> Option<&str> {
    if is_rule(line) { Some("") } else { after_closing(line) }
}

fn is_rule(line: &str) -> bool {
    line.chars().count() >= 2
        && line.chars().all(|c| matches!(c, '-' | '_' | '—' | '–' | '=' | '*'))
}

/// What begins so, and whatever follows it, is of the message again.
fn is_postscript(line: &str) -> bool {
    let begins = |words| strip_words(line, words).is_some_and(|rest| !rest.starts_with('-'));
    ["p.s", "ps", "p.p.s", "pps", "p. s"].into_iter().any(begins)
}

fn after_closing(line: &str) -> Option<&str> {
    if line.chars().count() > CLOSING_LINE {
        return None;
    }
    let punctuation =
        |c: char| c.is_whitespace() || matches!(c, ',' | '.' | '!' | ';' | ':' | '،' | '。' | '、');
    let rest =
        CLOSINGS.iter().filter_map(|words| strip_words(line, words)).min_by_key(|r| r.len())?;
    if rest.trim_matches(punctuation).is_empty() {
        return Some("");
    }
    // "Thanks for the call" ends nothing; "Thanks, Ada" does, and so does "Thanks and regards".
    if let Some(rest) =
        strip_words(rest.trim_start(), "and").or(strip_words(rest.trim_start(), "und"))
    {
        return after_closing(rest.trim_start());
    }
    let name = rest.trim_start().strip_prefix([',', '!', '.', '،'])?.trim_matches(punctuation);
    let whole = name.split([',', '|']).next().unwrap_or_default().trim();
    is_name(whole).then_some(name)
}

/// What follows the words, if the line begins with them, in whatever case.
fn strip_words<'a>(line: &'a str, words: &str) -> Option<&'a str> {
    let mut rest = line.chars();
    for expected in words.chars() {
        let found = rest.next()?;
        if found != expected && !found.to_lowercase().eq(std::iter::once(expected)) {
            return None;
        }
    }
    let rest = rest.as_str();
    rest.chars().next().is_none_or(|c| !c.is_alphanumeric()).then_some(rest)
}

/// Up to six words of letters, none of which begins with a small one but such as "von".
fn is_name(text: &str) -> bool {
    const SMALL: [&str; 14] =
        ["von", "van", "der", "den", "de", "da", "di", "du", "la", "le", "bin", "al", "el", "y"];
    let is_word = |word: &str| {
        let first = word.chars().next().unwrap_or(' ');
        // A letter is one of any script; what joins to it (vowel signs, accents) is no letter.
        let joins = |c: char| {
            c.is_alphanumeric() || matches!(c, '\'' | '’' | '-' | '.' | '‑' | '·') || is_mark(c)
        };
        first.is_alphabetic()
            && (!first.is_lowercase() || SMALL.contains(&word))
            && word.chars().all(|c| joins(c) && !c.is_numeric())
    };
    let words: Vec<&str> = text.split_whitespace().take(7).collect();
    let capital = words.iter().any(|word| !SMALL.contains(word));
    (1..=6).contains(&words.len())
        && capital
        && text.chars().count() <= 100
        && words.iter().all(|word| is_word(word))
}

/// Marks that combine with the letter before them, in the blocks where names have them.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}'
        | '\u{900}'..='\u{d4d}' | '\u{e31}'..='\u{e4e}' | '\u{200c}' | '\u{200d}')
}
