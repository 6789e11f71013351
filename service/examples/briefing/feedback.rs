//! Who is asked how it went, and what comes of the answers.

use std::{collections::HashMap, time::Instant};

use chrono::Timelike;
use comfy_table::Cell;
use entity::{
    feedback::feedback_request::{Column, Entity},
    id::ContactId,
};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use service::{
    feedback::feedback_request::{
        self, Answer, Due, DueRequest, FRIENDLY_HOURS, Model, Period, Sentiment, SkipReason, Status,
    },
    support::case::{self, Model as Case, Priority},
};

use crate::{
    Failure,
    answers::{Known, Reader, SHOWN},
    print::{
        Paper,
        Side::{Left, Right},
        bad, count, fair, good, plain,
    },
};

/// What came in this morning; the last has come twice.
const ANSWERS: [&str; 4] = [
    "Great work, thank you. Everybody here is happy with it.",
    "It is what we ordered, though the price is another matter.",
    "Terrible: a fortnight late, the wrong edition, and no response to my mail.",
    "Terrible: a fortnight late, the wrong edition, and no response to my mail.",
];

pub async fn due(reader: &Reader<'_>, paper: &mut Paper) -> Result<(), Failure> {
    let all = Due { limit: 1000, after: None };
    let (page, took) = reader.ask(async |tx| feedback_request::due(tx, &all).await).await?;
    let due = page.items;
    let people = reader.contacts(due.iter().filter_map(|request| request.contact_id)).await?;
    paper.heading("5  Whom do we ask today how it went?")?;
    let columns = [("Whom", Left), ("Delivered", Right), ("Today", Left), ("Why", Left)];
    let rows = due.iter().take(SHOWN).map(|request| row_of(reader, request, &people));
    paper.table(&columns, rows.collect())?;
    let left = due.iter().filter(|request| request.skip_reason.is_some()).count();
    let early = due.iter().filter(|request| is_early(reader, request, &people)).count();
    let what = format!(
        "{} are due: {} to be asked now, {early} when it is day there, {left} not at all",
        count(due.len(), "request"),
        due.len() - left - early
    );
    paper.done(&what, took)?;
    Ok(())
}

fn is_early(reader: &Reader, of: &DueRequest, people: &HashMap<ContactId, Known>) -> bool {
    let there = of.contact_id.and_then(|id| people.get(&id)).map_or(reader.zone, |it| it.zone);
    let hour = reader.context.now.with_timezone(&there).hour();
    of.skip_reason.is_none() && !(FRIENDLY_HOURS.0..FRIENDLY_HOURS.1).contains(&hour)
}

fn row_of(reader: &Reader, of: &DueRequest, people: &HashMap<ContactId, Known>) -> Vec<Cell> {
    let known = of.contact_id.and_then(|id| people.get(&id));
    let there = known.map_or(reader.zone, |known| known.zone);
    let (what, why) = match of.skip_reason {
        Some(reason) => (bad("not asked"), said_of(reason).to_owned()),
        None if is_early(reader, of, people) => {
            let time = reader.context.now.with_timezone(&there).format("%H:%M");
            (fair("later"), format!("it is {time} there"))
        }
        None => {
            let since = of.due_since.with_timezone(&there).format("%A, %H:%M");
            (good("asked"), format!("due since {since} there"))
        }
    };
    let name = known.map_or("nobody known", |known| known.name.as_str());
    vec![plain(name), plain(reader.day(of.delivery_date)), what, plain(why)]
}

fn said_of(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::CustomerGone => "the customer is gone",
        SkipReason::OpenCase => "the order has an open case",
        SkipReason::NoContact => "nobody is known there",
        SkipReason::ContactGone => "has left",
        SkipReason::NoEmail => "has no address",
        SkipReason::Unsubscribed => "wants no mail",
        SkipReason::DoNotCall => "wants no calls, and so no mail either",
        SkipReason::RecentlyAsked => "asked about another order lately",
        SkipReason::OrderCancelled => "the order was cancelled",
        SkipReason::OrderRefunded => "the money was given back",
        SkipReason::DeliveryReversed => "the delivery was undone",
    }
}

/// Takes the answers of this morning, and holds them to what is promised of them.
pub async fn answers(reader: &Reader<'_>, paper: &mut Paper) -> Result<(), Failure> {
    paper.heading("6  And what do they answer?")?;
    let asked = latest(reader).await?;
    let people = reader.contacts(asked.iter().filter_map(|request| request.contact_id)).await?;
    let (mut rows, mut cases, began) = (vec![], vec![], Instant::now());
    for (nth, text) in (1..).zip(ANSWERS) {
        let Some(request) = asked.get(nth - 1).or(asked.last()) else { break };
        let (mail, text) = (format!("mail-{}", request.id), text.to_owned());
        let answer = Answer { text, response_email_id: Some(mail) };
        let taken = reader.db.run(reader.context.clone(), async |tx| {
            let taken = feedback_request::respond(tx, request.id, answer).await?;
            let case = match taken.case_created_id {
                Some(id) => Some(case::get(tx, id).await?),
                None => None,
            };
            Ok((taken, case))
        });
        let (taken, case) = taken.await?;
        let known = request.contact_id.and_then(|id| people.get(&id));
        let again = nth > asked.len();
        let name = if again { "the same mail again" } else { known.map_or("", |it| &it.name) };
        rows.push(row_of_answer(name, &taken, case.as_ref(), again));
        cases.extend(case);
    }
    let took = began.elapsed();
    let columns = [("Who answers", Left), ("Sounds", Left), ("", Right), ("What follows", Left)];
    paper.table(&columns, rows)?;
    match cases.as_slice() {
        [case, again] if case.id == again.id && case.priority == Priority::High => {}
        _ => return Err("one answer was to open one case, of high priority".into()),
    }
    paper.done(&format!("{} taken, and one case opened, once", count(3_u64, "answer")), took)?;
    let period = Period::default();
    let (of, took) = reader.ask(async |tx| feedback_request::statistics(tx, &period).await).await?;
    let rate = of.asked_response_rate_pct.unwrap_or_default().round_dp(1);
    let what = format!(
        "{} in 90 days, {} asked about, {} answered: {rate} %, {} of them unhappy",
        count(of.total.unsigned_abs(), "order"),
        of.asked,
        of.asked_and_answered,
        of.negative
    );
    paper.done(&what, took)?;
    Ok(())
}

/// Three of those who were asked last and have not answered.
async fn latest(reader: &Reader<'_>) -> Result<Vec<Model>, Failure> {
    let found = reader.db.read(reader.context.clone(), async |tx| {
        let sent = tx.find::<Entity>().filter(Column::Status.eq(Status::Sent));
        Ok(sent.order_by_desc(Column::SentAt).limit(3).all(tx).await?)
    });
    Ok(found.await?)
}

fn row_of_answer(name: &str, taken: &Model, case: Option<&Case>, again: bool) -> Vec<Cell> {
    let (sounds, score) = (taken.sentiment, taken.sentiment_score.unwrap_or_default());
    let sounds = match sounds {
        Some(Sentiment::Positive) => good("content"),
        Some(Sentiment::Negative) => bad("unhappy"),
        _ => fair("neither"),
    };
    let score = score.normalize().to_string().replace('-', "−");
    let about = taken.response_summary.clone().unwrap_or_default();
    let what = match case {
        Some(case) if again => format!("still {}, and no other", case.case_number),
        Some(case) => format!("{}, of high priority: {about}", case.case_number),
        None if taken.issues.is_empty() => "nothing to put right".to_owned(),
        None => format!("one complaint is noted: {about}"),
    };
    vec![plain(name), sounds, plain(score), plain(what)]
}
