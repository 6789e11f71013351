//! What is to be found out about contacts.

mod merge;
mod request;
mod signature;

use chrono::TimeDelta;
use entity::{
    email::Email,
    id::{ContactEnrichmentId, UserId},
};
use integration::{
    World,
    populate::{acme, client, email, person},
};
use sea_orm::ConnectionTrait;
use service::{
    Actor, Context, Error, Result, Tx,
    sales::{
        contact::{self, Field},
        contact_enrichment::{
            self, Conflicts, Found, MOST_ATTEMPTS, Model, New, Pending, Resolution, Skip, Source,
            Status, Worked,
        },
    },
};

const SIGNED: &str = "See you on Monday.\n\nBest regards,\nAda Byron\nHead of Engines | Acme Inc.\n\
                      Tel: (212) 555-1001 / Mobile: (646) 555-1002\n\
                      https://www.linkedin.com/in/ada-byron";

async fn ada(tx: &Tx) -> Result<contact::Model> {
    acme(tx).await?;
    person(tx).await
}

/// Somebody of whom nothing is known but the address.
async fn somebody(tx: &Tx, address: Email) -> Result<contact::Model> {
    acme(tx).await?;
    let new = contact::New {
        client_id: client(),
        first_name: "Kim".to_owned(),
        last_name: "Li".to_owned(),
        email: Some(address),
        phone: None,
        time_zone: None,
    };
    contact::add(tx, new).await
}

async fn get(world: &World, id: ContactEnrichmentId) -> Model {
    world.run(async |tx| contact_enrichment::get(tx, id).await).await
}

async fn work(world: &World) -> Worked {
    world.run(async |tx| contact_enrichment::work_signatures(tx, 10).await).await
}

/// Also defect 2-32: a contact has a place for a profile.
#[tokio::test]
async fn a_signature_is_read_and_fills_what_was_empty_in_one_call() {
    let world = World::new().await;
    let (kim, queued) = world
        .run(async |tx| {
            let kim = somebody(tx, email("kim@acme.example")).await?;
            Ok((kim.clone(), contact_enrichment::enqueue(tx, New::signed(kim.id, SIGNED)).await?))
        })
        .await;
    assert_eq!((queued.status, queued.attempts), (Status::Pending, 0));
    assert_eq!(work(&world).await, Worked { completed: 1, ..Worked::default() });
    let kim = world.run(async |tx| contact::get(tx, kim.id).await).await;
    assert_eq!(kim.title.as_deref(), Some("Head of Engines"));
    assert_eq!(kim.phone.unwrap().as_str(), "+12125551001");
    assert_eq!(kim.mobile.unwrap().as_str(), "+16465551002");
    assert_eq!(kim.linkedin_url.as_deref(), Some("https://www.linkedin.com/in/ada-byron"));
    let done = get(&world, queued.id).await;
    assert_eq!(done.status, Status::Completed);
    assert_eq!(done.merged_to_contact_id, Some(kim.id));
    assert_eq!(done.processed_at, Some(world.context.now));
    assert_eq!(done.extracted_data.company.as_deref(), Some("Acme Inc."));
    assert_eq!(done.extracted_data.role.as_deref(), Some("decision_maker"));
    // What was read is not kept.
    assert_eq!(done.source_text, None);
    assert_eq!(work(&world).await, Worked::default());
}

#[tokio::test]
async fn a_signature_that_may_be_anothers_fills_nothing_and_is_left_to_a_person() {
    let world = World::new().await;
    let theirs = "Fine.\n\nBest,\nSam Other\nCEO\n+1 646 555 1002\nsam@other.example";
    let body = "Hi Bob,\nreach Bob at +1 646 555 1002\nAda";
    let own = "Fine.\n\nBest,\nKim Li\nCEO\n+1 646 555 1002\nKIM@acme.example";
    for (address, message, open, filled) in [
        ("lee@acme.example", theirs, vec!["phone", "title"], None),
        ("max@acme.example", body, vec!["phone"], None),
        ("kim@acme.example", own, vec![], Some("+16465551002")),
    ] {
        let id = world
            .run(async |tx| {
                let who = somebody(tx, email(address)).await?;
                contact_enrichment::enqueue(tx, New::signed(who.id, message)).await?;
                Ok(who.id)
            })
            .await;
        assert_eq!(work(&world).await, Worked { completed: 1, ..Worked::default() });
        let ask = Conflicts { contact_id: Some(id), ..Conflicts::default() };
        let (who, found) = world
            .run(async |tx| {
                Ok((contact::get(tx, id).await?, contact_enrichment::conflicts(tx, &ask).await?))
            })
            .await;
        assert_eq!(who.phone.map(String::from).as_deref(), filled, "{message}");
        assert_eq!(who.title.as_deref(), filled.map(|_| "CEO"), "{message}");
        let mut fields: Vec<_> =
            found.items.iter().map(|item| format!("{:?}", item.field).to_lowercase()).collect();
        fields.sort();
        assert_eq!(fields, open, "{message}");
        // Who decides for it has it.
        let Some(first) = found.items.into_iter().find(|item| item.field == Field::Phone) else {
            continue;
        };
        let decider = Context { actor: Actor::User(UserId::new()), ..world.context.clone() };
        let accept =
            async |tx: &Tx| contact_enrichment::resolve(tx, first.id, Resolution::Accept).await;
        world.run_as(&decider, accept).await;
        let who = world.run(async |tx| contact::get(tx, id).await).await;
        assert_eq!(who.phone.unwrap().as_str(), "+16465551002");
    }
}

#[tokio::test]
async fn the_same_is_queued_once_for_each_contact_and_source_while_it_is_under_way() {
    let world = World::new().await;
    let (kim, first) = world
        .run(async |tx| {
            let kim = somebody(tx, email("kim@acme.example")).await?;
            let first = contact_enrichment::enqueue(tx, New::signed(kim.id, SIGNED)).await?;
            let again = contact_enrichment::enqueue(tx, New::signed(kim.id, "other")).await?;
            assert_eq!(again, first);
            // The address is the contact's.
            let by_address = New::signed(kim.id, "x").of_address(email("Kim@Acme.example"));
            let again = contact_enrichment::enqueue(tx, by_address).await?;
            assert_eq!(again, first);
            let other = New::asked(kim.id, Source::Apollo);
            assert_ne!(contact_enrichment::enqueue(tx, other).await?.id, first.id);
            Ok((kim, first))
        })
        .await;
    work(&world).await;
    let again = New::signed(kim.id, SIGNED);
    let later = world.run(async |tx| contact_enrichment::enqueue(tx, again).await).await;
    assert_ne!(later.id, first.id);
}

#[tokio::test]
async fn of_six_at_once_one_is_queued_for_an_address_that_nobody_has() {
    let world = World::new().await;
    let queue = async || {
        let new = New::asked(entity::id::ContactId::new(), Source::WebSearch);
        let new = new.of_address(email("nobody@acme.example"));
        let queue = async |tx: &Tx| contact_enrichment::enqueue(tx, new).await;
        world.db.run(world.context.clone(), queue).await.unwrap().id
    };
    let ids: [_; 6] = tokio::join!(queue(), queue(), queue(), queue(), queue(), queue()).into();
    assert_eq!(ids, [queue().await; 6]);
    let rows = "select count(*)::text from contact_enrichment_queue";
    assert_eq!(world.strings(rows).await, ["1"]);
}

#[tokio::test]
async fn only_what_the_writer_wrote_is_kept_until_it_is_read() {
    let world = World::new().await;
    let message = format!("{SIGNED}\n\nOn 1 March 2026 Sam wrote:\n> Call me: +1 212 555 9999\n");
    let queued = world
        .run(async |tx| {
            let kim = somebody(tx, email("kim@acme.example")).await?;
            contact_enrichment::enqueue(tx, New::signed(kim.id, &message)).await
        })
        .await;
    let kept = queued.source_text.unwrap();
    assert!(kept.contains("Ada Byron") && !kept.contains("9999"), "{kept}");
    let long = "é".repeat(20_000);
    let kept = contact_enrichment::signature::own(&long);
    assert_eq!(kept.chars().count(), 10_000);
}

#[tokio::test]
async fn who_wants_to_be_left_alone_is_skipped_and_so_is_an_address_of_nobody_or_of_two() {
    let world = World::new().await;
    let [quiet, gone, nobody, two] = world
        .run(async |tx| {
            let quiet = somebody(tx, email("quiet@acme.example")).await?;
            let gone = somebody(tx, email("gone@acme.example")).await?;
            let item = async |new| Ok::<_, Error>(contact_enrichment::enqueue(tx, new).await?.id);
            let quietly = item(New::signed(quiet.id, SIGNED)).await?;
            let goes = item(New::signed(gone.id, SIGNED)).await?;
            contact::unsubscribe(tx, quiet.id).await?;
            let at = |address| New::signed(gone.id, SIGNED).of_address(email(address));
            let nobody = item(at("nobody@acme.example")).await?;
            for _ in 0..2 {
                somebody(tx, email("info@acme.example")).await?;
            }
            Ok([quietly, goes, nobody, item(at("info@acme.example")).await?])
        })
        .await;
    let delete = "update contacts set deleted_at = now() where email = 'gone@acme.example'";
    world.owner.execute_unprepared(delete).await.unwrap();
    assert_eq!(work(&world).await, Worked { skipped: 4, ..Worked::default() });
    for (id, why) in [
        (quiet, Skip::Suppressed),
        (gone, Skip::ContactGone),
        (nobody, Skip::NoMatch),
        (two, Skip::Ambiguous),
    ] {
        let item = get(&world, id).await;
        assert_eq!((item.status, item.skip_reason), (Status::Skipped, Some(why)));
        assert_eq!(item.source_text, None);
    }
    assert_eq!(world.strings("select count(title)::text from contacts").await, ["0"]);
}

#[tokio::test]
async fn a_contact_of_a_company_that_is_gone_is_skipped() {
    let world = World::new().await;
    let id = world
        .run(async |tx| {
            let ada = ada(tx).await?;
            Ok(contact_enrichment::enqueue(tx, New::signed(ada.id, SIGNED)).await?.id)
        })
        .await;
    world.owner.execute_unprepared("update customers set deleted_at = now()").await.unwrap();
    assert_eq!(work(&world).await, Worked { skipped: 1, ..Worked::default() });
    assert_eq!(get(&world, id).await.skip_reason, Some(Skip::CompanyGone));
}

#[tokio::test]
async fn one_that_cannot_be_recorded_stops_none_of_the_others_and_is_tried_again_five_times() {
    let world = World::new().await;
    let bad = world
        .run(async |tx| {
            let mut bad = None;
            for name in ["a", "bad", "c"] {
                let who = somebody(tx, email(&format!("{name}@acme.example"))).await?;
                let item = contact_enrichment::enqueue(tx, New::signed(who.id, SIGNED)).await?;
                bad = if name == "bad" { Some(item.id) } else { bad };
            }
            Ok(bad.unwrap())
        })
        .await;
    let refuse = "create function public.refuse() returns trigger language plpgsql as $$ begin
                    if new.email = 'bad@acme.example' then raise exception 'no'; end if;
                    return new; end $$;
                  create trigger refuse before update on contacts for each row
                    execute function public.refuse()";
    world.owner.execute_unprepared(refuse).await.unwrap();
    assert_eq!(work(&world).await, Worked { completed: 2, failed: 1, ..Worked::default() });
    // 5, 10, 20 and 40 minutes after the attempt before; not a microsecond sooner.
    let mut at = world.context.clone();
    for (attempt, wait) in [(1, 5), (2, 10), (3, 20), (4, 40)] {
        let item = get(&world, bad).await;
        assert_eq!((item.status, item.attempts), (Status::Pending, attempt));
        assert!(item.error_message.unwrap().contains("no"));
        at.now += TimeDelta::minutes(wait) - TimeDelta::microseconds(1);
        let work = async |tx: &Tx| contact_enrichment::work_signatures(tx, 10).await;
        assert_eq!(world.run_as(&at, work).await, Worked::default(), "{attempt}");
        at.now += TimeDelta::microseconds(1);
        let work = async |tx: &Tx| contact_enrichment::work_signatures(tx, 10).await;
        assert_eq!(world.run_as(&at, work).await, Worked { failed: 1, ..Worked::default() });
    }
    let dead = get(&world, bad).await;
    assert_eq!((dead.status, dead.attempts), (Status::Failed, MOST_ATTEMPTS));
    assert_eq!(dead.processed_at, Some(at.now));
    world.owner.execute_unprepared("drop trigger refuse on contacts").await.unwrap();
    at.now += TimeDelta::days(1);
    let work = async |tx: &Tx| contact_enrichment::work_signatures(tx, 10).await;
    assert_eq!(world.run_as(&at, work).await, Worked::default());
    let again = world.run_as(&at, async |tx| contact_enrichment::retry(tx, bad).await).await;
    assert_eq!((again.status, again.most_attempts), (Status::Pending, 10));
    let work = async |tx: &Tx| contact_enrichment::work_signatures(tx, 10).await;
    assert_eq!(world.run_as(&at, work).await, Worked { completed: 1, ..Worked::default() });
    // What has not failed is not tried again.
    let retried = world.db.run(at.clone(), async |tx| contact_enrichment::retry(tx, bad).await);
    assert!(matches!(retried.await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn what_two_workers_read_at_once_is_read_once() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for n in 0..12 {
                let who = somebody(tx, email(&format!("n{n}@acme.example"))).await?;
                contact_enrichment::enqueue(tx, New::signed(who.id, SIGNED)).await?;
            }
            Ok(())
        })
        .await;
    let work = async || {
        let work = async |tx: &Tx| contact_enrichment::work_signatures(tx, 5).await;
        world.db.run(world.context.clone(), work).await.unwrap().completed
    };
    let (a, b, c) = tokio::join!(work(), work(), work());
    let rest = work().await;
    assert_eq!(a + b + c + rest, 12);
    let rows = "select count(*)::text from contact_enrichment_proposals where field = 'title'";
    assert_eq!(world.strings(rows).await, ["12"]);
}

#[tokio::test]
async fn what_waits_is_listed_oldest_first_a_page_at_a_time_and_of_one_tenant() {
    let world = World::new().await;
    let mut expected = vec![];
    for n in [3, 1, 2] {
        let at = world.later(TimeDelta::minutes(n));
        let item = world
            .run_as(&at, async |tx| {
                let who = somebody(tx, email(&format!("n{n}@acme.example"))).await?;
                contact_enrichment::enqueue(tx, New::asked(who.id, Source::Manual)).await
            })
            .await;
        expected.push((n, item.id));
    }
    expected.sort_unstable();
    world
        .run_as(&world.neighbour, async |tx| {
            let ada = ada(tx).await?;
            contact_enrichment::enqueue(tx, New::asked(ada.id, Source::Manual)).await
        })
        .await;
    let at = world.later(TimeDelta::minutes(3));
    let mut ask = Pending { limit: 2, after: None };
    let mut found = vec![];
    loop {
        let page = world.run_as(&at, async |tx| contact_enrichment::pending(tx, &ask).await).await;
        found.extend(page.items.into_iter().map(|item| item.id));
        let Some(after) = page.next else { break };
        ask.after = Some(after);
    }
    assert_eq!(found, expected.into_iter().map(|(_, id)| id).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_cannot_be_queued_names_the_field_and_writes_nothing() {
    let world = World::new().await;
    let ada = world.run(ada).await;
    let refused = [
        (New { contact_id: None, ..New::asked(ada.id, Source::Apollo) }, "contact_id"),
        (New { text: None, ..New::signed(ada.id, "x") }, "text"),
        (New { source: Source::Manual, ..New::signed(ada.id, "x") }, "text"),
        (New { source_id: Some(String::new()), ..New::signed(ada.id, "x") }, "source_id"),
        (New { source_id: Some("x".repeat(201)), ..New::signed(ada.id, "x") }, "source_id"),
    ];
    for (new, expected) in refused {
        let enqueue = async |tx: &Tx| contact_enrichment::enqueue(tx, new).await;
        let done = world.db.run(world.context.clone(), enqueue).await;
        assert!(matches!(done, Err(Error::Invalid { field, .. }) if field == expected));
    }
    // A message of nothing but a NUL is one without a signature.
    let nul = New::signed(ada.id, "\0");
    world.run(async |tx| contact_enrichment::enqueue(tx, nul).await).await;
    let theirs = New::asked(ada.id, Source::Apollo);
    let enqueue = async |tx: &Tx| contact_enrichment::enqueue(tx, theirs).await;
    let done = world.db.run(world.neighbour.clone(), enqueue).await;
    assert!(matches!(done, Err(Error::NotFound("contact"))));
    let rows = "select count(*)::text from contact_enrichment_queue";
    assert_eq!(world.strings(rows).await, ["1"]);
}

/// Defect 2-31, of enrichments.
#[tokio::test]
async fn what_has_ended_ends_once() {
    let world = World::new().await;
    let id = world
        .run(async |tx| {
            let ada = ada(tx).await?;
            let item = contact_enrichment::enqueue(tx, New::asked(ada.id, Source::Manual)).await?;
            contact_enrichment::complete(tx, item.id, Found::default()).await?;
            Ok(item.id)
        })
        .await;
    let run = world.context.clone();
    let done = [
        world.db.run(run.clone(), async |tx| contact_enrichment::fail(tx, id, "no").await).await,
        world
            .db
            .run(run.clone(), async |tx| contact_enrichment::skip(tx, id, Skip::Unwanted).await)
            .await,
        world
            .db
            .run(run, async |tx| contact_enrichment::complete(tx, id, Found::default()).await)
            .await,
    ];
    assert!(done.iter().all(|done| matches!(done, Err(Error::Conflict(_)))), "{done:?}");
    assert_eq!(get(&world, id).await.status, Status::Completed);
}

/// Defect 2-20: the deletion of a person fails for no enrichment of theirs, and leaves nothing of
/// what was found out about them.
#[tokio::test]
async fn with_a_customer_goes_what_was_found_out_about_its_people() {
    let world = World::new().await;
    world
        .run(async |tx| {
            let ada = ada(tx).await?;
            contact_enrichment::enqueue(tx, New::signed(ada.id, SIGNED)).await?;
            contact_enrichment::work_signatures(tx, 10).await?;
            contact_enrichment::enqueue(tx, New::asked(ada.id, Source::Apollo)).await
        })
        .await;
    let count = "select count(*)::text from contact_fields";
    assert_ne!(world.strings(count).await, ["0"]);
    let delete = "delete from customers";
    assert_eq!(world.owner.execute_unprepared(delete).await.unwrap().rows_affected(), 1);
    for table in ["contact_enrichment_queue", "contact_enrichment_proposals", "contact_fields"] {
        let left = format!("select count(*)::text from {table}");
        assert_eq!(world.strings(&left).await, ["0"], "{table}");
    }
}

/// Defect 2-23.
#[tokio::test]
async fn whoever_changes_a_row_its_time_of_change_moves() {
    let world = World::new().await;
    world.populate(&world.context).await;
    for table in [
        "contact_enrichment_queue",
        "contact_enrichment_proposals",
        "contact_fields",
        "opportunity_signals",
    ] {
        let change = format!("update {table} set created_at = created_at");
        world.owner.execute_unprepared(&change).await.unwrap();
        let moved = format!("select bool_and(updated_at > created_at)::text from {table}");
        assert_eq!(world.strings(&moved).await, ["true"], "{table}");
    }
}
