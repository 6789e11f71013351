//! Clients who call and come, each in a rhythm of their own.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use entity::{
    health::{
        call_record::{self, CallType, Outcome, Status},
        client_health_score, client_session,
    },
    id::{CallRecordId, ClientHealthScoreId, ClientSessionId},
    zone::{date_at, instant, week_before},
};
use sea_orm::Set;

use super::{
    Dice, Person, Setting,
    people::{People, STAFF},
};

/// How a client's calls go over the year.
#[derive(Clone, Copy)]
enum Rhythm {
    Steady,
    Fading,
    Stopped,
    Rising,
    New,
}

#[derive(Default)]
pub struct Clients {
    pub watched: Vec<client_health_score::ActiveModel>,
    pub calls: Vec<call_record::ActiveModel>,
    pub sessions: Vec<client_session::ActiveModel>,
}

pub fn draw(dice: &mut Dice, setting: &Setting, people: &People) -> Clients {
    let mut all = Clients::default();
    let rhythms = [Rhythm::Steady, Rhythm::Fading, Rhythm::Stopped, Rhythm::Rising, Rhythm::New];
    let since = setting.now - TimeDelta::days(400);
    for person in people.persons.iter().step_by(2).take(setting.size.clients as usize) {
        let rhythm = rhythms[dice.weigh(&[70, 8, 5, 8, 9])];
        let coach = *dice.pick(&STAFF);
        let purchased = *dice.pick(&[10, 20, 30, 50]);
        let left = dice.below(purchased + 1);
        all.watched.push(client_health_score::ActiveModel {
            id: Set(ClientHealthScoreId::new()),
            client_id: Set(Some(person.client_id.clone())),
            email: Set(person.email.clone()),
            firstname: Set(Some(person.first.to_owned())),
            lastname: Set(Some(person.last.to_owned())),
            assigned_coach: Set(Some(coach.to_owned())),
            sessions_purchased: Set(purchased.try_into().unwrap_or(0)),
            outstanding_sessions: Set(left.try_into().unwrap_or(0)),
            created_at: Set(since),
            updated_at: Set(since),
            ..Default::default()
        });
        all.calls(dice, setting, (person, coach), rhythm);
        all.sessions(dice, setting, (person, coach), rhythm);
    }
    all
}

/// Calls in the week `back` weeks ago, where so many are usual.
fn in_week(rhythm: Rhythm, usual: u32, back: u32) -> u32 {
    match rhythm {
        Rhythm::Steady => usual,
        Rhythm::Fading => usual * (back + 1).min(6) / 6,
        Rhythm::Stopped => usual * u32::from(back > 0),
        Rhythm::Rising => usual / 2 + usual * 2 / (back + 1),
        Rhythm::New => usual * u32::from(back < 3),
    }
}

impl Clients {
    fn calls(
        &mut self,
        dice: &mut Dice,
        setting: &Setting,
        (person, coach): (&Person, &str),
        rhythm: Rhythm,
    ) {
        let usual = match rhythm {
            Rhythm::Steady | Rhythm::Rising | Rhythm::New => 1 + dice.low(6),
            Rhythm::Fading => 10 + dice.low(14),
            Rhythm::Stopped => 2 + dice.low(9),
        };
        for back in (0..52).rev() {
            let monday = week_before(setting.zone, setting.now, back.into());
            let monday = date_at(setting.zone, monday);
            let calls = in_week(rhythm, usual, back);
            let calls = calls + u32::from(calls > 0 && dice.chance(15));
            for nth in 0..calls {
                let day = monday + TimeDelta::days((nth * 5 / calls).into());
                let time = TimeDelta::minutes((8 * 60 + dice.below(9 * 60)).into());
                let at = instant(setting.zone, day.and_time(NaiveTime::MIN) + time);
                if at < setting.now {
                    let row = call(dice, person, coach, at);
                    let external = format!("line-{}", 100_000 + self.calls.len());
                    self.calls
                        .push(call_record::ActiveModel { external_id: Set(Some(external)), ..row });
                }
            }
        }
    }

    /// A few sessions in each of thirteen weeks.
    fn sessions(
        &mut self,
        dice: &mut Dice,
        setting: &Setting,
        (person, coach): (&Person, &str),
        rhythm: Rhythm,
    ) {
        let usual = 1 + dice.below(3);
        for back in 0..13 {
            for _ in 0..in_week(rhythm, usual, back) {
                let at = setting.now - TimeDelta::days((7 * back).into()) - dice.within(7);
                self.sessions.push(session(person, coach, at));
            }
        }
    }
}

fn session(person: &Person, coach: &str, at: DateTime<Utc>) -> client_session::ActiveModel {
    client_session::ActiveModel {
        id: Set(ClientSessionId::new()),
        client_email: Set(person.email.clone()),
        held_at: Set(at),
        status: Set(client_session::Status::Attended),
        coach: Set(Some(coach.to_owned())),
        created_at: Set(at),
        updated_at: Set(at),
        ..Default::default()
    }
}

fn call(
    dice: &mut Dice,
    person: &Person,
    coach: &str,
    at: DateTime<Utc>,
) -> call_record::ActiveModel {
    let kinds = [CallType::Phone, CallType::WhatsApp, CallType::InPerson, CallType::Email];
    let held = !dice.chance(6);
    let seconds = if held { 90 + dice.low(2400) } else { 0 };
    call_record::ActiveModel {
        id: Set(CallRecordId::new()),
        client_email: Set(person.email.clone()),
        call_date: Set(at),
        call_type: Set(kinds[dice.weigh(&[72, 16, 8, 4])]),
        status: Set(if held { Status::Completed } else { Status::NoAnswer }),
        outcome: Set(Some(if held { Outcome::Other } else { Outcome::NoAnswer })),
        executed_by: Set(Some(coach.to_owned())),
        duration_seconds: Set(seconds.try_into().ok()),
        created_at: Set(at + TimeDelta::minutes(5)),
        updated_at: Set(at + TimeDelta::minutes(5)),
        ..Default::default()
    }
}
