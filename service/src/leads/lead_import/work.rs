//! From a file to leads: as a whole, or not at all.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use entity::{
    id::{LeadId, LeadImportId, UserId},
    leads::{
        lead_import::{self, Column, Entity, Model, Status},
        lead_import_row::{Outcome, Warning},
    },
    zone::{date_at, day_start},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, IntoActiveModel, PaginatorTrait, QueryFilter, Set,
    Statement,
};
use sha2::{Digest, Sha256};
use validator::Validate;

use super::{
    candidate::Rules,
    mapping::Mapping,
    read::{File, Rows, content},
    sort::{Counts, Sorted, Sorter, survey},
    write::write,
};
use crate::{
    Error, Result, Tx, input,
    leads::{
        lead::{self, Because, Trigger},
        system_config::{self, LeadLimits},
    },
};

/// How a file is to be read, and what is to be said of its leads.
#[derive(Clone, Debug, Default, Validate)]
pub struct Ask {
    /// What its columns and words mean.
    pub mapping: Mapping,
    /// The source of leads for which the file says none; `None`: none.
    #[validate(custom(function = input::named), length(max = 100))]
    pub source: Option<String>,
    /// What each of them is tagged with.
    pub tags: Vec<String>,
    /// Whose they are; `None`: nobody's yet.
    pub user_id: Option<UserId>,
    /// What the caller knows the request by: asked again, it is not done again.
    #[validate(custom(function = input::named), length(max = 200))]
    pub idempotency_key: Option<String>,
    /// Told how far it is, for whoever watches meanwhile.
    pub progress: Option<Arc<Progress>>,
}

/// How far an import is: read it from wherever, while it runs. What it tells is kept by nobody until
/// the transaction ends.
#[derive(Debug, Default)]
pub struct Progress {
    pub(super) rows: AtomicU32,
    pub(super) done: AtomicU32,
}

impl Progress {
    /// How many rows the file has; 0 until that is known.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.rows.load(Ordering::Relaxed)
    }

    /// How many of them are done with.
    #[must_use]
    pub fn done(&self) -> u32 {
        self.done.load(Ordering::Relaxed)
    }
}

/// What an import did, now or when it was first asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// It, with its counts.
    pub import: Model,
    /// Whether it had been done before, and nothing was done now.
    pub again: bool,
}

/// What an import would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// What kind of file it is.
    pub format: lead_import::Format,
    /// How much of it would become what.
    pub counts: Counts,
    /// Columns that would be left out.
    pub ignored_columns: Vec<String>,
    /// What would become of each row, in their order.
    pub rows: Vec<Seen>,
    /// The import that the same file is already; asked for again, it would answer with that.
    pub done_before: Option<LeadImportId>,
}

/// What would become of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which row, counted from 1.
    pub row_no: u32,
    /// Where it begins.
    pub line: u32,
    /// What it would become.
    pub outcome: Outcome,
    /// The lead that has the number already.
    pub lead_id: Option<LeadId>,
    /// Why it would become none.
    pub reason: Option<String>,
    /// What is worth a look.
    pub warning: Option<Warning>,
}

/// What an import of the file would do, row by row, at this moment. Writes nothing.
///
/// # Errors
///
/// [`Error::Invalid`] as [`import`]; the limit of the day is none to a preview.
#[tracing::instrument(name = "lead_import::preview", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn preview(tx: &Tx, file: &File<'_>, ask: &Ask) -> Result<Preview> {
    let tags = checked(file, ask)?;
    let rules = rules(tx, ask, &tags).await?;
    let text = content(file)?;
    let survey = survey(&mut Rows::new(*file, &text, &rules)?)?;
    let mut rows = Rows::new(*file, &text, &rules)?;
    let mut sorter = Sorter::new(tx, &survey);
    let (mut counts, mut seen) = (Counts::default(), vec![]);
    loop {
        let sorted = sorter.next(&mut rows).await?;
        if sorted.is_empty() {
            break;
        }
        for row in sorted {
            counts.add(row.outcome);
            let Sorted { row_no, line, outcome, lead_id, reason, warning, .. } = row;
            seen.push(Seen { row_no, line, outcome, lead_id, reason, warning });
        }
    }
    tracing::Span::current().record("rows", seen.len());
    Ok(Preview {
        format: rows.format(),
        counts,
        ignored_columns: ignored(&rows),
        rows: seen,
        done_before: live(tx, &hash(file)).await?.map(|import| import.id),
    })
}

/// Imports a file of up to 100,000 leads: each row becomes a lead, or says why not, and if anything
/// fails, nothing is left of any of them. The same file, or the same key, is imported once, and
/// answered with what came of it then, however it was to be read this time; a file that was
/// [reverted](super::revert) may come again.
///
/// Leads are told apart by their numbers alone (defect 4-27); of several rows with one number the
/// first counts. A number that the do-not-call list has for good, or of which the file says so
/// anywhere, becomes a lead that nobody may call; what the file says goes onto the list, also of
/// leads that are there already. A tenant's imports wait for each other.
///
/// # Errors
///
/// [`Error::Invalid`] if the file is of no kind that is known, broken or too large, or the mapping is
/// none; [`Error::Conflict`] if as many files were imported on this day of the tenant's as it settled
/// (five), or the key was given with another file; [`Error::NotFound`] if there is no such user;
/// [`Error::Database`] if the database fails, and then the import does as a whole (defect 4-28).
#[tracing::instrument(name = "lead_import::import", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn import(tx: &Tx, file: &File<'_>, ask: &Ask) -> Result<Done> {
    let tags = checked(file, ask)?;
    let hash = hash(file);
    alone(tx).await?;
    if let Some(import) = before(tx, &hash, ask).await? {
        return Ok(Done { import, again: true });
    }
    within_the_day(tx).await?;
    let rules = rules(tx, ask, &tags).await?;
    let text = content(file)?;
    let survey = survey(&mut Rows::new(*file, &text, &rules)?)?;
    let mut rows = Rows::new(*file, &text, &rules)?;
    let begun = tx.insert(begun(tx, file, ask, hash, rows.format())?).await?;
    let because = Because {
        trigger: Trigger::Import,
        trigger_id: Some(begun.id.0),
        reason: Some("imported".to_owned()),
    };
    let counts = write(tx, &mut rows, &survey, ask, &because, begun.id).await?;
    tracing::Span::current().record("rows", counts.rows());
    let mut row = begun.into_active_model();
    row.rows = Set(counts.rows());
    row.imported = Set(counts.imported);
    row.do_not_call = Set(counts.do_not_call);
    row.duplicates_in_file = Set(counts.duplicates_in_file);
    row.duplicates_of_leads = Set(counts.duplicates_of_leads);
    row.suppressed = Set(counts.suppressed);
    row.invalid = Set(counts.invalid);
    row.ignored_columns = Set(ignored(&rows));
    Ok(Done { import: tx.update(row).await?, again: false })
}

fn checked(file: &File<'_>, ask: &Ask) -> Result<Vec<String>> {
    input::check(ask)?;
    input::text("file_name", file.name, 255)?;
    ask.mapping.check()?;
    lead::tags(&ask.tags)
}

fn hash(file: &File<'_>) -> String {
    Sha256::digest(file.content).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // a String takes everything
        text
    })
}

async fn rules<'a>(tx: &'a Tx, ask: &'a Ask, tags: &'a [String]) -> Result<Rules<'a>> {
    let region = &tx.tenant().await?.phone_region;
    let rules = Rules::new(&ask.mapping, region, tx.zone().await?, tx.now());
    Ok(Rules { source: ask.source.as_deref(), tags, ..rules })
}

fn ignored(rows: &Rows<'_>) -> Vec<String> {
    let shown = |name: &str| name.chars().filter(|c| !c.is_control()).take(100).collect();
    rows.ignored().map(shown).collect()
}

/// A tenant's imports wait for each other: two with a number in common would else wait for one
/// another's leads, and the limit of the day would be everybody's own.
pub(super) async fn alone(tx: &Tx) -> Result<()> {
    const ALONE: &str = "select pg_advisory_xact_lock(hashtextextended($1, 1))";
    let key = format!("lead_import:{}", tx.context().tenant);
    let wait = Statement::from_sql_and_values(DbBackend::Postgres, ALONE, [key.into()]);
    tx.execute_raw(wait).await?;
    Ok(())
}

/// Served by `lead_imports_file`.
async fn live(tx: &Tx, hash: &str) -> Result<Option<Model>> {
    let of = tx.find::<Entity>().filter(Column::FileHash.eq(hash));
    Ok(of.filter(Column::Status.ne(Status::Reverted)).one(tx).await?)
}

/// What came of the same request, or of the same file.
async fn before(tx: &Tx, hash: &str, ask: &Ask) -> Result<Option<Model>> {
    if let Some(key) = &ask.idempotency_key {
        let of = tx.find::<Entity>().filter(Column::IdempotencyKey.eq(key)); // lead_imports_key
        if let Some(import) = of.one(tx).await? {
            if import.file_hash != hash {
                return Err(Error::conflict("the key was given with another file"));
            }
            return Ok(Some(import));
        }
    }
    live(tx, hash).await
}

/// As many as `lead_limits` says, by the tenant's calendar. Reverted ones count: they were work all
/// the same. Served by `lead_imports_latest`.
async fn within_the_day(tx: &Tx) -> Result<()> {
    let zone = tx.zone().await?;
    let today = date_at(zone, tx.now());
    let (start, end) = (day_start(zone, today), day_start(zone, today + chrono::Days::new(1)));
    let done = tx
        .find::<Entity>()
        .filter(Column::ImportedAt.gte(start))
        .filter(Column::ImportedAt.lt(end))
        .count(tx)
        .await?;
    let most = system_config::get::<LeadLimits>(tx).await?.max_imports_per_day;
    if done >= u64::from(most) {
        return Err(Error::conflict(format!("{done} files were imported today, of {most}")));
    }
    Ok(())
}

fn begun(
    tx: &Tx,
    file: &File<'_>,
    ask: &Ask,
    hash: String,
    format: lead_import::Format,
) -> Result<lead_import::ActiveModel> {
    let mapping = serde_json::to_value(&ask.mapping)
        .map_err(|_| Error::invalid("mapping", "cannot be written down"))?;
    Ok(lead_import::ActiveModel {
        id: Set(LeadImportId::new()),
        file_name: Set(file.name.to_owned()),
        file_hash: Set(hash),
        idempotency_key: Set(ask.idempotency_key.clone()),
        format: Set(format),
        mapping: Set(lead_import::Mapping(mapping)),
        source: Set(ask.source.clone()),
        user_id: Set(ask.user_id),
        ignored_columns: Set(vec![]),
        rows: Set(0),
        imported: Set(0),
        do_not_call: Set(0),
        duplicates_in_file: Set(0),
        duplicates_of_leads: Set(0),
        suppressed: Set(0),
        invalid: Set(0),
        status: Set(Status::Completed),
        imported_at: Set(tx.now()),
        imported_by: Set(tx.context().user()),
        ..Default::default()
    })
}
