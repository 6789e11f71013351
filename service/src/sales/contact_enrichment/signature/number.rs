//! The telephone numbers of a signature.

use entity::phone::Phone;

/// What a number is called by the words before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    Mobile,
    Fax,
    Other,
}

/// How many stretches of digits are looked at; a signature has no more numbers.
const MOST: usize = 20;

/// The number and the mobile number: the first that is not called mobile and the first that is;
/// where none is called so, the first two. Fax numbers are passed over.
pub(super) fn numbers(lines: &[&str], region: &str) -> (Option<Phone>, Option<Phone>) {
    let mut found: Vec<(Label, Phone)> = vec![];
    let stretches = lines.iter().flat_map(|line| stretches(line));
    for (label, stretch) in stretches.take(MOST) {
        let Ok(parsed) = Phone::parse(stretch, region) else { continue };
        if label != Label::Fax && found.iter().all(|(_, phone)| *phone != parsed.phone) {
            found.push((label, parsed.phone));
        }
    }
    let mobile = found.iter().position(|(label, _)| *label == Label::Mobile);
    let mobile = mobile.map(|at| found.remove(at).1);
    let mut rest = found.into_iter().map(|(_, phone)| phone);
    let phone = rest.next();
    let mobile = mobile.or_else(|| rest.next());
    (phone, mobile)
}

/// Stretches of a line that could be a number, and what they are called.
fn stretches(line: &str) -> Vec<(Label, &str)> {
    let belongs = |c: char| {
        c.is_ascii_digit()
            || c.is_numeric()
            || matches!(c, '+' | '＋' | '(' | ')' | '-' | '.' | '/' | '‐' | '‑' | '–')
            || (c.is_whitespace() && c != '\n')
    };
    let mut found = vec![];
    let mut label = Label::Other;
    let mut words_from = 0;
    let mut chars = line.char_indices().peekable();
    while let Some((start, first)) = chars.next() {
        if !belongs(first) {
            continue;
        }
        let mut end = start + first.len_utf8();
        while let Some((at, c)) = chars.next_if(|(_, c)| belongs(*c)) {
            end = at + c.len_utf8();
        }
        let run = line.get(start..end).unwrap_or_default();
        if !run.chars().any(char::is_numeric) {
            continue;
        }
        let words = line.get(words_from..start).unwrap_or_default();
        label = called(words).unwrap_or(label);
        words_from = end;
        let (before, after) = (
            line.get(..start).unwrap_or_default().chars().next_back(),
            line.get(end..).unwrap_or_default().chars().next(),
        );
        for (piece, is_first, is_last) in pieces(run) {
            let glued_before = is_first
                && before.is_some_and(joins)
                && piece.starts_with(|c: char| c != '+' && c != '(' && !c.is_whitespace());
            let glued_after = is_last
                && after.is_some_and(joins)
                && !piece.ends_with(char::is_whitespace)
                && !matches!(after, Some('x' | 'X'));
            let number = piece
                .trim_matches(|c: char| c.is_whitespace() || matches!(c, '-' | '.' | '/' | '–'));
            let digits = number.chars().filter(|c| c.is_numeric()).count();
            if !glued_before && !glued_after && (7..=17).contains(&digits) && !is_date(number) {
                found.push((label, number));
            }
        }
    }
    found
}

fn joins(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '@' | '=' | '%' | '#' | '&')
}

/// Numbers that stand side by side: the next begins with a plus, or after " / ". Each with whether it
/// is the first and the last.
fn pieces(run: &str) -> Vec<(&str, bool, bool)> {
    let mut cuts = vec![0];
    let mut digits = 0;
    for (at, c) in run.char_indices() {
        let rest = run.get(at..).unwrap_or_default();
        if digits >= 7 && (matches!(c, '+' | '＋') || rest.starts_with(" / ")) {
            cuts.push(at);
            digits = 0;
        }
        digits += usize::from(c.is_numeric());
    }
    cuts.push(run.len());
    let last = cuts.len() - 2;
    let pairs = cuts.windows(2).enumerate();
    pairs
        .filter_map(|(at, pair)| {
            let &[from, to] = pair else { return None };
            Some((run.get(from..to)?, at == 0, at == last))
        })
        .collect()
}

/// What the words right before a number call it.
fn called(words: &str) -> Option<Label> {
    const MOBILE: [&str; 14] = [
        "mobile",
        "mobil",
        "mob",
        "cell",
        "cellular",
        "handy",
        "m",
        "c",
        "móvil",
        "movil",
        "celular",
        "portable",
        "cellulare",
        "моб",
    ];
    const FAX: [&str; 4] = ["fax", "telefax", "f", "факс"];
    let words = words.to_lowercase();
    let mut words = words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let last = words.next_back()?;
    Some(match last {
        word if MOBILE.contains(&word) => Label::Mobile,
        word if FAX.contains(&word) => Label::Fax,
        _ => Label::Other,
    })
}

/// `2026-03-02`, `02.03.2026`, `3/2/2026`.
fn is_date(number: &str) -> bool {
    let parts: Vec<&str> = number.split(['-', '.', '/']).collect();
    let small =
        |text: &str| text.parse::<u32>().is_ok_and(|n| (1..=31).contains(&n)) && text.len() <= 2;
    let year =
        |text: &str| text.len() == 4 && text.parse().is_ok_and(|n: u32| (1900..2100).contains(&n));
    match *parts {
        [a, b, c] => (year(a) && small(b) && small(c)) || (small(a) && small(b) && year(c)),
        _ => false,
    }
}
