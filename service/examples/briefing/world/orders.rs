//! Orders that were delivered, and what became of asking about them.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Datelike, Days, NaiveTime, TimeDelta, Utc};
use entity::{
    feedback::feedback_request::{self, SkipReason, Status},
    id::{CaseId, ContactId, FeedbackRequestId},
    support::{
        case::{self, Priority},
        case_counter,
    },
    zone::{date_at, instant},
};
use sea_orm::{ActiveEnum, Set};
use service::feedback::feedback_request::{
    DELAY_DAYS, EXPIRES_AFTER_DAYS, FATIGUE_DAYS, FRIENDLY_HOURS, read,
};
use uuid::Uuid;

use super::{Dice, People, Person, Setting};
use crate::Failure;

const SAID: [&str; 8] = [
    "Great, thank you.",
    "All perfect, and a wonderful training. Thank you!",
    "Good work, we are happy with it.",
    "Everybody here is satisfied.",
    "It arrived.",
    "It came late; otherwise it is what we ordered.",
    "The price is another matter.",
    "We are disappointed: the archive is wrong, and nobody has an answer.",
];

#[derive(Default)]
pub struct Orders {
    pub counters: Vec<case_counter::ActiveModel>,
    pub cases: Vec<case::ActiveModel>,
    pub requests: Vec<feedback_request::ActiveModel>,
}

/// When somebody answered, and what.
type Answer = (DateTime<Utc>, &'static str);

pub fn draw(dice: &mut Dice, setting: &Setting, people: &People) -> Result<Orders, Failure> {
    let mut delivered: Vec<_> = (0..setting.size.orders)
        .map(|_| (dice.ago(setting.now, 90, 0), dice.pick(&people.persons)))
        .collect();
    delivered.sort_by_key(|(at, _)| *at);
    // Nobody has asked since the weekend.
    let asked_until = setting.now - TimeDelta::hours(64);
    let (mut all, mut numbers) = (Orders::default(), BTreeMap::<i32, i64>::new());
    let mut asked = HashMap::<ContactId, DateTime<Utc>>::new();
    for (at, person) in delivered {
        let zone = person.line.zone.rules()?;
        let day = date_at(zone, at) + Days::new(DELAY_DAYS);
        let nine = TimeDelta::hours(FRIENDLY_HOURS.0.into());
        let planned = instant(zone, day.and_time(NaiveTime::MIN) + nine);
        let order = Uuid::now_v7();
        let row = feedback_request::ActiveModel {
            id: Set(FeedbackRequestId::new()),
            order_id: Set(order),
            client_id: Set(person.client_id.clone()),
            contact_id: Set(Some(person.id)),
            delivery_date: Set(at),
            scheduled_for: Set(planned),
            created_at: Set(at),
            updated_at: Set(at),
            ..unasked()
        };
        let lately = asked
            .get(&person.id)
            .is_some_and(|before| planned - *before < TimeDelta::days(FATIGUE_DAYS));
        let skipped = match person {
            _ if planned > asked_until => None,
            Person { unsubscribed: true, .. } => Some(SkipReason::Unsubscribed),
            Person { listed: true, .. } => Some(SkipReason::DoNotCall),
            _ => lately.then_some(SkipReason::RecentlyAsked),
        };
        let row = match skipped {
            _ if planned > asked_until => row,
            Some(reason) => feedback_request::ActiveModel {
                status: Set(Status::Skipped),
                skip_reason: Set(Some(reason)),
                updated_at: Set(planned),
                ..row
            },
            None => {
                let sent = planned + TimeDelta::minutes(dice.below(90).into());
                asked.insert(person.id, sent);
                let answer = dice.chance(44).then(|| {
                    let about = if dice.chance(8) { 30 } else { 0 };
                    (sent + TimeDelta::days(about) + dice.within(9), *dice.pick(&SAID))
                });
                let answer = answer.filter(|(at, _)| *at < setting.now);
                let case = answer.filter(|(_, said)| read(said).needs_recovery());
                let case = case.map(|(at, _)| {
                    let year = date_at(setting.zone, at).year();
                    let number = numbers.entry(year).or_default();
                    *number += 1;
                    (CaseId::new(), format!("CASE-{year}-{number:04}"))
                });
                if let (Some((id, number)), Some(answer)) = (&case, answer) {
                    let case = opened(dice, setting, person, (*id, number), answer);
                    all.cases.push(case::ActiveModel { order_id: Set(Some(order)), ..case });
                }
                sent_one(row, setting.now, sent, answer, case.map(|(id, _)| id))
            }
        };
        all.requests.push(row);
    }
    let counter = |(year, number)| case_counter::ActiveModel {
        year: Set(year),
        last_number: Set(number),
        ..Default::default()
    };
    all.counters = numbers.into_iter().map(counter).collect();
    Ok(all)
}

/// What each row says, since rows that are written at once say something of the same columns.
fn unasked() -> feedback_request::ActiveModel {
    feedback_request::ActiveModel {
        status: Set(Status::Pending),
        skip_reason: Set(None),
        sent_at: Set(None),
        expires_at: Set(None),
        responded_at: Set(None),
        sentiment: Set(None),
        sentiment_score: Set(None),
        issues: Set(vec![]),
        response_summary: Set(None),
        late: Set(false),
        case_created_id: Set(None),
        service_recovery_triggered: Set(false),
        ..Default::default()
    }
}

/// A request that was sent, and answered or not.
fn sent_one(
    row: feedback_request::ActiveModel,
    now: DateTime<Utc>,
    sent: DateTime<Utc>,
    answer: Option<Answer>,
    case: Option<CaseId>,
) -> feedback_request::ActiveModel {
    let expires = sent + TimeDelta::days(EXPIRES_AFTER_DAYS);
    let row = feedback_request::ActiveModel {
        status: Set(if expires <= now { Status::Expired } else { Status::Sent }),
        sent_at: Set(Some(sent)),
        expires_at: Set(Some(expires)),
        updated_at: Set(sent),
        ..row
    };
    let Some((at, said)) = answer else { return row };
    let reading = read(said);
    feedback_request::ActiveModel {
        status: Set(Status::Responded),
        responded_at: Set(Some(at)),
        sentiment: Set(Some(reading.sentiment)),
        sentiment_score: Set(Some(reading.score)),
        issues: Set(reading.issues.iter().map(ActiveEnum::to_value).collect()),
        response_summary: Set(Some(reading.summary())),
        late: Set(expires <= at),
        case_created_id: Set(case),
        service_recovery_triggered: Set(case.is_some()),
        updated_at: Set(at),
        ..row
    }
}

/// The case that an answer opened. After a fortnight at the most it has been put right.
fn opened(
    dice: &mut Dice,
    setting: &Setting,
    person: &Person,
    (id, number): (CaseId, &str),
    (at, said): Answer,
) -> case::ActiveModel {
    let resolved = Some(at + dice.within(14)).filter(|at| *at < setting.now);
    case::ActiveModel {
        id: Set(id),
        client_id: Set(person.client_id.clone()),
        contact_id: Set(Some(person.id)),
        case_number: Set(number.to_owned()),
        category: Set("service_recovery".to_owned()),
        subject: Set(format!("Service recovery: {}", person.company)),
        description: Set(Some(said.to_owned())),
        priority: Set(Priority::High),
        status: Set(resolved.map_or(case::Status::New, |_| case::Status::Resolved)),
        resolved_at: Set(resolved),
        created_at: Set(at),
        updated_at: Set(resolved.unwrap_or(at)),
        ..Default::default()
    }
}
