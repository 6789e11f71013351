//! What has to be in order with customers, what was done about it on Mondays, and what is late.

use std::{collections::HashMap, time::Instant};

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use comfy_table::Cell;
use entity::{
    compliance::compliance_check::{Column, Entity},
    customers::customer::Tier,
    id::UserId,
    tenancy::user,
    zone::instant,
};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use service::{
    Context, Result, Tx,
    compliance::{
        compliance_check::{self as check, Due, DueCheck, Rates, Status, Unreachable},
        compliance_schedule::{self as schedule, Condition, Filter, Generate, Ladder, New, Rung},
    },
    sales::deal::Claims,
};

use crate::{
    Failure,
    answers::{Reader, SHOWN},
    print::{
        Paper,
        Side::{Left, Right},
        bad, count, day, fair, plain,
    },
};

/// What is checked of whom, when it is due, and how many of a hundred are in order by then.
const SCHEDULES: [(&str, Tier, (u32, u32), u32); 3] = [
    ("security review", Tier::Enterprise, (2, 20), 88),
    ("data protection", Tier::Professional, (2, 27), 80),
    ("insurance", Tier::Standard, (3, 6), 55),
];

/// Who is told of what is late.
const TOLD: &str = "account manager";

/// The Mondays on which somebody was at it; the last one was missed.
const MONDAYS: [(u32, u32); 3] = [(2, 9), (2, 16), (2, 23)];

/// What was done until last week, as it was done: checks are made, reminded of, completed and
/// escalated; how many of the last.
pub async fn until_now(reader: &Reader<'_>, paper: &mut Paper) -> Result<usize, Failure> {
    let began = Instant::now();
    let opened = context_at(reader, (2, 2), 9)?;
    for (name, tier, (month, day), _) in SCHEDULES {
        let new = New {
            first_due: NaiveDate::from_ymd_opt(2026, month, day),
            filter: Filter { all: vec![Condition::Tier(vec![tier])] },
            escalate_to: Ladder(vec![Rung::Role(TOLD.to_owned())]),
            ..New::quarterly(name)
        };
        reader.db.run(opened.clone(), async |tx| schedule::open(tx, new).await).await?;
    }
    let (mut completed, mut reminded, mut escalated) = (0, 0, 0);
    for monday in MONDAYS {
        let at = context_at(reader, monday, 7)?;
        let (reminders, escalations) = reader.db.run(at, monday_morning).await?;
        reminded += reminders;
        escalated += escalations;
        for day in 1..5 {
            let at = context_at(reader, (monday.0, monday.1 + day), 16)?;
            completed += reader.db.run(at, async |tx| afternoon(tx, day).await).await?;
        }
    }
    let what = format!(
        "{} and {} of compliance sent, {} completed",
        count(reminded, "reminder"),
        count(escalated, "escalation"),
        count(completed, "check")
    );
    paper.done(&what, began.elapsed())?;
    Ok(escalated)
}

/// The same reader's context on another day, at some hour.
fn context_at(reader: &Reader, (month, day): (u32, u32), hour: i64) -> Result<Context, Failure> {
    let date = NaiveDate::from_ymd_opt(2026, month, day).ok_or("no such day")?;
    let local = date.and_time(NaiveTime::MIN) + TimeDelta::hours(hour);
    Ok(Context { now: instant(reader.zone, local), ..reader.context.clone() })
}

/// Makes the checks that are due, and sends what is to be sent about them; how much that was.
async fn monday_morning(tx: &Tx) -> Result<(usize, usize)> {
    while schedule::generate_due(tx, &Generate::default()).await?.more {}
    let all = Claims { limit: 1000, ..Claims::default() };
    let reminders = check::claim_reminders(tx, &all).await?;
    for claim in &reminders {
        check::record_reminder(tx, claim).await?;
    }
    let escalations = check::claim_escalations(tx, &all).await?;
    for claim in &escalations {
        check::record_escalation(tx, claim).await?;
    }
    Ok((reminders.len(), escalations.len()))
}

/// Completes what customers have put in order by this day of the week; how many checks that is.
async fn afternoon(tx: &Tx, day: u32) -> Result<usize> {
    let fresh = tx.find::<Entity>().filter(Column::Status.eq(Status::AwaitingResponse));
    let fresh = fresh.order_by_asc(Column::EntityId).all(tx).await?;
    let mut completed = 0;
    for it in fresh {
        let number: u32 = it.entity_id.split('_').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
        let lot = number * 37 % 100;
        let share = SCHEDULES.iter().find(|(name, ..)| *name == it.compliance_type);
        if lot % 4 == day - 1 && share.is_some_and(|(.., share)| lot < *share) {
            check::complete(tx, it.id, None).await?;
            completed += 1;
        }
    }
    Ok(completed)
}

pub async fn due(reader: &Reader<'_>, paper: &mut Paper, told_of: usize) -> Result<(), Failure> {
    let all = Due { limit: 1000, after: None };
    let (page, took) = reader.ask(async |tx| check::due(tx, &all).await).await?;
    let staff = reader
        .db
        .read(reader.context.clone(), async |tx| Ok(tx.find::<user::Entity>().all(tx).await?));
    let staff: HashMap<_, _> = staff.await?.into_iter().map(|it| (it.id, it.name)).collect();
    paper.heading("9  What has to be in order this week?")?;
    let mut shown = HashMap::<_, usize>::new();
    let some = page.items.iter().filter(|check| {
        let kind =
            (check.compliance_type.as_str(), is_escalated(check), check.unreachable.is_some());
        let before = shown.entry(kind).or_default();
        *before += 1;
        *before <= 2
    });
    let rows = some.map(|check| row_of(reader, check, &staff));
    let columns = [("Customer", Left), ("What", Left), ("Due", Right), ("", Left), ("Why", Left)];
    paper.table(&columns, rows.take(SHOWN + 2).collect())?;
    let escalated = page.items.iter().filter(|check| is_escalated(check)).count();
    if escalated != told_of {
        return Err(format!("{told_of} were escalated, and {escalated} are listed").into());
    }
    let late = page.items.iter().filter(|check| check.is_overdue && !is_escalated(check)).count();
    let what = format!(
        "{} in all: {escalated} escalated, {late} overdue, {} due this week",
        count(page.items.len(), "check"),
        page.items.len() - escalated - late
    );
    paper.done(&what, took)?;
    let rates = Rates::default();
    let (rates, took) = reader.ask(async |tx| check::completion_rates(tx, &rates).await).await?;
    let rates = rates.iter().map(|it| {
        let rate = it.completion_rate_pct.unwrap_or_default().round_dp(1);
        format!("{rate} % of {}", it.compliance_type)
    });
    paper.done(&format!("Completed: {}", rates.collect::<Vec<_>>().join(", ")), took)?;
    Ok(())
}

fn is_escalated(check: &DueCheck) -> bool {
    check.status == Status::Escalated
}

fn row_of(reader: &Reader, check: &DueCheck, staff: &HashMap<UserId, String>) -> Vec<Cell> {
    let days = count(check.days_until_due.unsigned_abs(), "day");
    let state = match check.is_overdue {
        true if is_escalated(check) => bad("escalated"),
        true => fair(format!("{days} late")),
        false => plain(format!("in {days}")),
    };
    let reminders = count(check.reminder_count.unsigned_abs(), "reminder");
    let told = check.escalated_to.and_then(|id| staff.get(&id));
    let why = match (check.unreachable, told) {
        (_, Some(name)) => format!("after {reminders}; {name} was told"),
        (Some(Unreachable::Gone), _) => "the customer is gone".to_owned(),
        (Some(Unreachable::NoContact), _) => "nobody is known there to remind".to_owned(),
        (Some(Unreachable::NoEmail), _) => "whom to remind has no address".to_owned(),
        (Some(Unreachable::Unsubscribed), _) => "whom to remind wants no mail".to_owned(),
        (None, None) => format!("after {reminders}"),
    };
    let name = check.entity_name.as_deref().unwrap_or(&check.entity_id);
    let due = day(check.due_on, reader.today());
    vec![plain(name), plain(&check.compliance_type), plain(due), state, plain(why)]
}
