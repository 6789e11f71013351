//! What columns and words mean.

use entity::leads::lead::Status;
use service::leads::lead_import::{DateOrder, Field, File, Mapping};

use super::read_as;

fn one(mapping: &Mapping, table: &str) -> service::leads::lead_import::Candidate {
    let (_, mut rows, _) = read_as(File::new("x.csv", table.as_bytes()), mapping).unwrap();
    rows.remove(0).read.unwrap()
}

fn shipped() -> [Mapping; 4] {
    [Mapping::plain(), Mapping::hubspot(), Mapping::salesforce(), Mapping::pipedrive()]
}

/// A file of one column more than a lead needs, under the other columns' plainest names.
fn with(
    mapping: &Mapping,
    field: Field,
    header: &str,
    value: &str,
) -> service::leads::lead_import::Candidate {
    let mut columns = vec![("First Name", "Ann"), ("Last Name", "Lee"), ("Phone", "2125551001")];
    match field {
        Field::FirstName => columns[0] = (header, value),
        Field::LastName => columns[1] = (header, value),
        Field::Phone => columns[2] = (header, value),
        Field::FullName => drop(columns.splice(..2, [(header, value)])),
        _ => columns.push((header, value)),
    }
    let (headers, values): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    one(mapping, &format!("\"{}\"\n\"{}\"\n", headers.join("\",\""), values.join("\",\"")))
}

#[test]
fn each_name_of_each_column_is_known_in_every_spelling() {
    let mut tried = 0;
    for mapping in shipped() {
        for (field, names) in &mapping.fields {
            for name in names {
                let spellings = [
                    name.clone(),
                    name.to_uppercase(),
                    format!(" {} ", name.replace(' ', "_")),
                    name.replace([' ', '-', '/'], ""),
                ];
                for header in &spellings {
                    let value = match field {
                        Field::FirstName => "Zoe",
                        Field::LastName => "Fox",
                        Field::FullName => "Zoe Fox",
                        Field::Phone => "(310) 555-2002",
                        Field::Email => "Z@x.example",
                        Field::DoNotCall => "Yes",
                        Field::Status => "New",
                        Field::Category => "hot",
                        Field::TimeZone => "America/Denver",
                        Field::Country => "Canada",
                        Field::LastContactDate => "2026-01-02",
                        Field::Ip => "203.0.113.9",
                        _ => "word",
                    };
                    let lead = with(&mapping, *field, header, value);
                    let said = match field {
                        Field::FirstName => lead.first_name == "Zoe",
                        Field::LastName => lead.last_name == "Fox",
                        Field::FullName => lead.first_name == "Zoe" && lead.last_name == "Fox",
                        Field::Phone => lead.phone.as_str() == "+13105552002",
                        Field::Email => lead.email.is_some_and(|e| e.as_str() == "z@x.example"),
                        Field::DoNotCall => lead.status == Status::Dnc,
                        Field::Status => lead.status == Status::New,
                        Field::Category => lead.tags == ["category:hot", "priority:urgent"],
                        Field::Source => lead.source.as_deref() == Some("word"),
                        Field::SubSource => lead.sub_source.as_deref() == Some("word"),
                        Field::Tags => lead.tags == ["word"],
                        Field::Address => lead.address.as_deref() == Some("word"),
                        Field::City => lead.city.as_deref() == Some("word"),
                        Field::State => lead.state.as_deref() == Some("word"),
                        Field::Zip => lead.zip.as_deref() == Some("word"),
                        Field::Country => lead.country.as_deref() == Some("CA"),
                        Field::TimeZone => lead.time_zone.is_some(),
                        Field::Notes => lead.notes.as_deref() == Some("word"),
                        // Midnight in New York.
                        Field::LastContactDate => {
                            lead.last_contact_date == "2026-01-02T05:00:00Z".parse().ok()
                        }
                        Field::Ip => lead.metadata["ip"] == "203.0.113.9",
                    };
                    assert!(said, "{}: {header}", mapping.name);
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 1000, "{tried}");
}

#[test]
fn each_word_of_each_status_is_known_also_what_other_systems_call_it() {
    for mapping in shipped() {
        for (status, words) in &mapping.statuses {
            for word in words {
                let found = with(&mapping, Field::Status, "Status", word).status;
                assert_eq!(found, *status, "{}: {word}", mapping.name);
            }
        }
    }
    // Defect 4-26: what the old services wrote into the column.
    for (word, status) in [
        ("not_interested", Status::Cold),
        ("lost", Status::Cold),
        ("disqualified", Status::Cold),
        ("converted", Status::Recruited),
        ("transferred", Status::Recruited),
        ("completed", Status::Recruited),
    ] {
        assert_eq!(with(&Mapping::plain(), Field::Status, "status", word).status, status);
    }
}

#[test]
fn the_export_of_another_system_is_read_by_its_mapping() {
    let hubspot = "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status,\
                   Lifecycle Stage,Original Source,State/Region,Postal Code,Last Contacted\n\
                   901,Ann,Lee,ann@x.example,,Sam,Attempted to Contact,Lead,Organic Search,CA,90210,\
                   2026-02-27 14:30\n";
    let hubspot = hubspot.replace("ann@x.example,,", "ann@x.example,2125551001,");
    let lead = one(&Mapping::hubspot(), &hubspot);
    assert_eq!(lead.status, Status::Contacted);
    assert_eq!(lead.source.as_deref(), Some("Organic Search"));
    assert_eq!((lead.state.as_deref(), lead.zip.as_deref()), (Some("CA"), Some("90210")));
    assert_eq!(lead.metadata["Record ID"], "901");
    assert_eq!(lead.metadata["Contact owner"], "Sam");
    assert_eq!(lead.last_contact_date, "2026-02-27T19:30:00Z".parse().ok());

    let salesforce = "Lead ID,FirstName,LastName,Company / Account,Phone,Mobile,Lead Source,Lead Status,\
                      Rating,Do Not Call,Zip/Postal Code,Country\n\
                      00Q1,Ann,Lee,Acme,,+44 20 7946 0018,Web,Working - Contacted,Hot,0,EC1A 1BB,\
                      United Kingdom\n\
                      00Q2,Bob,Ray,Acme,2125551002,,Web,Closed - Converted,,1,10001,USA\n";
    let (_, rows, _) =
        read_as(File::new("x.csv", salesforce.as_bytes()), &Mapping::salesforce()).unwrap();
    let [ann, bob] = [0, 1].map(|at| rows[at].read.clone().unwrap());
    assert_eq!((ann.phone.as_str(), ann.status), ("+442079460018", Status::Contacted));
    assert_eq!(ann.tags, ["category:hot", "priority:urgent"]);
    assert_eq!((ann.country.as_deref(), bob.country.as_deref()), (Some("GB"), Some("US")));
    // Who must not be called is not called, whatever else became of them.
    assert_eq!(bob.status, Status::Dnc);

    let pipedrive = "Person - Name;Person - Phone - Work;Person - Phone - Mobile;Person - Label;Lead - Title\n\
                     Ludwig van Beethoven;;2125551003;Hot lead;A sonata\n";
    let lead = one(&Mapping::pipedrive(), pipedrive);
    assert_eq!(lead.last_name, "van Beethoven");
    assert_eq!((lead.phone.as_str(), lead.status), ("+12125551003", Status::Hot));
    assert_eq!(lead.metadata["Lead - Title"], "A sonata");
}

#[test]
fn a_column_is_known_by_its_whole_name_and_never_by_a_part_of_it() {
    // Each holds the name of a field: last, phone, first, email, ip.
    let table = "First Name,Last Name,Phone,Last seen by,Phone model,First pet,Email opened,Shipping\n\
                 Ann,Lee,2125551001,Sam,Nokia,Rex,yes,none\n";
    let (_, rows, ignored) =
        read_as(File::new("x.csv", table.as_bytes()), &Mapping::plain()).unwrap();
    let lead = rows[0].read.as_ref().unwrap();
    assert_eq!((lead.first_name.as_str(), lead.last_name.as_str()), ("Ann", "Lee"));
    assert!(lead.email.is_none() && lead.metadata.is_empty());
    assert_eq!(ignored, ["Last seen by", "Phone model", "First pet", "Email opened", "Shipping"]);
}

#[test]
fn what_nobody_knows_is_left_out_and_reported_unless_the_mapping_keeps_it() {
    let table = "Name,Phone,Shoe size,Pet\nAnn Lee,2125551001,44,Rex\n";
    let mut mapping = Mapping::plain();
    assert!(one(&mapping, table).metadata.is_empty());
    mapping.keep.push("pet".to_owned());
    assert_eq!(
        serde_json::Value::from(one(&mapping, table).metadata),
        serde_json::json!({"Pet": "Rex"})
    );
    mapping.keep_others = true;
    assert_eq!(one(&mapping, table).metadata["Shoe size"], "44");
}

#[test]
fn of_several_columns_of_one_field_the_first_that_says_something_counts_by_the_mappings_order() {
    let table = "Name,Work Phone,Mobile,Phone\nAnn Lee,2125551001,2125551002,2125551003\n\
                 Bob Ray,2125551011,2125551012,\nCy Coe,2125551021,  ,\n";
    let (_, rows, _) = read_as(File::new("x.csv", table.as_bytes()), &Mapping::plain()).unwrap();
    let phones: Vec<_> =
        rows.iter().map(|row| row.read.as_ref().unwrap().phone.as_str().to_owned()).collect();
    assert_eq!(phones, ["+12125551003", "+12125551012", "+12125551021"]);
}

#[test]
fn a_callers_own_mapping_is_data_and_goes_before_ours() {
    let json = r#"{"name": "ours", "fields": {"phone": ["Rufnummer"], "notes": ["Phone"]},
                   "statuses": {"hot": ["brennt"]}, "date_order": "day_first"}"#;
    let mapping: Mapping = serde_json::from_str(json).unwrap();
    assert_eq!(mapping.date_order, Some(DateOrder::DayFirst));
    let table = "Name,Rufnummer,Phone,Status,Last contact\n\
                 Ann Lee,2125551001,the old one,brennt,03/02/2026\n";
    let lead = one(&mapping, table);
    assert_eq!((lead.notes.as_deref(), lead.status), (Some("the old one"), Status::Hot));
    // The third of February.
    assert_eq!(lead.last_contact_date, "2026-02-03T05:00:00Z".parse().ok());
    // Alone, it knows no column for the name.
    let only = Mapping { only: true, ..mapping };
    assert!(read_as(File::new("x.csv", table.as_bytes()), &only).is_err());
    assert!(serde_json::from_str::<Mapping>(r#"{"name": "x", "fields": {"shoe": []}}"#).is_err());
    assert!(serde_json::from_str::<Mapping>(r#"{"name": "x", "colour": 1}"#).is_err());
}

#[test]
fn a_mapping_in_which_a_name_means_two_things_is_none() {
    let table = "Name,Phone\nAnn Lee,2125551001\n";
    let refuse = |mapping: &Mapping| {
        let done = read_as(File::new("x.csv", table.as_bytes()), mapping);
        assert!(done.unwrap_err().to_string().starts_with("mapping: "));
    };
    for mapping in shipped() {
        read_as(File::new("x.csv", table.as_bytes()), &mapping).unwrap();
    }
    let mut twice = Mapping::named("twice");
    twice.fields.insert(Field::City, vec!["Place".to_owned()]);
    twice.fields.insert(Field::State, vec!["PLACE:".to_owned()]);
    refuse(&twice);
    let mut twice = Mapping::named("twice");
    twice.statuses.insert(Status::Hot, vec!["a".to_owned()]);
    twice.statuses.insert(Status::Cold, vec!["A".to_owned()]);
    refuse(&twice);
    let mut many = Mapping::named("many");
    many.keep = (0..2000).map(|n| format!("c{n}")).collect();
    read_as(File::new("x.csv", table.as_bytes()), &many).unwrap();
    many.keep.push("one more".to_owned());
    refuse(&many);
    refuse(&Mapping::named("--"));
    let mut empty = Mapping::named("x");
    empty.keep.push(" ".to_owned());
    refuse(&empty);
    let mut country = Mapping::named("x");
    country.countries.insert("usa".to_owned(), vec![]);
    refuse(&country);
}
