//! Every object as the statement that makes it and the one that takes it away.

use std::collections::BTreeSet;

use crate::catalog::{Column, Constraint, Fill, Rule, Table};

/// Lines longer than this are broken where a clause begins.
const WIDTH: usize = 100;

pub(crate) struct Object {
    /// For people: `index deals_stalled`.
    pub what: String,
    pub create: String,
    pub drop: String,
}

/// A table with all that belongs to it, but for its owner (the role that makes it) and the foreign
/// keys that `inline` refuses, which point to what is not there yet.
pub(crate) fn table(name: &str, table: &Table, inline: impl Fn(&Constraint) -> bool) -> Object {
    let mut columns: Vec<_> = table.columns.iter().collect();
    columns.sort_by_key(|(column, it)| (*column != "tenant_id", it.place));
    let mut constraints: Vec<_> = table.constraints.iter().filter(|(_, it)| inline(it)).collect();
    constraints.sort_by_key(|(_, it)| it.rule);

    let columns = columns.iter().map(|(name, column)| column_line(name, column));
    let constraints = constraints.iter().map(|(name, it)| constraint_line(name, it));
    let lines: Vec<String> = columns.chain(constraints).map(|line| format!("    {line}")).collect();
    let partitioning = match table.partitioning.as_str() {
        "" => String::new(),
        by => format!(" partition by {by}"),
    };
    let create = format!("create table {name} (\n{}\n){partitioning};", lines.join(",\n"));

    let mut statements = vec![create];
    statements.extend(belongings(name, table).into_iter().map(|object| object.create));
    Object {
        what: format!("table {name}"),
        create: statements.join("\n"),
        drop: format!("drop table {name};"),
    }
}

/// What belongs to a table and is not part of `create table`.
fn belongings(name: &str, table: &Table) -> Vec<Object> {
    let mut objects: Vec<Object> = table.indexes.iter().map(|(n, d)| index(n, d)).collect();
    objects.extend(table.row_security.then(|| row_security(name)));
    objects.extend(table.forced.then(|| forced(name)));
    objects.extend(table.policies.iter().map(|(n, d)| policy(name, n, d)));
    objects.extend(table.triggers.iter().map(|(n, d)| trigger(name, n, d)));
    objects.extend(table.grants.iter().map(|(role, privileges)| grant(name, role, privileges)));
    objects
}

pub(crate) fn column(table: &str, name: &str, column: &Column) -> Object {
    Object {
        what: format!("column {}", column_line(name, column)),
        create: format!("alter table {table} add column {};", column_line(name, column)),
        drop: format!("alter table {table} drop column {name};"),
    }
}

pub(crate) fn constraint(table: &str, name: &str, constraint: &Constraint) -> Object {
    let kind = match constraint.rule {
        Rule::Primary => "primary key",
        Rule::Unique | Rule::Exclusion => "constraint",
        Rule::Check => "check",
        Rule::Foreign => "foreign key",
    };
    let definition = clauses(&constraint.definition, &["references"], WIDTH / 2);
    Object {
        what: format!("{kind} {name}"),
        create: format!("alter table {table} add constraint {name} {definition};"),
        drop: format!("alter table {table} drop constraint {name};"),
    }
}

pub(crate) fn index(name: &str, definition: &str) -> Object {
    Object {
        what: format!("index {name}"),
        create: format!("{};", clauses(definition, &["where"], WIDTH)),
        drop: format!("drop index {name};"),
    }
}

pub(crate) fn policy(table: &str, name: &str, definition: &str) -> Object {
    Object {
        what: format!("policy {name}"),
        create: format!("create policy {name} on {table} {definition};"),
        drop: format!("drop policy {name} on {table};"),
    }
}

pub(crate) fn trigger(table: &str, name: &str, definition: &str) -> Object {
    Object {
        what: format!("trigger {name}"),
        create: format!("{};", clauses(definition, &["for each", "execute"], WIDTH)),
        drop: format!("drop trigger {name} on {table};"),
    }
}

pub(crate) fn grant(table: &str, role: &str, privileges: &BTreeSet<String>) -> Object {
    let privileges: Vec<&str> = privileges.iter().map(String::as_str).collect();
    let privileges = privileges.join(", ");
    Object {
        what: format!("{privileges} for {role}"),
        create: format!("grant {privileges} on {table} to {role};"),
        drop: format!("revoke {privileges} on {table} from {role};"),
    }
}

pub(crate) fn row_security(table: &str) -> Object {
    Object {
        what: "row level security".to_owned(),
        create: format!("alter table {table} enable row level security;"),
        drop: format!("alter table {table} disable row level security;"),
    }
}

pub(crate) fn forced(table: &str) -> Object {
    Object {
        what: "row level security for the owner too".to_owned(),
        create: format!("alter table {table} force row level security;"),
        drop: format!("alter table {table} no force row level security;"),
    }
}

fn column_line(name: &str, column: &Column) -> String {
    let fill = match &column.fill {
        Fill::Nothing => String::new(),
        fill => format!(" {fill}"),
    };
    let not_null = if column.not_null { " not null" } else { "" };
    format!("{name} {}{not_null}{fill}", column.kind)
}

fn constraint_line(name: &str, constraint: &Constraint) -> String {
    let line = format!("constraint {name} {}", constraint.definition);
    let indented = clauses(&line, &["references"], WIDTH - 5);
    indented.replace("\n    references", "\n        references")
}

/// The definition with a new line before each of the clauses, if it is longer than `width`.
fn clauses(definition: &str, words: &[&str], width: usize) -> String {
    let mut text = definition.to_owned();
    if text.len() <= width {
        return text;
    }
    for word in words {
        let Some(at) = text.find(&format!(" {word} ")) else { continue };
        if !text[..at].contains(['\'', '"']) {
            text.replace_range(at..=at, "\n    ");
        }
    }
    text
}
