//! Every defect of the seeds' systems that the inventories found, and the test that shows that ours
//! has it not. (`domain/seed-00N-*.md`, the last table of each.)

mod seed_002;
mod seed_003;
mod seed_004;

use std::{collections::BTreeSet, fs, path::Path};

/// What became of a defect.
pub enum Settled {
    /// These tests hold it off, by their names.
    By(&'static [&'static str]),
    /// It is about what we do not have, and this is why.
    Not(&'static str),
}

/// A row of an inventory's table, by its number.
pub type Row = (u32, Settled);

fn sources(folder: &Path, all: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("defects") {
            all.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_defect_that_was_found_has_a_test_that_is_there_or_a_reason_why_not() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut all = String::new();
    for of in ["tests/it", "service/src", "entity/src"] {
        sources(&root.join(of), &mut all);
    }
    for (seed, rows, last) in
        [(2, seed_002::ROWS, 34), (3, seed_003::ROWS, 24), (4, seed_004::ROWS, 37)]
    {
        let listed: BTreeSet<u32> = rows.iter().map(|(number, _)| *number).collect();
        assert_eq!(listed, (1..=last).collect(), "seed {seed}");
        assert_eq!(rows.len(), listed.len(), "seed {seed}: a row stands twice");
        for (number, settled) in rows {
            match settled {
                Settled::Not(why) => assert!(!why.is_empty()),
                Settled::By(tests) => {
                    assert!(!tests.is_empty(), "{seed}-{number}");
                    for test in *tests {
                        let is_there = all.contains(&format!("fn {test}("));
                        assert!(is_there, "{seed}-{number}: there is no test {test}");
                    }
                }
            }
        }
    }
}
