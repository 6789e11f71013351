//! What was measured, as text.

use std::{fmt::Write as _, time::Duration};

/// How a question is to do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Targets {
    /// 99 of 100 answers come within so many milliseconds, of the smallest tenant.
    pub p99: Option<f64>,
    /// The service takes at most so many times as long as the bare driver.
    pub ratio: Option<f64>,
}

/// One question to one tenant.
#[derive(Clone, Debug)]
pub struct Line {
    /// The question.
    pub name: &'static str,
    /// Of how many rows.
    pub rows: u64,
    /// How it is to do.
    pub targets: Targets,
    /// How long the service took.
    pub service: Times,
    /// How long a bare driver took.
    pub bare: Times,
    /// How long it took with row security off.
    pub off: Times,
}

/// Something that was written or done.
#[derive(Clone, Debug)]
pub struct Deed {
    /// What.
    pub name: String,
    /// How long it took.
    pub times: Times,
    /// 99 of 100 times, it is to take so many milliseconds.
    pub target: Option<f64>,
    /// How long a bare driver took.
    pub bare: Option<Times>,
    /// What else there is to say.
    pub said: String,
}

impl Deed {
    pub fn new(name: &str, times: Times, target: Option<f64>) -> Self {
        Self { name: name.to_owned(), times, target, bare: None, said: String::new() }
    }
}

/// How long something took each time, in order of length.
#[derive(Clone, Debug)]
pub struct Times(Vec<Duration>);

/// Row security may cost so many times as much as none.
const ROW_SECURITY: f64 = 1.25;
/// A hundred times the rows may cost so many times as much.
const GROWTH: f64 = 3.0;

impl Times {
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// Of so many of 100 times, the longest, in milliseconds.
    pub fn percentile(&self, of_100: usize) -> f64 {
        let at = (self.0.len() * of_100).div_ceil(100).max(1) - 1;
        self.0.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    }
}

const LEGEND: &str = "
Milliseconds. * marks what misses its target.
  p50, p99    the service, in a transaction as keel_app, under row security
  target      for the p99 of the smaller tenant; of the larger one, three times that
  growth      p99 against that of the smaller tenant: at most 3
  bare        p50 of tokio-postgres sending the same SQL, prepared, in the same transaction, and
              taking each value out of the rows
  ratio       p50 against bare: at most 1.35 for the deal by id, 1.25 for the list of 50
  rls off     as bare, but as a superuser, whom row security does not hold
  on/off      bare against rls off: at most 1.25
A read is `begin read only; select keel.set_tenant(…)` in one message, and then the question. Its end
is not waited for and not timed, on either side. A check of numbers leaves evidence of each, on both
sides, and commits, which is timed; only the service reads the numbers and decides what goes into the
evidence. Late questions are asked sixty days later: whatever the index offers must be left out.";

/// The table, and what its columns mean.
pub fn table(facts: &str, lines: &[Line]) -> String {
    let mut text = format!("{facts}\n");
    let titles = [
        "question", "rows", "p50", "p99", "target", "growth", "bare", "ratio", "rls off", "on/off",
        "rounds",
    ];
    push(&mut text, &titles.map(str::to_owned), WIDTHS);
    for line in lines {
        let first = lines.iter().find(|other| other.name == line.name).unwrap_or(line);
        push(&mut text, &cells(line, first), WIDTHS);
    }
    text + LEGEND
}

const LEGEND_OF_DEEDS: &str = "
Milliseconds. * marks what misses its target. Each is a transaction of the service that is committed,
but for the runs, which are several. `bare` sends the same rows in one statement, prepared, in the same
transaction. Where the server does not wait for the disk (fsync off, or synchronous_commit off), the
targets are what the commit may take besides; where it does, add what the disk takes. A run's p99 is its
longest. Memory is this process's alone, at its peak, against what it had before.";

/// The second table, and what its columns mean.
pub fn table_of_deeds(deeds: &[Deed]) -> String {
    let mut text = String::new();
    let titles = ["what", "p50", "p99", "target", "bare", "ratio", "rounds"];
    let widths = [37, 11, 11, 8, 10, 7, 8];
    push(&mut text, &titles.map(str::to_owned), widths);
    for deed in deeds {
        let (p50, p99) = (deed.times.percentile(50), deed.times.percentile(99));
        let bare = deed.bare.as_ref().map(|bare| bare.percentile(50));
        let cells = [
            deed.name.clone(),
            format!("{p50:.3} "),
            against(p99, deed.target, 3),
            deed.target.map_or(String::new(), |target| format!("{target:.1}")),
            bare.map_or(String::new(), |bare| format!("{bare:.3}")),
            bare.map_or(String::new(), |bare| format!("{:.2}", p50 / bare)),
            deed.times.0.len().to_string(),
        ];
        push(&mut text, &cells, widths);
        if !deed.said.is_empty() {
            text.push_str(&format!("  {}\n", deed.said));
        }
    }
    text + LEGEND_OF_DEEDS
}

fn cells(line: &Line, first: &Line) -> [String; 11] {
    let (p50, p99) = (line.service.percentile(50), line.service.percentile(99));
    let (bare, off) = (line.bare.percentile(50), line.off.percentile(50));
    let is_first = line.rows == first.rows;
    let target = line.targets.p99.map(|p99| if is_first { p99 } else { GROWTH * p99 });
    let growth = p99 / first.service.percentile(99);
    [
        line.name.to_owned(),
        line.rows.to_string(),
        format!("{p50:.3} "),
        against(p99, target, 3),
        target.map_or(String::new(), |target| format!("{target:.1}")),
        if is_first { String::new() } else { against(growth, Some(GROWTH), 2) },
        format!("{bare:.3}"),
        against(p50 / bare, line.targets.ratio, 2),
        format!("{off:.3}"),
        against(bare / off, Some(ROW_SECURITY), 2),
        line.service.0.len().to_string(),
    ]
}

/// The figure, marked if it misses its target.
fn against(figure: f64, target: Option<f64>, places: usize) -> String {
    let mark = if target.is_some_and(|target| figure > target) { '*' } else { ' ' };
    format!("{figure:.places$}{mark}")
}

const WIDTHS: [usize; 11] = [37, 8, 10, 10, 7, 9, 10, 7, 10, 7, 7];

fn push<const N: usize>(text: &mut String, cells: &[String; N], widths: [usize; N]) {
    for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let _ = match at {
            0 => write!(text, "{cell:<width$}"),
            _ => write!(text, "{cell:>width$}"),
        };
    }
    text.push('\n');
}
