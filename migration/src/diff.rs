//! What turns one catalog into another, statement by statement, and back.

use crate::alter;
use crate::catalog::{Catalog, Constraint};
use crate::ddl::{self, Object};
use crate::order::{Order, Reference};

/// How a line begins that asks a person to decide. The best guess follows it, commented out.
pub const DECIDE: &str = "-- DECIDE:";

/// One difference between two catalogs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub table: String,
    /// One line: `add index deals_stalled`.
    pub description: String,
    pub up: String,
    /// The exact inverse of `up`.
    pub down: String,
}

impl Change {
    /// Whether a person has to decide on the way up.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.up.lines().any(|line| line.starts_with(DECIDE))
    }

    pub(crate) fn add(table: &str, Object { what, create, drop }: Object) -> Self {
        Self { table: table.to_owned(), description: format!("add {what}"), up: create, down: drop }
    }

    pub(crate) fn drop(table: &str, Object { what, create, drop }: Object) -> Self {
        Self {
            table: table.to_owned(),
            description: format!("drop {what}"),
            up: drop,
            down: create,
        }
    }
}

/// All differences, in an order in which `up` can be executed; in reverse it serves `down`.
///
/// Foreign keys that go or are in the way are dropped first. Then follows table by table, parents
/// before children: what hangs upon columns is dropped, columns change, what hangs upon them is
/// made. Last come the references that run against that order, and the tables that go.
#[must_use]
pub fn diff(from: &Catalog, to: &Catalog) -> Vec<Change> {
    let (former, order) = (Order::of(from), Order::of(to));
    let (mut changes, mut late) = (Vec::new(), Vec::new());

    for reference in former.tables().rev().flat_map(|table| former.references(table)) {
        let goes_with_its_table =
            !to.tables.contains_key(reference.table) && !loses_key(from, to, reference.constraint);
        if !goes_with_its_table && !survives(from, to, reference) {
            changes.push(Change::drop(reference.table, reference.object()));
        }
    }
    for (name, new) in order.tables().filter_map(|name| to.tables.get_key_value(name)) {
        let inline = |it: &Constraint| order.reaches(name, it);
        match from.tables.get(name) {
            Some(old) => changes.extend(alter::table(name, old, new)),
            None => changes.push(Change::add(name, ddl::table(name, new, inline))),
        }
        let is_new = !from.tables.contains_key(name);
        for reference in order.references(name).filter(|it| !survives(from, to, *it)) {
            let change = Change::add(name, reference.object());
            match (inline(reference.constraint), is_new) {
                (true, true) => {} // stands in `create table`
                (true, false) => changes.push(change),
                (false, _) => late.push(change),
            }
        }
    }
    changes.append(&mut late);
    changes.extend(dropped(from, to, &former));
    changes
}

/// The making of the tables that go, backwards.
fn dropped(from: &Catalog, to: &Catalog, former: &Order<'_>) -> impl Iterator<Item = Change> {
    let (mut tables, mut late) = (Vec::new(), Vec::new());
    for (name, old) in former.tables().filter_map(|name| from.tables.get_key_value(name)) {
        if to.tables.contains_key(name) {
            continue;
        }
        let stands = |it: &Constraint| !loses_key(from, to, it);
        let inline = |it: &Constraint| former.reaches(name, it) && stands(it);
        tables.push(Change::drop(name, ddl::table(name, old, inline)));
        let against = former.references(name).filter(|it| !former.reaches(name, it.constraint));
        let against = against.filter(|it| stands(it.constraint));
        late.extend(against.map(|it| Change::drop(name, it.object())));
    }
    late.into_iter().rev().chain(tables.into_iter().rev())
}

/// Whether a foreign key, of either catalog, stays untouched.
fn survives(from: &Catalog, to: &Catalog, reference: Reference<'_>) -> bool {
    let of = |catalog: &'_ Catalog| {
        catalog.tables.get(reference.table)?.constraints.get(reference.name).cloned()
    };
    of(from).is_some_and(|old| of(to).as_ref() == Some(&old) && !loses_key(from, to, &old))
}

/// Whether the table that a foreign key of `from` points to stays, and the key of it that it rests
/// on does not: the foreign key is in the way then.
fn loses_key(from: &Catalog, to: &Catalog, constraint: &Constraint) -> bool {
    let Some(parent) = &constraint.parent else { return false };
    let (Some(old), Some(new)) = (from.tables.get(parent), to.tables.get(parent)) else {
        return false;
    };
    let key = &constraint.key;
    old.constraints.get(key) != new.constraints.get(key)
        || old.indexes.get(key) != new.indexes.get(key)
}

/// The file that turns `from` into `to`.
#[must_use]
pub fn up_sql(changes: &[Change]) -> String {
    file(changes.iter().map(|change| (change.table.as_str(), change.up.as_str())))
}

/// The file that turns `to` back into `from`.
#[must_use]
pub fn down_sql(changes: &[Change]) -> String {
    file(changes.iter().rev().map(|change| (change.table.as_str(), change.down.as_str())))
}

/// A line for each difference; nothing if there is none.
#[must_use]
pub fn report(changes: &[Change]) -> String {
    let line = |change: &Change| {
        let asks = if change.asks() { " (to decide)" } else { "" };
        format!("{}: {}{asks}\n", change.table, change.description)
    };
    changes.iter().map(line).collect::<Vec<_>>().concat()
}

fn file<'a>(statements: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    let mut last = None;
    for (table, sql) in statements {
        if last.is_some_and(|last| last != table) {
            text.push('\n');
        }
        text.push_str(sql);
        text.push('\n');
        last = Some(table);
    }
    text
}
