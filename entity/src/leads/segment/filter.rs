//! Whom a segment is about: conditions on a lead, and how they are put together.
//!
//! A condition is true or false of any lead, never unknown: where the lead has no value, a condition
//! that asks for some value is false, and its opposite is true.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, DurationRound, NaiveDate, TimeDelta, Utc};
use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::lead::Status;
use crate::id::UserId;

/// How many conditions one filter may have.
pub const MOST_CONDITIONS: usize = 50;
/// How many values one condition may name.
pub const MOST_VALUES: usize = 100;
/// How many tags a lead may be asked to have all of.
pub const MOST_TAGS: usize = 10;
/// How deep `all`, `any` and `not` may stand in one another.
pub const DEEPEST: usize = 6;

/// Whom a segment is about. As JSON it is what the document shows (`{"status": ["hot", "qualified"],
/// "lead_score": {"gte": 70}}`), and beside that `all`, `any` and `not` of such objects (ours).
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, FromJsonQueryResult,
)]
#[serde(try_from = "Value", into = "Value")]
pub enum Filter {
    /// One condition.
    Is(Condition),
    /// Each of them; of none: everybody.
    All(Vec<Filter>),
    /// At least one of them.
    Any(Vec<Filter>),
    /// Those of whom it is false.
    Not(Box<Filter>),
}

/// What is asked of one lead.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// How far they have come.
    Status(Choice<Status>),
    /// A text, letter by letter.
    Text(TextField, Choice<String>),
    /// Whose lead it is.
    Owner(Choice<UserId>),
    /// A whole number, compared.
    Number(NumberField, Order, i32),
    /// A whole number, named.
    Among(NumberField, Choice<i32>),
    /// A time.
    Time(TimeField, Time),
    /// Their tags.
    Tags(Tags),
}

/// One of some values, or none of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice<T: Ord> {
    /// It is one of these; `eq` and `in`.
    In(BTreeSet<T>),
    /// It is none of these, or there is none; `ne` and `not_in`.
    NotIn(BTreeSet<T>),
    /// There is none; or, if false, there is one.
    IsNull(bool),
}

/// Greater or less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    Gt,
    Gte,
    Lt,
    Lte,
}

/// A time, compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Time {
    /// At, or on the day.
    Eq(Moment, Never),
    /// After or before.
    Compare(Order, Moment, Never),
    /// There is none; or, if false, there is one.
    IsNull(bool),
}

/// What becomes of leads that were never contacted, where the time of it is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Never {
    /// They are left out.
    #[default]
    Out,
    /// They are found too; `"or_never": true`.
    Found,
}

/// An instant, or a civil day of the tenant's. After a day is after its end, before it is before its
/// beginning, and up to it includes all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// `"2026-03-02T09:00:00Z"`.
    At(DateTime<Utc>),
    /// `"2026-03-02"`.
    On(NaiveDate),
    /// `{"days_ago": 7}`: the seventh day before the one on which it is asked.
    DaysAgo(u32),
}

/// A lead's tags; each written as leads' are, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tags {
    /// At least one of these.
    ContainsAny(BTreeSet<String>),
    /// Each of these.
    ContainsAll(BTreeSet<String>),
    /// There is none; or, if false, there is one.
    IsNull(bool),
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident { $($field:ident = $text:literal in $column:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($field,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$field,)+];

            /// As a filter calls it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$field => $text,)+ }
            }

            /// The column of `leads`.
            #[must_use]
            pub fn column(self) -> &'static str {
                match self { $(Self::$field => $column,)+ }
            }
        }
    )+};
}

fields! {
    /// A text of a lead's that may be missing.
    TextField {
        Source = "source" in "source",
        SubSource = "sub_source" in "sub_source",
        State = "state" in "state",
        City = "city" in "city",
        Country = "country" in "country",
    }
    /// A number of a lead's, which is never missing.
    NumberField {
        LeadScore = "lead_score" in "lead_score",
        InteractionCount = "interaction_count" in "interaction_count",
    }
    /// A time of a lead's; that of the last contact may be missing.
    TimeField {
        LastContact = "last_contact" in "last_contact_date",
        CreatedAt = "created_at" in "created_at",
    }
}

/// Why a filter is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: `filter.lead_score.gte`.
    pub field: String,
    /// What is wrong there.
    pub why: String,
}

impl Problem {
    pub(super) fn new(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self { field: field.into(), why: why.into() }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.why)
    }
}

impl std::error::Error for Problem {}

impl<T: Ord> Choice<T> {
    /// It is this.
    pub fn is(value: T) -> Self {
        Self::In(BTreeSet::from([value]))
    }

    fn number(&self) -> Option<usize> {
        match self {
            Self::In(values) | Self::NotIn(values) => Some(values.len()),
            Self::IsNull(_) => None,
        }
    }
}

impl Condition {
    /// The name of what it asks about.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Text(field, _) => field.name(),
            Self::Owner(_) => "user_id",
            Self::Number(field, ..) | Self::Among(field, _) => field.name(),
            Self::Time(field, _) => field.name(),
            Self::Tags(_) => "tags",
        }
    }

    fn normal(self) -> Self {
        let tags = |all: BTreeSet<String>| all.iter().map(|t| t.trim().to_lowercase()).collect();
        match self {
            Self::Tags(Tags::ContainsAny(all)) => Self::Tags(Tags::ContainsAny(tags(all))),
            Self::Tags(Tags::ContainsAll(all)) => Self::Tags(Tags::ContainsAll(tags(all))),
            Self::Time(field, Time::Eq(at, never)) => {
                Self::Time(field, Time::Eq(at.normal(), never))
            }
            Self::Time(field, Time::Compare(order, at, never)) => {
                Self::Time(field, Time::Compare(order, at.normal(), never))
            }
            same => same,
        }
    }

    fn check(&self) -> Result<(), Problem> {
        let refuse = |why: &str| Err(Problem::new(format!("filter.{}", self.field()), why));
        let number = match self {
            Self::Status(Choice::IsNull(_)) | Self::Among(_, Choice::IsNull(_)) => {
                return refuse("is never missing, so that is_null says nothing");
            }
            Self::Time(TimeField::CreatedAt, time) if time.about_never() => {
                return refuse("is never missing, so that is_null and or_never say nothing");
            }
            Self::Status(choice) => choice.number(),
            Self::Text(_, choice) => choice.number(),
            Self::Owner(choice) => choice.number(),
            Self::Among(_, choice) => choice.number(),
            Self::Tags(Tags::ContainsAll(tags)) if tags.len() > MOST_TAGS => {
                return refuse(&format!("must not ask for more than {MOST_TAGS} tags at once"));
            }
            Self::Tags(Tags::ContainsAny(tags) | Tags::ContainsAll(tags)) => Some(tags.len()),
            Self::Number(..) | Self::Time(..) | Self::Tags(Tags::IsNull(_)) => None,
        };
        match number {
            Some(0) => return refuse("must name a value"),
            Some(n) if n > MOST_VALUES => {
                return refuse(&format!("must not name more than {MOST_VALUES} values"));
            }
            _ => {}
        }
        let (texts, most) = match self {
            Self::Text(_, Choice::In(texts) | Choice::NotIn(texts)) => (Some(texts), 100),
            Self::Tags(Tags::ContainsAny(texts) | Tags::ContainsAll(texts)) => (Some(texts), 50),
            _ => (None, 0),
        };
        for text in texts.into_iter().flatten() {
            if text.trim().is_empty() || text.chars().count() > most {
                return refuse(&format!("a text must have 1 to {most} characters"));
            }
            if text.chars().any(char::is_control) {
                return refuse("holds control characters");
            }
        }
        match self {
            Self::Time(_, Time::Eq(at, _) | Time::Compare(_, at, _)) if !at.is_sound() => {
                refuse("must be in 1970 to 9998, or at most 36500 days ago")
            }
            _ => Ok(()),
        }
    }
}

impl Time {
    fn about_never(&self) -> bool {
        match self {
            Self::Eq(_, never) | Self::Compare(_, _, never) => *never == Never::Found,
            Self::IsNull(_) => true,
        }
    }
}

impl Moment {
    fn normal(self) -> Self {
        match self {
            // What Postgres keeps of it.
            Self::At(at) => Self::At(at.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(at)),
            same => same,
        }
    }

    fn is_sound(self) -> bool {
        let sound = |year| (1970..=9998).contains(&year);
        match self {
            Self::At(at) => sound(at.year()),
            Self::On(day) => sound(day.year()),
            Self::DaysAgo(days) => days <= 36_500,
        }
    }
}

impl Filter {
    /// Everybody.
    #[must_use]
    pub const fn everybody() -> Self {
        Self::All(vec![])
    }

    /// The same filter in the one form that is stored: nothing needlessly inside something, in one
    /// order, nothing twice.
    #[must_use]
    pub fn normal(self) -> Self {
        match self {
            Self::Is(condition) => Self::Is(condition.normal()),
            Self::Not(inner) => match inner.normal() {
                Self::Not(same) => *same,
                other => Self::Not(Box::new(other)),
            },
            Self::All(parts) => {
                let parts = flat(parts, |part| match part {
                    Self::All(inner) => Ok(inner),
                    other => Err(other),
                });
                single(parts).unwrap_or_else(Self::All)
            }
            Self::Any(parts) => {
                let parts = flat(parts, |part| match part {
                    Self::Any(inner) => Ok(inner),
                    other => Err(other),
                });
                single(parts).unwrap_or_else(Self::Any)
            }
        }
    }

    /// Refuses what has no meaning, and what would cost without bound.
    ///
    /// # Errors
    ///
    /// [`Problem`], which names the field.
    pub fn check(&self) -> Result<(), Problem> {
        if self.depth() > DEEPEST {
            let why = format!("must not stand deeper in one another than {DEEPEST}");
            return Err(Problem::new("filter", why));
        }
        if self.conditions().count() > MOST_CONDITIONS {
            let why = format!("must not have more than {MOST_CONDITIONS} conditions");
            return Err(Problem::new("filter", why));
        }
        if self.has_empty_any() {
            return Err(Problem::new("filter.any", "must not be empty"));
        }
        self.conditions().try_for_each(Condition::check)
    }

    /// All the conditions in it.
    pub fn conditions(&self) -> Box<dyn Iterator<Item = &Condition> + '_> {
        match self {
            Self::Is(condition) => Box::new(std::iter::once(condition)),
            Self::All(parts) | Self::Any(parts) => {
                Box::new(parts.iter().flat_map(Self::conditions))
            }
            Self::Not(inner) => inner.conditions(),
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::Is(_) => 0,
            Self::All(parts) | Self::Any(parts) => {
                1 + parts.iter().map(Self::depth).max().unwrap_or(0)
            }
            Self::Not(inner) => 1 + inner.depth(),
        }
    }

    fn has_empty_any(&self) -> bool {
        match self {
            Self::Is(_) => false,
            Self::Any(parts) if parts.is_empty() => true,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::has_empty_any),
            Self::Not(inner) => inner.has_empty_any(),
        }
    }
}

fn flat(parts: Vec<Filter>, open: fn(Filter) -> Result<Vec<Filter>, Filter>) -> Vec<Filter> {
    let parts =
        parts.into_iter().map(Filter::normal).flat_map(|p| open(p).unwrap_or_else(|p| vec![p]));
    parts.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The only one; or all of them, as an error.
fn single(mut parts: Vec<Filter>) -> Result<Filter, Vec<Filter>> {
    match parts.pop() {
        Some(only) if parts.is_empty() => Ok(only),
        last => {
            parts.extend(last);
            Err(parts)
        }
    }
}
