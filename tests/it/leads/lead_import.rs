//! Files of leads, whoever wrote them.

mod book;
mod format;
mod fuzz;
mod listed;
mod mapping;
mod race;
mod revert;
mod row;
mod work;

use chrono::{DateTime, Utc};
use integration::World;
use service::{
    Context, Error, Result,
    leads::{
        lead,
        lead_import::{
            self, Ask, Candidate, Done, File, Format, Locale, Mapping, Outcome, Preview, Row, Told,
            parse,
        },
    },
};

fn now() -> DateTime<Utc> {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn locale() -> Locale<'static> {
    Locale { region: "US", zone: chrono_tz::America::New_York, now: now() }
}

/// Every row, and the columns that were left out.
fn read_as(file: File<'_>, mapping: &Mapping) -> Result<(Format, Vec<Row>, Vec<String>)> {
    parse(file, mapping, locale(), |rows| {
        let mut found = vec![];
        while let Some(row) = rows.next()? {
            found.push(row);
        }
        Ok((rows.format(), found, rows.ignored().map(str::to_owned).collect()))
    })
}

fn rows(content: impl AsRef<[u8]>) -> Vec<Row> {
    read_as(File::new("leads", content.as_ref()), &Mapping::plain()).unwrap().1
}

/// The one lead of a file.
fn lead(content: impl AsRef<[u8]>) -> Candidate {
    let mut rows = rows(content);
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0).read.unwrap()
}

/// Why each row of a file is no lead, behind its line; nothing where it is one.
fn told(content: impl AsRef<[u8]>) -> Vec<(u32, String)> {
    let told = |row: Row| {
        let reasons = row.read.err().map_or(vec![], |refused| refused.reasons);
        let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
        (row.line, reasons.join("; "))
    };
    rows(content).into_iter().map(told).collect()
}

fn refused(content: impl AsRef<[u8]>) -> String {
    match read_as(File::new("leads", content.as_ref()), &Mapping::plain()) {
        Err(error @ Error::Invalid { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Imports a table, and says what came of it.
async fn import_as(world: &World, who: &Context, table: &str, ask: &Ask) -> Result<Done> {
    let file = File::new("leads.csv", table.as_bytes());
    world.db.run(who.clone(), async |tx| lead_import::import(tx, &file, ask).await).await
}

async fn import(world: &World, table: &str) -> lead_import::Model {
    import_as(world, &world.context, table, &Ask::default()).await.unwrap().import
}

/// What became of each row: its line, the outcome, and why.
async fn outcomes(world: &World, import: &lead_import::Model) -> Vec<(i32, Outcome, String)> {
    let told = Told { limit: 1000, ..Told::of(import.id) };
    let page = world.run(async |tx| lead_import::outcomes(tx, &told).await).await;
    let told = page.items.into_iter();
    told.map(|row| (row.line, row.outcome, row.reason.unwrap_or_default())).collect()
}

/// A table of so many people with numbers of their own.
fn people(count: u32, from: u32) -> String {
    let row = |n: u32| format!("P{n},Q{n},+1206{:07},p{n}@x.example\n", 2_000_000 + n);
    let rows: String = (from..from + count).map(row).collect();
    format!("first name,last name,phone,email\n{rows}")
}

async fn preview(world: &World, table: &str) -> Preview {
    let file = File::new("leads.csv", table.as_bytes());
    world.run(async |tx| lead_import::preview(tx, &file, &Ask::default()).await).await
}

async fn lead_of(world: &World, phone: &str) -> lead::Model {
    let id = format!(
        "select id::text from leads where phone_number = '{phone}' and deleted_at is null
                      and tenant_id = '{}'",
        world.context.tenant
    );
    let id = world.strings(&id).await.remove(0).parse().unwrap();
    world.run(async |tx| lead::get(tx, id).await).await
}

async fn count(world: &World, table: &str) -> String {
    world.strings(&format!("select count(*)::text from {table}")).await.remove(0)
}
