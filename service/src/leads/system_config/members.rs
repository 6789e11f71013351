//! Reading the members of a JSON object, each by its name and of its type.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde_json::{Map, Number, Value};

use crate::{Error, Result};

/// The members of what is settled under a key. One that is not there, or null, reads as its default.
pub(super) struct Members<'a> {
    key: &'static str,
    object: &'a Map<String, Value>,
    read: BTreeSet<&'static str>,
}

impl<'a> Members<'a> {
    pub(super) fn of(key: &'static str, value: &'a Value) -> Result<Self> {
        match value {
            Value::Object(object) => Ok(Self { key, object, read: BTreeSet::new() }),
            _ => Err(Error::invalid(key, "must be an object")),
        }
    }

    pub(super) fn decimal(&mut self, names: &[&'static str], default: Decimal) -> Result<Decimal> {
        let Some((name, value)) = self.member(names)? else { return Ok(default) };
        // A number's own text, and so never a float of ours.
        let number = match value {
            Value::Number(number) => decimal_of(number),
            _ => None,
        };
        number.ok_or_else(|| refused(self.key, name, "must be a number"))
    }

    pub(super) fn count(&mut self, name: &'static str, default: u32) -> Result<u32> {
        let Some((_, value)) = self.member(&[name])? else { return Ok(default) };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        number.ok_or_else(|| refused(self.key, name, "must be a whole number, not below 0"))
    }

    pub(super) fn switch(&mut self, name: &'static str, default: bool) -> Result<bool> {
        let Some((_, value)) = self.member(&[name])? else { return Ok(default) };
        value.as_bool().ok_or_else(|| refused(self.key, name, "must be true or false"))
    }

    /// Refuses what nobody has asked for.
    pub(super) fn end(self) -> Result<()> {
        match self.object.keys().find(|name| !self.read.contains(name.as_str())) {
            Some(name) => Err(refused(self.key, name, "is not known")),
            None => Ok(()),
        }
    }

    /// A member by any of its names.
    fn member(&mut self, names: &[&'static str]) -> Result<Option<(&'static str, &'a Value)>> {
        self.read.extend(names);
        let mut there = names.iter().filter_map(|name| Some((*name, self.object.get(*name)?)));
        let found = there.next();
        if let Some((again, _)) = there.next() {
            return Err(refused(self.key, again, "is said twice, under two names"));
        }
        Ok(found.filter(|(_, value)| !value.is_null()))
    }
}

/// What is wrong with a member, by its path.
pub(super) fn refused(
    key: &str,
    member: &str,
    why: impl Into<std::borrow::Cow<'static, str>>,
) -> Error {
    Error::invalid(format!("{key}.{member}"), why)
}

fn decimal_of(number: &Number) -> Option<Decimal> {
    let text = number.to_string();
    text.parse().or_else(|_| Decimal::from_scientific(&text)).ok()
}

/// A decimal as a JSON number.
pub(super) fn number(of: Decimal) -> Value {
    // Of at most four decimals from 0 to 1, which JSON's reader gives back as they are.
    of.normalize().to_string().parse().map_or(Value::Null, Value::Number)
}
