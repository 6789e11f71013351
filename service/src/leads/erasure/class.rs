//! What each table holds of people, and what becomes of it: the form of that list, and the statements
//! that follow from it.

use sea_orm::{Statement, Value};

use super::person::Handles;
use crate::Tx;

/// How long requests not to be called, and the evidence of checks, consents and calls, must be kept.
pub(super) const RETENTION: &str = "interval '5 years'";

/// What becomes of a person's rows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    /// They are deleted.
    Deleted,
    /// They are deleted with those of another table, to which they refer.
    DeletedWith,
    /// The columns that tell who the person was become something that does not.
    Emptied,
    /// They stay as they are, for this reason; five years from that time, or, without one, for good.
    Kept(Option<&'static str>, &'static str),
}

/// A table that may hold something about a person: every column is in one of the three lists.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class {
    pub table: &'static str,
    /// Which rows `t` are the person's.
    pub of: &'static str,
    /// The indexes by which they are found.
    pub served_by: &'static [&'static str],
    pub fate: Fate,
    /// The columns that may tell who the person is, and what they become if they are emptied.
    pub personal: &'static [(&'static str, &'static str)],
    /// What else is written when they are emptied.
    pub also: &'static str,
    /// The columns that tell nobody who the person is.
    pub plain: &'static [&'static str],
    /// The columns that are nobody's business: they are not exported.
    pub secret: &'static [&'static str],
}

/// To begin a class with.
pub(super) const CLASS: Class = Class {
    table: "",
    of: "",
    served_by: &[],
    fate: Fate::Deleted,
    personal: &[],
    also: "",
    plain: &[],
    secret: &[],
};

impl Class {
    /// A statement over the person's rows, whose `{rows}` says which they are; none if no row can be
    /// theirs.
    fn over(&self, tx: &Tx, of: &Handles, statement: &str) -> Option<Statement> {
        let texts: Vec<String> = of.contacts.iter().map(ToString::to_string).collect();
        let lists: [(&str, &str, Value, bool); 5] = [
            ("{leads}", "uuid", of.leads.clone().into(), of.leads.is_empty()),
            ("{contacts}", "uuid", of.contacts.clone().into(), of.contacts.is_empty()),
            ("{contact_ids}", "text", texts.into(), of.contacts.is_empty()),
            ("{phones}", "text", of.phones.clone().into(), of.phones.is_empty()),
            ("{emails}", "text", of.emails.clone().into(), of.emails.is_empty()),
        ];
        let (mut rows, mut values, mut some) = (self.of.to_owned(), vec![], false);
        for (name, kind, list, is_empty) in lists {
            if rows.contains(name) {
                values.push(list);
                let place = values.len() + 2;
                rows = rows.replace(name, &format!("= any (${place}::{kind}[])"));
                some |= !is_empty;
            }
        }
        let rows = format!("t.tenant_id = $1 and $2::timestamptz is not null and ({rows})");
        some.then(|| tx.ask(&statement.replace("{rows}", &rows), values))
    }

    /// Whether something is left to be emptied.
    fn dirty(&self) -> String {
        match self.fate {
            Fate::Emptied => {
                let columns = self.personal.iter();
                let each = columns.map(|(name, to)| format!("t.{name} is distinct from ({to})"));
                format!(" and ({})", each.collect::<Vec<_>>().join(" or "))
            }
            _ => String::new(),
        }
    }

    /// How many rows are concerned, and until when they must be kept.
    pub(super) fn count(&self, tx: &Tx, of: &Handles) -> Option<Statement> {
        let until = match self.fate {
            Fate::Kept(Some(since), _) => format!("max({since} + {RETENTION})"),
            _ => "null::timestamptz".to_owned(),
        };
        let (table, dirty) = (self.table, self.dirty());
        let sql = format!(
            "select count(*) as rows, {until} as until from {table} t where {{rows}}{dirty}"
        );
        self.over(tx, of, &sql)
    }

    /// Does what the fate says; nothing where that is nothing, or done by another table's.
    pub(super) fn execute(&self, tx: &Tx, of: &Handles) -> Option<Statement> {
        let table = self.table;
        match self.fate {
            Fate::Deleted => self.over(tx, of, &format!("delete from {table} t where {{rows}}")),
            Fate::Emptied => {
                let columns = self.personal.iter();
                let set: Vec<_> = columns.map(|(name, to)| format!("{name} = {to}")).collect();
                let (set, also, dirty) = (set.join(", "), self.also, self.dirty());
                self.over(
                    tx,
                    of,
                    &format!("update {table} t set {set}{also} where {{rows}}{dirty}"),
                )
            }
            Fate::DeletedWith | Fate::Kept(..) => None,
        }
    }

    /// The rows themselves, up to `most` and one more.
    pub(super) fn read(&self, tx: &Tx, of: &Handles, most: usize) -> Option<Statement> {
        let hidden: Vec<_> = self.secret.iter().map(|name| format!("'{name}'")).collect();
        let (table, hidden, most) = (self.table, hidden.join(", "), most + 1);
        let sql = format!(
            "select to_jsonb(t) - array[{hidden}]::text[] as row from {table} t where {{rows}} \
             limit {most}"
        );
        self.over(tx, of, &sql)
    }
}
