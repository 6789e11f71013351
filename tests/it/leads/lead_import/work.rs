//! Files that become leads, as a whole or not at all.

use std::sync::Arc;

use chrono::TimeDelta;
use entity::{leads::lead_import_row::Outcome, zone::Zone};
use integration::{World, strings};
use sea_orm::ConnectionTrait;
use service::{
    Error,
    leads::{
        lead::{self, New, Status, Trigger},
        lead_import::{self, Ask, File, List, Progress, Told},
        system_config::{self, LeadLimits},
    },
    outreach::dnc,
};

use super::{count, import, import_as, lead_of, outcomes, people, preview};

const TABLE: &str = "First Name,Last Name,Phone,E-mail,Status,Source,Tags\n\
    Ann,Lee,(212) 555-1001,ann@x.example,Hot,Facebook Ads,\"vip, june\"\n\
    Bob,Ray,212-555-1002,ann@x.example,,,\n\
    Ann,Again,+1 212 555 1001,,,,\n\
    Known,Already,2125551003,,,,\n\
    Cy,Coe,2125551004,,,,\n\
    Di,Fox,nothing,di@,,,\n";

/// Of [`TABLE`], one is a lead already and one is on the do-not-call list.
async fn world() -> World {
    let world = World::new().await;
    world
        .run(async |tx| {
            lead::create(tx, New::named("Known", "Before", "212 555 1003")).await?;
            dnc::add(tx, dnc::New::for_good("2125551004", "lead_requested")).await
        })
        .await;
    world
}

#[tokio::test]
async fn each_row_becomes_a_lead_or_says_why_not() {
    let world = world().await;
    // The neighbour has the same people, which is nobody's business here.
    import_as(&world, &world.neighbour, TABLE, &Ask::default()).await.unwrap();
    let import = import(&world, TABLE).await;
    assert_eq!((import.rows, import.imported, import.do_not_call), (6, 2, 1));
    assert_eq!((import.duplicates_in_file, import.duplicates_of_leads), (1, 1));
    assert_eq!((import.suppressed, import.invalid), (0, 1));
    assert_eq!(
        outcomes(&world, &import).await,
        [
            (2, Outcome::Imported, String::new()),
            (3, Outcome::Imported, String::new()),
            (4, Outcome::DuplicateInFile, "the number of line 2".to_owned()),
            (5, Outcome::DuplicateOfLead, String::new()),
            (6, Outcome::DoNotCall, String::new()),
            (
                7,
                Outcome::Invalid,
                "phone: not a telephone number; email: not an e-mail address".to_owned()
            ),
        ]
    );
    let ann = lead_of(&world, "+12125551001").await;
    assert_eq!((ann.status, ann.source.as_deref()), (Status::Hot, Some("Facebook Ads")));
    assert_eq!(ann.tags, ["june", "vip"]);
    let cy = lead_of(&world, "+12125551004").await;
    assert_eq!((cy.status, cy.calling_blocked), (Status::Dnc, true));
    // What stood in the row is kept where somebody has to mend it, and nowhere else.
    let told = Told { only_odd: true, ..Told::of(import.id) };
    let odd = world.run(async |tx| lead_import::outcomes(tx, &told).await).await.items;
    assert_eq!(odd.len(), 4);
    assert_eq!(odd[1].lead_id, Some(lead_of(&world, "+12125551003").await.id));
    let kept: Vec<_> = odd.iter().filter_map(|row| row.row_values.as_ref()).collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].0["Phone"], "nothing");
}

#[tokio::test]
async fn a_lead_from_a_file_is_a_lead_like_any_other() {
    let world = world().await;
    let import = import(&world, TABLE).await;
    let ann = lead_of(&world, "+12125551001").await;
    let (statuses, changes) = world
        .run(async |tx| Ok((lead::statuses(tx, ann.id).await?, lead::changes(tx, ann.id).await?)))
        .await;
    assert_eq!(statuses.len(), 1);
    assert_eq!((statuses[0].from_status, statuses[0].to_status), (None, Status::Hot));
    assert_eq!(statuses[0].trigger_type, Trigger::Import);
    assert_eq!(statuses[0].trigger_id, Some(import.id.0));
    assert_eq!(changes[0].field_name, "created");
    for ask in [
        lead::List { tag: Some("vip".to_owned()), ..lead::List::default() },
        lead::List {
            text: Some("ann".to_owned()),
            status: Some(Status::Hot),
            ..lead::List::default()
        },
    ] {
        let page = world.run(async |tx| lead::list(tx, &ask).await).await;
        assert_eq!(page.items.iter().map(|lead| lead.id).collect::<Vec<_>>(), [ann.id]);
    }
}

#[tokio::test]
async fn a_preview_says_what_the_import_will_do_and_writes_nothing() {
    let world = world().await;
    let tables =
        ["leads", "lead_imports", "lead_import_rows", "dnc_list", "dnc_checks", "lead_audit_log"];
    let mut before = vec![];
    for table in tables {
        before.push(count(&world, table).await);
    }
    let table = format!("{TABLE}Ed,Gray,2125551009,,do not call,,\n");
    let seen = preview(&world, &table).await;
    for (table, before) in tables.iter().zip(before) {
        assert_eq!(count(&world, table).await, before, "{table}");
    }
    assert_eq!(seen.done_before, None);
    let import = import(&world, &table).await;
    let counts = seen.counts;
    assert_eq!(
        (
            counts.imported,
            counts.do_not_call,
            counts.duplicates_in_file,
            counts.duplicates_of_leads
        ),
        (
            import.imported,
            import.do_not_call,
            import.duplicates_in_file,
            import.duplicates_of_leads
        )
    );
    assert_eq!((counts.invalid, counts.rows(), seen.format), (import.invalid, 7, import.format));
    let foretold: Vec<_> = seen
        .rows
        .iter()
        .map(|row| {
            let line = i32::try_from(row.line).unwrap();
            (line, row.outcome, row.reason.clone().unwrap_or_default())
        })
        .collect();
    assert_eq!(foretold, outcomes(&world, &import).await);
    assert_eq!(preview(&world, &table).await.done_before, Some(import.id));
}

#[tokio::test]
async fn the_same_file_and_the_same_request_are_imported_once() {
    let world = World::new().await;
    let key = |key: &str| Ask { idempotency_key: Some(key.to_owned()), ..Ask::default() };
    let first = import_as(&world, &world.context, &people(3, 0), &key("a")).await.unwrap();
    assert!(!first.again);
    for ask in [key("a"), key("b"), Ask::default()] {
        let again = import_as(&world, &world.context, &people(3, 0), &ask).await.unwrap();
        assert!(again.again);
        assert_eq!(again.import, first.import);
    }
    let other = import_as(&world, &world.context, &people(3, 3), &key("a")).await.unwrap_err();
    assert!(matches!(other, Error::Conflict(_)), "{other}");
    assert_eq!(count(&world, "leads").await, "3");
    // Another tenant's file is its own, and so is its key.
    let theirs = import_as(&world, &world.neighbour, &people(3, 0), &key("a")).await.unwrap();
    assert!(!theirs.again);
}

#[tokio::test]
async fn five_files_are_imported_in_a_day_of_the_tenants_and_no_more() {
    let world = World::new().await;
    let zone = "update tenants set time_zone = 'America/New_York'";
    world.owner.execute_unprepared(zone).await.unwrap();
    assert!(Zone::parse("America/New_York").is_ok());
    // It is 04:00 there; the day began at 05:00 in UTC, and so does the next.
    let mut imports = vec![];
    for n in 0..5 {
        imports.push(import(&world, &people(1, n)).await);
    }
    // A repetition is none, and one that was taken back was one all the same.
    assert!(import_as(&world, &world.context, &people(1, 0), &Ask::default()).await.unwrap().again);
    let id = imports[0].id;
    world.run(async |tx| lead_import::revert(tx, id, "wrong file").await).await;
    let sixth = people(1, 9);
    for (time, refused) in [
        ("2026-03-02T09:00:01Z", true),
        ("2026-03-03T04:59:59Z", true),
        ("2026-03-03T05:00:00Z", false),
    ] {
        let done = import_as(&world, &world.at(time), &sixth, &Ask::default()).await;
        assert_eq!(matches!(done, Err(Error::Conflict(_))), refused, "{time}: {done:?}");
    }
    // A preview is no import, and another tenant has a day of its own.
    preview(&world, &people(1, 20)).await;
    import_as(&world, &world.neighbour, &people(1, 0), &Ask::default()).await.unwrap();
}

#[tokio::test]
async fn a_tenant_settles_how_many_files_that_are() {
    let world = World::new().await;
    let limits = LeadLimits { max_imports_per_day: 1, ..LeadLimits::default() };
    world.run(async |tx| system_config::set(tx, limits, "a quiet office").await).await;
    import(&world, &people(1, 0)).await;
    let second = import_as(&world, &world.context, &people(1, 1), &Ask::default()).await;
    assert!(matches!(second.unwrap_err(), Error::Conflict(_)));
}

#[tokio::test]
async fn a_file_that_is_broken_at_its_end_leaves_nothing_of_its_beginning() {
    let world = World::new().await;
    let broken = format!("{}Bob,\"Ray,2125551001\nCy,Coe,2125551002,\n", people(2500, 0));
    let refused = import_as(&world, &world.context, &broken, &Ask::default()).await.unwrap_err();
    assert!(matches!(refused, Error::Invalid { .. }), "{refused}");
    // Nor does one whose leads the database refuses (defect 4-28).
    let nobody = Ask { user_id: Some(entity::id::UserId::new()), ..Ask::default() };
    let refused = import_as(&world, &world.context, &people(2500, 0), &nobody).await.unwrap_err();
    assert!(matches!(refused, Error::NotFound("user")), "{refused}");
    for table in ["leads", "lead_imports", "lead_import_rows", "lead_words", "lead_audit_log"] {
        assert_eq!(count(&world, table).await, "0", "{table}");
    }
}

#[tokio::test]
async fn what_is_asked_of_an_import_is_said_of_each_lead_and_bad_input_names_its_field() {
    let world = World::new().await;
    let ask =
        Ask { source: Some("expo".to_owned()), tags: vec![" June ".to_owned()], ..Ask::default() };
    let table =
        "name,phone,source,tags,shoe size\nAnn Lee,2125551001,referral,vip,9\nB B,2125551002,,,9\n";
    let done = import_as(&world, &world.context, table, &ask).await.unwrap();
    assert_eq!(done.import.ignored_columns, ["shoe size"]);
    assert_eq!(done.import.imported_by, world.context.user());
    let (ann, b) = (lead_of(&world, "+12125551001").await, lead_of(&world, "+12125551002").await);
    assert_eq!((ann.source.as_deref(), b.source.as_deref()), (Some("referral"), Some("expo")));
    assert_eq!(
        (ann.tags, b.tags),
        (vec!["june".to_owned(), "vip".to_owned()], vec!["june".to_owned()])
    );
    let long = |most: usize| Some("x".repeat(most));
    for (field, ask) in [
        ("source", Ask { source: long(101), ..Ask::default() }),
        ("idempotency_key", Ask { idempotency_key: long(201), ..Ask::default() }),
        ("idempotency_key", Ask { idempotency_key: long(0), ..Ask::default() }),
        ("tags", Ask { tags: vec!["x".repeat(51)], ..Ask::default() }),
        ("mapping", Ask { mapping: lead_import::Mapping::named(""), ..Ask::default() }),
    ] {
        let refused = import_as(&world, &world.context, table, &ask).await.unwrap_err();
        assert!(refused.to_string().starts_with(&format!("{field}: ")), "{field}: {refused}");
    }
    let unnamed = File::new("", b"name,phone\n");
    let refused = world.db.run(world.context.clone(), async |tx| {
        lead_import::import(tx, &unnamed, &Ask::default()).await
    });
    assert!(refused.await.unwrap_err().to_string().starts_with("file_name: "));
}

#[tokio::test]
async fn whoever_watches_sees_how_far_it_is() {
    let world = World::new().await;
    let progress = Arc::new(Progress::default());
    let ask = Ask { progress: Some(Arc::clone(&progress)), ..Ask::default() };
    let table = people(2500, 0);
    let watched = Arc::clone(&progress);
    let watch = async move {
        let mut seen = std::collections::BTreeSet::new();
        while watched.done() < 2500 {
            seen.insert((watched.rows(), watched.done()));
            tokio::task::yield_now().await;
        }
        seen
    };
    let (done, seen) = tokio::join!(import_as(&world, &world.context, &table, &ask), watch);
    assert_eq!(done.unwrap().import.imported, 2500);
    assert!(seen.contains(&(2500, 1000)) && seen.contains(&(2500, 2000)), "{seen:?}");
}

#[tokio::test]
async fn imports_and_their_rows_are_read_page_by_page() {
    let world = World::new().await;
    let mut made = vec![];
    for n in 0..3 {
        let at = world.later(TimeDelta::minutes(i64::from(n)));
        let done = import_as(&world, &at, &people(5, n * 10), &Ask::default()).await.unwrap();
        made.insert(0, done.import.id);
    }
    import_as(&world, &world.neighbour, &people(5, 0), &Ask::default()).await.unwrap();
    let mut ask = List { limit: 2, after: None };
    let first = world.run(async |tx| lead_import::list(tx, &ask).await).await;
    ask.after = first.next;
    let second = world.run(async |tx| lead_import::list(tx, &ask).await).await;
    let found: Vec<_> = first.items.iter().chain(&second.items).map(|import| import.id).collect();
    assert_eq!((found, second.next), (made.clone(), None));
    let mut told = Told { limit: 3, ..Told::of(made[0]) };
    let first = world.run(async |tx| lead_import::outcomes(tx, &told).await).await;
    told.after = first.next;
    let second = world.run(async |tx| lead_import::outcomes(tx, &told).await).await;
    let lines: Vec<_> = first.items.iter().chain(&second.items).map(|row| row.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6]);
    let id = made[0];
    let strange = world
        .db
        .run(world.neighbour.clone(), async |tx| lead_import::outcomes(tx, &Told::of(id)).await);
    assert!(matches!(strange.await.unwrap_err(), Error::NotFound("import")));
}

#[tokio::test]
async fn what_stood_in_refused_rows_is_forgotten_when_it_is_time() {
    let world = World::new().await;
    let import = import(&world, "name,phone\nAnn Lee,none\n").await;
    let values = "select count(*)::text from lead_import_rows where row_values is not null";
    let at = import.imported_at;
    let forgot = world.run(async |tx| lead_import::forget_values(tx, at).await).await;
    assert_eq!((forgot, strings(&world.owner, values).await.remove(0)), (0, "1".to_owned()));
    let at = at + TimeDelta::microseconds(1);
    let forgot = world.run(async |tx| lead_import::forget_values(tx, at).await).await;
    assert_eq!((forgot, strings(&world.owner, values).await.remove(0)), (1, "0".to_owned()));
    assert_eq!(outcomes(&world, &import).await[0].1, Outcome::Invalid);
}

#[tokio::test]
async fn leads_from_a_workbook_json_and_a_mail_are_leads_too() {
    let world = World::new().await;
    let cell = |place: &str, text: &str| {
        format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
    };
    let rows = format!(
        "<row r=\"1\">{}{}</row><row r=\"2\">{}<c r=\"B2\"><v>12125551001</v></c></row>",
        cell("A1", "Name"),
        cell("B1", "Phone"),
        cell("A2", "Ann Lee")
    );
    let book = super::book::book(&rows, "<sst></sst>");
    let files = [
        File::new("leads.xlsx", &book),
        File::new("leads.json", br#"[{"name":"Bob Ray","phone":"2125551002"}]"#),
        File::new("mail.txt", b"Name: Cy Coe\nPhone: 2125551003\n"),
    ];
    for file in files {
        let ask = Ask::default();
        let done = world.run(async |tx| lead_import::import(tx, &file, &ask).await).await;
        assert_eq!(done.import.imported, 1, "{}", file.name);
    }
    let formats = "select format from lead_imports order by imported_at, id";
    assert_eq!(world.strings(formats).await, ["xlsx", "json", "email_text"]);
    assert_eq!(lead_of(&world, "+12125551003").await.tags, ["gmail_import"]);
}
