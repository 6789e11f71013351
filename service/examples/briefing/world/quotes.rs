//! Quotes of a year, each for a deal: drafts, those that wait for an answer, and those that ended.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, TimeDelta, Utc};
use entity::{
    id::{QuoteActivityId, QuoteId, QuoteOutcomeId},
    sales::{
        deal::{Category, Stage},
        quote::{self, LineItem, LineItems, Outcome, Status, Stop},
        quote_activity::{self, Kind},
        quote_counter, quote_outcome,
    },
    zone::{date_at, day_start},
};
use rust_decimal::Decimal;
use sea_orm::{ActiveEnum, Set};

use super::{Dice, Drawn, People, Setting};

#[derive(Default)]
pub struct Quotes {
    pub counters: Vec<quote_counter::ActiveModel>,
    pub rows: Vec<quote::ActiveModel>,
    pub activities: Vec<quote_activity::ActiveModel>,
    pub outcomes: Vec<quote_outcome::ActiveModel>,
}

/// What happens to a quote, before it has a number.
struct Story<'a> {
    deal: &'a Drawn,
    status: Status,
    created: DateTime<Utc>,
    sent: Option<DateTime<Utc>>,
    viewed: Option<DateTime<Utc>>,
    followed_up: Vec<DateTime<Utc>>,
    /// When it was answered or, if it was not, expired.
    ended: Option<DateTime<Utc>>,
}

pub fn draw(dice: &mut Dice, setting: &Setting, people: &People, deals: &[Drawn]) -> Quotes {
    let of = |stage: Option<Stage>| {
        deals.iter().filter(move |deal| match stage {
            Some(stage) => deal.stage == stage,
            None => deal.stage.category() == Category::Open,
        })
    };
    let (mut won, mut lost, mut open) = (of(Some(Stage::Won)), of(Some(Stage::Lost)), of(None));
    let statuses = [
        (Status::Draft, 6),
        (Status::PendingApproval, 3),
        (Status::Sent, 14),
        (Status::Viewed, 12),
        (Status::Countered, 5),
        (Status::Accepted, 24),
        (Status::Rejected, 23),
        (Status::Expired, 13),
    ];
    let mut stories = vec![];
    for _ in 0..setting.size.quotes {
        let status = statuses[dice.weigh(&statuses.map(|(_, weight)| weight))].0;
        let deal = match status {
            Status::Accepted => won.next(),
            Status::Rejected | Status::Expired => lost.next(),
            _ => open.next(),
        };
        stories.extend(deal.map(|deal| story(dice, setting.now, deal, status)));
    }
    stories.sort_by_key(|story| story.created); // numbers are given in order
    let mut all = Quotes::default();
    let mut numbers = BTreeMap::<i32, i64>::new();
    for story in stories {
        let year = date_at(setting.zone, story.created).year();
        let number = numbers.entry(year).or_default();
        *number += 1;
        all.quote(dice, setting, people, &story, format!("Q-{year}-{number:04}"));
    }
    let counter = |(year, number)| quote_counter::ActiveModel {
        year: Set(year),
        last_number: Set(number),
        ..Default::default()
    };
    all.counters = numbers.into_iter().map(counter).collect();
    all
}

fn story<'a>(dice: &mut Dice, now: DateTime<Utc>, deal: &'a Drawn, status: Status) -> Story<'a> {
    let every = TimeDelta::days(3);
    let attempts = if dice.chance(6) { 5 } else { dice.low(5) };
    let waited = every * i32::try_from(attempts).unwrap_or(0);
    let sent = match status {
        Status::Draft | Status::PendingApproval => None,
        // The next follow-up is due three days after the last: for some that was yesterday.
        Status::Sent | Status::Viewed => Some(now - waited - dice.within(5)),
        Status::Expired => Some(deal.entered - TimeDelta::days(20) - dice.within(10)),
        _ => Some(deal.entered.min(now - TimeDelta::hours(2)) - waited - dice.within(3)),
    };
    let created = sent.unwrap_or(now) - dice.within(if sent.is_some() { 1 } else { 9 });
    let viewed = matches!(status, Status::Viewed | Status::Countered | Status::Accepted)
        .then_some(sent)
        .flatten()
        .map(|sent| sent + (now - sent) / 4);
    let ended = match status {
        Status::Countered => sent.map(|sent| sent + (now - sent) / 2),
        Status::Accepted | Status::Rejected => Some(deal.entered),
        Status::Expired => sent.map(|sent| sent + TimeDelta::days(15)),
        _ => None,
    };
    let until = ended.unwrap_or(now);
    let planned = sent.into_iter().flat_map(|sent| (1..=5).map(move |nth| sent + every * nth));
    let followed_up = planned.take(attempts as usize).filter(|at| *at < until).collect();
    Story { deal, status, created, sent, viewed, followed_up, ended }
}

impl Quotes {
    fn quote(
        &mut self,
        dice: &mut Dice,
        setting: &Setting,
        people: &People,
        story: &Story,
        number: String,
    ) {
        let (id, status, deal) = (QuoteId::new(), story.status, story.deal);
        let person = &people.persons[deal.person];
        let active = matches!(status, Status::Sent | Status::Viewed);
        let today = date_at(setting.zone, setting.now);
        // Of those that wait, some end today, and some ended yesterday: the sweep is to find them.
        let valid_until = match (story.sent, story.ended) {
            _ if active => today + Days::new(dice.below(30).into()) - Days::new(1),
            (Some(_), Some(ended)) if status == Status::Expired => {
                date_at(setting.zone, ended) - Days::new(1)
            }
            _ => date_at(setting.zone, story.sent.unwrap_or(setting.now)) + Days::new(30),
        };
        let stop = match status {
            Status::Draft | Status::PendingApproval => None,
            Status::Countered => Some(Stop::Countered),
            Status::Accepted => Some(Stop::Accepted),
            Status::Rejected => Some(Stop::Rejected),
            Status::Expired => Some(Stop::Expired),
            _ if person.unsubscribed => Some(Stop::Unsubscribed),
            _ if story.followed_up.len() == 5 => Some(Stop::Exhausted),
            _ if dice.chance(8) => Some(Stop::Replied),
            _ => None,
        };
        let last = story.followed_up.last().copied().or(story.sent);
        let stopped = stop.and(story.ended.or(last)).map(|at| at.min(setting.now));
        let next = last.filter(|_| active && stop.is_none()).map(|at| at + TimeDelta::days(3));
        let outcome = match status {
            Status::Accepted => Some(Outcome::Won),
            Status::Rejected => Some(Outcome::Lost),
            Status::Expired if dice.chance(60) => Some(Outcome::NoDecision),
            _ => None,
        };
        let answered = matches!(status, Status::Countered | Status::Accepted | Status::Rejected);
        let views = story.viewed.map_or(0, |_| 1 + i32::from(dice.chance(30)));
        self.rows.push(quote::ActiveModel {
            id: Set(id),
            client_id: Set(person.client_id.clone()),
            contact_id: Set(Some(person.id)),
            deal_id: Set(Some(deal.id)),
            quote_number: Set(number),
            title: Set(format!("{}, {}", person.company, deal.product)),
            total_amount: Set(deal.worth.into()),
            currency: Set(setting.currency.to_owned()),
            line_items: Set(items(deal)),
            valid_until: Set(Some(valid_until)),
            status: Set(status),
            sent_at: Set(story.sent),
            viewed_at: Set(story.viewed),
            responded_at: Set(story.ended.filter(|_| answered)),
            view_count: Set(views),
            outcome: Set(outcome),
            outcome_competitor: Set(lost_to(outcome).map(str::to_owned)),
            follow_up_count: Set(story.followed_up.len().try_into().unwrap_or(0)),
            last_follow_up_at: Set(story.followed_up.last().copied()),
            next_follow_up_at: Set(next),
            follow_up_stopped_at: Set(stopped),
            follow_up_stop: Set(stop),
            created_at: Set(story.created),
            updated_at: Set(stopped.or(last).unwrap_or(story.created)),
            ..Default::default()
        });
        let reason = |of: Option<String>| of.or_else(|| stop.map(|why| why.to_value()));
        self.note(id, Kind::Created, story.created, None, None);
        if let Some(at) = story.sent {
            self.note(id, Kind::Sent, at, None, None);
        }
        for (view, at) in (0..views).zip(story.viewed.into_iter().cycle()) {
            let at = at + TimeDelta::hours(view.into());
            self.note(id, Kind::Viewed, at.min(setting.now), None, Some(format!("{id}-{view}")));
        }
        for (nth, at) in (1..).zip(&story.followed_up) {
            self.note(id, Kind::FollowUp, *at, Some(nth), None);
        }
        if let Some(at) = stopped {
            let kind = if answered { Kind::Response } else { Kind::Stopped };
            self.note(id, kind, at, None, reason(None));
        }
        if let Some(outcome) = outcome {
            let at = stopped.unwrap_or(day_start(setting.zone, valid_until));
            self.note(id, Kind::Outcome, at, None, reason(Some(outcome.to_value())));
            self.outcomes.push(quote_outcome::ActiveModel {
                id: Set(QuoteOutcomeId::new()),
                quote_id: Set(id),
                outcome: Set(outcome),
                competitor: Set(lost_to(Some(outcome)).map(str::to_owned)),
                our_amount: Set(Some(deal.worth.into())),
                recorded_at: Set(at),
                ..Default::default()
            });
        }
    }

    /// `text` is the session of a view, and else a note.
    fn note(
        &mut self,
        quote: QuoteId,
        kind: Kind,
        at: DateTime<Utc>,
        attempt: Option<i32>,
        text: Option<String>,
    ) {
        let (session, notes) = if kind == Kind::Viewed { (text, None) } else { (None, text) };
        self.activities.push(quote_activity::ActiveModel {
            id: Set(QuoteActivityId::new()),
            quote_id: Set(quote),
            activity_type: Set(kind),
            attempt_no: Set(attempt),
            session: Set(session),
            notes: Set(notes),
            created_at: Set(at),
            ..Default::default()
        });
    }
}

fn lost_to(outcome: Option<Outcome>) -> Option<&'static str> {
    outcome.filter(|outcome| *outcome == Outcome::Lost).map(|_| "Navarro")
}

fn items(deal: &Drawn) -> LineItems {
    let (quantity, total) = (Decimal::from(10), Decimal::from(deal.worth));
    let unit_price = total / quantity;
    LineItems(vec![LineItem { description: deal.product.to_owned(), quantity, unit_price, total }])
}
