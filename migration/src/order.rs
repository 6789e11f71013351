//! The order in which a catalog's tables can be made.

use crate::catalog::{Catalog, Constraint, Rule};
use crate::ddl::{self, Object};

pub(crate) struct Order<'a> {
    catalog: &'a Catalog,
    /// Parents before children, else by name.
    tables: Vec<&'a str>,
}

/// A foreign key with its table and its name.
#[derive(Clone, Copy)]
pub(crate) struct Reference<'a> {
    pub table: &'a str,
    pub name: &'a str,
    pub constraint: &'a Constraint,
}

impl Reference<'_> {
    pub fn object(&self) -> Object {
        ddl::constraint(self.table, self.name, self.constraint)
    }
}

impl<'a> Order<'a> {
    pub fn of(catalog: &'a Catalog) -> Self {
        let mut tables = Vec::new();
        let mut seen = Vec::new();
        for table in catalog.tables.keys() {
            visit(catalog, table, &mut seen, &mut tables);
        }
        Self { catalog, tables }
    }

    pub fn tables(&self) -> impl DoubleEndedIterator<Item = &'a str> {
        self.tables.iter().copied()
    }

    pub fn references(&self, table: &'a str) -> impl Iterator<Item = Reference<'a>> + use<'a> {
        references(self.catalog, table)
    }

    /// Whether what the foreign key points to is there when its table is made.
    pub fn reaches(&self, table: &str, constraint: &Constraint) -> bool {
        match constraint.parent.as_deref() {
            None => true,
            // A unique index of the table's own is made after the table.
            Some(parent) if parent == table => self
                .catalog
                .tables
                .get(table)
                .is_none_or(|table| !table.indexes.contains_key(&constraint.key)),
            Some(parent) => {
                self.tables().find(|name| [parent, table].contains(name)) == Some(parent)
            }
        }
    }
}

fn visit<'a>(
    catalog: &'a Catalog,
    table: &'a str,
    seen: &mut Vec<&'a str>,
    tables: &mut Vec<&'a str>,
) {
    if seen.contains(&table) {
        return; // already placed, or a circle
    }
    seen.push(table);
    for reference in references(catalog, table) {
        if let Some(parent) = &reference.constraint.parent {
            visit(catalog, parent, seen, tables);
        }
    }
    tables.push(table);
}

fn references<'a>(
    catalog: &'a Catalog,
    table: &'a str,
) -> impl Iterator<Item = Reference<'a>> + use<'a> {
    let constraints = catalog.tables.get(table).into_iter().flat_map(|table| &table.constraints);
    constraints
        .filter(|(_, constraint)| constraint.rule == Rule::Foreign)
        .map(move |(name, constraint)| Reference { table, name, constraint })
}
