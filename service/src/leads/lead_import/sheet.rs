//! A workbook's first sheet.
//!
//! A workbook is an archive, and one of a few kilobytes can hold gigabytes: what is in it is measured
//! before anybody reads it, and the sheet is read cell by cell.

use std::{
    io::{Cursor, Read, copy, sink},
    panic::{AssertUnwindSafe, catch_unwind},
};

use calamine::{DataRef, Reader as _, Xlsx};
use zip::ZipArchive;

use super::{
    record::{MOST_COLUMNS, MOST_ROWS},
    table::RowsOf,
    value,
};
use crate::{Error, Result};

/// How many parts a workbook may have, how large all of them may be, and how large its texts.
const MOST_PARTS: usize = 5000;
const MOST_BYTES: u64 = 256 << 20;
const MOST_TEXT: u64 = 48 << 20;
/// How many different texts it may say it has: memory is laid by for them unseen.
const MOST_TEXTS: u64 = 5_000_000;

/// A sheet's rows that say something, cell behind cell in one text.
pub(super) struct Sheet {
    text: String,
    /// Where each cell ends in it.
    ends: Vec<u32>,
    /// The line of each row, and its first cell.
    rows: Vec<(u32, usize)>,
    at: usize,
}

impl Sheet {
    pub(super) fn new(content: &[u8]) -> Result<Self> {
        // The reader gives up on some broken files by panicking.
        let read = catch_unwind(AssertUnwindSafe(|| {
            measure(content)?;
            read(content)
        }));
        read.unwrap_or_else(|_| Err(broken()))
    }

    fn put(&mut self, (row, column): (u32, u32), said: &str) -> Result<()> {
        let line = row + 1;
        if self.rows.last().is_none_or(|(last, _)| *last != line) {
            if self.rows.len() > MOST_ROWS as usize + 10 {
                return Err(Error::invalid("file", format!("has more than {MOST_ROWS} rows")));
            }
            self.rows.push((line, self.ends.len()));
        }
        let first = self.rows.last().map_or(0, |(_, first)| *first);
        let column = column as usize;
        if column >= MOST_COLUMNS {
            return Err(Error::invalid("file", format!("has more than {MOST_COLUMNS} columns")));
        }
        let end = |text: &str| u32::try_from(text.len()).map_err(|_| broken());
        while self.ends.len() < first + column {
            self.ends.push(end(&self.text)?);
        }
        if self.ends.len() == first + column {
            self.text.push_str(said);
            self.ends.push(end(&self.text)?);
        }
        Ok(())
    }
}

fn broken() -> Error {
    Error::invalid("file", "is no workbook that can be read")
}

/// Unpacks everything into nothing, and counts: what an archive says of itself may be a lie.
fn measure(content: &[u8]) -> Result<()> {
    let mut archive = ZipArchive::new(Cursor::new(content)).map_err(|_| broken())?;
    if archive.len() > MOST_PARTS {
        return Err(Error::invalid("file", "has too many parts"));
    }
    let mut left = MOST_BYTES;
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|_| broken())?;
        let name = String::from_utf8_lossy(part.name_raw()).to_ascii_lowercase();
        let is_text = name.ends_with("sharedstrings.xml");
        let is_sheet = name.contains("worksheets/");
        let most = if is_sheet { left } else { left.min(MOST_TEXT) };
        let mut part = Read::take(&mut part, most + 1);
        let size = if is_text {
            let mut text = vec![];
            let size = part.read_to_end(&mut text).map_err(|_| broken())?;
            if texts(&text) > MOST_TEXTS {
                return Err(Error::invalid("file", "says that it has too many texts"));
            }
            size as u64
        } else {
            copy(&mut part, &mut sink()).map_err(|_| broken())?
        };
        if size > most {
            return Err(Error::invalid("file", "is too large when it is unpacked"));
        }
        left -= size;
    }
    Ok(())
}

/// How many texts any part of the list says that there are.
fn texts(list: &[u8]) -> u64 {
    let list = String::from_utf8_lossy(list);
    let counts = list.split("uniqueCount").skip(1).map(|rest| {
        let count = rest.trim_start_matches([' ', '\t', '\n', '\r', '=', '"', '\'']);
        let digits = count.find(|c: char| !c.is_ascii_digit()).unwrap_or(count.len());
        count.get(..digits).unwrap_or_default().parse().unwrap_or(if digits == 0 {
            0
        } else {
            u64::MAX
        })
    });
    counts.max().unwrap_or_default()
}

fn read(content: &[u8]) -> Result<Sheet> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(content)).map_err(|_| broken())?;
    let Some(name) = book.sheet_names().first().cloned() else { return Err(broken()) };
    let mut cells = book.worksheet_cells_reader(&name).map_err(|_| broken())?;
    let mut sheet = Sheet { text: String::new(), ends: vec![], rows: vec![], at: 0 };
    while let Some(cell) = cells.next_cell().map_err(|_| broken())? {
        let (said, place) = (told(cell.get_value()), cell.get_position());
        if !said.chars().all(value::is_blank) {
            sheet.put(place, &said)?;
        }
    }
    Ok(sheet)
}

/// A cell as somebody would have typed it: an instant by its civil time, a number by its digits.
fn told(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            format!("{number:.0}")
        }
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(is) => is.to_string(),
        DataRef::DateTime(at) if at.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        }
        DataRef::DateTime(at) => at.as_f64().to_string(),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

impl RowsOf for Sheet {
    const STRICT: bool = false;

    fn next(&mut self) -> Result<Option<(u32, Vec<String>)>> {
        let Some((line, first)) = self.rows.get(self.at).copied() else { return Ok(None) };
        self.at += 1;
        let end = self.rows.get(self.at).map_or(self.ends.len(), |(_, next)| *next);
        let start = |at: usize| {
            let before = at.checked_sub(1).and_then(|at| self.ends.get(at));
            before.map_or(0, |end| *end as usize)
        };
        let cells = (first..end).map(|at| {
            let cell = self.ends.get(at).and_then(|end| self.text.get(start(at)..*end as usize));
            cell.unwrap_or_default().to_owned()
        });
        Ok(Some((line, cells.collect())))
    }
}
