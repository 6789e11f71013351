//! What somebody typed into a cell, or a spreadsheet made of it, understood.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use entity::zone;

use super::mapping::DateOrder;

/// A cell without the blanks around and the doubled ones within it, of whatever kind they are.
pub(super) fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    for word in text.split(is_blank).filter(|word| !word.is_empty()) {
        if !tidied.is_empty() {
            tidied.push(' ');
        }
        tidied.push_str(word);
    }
    tidied
}

/// White space, and what takes no space and is seen by nobody.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// A number that a spreadsheet took for a quantity, as digits again: `1.2125551001E10` and
/// `12125551001.0`. `None`: it kept too few digits to know which number it was.
pub(super) fn digits(text: &str) -> Option<String> {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if let Some((mantissa, exponent)) = text.split_once(['E', 'e']) {
        let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
        let (whole, part) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
        let is_float = plain(whole) && (part.is_empty() || plain(part)) && plain(exponent);
        if is_float && whole.len() == 1 {
            let exponent: usize = exponent.parse().ok().filter(|e| *e < 20)?;
            // `1.21256E+10` stands for a hundred thousand numbers.
            let zeros = exponent.checked_sub(part.len())?;
            return if zeros > 3 {
                None
            } else {
                Some(format!("{whole}{part}{}", "0".repeat(zeros)))
            };
        }
    }
    match text.split_once('.') {
        Some((whole, "0" | "00")) if plain(whole) => Some(whole.to_owned()),
        _ => Some(text.to_owned()),
    }
}

/// When something was, by whatever way to write it that leaves no doubt but for the order of day and
/// month. A date is its first instant in the zone.
pub(super) fn instant(text: &str, order: DateOrder, zone: Tz) -> Option<DateTime<Utc>> {
    const TIMES: [&str; 9] = [
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M",
        "%d.%m.%Y %H:%M",
        "%d.%m.%Y %H:%M:%S",
        "%Y/%m/%d %H:%M",
        "%Y/%m/%d %H:%M:%S",
        "%b %d, %Y %I:%M %p",
    ];
    const DATES: [&str; 8] = [
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%Y%m%d",
        "%d.%m.%Y",
        "%d %b %Y",
        "%d-%b-%Y",
        "%b %d, %Y",
        "%b %d %Y",
    ];
    const MONTH_FIRST: [&str; 4] =
        ["%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S"];
    const DAY_FIRST: [&str; 4] =
        ["%d/%m/%Y %I:%M %p", "%d/%m/%Y %H:%M", "%d/%m/%Y %I:%M:%S %p", "%d/%m/%Y %H:%M:%S"];
    if text.len() > 64 {
        return None;
    }
    let at = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f %z"))
        .map(|at| at.to_utc())
        .ok();
    let (times, date) = match order {
        DateOrder::MonthFirst => (MONTH_FIRST, "%m/%d/%Y"),
        DateOrder::DayFirst => (DAY_FIRST, "%d/%m/%Y"),
    };
    let local = |format: &&str| NaiveDateTime::parse_from_str(text, format).ok();
    let civil = |format: &&str| NaiveDate::parse_from_str(text, format).ok();
    let at = at.or_else(|| {
        let local = TIMES.iter().chain(&times).find_map(local).or_else(|| {
            let date = DATES.iter().chain([&date]).find_map(civil)?;
            Some(date.and_time(NaiveTime::MIN))
        })?;
        is_calendar(local.date()).then(|| zone::instant(zone, local))
    });
    at.filter(|at| is_calendar(at.date_naive()))
}

/// Not the year 0026, which somebody wrote with two digits.
fn is_calendar(date: NaiveDate) -> bool {
    (1970..=9999).contains(&chrono::Datelike::year(&date))
}

/// A full name as its first and last: at the comma, or before the last word and what belongs to it.
/// `None`: it is one word.
pub(super) fn split_name(full: &str) -> Option<(String, String)> {
    const BELONGING: [&str; 17] = [
        "af", "al", "ap", "bin", "da", "de", "del", "della", "den", "der", "di", "dos", "la", "le",
        "van", "von", "zu",
    ];
    if let Some((last, first)) = full.split_once(',') {
        let (first, last) = (first.trim(), last.trim());
        let both = !first.is_empty() && !last.is_empty();
        return both.then(|| (first.to_owned(), last.to_owned()));
    }
    let words: Vec<&str> = full.split(' ').filter(|word| !word.is_empty()).collect();
    let mut cut = words.len().checked_sub(1)?;
    while cut > 1
        && words.get(cut - 1).is_some_and(|w| BELONGING.contains(&w.to_lowercase().as_str()))
    {
        cut -= 1;
    }
    if cut == 0 {
        return None;
    }
    let (first, last) = words.split_at(cut);
    Some((first.join(" "), last.join(" ")))
}

/// Whether a word means yes.
pub(super) fn is_yes(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "yes" | "y" | "true" | "t" | "1" | "x" | "1.0" | "on")
}

/// Whether a word means no.
pub(super) fn is_no(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "no" | "n" | "false" | "f" | "0" | "0.0" | "off")
}
