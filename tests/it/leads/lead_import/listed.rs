//! Who is in a file and must not be called, or not come back.

use chrono::TimeDelta;
use entity::{
    leads::lead_import_row::{Outcome, Warning},
    phone::Phone,
};
use integration::World;
use service::{
    leads::{
        lead::{self, New, Status},
        lead_import::{self, Ask, Told},
    },
    outreach::{
        consent::Subject,
        dnc::{self, Check},
        suppression,
    },
};

use super::{import, import_as, lead_of, outcomes, preview};

#[tokio::test]
async fn who_says_in_the_file_that_they_want_no_calls_is_listed_wherever_the_row_is() {
    let world = World::new().await;
    world
        .run(async |tx| {
            lead::create(tx, New::named("Old", "One", "212 555 1003")).await?;
            let soon = dnc::New {
                expires_at: Some(tx.now() + TimeDelta::days(1)),
                ..dnc::New::for_good("2125551004", "call later")
            };
            dnc::add(tx, soon).await
        })
        .await;
    // The second row is of somebody whose first row says nothing of it; a thousand rows lie between.
    let mut table = String::from("name,phone,do not call\nAnn Lee,2125551001,\n");
    for n in 0..1200 {
        table.push_str(&format!("P Q{n},+1206{:07},no\n", 2_000_000 + n));
    }
    table.push_str("Ann Lee,2125551001,yes\nOld One,2125551003,yes\nCy Coe,2125551004,yes\nDi Fox,2125551005,yes\n");
    let import = import(&world, &table).await;
    assert_eq!((import.imported, import.do_not_call), (1200, 3));
    assert_eq!((import.duplicates_in_file, import.duplicates_of_leads), (1, 1));
    for phone in ["+12125551001", "+12125551003", "+12125551004", "+12125551005"] {
        let lead = lead_of(&world, phone).await;
        assert_eq!((lead.status, lead.calling_blocked), (Status::Dnc, true), "{phone}");
        let check = world.run(async |tx| dnc::check(tx, phone).await).await;
        assert!(matches!(check, Check::Listed { expires_at: None, .. }), "{phone}: {check:?}");
    }
    // Off the list, the lead is what the file had made of it.
    world.run(async |tx| dnc::remove(tx, "+12125551005", "she came back").await).await;
    assert_eq!(lead_of(&world, "+12125551005").await.status, Status::New);
}

#[tokio::test]
async fn a_listed_number_keeps_the_status_that_it_has_in_the_file_for_when_it_comes_back() {
    let world = World::new().await;
    world
        .run(async |tx| dnc::add(tx, dnc::New::for_good("2125551001", "lead_requested")).await)
        .await;
    import(&world, "name,phone,status\nAnn Lee,2125551001,converted\n").await;
    assert_eq!(lead_of(&world, "+12125551001").await.status, Status::Dnc);
    world.run(async |tx| dnc::remove(tx, "2125551001", "she came back").await).await;
    assert_eq!(lead_of(&world, "+12125551001").await.status, Status::Recruited);
}

#[tokio::test]
async fn whoever_was_erased_does_not_come_back_in_a_file_by_number_or_by_address() {
    let world = World::new().await;
    let gone = [
        Subject::Phone(Phone::parse("2125551001", "US").unwrap().phone),
        Subject::Email(integration::populate::email("gone@x.example")),
    ];
    world.run(async |tx| suppression::add(tx, &gone, "erasure").await).await;
    let table =
        "name,phone,email\nAnn Lee,2125551001,\nB B,2125551002,Gone@x.example\nC C,2125551003,\n";
    let seen = preview(&world, table).await.counts;
    let import = import(&world, table).await;
    assert_eq!((import.imported, import.suppressed), (1, 2));
    assert_eq!((seen.imported, seen.suppressed), (1, 2));
    let told = outcomes(&world, &import).await;
    assert_eq!(told[0].1, Outcome::Suppressed);
    assert_eq!(told[0].2, "the person asked to be forgotten");
    // The neighbour never heard of it.
    let theirs = import_as(&world, &world.neighbour, table, &Ask::default()).await.unwrap();
    assert_eq!(theirs.import.imported, 3);
}

/// Defect 4-27.
#[tokio::test]
async fn an_address_that_somebody_else_has_is_worth_a_look_and_no_obstacle() {
    let world = World::new().await;
    world
        .run(async |tx| {
            let email = Some(integration::populate::email("home@x.example"));
            lead::create(tx, New { email, ..New::named("Old", "One", "212 555 1009") }).await
        })
        .await;
    let table = "name,phone,email\nA A,2125551001,home@x.example\nB B,2125551002,b@x.example\n\
                 C C,2125551003,B@X.example\nD D,2125551004,\nE E,2125551005,\n";
    let import = import(&world, table).await;
    assert_eq!(import.imported, 5);
    let told = Told::of(import.id);
    let page = world.run(async |tx| lead_import::outcomes(tx, &told).await).await;
    let warnings: Vec<_> = page.items.iter().map(|row| row.warning).collect();
    let of = |warning| Some(warning);
    assert_eq!(warnings, [of(Warning::EmailOfLead), None, of(Warning::EmailInFile), None, None]);
}

#[tokio::test]
async fn who_wants_no_calls_is_heard_though_something_else_is_wrong_with_the_row() {
    let world = World::new().await;
    let table = "name,phone,email,do not call\nAnn Lee,2125551001,not-an-address,yes\n\
                 Ann Lee,2125551001,,\n";
    let import = import(&world, table).await;
    assert_eq!((import.invalid, import.imported, import.do_not_call), (1, 0, 1));
    let lead = lead_of(&world, "+12125551001").await;
    assert_eq!((lead.status, lead.calling_blocked), (Status::Dnc, true));
}
