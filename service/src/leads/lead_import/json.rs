//! Leads as JSON: an array of objects, an object with such an array in it, or an object a line.

use std::collections::BTreeMap;

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use super::{
    candidate::Reason,
    record::{Columns, MOST_ROWS, Record, Records},
    text,
};
use crate::{Error, Result};

/// In which member of an object the leads are, if it has several arrays.
const MEMBERS: [&str; 7] = ["leads", "results", "data", "items", "records", "contacts", "rows"];

/// Objects that are read one by one.
pub(super) struct Objects<'a> {
    text: &'a str,
    left: std::vec::IntoIter<&'a RawValue>,
    read: (usize, u32),
}

impl<'a> Objects<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self> {
        let objects = match serde_json::from_str::<&RawValue>(text) {
            Ok(whole) => members(whole.get())?,
            // More than one value: one a line.
            Err(_) => serde_json::Deserializer::from_str(text)
                .into_iter::<&RawValue>()
                .take(MOST_ROWS as usize + 1)
                .collect::<std::result::Result<_, _>>()
                .map_err(|e| broken(&e))?,
        };
        Ok(Self { text, left: objects.into_iter(), read: (0, 1) })
    }
}

/// An array's elements, as they stand in the text; never so many more than a file may have that they
/// would fill the memory.
struct Elements<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Elements<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        from.deserialize_seq(Gather)
    }
}

struct Gather;

impl<'de> Visitor<'de> for Gather {
    type Value = Elements<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(
        self,
        mut from: A,
    ) -> std::result::Result<Self::Value, A::Error> {
        let mut elements = vec![];
        while let Some(element) = from.next_element::<&RawValue>()? {
            if elements.len() <= MOST_ROWS as usize {
                elements.push(element);
            }
        }
        Ok(Elements(elements))
    }
}

fn elements(array: &str) -> Result<Vec<&RawValue>> {
    let Elements(elements) = serde_json::from_str(array).map_err(|e| broken(&e))?;
    Ok(elements)
}

fn broken(error: &serde_json::Error) -> Error {
    Error::invalid("file", format!("is no JSON: line {}, column {}", error.line(), error.column()))
}

fn members(whole: &str) -> Result<Vec<&RawValue>> {
    if whole.starts_with('[') {
        return elements(whole);
    }
    if !whole.starts_with('{') {
        return Err(Error::invalid("file", "holds no objects"));
    }
    let object: BTreeMap<String, &RawValue> =
        serde_json::from_str(whole).map_err(|e| broken(&e))?;
    let is_array = |value: &&&RawValue| value.get().starts_with('[');
    let named = MEMBERS.iter().find_map(|name| object.get(*name).filter(is_array));
    let of_objects = |value: &&&RawValue| {
        let inside = value.get().strip_prefix('[').map(str::trim_start);
        inside.is_some_and(|rest| rest.starts_with('{'))
    };
    let mut arrays = object.values().filter(of_objects);
    let only = arrays.next().filter(|_| arrays.next().is_none());
    match named.or(only) {
        Some(array) => elements(array.get()),
        // One lead by itself.
        None => {
            serde_json::from_str::<&RawValue>(whole).map(|one| vec![one]).map_err(|e| broken(&e))
        }
    }
}

impl Records for Objects<'_> {
    fn next(&mut self, columns: &mut Columns) -> Result<Option<Record>> {
        let Some(object) = self.left.next() else { return Ok(None) };
        // The object is a piece of the text, which says where it begins.
        let at = (object.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let line = text::line_at(self.text, at, self.read);
        self.read = (at, line);
        let mut record = Record { line, cells: vec![], fault: None };
        match serde_json::from_str(object.get()) {
            Ok(Value::Object(members)) => {
                for (name, value) in members {
                    put(&mut record, columns, &name, value, 0);
                }
            }
            Ok(_) => record.fault = Some(Reason::row("is no object")),
            Err(_) => record.fault = Some(Reason::row("is nested too deeply, or no JSON")),
        }
        Ok(Some(record))
    }
}

/// What a member says; of an object within, what its members say: `properties` is what some systems
/// put around all of them.
fn put(record: &mut Record, columns: &mut Columns, name: &str, value: Value, depth: u8) {
    let said = match value {
        Value::Bool(is) => is.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text,
        Value::Array(items) => {
            let items = items.into_iter().filter_map(|item| match item {
                Value::String(text) => Some(text),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            });
            items.collect::<Vec<_>>().join(";")
        }
        Value::Object(members) if depth < 3 => {
            for (inner, value) in members {
                let path = match name {
                    "properties" | "attributes" | "fields" => inner,
                    _ => format!("{name} {inner}"),
                };
                put(record, columns, &path, value, depth + 1);
            }
            return;
        }
        Value::Null | Value::Object(_) => return,
    };
    match columns.place(name) {
        Some(place) => record.cells.push((place, said)),
        None => record.fault = Some(Reason::row("has too many members")),
    }
}
