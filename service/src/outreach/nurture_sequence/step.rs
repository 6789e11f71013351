//! Steps as they are written down, and what they say to somebody.

use entity::{
    leads::lead,
    outreach::nurture_sequence::{Channel, Conditions, Step, Steps},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{Error, Result, input};

/// How many steps a sequence has at the most (ours).
pub const MOST_STEPS: usize = 50;

/// How many days a step waits at the most (ours).
const MOST_DAYS: i32 = 3650;

/// What stands in the places of a message.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// The lead's.
    pub first_name: &'a str,
    /// The name of whoever looks after them.
    pub partner_name: &'a str,
}

/// Reads steps as seed 004 writes them: an array of `{step, delay_days, channel, template_id, subject,
/// message, conditions}`, of which the last three may be missing.
///
/// # Errors
///
/// [`Error::Invalid`] naming the place, as `steps[2].channel`, for whatever is unknown, missing or of
/// another kind, and as for [`create`](super::create).
pub fn read_steps(json: &Value) -> Result<Steps> {
    const KNOWN: [&str; 7] =
        ["step", "delay_days", "channel", "template_id", "subject", "message", "conditions"];
    let rows = json.as_array().ok_or_else(|| Error::invalid("steps", "must be an array"))?;
    let mut steps = vec![];
    for (n, row) in rows.iter().enumerate() {
        let place = format!("steps[{}]", n + 1);
        let row = object(&place, row, &KNOWN)?;
        let conditions = match row.get("conditions") {
            None | Some(Value::Null) => Conditions::default(),
            Some(json) => read_conditions(&format!("{place}.conditions"), json)?,
        };
        steps.push(Step {
            step: needed(&place, row, "step", "a whole number")?,
            delay_days: needed(&place, row, "delay_days", "a whole number of days")?,
            channel: needed::<Channel>(&place, row, "channel", "sms, email or call")?,
            template_id: needed(&place, row, "template_id", "a text")?,
            subject: member(&place, row, "subject", "a text")?,
            message: member(&place, row, "message", "a text")?,
            conditions,
        });
    }
    let steps = Steps(steps);
    check(&steps)?;
    Ok(steps)
}

fn read_conditions(place: &str, json: &Value) -> Result<Conditions> {
    let row = object(place, json, &["status_in", "score_gte", "score_lte"])?;
    let status_in: Option<Vec<lead::Status>> =
        member(place, row, "status_in", "an array of statuses of leads")?;
    Ok(Conditions {
        status_in: status_in.unwrap_or_default(),
        score_gte: member(place, row, "score_gte", "a whole number")?,
        score_lte: member(place, row, "score_lte", "a whole number")?,
    })
}

fn object<'a>(place: &str, json: &'a Value, known: &[&str]) -> Result<&'a Map<String, Value>> {
    let row =
        json.as_object().ok_or_else(|| Error::invalid(place.to_owned(), "must be an object"))?;
    match row.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(row),
        Some(key) => {
            let key: String = key.chars().take(100).collect();
            Err(Error::invalid(format!("{place}.{key}"), "nobody knows what that is"))
        }
    }
}

/// A member; null is as good as none.
fn member<T: DeserializeOwned>(
    place: &str,
    row: &Map<String, Value>,
    key: &str,
    what: &str,
) -> Result<Option<T>> {
    match row.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(json) => serde_json::from_value(json.clone())
            .map(Some)
            .map_err(|_| Error::invalid(format!("{place}.{key}"), format!("must be {what}"))),
    }
}

fn needed<T: DeserializeOwned>(
    place: &str,
    row: &Map<String, Value>,
    key: &str,
    what: &str,
) -> Result<T> {
    member(place, row, key, what)?
        .ok_or_else(|| Error::invalid(format!("{place}.{key}"), format!("must be {what}")))
}

/// Refuses steps that cannot be meant.
pub(crate) fn check(Steps(steps): &Steps) -> Result<()> {
    if steps.is_empty() || steps.len() > MOST_STEPS {
        return Err(Error::invalid("steps", format!("must be from 1 to {MOST_STEPS}")));
    }
    for (n, step) in steps.iter().enumerate() {
        let place = format!("steps[{}]", n + 1);
        let wrong = |member: &str, why: &str| {
            Err(Error::invalid(format!("{place}.{member}"), why.to_owned()))
        };
        if usize::try_from(step.step) != Ok(n + 1) {
            return wrong("step", "steps are numbered 1, 2, 3, in order");
        }
        if !(0..=MOST_DAYS).contains(&step.delay_days) {
            return wrong("delay_days", &format!("must be from 0 to {MOST_DAYS}"));
        }
        for (member, text, most) in [
            ("template_id", Some(&step.template_id), 100),
            ("subject", step.subject.as_ref(), 500),
            ("message", step.message.as_ref(), 5000),
        ] {
            let Some(text) = text else { continue };
            if text.chars().count() > most {
                return wrong(member, &format!("must not be longer than {most} characters"));
            }
            if let Err(error) = input::named(text) {
                return wrong(member, &error.message.unwrap_or_default());
            }
            if member != "template_id"
                && let Err(why) = render(text, Words { first_name: "", partner_name: "" })
            {
                return wrong(member, &why);
            }
        }
        check_conditions(&format!("{place}.conditions"), &step.conditions)?;
    }
    Ok(())
}

/// Refuses conditions that no lead could meet.
pub(super) fn check_conditions(place: &str, conditions: &Conditions) -> Result<()> {
    let Conditions { status_in, score_gte, score_lte } = conditions;
    if status_in.iter().any(|s| matches!(s, lead::Status::Dnc | lead::Status::Recruited)) {
        let why = "nobody of that status is written to";
        return Err(Error::invalid(format!("{place}.status_in"), why));
    }
    for (member, score) in [("score_gte", score_gte), ("score_lte", score_lte)] {
        if score.is_some_and(|score| !(0..=100).contains(&score)) {
            return Err(Error::invalid(format!("{place}.{member}"), "must be from 0 to 100"));
        }
    }
    if score_gte.zip(*score_lte).is_some_and(|(least, most)| least > most) {
        return Err(Error::invalid(format!("{place}.score_lte"), "is below score_gte"));
    }
    Ok(())
}

/// Puts words into the places of a message: `{{first_name}}` and `{{partner_name}}`. What the words
/// themselves hold is left as it is.
///
/// # Errors
///
/// Which placeholder nobody knows, or that one is not closed.
pub fn render(text: &str, words: Words<'_>) -> Result<String, String> {
    let (mut done, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((name, after)) = behind.split_once("}}") else {
            return Err("a placeholder is not closed".to_owned());
        };
        done.push_str(before);
        match name.trim() {
            "first_name" => done.push_str(words.first_name),
            "partner_name" => done.push_str(words.partner_name),
            other => {
                let other: String = other.chars().take(50).collect();
                return Err(format!("nobody knows the placeholder {{{{{other}}}}}"));
            }
        }
        rest = after;
    }
    done.push_str(rest);
    Ok(done)
}

/// Whether a lead meets conditions.
pub(crate) fn meets(conditions: &Conditions, status: lead::Status, score: i32) -> bool {
    let Conditions { status_in, score_gte, score_lte } = conditions;
    (status_in.is_empty() || status_in.contains(&status))
        && score_gte.is_none_or(|least| score >= least)
        && score_lte.is_none_or(|most| score <= most)
}
