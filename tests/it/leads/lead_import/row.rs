//! One row: a lead, or every reason why it is none.

use entity::leads::lead::Status;

use super::{lead, rows, told};

/// Of a file with one column beside those that a lead needs: what the row is refused for.
fn why(column: &str, value: &str) -> String {
    let table = format!("First Name,Last Name,Phone,{column}\nAnn,Lee,2125551001,\"{value}\"\n");
    told(table).remove(0).1
}

fn with(column: &str, value: &str) -> service::leads::lead_import::Candidate {
    lead(format!("First Name,Last Name,Phone,{column}\nAnn,Lee,2125551001,\"{value}\"\n"))
}

fn phone(written: &str) -> Result<String, String> {
    let row = rows(format!("Name,Phone\nAnn Lee,\"{written}\"\n")).remove(0);
    row.read.map(|lead| lead.phone.as_str().to_owned()).map_err(|r| r.reasons[0].why.to_string())
}

#[test]
fn a_row_needs_a_first_and_a_last_name_and_a_number_and_hears_of_everything_that_is_wrong() {
    let table = "First,Last,Phone,Email,Time zone\n,,,nobody,Mars\nAnn,,2125551001,,\n";
    assert_eq!(
        told(table)[0].1,
        "first_name: is missing; last_name: is missing; phone: is missing; \
         email: not an e-mail address; time_zone: not a zone of the IANA database"
    );
    assert_eq!(told(table)[1].1, "last_name: is missing");
}

#[test]
fn a_full_name_is_split_where_a_person_would() {
    for (full, first, last) in [
        ("Ann Lee", "Ann", "Lee"),
        ("Lee, Ann", "Ann", "Lee"),
        ("Mary Ann  Lee", "Mary Ann", "Lee"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("Charles de la Cruz", "Charles", "de la Cruz"),
        ("van Gogh", "van", "Gogh"),
    ] {
        let lead = lead(format!("Name,Phone\n\"{full}\",2125551001\n"));
        assert_eq!((lead.first_name.as_str(), lead.last_name.as_str()), (first, last));
    }
    for one in ["Ann", "Lee,", ", Ann"] {
        let told = told(format!("Name,Phone\n\"{one}\",2125551001\n"));
        assert_eq!(told[0].1, "first_name: is missing; last_name: is missing", "{one}");
    }
    // Columns of their own go before it.
    let lead = lead("First Name,Name,Phone\nAnnie,Ann Lee,2125551001\n");
    assert_eq!((lead.first_name.as_str(), lead.last_name.as_str()), ("Annie", "Lee"));
}

/// Defects 4-7 and 4-9: one reader of numbers, and what it refuses is refused.
#[test]
fn a_number_is_one_in_e164_however_it_is_written_and_refused_if_it_is_none() {
    for written in [
        "2125551001",
        "(212) 555-1001",
        "+1 212.555.1001",
        "12125551001",
        "1-212-555-1001",
        "001 212 555 1001".trim_start_matches("00"),
        "1.2125551001E10",
        "1.2125551001e+10",
        "12125551001.0",
        "２１２５５５１００１",
        "\u{a0}212\u{a0}555 1001\u{200b}",
    ] {
        assert_eq!(phone(written), Ok("+12125551001".to_owned()), "{written}");
    }
    // The old helper made +1 44… of it, the old parser kept its blanks.
    assert_eq!(phone("+44 20 7946 0018"), Ok("+442079460018".to_owned()));
    for written in ["555-1001", "911", "call me", "1-800-FLOWERS", "2125551001234567890", "0", "-"]
    {
        assert_eq!(phone(written), Err("not a telephone number".to_owned()), "{written}");
    }
    assert_eq!(phone("1-900-555-1234"), Err("calls to it cost extra".to_owned()));
}

#[test]
fn a_number_of_which_a_spreadsheet_lost_digits_is_not_made_up() {
    for written in ["1.21256E+10", "1.2E+10", "2E10"] {
        let why = "a spreadsheet kept too few of its digits".to_owned();
        assert_eq!(phone(written), Err(why), "{written}");
    }
}

#[test]
fn an_extension_is_kept_for_display() {
    let lead = lead("Name,Phone\nAnn Lee,212-555-1001 ext. 42\n");
    assert_eq!(lead.phone.as_str(), "+12125551001");
    assert_eq!(lead.phone_extension.as_deref(), Some("42"));
}

#[test]
fn what_a_cell_says_is_tidied() {
    let lead = lead(
        "First,Last,Phone,City,Email\n\u{feff} Mary\u{a0}  Ann ,Lee\t,2125551001,\"New\nYork\", ANN@X.Example \n",
    );
    assert_eq!(lead.first_name, "Mary Ann");
    assert_eq!((lead.last_name.as_str(), lead.city.as_deref()), ("Lee", Some("New York")));
    assert_eq!(lead.email.unwrap().as_str(), "ann@x.example");
}

#[test]
fn each_field_has_its_length_and_one_more_is_refused_by_its_name() {
    for (column, most) in [
        ("address", 500),
        ("city", 100),
        ("state", 50),
        ("zip", 20),
        ("source", 100),
        ("sub_source", 100),
        ("tags", 50),
        ("notes", 10_000),
    ] {
        assert_eq!(why(column, &"é".repeat(most)), "", "{column}");
        let told = why(column, &"é".repeat(most + 1));
        assert_eq!(told, format!("{column}: is longer than {most} characters"));
    }
    for field in ["first_name", "last_name"] {
        let table = |most: usize| {
            let (mut first, mut last) = ("Ann".to_owned(), "Lee".to_owned());
            *(if field == "first_name" { &mut first } else { &mut last }) = "é".repeat(most);
            told(format!("first_name,last_name,phone\n{first},{last},2125551001\n")).remove(0).1
        };
        assert_eq!(table(100), "");
        assert_eq!(table(101), format!("{field}: is longer than 100 characters"));
    }
    let tags = |count: usize| (0..count).map(|n| format!("t{n}")).collect::<Vec<_>>().join(";");
    assert_eq!(why("tags", &tags(50)), "");
    assert_eq!(why("tags", &tags(51)), "tags: are more than 50");
}

#[test]
fn a_category_becomes_tags_by_its_first_word_that_says_something() {
    for (category, tags) in [
        ("HOT", &["category:hot", "priority:urgent"][..]),
        ("Fresh - Phone Interviewed", &["category:fresh", "phone_interviewed", "priority:high"]),
        ("warm lead", &["category:warm", "priority:medium"]),
        ("Aged (90 days)", &["category:aged", "priority:low"]),
        ("cold", &["category:cold", "priority:low"]),
        ("unrefreshed hotel", &["category:unknown", "priority:medium"]),
        ("", &[]),
    ] {
        assert_eq!(with("Category", category).tags, tags, "{category}");
    }
}

/// Defect 4-27: the source was lost, and always other.
#[test]
fn the_source_is_kept_in_the_files_own_words_and_none_is_made_up() {
    assert_eq!(with("Source", "Facebook Ads").source.as_deref(), Some("Facebook Ads"));
    assert_eq!(with("Source", "").source, None);
    assert_eq!(lead("Name,Phone\nAnn Lee,2125551001\n").source, None);
}

#[test]
fn a_status_is_never_guessed() {
    assert_eq!(with("Status", "").status, Status::New);
    assert_eq!(with("Status", "Do Not Call").status, Status::Dnc);
    assert_eq!(why("Status", "please go away"), "status: not a status that the mapping knows");
    assert_eq!(with("Do not call", "TRUE").status, Status::Dnc);
    assert_eq!(with("Do not call", "no").status, Status::New);
    assert_eq!(why("Do not call", "perhaps"), "do_not_call: neither yes nor no");
}

/// Defect 4-31.
#[test]
fn a_zone_is_one_of_the_iana_database_and_a_country_one_that_can_be_dialled() {
    assert_eq!(with("Time zone", "America/Denver").time_zone.unwrap().as_str(), "America/Denver");
    for zone in ["PDT", "GMT-5", "Eastern", "America/Atlantis"] {
        assert_eq!(why("Time zone", zone), "time_zone: not a zone of the IANA database", "{zone}");
    }
    for (country, code) in [("us", "US"), ("U.S.A.", "US"), ("Deutschland", "DE"), ("uk", "GB")] {
        assert_eq!(with("Country", country).country.as_deref(), Some(code));
    }
    assert_eq!(why("Country", "Atlantis"), "country: not a country that the mapping knows");
    assert_eq!(why("Country", "XX"), "country: not a country that the mapping knows");
    assert_eq!(why("IP", "300.1.1.1"), "ip: not an address of the Internet");
}

#[test]
fn a_date_is_read_as_the_region_writes_it_and_a_civil_one_is_midnight_there() {
    for (written, at) in [
        ("2026-02-03", "2026-02-03T05:00:00Z"),
        ("2/3/2026", "2026-02-03T05:00:00Z"),
        ("3.2.2026", "2026-02-03T05:00:00Z"),
        ("Feb 3, 2026", "2026-02-03T05:00:00Z"),
        ("2026-02-03 14:30", "2026-02-03T19:30:00Z"),
        ("02/03/2026 2:30 PM", "2026-02-03T19:30:00Z"),
        ("2026-02-03T14:30:00Z", "2026-02-03T14:30:00Z"),
        ("2026-02-03T14:30:00+01:00", "2026-02-03T13:30:00Z"),
    ] {
        assert_eq!(with("Last contacted", written).last_contact_date, at.parse().ok(), "{written}");
    }
    for written in ["13/13/2026", "yesterday", "2/3/26", "0026-02-03", "2026-02-30"] {
        assert_eq!(
            why("Last contacted", written),
            "last_contact_date: not a date, or one that means two days",
            "{written}"
        );
    }
    assert_eq!(
        with("Last contacted", "2026-03-02T09:00:00Z").last_contact_date,
        Some(super::now())
    );
    assert_eq!(why("Last contacted", "2026-03-02T09:00:01Z"), "last_contact_date: is yet to come");
}

#[test]
fn no_reason_repeats_what_stood_there() {
    let table =
        "First,Last,Phone,Email,Status,Country\nAnn,Lee,555-1234,secret@,gone away,Nowhere\n";
    let told = told(table).remove(0).1;
    for secret in ["555", "secret", "gone", "Nowhere", "Ann"] {
        assert!(!told.contains(secret), "{told}");
    }
}
