//! Whatever a file of leads holds, reading it ends, panics nowhere, and each row is a lead or says
//! why not.

#![no_main]

use libfuzzer_sys::fuzz_target;
use service::leads::lead_import::{File, Format, Locale, Mapping, parse};

fuzz_target!(|data: &[u8]| {
    let Some((which, content)) = data.split_first() else { return };
    // Workbooks are left to the tests: their reader panics, which is caught, and libFuzzer would take
    // it for a find all the same.
    let format = match which % 4 {
        0 => Format::Csv,
        1 => Format::Json,
        2 => Format::EmailText,
        _ if content.starts_with(b"PK") => return,
        _ => {
            read(File::new("leads", content));
            return;
        }
    };
    read(File { format: Some(format), ..File::new("leads", content) });
});

fn read(file: File<'_>) {
    let locale = Locale {
        region: "US",
        zone: chrono_tz::America::New_York,
        now: chrono::DateTime::UNIX_EPOCH,
    };
    let mapping = Mapping { keep_others: true, ..Mapping::plain() };
    let _ = parse(file, &mapping, locale, |rows| {
        while let Some(row) = rows.next()? {
            assert!(row.line >= 1);
            match row.read {
                Ok(lead) => assert!(!lead.first_name.is_empty() && !lead.last_name.is_empty()),
                Err(refused) => assert!(!refused.reasons.is_empty()),
            }
        }
        Ok(())
    });
}
