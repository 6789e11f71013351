//! A filter as a condition of SQL on `leads l`.
//!
//! Negations are pushed down to the columns, so that no condition that is unknown of a missing value
//! stands under a `not`: unknown is then as good as false, and the texts stay such as an index serves.

use entity::leads::segment::{Choice, Condition, Filter, Never, Order, Tags, Time, TimeField};
use sea_orm::{
    Value,
    sea_query::{ArrayType, ValueType},
};

use super::when::{Clock, Range};

/// A condition whose `$1` is the tenant and `$2` the time, and what the others stand for.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The condition.
    pub text: String,
    /// From `$3` on.
    pub values: Vec<Value>,
}

/// A filter as a condition of SQL on `leads l`, which does not say that the lead must be a live one.
#[must_use]
pub fn compile(filter: &Filter, clock: Clock) -> Compiled {
    let mut of = Compiler { values: vec![], clock };
    let text = of.part(filter, true, true);
    Compiled { text, values: of.values }
}

struct Compiler {
    values: Vec<Value>,
    clock: Clock,
}

impl Compiler {
    /// `is` false: its opposite. `whole`: it is one of those that must all hold.
    fn part(&mut self, filter: &Filter, is: bool, whole: bool) -> String {
        match filter {
            Filter::Is(condition) => self.condition(condition, is, whole),
            Filter::Not(inner) => self.part(inner, !is, whole),
            Filter::All(parts) if is => self.joined(parts, is, whole, " and ", "true"),
            Filter::All(parts) => self.joined(parts, is, false, " or ", "false"),
            Filter::Any(parts) if is => self.joined(parts, is, false, " or ", "false"),
            Filter::Any(parts) => self.joined(parts, is, whole, " and ", "true"),
        }
    }

    fn joined(
        &mut self,
        parts: &[Filter],
        is: bool,
        whole: bool,
        with: &str,
        none: &str,
    ) -> String {
        let parts: Vec<_> = parts.iter().map(|part| self.part(part, is, whole)).collect();
        if parts.is_empty() { none.to_owned() } else { format!("({})", parts.join(with)) }
    }

    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len() + 2)
    }

    fn condition(&mut self, condition: &Condition, is: bool, whole: bool) -> String {
        match condition {
            Condition::Status(of) => {
                self.choice("l.status", of, is, sea_orm::ActiveEnum::to_value, false)
            }
            Condition::Text(field, of) => {
                self.choice(&format!("l.{}", field.column()), of, is, Clone::clone, true)
            }
            Condition::Owner(of) => self.choice("l.user_id", of, is, |user| user.0, true),
            Condition::Among(field, of) => {
                self.choice(&format!("l.{}", field.column()), of, is, |n| *n, false)
            }
            Condition::Number(field, order, than) => {
                let operator = match (order, is) {
                    (Order::Gt, true) | (Order::Lte, false) => ">",
                    (Order::Gte, true) | (Order::Lt, false) => ">=",
                    (Order::Lt, true) | (Order::Gte, false) => "<",
                    (Order::Lte, true) | (Order::Gt, false) => "<=",
                };
                format!("l.{} {operator} {}", field.column(), self.bind(*than))
            }
            Condition::Time(field, time) => {
                let column = format!("l.{}", field.column());
                match time {
                    Time::IsNull(null) => is_null(&column, *null == is),
                    Time::Eq(at, never) => {
                        let range = self.clock.at(*at);
                        let never = (*field == TimeField::LastContact).then_some(*never);
                        self.time(&column, range, never, is)
                    }
                    Time::Compare(order, at, never) => {
                        let range = self.clock.compared(*order, *at);
                        let never = (*field == TimeField::LastContact).then_some(*never);
                        self.time(&column, range, never, is)
                    }
                }
            }
            Condition::Tags(tags) => self.tags(tags, is, whole),
        }
    }

    fn choice<T: Ord, V: Into<Value> + ValueType>(
        &mut self,
        column: &str,
        of: &Choice<T>,
        is: bool,
        value: impl Fn(&T) -> V,
        nullable: bool,
    ) -> String {
        let (values, is) = match of {
            Choice::IsNull(null) => return is_null(column, *null == is),
            Choice::In(values) => (values, is),
            Choice::NotIn(values) => (values, !is),
        };
        let mut values: Vec<Value> = values.iter().map(|v| value(v).into()).collect();
        let one = values.len() == 1;
        let named = match values.pop() {
            Some(only) if one => self.bind(only),
            last => {
                values.extend(last);
                self.bind(Value::Array(V::array_type(), Some(Box::new(values))))
            }
        };
        match (is, one, nullable) {
            (true, true, _) => format!("{column} = {named}"),
            (true, false, _) => format!("{column} = any({named})"),
            (false, true, false) => format!("{column} <> {named}"),
            (false, false, false) => format!("{column} <> all({named})"),
            (false, true, true) => format!("({column} is null or {column} <> {named})"),
            (false, false, true) => format!("({column} is null or {column} <> all({named}))"),
        }
    }

    /// `never`: what becomes of leads without the time, if there are any.
    fn time(&mut self, column: &str, range: Range, never: Option<Never>, is: bool) -> String {
        let Range { from, until } = range;
        let ([from_is, until_is], with) =
            if is { ([">=", "<"], " and ") } else { (["<", ">="], " or ") };
        let ends = [(from, from_is), (until, until_is)];
        let mut parts = vec![];
        for (at, operator) in ends {
            if let Some(at) = at {
                parts.push(format!("{column} {operator} {}", self.bind(at)));
            }
        }
        let within = format!("({})", parts.join(with));
        // A lead that was never contacted is within the range exactly if that was asked for.
        match never {
            Some(never) if (never == Never::Found) == is => {
                format!("({column} is null or {within})")
            }
            _ => within,
        }
    }

    fn tags(&mut self, tags: &Tags, is: bool, whole: bool) -> String {
        const OF_LEAD: &str = "from lead_tags t where t.tenant_id = $1 and t.lead_id = l.id";
        match tags {
            Tags::IsNull(none) => some(OF_LEAD, *none != is, whole),
            Tags::ContainsAny(tags) => {
                let named = self.texts(tags.iter());
                some(&format!("{OF_LEAD} and t.tag = any({named})"), is, whole)
            }
            Tags::ContainsAll(tags) => {
                // One tag finds the leads, and of these the others are asked.
                let mut parts = vec![];
                for tag in tags {
                    let named = self.bind(tag.as_str());
                    parts.push(some(&format!("{OF_LEAD} and t.tag = {named}"), is, whole));
                }
                format!("({})", parts.join(if is { " and " } else { " or " }))
            }
        }
    }

    fn texts<'a>(&mut self, texts: impl Iterator<Item = &'a String>) -> String {
        let texts = texts.map(|text| Value::from(text.as_str())).collect();
        self.bind(Value::Array(ArrayType::String, Some(Box::new(texts))))
    }
}

fn is_null(column: &str, null: bool) -> String {
    format!("{column} is {}null", if null { "" } else { "not " })
}

/// Whether there is such a row. Where all must hold it is a join; elsewhere a question of each lead,
/// which `exists` might answer by reading the table whole.
fn some(rows: &str, is: bool, whole: bool) -> String {
    match (is, whole) {
        (true, true) => format!("exists (select {rows})"),
        (false, true) => format!("not exists (select {rows})"),
        (true, false) => format!("(select true {rows} limit 1)"),
        (false, false) => format!("(select true {rows} limit 1) is null"),
    }
}
