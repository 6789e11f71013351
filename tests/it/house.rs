//! The rules of the house that a compiler does not keep.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use migration::HISTORY;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The words of each context in a crate: `sales/deal` for `src/sales/deal.rs`.
fn words(source: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for context in fs::read_dir(root().join(source)).unwrap().map(|e| e.unwrap().path()) {
        if !context.is_dir() {
            continue;
        }
        for file in fs::read_dir(&context).unwrap().map(|e| e.unwrap().path()) {
            let word = file.file_stem().unwrap().to_str().unwrap();
            if file.extension().is_some_and(|e| e == "rs") && word != "mod" {
                let context = context.file_name().unwrap().to_str().unwrap();
                words.insert(format!("{context}/{word}"));
            }
        }
    }
    words
}

#[test]
fn one_word_finds_the_table_the_functions_and_the_tests() {
    let (entities, services, mut tests) =
        (words("entity/src"), words("service/src"), words("tests/it"));
    // What each context adds to the tests of all.
    let of_all = ["defects/", "isolation/", "plan/", "rules/"];
    tests.retain(|word| !of_all.iter().any(|folder| word.starts_with(folder)));
    assert!(!services.is_empty());
    let stray: Vec<_> = services.difference(&entities).collect();
    assert!(stray.is_empty(), "functions about no table: {stray:?}");
    assert_eq!(services, tests, "functions and tests");
    // A table without functions of its own belongs to the word that its name begins with.
    for table in entities.difference(&services) {
        let owner = services.iter().find(|word| table.starts_with(&format!("{word}_")));
        let told = ["health/call_record"].contains(&table.as_str());
        assert!(owner.is_some() || told, "nobody writes {table}");
    }
}

#[test]
fn an_entitys_file_is_named_for_its_table() {
    for word in words("entity/src") {
        let text =
            fs::read_to_string(root().join("entity/src").join(format!("{word}.rs"))).unwrap();
        let table = text.split("table_name = \"").nth(1).and_then(|rest| rest.split('"').next());
        let (table, name) = (table.unwrap(), word.split('/').nth(1).unwrap());
        let singular = table.replace("ies", "y");
        let singular = singular.strip_suffix('s').unwrap_or(&singular);
        assert!(singular == name || table.contains(name), "{word} is {table}");
    }
}

#[test]
fn a_migration_is_named_for_its_context() {
    let contexts: BTreeSet<_> = words("entity/src")
        .into_iter()
        .map(|word| word.split('/').next().unwrap().to_owned())
        .collect();
    for migration in HISTORY {
        let context = migration.name.split('_').nth(2).unwrap();
        assert!(contexts.contains(context), "{}", migration.name);
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_file_is_two_things_and_none_is_named_for_nothing() {
    let mut found = vec![];
    files(&root(), &mut found);
    assert!(found.len() > 80, "{}", found.len());
    for file in found {
        let stem = file.file_stem().unwrap().to_str().unwrap();
        assert!(!["utils", "util", "helpers", "common", "manager", "types"].contains(&stem));
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 450, "{} has {lines} lines", file.display());
    }
}

#[test]
fn the_service_never_asks_the_clock_or_begins_a_transaction_outside_its_door() {
    let mut found = vec![];
    files(&root().join("service/src"), &mut found);
    for file in found {
        let text = fs::read_to_string(&file).unwrap();
        for banned in ["Utc::now", "SystemTime::now", ".begin(", ".commit(", "set_config"] {
            let is_door = file.ends_with("src/db.rs") || file.ends_with("src/tx.rs");
            assert!(is_door || !text.contains(banned), "{} says {banned}", file.display());
        }
    }
}
