//! The migration between the history and the entities, and the check that there is none.

use std::{fs, io, path::Path};

use devpg::Server;
use sea_orm::DbErr;
use sha2::{Digest, Sha256};

use crate::{
    catalog::Catalog,
    citus, diagram,
    diff::{Change, DECIDE, diff, down_sql, report, up_sql},
    history::HISTORY,
    scratch,
};

/// Where a file of this crate, or of the project, is.
#[must_use]
pub fn path(relative: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// How the entities differ from the history.
///
/// # Errors
///
/// If the server does not let us make databases, or a migration fails.
pub async fn differences(server: &Server) -> Result<Vec<Change>, DbErr> {
    let process = std::process::id();
    let names = [format!("keel_history_{process}"), format!("keel_entities_{process}")];
    let history = scratch::migrated(server, &names[0]).await?;
    let entities = scratch::declared(server, &names[1]).await?;
    let (from, to) = (Catalog::read(&history).await?, Catalog::read(&entities).await?);
    scratch::drop(server, &names[0], history).await?;
    scratch::drop(server, &names[1], entities).await?;
    Ok(diff(&from, &to))
}

/// Writes the migration that brings the history up to the entities, and returns its name; `None` if
/// there is nothing to do. `what` is `<context>_<what>`, `date` is `20261120`.
///
/// # Errors
///
/// If the differences cannot be found, or the files cannot be written.
pub async fn make(server: &Server, what: &str, date: &str) -> Result<Option<String>, DbErr> {
    let changes = differences(server).await?;
    if changes.is_empty() {
        return Ok(None);
    }
    let name = format!("m{date}_{:06}_{what}", HISTORY.len() + 1);
    write(&name, &up_sql(&changes), &down_sql(&changes)).map_err(custom)?;
    Ok(Some(name))
}

fn write(name: &str, up: &str, down: &str) -> io::Result<()> {
    let folder = path("src").join(name);
    fs::create_dir(&folder)?;
    fs::write(folder.join("up.sql"), up)?;
    fs::write(folder.join("down.sql"), down)?;
    let list = path("src/history.rs");
    let text = fs::read_to_string(&list)?;
    let Some(text) = text.strip_suffix("};\n") else {
        return Err(io::Error::other("history.rs does not end with its list"));
    };
    fs::write(list, format!("{text}    \"{name}\",\n}};\n"))
}

/// Everything that is wrong with the history, in a line or more each; nothing if all is well.
///
/// # Errors
///
/// If the server does not let us look.
pub async fn check(server: &Server) -> Result<Vec<String>, DbErr> {
    let mut wrong = vec![];
    for migration in HISTORY.iter().filter(|m| m.up.contains(DECIDE) || m.down.contains(DECIDE)) {
        wrong.push(format!("{}: a person has to settle what it asks", migration.name));
    }
    let lock = fs::read_to_string(path("history.lock")).unwrap_or_default();
    for (line, migration) in locked().lines().zip(HISTORY) {
        if !lock.lines().any(|l| l == line) {
            wrong.push(format!(
                "{}: was changed after it landed, or never locked (`migration lock`)",
                migration.name
            ));
        }
    }
    if lock.lines().count() > HISTORY.len() {
        wrong.push("a migration that landed is gone".to_owned());
    }
    let changes = differences(server).await?;
    if !changes.is_empty() {
        wrong.push(format!("the entities and the history differ:\n{}", report(&changes)));
    }
    for (file, now) in generated(server).await? {
        if fs::read_to_string(path(file)).unwrap_or_default() != now {
            wrong.push(format!("{file} is not current (`migration draw`)"));
        }
    }
    Ok(wrong)
}

/// The files that are made from the schema, with what they should hold.
///
/// # Errors
///
/// If the server does not let us look.
pub async fn generated(server: &Server) -> Result<Vec<(&'static str, String)>, DbErr> {
    let name = format!("keel_drawn_{}", std::process::id());
    let db = scratch::migrated(server, &name).await?;
    let catalog = Catalog::read(&db).await?;
    scratch::drop(server, &name, db).await?;
    Ok(vec![
        ("citus/distribute.sql", citus::distribute(&catalog)),
        ("../docs/schema.md", diagram::draw(&catalog)),
    ])
}

/// Writes the files that are made from the schema.
///
/// # Errors
///
/// If the server does not let us look, or a file cannot be written.
pub async fn draw(server: &Server) -> Result<(), DbErr> {
    for (file, text) in generated(server).await? {
        let file = path(file);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(custom)?;
        }
        fs::write(file, text).map_err(custom)?;
    }
    Ok(())
}

/// Writes the checksums of the history down. Each line is written once, when its migration lands.
///
/// # Errors
///
/// If a migration that was locked has changed, or the file cannot be written.
pub fn lock() -> io::Result<()> {
    let (file, now) = (path("history.lock"), locked());
    let before = fs::read_to_string(&file).unwrap_or_default();
    if let Some(changed) = before.lines().find(|line| !now.lines().any(|l| l == *line)) {
        return Err(io::Error::other(format!("changed after it landed: {changed}")));
    }
    fs::write(file, now)
}

fn locked() -> String {
    let sum = |m: &crate::Entry| {
        let digest = Sha256::new().chain_update(m.up).chain_update([0]).chain_update(m.down);
        let hex: Vec<_> = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{} {}\n", m.name, hex.concat())
    };
    HISTORY.iter().map(sum).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn custom(error: io::Error) -> DbErr {
    DbErr::Custom(error.to_string())
}
