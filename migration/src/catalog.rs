//! What a database's tables consist of, as Postgres itself words it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};

use crate::wording::{self, plain};

/// Everything that the tables of schema `public` consist of, as text.
///
/// Read both sides of a comparison with the same search path: Postgres leaves the schema out of
/// a definition only if the search path finds it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    pub(crate) tables: BTreeMap<String, Table>,
}

/// All names, here and in the other maps, are quoted where SQL needs it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Table {
    pub owner: String,
    pub row_security: bool,
    pub forced: bool,
    /// `range (created_at)`, or nothing.
    pub partitioning: String,
    pub columns: BTreeMap<String, Column>,
    pub constraints: BTreeMap<String, Constraint>,
    /// Those that no constraint brings along, as `create index …`.
    pub indexes: BTreeMap<String, String>,
    /// As what follows `create policy <name> on <table>`.
    pub policies: BTreeMap<String, String>,
    /// As `create trigger …`.
    pub triggers: BTreeMap<String, String>,
    /// Privileges of the roles that do not own the table.
    pub grants: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub place: i32,
    /// With its collation, if that is not the type's own.
    pub kind: String,
    pub not_null: bool,
    pub fill: Fill,
}

/// Where a column's value comes from if a statement does not name the column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fill {
    Nothing,
    Default(String),
    /// Computed from the row's other columns.
    Generated(String),
    /// `always` or `by default`.
    Identity(String),
}

#[derive(Clone, Debug)]
pub(crate) struct Constraint {
    pub rule: Rule,
    pub definition: String,
    /// The table that a foreign key points to.
    pub parent: Option<String>,
    /// The constraint or unique index of the parent that a foreign key rests on.
    pub key: String,
}

/// In the order in which a table states them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    Primary,
    Unique,
    Check,
    Exclusion,
    Foreign,
}

/// The place does not count: a column that was added later stands last, and is the same column.
impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        (&self.kind, self.not_null, &self.fill) == (&other.kind, other.not_null, &other.fill)
    }
}

/// The key does not count: it is the choice of Postgres if there are two alike.
impl PartialEq for Constraint {
    fn eq(&self, other: &Self) -> bool {
        self.definition == other.definition
    }
}

#[derive(FromQueryResult)]
struct Row {
    kind: String,
    table_name: String,
    name: String,
    place: i32,
    parts: Vec<String>,
}

impl Catalog {
    /// Reads the catalog in one statement. Tables of extensions, partitions and
    /// `seaql_migrations` are left out.
    ///
    /// # Errors
    ///
    /// If the database does not answer, or answers with something that is not a catalog.
    pub async fn read(db: &impl ConnectionTrait) -> Result<Self, DbErr> {
        let query = Statement::from_string(DbBackend::Postgres, include_str!("catalog.sql"));
        let mut catalog = Self::default();
        for row in Row::find_by_statement(query).all(db).await? {
            let table = catalog.tables.entry(row.table_name.clone()).or_default();
            table.take(row)?;
        }
        Ok(catalog)
    }
}

impl Table {
    fn take(&mut self, row: Row) -> Result<(), DbErr> {
        let Row { kind, table_name, name, place, parts } = row;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match (kind.as_str(), parts.as_slice()) {
            ("table", [owner, row_security, forced, partitioning]) => {
                (*owner).clone_into(&mut self.owner);
                self.row_security = *row_security == "true";
                self.forced = *forced == "true";
                self.partitioning = plain(partitioning);
            }
            ("column", [kind, not_null, fill, expression]) => {
                let fill = match *fill {
                    "" => Fill::Nothing,
                    "default" => Fill::Default(wording::default(expression, kind)),
                    "generated" => Fill::Generated(plain(expression)),
                    when => Fill::Identity(when.to_owned()),
                };
                let not_null = *not_null == "true";
                let column = Column { place, kind: wording::kind(kind), not_null, fill };
                self.columns.insert(name, column);
            }
            ("constraint", [definition, rule, parent, key]) => {
                let constraint = Constraint {
                    rule: Rule::from_catalog(rule)?,
                    definition: wording::constraint(definition),
                    parent: (!parent.is_empty()).then(|| (*parent).to_owned()),
                    key: (*key).to_owned(),
                };
                self.constraints.insert(name, constraint);
            }
            ("index", [definition]) => {
                self.indexes.insert(name, index(definition));
            }
            ("policy", [permissive, command, roles, using, check]) => {
                let definition = policy(*permissive == "true", command, roles, using, check);
                self.policies.insert(name, definition);
            }
            ("trigger", [definition]) => {
                self.triggers.insert(name, plain(definition));
            }
            ("grant", privileges) => {
                let privileges = privileges.iter().copied().map(str::to_owned).collect();
                self.grants.insert(name, privileges);
            }
            _ => return Err(DbErr::Type(format!("{kind} {name} of {table_name} is no object"))),
        }
        Ok(())
    }
}

impl Column {
    pub fn is_generated(&self) -> bool {
        matches!(self.fill, Fill::Generated(_))
    }
}

impl fmt::Display for Fill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("no default"),
            Self::Default(expression) => write!(f, "default {expression}"),
            Self::Generated(expression) => write!(f, "generated always as ({expression}) stored"),
            Self::Identity(when) => write!(f, "generated {when} as identity"),
        }
    }
}

impl Rule {
    fn from_catalog(letter: &str) -> Result<Self, DbErr> {
        match letter {
            "p" => Ok(Self::Primary),
            "u" => Ok(Self::Unique),
            "c" => Ok(Self::Check),
            "x" => Ok(Self::Exclusion),
            "f" => Ok(Self::Foreign),
            _ => Err(DbErr::Type(format!("{letter} is no kind of constraint"))),
        }
    }
}

/// An index as one would write it: on all partitions, and a b-tree without saying so.
fn index(definition: &str) -> String {
    plain(definition).replacen(" on only ", " on ", 1).replacen(" using btree (", " (", 1)
}

fn policy(permissive: bool, command: &str, roles: &str, using: &str, check: &str) -> String {
    let kind = if permissive { "" } else { "as restrictive " };
    let clause = |word: &str, expression: &str| match expression {
        "" => String::new(),
        expression => format!("\n    {word} ({})", plain(expression)),
    };
    let [using, check] = [clause("using", using), clause("with check", check)];
    format!("{kind}for {command} to {roles}{using}{check}")
}
