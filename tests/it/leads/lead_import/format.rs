//! Tables, mails and JSON, as they come.

use service::leads::lead_import::{File, Format, MOST_BYTES, Mapping};

use super::{lead, read_as, refused, rows, told};

const ANN: &str = "First Name,Last Name,Phone\nAnn,Lee,2125551001\n";

fn names(content: impl AsRef<[u8]>) -> Vec<String> {
    let read = rows(content).into_iter().map(|row| row.read.unwrap());
    read.map(|lead| format!("{} {}", lead.first_name, lead.last_name)).collect()
}

#[test]
fn a_table_is_read_whatever_stands_between_its_cells_and_in_whatever_order() {
    for separator in [",", ";", "\t", "|"] {
        let table = ["Phone,Last Name,E-mail,First Name", "+1 212 555 1001,Lee,ANN@X.example,Ann"]
            .join("\n")
            .replace(',', separator);
        let lead = lead(&table);
        assert_eq!((lead.first_name.as_str(), lead.last_name.as_str()), ("Ann", "Lee"));
        assert_eq!(lead.phone.as_str(), "+12125551001");
        assert_eq!(lead.email.unwrap().as_str(), "ann@x.example");
    }
    // What Excel writes on top for itself, and a cell with the other separators in it.
    let table = "sep=;\nFirst name;Last name;Phone;Notes\nAnn;Lee;2125551001;a, b | c\n";
    assert_eq!(lead(table).notes.unwrap(), "a, b | c");
    assert_eq!(told(table)[0].0, 3);
}

#[test]
fn a_quoted_cell_keeps_its_commas_quotes_and_line_ends_and_a_row_is_told_by_the_line_it_begins_on()
{
    let table = "first,last,phone,notes\n\
                 Ann,\"Lee, Jr.\",2125551001,\"She said \"\"call me\"\",\nand\n\nthen\"\n\
                 Bob,Ray,none,\n\
                 \n\
                 \"Cy\n\",Coe,2125551003,\n";
    let found = rows(table);
    let ann = found[0].read.as_ref().unwrap();
    assert_eq!(ann.last_name, "Lee, Jr.");
    assert_eq!(ann.notes.as_deref(), Some("She said \"call me\",\nand\n\nthen"));
    assert_eq!(found.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 6, 8]);
    assert_eq!(found[2].read.as_ref().unwrap().first_name, "Cy");
}

#[test]
fn a_line_ends_in_any_way_and_the_last_need_not() {
    let table = format!("{ANN}\nBob,Ray,2125551002");
    for end in ["\n", "\r\n", "\r"] {
        let table = table.replace('\n', end);
        assert_eq!(names(&table), ["Ann Lee", "Bob Ray"], "{end:?}");
        assert_eq!(told(&table).iter().map(|t| t.0).collect::<Vec<_>>(), [2, 4], "{end:?}");
    }
}

#[test]
fn a_file_is_read_in_the_encoding_that_it_was_written_in() {
    let table = "First Name,Last Name,Phone\nJosé,Müller,2125551001\n";
    let wide = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(table.encode_utf16()).flat_map(unit).collect()
    };
    // José, Müller and the quotation mark that only Windows has there.
    let windows =
        b"First Name,Last Name,Phone\nJos\xe9,M\xfcller,2125551001\n\x93O\x94,N\x92a,2125551002";
    let marked = [b"\xef\xbb\xbf".as_slice(), table.as_bytes()].concat();
    for content in
        [table.as_bytes().to_vec(), marked, wide(u16::to_le_bytes), wide(u16::to_be_bytes)]
    {
        assert_eq!(names(content), ["José Müller"]);
    }
    assert_eq!(names(windows), ["José Müller", "“O” N’a"]);
    assert!(refused(b"\xff\xfeabc").contains("middle of a character"));
    assert!(refused(b"\xff\xfe\x00\xd8a\x00").contains("UTF-16"));
}

#[test]
fn a_row_that_is_too_long_or_too_short_is_refused_with_its_line_and_the_others_are_not() {
    let table = "First,Last,Phone,\n\
                 Ann,Lee,2125551001,\n\
                 Bob,Ray,2125551002\n\
                 Cy,2125551003\n\
                 Di,Fox,2125551004,,,\n\
                 Ed,Gray, Esq,2125551005\n\
                 ,,,\n   \n";
    assert_eq!(
        told(table),
        [
            (2, String::new()),
            (3, String::new()),
            (4, "has 2 cells under 3 columns".to_owned()),
            (5, String::new()),
            (6, "has 4 cells under 3 columns".to_owned()),
        ]
    );
    // Whoever mends it sees what stood there.
    let found = rows(table);
    let values = &found[4].read.as_ref().unwrap_err().values;
    assert_eq!(values["Last"], "Gray");
    assert_eq!(values["column 4"], "2125551005");
}

#[test]
fn a_quotation_mark_that_is_never_closed_refuses_the_file_and_swallows_nobody() {
    let table = format!("{ANN}Bob,\"Ray,2125551002\nCy,Coe,2125551003\n");
    assert!(refused(table).contains("line 3 opens a quotation mark that is never closed"));
    // One within a cell is a mark like any other.
    assert_eq!(names(format!("{ANN}Bob,R\"ay,2125551002\n")), ["Ann Lee", "Bob R\"ay"]);
}

#[test]
fn a_title_above_the_columns_is_passed_over_and_columns_are_needed() {
    assert_eq!(names(format!("Our leads of 2026\n\n{ANN}")), ["Ann Lee"]);
    assert_eq!(told(format!("Our leads of 2026\n\n{ANN}"))[0].0, 4);
    for nothing in ["", "\n\n", "\u{feff}"] {
        assert!(refused(nothing).contains("is empty"), "{nothing:?}");
    }
    let why = refused("Ann,Lee,2125551001\nBob,Ray,2125551002\n");
    assert!(why.contains("has no columns for a name and a telephone number"), "{why}");
    assert!(!why.contains("Ann") && !why.contains("2125551001"), "{why}");
    assert!(refused("First,Last,E-mail\nAnn,Lee,a@b.example\n").contains("telephone number"));
}

#[test]
fn what_holds_control_characters_is_refused() {
    let told = told("First,Last,Phone,Notes\nA\0nn,Lee,2125551001,\nBob,Ray,2125551002,a\u{7}b\n");
    assert_eq!(told[0].1, "first_name: holds control characters");
    assert_eq!(told[1].1, "notes: holds control characters");
}

#[test]
fn leads_are_read_from_the_text_of_a_mail() {
    let mail = "Hello,\n\nhere are today's leads: enjoy.\n\n\
                FIRST NAME: Ann\nLAST NAME: Lee\nEMAIL: Ann@X.example\nPHONE: (212) 555-1001\n\
                IP: 203.0.113.9\nCATEGORY: Fresh - Phone Interviewed\n\n\
                > First Name: Bob\n> Last Name: Ray\n> Phone: 12\n\n\n\
                * Name: Cy Coe\n* Phone: 212-555-1003\n* Shoe size: 44\n\n\
                Best regards,\nSam: the sender\n";
    let (format, found, ignored) =
        read_as(File::new("mail.txt", mail.as_bytes()), &Mapping::plain()).unwrap();
    assert_eq!(format, Format::EmailText);
    assert_eq!(found.iter().map(|row| row.line).collect::<Vec<_>>(), [5, 12, 17]);
    let ann = found[0].read.as_ref().unwrap();
    assert_eq!(ann.tags, ["category:fresh", "gmail_import", "phone_interviewed", "priority:high"]);
    assert_eq!(ann.metadata["ip"], "203.0.113.9");
    assert_eq!(ann.phone.as_str(), "+12125551001");
    assert!(found[1].read.is_err());
    assert_eq!(found[2].read.as_ref().unwrap().last_name, "Coe");
    assert!(ignored.contains(&"Shoe size".to_owned()), "{ignored:?}");
}

#[test]
fn two_people_in_one_block_are_refused_and_not_mixed() {
    let mail = "Name: Ann Lee\nPhone: 2125551001\nName: Bob Ray\nPhone: 2125551002\n";
    assert_eq!(told(mail), [(1, "says the same twice: two people in one block".to_owned())]);
}

#[test]
fn leads_are_read_from_json_however_it_is_wrapped() {
    let ann = r#"{"first_name":"Ann","lastName":"Lee","Phone":12125551001,"tags":["a","B"]}"#;
    let bob = r#"{"properties":{"firstname":"Bob","lastname":"Ray","phone":"2125551002"},"id":7}"#;
    for (json, lines) in [
        (format!("[{ann},{bob}]"), [1, 1]),
        (format!("[\n{ann},\n{bob}\n]\n"), [2, 3]),
        (format!("{{\"total\":2,\"results\":[{ann},\n\n{bob}],\"errors\":[]}}"), [1, 3]),
        (format!("{{\"people\":\n[{ann},{bob}]}}"), [2, 2]),
        (format!("{ann}\n{bob}\n"), [1, 2]),
    ] {
        assert_eq!(names(&json), ["Ann Lee", "Bob Ray"], "{json}");
        assert_eq!(told(&json).iter().map(|t| t.0).collect::<Vec<_>>(), lines, "{json}");
    }
    assert_eq!(lead(ann).tags, ["a", "b"]);
    assert_eq!(lead(ann).phone.as_str(), "+12125551001");
}

#[test]
fn json_that_is_broken_is_refused_whole_and_an_element_that_is_no_object_alone() {
    assert!(refused("[{\"first_name\":\"Ann\"}\n,{").contains("line 2"));
    assert!(refused("{\"leads\":[{]}").contains("is no JSON"));
    let json = r#"[7,{"name":"Ann Lee","phone":"2125551001"},{"name":null,"phone":{"a":1}},{}]"#;
    let told: Vec<_> = told(json).into_iter().map(|(_, why)| why).collect();
    assert_eq!(
        told,
        [
            "is no object",
            "",
            "first_name: is missing; last_name: is missing; phone: is missing",
            "first_name: is missing; last_name: is missing; phone: is missing",
        ]
    );
    assert!(rows("[]").is_empty());
    let deep = format!("[{}{}]", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(super::told(deep).len(), 1);
}

#[test]
fn a_file_may_have_a_hundred_thousand_rows_and_no_more() {
    let mut table = String::from("name,phone\n");
    table.push_str(&"Ann Lee,2\n".repeat(100_000));
    assert_eq!(rows(&table).len(), 100_000);
    table.push_str("Ann Lee,2\n");
    assert!(refused(table).contains("has more than 100000 rows"));
    let json = |count: usize| format!("[{}7]", "7,".repeat(count - 1));
    assert_eq!(rows(json(100_000)).len(), 100_000);
    assert!(refused(json(100_001)).contains("has more than 100000 rows"));
    assert!(
        refused("7\n".repeat(100_001).replacen('7', "{}", 1)).contains("more than 100000 rows")
    );
}

#[test]
fn a_file_may_have_500_columns_and_32_megabytes_and_no_more() {
    let wide = |count: usize| {
        let names: Vec<_> = (0..count - 2).map(|n| format!("c{n}")).collect();
        format!("name,phone,{}\nAnn Lee,2125551001{}\n", names.join(","), ",".repeat(count - 2))
    };
    assert_eq!(rows(wide(500)).len(), 1);
    assert!(refused(wide(501)).contains("more than 500 columns"));
    let mut large = ANN.as_bytes().to_vec();
    large.resize(MOST_BYTES, b'\n');
    assert_eq!(rows(&large).len(), 1);
    large.push(b'\n');
    assert!(refused(large).contains("is larger than 32 MB"));
}

#[test]
fn a_callers_word_for_the_kind_of_a_file_is_taken() {
    let file = File { format: Some(Format::Json), ..File::new("leads.csv", ANN.as_bytes()) };
    assert!(read_as(file, &Mapping::plain()).is_err());
    let file = File { format: Some(Format::Csv), ..File::new("leads", ANN.as_bytes()) };
    assert_eq!(read_as(file, &Mapping::plain()).unwrap().0, Format::Csv);
}
