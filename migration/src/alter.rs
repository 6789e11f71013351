//! The changes of a table that is in both catalogs, but for its foreign keys.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Column, Fill, Rule, Table};
use crate::ddl;
use crate::diff::{Change, DECIDE};

pub(crate) fn table(name: &str, old: &Table, new: &Table) -> Vec<Change> {
    let mut changes = Vec::new();
    changes.extend(hanging(name, old, new).map(|object| Change::drop(name, object)));
    changes.extend(columns(name, old, new));
    let makes: Vec<_> = hanging(name, new, old).collect();
    changes.extend(makes.into_iter().rev().map(|object| Change::add(name, object)));
    if old.partitioning != new.partitioning {
        changes.push(partitioning(name, old, new));
    }
    changes.extend(privileges(name, old, new));
    changes
}

/// What hangs upon the columns of the one table and not, or not so, of the other: in the order in
/// which it can be dropped.
fn hanging(name: &str, one: &Table, other: &Table) -> impl Iterator<Item = ddl::Object> {
    let mut objects = Vec::new();
    let triggers = missing(&one.triggers, &other.triggers);
    objects.extend(triggers.map(|(it, definition)| ddl::trigger(name, it, definition)));
    let policies = missing(&one.policies, &other.policies);
    objects.extend(policies.map(|(it, definition)| ddl::policy(name, it, definition)));
    objects.extend((one.forced && !other.forced).then(|| ddl::forced(name)));
    objects.extend((one.row_security && !other.row_security).then(|| ddl::row_security(name)));
    let indexes = missing(&one.indexes, &other.indexes);
    objects.extend(indexes.map(|(it, definition)| ddl::index(it, definition)));
    let constraints = missing(&one.constraints, &other.constraints);
    let mut constraints: Vec<_> =
        constraints.filter(|(_, constraint)| constraint.rule != Rule::Foreign).collect();
    constraints.sort_by_key(|(_, constraint)| std::cmp::Reverse(constraint.rule));
    objects
        .extend(constraints.iter().map(|(it, constraint)| ddl::constraint(name, it, constraint)));
    objects.into_iter()
}

fn missing<'a, T: PartialEq>(
    one: &'a BTreeMap<String, T>,
    other: &'a BTreeMap<String, T>,
) -> impl Iterator<Item = (&'a String, &'a T)> {
    one.iter().filter(|(name, it)| other.get(*name) != Some(it))
}

/// What is generated is made after the columns that it is made from, and dropped before them.
fn columns(table: &str, old: &Table, new: &Table) -> Vec<Change> {
    let (mut added, mut dropped) =
        (only(&new.columns, &old.columns), only(&old.columns, &new.columns));
    let mut renamed = Vec::new();
    dropped.retain(|&before| {
        let found = added.iter().position(|&after| may_be_renamed(before.1, after.1));
        renamed.extend(found.map(|at| (before, added.remove(at))));
        found.is_none()
    });
    let generated = |column: &Named<'_>| column.1.is_generated();
    let (computed, added): (Vec<_>, Vec<_>) = added.into_iter().partition(generated);
    let (uncomputed, dropped): (Vec<_>, Vec<_>) = dropped.into_iter().partition(generated);
    let drop = |(name, it): Named<'_>| Change::drop(table, ddl::column(table, name, it));

    let mut changes = Vec::new();
    changes.extend(uncomputed.into_iter().map(drop));
    changes.extend(added.into_iter().map(|column| add(table, column)));
    changes.extend(renamed.into_iter().map(|(before, after)| rename(table, before, after)));
    for (name, after) in &new.columns {
        if let Some(before) = old.columns.get(name) {
            changes.extend(alteration(table, name, before, after));
        }
    }
    changes.extend(computed.into_iter().map(|column| add(table, column)));
    changes.extend(dropped.into_iter().map(drop));
    changes
}

fn add(table: &str, (name, column): Named<'_>) -> Change {
    let mut change = Change::add(table, ddl::column(table, name, column));
    if column.not_null && column.fill == Fill::Nothing {
        let question = format!("what do the rows that exist get in {table}.{name}?");
        change.up = decide(&question, &[&change.up]);
    }
    change
}

type Named<'a> = (&'a String, &'a Column);

/// The columns that only the one table has, in its order.
fn only<'a>(one: &'a BTreeMap<String, Column>, other: &BTreeMap<String, Column>) -> Vec<Named<'a>> {
    let mut columns: Vec<_> = one.iter().filter(|(name, _)| !other.contains_key(*name)).collect();
    columns.sort_by_key(|(_, column)| column.place);
    columns
}

fn may_be_renamed(before: &Column, after: &Column) -> bool {
    before.kind == after.kind && !before.is_generated() && !after.is_generated()
}

fn rename(table: &str, before: Named<'_>, after: Named<'_>) -> Change {
    let one_way = |(old_name, old): Named<'_>, (name, new): Named<'_>| {
        let renaming = format!("alter table {table} rename column {old_name} to {name};");
        let alterations = alteration(table, name, old, new).into_iter().map(|change| change.up);
        let drop = ddl::column(table, old_name, old).drop;
        let add = ddl::column(table, name, new).create;
        let mut guess = vec![renaming];
        guess.extend(alterations);
        guess.extend(["-- or:".to_owned(), drop, add]);
        let question = format!("is {table}.{name} the former {old_name}, or another column?");
        decide(&question, &guess)
    };
    Change {
        table: table.to_owned(),
        description: format!("rename column {} to {}, or drop and add", before.0, after.0),
        up: one_way(before, after),
        down: one_way(after, before),
    }
}

/// The changes of one column.
fn alteration(table: &str, name: &str, old: &Column, new: &Column) -> Vec<Change> {
    let change = |what: &str, up: String, down: String| Change {
        table: table.to_owned(),
        description: format!("change column {name}: {what}"),
        up,
        down,
    };
    let mut changes = Vec::new();
    let generated = old.is_generated() || new.is_generated();
    if generated && (&old.kind, &old.fill) != (&new.kind, &new.fill) {
        let replace = |old: &Column, new: &Column| {
            let question =
                format!("may {table}.{name} be dropped, with what hangs upon it, and made anew?");
            let drop = ddl::column(table, name, old).drop;
            decide(&question, &[&drop, &ddl::column(table, name, new).create])
        };
        changes.push(change("how it is generated", replace(old, new), replace(new, old)));
        return changes;
    }
    if old.kind != new.kind {
        let what = format!("{} to {}", old.kind, new.kind);
        changes.push(change(&what, retype(table, name, old, new), retype(table, name, new, old)));
    }
    let refilled = (old.fill != new.fill).then(|| {
        let [up, down] = [(old, new), (new, old)].map(|(a, b)| refill(table, name, a, b));
        change(&new.fill.to_string(), up, down)
    });
    let (may, must) = (
        format!("alter table {table} alter column {name} drop not null;"),
        format!("alter table {table} alter column {name} set not null;"),
    );
    let nullability = match (old.not_null, new.not_null) {
        (true, false) => Some(change("may be null", may, must)),
        (false, true) => Some(change("not null", refuse_null(table, name, new, must), may)),
        _ => None,
    };
    // Only a column that is not null can become an identity; a default comes before not null.
    let identity = |column: &Column| matches!(column.fill, Fill::Identity(_));
    let steps = if identity(new) && !identity(old) {
        [nullability, refilled]
    } else {
        [refilled, nullability]
    };
    changes.extend(steps.into_iter().flatten());
    changes
}

fn refuse_null(table: &str, name: &str, new: &Column, must: String) -> String {
    if let Fill::Default(expression) = &new.fill {
        return format!("update {table} set {name} = {expression} where {name} is null;\n{must}");
    }
    let question = format!("what do the rows get whose {table}.{name} is null?");
    decide(&question, &[must])
}

fn retype(table: &str, name: &str, old: &Column, new: &Column) -> String {
    let question = format!("how does {table}.{name} turn from {} into {}?", old.kind, new.kind);
    let kind = &new.kind;
    decide(
        &question,
        &[format!("alter table {table} alter column {name} type {kind} using {name}::{kind};")],
    )
}

/// The statements from one default to the other, or from one identity to the other.
fn refill(table: &str, name: &str, old: &Column, new: &Column) -> String {
    let steps = match (&old.fill, &new.fill) {
        (Fill::Identity(_), Fill::Identity(when)) => vec![format!("set generated {when}")],
        (Fill::Default(_), Fill::Default(expression)) => vec![format!("set default {expression}")],
        (old, new) => {
            let drop = match old {
                Fill::Default(_) => Some("drop default".to_owned()),
                Fill::Identity(_) => Some("drop identity".to_owned()),
                Fill::Nothing | Fill::Generated(_) => None,
            };
            let add = match new {
                Fill::Default(expression) => Some(format!("set default {expression}")),
                Fill::Identity(when) => Some(format!("add generated {when} as identity")),
                Fill::Nothing | Fill::Generated(_) => None,
            };
            drop.into_iter().chain(add).collect()
        }
    };
    let statements: Vec<String> = steps
        .iter()
        .map(|step| format!("alter table {table} alter column {name} {step};"))
        .collect();
    statements.join("\n")
}

fn partitioning(name: &str, old: &Table, new: &Table) -> Change {
    let one_way = |to: &Table| {
        let by = if to.partitioning.is_empty() { "nothing" } else { &to.partitioning };
        let question = format!("how do the rows of {name} get into a table partitioned by {by}?");
        decide(&question, &["alter table cannot do it"])
    };
    Change {
        table: name.to_owned(),
        description: "change partitioning".to_owned(),
        up: one_way(new),
        down: one_way(old),
    }
}

/// First what is revoked: the owner's own privileges pass on to the next owner.
fn privileges(name: &str, old: &Table, new: &Table) -> Vec<Change> {
    let none = BTreeSet::new();
    let beyond = |one: &Table, other: &Table| -> Vec<ddl::Object> {
        let grants = one.grants.iter().map(|(role, has)| {
            let also = other.grants.get(role).unwrap_or(&none);
            (role, has.difference(also).cloned().collect::<BTreeSet<_>>())
        });
        grants.filter(|(_, more)| !more.is_empty()).map(|(r, p)| ddl::grant(name, r, &p)).collect()
    };
    let mut changes: Vec<_> =
        beyond(old, new).into_iter().map(|object| Change::drop(name, object)).collect();
    if old.owner != new.owner {
        changes.push(Change {
            table: name.to_owned(),
            description: format!("change owner from {} to {}", old.owner, new.owner),
            up: format!("alter table {name} owner to {};", new.owner),
            down: format!("alter table {name} owner to {};", old.owner),
        });
    }
    changes.extend(beyond(new, old).into_iter().map(|object| Change::add(name, object)));
    changes
}

/// The question, and beneath it the best guess, commented out.
fn decide(question: &str, guess: &[impl AsRef<str>]) -> String {
    let mut text = format!("{DECIDE} {question}");
    for line in guess.iter().flat_map(|sql| sql.as_ref().lines()) {
        if line.starts_with(DECIDE) {
            continue; // one question is enough
        }
        text.push_str(if line.starts_with("--") { "\n" } else { "\n-- " });
        text.push_str(line);
    }
    text
}
