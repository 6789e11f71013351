//! Whatever the file holds: no panic, and each row is a lead or says why not.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use service::leads::lead_import::{Field, File, Format, Mapping, Row};

use super::{book::book, read_as};

const CASES: u32 = 10_000;

const TABLE: &str = "First Name,Last Name,Phone,E-mail,Status,Tags,Last contacted,Notes\r\n\
    Ann,\"Lee, Jr.\",(212) 555-1001,ann@x.example,hot,\"a;b\",2/3/2026,\"one\r\ntwo \"\"2\"\"\"\r\n\
    Bob,Ray,1.2125551002E10,,not_interested,,,\r\n\
    José,Müller,+44 20 7946 0018,j@x.example,,x|y,2026-01-01 10:00,\r\n";
const JSON: &str = r#"{"results":[{"first_name":"Ann","last_name":"Lee","phone":12125551001,
    "tags":["a","b"]},{"properties":{"firstname":"Bob","lastname":"Ray","phone":"212-555-1002"}}]}"#;
const MAIL: &str = "FIRST NAME: Ann\nLAST NAME: Lee\nPHONE: 2125551001\nCATEGORY: fresh\n\n\
    Name: Bob Ray\nPhone: 2125551002\nIP: 203.0.113.9\n";

/// A small one, since each case reads it anew.
fn mapping() -> Mapping {
    let fields = [
        (Field::FirstName, "first name"),
        (Field::LastName, "last name"),
        (Field::FullName, "name"),
        (Field::Phone, "phone"),
        (Field::Email, "email"),
        (Field::Status, "status"),
        (Field::Tags, "tags"),
        (Field::LastContactDate, "last contacted"),
        (Field::Ip, "ip"),
        (Field::Country, "country"),
        (Field::TimeZone, "tz"),
        (Field::Category, "category"),
    ];
    let fields = fields.map(|(field, name)| (field, vec![name.to_owned()]));
    Mapping { fields: fields.into(), only: true, keep_others: true, ..Mapping::named("small") }
}

/// A file is refused whole, for a reason; or each row has a line, and is one of the two.
fn holds(name: &str, content: &[u8], format: Option<Format>) -> Result<(), TestCaseError> {
    let file = File { format, ..File::new(name, content) };
    match read_as(file, &mapping()) {
        Ok((_, rows, _)) => {
            for Row { line, read } in rows {
                prop_assert!(line >= 1);
                match read {
                    Ok(lead) => {
                        prop_assert!(!lead.first_name.is_empty() && !lead.last_name.is_empty());
                        prop_assert!(lead.phone.as_str().starts_with('+'));
                        prop_assert!(lead.tags.len() <= 50);
                    }
                    Err(refused) => {
                        prop_assert!(!refused.reasons.is_empty());
                        let values = refused.values.values();
                        prop_assert!(values.clone().all(|v| !v.contains('\0')));
                    }
                }
            }
            Ok(())
        }
        Err(service::Error::Invalid { .. }) => Ok(()),
        Err(other) => Err(TestCaseError::fail(other.to_string())),
    }
}

fn run<S: Strategy>(strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(strategy, test).unwrap();
}

fn formats() -> impl Strategy<Value = Option<Format>> {
    prop_oneof![
        Just(None),
        Just(Some(Format::Csv)),
        Just(Some(Format::Json)),
        Just(Some(Format::EmailText)),
        Just(Some(Format::Xlsx)),
    ]
}

#[test]
fn ten_thousand_files_of_any_bytes_are_read_or_refused() {
    let bytes = prop::collection::vec(any::<u8>(), 0..300);
    run(&(bytes, formats()), |(content, format)| holds("x", &content, format));
}

#[test]
fn ten_thousand_tables_of_any_cells_are_read_or_refused() {
    let cell = prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,8}",
        Just("(212) 555-1001".to_owned()),
        Just("1.2E+10".to_owned()),
        Just("a@b.example".to_owned()),
        Just("2/3/2026".to_owned()),
        Just("Ann Lee".to_owned()),
        Just("\"".to_owned()),
    ];
    let header = prop_oneof![
        Just("First Name"),
        Just("last_name"),
        Just("phone"),
        Just("name"),
        Just("E-mail"),
        Just("status"),
        Just("tags"),
        Just("last contacted"),
        Just("country"),
        Just("tz"),
        Just("ip"),
        Just("x"),
    ];
    let table = (
        prop::collection::vec(header, 1..8),
        prop::collection::vec(prop::collection::vec(cell, 0..9), 0..6),
        prop::sample::select(vec![",", ";", "\t", "|"]),
    );
    run(&table, |(headers, rows, between)| {
        let head = ["name", "phone"].into_iter().chain(headers).collect::<Vec<_>>().join(between);
        let rows = rows.iter().map(|cells| cells.join(between));
        let text = std::iter::once(head).chain(rows).collect::<Vec<_>>().join("\n");
        holds("x.csv", text.as_bytes(), None)
    });
}

/// What may happen to a good file on its way.
#[derive(Clone, Debug)]
enum Harm {
    Flip(usize, u8),
    Cut(usize),
    Drop(usize),
    Put(usize, Vec<u8>),
    Twice(usize, usize),
}

fn harms() -> impl Strategy<Value = Vec<Harm>> {
    let harm = prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, to)| Harm::Flip(at, to)),
        any::<usize>().prop_map(Harm::Cut),
        any::<usize>().prop_map(Harm::Drop),
        (any::<usize>(), prop::collection::vec(any::<u8>(), 1..6))
            .prop_map(|(at, w)| Harm::Put(at, w)),
        (any::<usize>(), 1..40_usize).prop_map(|(at, long)| Harm::Twice(at, long)),
    ];
    prop::collection::vec(harm, 1..5)
}

fn harmed(content: &[u8], harms: Vec<Harm>) -> Vec<u8> {
    let mut content = content.to_vec();
    for harm in harms {
        let size = content.len().max(1);
        match harm {
            Harm::Flip(at, to) => content.iter_mut().skip(at % size).take(1).for_each(|b| *b ^= to),
            Harm::Cut(at) if at.is_multiple_of(8) => content.truncate(at % size),
            Harm::Cut(at) | Harm::Drop(at) => {
                drop(content.drain(at % size..content.len().min(at % size + 1)));
            }
            Harm::Put(at, what) => drop(content.splice(at % size..at % size, what)),
            Harm::Twice(at, long) => {
                let piece: Vec<_> = content.iter().skip(at % size).take(long).copied().collect();
                content.splice(at % size..at % size, piece);
            }
        }
    }
    content
}

#[test]
fn ten_thousand_good_files_that_came_to_harm_are_read_or_refused() {
    let wide: Vec<u8> =
        "\u{feff}".encode_utf16().chain(TABLE.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let files = [
        ("x.csv", TABLE.as_bytes().to_vec()),
        ("x.csv", wide),
        ("x.json", JSON.as_bytes().to_vec()),
        ("x.txt", MAIL.as_bytes().to_vec()),
    ];
    run(&(0..files.len(), harms()), |(which, harms)| {
        let (name, content) = &files[which];
        holds(name, &harmed(content, harms), None)
    });
}

#[test]
fn a_thousand_workbooks_that_came_to_harm_are_read_or_refused() {
    let rows = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row>\
                <row r=\"2\"><c r=\"A2\" t=\"s\"><v>2</v></c><c r=\"B2\"><v>1.2125551001E10</v></c></row>";
    let texts = "<sst uniqueCount=\"3\"><si><t>Name</t></si><si><t>Phone</t></si><si><t>Ann Lee</t></si></sst>";
    let config = Config { cases: 1000, failure_persistence: None, ..Config::default() };
    let within = (harms(), harms(), any::<bool>());
    TestRunner::new(config)
        .run(&within, |(outside, inside, which)| {
            // Inside, the archive is sound, and what it holds is not.
            let damage = |text: &str| {
                String::from_utf8_lossy(&harmed(text.as_bytes(), inside.clone())).into_owned()
            };
            let content = if which {
                book(&damage(rows), &damage(texts))
            } else {
                harmed(&book(rows, texts), outside)
            };
            holds("x.xlsx", &content, None)
        })
        .unwrap();
}
