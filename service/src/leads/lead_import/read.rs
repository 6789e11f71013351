//! A file, read row by row: each row as a lead, or with every reason why it is none.

use std::{borrow::Cow, collections::BTreeMap};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
pub use entity::leads::lead_import::Format;
use entity::phone::Phone;

use super::{
    block::Blocks,
    candidate::{self, Candidate, Reason, Rules},
    json::Objects,
    mapping::{Mapping, Target},
    record::{Cells, Columns, MOST_ROWS, Records},
    sheet::Sheet,
    table::{Csv, Table},
    text,
};
use crate::{Error, Result};

/// How large a file may be, in bytes.
pub const MOST_BYTES: usize = 32 << 20;

/// Somebody's file.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// What it was called: `leads.csv`.
    pub name: &'a str,
    /// What is in it.
    pub content: &'a [u8],
    /// What kind it is; `None`: see for yourself.
    pub format: Option<Format>,
}

impl<'a> File<'a> {
    /// A file of any kind.
    #[must_use]
    pub fn new(name: &'a str, content: &'a [u8]) -> Self {
        Self { name, content, format: None }
    }
}

/// Where a file was written, which says what its numbers and dates mean.
#[derive(Clone, Copy, Debug)]
pub struct Locale<'a> {
    /// Where numbers without a country code are dialled from: `US`.
    pub region: &'a str,
    /// Whose midnight a date is.
    pub zone: Tz,
    /// Contacts that are later than this have not been.
    pub now: DateTime<Utc>,
}

/// One row of a file.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where it begins: the line in a text, the row in a sheet. Counted from 1.
    pub line: u32,
    /// What it says, or why it is no lead.
    pub read: Result<Candidate, Refused>,
}

/// A row that is no lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Every reason.
    pub reasons: Vec<Reason>,
    /// What stood there, by the names of the columns, for whoever mends it.
    pub values: BTreeMap<String, String>,
    /// The number, if the row says that it must not be called.
    pub opted_out: Option<Phone>,
}

/// A file's rows, in their order.
pub struct Rows<'a> {
    format: Format,
    records: Box<dyn Records + 'a>,
    columns: Columns,
    targets: Vec<Target>,
    rules: &'a Rules<'a>,
    count: u32,
}

/// Reads a file's rows, one after the other, and touches nothing else: no database, no clock. What is
/// in memory is the file and one row (of a workbook: its first sheet's texts).
///
/// # Errors
///
/// [`Error::Invalid`] if the mapping is none, or the file too large or of no kind that is known. Rows
/// that are no leads are no errors.
pub fn parse<T>(
    file: File<'_>,
    mapping: &Mapping,
    locale: Locale<'_>,
    work: impl FnOnce(&mut Rows<'_>) -> Result<T>,
) -> Result<T> {
    mapping.check()?;
    let rules = Rules::new(mapping, locale.region, locale.zone, locale.now);
    let text = content(&file)?;
    work(&mut Rows::new(file, &text, &rules)?)
}

/// The file's text; none of a workbook.
pub(super) fn content<'a>(file: &File<'a>) -> Result<Cow<'a, str>> {
    if file.content.len() > MOST_BYTES {
        return Err(Error::invalid("file", format!("is larger than {} MB", MOST_BYTES >> 20)));
    }
    if is_book(file) { Ok("".into()) } else { text::decode(file.content) }
}

fn is_book(file: &File<'_>) -> bool {
    match file.format {
        None => file.content.starts_with(b"PK\x03\x04"),
        Some(format) => format == Format::Xlsx,
    }
}

impl<'a> Rows<'a> {
    pub(super) fn new(file: File<'a>, text: &'a str, rules: &'a Rules<'a>) -> Result<Self> {
        let format = match file.format {
            Some(format) => format,
            None => kind(&file, text, rules)?,
        };
        let (records, columns): (Box<dyn Records + 'a>, _) = match format {
            Format::Csv => {
                let (table, columns) = Table::new(Csv::new(text), &rules.dictionary)?;
                (Box::new(table), columns)
            }
            Format::Xlsx => {
                let (table, columns) = Table::new(Sheet::new(file.content)?, &rules.dictionary)?;
                (Box::new(table), columns)
            }
            Format::Json => (Box::new(Objects::new(text)?), Columns::default()),
            Format::EmailText => {
                (Box::new(Blocks::new(text, &rules.dictionary)), Columns::default())
            }
        };
        Ok(Self { format, records, columns, targets: vec![], rules, count: 0 })
    }

    /// What kind of file it turned out to be.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The columns, of those read so far, that nobody knew what to do with.
    pub fn ignored(&self) -> impl Iterator<Item = &str> {
        let names = self.columns.names().iter().map(String::as_str);
        names.filter(|name| self.rules.dictionary.column(name) == Target::Ignore)
    }

    /// The next row; `None`: there are no more.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the file is broken from here on, or has too many rows.
    #[expect(clippy::should_implement_trait, reason = "it can fail as a whole")]
    pub fn next(&mut self) -> Result<Option<Row>> {
        let Some(mut record) = self.records.next(&mut self.columns)? else { return Ok(None) };
        self.count += 1;
        if self.count > MOST_ROWS {
            return Err(Error::invalid("file", format!("has more than {MOST_ROWS} rows")));
        }
        for name in self.columns.names().iter().skip(self.targets.len()) {
            self.targets.push(self.rules.dictionary.column(name));
        }
        let (fault, line) = (record.fault.take(), record.line);
        let cells = Cells { columns: &self.columns, record: &record };
        let read = match fault {
            Some(fault) => Err((vec![fault], None)),
            None => candidate::read(cells, &self.targets, self.rules, self.format),
        };
        let read = read.map_err(|(reasons, opted_out)| Refused {
            reasons,
            values: cells.shown(),
            opted_out,
        });
        Ok(Some(Row { line, read }))
    }
}

/// What kind of file it is, by its content first and its name last.
fn kind(file: &File<'_>, text: &str, rules: &Rules<'_>) -> Result<Format> {
    if is_book(file) {
        return Ok(Format::Xlsx);
    }
    if file.content.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(Error::invalid(
            "file",
            "is an old workbook, or a locked one: save it as .xlsx",
        ));
    }
    Ok(match text.trim_start().chars().next() {
        Some('[' | '{') => Format::Json,
        _ if !is_table(file.name) && Blocks::likely(text, &rules.dictionary) => Format::EmailText,
        _ => Format::Csv,
    })
}

fn is_table(name: &str) -> bool {
    let end = name.rsplit('.').next().unwrap_or_default();
    ["csv", "tsv", "tab"].iter().any(|known| end.eq_ignore_ascii_case(known))
}
