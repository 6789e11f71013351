//! Workbooks, as spreadsheets write them, and as somebody writes who means harm.

use std::io::{Cursor, Write as _};

use service::leads::lead_import::{File, Format, Mapping};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{lead, read_as, refused, rows, told};

const STYLES: &str = r#"<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>"#;

/// A workbook whose first sheet has these rows, as XML, and whose list of texts is this one.
pub fn book(rows: &str, texts: &str) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(vec![]));
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let of = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let parts = [
        ("[Content_Types].xml", "<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".to_owned()),
        ("_rels/.rels", format!("<?xml version=\"1.0\"?><Relationships xmlns=\"{package}\"><Relationship Id=\"rId1\" Type=\"{of}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>")),
        ("xl/_rels/workbook.xml.rels", format!("<?xml version=\"1.0\"?><Relationships xmlns=\"{package}\"><Relationship Id=\"rId1\" Type=\"{of}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>")),
        ("xl/workbook.xml", format!("<?xml version=\"1.0\"?><workbook xmlns=\"{main}\" xmlns:r=\"{of}\"><sheets><sheet name=\"Leads\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>")),
        ("xl/styles.xml", STYLES.to_owned()),
        ("xl/sharedStrings.xml", texts.to_owned()),
        ("xl/worksheets/sheet1.xml", format!("<?xml version=\"1.0\"?><worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData></worksheet>")),
    ];
    for (name, text) in parts {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

const NO_TEXTS: &str = "<sst uniqueCount=\"0\"></sst>";

fn said(row: usize, cells: &[&str]) -> String {
    let cell = |(at, text): (usize, &&str)| {
        let place = char::from(b'A' + u8::try_from(at).unwrap());
        format!("<c r=\"{place}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
    };
    let cells: String = cells.iter().enumerate().map(cell).collect();
    format!("<row r=\"{row}\">{cells}</row>")
}

#[test]
fn a_workbook_is_read_with_its_texts_numbers_and_dates() {
    let texts = "<sst count=\"2\" uniqueCount=\"2\"><si><t>Ann</t></si><si><t>Lee</t></si></sst>";
    // 46023 is 1 January 2026, and .5 noon; a number that Excel took for a quantity; empty cells.
    let rows_of = said(1, &["First Name", "Last Name", "Mobile", "Zip", "Last contacted", "Notes"])
        + "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c><c r=\"B2\" t=\"s\"><v>1</v></c>\
           <c r=\"C2\"><v>1.2125551001E10</v></c><c r=\"D2\"><v>90210</v></c>\
           <c r=\"E2\" s=\"1\"><v>46023.5</v></c></row>"
        + &said(5, &["Bob", "Ray"]);
    let file = book(&rows_of, texts);
    let (format, found, _) = read_as(File::new("x", &file), &Mapping::plain()).unwrap();
    assert_eq!(format, Format::Xlsx);
    let ann = found[0].read.as_ref().unwrap();
    assert_eq!((ann.first_name.as_str(), ann.last_name.as_str()), ("Ann", "Lee"));
    assert_eq!(ann.phone.as_str(), "+12125551001");
    assert_eq!(ann.zip.as_deref(), Some("90210"));
    // Noon in New York, in January.
    assert_eq!(ann.last_contact_date, Some("2026-01-01T17:00:00Z".parse().unwrap()));
    // A row that ends early has empty cells, and says so by the sheet's own number of it.
    assert_eq!(told(&file)[1], (5, "phone: is missing".to_owned()));
}

#[test]
fn what_is_no_workbook_is_refused() {
    let good =
        book(&(said(1, &["Name", "Phone"]) + &said(2, &["Ann Lee", "2125551001"])), NO_TEXTS);
    assert_eq!(lead(&good).last_name, "Lee");
    for broken in [b"PK\x03\x04".to_vec(), good[..good.len() / 2].to_vec(), good[..40].to_vec()] {
        assert!(refused(broken).contains("is no workbook that can be read"));
    }
    assert!(refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old").contains("save it as .xlsx"));
}

#[test]
fn a_workbook_that_is_a_bomb_is_refused_before_it_goes_off() {
    let head = said(1, &["Name", "Phone"]);
    // A list that says it has a trillion texts, one that is as large, and a sheet as large.
    let many = "<sst uniqueCount=\"1000000000000\"></sst>";
    assert!(refused(book(&head, many)).contains("too many texts"));
    let large = format!("<sst>{}</sst>", " ".repeat(49 << 20));
    assert!(refused(book(&head, &large)).contains("too large when it is unpacked"));
    let blank = format!("{head}{}", " ".repeat(257 << 20));
    let bomb = book(&blank, NO_TEXTS);
    assert!(bomb.len() < 1 << 20);
    assert!(refused(bomb).contains("too large when it is unpacked"));
    // A cell far to the right, and one far down.
    let right = format!("{head}<row r=\"2\"><c r=\"XFD2\"><v>1</v></c></row>");
    assert!(refused(book(&right, NO_TEXTS)).contains("more than 500 columns"));
    let down = format!("{head}{}", said(1_048_576, &["Ann Lee", "2125551001"]));
    assert_eq!(rows(book(&down, NO_TEXTS))[0].line, 1_048_576);
}
