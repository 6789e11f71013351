//! Deals of a year: those that were decided, and those that go on or have gone quiet.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    id::{DealActivityId, DealId, DealStageHistoryId},
    sales::{
        deal::{self, Category, Stage},
        deal_activity::{self, Kind},
        deal_stage_history,
    },
    zone::date_at,
};
use rust_decimal::Decimal;
use sea_orm::Set;

use super::{Dice, People, Person, Setting};

/// After how many days of silence the stages' deals stall, and from one follow-up to the next.
const OPEN: [(Stage, u32, u32); 4] = [
    (Stage::Lead, 3, 2),
    (Stage::Qualified, 7, 3),
    (Stage::Proposal, 5, 2),
    (Stage::Negotiation, super::NEGOTIATION_DAYS, 3),
];
const PRODUCTS: [&str; 10] = [
    "10 seats",
    "25 seats",
    "40 seats",
    "120 seats",
    "API access",
    "archive",
    "migration",
    "pilot",
    "support",
    "training",
];
const LOST: [&str; 4] = ["too expensive", "went with Navarro", "no budget this year", "no answer"];

#[derive(Default)]
pub struct Deals {
    pub rows: Vec<deal::ActiveModel>,
    pub moves: Vec<deal_stage_history::ActiveModel>,
    pub activities: Vec<deal_activity::ActiveModel>,
    pub drawn: Vec<Drawn>,
}

/// What a quote has to know of its deal.
pub struct Drawn {
    pub id: DealId,
    pub person: usize,
    pub product: &'static str,
    pub stage: Stage,
    pub entered: DateTime<Utc>,
    pub worth: u32,
}

/// How quiet a deal is.
struct Silence {
    entered: DateTime<Utc>,
    last_activity: Option<DateTime<Utc>>,
    own_days: Option<u32>,
    /// The times of our follow-ups, and of the next.
    sent: Vec<DateTime<Utc>>,
    next: Option<DateTime<Utc>>,
    forgotten: bool,
}

pub fn draw(dice: &mut Dice, setting: &Setting, people: &People) -> Deals {
    let mut all = Deals::default();
    let stages = [
        (Stage::Won, 30),
        (Stage::Lost, 32),
        (Stage::Lead, 10),
        (Stage::Qualified, 10),
        (Stage::Proposal, 10),
        (Stage::Negotiation, 8),
    ];
    for _ in 0..setting.size.deals {
        let stage = stages[dice.weigh(&stages.map(|(_, weight)| weight))].0;
        let silence = silence(dice, setting.now, stage);
        let path = path(dice, stage, silence.entered);
        all.deal(dice, setting, people, (stage, &silence, &path));
    }
    all
}

fn silence(dice: &mut Dice, now: DateTime<Utc>, stage: Stage) -> Silence {
    let mut silence = Silence {
        entered: dice.ago(now, 330, 0),
        last_activity: None,
        own_days: None,
        sent: vec![],
        next: None,
        forgotten: false,
    };
    let Some((_, days, interval)) = OPEN.into_iter().find(|(open, ..)| *open == stage) else {
        silence.last_activity = Some(silence.entered - dice.within(6));
        return silence;
    };
    silence.own_days = dice.chance(6).then(|| 2 + dice.below(20));
    let allowed = silence.own_days.unwrap_or(days);
    // In percent of what is allowed: most deals are lively, and a few nobody has looked at.
    let share = match dice.weigh(&[780, 140, 60, 20]) {
        0 => dice.below(100),
        1 => 100 + dice.below(150),
        2 => 250 + dice.below(350),
        _ => 600 + dice.low(900),
    };
    silence.forgotten = share >= 600;
    let since = now - TimeDelta::minutes((allowed * 24 * 60 * share / 100).into());
    silence.last_activity = dice.chance(85).then_some(since);
    let before = silence.last_activity.map_or(TimeDelta::zero(), |_| dice.within(20));
    silence.entered = since - before;
    // Our follow-ups go out at intervals up to lately, and no longer back than the silence.
    if share > 150 && dice.chance(60) {
        let most = 1 + dice.below(if silence.forgotten { 5 } else { 4 });
        let mut at = now - TimeDelta::hours(1) - dice.within(2 * interval);
        let next = at + TimeDelta::days(interval.into());
        while at > since && silence.sent.len() < most as usize {
            silence.sent.insert(0, at);
            at -= TimeDelta::days(interval.into());
        }
        silence.next = (1..5).contains(&silence.sent.len()).then_some(next);
    }
    silence
}

/// The stages that a deal has been through and when it entered each, up to its last.
fn path(dice: &mut Dice, last: Stage, entered: DateTime<Utc>) -> Vec<(Stage, DateTime<Utc>)> {
    let reached = match last {
        Stage::Won => 4,
        Stage::Lost => 1 + dice.weigh(&[35, 30, 20, 15]),
        open => OPEN.iter().take_while(|(stage, ..)| *stage != open).count(),
    };
    let mut path = vec![(last, entered)];
    for (stage, allowed, _) in OPEN[..reached].iter().rev() {
        let (_, left) = path[0];
        path.insert(0, (*stage, left - TimeDelta::hours(5) - dice.within(3 * allowed)));
    }
    path
}

impl Deals {
    fn deal(
        &mut self,
        dice: &mut Dice,
        setting: &Setting,
        people: &People,
        (stage, silence, path): (Stage, &Silence, &[(Stage, DateTime<Utc>)]),
    ) {
        let (id, now, open) = (DealId::new(), setting.now, stage.category() == Category::Open);
        // Where nobody looks, there is a reason for it more often than not.
        let wanted: fn(&Person) -> bool = match dice.below(4) {
            0 if silence.forgotten => |person| person.unsubscribed,
            1 if silence.forgotten => |person| person.listed,
            _ => |_| true,
        };
        let start = dice.below(u32::try_from(people.persons.len()).unwrap_or(u32::MAX)) as usize;
        let around = (start..people.persons.len()).chain(0..start);
        let at = around.into_iter().find(|at| wanted(&people.persons[*at])).unwrap_or(start);
        let person = &people.persons[at];
        let product = *dice.pick(&PRODUCTS);
        let worth = (12 + dice.low(2400)) * 50;
        let likely = match stage {
            Stage::Lead => 1,
            Stage::Qualified => 3,
            Stage::Proposal => 5,
            Stage::Negotiation => 8,
            Stage::Won => 10,
            Stage::Lost => 0,
        };
        let entered = silence.entered;
        let closing = if open { now + TimeDelta::days(60) - dice.within(85) } else { entered };
        let snoozed = open && dice.chance(4);
        let off = dice.chance(if silence.forgotten { 25 } else { 6 });
        let (_, created) = path[0];
        self.rows.push(deal::ActiveModel {
            id: Set(id),
            client_id: Set(person.client_id.clone()),
            contact_id: Set(Some(person.id)),
            assigned_to: Set(Some(*dice.pick(&people.staff))),
            title: Set(format!("{}, {product}", person.company)),
            value: Set((!dice.chance(4)).then(|| worth.into())),
            currency: Set(setting.currency.to_owned()),
            probability: Set(Decimal::new(likely, 1)),
            expected_close_date: Set(dice.chance(85).then(|| date_at(setting.zone, closing))),
            lost_reason: Set((stage == Stage::Lost).then(|| (*dice.pick(&LOST)).to_owned())),
            stage: Set(stage),
            stage_entered_at: Set(entered),
            actual_close_date: Set((!open).then(|| date_at(setting.zone, entered))),
            last_activity_at: Set(silence.last_activity),
            snoozed_until: Set(snoozed.then(|| now + TimeDelta::days(14) - dice.within(20))),
            stall_after_days: Set(silence.own_days.and_then(|days| days.try_into().ok())),
            never_stalls: Set(dice.chance(1)),
            auto_follow_up_enabled: Set(!off),
            follow_up_count: Set(silence.sent.len().try_into().unwrap_or(0)),
            last_follow_up_at: Set(silence.sent.last().copied()),
            next_follow_up_at: Set(silence.next),
            created_at: Set(created),
            updated_at: Set(silence.last_activity.unwrap_or(entered)),
            ..Default::default()
        });
        self.drawn.push(Drawn { id, person: at, product, stage, entered, worth });
        self.history(dice, id, silence, path);
    }

    fn history(
        &mut self,
        dice: &mut Dice,
        id: DealId,
        silence: &Silence,
        path: &[(Stage, DateTime<Utc>)],
    ) {
        let before = std::iter::once(None).chain(path.iter().map(Some));
        for (from, (stage, at)) in before.zip(path) {
            let days = from.and_then(|(_, since)| (*at - *since).num_days().try_into().ok());
            self.moves.push(deal_stage_history::ActiveModel {
                id: Set(DealStageHistoryId::new()),
                deal_id: Set(id),
                from_stage: Set(from.map(|(stage, _)| *stage)),
                to_stage: Set(*stage),
                changed_at: Set(*at),
                days_in_previous_stage: Set(days),
                created_at: Set(*at),
                ..Default::default()
            });
        }
        let kinds = [Kind::EmailTwoWay, Kind::CallConnected, Kind::MeetingHeld, Kind::Note];
        let theirs = silence.last_activity.map(|at| (*dice.pick(&kinds), at, None));
        let ours = (1..).zip(&silence.sent).map(|(nth, at)| (Kind::FollowUp, *at, Some(nth)));
        for (kind, at, attempt) in theirs.into_iter().chain(ours) {
            self.activities.push(deal_activity::ActiveModel {
                id: Set(DealActivityId::new()),
                deal_id: Set(id),
                activity_type: Set(kind),
                occurred_at: Set(at),
                attempt_no: Set(attempt),
                stage_entered_at: Set(attempt.map(|_| silence.entered)),
                created_at: Set(at),
                ..Default::default()
            });
        }
    }
}
