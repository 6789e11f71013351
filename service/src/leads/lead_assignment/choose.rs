//! Who gets a lead.

use chrono::{DateTime, Utc};
use entity::id::UserId;

use super::{Candidate, Considered, Unfit};
use crate::leads::{distribution::Strategy, lead_score};

/// Somebody of a pool, and how it stands with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub user_id: UserId,
    /// Whether they take leads at all.
    pub active: bool,
    /// Whether they are away now.
    pub absent: bool,
    /// How many active leads they have.
    pub leads: i64,
    /// How many they may have.
    pub max_active: i64,
    /// How many leads for each one of whoever has 1.
    pub weight: i64,
    /// How much they are owed.
    pub owed: i64,
    /// The states that are theirs, in capitals.
    pub states: Vec<String>,
    /// What they can do, in lower case.
    pub skills: Vec<String>,
    /// When the pool last gave them a lead.
    pub last_assigned_at: Option<DateTime<Utc>>,
    /// How many of theirs they have won.
    pub rate: Rate,
}

/// How many leads somebody was given in a year, and how many of them were recruited while theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// Recruited.
    pub won: i64,
    /// Given.
    pub given: i64,
}

impl Rate {
    /// Which of two is higher; to have been given none is to have won none.
    fn than(self, other: Self) -> std::cmp::Ordering {
        let of = |rate: Self| if rate.given == 0 { (0, 1) } else { (rate.won, rate.given) };
        let ((won, given), (other_won, other_given)) = (of(self), of(other));
        (won * other_given).cmp(&(other_won * given))
    }
}

/// A lead that is to be somebody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// How to choose.
    pub strategy: Strategy,
    /// How promising it is.
    pub score: i64,
    /// Where it lives, in capitals; `None`: nobody knows.
    pub state: Option<String>,
    /// What whoever gets it must be able to do, in lower case.
    pub needs: Vec<String>,
    /// Who knows it already, and how, whoever comes first first.
    pub known_to: Vec<(UserId, &'static str)>,
}

/// Who gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Their place in the pool; `None`: nobody can.
    pub place: Option<usize>,
    /// Why they, or why nobody.
    pub reason: String,
    /// Who was considered.
    pub considered: Considered,
}

/// How many candidates are written down.
const WRITTEN: usize = 200;

/// Chooses who of a pool gets a lead, and counts it as theirs.
///
/// Whoever takes leads, is not away, has fewer than they may and can do what it needs is a candidate.
/// Of those who know the lead the first that is one gets it, outside of everybody's turn. Otherwise:
/// - in turn: each candidate is owed their weight, and whoever is owed most pays for all; of equals
///   whoever had one longest ago. Who cannot take leads is owed nothing meanwhile, so that nobody
///   is flooded who comes back;
/// - by capacity: whoever has the fewest;
/// - by geography: of those whose state it is whoever has the fewest; if there is none, of all;
/// - by skill: a lead with a score of 80 or more goes to whoever won the largest share of theirs, of
///   equals to whoever has the fewest; another in turn.
///
/// What is equal in all that is decided by the order of the pool.
pub fn choose(pool: &mut [Person], wanted: &Wanted) -> Chosen {
    let unfit: Vec<_> = pool.iter().map(|person| unfit(person, wanted)).collect();
    let fit = |place: usize| unfit.get(place).is_some_and(Option::is_none);
    let all: Vec<_> = (0..pool.len()).filter(|place| fit(*place)).collect();
    let mut considered = Considered {
        candidates: vec![],
        number: pool.len(),
        state: None,
        needs: wanted.needs.clone(),
    };
    let candidates = pool.iter().zip(&unfit).take(WRITTEN).map(|(person, unfit)| Candidate {
        user_id: person.user_id,
        active: person.leads,
        max_active: person.max_active,
        unfit: *unfit,
    });
    considered.candidates = candidates.collect();
    if all.is_empty() {
        return Chosen { place: None, reason: nobody(pool.len(), &unfit), considered };
    }
    let known = wanted.known_to.iter().find_map(|(user, how)| {
        let place = all.iter().find(|place| pool.get(**place).map(|p| p.user_id) == Some(*user))?;
        Some((*place, (*how).to_owned()))
    });
    let (place, reason) = known.unwrap_or_else(|| match wanted.strategy {
        Strategy::Manual | Strategy::RoundRobin => (in_turn(pool, &all), "in turn".to_owned()),
        Strategy::Capacity => (fewest(pool, &all), "the fewest active leads".to_owned()),
        Strategy::Geographic => {
            considered.state.clone_from(&wanted.state);
            let is_theirs = |place: &usize| match (pool.get(*place), &wanted.state) {
                (Some(person), Some(state)) => person.states.contains(state),
                _ => false,
            };
            let theirs: Vec<_> = all.iter().copied().filter(is_theirs).collect();
            for (place, candidate) in considered.candidates.iter_mut().enumerate() {
                if !theirs.is_empty() && candidate.unfit.is_none() && !theirs.contains(&place) {
                    candidate.unfit = Some(Unfit::Territory);
                }
            }
            match &wanted.state {
                Some(state) if !theirs.is_empty() => {
                    (fewest(pool, &theirs), format!("their territory is {state}"))
                }
                Some(state) => {
                    (fewest(pool, &all), format!("nobody's territory is {state}: the fewest"))
                }
                None => (fewest(pool, &all), "the state is not known: the fewest".to_owned()),
            }
        }
        Strategy::SkillBased if wanted.score >= lead_score::HOT => {
            let reason = "a hot lead, and the largest share won".to_owned();
            (best(pool, &all), reason)
        }
        Strategy::SkillBased => (in_turn(pool, &all), "not a hot lead: in turn".to_owned()),
    });
    if let Some(person) = pool.get_mut(place) {
        person.leads += 1;
    }
    Chosen { place: Some(place), reason, considered }
}

fn unfit(person: &Person, wanted: &Wanted) -> Option<Unfit> {
    if !person.active {
        Some(Unfit::Inactive)
    } else if person.absent {
        Some(Unfit::Absent)
    } else if !wanted.needs.iter().all(|need| person.skills.contains(need)) {
        Some(Unfit::Skill)
    } else if person.leads >= person.max_active {
        Some(Unfit::Full)
    } else {
        None
    }
}

fn nobody(number: usize, unfit: &[Option<Unfit>]) -> String {
    let count = |of: Unfit| unfit.iter().filter(|unfit| **unfit == Some(of)).count();
    let told = [
        (count(Unfit::Full), "have all that they may have"),
        (count(Unfit::Absent), "are away"),
        (count(Unfit::Skill), "cannot do what it needs"),
        (count(Unfit::Inactive), "take no leads"),
    ];
    let told = told.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}"));
    match number {
        0 => "nobody is in the pool".to_owned(),
        _ => format!("of {number}, {}", told.collect::<Vec<_>>().join(", ")),
    }
}

fn in_turn(pool: &mut [Person], of: &[usize]) -> usize {
    let present = of.iter().filter_map(|place| pool.get(*place));
    let all: i64 = present.map(|person| person.weight).sum();
    for place in of {
        if let Some(person) = pool.get_mut(*place) {
            // Nobody comes owed more than a round of those who are there.
            person.owed = person.owed.clamp(-all, all) + person.weight;
        }
    }
    let key = |place: &usize| {
        let person = pool.get(*place);
        (
            std::cmp::Reverse(person.map(|person| person.owed)),
            person.and_then(|person| person.last_assigned_at),
            *place,
        )
    };
    let next = of.iter().copied().min_by_key(key).unwrap_or_default();
    if let Some(person) = pool.get_mut(next) {
        person.owed -= all;
    }
    next
}

fn fewest(pool: &[Person], of: &[usize]) -> usize {
    let key = |place: &usize| (pool.get(*place).map(|person| person.leads), *place);
    of.iter().copied().min_by_key(key).unwrap_or_default()
}

fn best(pool: &[Person], of: &[usize]) -> usize {
    let order = |a: &usize, b: &usize| match (pool.get(*a), pool.get(*b)) {
        (Some(x), Some(y)) => y.rate.than(x.rate).then(x.leads.cmp(&y.leads)).then(a.cmp(b)),
        _ => a.cmp(b),
    };
    of.iter().copied().min_by(order).unwrap_or_default()
}
