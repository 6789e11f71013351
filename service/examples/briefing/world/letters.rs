//! What customers have written since Monday, each letter with something under it.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::ContactId;

use super::{Dice, People, Setting};

/// A letter from a contact.
pub struct Letter {
    pub contact: ContactId,
    pub text: String,
    pub at: DateTime<Utc>,
    /// Whether there is nothing under it but a name.
    pub bare: bool,
}

const TEXTS: [&str; 14] = [
    "Please cancel our seats at the end of April. We are switching to Navarro.",
    "We are expanding to Lyon in May. What would forty seats cost?",
    "Tuesday at ten is fine.",
    "A colleague at another house asked who keeps our archive. May I pass your name on?",
    "The deadline for our audit is Friday. Please call.",
    "The export has an error, and the invoice is wrong.",
    "When is the renewal, and what will next year cost?",
    "Our budget for this is 40k until summer.",
    "We are also looking at Navarro, and were quoted by them today.",
    "Thank you for the slides.",
    "I am disappointed. The same problem, the same error, and nobody to fix this.",
    "We no longer need the archive.",
    "We are growing: a new location in May, and additional people in June.",
    "The minutes are attached.",
];
const TITLES: [&str; 6] = [
    "Head of Procurement",
    "IT Administrator",
    "Managing Director",
    "Facility Manager",
    "Office Assistant",
    "Director of Operations",
];

/// A number in Hamburg that films may use, and that somebody has moved to.
const MOVED_TO: &str = "+49 40 66969 941";

pub fn draw(dice: &mut Dice, setting: &Setting, people: &People) -> Vec<Letter> {
    let ours = |zone: &str| zone == setting.zone.name();
    let writers = people
        .persons
        .iter()
        .filter(|person| !person.unsubscribed && !person.listed && ours(person.line.zone.as_str()));
    let letters = (0..).zip(writers.step_by(11).take(setting.size.letters as usize));
    let mut letters: Vec<_> = letters
        .map(|(nth, person)| {
            let text = TEXTS[nth % TEXTS.len()];
            let bare = nth % 5 == 4;
            let phone = if nth == 6 { MOVED_TO } else { &person.line.written };
            let (first, last, company) = (person.first, person.last, &person.company);
            let site = company.to_lowercase().replace(' ', "-");
            let title = TITLES[nth % TITLES.len()];
            let mobile = format!("+49 171 39200{nth:02}");
            let under = if bare {
                format!("{first} {last}")
            } else {
                format!(
                    "{first} {last}\n{title}\n{company}\nPhone {phone}\nMobile {mobile}\nwww.{site}.com"
                )
            };
            Letter {
                contact: person.id,
                text: format!("Hello,\n\n{text}\n\nBest regards,\n{under}\n"),
                at: setting.now - TimeDelta::minutes(5) - dice.within(2),
                bare,
            }
        })
        .collect();
    letters.sort_by_key(|letter| letter.at);
    letters
}
