//! One person: what is held about them, and its end.
//!
//! Every column of every table that may tell who somebody is stands in one list, with what becomes of
//! it. [`plan`] says what would happen, [`erase`] does exactly that, [`export`] hands out what is
//! held. What the law wants kept stays, and the plan says until when.

mod class;
mod of_health;
mod of_leads;
mod of_outreach;
mod of_sales;
mod person;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
pub use entity::leads::erasure::{Count, Counts, Model};
use entity::{
    email::Email,
    id::{ContactId, ErasureId, LeadId},
    leads::{
        erasure::{self, Column, Entity, Kind},
        lead,
    },
    phone::Phone,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Set,
    Statement,
};
use serde::Serialize;
use serde_json::Value as Json;
use uuid::Uuid;

use self::{
    class::{Class, Fate},
    person::{Handles, handles},
};
use super::lead::{Note, Why, left, note};
use crate::{
    Result, Tx, input,
    outreach::{consent::Subject as Reached, suppression},
};

/// How many rows of a table are exported at the most.
pub const MOST_ROWS: usize = 10_000;

/// Whose data it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A lead, all leads that were merged into it, and the contact that it became.
    Lead(LeadId),
    /// Somebody at a customer.
    Contact(ContactId),
}

impl Subject {
    fn kind(self) -> Kind {
        match self {
            Self::Lead(_) => Kind::Lead,
            Self::Contact(_) => Kind::Contact,
        }
    }

    fn id(self) -> Uuid {
        match self {
            Self::Lead(id) => id.0,
            Self::Contact(id) => id.0,
        }
    }
}

/// What happens to a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It goes with its row.
    Deleted,
    /// Its row stays, and it tells nobody any more who the person was.
    Emptied,
    /// It stays.
    Kept,
}

/// A column that may hold something about a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// In which table.
    pub table: &'static str,
    /// Which.
    pub column: &'static str,
    /// What happens to it.
    pub what: What,
    /// In how many rows there is something of this person's.
    pub rows: i64,
    /// Why it stays; null where it does not.
    pub because: Option<&'static str>,
    /// Until when it must; null where there is no such date.
    pub until: Option<DateTime<Utc>>,
}

/// What an erasure would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Column by column, also where there is nothing.
    pub lines: Vec<Line>,
    /// Who else has an address or number of theirs, by which therefore nothing is erased.
    pub shared: Vec<String>,
    /// Whether anything is left to be done.
    pub is_done: bool,
    /// Until when the last of what must be kept must be; null: nothing must until a date.
    pub kept_until: Option<DateTime<Utc>>,
}

/// Everything that is held about a person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Export {
    /// Whose it is.
    pub subject: Subject,
    /// When it was drawn up.
    pub as_of: DateTime<Utc>,
    /// The rows, by table; tables without any are not named.
    pub tables: BTreeMap<&'static str, Vec<Json>>,
    /// The tables that hold more than 10,000, of which only so many are here.
    pub cut: Vec<&'static str>,
}

/// The tables in which nothing tells who a lead or a contact is: counters, settings, sums, people of
/// the tenant's own and their money, steps of the customer's business, lists that others keep, and
/// suppressions, which are digests.
pub const NOBODYS: &[&str] = &[
    "budget_accounts",
    "budget_holds",
    "budget_transactions",
    "case_counters",
    "coach_performance",
    "compliance_schedule",
    "daily_summary",
    "deal_activities",
    "deal_stage_config",
    "deal_stage_history",
    "distribution_members",
    "distribution_pools",
    "engine_runs",
    "lead_imports",
    "erasures",
    "external_list_numbers",
    "external_lists",
    "lead_source_costs",
    "nurture_sequence_versions",
    "nurture_sequences",
    "quote_activities",
    "quote_counters",
    "quote_outcomes",
    "segments",
    "suppression_keys",
    "suppressions",
    "system_config",
    "system_config_history",
    "tenants",
    "user_absences",
    "users",
    "weekly_patterns",
];

/// Every table that may hold something, in the order in which they are dealt with.
fn classes() -> impl Iterator<Item = &'static Class> {
    let all = [of_sales::CLASSES, of_outreach::CLASSES, of_health::CLASSES, of_leads::CLASSES];
    all.into_iter().flatten()
}

#[doc(hidden)]
pub mod queries {
    //! The statements, for the tests that ask Postgres how it would answer them, and the list itself,
    //! for the test that nothing is missing in it.
    use entity::id::{ContactId, LeadId};
    use sea_orm::Statement;

    pub use super::last_query;
    use super::{Handles, classes};
    use crate::Tx;

    /// Each table that is listed, with its columns.
    #[must_use]
    pub fn listed() -> Vec<(&'static str, Vec<&'static str>)> {
        let columns = |class: &'static super::Class| {
            let personal = class.personal.iter().map(|(name, _)| *name);
            personal.chain(class.plain.iter().copied()).chain(class.secret.iter().copied())
        };
        classes().map(|class| (class.table, columns(class).collect())).collect()
    }

    /// What is asked and done for somebody, and the indexes that serve it.
    #[must_use]
    pub fn statements(tx: &Tx) -> Vec<(&'static str, Statement, &'static [&'static str])> {
        let of = Handles {
            leads: vec![LeadId::new().0],
            contacts: vec![ContactId::new().0],
            phones: vec!["+12062000001".to_owned()],
            emails: vec!["l7@b.example".to_owned()],
            ..Handles::default()
        };
        let mut all = vec![];
        for class in classes() {
            let each = [class.count(tx, &of), class.execute(tx, &of), class.read(tx, &of, 10)];
            all.extend(each.into_iter().flatten().map(|sql| (class.table, sql, class.served_by)));
        }
        all
    }
}

#[derive(FromQueryResult)]
struct Found {
    rows: i64,
    until: Option<DateTime<Utc>>,
}

async fn counted(tx: &Tx, statement: Option<Statement>) -> Result<Found> {
    let none = Found { rows: 0, until: None };
    let Some(statement) = statement else { return Ok(none) };
    Ok(Found::find_by_statement(statement).one(tx).await?.unwrap_or(none))
}

async fn drawn(tx: &Tx, of: &Handles) -> Result<Plan> {
    let mut lines = vec![];
    for class in classes() {
        let found = counted(tx, class.count(tx, of)).await?;
        let (what, because) = match class.fate {
            Fate::Deleted | Fate::DeletedWith => (What::Deleted, None),
            Fate::Emptied => (What::Emptied, None),
            Fate::Kept(_, because) => (What::Kept, Some(because)),
        };
        lines.extend(class.personal.iter().map(|(column, _)| Line {
            table: class.table,
            column,
            what,
            rows: found.rows,
            because,
            until: found.until,
        }));
    }
    let is_done = lines.iter().all(|line| line.what == What::Kept || line.rows == 0);
    let kept_until = lines.iter().filter_map(|line| line.until).max();
    Ok(Plan { lines, shared: of.shared.clone(), is_done, kept_until })
}

/// What erasing somebody would do, and changes nothing: column by column, with what must be kept and
/// until when.
///
/// # Errors
///
/// [`NotFound`](crate::Error::NotFound) if the tenant has no such lead or contact.
#[tracing::instrument(name = "erasure::plan", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn plan(tx: &Tx, subject: Subject) -> Result<Plan> {
    let of = handles(tx, subject, false).await?;
    drawn(tx, &of).await
}

/// Erases somebody: exactly as the [`plan`] says. Their lead stays, without them in it; their number
/// and address are suppressed, so that no import brings them back. Erasing somebody twice changes
/// nothing and answers with the first time, unless something about them was written since. What was
/// kept until a date is not ended by this when the date has passed.
///
/// # Errors
///
/// [`NotFound`](crate::Error::NotFound) if the tenant has no such lead or contact; [`Invalid`](crate::Error::Invalid) if no reason is
/// given.
#[tracing::instrument(name = "erasure::erase", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn erase(tx: &Tx, subject: Subject, reason: &str) -> Result<Model> {
    input::text("reason", reason, 500)?;
    let of = handles(tx, subject, true).await?;
    let plan = drawn(tx, &of).await?;
    if plan.is_done
        && let Some(done) = last(tx, subject).await?
    {
        return Ok(done);
    }
    suppress(tx, &of).await?;
    let leads: Vec<LeadId> = of.leads.iter().copied().map(LeadId).collect();
    left(tx, &leads, Why::Deleted).await?;
    let mut counts = vec![];
    for class in classes() {
        let rows = match class.execute(tx, &of) {
            Some(statement) => {
                let done = tx.execute_raw(statement).await?.rows_affected();
                i64::try_from(done).unwrap_or(i64::MAX)
            }
            None => planned(&plan, class.table),
        };
        let mut count = Count { table: class.table.to_owned(), deleted: 0, emptied: 0, kept: 0 };
        match class.fate {
            Fate::Deleted | Fate::DeletedWith => count.deleted = rows,
            Fate::Emptied => count.emptied = rows,
            Fate::Kept(..) => count.kept = rows,
        }
        if rows > 0 {
            counts.push(count);
        }
    }
    noted(tx, &leads).await?;
    tx.insert(erasure::ActiveModel {
        id: Set(ErasureId::new()),
        subject_kind: Set(subject.kind()),
        subject_id: Set(subject.id()),
        reason: Set(reason.to_owned()),
        actor: Set(tx.context().actor.to_string()),
        erased_by: Set(tx.context().user()),
        erased_at: Set(tx.now()),
        counts: Set(Counts(counts)),
        kept_until: Set(plan.kept_until.filter(|until| *until > tx.now())),
        ..Default::default()
    })
    .await
}

fn planned(plan: &Plan, table: &str) -> i64 {
    plan.lines.iter().find(|line| line.table == table).map_or(0, |line| line.rows)
}

/// Keeps their numbers and addresses from coming back: by digests, which tell nobody what they were.
async fn suppress(tx: &Tx, of: &Handles) -> Result<()> {
    let phones = of.phones.iter().filter_map(|phone| Phone::try_from(phone.clone()).ok());
    let emails = of.emails.iter().filter_map(|email| Email::parse(email).ok());
    let subjects: Vec<_> = phones.map(Reached::Phone).chain(emails.map(Reached::Email)).collect();
    if !subjects.is_empty() {
        suppression::add(tx, &subjects, "erasure").await?;
    }
    Ok(())
}

/// That they were erased, in the record of each lead.
async fn noted(tx: &Tx, leads: &[LeadId]) -> Result<()> {
    let ids = leads.iter().map(|id| id.0);
    let found = tx.find::<lead::Entity>().filter(lead::Column::Id.is_in(ids)).all(tx).await?;
    let notes = found.into_iter().filter(|lead| lead.erased_at == Some(tx.now())).map(|lead| {
        Note { lead: lead.id, version: lead.version, field: "erased", old: None, new: None }
    });
    note(tx, notes.collect(), None).await
}

/// The latest erasure of somebody. Served by `erasures_of_subject`.
#[must_use]
pub fn last_query(tx: &Tx, subject: Subject) -> sea_orm::Select<Entity> {
    tx.find::<Entity>()
        .filter(Column::SubjectId.eq(subject.id()))
        .filter(Column::SubjectKind.eq(subject.kind()))
        .order_by_desc(Column::Id)
        .limit(1)
}

async fn last(tx: &Tx, subject: Subject) -> Result<Option<Model>> {
    Ok(last_query(tx, subject).one(tx).await?)
}

#[derive(FromQueryResult)]
struct RowOf {
    row: Json,
}

/// Everything that is held about somebody, row by row as it stands in the tables, but for what is
/// nobody's business: tokens.
///
/// # Errors
///
/// [`NotFound`](crate::Error::NotFound) if the tenant has no such lead or contact.
#[tracing::instrument(name = "erasure::export", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn export(tx: &Tx, subject: Subject) -> Result<Export> {
    let of = handles(tx, subject, false).await?;
    let (mut tables, mut cut, mut total) = (BTreeMap::new(), vec![], 0);
    for class in classes() {
        let Some(statement) = class.read(tx, &of, MOST_ROWS) else { continue };
        let found = RowOf::find_by_statement(statement).all(tx).await?;
        let mut rows: Vec<Json> = found.into_iter().map(|found| found.row).collect();
        if rows.len() > MOST_ROWS {
            rows.truncate(MOST_ROWS);
            cut.push(class.table);
        }
        rows.sort_by_key(ToString::to_string);
        total += rows.len();
        if !rows.is_empty() {
            tables.insert(class.table, rows);
        }
    }
    tracing::Span::current().record("rows", total);
    Ok(Export { subject, as_of: tx.now(), tables, cut })
}
