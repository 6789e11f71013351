//! The paper that the briefing is printed on: headings, lines with times, aligned tables.

use std::{
    env, fmt,
    io::{self, IsTerminal, Write},
    time::Duration,
};

use chrono::{Datelike, NaiveDate};
use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table, TableStyle,
};
use indicatif::{ProgressBar, ProgressStyle};
use rust_decimal::Decimal;

const WIDTH: usize = 100;
const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const GREEN: &str = "\x1b[32m";

/// Standard output, in colour if somebody looks at it.
pub struct Paper {
    out: io::Stdout,
    colours: bool,
}

/// On which side of its column a text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

impl Paper {
    pub fn new() -> Self {
        let out = io::stdout();
        let colours = out.is_terminal() && env::var_os("NO_COLOR").is_none();
        Self { out, colours }
    }

    fn styled(&self, style: &str, text: &str) -> String {
        if self.colours { format!("{style}{text}\x1b[0m") } else { text.to_owned() }
    }

    pub fn title(&mut self, name: &str, about: &str) -> io::Result<()> {
        let rule = self.styled(DIM, &"━".repeat(WIDTH));
        let name = self.styled(BOLD, name);
        writeln!(self.out, "\n{rule}\n {name}  {about}\n{rule}\n")
    }

    pub fn heading(&mut self, text: &str) -> io::Result<()> {
        let text = self.styled(BOLD, text);
        writeln!(self.out, "\n {text}")
    }

    pub fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, " {text}")
    }

    /// A thing that was done, and at the right how long it took.
    pub fn done(&mut self, what: &str, took: Duration) -> io::Result<()> {
        let took = Took(took).to_string();
        let gap = WIDTH.saturating_sub(4 + what.chars().count() + took.chars().count());
        let (tick, took) = (self.styled(GREEN, "✓"), self.styled(DIM, &took));
        writeln!(self.out, " {tick} {what}{:gap$} {took}", "")
    }

    /// Rows under their columns' names. What is too wide is broken in the last column.
    pub fn table(&mut self, columns: &[(&str, Side)], rows: Vec<Vec<Cell>>) -> io::Result<()> {
        let line = LineStyle::none().fill('─').junction('─');
        let mut table = Table::new();
        table
            .load_style(TableStyle::new().header_separator(line).bottom_border(line))
            .set_content_arrangement(ContentArrangement::DynamicFullWidth)
            .set_width(u16::try_from(WIDTH).unwrap_or(u16::MAX))
            .set_header(columns.iter().map(|(name, _)| bold(name)))
            .add_rows(rows);
        if !self.colours {
            table.force_no_tty();
        }
        let last = columns.len().saturating_sub(1);
        for (column, (_, side)) in table.column_iter_mut().zip(columns) {
            if *side == Side::Right {
                column.set_cell_alignment(CellAlignment::Right);
            }
            if column.index < last {
                column.set_constraint(comfy_table::ColumnConstraint::ContentWidth);
            }
        }
        writeln!(self.out, "{}", table.trim_fmt())
    }
}

/// A bar for work of a known length. It shows on a terminal only, and is gone when it is done.
pub fn bar(what: &'static str, length: usize) -> Result<ProgressBar, io::Error> {
    let style = " {prefix:<9} {bar:56.green/black.bright} {human_pos:>7} of {human_len}  {eta}";
    let style = ProgressStyle::with_template(style).map_err(io::Error::other)?;
    let bar = ProgressBar::new(length as u64).with_style(style.progress_chars("━╸─"));
    Ok(bar.with_prefix(what))
}

fn bold(text: &str) -> Cell {
    Cell::new(text).add_attribute(Attribute::Bold)
}

pub fn plain(text: impl ToString) -> Cell {
    Cell::new(text)
}

/// What is well, what wants attention, and what is wrong.
pub fn good(text: impl ToString) -> Cell {
    Cell::new(text).fg(Color::Green)
}

pub fn fair(text: impl ToString) -> Cell {
    Cell::new(text).fg(Color::Yellow)
}

pub fn bad(text: impl ToString) -> Cell {
    Cell::new(text).fg(Color::Red)
}

/// A time that something took, in the unit that suits it.
pub struct Took(pub Duration);

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        if seconds < 1.0 {
            write!(f, "{:.1} ms", seconds * 1000.0)
        } else {
            write!(f, "{seconds:.1} s")
        }
    }
}

/// A number with its thousands apart, as the English write it.
pub fn grouped(number: impl fmt::Display) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An amount without its minor units; nothing where there is none.
pub fn amount(value: Option<Decimal>) -> String {
    value.map_or_else(String::new, |value| grouped(value.round()))
}

/// A day, with its year if that is another than today's.
pub fn day(date: NaiveDate, today: NaiveDate) -> String {
    let form = if date.year() == today.year() { "%-d %b" } else { "%-d %b %Y" };
    date.format(form).to_string()
}

/// So many things, and one of them without the s.
pub fn count(number: impl TryInto<u64>, thing: &str) -> String {
    let number = number.try_into().unwrap_or_default();
    let s = if number == 1 { "" } else { "s" };
    format!("{} {thing}{s}", grouped(number))
}
