//! What somebody is, and where.

use serde::{Deserialize, Serialize};

use super::line::Lines;

/// What a title means for a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Can say yes.
    DecisionMaker,
    /// Is asked.
    Influencer,
    /// Anybody else.
    User,
}

/// The seed's words up to "general manager"; the others are ours.
const DECIDES: [&str; 40] = [
    "president",
    "ceo",
    "cfo",
    "cto",
    "coo",
    "chief",
    "owner",
    "partner",
    "vp",
    "vice president",
    "director",
    "head of",
    "general manager",
    "svp",
    "evp",
    "avp",
    "managing director",
    "geschäftsführer",
    "geschäftsführerin",
    "vorstand",
    "inhaber",
    "inhaberin",
    "direktor",
    "direktorin",
    "directeur",
    "directrice",
    "pdg",
    "gérant",
    "gérante",
    "président",
    "présidente",
    "directora",
    "propietario",
    "propietaria",
    "presidente",
    "direttore",
    "директор",
    "总经理",
    "代表取締役",
    "مدير عام",
];

/// The seed's words up to "consultant"; the others are ours.
const ADVISES: [&str; 20] = [
    "manager",
    "lead",
    "senior",
    "principal",
    "supervisor",
    "team lead",
    "coordinator",
    "specialist",
    "consultant",
    "leiter",
    "leiterin",
    "berater",
    "beraterin",
    "responsable",
    "gerente",
    "coordinador",
    "coordinadora",
    "менеджер",
    "经理",
    "課長",
];

/// Words before a title, in lower case.
const TITLE: [&str; 9] = [
    "title:",
    "titel:",
    "position:",
    "funktion:",
    "titre :",
    "fonction :",
    "cargo:",
    "puesto:",
    "role:",
];
/// Words before a company.
const COMPANY: [&str; 6] =
    ["company:", "firma:", "unternehmen:", "société :", "empresa:", "organization:"];

/// What a company's name ends with, in lower case and without dots. Those of two letters also mean
/// other things, and count in capitals only.
const FORMS: [&str; 36] = [
    "inc",
    "incorporated",
    "llc",
    "ltd",
    "limited",
    "corp",
    "corporation",
    "gmbh",
    "mbh",
    "ag",
    "kg",
    "ohg",
    "ug",
    "se",
    "sa",
    "sas",
    "sarl",
    "srl",
    "spa",
    "bv",
    "nv",
    "ab",
    "as",
    "aps",
    "oy",
    "oyj",
    "plc",
    "llp",
    "lp",
    "kk",
    "kft",
    "株式会社",
    "有限公司",
    "ооо",
    "co",
    "ltda",
];

impl Role {
    /// What a title means. Whole words count: an MVP is no VP, and a partnership no partner.
    #[must_use]
    pub fn of(title: &str) -> Self {
        let title = title.to_lowercase();
        if DECIDES.iter().any(|word| says(&title, word)) {
            Self::DecisionMaker
        } else if ADVISES.iter().any(|word| says(&title, word)) {
            Self::Influencer
        } else {
            Self::User
        }
    }

    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DecisionMaker => "decision_maker",
            Self::Influencer => "influencer",
            Self::User => "user",
        }
    }
}

/// Whether a text in lower case has a word, or some in a row, as such. Scripts that put no blanks
/// between words have it anywhere.
fn says(text: &str, word: &str) -> bool {
    let spaced = word.chars().all(|c| (c as u32) < 0x2e80);
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default().chars().next_back();
        let after = text.get(at + word.len()..).unwrap_or_default().chars().next();
        let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        !spaced || (ends(before) && ends(after))
    })
}

pub(super) fn is_title(text: &str) -> bool {
    Role::of(text) != Role::User
}

/// Whether its last word is a legal form.
pub(super) fn is_company(text: &str) -> bool {
    let Some(last) = text.split_whitespace().next_back() else { return false };
    let plain: String = last.chars().filter(|c| !matches!(c, '.' | ',' | ')' | '(')).collect();
    let lower = plain.to_lowercase();
    let glued =
        ["株式会社", "有限公司"].iter().any(|form| text.starts_with(form) || text.ends_with(form));
    let short = plain.chars().count() <= 2;
    let capital = plain.chars().all(char::is_uppercase) || (lower == "co" && last.ends_with('.'));
    glued || (FORMS.contains(&lower.as_str()) && (!short || capital))
}

/// What a line says after a label, in whatever case.
fn labelled<'a>(line: &'a str, labels: &[&str]) -> Option<&'a str> {
    let rest = labels.iter().find_map(|label| {
        let mut rest = line.chars();
        label
            .chars()
            .all(|l| rest.next().is_some_and(|c| c.to_lowercase().eq(std::iter::once(l))))
            .then_some(rest.as_str())
    })?;
    Some(rest.trim()).filter(|rest| !rest.is_empty() && rest.chars().count() <= 200)
}

/// Where a line may be cut. None of them stands inside a title or a company's name.
fn parts(line: &str) -> impl Iterator<Item = &str> {
    line.split(['|', '·', '•', '\t'])
        .flat_map(|part| part.split(" – "))
        .flat_map(|part| part.split(" - "))
        .map(str::trim)
}

/// Short lines without addresses.
fn plain<'a>(lines: &'a Lines<'a>) -> impl Iterator<Item = &'a str> {
    let is_plain = |line: &&str| {
        line.chars().count() <= 120 && !line.contains(['@', '?', '!']) && !line.contains("://")
    };
    lines.all.iter().copied().filter(is_plain)
}

/// What has more words is a sentence, and no title.
const MOST_WORDS: usize = 8;

fn is_long(text: &str) -> bool {
    text.split_whitespace().take(MOST_WORDS + 1).count() > MOST_WORDS
}

/// A part of a sentence, after which no title comes.
fn is_prose(part: &str) -> bool {
    let has_company =
        || commas(part).into_iter().any(|(from, to)| part.get(from..to).is_some_and(is_company));
    is_long(part) && !has_company()
}

/// After a label, else the first part of a line that has a word of a role in it, and is no sentence.
/// Sentences about directors stand in many a message: without a label nothing is a title that may be
/// of the message.
pub(super) fn title(lines: &Lines<'_>) -> Option<String> {
    let said = lines.all.iter().find_map(|line| labelled(line, &TITLE));
    let found = || {
        let parts = plain(lines).flat_map(parts).take_while(|part| !is_prose(part));
        parts.filter(|_| lines.marked).find_map(|part| {
            let at = commas(part).into_iter().find(|(at, end)| {
                part.get(*at..*end).is_some_and(|segment| is_title(segment) && !is_company(segment))
            })?;
            // "VP, Engineering" is one, and "CEO, Acme Inc." a title and a company.
            let end = commas(part)
                .into_iter()
                .filter(|(from, to)| *from > at.0 && part.get(*from..*to).is_some_and(is_company))
                .map(|(from, _)| from)
                .next()
                .unwrap_or(part.len());
            let title = part.get(at.0..end)?.trim_matches(|c: char| c.is_whitespace() || c == ',');
            let ends = title.ends_with(['.', ':', ';', '。', '：', '；']);
            (title.chars().count() <= 100 && !is_long(title) && !ends).then_some(title)
        })
    };
    said.or_else(found).map(str::to_owned)
}

/// After a label, else the first part of a line that ends with a legal form.
pub(super) fn company(lines: &Lines<'_>) -> Option<String> {
    let said = lines.all.iter().find_map(|line| labelled(line, &COMPANY));
    let found = || {
        plain(lines).flat_map(parts).find_map(|part| {
            let segments = commas(part);
            let at = segments
                .iter()
                .position(|(from, to)| part.get(*from..*to).is_some_and(is_company))?;
            let &(from, to) = segments.get(at)?;
            // "Acme, Inc."
            let alone = part.get(from..to)?.split_whitespace().count() == 1;
            let from = match at.checked_sub(1).and_then(|before| segments.get(before)) {
                Some((before, _)) if alone => *before,
                _ => from,
            };
            let name = part.get(from..to)?.trim();
            (name.split_whitespace().count() > 1 || name.chars().count() > 5).then_some(name)
        })
    };
    said.or_else(found).map(str::to_owned)
}

/// What stands between the commas, as places in the text.
fn commas(text: &str) -> Vec<(usize, usize)> {
    let mut from = 0;
    let mut found = vec![];
    for (at, _) in text.match_indices(',') {
        found.push((from, at));
        from = at + 1;
    }
    found.push((from, text.len()));
    found
}
