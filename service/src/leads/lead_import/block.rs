//! Leads in the text of a mail: `KEY: value`, line by line, and an empty line between two people.

use super::{
    candidate::Reason,
    mapping::{Dictionary, Target},
    record::{Columns, Record, Records},
    value,
};
use crate::Result;

/// A text that is read block by block.
pub(super) struct Blocks<'a> {
    lines: std::iter::Enumerate<std::str::Split<'a, char>>,
    dictionary: &'a Dictionary,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(text: &'a str, dictionary: &'a Dictionary) -> Self {
        Self { lines: text.split('\n').enumerate(), dictionary }
    }

    /// Whether the text is of this kind: its first lines that say something say fields.
    pub(super) fn likely(text: &str, dictionary: &Dictionary) -> bool {
        let lines = text.lines().filter(|line| !line.trim().is_empty()).take(20);
        lines.filter(|line| said(line).is_some_and(|(key, _)| is_field(key, dictionary))).count()
            > 1
    }
}

fn is_field(key: &str, dictionary: &Dictionary) -> bool {
    matches!(dictionary.column(key), Target::Field(..))
}

/// A key and a value, also where the line is quoted or an item of a list.
fn said(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_matches(value::is_blank).trim_start_matches(['>', '*', '-', '•', ' ']);
    let (key, value) = line.split_once(':')?;
    let key = key.trim_matches(|c| value::is_blank(c) || c == '*');
    (!key.is_empty() && key.chars().count() <= 60)
        .then(|| (key, value.trim_matches(|c| value::is_blank(c) || c == '*')))
}

impl Records for Blocks<'_> {
    /// What says no field at all is no block: a greeting, a signature.
    fn next(&mut self, columns: &mut Columns) -> Result<Option<Record>> {
        let mut record = Record { line: 0, cells: vec![], fault: None };
        let mut fields = 0;
        loop {
            let next = self.lines.next();
            let line = next.map(|(_, line)| line.trim_start_matches(['>', ' ']));
            let Some((at, line)) =
                next.map(|(at, _)| at).zip(line.filter(|l| !l.trim().is_empty()))
            else {
                if fields > 0 {
                    return Ok(Some(record));
                }
                record.cells.clear();
                if next.is_none() {
                    return Ok(None);
                }
                continue;
            };
            let Some((key, value)) = said(line) else { continue };
            let Some(place) = columns.place(key) else {
                record.fault = Some(Reason::row("has too many keys"));
                continue;
            };
            if is_field(key, self.dictionary) {
                if fields == 0 {
                    record.line = u32::try_from(at + 1).unwrap_or(u32::MAX);
                }
                fields += 1;
                if record.cells.iter().any(|(other, _)| *other == place) {
                    record.fault =
                        Some(Reason::row("says the same twice: two people in one block"));
                }
            }
            record.cells.push((place, value.to_owned()));
        }
    }
}
