//! The numbers that may be called, and why the others may not.

use std::time::Instant;

use chrono::TimeDelta;
use comfy_table::Cell;
use entity::zone::Zone;
use service::{
    Result, Tx,
    outreach::dnc::{self, Ask, CALLING_HOURS, Check, Clearance, Dial, Refusal},
};

use crate::{
    Failure,
    answers::Reader,
    print::{
        Paper,
        Side::{Left, Right},
        bad, count, good, plain,
    },
    world::{Line, Lines},
};

/// A call that somebody would like to make.
struct Call {
    number: String,
    /// Where it rings, as far as we know.
    zone: Option<Zone>,
    who: &'static str,
    /// How long after the number was cleared it is dialled.
    later: TimeDelta,
}

impl Call {
    fn to(line: &Line, who: &'static str) -> Self {
        let (number, zone) = (line.written.clone(), Some(line.zone.clone()));
        Self { number, zone, who, later: TimeDelta::seconds(2) }
    }

    fn stranger(number: &str, who: &'static str) -> Self {
        Self { number: number.to_owned(), zone: None, who, later: TimeDelta::seconds(2) }
    }
}

fn calls(lines: &Lines) -> Vec<Call> {
    let of_each_kind =
        ["listed for good", "listed for a time", "once listed", "taken off the list"];
    let of = |zone: &str| lines.free.iter().find(|line| line.zone.as_str() == zone);
    let contacts = [
        (of("Europe/Berlin"), "contact"),
        (of("Australia/Sydney"), "contact, Sydney"),
        (of("America/New_York"), "contact, New York"),
    ];
    let mut calls: Vec<_> =
        contacts.into_iter().filter_map(|(line, who)| Some(Call::to(line?, who))).collect();
    calls
        .extend(lines.of_each_kind.iter().zip(of_each_kind).map(|(line, who)| Call::to(line, who)));
    calls.extend(
        of("Europe/London").map(|line| Call {
            later: TimeDelta::seconds(45),
            ..Call::to(line, "called too late")
        }),
    );
    calls.extend([
        Call::stranger("+46 8 465 004 12", "someone in Sweden"),
        Call::stranger("0900 1 234567", "a premium line"),
        Call::stranger("ask at reception", "no number at all"),
    ]);
    calls
}

/// What came of trying to call.
struct Tried {
    listed: Check,
    refusals: Vec<Refusal>,
}

/// Clears the number and dials it: no other way leads to a call.
async fn call(tx: &Tx, call: &Call) -> Result<Tried> {
    let listed = dnc::check(tx, &call.number).await?;
    let ask = Ask { zone: call.zone.as_ref(), ..Ask::informational(&call.number) };
    let refusals = match dnc::clear(tx, &ask).await? {
        Clearance::Refused(refusals) => refusals,
        Clearance::Cleared(number) => {
            // A real dialler would ring here; this one is glad to have been given a number.
            match number.dial(tx.now() + call.later, async |_| ()).await? {
                Dial::Placed(()) => vec![],
                Dial::Refused(refusals) => refusals,
                Dial::Unknown => vec![Refusal::ClearanceExpired],
            }
        }
    };
    Ok(Tried { listed, refusals })
}

pub async fn numbers(reader: &Reader<'_>, paper: &mut Paper, lines: &Lines) -> Result<(), Failure> {
    let Reader { db, context, .. } = reader;
    paper.heading("3  Which numbers may we call?")?;
    let mut rows = vec![];
    for wanted in calls(lines) {
        let tried = db.run((*context).clone(), async |tx| call(tx, &wanted).await).await?;
        rows.push(row_of(reader, &wanted, &tried));
    }
    let columns =
        [("Number", Left), ("Who", Left), ("There", Right), ("Answer", Left), ("Why", Left)];
    paper.table(&columns, rows)?;
    let typed: Vec<_> = lines.typed.iter().map(String::as_str).take(dnc::MOST_AT_ONCE).collect();
    let began = Instant::now();
    let found = db.run((*context).clone(), async |tx| dnc::check_many(tx, &typed).await).await?;
    let took = began.elapsed();
    let clear = found.iter().filter(|check| check.is_clear()).count();
    let garbled = found.iter().filter(|check| **check == Check::Unparseable).count();
    paper.done(
        &format!(
            "{} at once: {clear} clear, {} listed, {garbled} unreadable, each with evidence",
            count(found.len(), "number"),
            found.len() - clear - garbled
        ),
        took,
    )?;
    Ok(())
}

fn row_of(reader: &Reader, call: &Call, tried: &Tried) -> Vec<Cell> {
    let rules = call.zone.as_ref().and_then(|zone| zone.rules().ok());
    let there =
        rules.map(|zone| reader.context.now.with_timezone(&zone).format("%H:%M").to_string());
    let why: Vec<_> =
        tried.refusals.iter().map(|refusal| why(reader, call, &tried.listed, *refusal)).collect();
    vec![
        plain(&call.number),
        plain(call.who),
        plain(there.unwrap_or_else(|| "?".to_owned())),
        if why.is_empty() { good("dialled") } else { bad("refused") },
        plain(if why.is_empty() { "nothing speaks against it".to_owned() } else { why.join("; ") }),
    ]
}

fn why(reader: &Reader, call: &Call, listed: &Check, refusal: Refusal) -> String {
    let (from, to) = CALLING_HOURS;
    match (refusal, listed) {
        (Refusal::Listed, Check::Listed { since, reason, expires_at }) => {
            let when = match expires_at {
                Some(at) => format!("until {}", reader.day(*at)),
                None => format!("since {}", reader.day(*since)),
            };
            format!("{when}: {reason}")
        }
        (Refusal::Listed, _) => "on the list".to_owned(),
        (Refusal::Unparseable, _) => "cannot be read, and is never clear".to_owned(),
        (Refusal::Premium, _) => "calls to it cost extra".to_owned(),
        (Refusal::OutsideWindow, _) => format!("not between {from}:00 and {to}:00 there"),
        (Refusal::UnknownZone, _) => "nobody knows what time it is there".to_owned(),
        (Refusal::ClearanceExpired, _) => {
            format!("cleared, but dialled {} s later", call.later.num_seconds())
        }
    }
}
