//! A filter as JSON: an object whose fields must all match.
//!
//! A text is equality, an array one of its values, an object one or more operators: `eq`, `ne`, `gt`,
//! `gte`, `lt`, `lte`, `in`, `not_in`, `contains_any`, `contains_all`, `is_null`. Of tags, a text or an
//! array is `contains_any`.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use sea_orm::{ActiveEnum, Iterable};
use serde_json::{Map, Value, json};

use super::{
    super::lead::Status,
    filter::{
        Choice, Condition, DEEPEST, Filter, Moment, Never, NumberField, Order, Problem, Tags,
        TextField, Time, TimeField,
    },
};
use crate::id::UserId;

type Object = Map<String, Value>;

const ORDERS: [(&str, Order); 4] =
    [("gt", Order::Gt), ("gte", Order::Gte), ("lt", Order::Lt), ("lte", Order::Lte)];

impl From<Filter> for Value {
    fn from(filter: Filter) -> Self {
        Self::Object(object(filter.normal()))
    }
}

impl TryFrom<Value> for Filter {
    type Error = Problem;

    fn try_from(json: Value) -> Result<Self, Problem> {
        let filter = parse(json, "filter", 0)?.normal();
        filter.check()?;
        Ok(filter)
    }
}

fn object(filter: Filter) -> Object {
    let mut whole = Object::new();
    let mut rest = vec![];
    let parts = if let Filter::All(parts) = filter { parts } else { vec![filter] };
    for part in parts {
        let key = match &part {
            Filter::Any(_) => "any",
            Filter::Not(_) => "not",
            Filter::Is(condition) => condition.field(),
            Filter::All(_) => "all",
        };
        match (part, whole.get_mut(key)) {
            (Filter::Is(condition), None) => {
                whole.insert(key.to_owned(), Value::Object(operators(condition)));
            }
            (Filter::Is(condition), Some(Value::Object(there))) => {
                let more = operators(condition);
                let apart = more.keys().all(|k| k == "or_never" || !there.contains_key(k));
                if apart && more.contains_key("or_never") == there.contains_key("or_never") {
                    there.extend(more);
                } else {
                    rest.push(json!({ key: more }));
                }
            }
            (Filter::Any(parts), None) => {
                let parts = parts.into_iter().map(|part| Value::Object(object(part)));
                whole.insert(key.to_owned(), parts.collect());
            }
            (Filter::Not(inner), None) => {
                whole.insert(key.to_owned(), Value::Object(object(*inner)));
            }
            (part, _) => rest.push(Value::Object(object(part))),
        }
    }
    for (key, value) in &mut whole {
        if !["all", "any", "not"].contains(&key.as_str()) {
            shorten(value);
        }
    }
    if !rest.is_empty() {
        whole.insert("all".to_owned(), Value::Array(rest));
    }
    whole
}

/// `{"eq": x}` is `x`, and `{"in": [x, y]}` is `[x, y]`.
fn shorten(value: &mut Value) {
    let Value::Object(operators) = &*value else { return };
    let only = operators.get("eq").or_else(|| operators.get("in"));
    if let Some(only) = only.filter(|only| operators.len() == 1 && !only.is_object()) {
        *value = only.clone();
    }
}

fn operators(condition: Condition) -> Object {
    fn choice<T: Ord>(choice: Choice<T>, say: impl Fn(T) -> Value) -> (&'static str, Value) {
        let (one, many, values) = match choice {
            Choice::IsNull(is) => return ("is_null", is.into()),
            Choice::In(values) => ("eq", "in", values),
            Choice::NotIn(values) => ("ne", "not_in", values),
        };
        let mut values: Vec<_> = values.into_iter().map(say).collect();
        match values.pop() {
            Some(only) if values.is_empty() => (one, only),
            last => {
                values.extend(last);
                (many, values.into())
            }
        }
    }
    let name = |order| ORDERS.iter().find(|(_, o)| *o == order).map_or("", |(name, _)| name);
    let mut all = Object::new();
    let mut note_never = |never| {
        if never == Never::Found {
            all.insert("or_never".to_owned(), true.into());
        }
    };
    let (operator, value) = match condition {
        Condition::Status(of) => choice(of, |status| status.to_value().into()),
        Condition::Text(_, of) => choice(of, Value::from),
        Condition::Owner(of) => choice(of, |user| user.to_string().into()),
        Condition::Among(_, of) => choice(of, Value::from),
        Condition::Number(_, order, number) => (name(order), number.into()),
        Condition::Time(_, Time::IsNull(is)) | Condition::Tags(Tags::IsNull(is)) => {
            ("is_null", is.into())
        }
        Condition::Time(_, Time::Eq(at, never)) => {
            note_never(never);
            ("eq", said(at))
        }
        Condition::Time(_, Time::Compare(order, at, never)) => {
            note_never(never);
            (name(order), said(at))
        }
        Condition::Tags(Tags::ContainsAny(tags)) => ("contains_any", json!(tags)),
        Condition::Tags(Tags::ContainsAll(tags)) => ("contains_all", json!(tags)),
    };
    all.insert(operator.to_owned(), value);
    all
}

fn said(at: Moment) -> Value {
    match at {
        Moment::At(at) => at.to_rfc3339_opts(SecondsFormat::AutoSi, true).into(),
        Moment::On(day) => day.to_string().into(),
        Moment::DaysAgo(days) => json!({ "days_ago": days }),
    }
}

fn parse(json: Value, path: &str, depth: usize) -> Result<Filter, Problem> {
    let Value::Object(fields) = json else {
        return Err(Problem::new(path, "must be an object"));
    };
    if depth > DEEPEST {
        let why = format!("must not stand deeper in one another than {DEEPEST}");
        return Err(Problem::new(path, why));
    }
    let mut all = vec![];
    for (key, value) in fields {
        let path = format!("{path}.{key}");
        match key.as_str() {
            "not" => all.push(Filter::Not(Box::new(parse(value, &path, depth + 1)?))),
            "all" => all.extend(parts(value, &path, depth)?),
            "any" => all.push(Filter::Any(parts(value, &path, depth)?)),
            field => all.extend(conditions(field, value, &path)?.into_iter().map(Filter::Is)),
        }
    }
    Ok(Filter::All(all))
}

fn parts(value: Value, path: &str, depth: usize) -> Result<Vec<Filter>, Problem> {
    match value {
        Value::Array(parts) if !parts.is_empty() => {
            parts.into_iter().map(|part| parse(part, path, depth + 1)).collect()
        }
        Value::Array(_) => Err(Problem::new(path, "must not be empty")),
        _ => Err(Problem::new(path, "must be an array of objects")),
    }
}

fn conditions(field: &str, value: Value, path: &str) -> Result<Vec<Condition>, Problem> {
    let short = if field == "tags" { "contains_any" } else { "eq" };
    let long = if field == "tags" { "contains_any" } else { "in" };
    let mut operators = match value {
        Value::Object(operators) if !operators.contains_key("days_ago") => operators,
        Value::Array(values) => Object::from_iter([(long.to_owned(), Value::Array(values))]),
        one => Object::from_iter([(short.to_owned(), one)]),
    };
    let never = match operators.remove("or_never") {
        None | Some(Value::Bool(false)) => Never::Out,
        Some(Value::Bool(true)) => Never::Found,
        Some(_) => return Err(Problem::new(format!("{path}.or_never"), "must be true or false")),
    };
    if operators.is_empty() {
        return Err(Problem::new(path, "must have an operator"));
    }
    let one = |(operator, value): (String, Value)| {
        let path = format!("{path}.{operator}");
        let found = condition(field, &operator, value, never, &path)?;
        let applies = matches!(found, Condition::Time(_, Time::Eq(..) | Time::Compare(..)));
        if never == Never::Found && !applies {
            return Err(Problem::new(path, "does not go with or_never"));
        }
        Ok(found)
    };
    operators.into_iter().map(one).collect()
}

fn condition(
    field: &str,
    operator: &str,
    value: Value,
    never: Never,
    path: &str,
) -> Result<Condition, Problem> {
    let order = ORDERS.iter().find(|(name, _)| *name == operator).map(|(_, order)| *order);
    if field == "status" {
        let known = |value: &Value| {
            let text = value.as_str()?;
            Status::iter().find(|status| status.to_value() == text)
        };
        return choice(operator, value, path, "a status", known).map(Condition::Status);
    }
    if field == "user_id" {
        let id = |value: &Value| value.as_str()?.parse::<UserId>().ok();
        return choice(operator, value, path, "a user's id", id).map(Condition::Owner);
    }
    if let Some(field) = TextField::ALL.iter().find(|f| f.name() == field) {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let of = choice(operator, value, path, "a text", text)?;
        return Ok(Condition::Text(*field, of));
    }
    if let Some(field) = NumberField::ALL.iter().find(|f| f.name() == field) {
        let number = |value: &Value| value.as_i64().and_then(|n| i32::try_from(n).ok());
        if let Some(order) = order {
            let least =
                number(&value).ok_or_else(|| Problem::new(path, "must be a whole number"))?;
            return Ok(Condition::Number(*field, order, least));
        }
        let of = choice(operator, value, path, "a whole number", number)?;
        return Ok(Condition::Among(*field, of));
    }
    if let Some(field) = TimeField::ALL.iter().find(|f| f.name() == field) {
        let time = match (operator, order) {
            ("is_null", _) => Time::IsNull(truth(&value, path)?),
            ("eq", _) => Time::Eq(moment(&value, path)?, never),
            (_, Some(order)) => Time::Compare(order, moment(&value, path)?, never),
            _ => return Err(Problem::new(path, "is no operator of a time")),
        };
        return Ok(Condition::Time(*field, time));
    }
    if field == "tags" {
        let many = |value: Value| {
            let tags = if value.is_array() { value } else { Value::Array(vec![value]) };
            let clean = |tag: &Value| tag.as_str().map(|tag| tag.trim().to_lowercase());
            set(&tags, path, "a text", clean)
        };
        return Ok(Condition::Tags(match operator {
            "contains_any" => Tags::ContainsAny(many(value)?),
            "contains_all" => Tags::ContainsAll(many(value)?),
            "is_null" => Tags::IsNull(truth(&value, path)?),
            _ => return Err(Problem::new(path, "is no operator of tags")),
        }));
    }
    Err(Problem::new(format!("filter.{field}"), "is no field that leads are found by"))
}

fn choice<T: Ord>(
    operator: &str,
    value: Value,
    path: &str,
    what: &str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Choice<T>, Problem> {
    let one = |value| set(&Value::Array(vec![value]), path, what, &read);
    match operator {
        "eq" => one(value).map(Choice::In),
        "ne" => one(value).map(Choice::NotIn),
        "in" => set(&value, path, what, read).map(Choice::In),
        "not_in" => set(&value, path, what, read).map(Choice::NotIn),
        "is_null" => truth(&value, path).map(Choice::IsNull),
        _ => Err(Problem::new(path, format!("is no operator of {what}"))),
    }
}

fn set<T: Ord>(
    values: &Value,
    path: &str,
    what: &str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<BTreeSet<T>, Problem> {
    let Some(values) = values.as_array() else {
        return Err(Problem::new(path, "must be an array"));
    };
    let all = values.iter().map(read).collect::<Option<_>>();
    all.ok_or_else(|| Problem::new(path, format!("must be {what}")))
}

fn truth(value: &Value, path: &str) -> Result<bool, Problem> {
    value.as_bool().ok_or_else(|| Problem::new(path, "must be true or false"))
}

fn moment(value: &Value, path: &str) -> Result<Moment, Problem> {
    let understood = match value {
        Value::String(text) => text
            .parse::<NaiveDate>()
            .map(Moment::On)
            .or_else(|_| text.parse::<DateTime<Utc>>().map(Moment::At))
            .ok(),
        Value::Object(fields) if fields.len() == 1 => fields
            .get("days_ago")
            .and_then(Value::as_u64)
            .and_then(|days| u32::try_from(days).ok())
            .map(Moment::DaysAgo),
        _ => None,
    };
    understood.ok_or_else(|| {
        Problem::new(
            path,
            "must be a time (2026-03-02T09:00:00Z), a day (2026-03-02) or {\"days_ago\": 7}",
        )
    })
}
