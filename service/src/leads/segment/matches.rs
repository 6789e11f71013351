//! Whether a filter finds a lead that is at hand.

use entity::leads::{
    lead,
    segment::{
        Choice, Condition, Filter, Never, NumberField, Order, Tags, TextField, Time, TimeField,
    },
};

use super::when::Clock;

/// Whether a filter finds a lead, as the database would answer it.
#[must_use]
pub fn matches(lead: &lead::Model, filter: &Filter, clock: Clock) -> bool {
    lead.deleted_at.is_none() && holds(lead, filter, clock)
}

fn holds(lead: &lead::Model, filter: &Filter, clock: Clock) -> bool {
    match filter {
        Filter::Is(condition) => is(lead, condition, clock),
        Filter::All(parts) => parts.iter().all(|part| holds(lead, part, clock)),
        Filter::Any(parts) => parts.iter().any(|part| holds(lead, part, clock)),
        Filter::Not(inner) => !holds(lead, inner, clock),
    }
}

fn is(lead: &lead::Model, condition: &Condition, clock: Clock) -> bool {
    match condition {
        Condition::Status(of) => chosen(of, Some(&lead.status)),
        Condition::Text(field, of) => {
            let text = match field {
                TextField::Source => &lead.source,
                TextField::SubSource => &lead.sub_source,
                TextField::State => &lead.state,
                TextField::City => &lead.city,
                TextField::Country => &lead.country,
            };
            chosen(of, text.as_ref())
        }
        Condition::Owner(of) => chosen(of, lead.user_id.as_ref()),
        Condition::Among(field, of) => chosen(of, Some(&number(lead, *field))),
        Condition::Number(field, order, than) => {
            let number = number(lead, *field);
            match order {
                Order::Gt => number > *than,
                Order::Gte => number >= *than,
                Order::Lt => number < *than,
                Order::Lte => number <= *than,
            }
        }
        Condition::Time(field, time) => {
            let at = match field {
                TimeField::LastContact => lead.last_contact_date,
                TimeField::CreatedAt => Some(lead.created_at),
            };
            let (range, never) = match time {
                Time::IsNull(is) => return at.is_none() == *is,
                Time::Eq(moment, never) => (clock.at(*moment), never),
                Time::Compare(order, moment, never) => (clock.compared(*order, *moment), never),
            };
            at.map_or(*never == Never::Found, |at| range.holds(at))
        }
        Condition::Tags(Tags::ContainsAny(tags)) => lead.tags.iter().any(|tag| tags.contains(tag)),
        Condition::Tags(Tags::ContainsAll(tags)) => tags.iter().all(|tag| lead.tags.contains(tag)),
        Condition::Tags(Tags::IsNull(is)) => lead.tags.is_empty() == *is,
    }
}

fn chosen<T: Ord>(of: &Choice<T>, value: Option<&T>) -> bool {
    match of {
        Choice::In(values) => value.is_some_and(|value| values.contains(value)),
        Choice::NotIn(values) => !value.is_some_and(|value| values.contains(value)),
        Choice::IsNull(is) => value.is_none() == *is,
    }
}

fn number(lead: &lead::Model, field: NumberField) -> i32 {
    match field {
        NumberField::LeadScore => lead.lead_score,
        NumberField::InteractionCount => lead.interaction_count,
    }
}
