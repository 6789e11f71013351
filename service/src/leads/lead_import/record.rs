//! What every format is read as: records of cells under columns, each with the line that it is from.

use std::collections::{BTreeMap, HashMap};

use super::{candidate::Reason, value};
use crate::{Error, Result};

/// How many columns a file may have.
pub(super) const MOST_COLUMNS: usize = 500;
/// How many rows a file may have.
pub(super) const MOST_ROWS: u32 = 100_000;
/// How much of a cell is kept for whoever mends a row that was refused.
const MOST_SHOWN: usize = 500;

/// The columns, in the order in which the file has them, or first speaks of them.
#[derive(Debug, Default)]
pub(super) struct Columns {
    names: Vec<String>,
    by_name: HashMap<String, usize>,
}

impl Columns {
    /// A table's, with whatever names. Two may be called the same.
    pub(super) fn of_table(names: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut columns = Self::default();
        for (at, name) in names.into_iter().enumerate() {
            let name = value::tidy(&name);
            columns.names.push(if name.is_empty() { format!("column {}", at + 1) } else { name });
        }
        if columns.names.len() > MOST_COLUMNS {
            return Err(Error::invalid("file", format!("has more than {MOST_COLUMNS} columns")));
        }
        Ok(columns)
    }

    /// The place of the column of this name, as of now; `None`: there are too many of them.
    pub(super) fn place(&mut self, name: &str) -> Option<usize> {
        if let Some(at) = self.by_name.get(name) {
            return Some(*at);
        }
        let at = self.names.len();
        if at == MOST_COLUMNS || name.len() > 1000 {
            return None;
        }
        self.names.push(name.to_owned());
        self.by_name.insert(name.to_owned(), at);
        Some(at)
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }
}

/// A record: its cells by the places of their columns, or why they cannot be told.
#[derive(Debug)]
pub(super) struct Record {
    /// Where it begins, counted from 1.
    pub line: u32,
    pub cells: Vec<(usize, String)>,
    pub fault: Option<Reason>,
}

/// A record's cells, and what their columns are called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells<'a> {
    pub columns: &'a Columns,
    pub record: &'a Record,
}

impl<'a> Cells<'a> {
    pub(super) fn iter(self) -> impl Iterator<Item = (usize, &'a str, &'a str)> {
        let names = self.columns.names();
        self.record.cells.iter().map(move |(at, text)| {
            let name = names.get(*at).map_or("", String::as_str);
            (*at, name, text.as_str())
        })
    }

    /// What is kept for whoever mends the row.
    pub(super) fn shown(self) -> BTreeMap<String, String> {
        let shown = |text: &str| -> String {
            text.chars().filter(|c| !c.is_control() || *c == '\n').take(MOST_SHOWN).collect()
        };
        let cells = self.iter().filter(|(_, _, text)| !text.chars().all(value::is_blank));
        cells
            .map(|(at, name, text)| {
                let name = if name.is_empty() { format!("column {}", at + 1) } else { shown(name) };
                (name, shown(text))
            })
            .collect()
    }
}

/// What reads one format.
pub(super) trait Records: Send {
    /// The next record; `None`: there are no more.
    ///
    /// # Errors
    ///
    /// `Invalid` if the file is not what it seemed to be.
    fn next(&mut self, columns: &mut Columns) -> Result<Option<Record>>;
}
