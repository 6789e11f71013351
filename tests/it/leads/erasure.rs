//! One person: what is held about them, and its end.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    id::{ContactId, LeadId},
    phone::Phone,
};
use integration::{World, populate};
use service::{
    Context, Error, Result, Tx,
    health::{client_health_score, pattern},
    leads::{
        erasure::{Line, NOBODYS, Plan, Subject, What, erase, export, plan, queries},
        lead::{self, Because, Change, Convert, Status, Update},
        lead_link::{self, End, Kind, New},
        lead_merge::{self, Choice},
    },
    outreach::{consent::Subject as Reached, dnc, suppression},
    sales::{contact, contact_enrichment, deal, opportunity_signal, task},
    support::case::{self, Priority},
};

/// By what the person is known, wherever it stands.
const WORDS: [&str; 6] =
    ["xanthippe", "quartermain", "2065557701", "2065557702", "2065557703", "obscure teas"];

struct Person {
    lead: LeadId,
    folded: LeadId,
    contact: ContactId,
}

/// Somebody of whom something stands in every table that could hold it.
async fn xanthippe(tx: &Tx) -> Result<Person> {
    let client = populate::acme(tx).await?;
    let email = populate::email("xanthippe@quartermain.example");
    let new = lead::New {
        email: Some(email.clone()),
        address: Some("1 Quartermain Road".to_owned()),
        source_metadata: Some(serde_json::json!({"form": {"name": "Xanthippe"}})),
        tags: vec!["quartermain-family".to_owned()],
        notes: Some("Likes obscure teas".to_owned()),
        ..lead::New::named("Xanthippe", "Quartermain", "+12065557701")
    };
    let first = lead::create(tx, new).await?;
    let twice = lead::New {
        notes: Some("Quartermain again".to_owned()),
        ..lead::New::named("X.", "Quartermain", "+12065557702")
    };
    let twice = lead::create(tx, twice).await?;
    let grace = lead::create(tx, populate::leads::grace()).await?;
    let link = New::between(End::Lead(twice.id), Kind::ReferredBy, End::Lead(grace.id));
    lead_link::add(tx, link).await?;
    let because = Because::manual(Some("Xanthippe said so"));
    lead::move_to(tx, first.id, Status::Hot, &because).await?;
    let choice = Choice { reason: Some("both are Quartermain".to_owned()), ..Choice::default() };
    lead_merge::merge(tx, first.id, twice.id, &choice).await?;
    let seen = lead::get(tx, first.id).await?;
    let moved = vec![Change::PhoneNumber("+12065557703".to_owned())];
    lead::update(tx, first.id, &Update::of(&seen, moved)).await?;
    let done = lead::convert(tx, first.id, Convert::into(client.clone())).await?;
    let contact = done.contact_id.expect("a contact");

    let about = "About Xanthippe Quartermain";
    let new = case::New {
        client_id: client.clone(),
        contact_id: Some(contact),
        order_id: None,
        category: "delivery".to_owned(),
        subject: about.to_owned(),
        description: Some(about.to_owned()),
        priority: Priority::Normal,
    };
    case::open(tx, new).await?;
    let new = task::New {
        contact_id: Some(contact),
        ..task::New::titled("Call Xanthippe", Priority::High)
    };
    task::open(tx, new).await?;
    let new = deal::New {
        contact_id: Some(contact),
        ..deal::New::titled(client.clone(), "Quartermain, teas")
    };
    deal::open(tx, new).await?;
    let signed = "Regards,\nXanthippe Quartermain\nTitle: Taster\nMobile: +1 206 555 7702";
    contact_enrichment::enqueue(tx, contact_enrichment::New::signed(contact, signed)).await?;
    contact_enrichment::work_signatures(tx, 10).await?;
    let source = opportunity_signal::Source::email("message-x", contact);
    let text = "Xanthippe here: we are growing, and need it asap.";
    opportunity_signal::detect_in(tx, &source, text).await?;
    let new = client_health_score::New {
        email: email.clone(),
        client_id: Some(client),
        firstname: Some("Xanthippe".to_owned()),
        lastname: Some("Quartermain".to_owned()),
        assigned_coach: None,
    };
    client_health_score::open(tx, new).await?;
    let call = tx.now() - TimeDelta::hours(1);
    pattern::record_call(tx, pattern::New::held(email, call)).await?;
    dnc::add(tx, dnc::New::for_good("+12065557703", "lead_requested")).await?;
    dnc::check(tx, "+12065557701").await?;
    Ok(Person { lead: first.id, folded: twice.id, contact })
}

/// A world full of others, and of a neighbour who knows the same person.
async fn scene() -> (World, Person) {
    let world = World::new().await;
    let person = Box::pin(world.run(xanthippe)).await;
    Box::pin(world.run_as(&world.neighbour, xanthippe)).await;
    (world, person)
}

/// Where some words stand in one tenant's rows, by table and column, whatever their case: every
/// column of every table is looked into.
async fn found(world: &World, who: &Context, words: &[&str]) -> BTreeSet<String> {
    let columns = "
        select c.relname || '.' || a.attname from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
          and c.relname not in ('seaql_migrations', 'tenants') order by 1";
    let mut found = BTreeSet::new();
    let words: Vec<_> = words.iter().map(|word| format!("'%{word}%'")).collect();
    let (words, tenant) = (words.join(", "), who.tenant);
    let each: Vec<_> = world
        .strings(columns)
        .await
        .iter()
        .map(|place| {
            let (table, column) = place.split_once('.').unwrap();
            format!(
                "select '{place}' where exists (select from {table} where tenant_id = '{tenant}' \
                 and \"{column}\"::text ilike any (array[{words}]))"
            )
        })
        .collect();
    for some in each.chunks(100) {
        found.extend(world.strings(&some.join(" union all ")).await);
    }
    found
}

async fn planned(world: &World, subject: Subject) -> Plan {
    world.db.read(world.context.clone(), async |tx| plan(tx, subject).await).await.unwrap()
}

fn lines(plan: &Plan, what: What) -> BTreeSet<String> {
    let some = plan.lines.iter().filter(|line| line.what == what && line.rows > 0);
    some.map(|line| format!("{}.{}", line.table, line.column)).collect()
}

#[tokio::test]
async fn every_column_of_every_table_is_classed() {
    let world = World::new().await;
    let catalog = "
        select c.relname || ' ' || a.attname from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
          and c.relname <> 'seaql_migrations' and a.attname <> 'tenant_id'";
    let mut there: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for place in world.strings(catalog).await {
        let (table, column) = place.split_once(' ').unwrap();
        there.entry(table.to_owned()).or_default().insert(column.to_owned());
    }
    let mut wrong = vec![];
    for (table, columns) in queries::listed() {
        let listed: BTreeSet<_> = columns.iter().map(|c| (*c).to_owned()).collect();
        if listed.len() != columns.len() {
            wrong.push(format!("{table}: a column twice"));
        }
        match there.remove(table) {
            None => wrong.push(format!("{table}: is no table, or there twice")),
            Some(columns) => {
                let missing: Vec<_> = columns.difference(&listed).collect();
                let gone: Vec<_> = listed.difference(&columns).collect();
                if !(missing.is_empty() && gone.is_empty()) {
                    wrong.push(format!("{table}: nobody classes {missing:?}; no such {gone:?}"));
                }
            }
        }
    }
    for table in NOBODYS {
        if there.remove(*table).is_none() {
            wrong.push(format!("{table}: is no table, or there twice"));
        }
    }
    wrong.extend(there.keys().map(|table| format!("nobody classes {table}")));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn what_the_plan_says_is_what_happens_and_nothing_else_is_left_of_the_person() {
    let (world, person) = scene().await;
    let before = found(&world, &world.context, &WORDS).await;
    assert!(before.len() >= 25, "{before:#?}");
    let plan = planned(&world, Subject::Lead(person.lead)).await;
    // Whatever is found was planned for.
    let all: BTreeSet<_> = plan
        .lines
        .iter()
        .filter(|line| line.rows > 0)
        .map(|line| format!("{}.{}", line.table, line.column))
        .collect();
    let unplanned: Vec<_> = before.difference(&all).collect();
    assert!(unplanned.is_empty(), "{unplanned:#?}");
    assert_eq!(found(&world, &world.context, &WORDS).await, before, "a plan changes nothing");

    let record =
        world.run(async |tx| erase(tx, Subject::Lead(person.lead), "they asked").await).await;
    let after = found(&world, &world.context, &WORDS).await;
    let kept = lines(&plan, What::Kept);
    let left: Vec<_> = after.difference(&kept).collect();
    assert!(left.is_empty(), "{left:#?}");
    // What was to be kept was kept.
    let lost: Vec<_> = before.intersection(&kept).filter(|place| !after.contains(*place)).collect();
    assert!(lost.is_empty(), "{lost:#?}");
    for count in &record.counts.0 {
        let line = plan.lines.iter().find(|line| line.table == count.table).unwrap();
        let expected = match line.what {
            What::Deleted => (line.rows, 0, 0),
            What::Emptied => (0, line.rows, 0),
            What::Kept => (0, 0, line.rows),
        };
        assert_eq!((count.deleted, count.emptied, count.kept), expected, "{}", count.table);
    }
    let planned: BTreeSet<_> =
        all.iter().map(|p| p.split_once('.').unwrap().0.to_owned()).collect();
    let counted: BTreeSet<_> = record.counts.0.iter().map(|c| c.table.clone()).collect();
    assert_eq!(planned, counted);
    // The record says nothing of who it was, and the neighbour's rows are all there.
    assert!(!serde_json::to_string(&record.counts).unwrap().to_lowercase().contains("quarter"));
    assert_eq!(found(&world, &world.neighbour, &WORDS).await, before);
}

#[tokio::test]
async fn requests_and_evidence_stay_for_five_years_and_the_plan_says_until_when() {
    let (world, person) = scene().await;
    let plan = planned(&world, Subject::Lead(person.lead)).await;
    let line = |table: &str, column: &str| -> Line {
        let found = plan.lines.iter().find(|l| l.table == table && l.column == column);
        found.unwrap_or_else(|| panic!("{table}.{column}")).clone()
    };
    let until: DateTime<Utc> = "2031-03-02T09:00:00Z".parse().unwrap();
    for (table, column) in [("dnc_list", "phone_number"), ("dnc_checks", "number")] {
        let line = line(table, column);
        assert_eq!((line.what, line.rows, line.until), (What::Kept, 1, Some(until)), "{table}");
        assert!(line.because.is_some());
    }
    let deal = line("deals", "title");
    assert_eq!((deal.what, deal.rows, deal.until), (What::Kept, 1, None));
    assert_eq!(line("leads", "first_name").what, What::Emptied);
    assert_eq!(line("lead_tags", "tag").what, What::Deleted);
    assert_eq!(plan.kept_until, Some(until));
    let erased =
        world.run(async |tx| erase(tx, Subject::Lead(person.lead), "they asked").await).await;
    assert_eq!(erased.kept_until, Some(until));
    // All numbers and the address are suppressed: no import brings them back.
    let known = ["+12065557701", "+12065557702", "+12065557703"];
    let mut subjects: Vec<_> =
        known.map(|n| Reached::Phone(Phone::parse(n, "US").unwrap().phone)).into();
    subjects.push(Reached::Email(populate::email("xanthippe@quartermain.example")));
    let held = world.run(async |tx| suppression::holds(tx, &subjects).await).await;
    assert_eq!(held, [true; 4]);
    let held = world.run_as(&world.neighbour, async |tx| suppression::holds(tx, &subjects).await);
    assert_eq!(held.await, [false; 4]);
    // The number is still listed: nobody calls it.
    let listed = world.run(async |tx| dnc::check(tx, "+12065557703").await).await;
    assert!(!listed.is_clear());
}

#[tokio::test]
async fn erasing_somebody_twice_changes_nothing_and_answers_the_same() {
    let (world, person) = scene().await;
    let subject = Subject::Lead(person.lead);
    let first = world.run(async |tx| erase(tx, subject, "they asked").await).await;
    assert!(planned(&world, subject).await.is_done);
    let later = world.later(TimeDelta::days(1));
    let again = world.run_as(&later, async |tx| erase(tx, subject, "again").await).await;
    assert_eq!(again, first);
    // By whichever of their leads they are named, it is they.
    let folded = Subject::Lead(person.folded);
    assert!(planned(&world, folded).await.is_done);
}

#[tokio::test]
async fn an_erased_lead_is_found_by_nobody_and_comes_back_no_more_not_even_as_another() {
    let (world, person) = scene().await;
    let (lead, contact) = (person.lead, person.contact);
    world.run(async |tx| erase(tx, Subject::Lead(lead), "they asked").await).await;
    let try_it = async |work: &str| {
        world
            .db
            .run(world.context.clone(), async |tx| match work {
                "lead" => lead::get(tx, lead).await.map(drop),
                "contact" => contact::get(tx, contact).await.map(drop),
                "restore" => lead::restore(tx, lead, "back").await.map(drop),
                _ => {
                    let merges = world.strings("select id::text from lead_merges").await;
                    let id = merges[0].parse().unwrap();
                    lead_merge::undo(tx, id, "back").await.map(drop)
                }
            })
            .await
    };
    for gone in ["lead", "contact"] {
        assert!(matches!(try_it(gone).await, Err(Error::NotFound(what)) if what == gone));
    }
    assert!(matches!(try_it("restore").await, Err(Error::Conflict(_))));
    assert!(try_it("undo").await.is_err());
    let phone = Phone::parse("+12065557701", "US").unwrap().phone;
    let again = lead::New::named("A", "B", phone.as_str());
    let again = world.db.run(world.context.clone(), async |tx| lead::create(tx, again).await);
    assert!(matches!(again.await, Err(Error::Denied(_))));
    // What happened to the lead remains, without who it was.
    let kept = world
        .strings(&format!(
            "select to_status from lead_status_history where lead_id = '{lead}' order by id"
        ))
        .await;
    assert_eq!(kept, ["new", "hot", "recruited", "dnc"]);
    let said =
        format!("select field_name from lead_audit_log where lead_id = '{lead}' order by id");
    assert!(world.strings(&said).await.contains(&"erased".to_owned()));
}

#[tokio::test]
async fn an_address_that_somebody_else_has_too_erases_nothing_of_theirs() {
    let world = World::new().await;
    let email = populate::email("family@b.example");
    let (one, other) = world
        .run(async |tx| {
            let new = |first: &str, phone: &str| lead::New {
                email: Some(email.clone()),
                ..lead::New::named(first, "Family", phone)
            };
            let one = lead::create(tx, new("Ann", "+12065557704")).await?.id;
            let other = lead::create(tx, new("Bob", "+12065557705")).await?.id;
            let new = client_health_score::New {
                email: email.clone(),
                client_id: None,
                firstname: Some("Bob".to_owned()),
                lastname: None,
                assigned_coach: None,
            };
            client_health_score::open(tx, new).await?;
            Ok((one, other))
        })
        .await;
    let plan = planned(&world, Subject::Lead(one)).await;
    assert_eq!(plan.shared, [format!("lead:{other} has an address of theirs")]);
    world.run(async |tx| erase(tx, Subject::Lead(one), "they asked").await).await;
    assert_eq!(world.strings("select firstname from client_health_scores").await, ["Bob"]);
    // Once nobody else has it, what is known by it is the last one's.
    world.run(async |tx| erase(tx, Subject::Lead(other), "they asked").await).await;
    assert!(world.strings("select firstname from client_health_scores").await.is_empty());
}

#[tokio::test]
async fn an_export_is_all_that_is_held_of_one_person_and_of_nobody_else() {
    let (world, person) = scene().await;
    let subject = Subject::Lead(person.lead);
    let held =
        world.db.read(world.context.clone(), async |tx| export(tx, subject).await).await.unwrap();
    assert!(held.cut.is_empty());
    let text = serde_json::to_string(&held).unwrap();
    for word in WORDS {
        assert!(text.to_lowercase().contains(word), "{word}");
    }
    // Whatever is found of them anywhere is in it.
    let tables: BTreeSet<_> = held.tables.keys().map(|table| (*table).to_owned()).collect();
    let found = found(&world, &world.context, &WORDS).await;
    let places: BTreeSet<_> =
        found.iter().map(|p| p.split_once('.').unwrap().0.to_owned()).collect();
    let missing: Vec<_> = places.difference(&tables).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(!text.contains(&world.neighbour.tenant.to_string()));
    assert!(!text.contains("Hopper"), "somebody else is in it");
    assert_eq!(held.tables["leads"].len(), 2);
    assert!(held.tables["contact_enrichment_queue"][0].get("claim").is_none(), "a token");
    // The neighbour has not this person.
    let other = world.db.read(world.neighbour.clone(), async |tx| export(tx, subject).await).await;
    assert!(matches!(other, Err(Error::NotFound("lead"))));
}

#[tokio::test]
async fn a_contact_is_erased_alike_and_the_lead_that_it_was_is_another_matter() {
    let (world, person) = scene().await;
    let subject = Subject::Contact(person.contact);
    world.run(async |tx| erase(tx, subject, "they asked").await).await;
    assert!(planned(&world, subject).await.is_done);
    let names = "select first_name || last_name || coalesce(email, '') from contacts";
    assert!(world.strings(names).await.contains(&"[erased][erased]".to_owned()));
    let lead = world.run(async |tx| lead::get(tx, person.lead).await).await;
    assert_eq!(lead.first_name, "Xanthippe");
    let nobody = Subject::Contact(ContactId::new());
    let refused =
        world.db.run(world.context.clone(), async |tx| erase(tx, nobody, "x").await).await;
    assert!(matches!(refused, Err(Error::NotFound("contact"))));
    let refused =
        world.db.run(world.context.clone(), async |tx| erase(tx, subject, " ").await).await;
    assert!(matches!(refused, Err(Error::Invalid { ref field, .. }) if field == "reason"));
}
