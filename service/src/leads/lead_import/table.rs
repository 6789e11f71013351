//! Tables as text (CSV): cells with something between them, and the columns' names on top.

use ::csv::{ReaderBuilder, StringRecord};

use super::{
    candidate::Reason,
    mapping::{Dictionary, Field, Target, normal},
    record::{Columns, Record, Records},
    text, value,
};
use crate::{Error, Result};

/// Within how many rows from the top the columns' names are looked for: a title may stand above.
const TITLES: usize = 10;
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// A table that is read row by row.
pub(super) struct Table<R> {
    rows: R,
    width: usize,
}

/// What gives a table's rows: the line of each, and its cells.
pub(super) trait RowsOf: Send {
    /// Whether a row that ends early is one that somebody cut off, and not one whose last cells are
    /// empty.
    const STRICT: bool;
    fn next(&mut self) -> Result<Option<(u32, Vec<String>)>>;
}

impl<R: RowsOf> Table<R> {
    /// Finds the names of the columns.
    pub(super) fn new(mut rows: R, dictionary: &Dictionary) -> Result<(Self, Columns)> {
        let mut first = None;
        for _ in 0..TITLES {
            let Some((_, mut cells)) = rows.next()? else { break };
            let empty = cells.iter().rev().take_while(|c| c.chars().all(value::is_blank)).count();
            cells.truncate(cells.len() - empty);
            if is_header(cells.iter().map(String::as_str), dictionary) {
                let columns = Columns::of_table(cells)?;
                return Ok((Self { rows, width: columns.len() }, columns));
            }
            first.get_or_insert(cells);
        }
        let Some(cells) = first else { return Err(Error::invalid("file", "is empty")) };
        Err(no_columns(cells.iter().map(String::as_str)))
    }
}

/// Whether there are columns enough to make leads from.
pub(super) fn is_header<'a>(names: impl Iterator<Item = &'a str>, dictionary: &Dictionary) -> bool {
    let fields: Vec<_> = names
        .filter_map(|name| match dictionary.column(name) {
            Target::Field(field, _) => Some(field),
            Target::Keep | Target::Ignore => None,
        })
        .collect();
    let has = |field| fields.contains(&field);
    has(Field::Phone) && (has(Field::FullName) || has(Field::FirstName) && has(Field::LastName))
}

fn no_columns<'a>(names: impl Iterator<Item = &'a str>) -> Error {
    // Without names the first row is a person's, who has no place in a message.
    let known = |name: &&str| {
        let normal = normal(name);
        !normal.is_empty() && !normal.chars().any(char::is_numeric) && !name.contains('@')
    };
    let names: Vec<String> = names.filter(known).map(|n| n.chars().take(40).collect()).collect();
    let count = names.len();
    Error::invalid(
        "file",
        format!("has no columns for a name and a telephone number among the {count} it names"),
    )
}

impl<R: RowsOf> Records for Table<R> {
    fn next(&mut self, _: &mut Columns) -> Result<Option<Record>> {
        loop {
            let Some((line, mut cells)) = self.rows.next()? else { return Ok(None) };
            if cells.iter().all(|cell| cell.chars().all(value::is_blank)) {
                continue;
            }
            let found = cells.len();
            while cells.len() > self.width
                && cells.last().is_some_and(|cell| cell.chars().all(value::is_blank))
            {
                cells.pop();
            }
            let ragged = cells.len() > self.width || R::STRICT && cells.len() < self.width;
            let fault = ragged
                .then(|| Reason::row(format!("has {found} cells under {} columns", self.width)));
            cells.truncate(super::record::MOST_COLUMNS);
            let cells = cells.into_iter().enumerate().collect();
            return Ok(Some(Record { line, cells, fault }));
        }
    }
}

/// The rows of a CSV file.
pub(super) struct Csv<'a> {
    text: &'a str,
    reader: ::csv::Reader<&'a [u8]>,
    row: StringRecord,
    /// A place, and its line.
    read: (usize, u32),
}

impl<'a> Csv<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let (separator, skipped) = separator(text);
        let body = text.get(skipped..).unwrap_or_default();
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .from_reader(body.as_bytes());
        let line = if skipped == 0 { 1 } else { 2 };
        Self { text: body, reader, row: StringRecord::new(), read: (0, line) }
    }
}

/// What stands between the cells, and how long the line is that says so, if one does.
fn separator(text: &str) -> (u8, usize) {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let told = first.strip_prefix("sep=").filter(|_| text.starts_with("sep="));
    if let Some([separator @ (b'!'..=b'/' | b':'..=b'~' | b'\t')]) = told.map(str::as_bytes) {
        return (*separator, (first.len() + 1).min(text.len()));
    }
    let mut counts = [0_u32; 4];
    let mut quoted = false;
    for byte in first.bytes() {
        quoted ^= byte == b'"';
        if let Some(at) = SEPARATORS.iter().position(|s| *s == byte && !quoted)
            && let Some(count) = counts.get_mut(at)
        {
            *count += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or_default();
    let at = counts.iter().position(|count| *count == most).unwrap_or_default();
    (SEPARATORS.get(at).copied().unwrap_or(b','), 0)
}

impl RowsOf for Csv<'_> {
    const STRICT: bool = true;

    fn next(&mut self) -> Result<Option<(u32, Vec<String>)>> {
        let read = self.reader.read_record(&mut self.row);
        if !read.map_err(|_| Error::invalid("file", "is no table"))? {
            return Ok(None);
        }
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let from = self.row.position().map_or(0, |at| place(at.byte()));
        let end = place(self.reader.position().byte()).min(self.text.len());
        let whole = self.text.get(from..end).unwrap_or_default();
        let empty = whole.len() - whole.trim_start_matches('\n').len();
        let line = text::line_at(self.text, from + empty, self.read);
        self.read = (from + empty, line);
        // The last row, with a quotation mark that is still open, has eaten what came behind it.
        let is_last = end == self.text.len();
        let body = whole.trim_matches('\n');
        if is_last && body.contains('\n') && body.bytes().filter(|b| *b == b'"').count() % 2 == 1 {
            return Err(Error::invalid(
                "file",
                format!("line {line} opens a quotation mark that is never closed"),
            ));
        }
        Ok(Some((line, self.row.iter().map(str::to_owned).collect())))
    }
}
