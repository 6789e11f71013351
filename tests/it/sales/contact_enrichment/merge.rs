//! What becomes of what was found.

use entity::{
    id::{ContactEnrichmentProposalId, ContactId, UserId},
    phone::Phone,
};
use integration::World;
use service::{
    Actor, Context, Error, Tx,
    sales::{
        contact::{self, Field},
        contact_enrichment::{
            self, Conflicts, Found, MergeConflict, Model, New, Proposal, Resolution, Source, State,
        },
    },
};

use super::ada;

/// Somebody, and not a program.
fn person(world: &World) -> Context {
    Context { actor: Actor::User(UserId::new()), ..world.context.clone() }
}

fn titled(title: &str) -> Found {
    Found { title: Some(title.to_owned()), ..Found::default() }
}

/// Tells what was found about somebody, as if they had been asked.
async fn told(tx: &Tx, who: ContactId, found: Found) -> service::Result<Model> {
    let item = contact_enrichment::enqueue(tx, New::asked(who, Source::Apollo)).await?;
    contact_enrichment::complete(tx, item.id, found).await
}

async fn conflicts(world: &World) -> Vec<Proposal> {
    let ask = Conflicts::default();
    world.run(async |tx| contact_enrichment::conflicts(tx, &ask).await).await.items
}

async fn resolve(
    world: &World,
    who: &Context,
    id: ContactEnrichmentProposalId,
    resolution: Resolution,
) -> Result<Proposal, Error> {
    let resolve = async |tx: &Tx| contact_enrichment::resolve(tx, id, resolution).await;
    world.db.run(who.clone(), resolve).await
}

/// Defect 2-30.
#[tokio::test]
async fn an_empty_field_is_filled_and_a_full_one_is_left_and_its_conflict_recorded() {
    let world = World::new().await;
    let (first, second, ada) = world
        .run(async |tx| {
            let ada = ada(tx).await?;
            let found = Found {
                title: Some("Engineer".to_owned()),
                phone: Phone::try_from("+16465551002".to_owned()).ok(),
                website: Some("www.acme.example".to_owned()),
                ..Found::default()
            };
            let first = told(tx, ada.id, found).await?;
            let second = told(tx, ada.id, titled("Chief Engineer")).await?;
            Ok((first, second, contact::get(tx, ada.id).await?))
        })
        .await;
    assert_eq!(ada.title.as_deref(), Some("Engineer"));
    assert_eq!(ada.website.as_deref(), Some("www.acme.example"));
    // Ada was added with a number.
    assert_eq!(ada.phone.unwrap().as_str(), "+12125551001");
    let expected = MergeConflict {
        field: Field::Phone,
        current: Some("+12125551001".to_owned()),
        proposed: "+16465551002".to_owned(),
    };
    assert_eq!(first.merge_conflicts.0, [expected]);
    assert_eq!(second.merge_conflicts.0[0].current.as_deref(), Some("Engineer"));
    let open = conflicts(&world).await;
    let open: Vec<_> = open.iter().map(|p| (p.field, p.value.as_str(), p.state)).collect();
    let phone = (Field::Phone, "+16465551002", State::Conflict);
    assert_eq!(open, [phone, (Field::Title, "Chief Engineer", State::Conflict)]);
}

#[tokio::test]
async fn what_says_the_same_in_other_letters_or_under_the_other_name_is_no_conflict() {
    let world = World::new().await;
    world
        .run(async |tx| {
            let ada = ada(tx).await?;
            let found = Found {
                title: Some("Engineer".to_owned()),
                website: Some("www.acme.example".to_owned()),
                linkedin_url: Some("https://www.linkedin.com/in/ada".to_owned()),
                ..Found::default()
            };
            told(tx, ada.id, found).await?;
            let same = Found {
                title: Some("ENGINEER".to_owned()),
                website: Some("https://acme.example/".to_owned()),
                linkedin_url: Some("http://linkedin.com/in/Ada".to_owned()),
                // The number that Ada was added with.
                mobile: Phone::try_from("+12125551001".to_owned()).ok(),
                ..Found::default()
            };
            let again = told(tx, ada.id, same).await?;
            assert_eq!(again.merge_conflicts.0, []);
            assert_eq!(contact::get(tx, ada.id).await?.mobile, None);
            Ok(())
        })
        .await;
    assert!(conflicts(&world).await.is_empty());
    let states = "select distinct state from contact_enrichment_proposals p
                  where value in ('ENGINEER', '+12125551001') or value ~ 'http'
                  and created_at > (select min(created_at) from contact_enrichment_queue)";
    assert_eq!(world.strings(states).await, ["duplicate"]);
}

#[tokio::test]
async fn what_a_person_verified_no_enrichment_changes_not_even_to_fill_what_is_to_be_empty() {
    let world = World::new().await;
    let who = person(&world);
    let ada = world
        .run_as(&who, async |tx| {
            let ada = ada(tx).await?;
            contact::verify_field(tx, ada.id, Field::Phone).await?;
            contact::set_field(tx, ada.id, Field::Title, Some("Countess".to_owned())).await?;
            contact::set_field(tx, ada.id, Field::Website, None).await?;
            Ok(ada.id)
        })
        .await;
    let found = Found {
        website: Some("acme.example".to_owned()),
        phone: Phone::try_from("+16465551002".to_owned()).ok(),
        ..titled("Engineer")
    };
    let item = world.run(async |tx| told(tx, ada, found).await).await;
    assert_eq!(item.merge_conflicts.0.len(), 3);
    let ada = world.run(async |tx| contact::get(tx, ada).await).await;
    assert_eq!((ada.title.as_deref(), ada.website), (Some("Countess"), None));
    assert_eq!(ada.phone.unwrap().as_str(), "+12125551001");
}

#[tokio::test]
async fn of_a_person_and_an_enrichment_at_once_the_person_is_right() {
    let world = World::new().await;
    let who = person(&world);
    for round in 0..10 {
        let (ada, item) = world
            .run(async |tx| {
                let ada = ada(tx).await?;
                let new = New::asked(ada.id, Source::Apollo);
                Ok((ada.id, contact_enrichment::enqueue(tx, new).await?.id))
            })
            .await;
        let say = async |tx: &Tx| {
            contact::set_field(tx, ada, Field::Title, Some("Countess".to_owned())).await
        };
        let tell = async |tx: &Tx| contact_enrichment::complete(tx, item, titled("Engineer")).await;
        let (said, told) =
            tokio::join!(world.db.run(who.clone(), say), world.db.run(world.context.clone(), tell));
        said.unwrap();
        told.unwrap();
        let ada = world.run(async |tx| contact::get(tx, ada).await).await;
        assert_eq!(ada.title.as_deref(), Some("Countess"), "{round}");
    }
}

#[tokio::test]
async fn a_person_accepts_a_conflict_once_and_stands_by_it_from_then_on() {
    let world = World::new().await;
    let who = person(&world);
    let ada = world
        .run(async |tx| {
            let ada = ada(tx).await?;
            told(tx, ada.id, titled("Engineer")).await?;
            told(tx, ada.id, titled("Chief Engineer")).await?;
            Ok(ada.id)
        })
        .await;
    let open = conflicts(&world).await.remove(0);
    // A program decides nothing.
    let by_program = resolve(&world, &world.context, open.id, Resolution::Accept).await;
    assert!(matches!(by_program, Err(Error::Denied(_))));
    let (one, two) = tokio::join!(
        resolve(&world, &who, open.id, Resolution::Accept),
        resolve(&world, &who, open.id, Resolution::Reject)
    );
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{one:?} {two:?}");
    let (first, second) = if one.is_ok() { (one, two) } else { (two, one) };
    assert!(matches!(second, Err(Error::Conflict(_))));
    let resolved = first.unwrap();
    assert_eq!((resolved.resolved_by, resolved.resolved_at), (who.user(), Some(who.now)));
    assert!(conflicts(&world).await.is_empty());
    // Whoever came first, what they decided holds; and what is new is asked.
    let (title, verified_by) = match resolved.state {
        State::Accepted => ("Chief Engineer", who.user()),
        State::Rejected => ("Engineer", None),
        other => panic!("{other:?}"),
    };
    let again = async |tx: &Tx| told(tx, ada, titled("Chief Engineer")).await;
    assert_eq!(world.run(again).await.merge_conflicts.0, []);
    let new = async |tx: &Tx| told(tx, ada, titled("Intern")).await;
    assert_eq!(world.run(new).await.merge_conflicts.0.len(), 1);
    let (known, ada) = world
        .run(async |tx| Ok((contact::provenance(tx, ada).await?, contact::get(tx, ada).await?)))
        .await;
    assert_eq!(ada.title.as_deref(), Some(title));
    assert_eq!(known[0].verified_by, verified_by);
}

#[tokio::test]
async fn a_conflict_that_can_be_accepted_no_more_gives_way_to_the_same_found_again() {
    let world = World::new().await;
    let who = person(&world);
    let later = Context { now: who.now + chrono::TimeDelta::hours(1), ..who.clone() };
    let change = async |tx: &Tx, ada| {
        contact::set_field(tx, ada, Field::Title, Some("CTO".to_owned())).await.map(|_| ())
    };
    let verify = async |tx: &Tx, ada| contact::verify_field(tx, ada, Field::Title).await;
    for changes in [true, false] {
        let told_twice = async |tx: &Tx| {
            let ada = ada(tx).await?;
            told(tx, ada.id, titled("Engineer")).await?;
            told(tx, ada.id, titled("Chief Engineer")).await?;
            Ok(ada.id)
        };
        let ada = world.run(told_twice).await;
        let stale = conflicts(&world).await.remove(0);
        let decide = async |tx: &Tx| {
            if changes { change(tx, ada).await } else { verify(tx, ada).await }
        };
        world.run_as(&later, decide).await;
        let again = async |tx: &Tx| told(tx, ada, titled("Chief Engineer")).await;
        assert_eq!(world.run_as(&later, again).await.merge_conflicts.0.len(), 1);
        // Now that one is open, and is not asked twice.
        assert_eq!(world.run_as(&later, again).await.merge_conflicts.0, []);
        let ask = Conflicts::default();
        let list = async |tx: &Tx| contact_enrichment::conflicts(tx, &ask).await;
        let open = world.run_as(&later, list).await.items;
        let [open] = open.as_slice() else { panic!("{open:?}") };
        assert_ne!(open.id, stale.id);
        let current = if changes { "CTO" } else { "Engineer" };
        assert_eq!(open.current_value.as_deref(), Some(current));
        let old = resolve(&world, &later, stale.id, Resolution::Accept).await;
        assert!(matches!(old, Err(Error::Conflict(_))));
        resolve(&world, &later, open.id, Resolution::Accept).await.unwrap();
        let ada = world.run(async |tx| contact::get(tx, ada).await).await;
        assert_eq!(ada.title.as_deref(), Some("Chief Engineer"));
    }
}

#[tokio::test]
async fn what_was_accepted_is_written_with_where_it_comes_from_and_who_stands_by_it() {
    let world = World::new().await;
    let who = person(&world);
    let (ada, item) = world
        .run(async |tx| {
            let ada = ada(tx).await?;
            told(tx, ada.id, titled("Engineer")).await?;
            Ok((ada.id, told(tx, ada.id, titled("Chief Engineer")).await?.id))
        })
        .await;
    let open = conflicts(&world).await.remove(0);
    resolve(&world, &who, open.id, Resolution::Accept).await.unwrap();
    let known = world.run(async |tx| contact::provenance(tx, ada).await).await;
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].value.as_deref(), Some("Chief Engineer"));
    assert_eq!((known[0].source, known[0].enrichment_id), (Source::Apollo, Some(item)));
    assert_eq!((known[0].verified_by, known[0].verified_at), (who.user(), Some(who.now)));
}

#[tokio::test]
async fn what_was_rejected_or_is_open_already_is_not_asked_again() {
    let world = World::new().await;
    let who = person(&world);
    let ada = world
        .run(async |tx| {
            let ada = ada(tx).await?;
            told(tx, ada.id, titled("Engineer")).await?;
            told(tx, ada.id, titled("Intern")).await?;
            told(tx, ada.id, titled("intern")).await?;
            Ok(ada.id)
        })
        .await;
    let open = conflicts(&world).await;
    assert_eq!(open.len(), 1);
    resolve(&world, &who, open[0].id, Resolution::Reject).await.unwrap();
    world.run(async |tx| told(tx, ada, titled("Intern")).await).await;
    assert!(conflicts(&world).await.is_empty());
    let found = world.run(async |tx| contact::get(tx, ada).await).await;
    assert_eq!(found.title.as_deref(), Some("Engineer"));
}

#[tokio::test]
async fn a_conflict_about_what_has_changed_since_is_accepted_no_more() {
    let world = World::new().await;
    let who = person(&world);
    let ada = world
        .run(async |tx| {
            let ada = ada(tx).await?;
            told(tx, ada.id, titled("Engineer")).await?;
            told(tx, ada.id, titled("Intern")).await?;
            Ok(ada.id)
        })
        .await;
    let later = Context { now: who.now + chrono::TimeDelta::hours(1), ..who.clone() };
    world.run_as(&later, async |tx| contact::verify_field(tx, ada, Field::Title).await).await;
    let open = conflicts(&world).await.remove(0);
    let accepted = resolve(&world, &later, open.id, Resolution::Accept).await;
    assert!(matches!(accepted, Err(Error::Conflict(_))));
    resolve(&world, &later, open.id, Resolution::Reject).await.unwrap();
    let found = world.run(async |tx| contact::get(tx, ada).await).await;
    assert_eq!(found.title.as_deref(), Some("Engineer"));
}

#[tokio::test]
async fn conflicts_are_listed_a_page_at_a_time_of_one_contact_or_all_and_of_no_other_tenant() {
    let world = World::new().await;
    let mut ids = vec![];
    for _ in 0..3 {
        let told = async |tx: &Tx| {
            let ada = ada(tx).await?;
            told(tx, ada.id, titled("Engineer")).await?;
            told(tx, ada.id, titled("Intern")).await?;
            Ok(ada.id)
        };
        ids.push(world.run(told).await);
        world.run_as(&world.neighbour, told).await;
    }
    let mut ask = Conflicts { limit: 2, ..Conflicts::default() };
    let mut found = vec![];
    loop {
        let page = world.run(async |tx| contact_enrichment::conflicts(tx, &ask).await).await;
        found.extend(page.items.into_iter().map(|item| item.contact_id));
        let Some(after) = page.next else { break };
        ask.after = Some(after);
    }
    assert_eq!(found, ids);
    let ask = Conflicts { contact_id: Some(ids[1]), ..Conflicts::default() };
    let page = world.run(async |tx| contact_enrichment::conflicts(tx, &ask).await).await;
    assert_eq!(page.items.len(), 1);
    // Nobody decides about who was deleted.
    let delete = format!("update contacts set deleted_at = now() where id = '{}'", ids[1]);
    sea_orm::ConnectionTrait::execute_unprepared(&world.owner, &delete).await.unwrap();
    assert_eq!(conflicts(&world).await.len(), 2);
}

#[tokio::test]
async fn what_cannot_have_been_found_names_the_field_and_changes_nothing() {
    let world = World::new().await;
    let item = world
        .run(async |tx| {
            let ada = ada(tx).await?;
            contact_enrichment::enqueue(tx, New::asked(ada.id, Source::Apollo)).await
        })
        .await;
    let refused = [
        (titled(" "), "title"),
        (titled(&"x".repeat(501)), "title"),
        (Found { website: Some("a\0b".to_owned()), ..titled("x") }, "website"),
        (Found { confidence: Some("1.0001".parse().unwrap()), ..titled("x") }, "confidence"),
        (Found { confidence: Some("-0.0001".parse().unwrap()), ..titled("x") }, "confidence"),
    ];
    for (found, expected) in refused {
        let tell = async |tx: &Tx| contact_enrichment::complete(tx, item.id, found).await;
        let done = world.db.run(world.context.clone(), tell).await;
        assert!(matches!(done, Err(Error::Invalid { field, .. }) if field == expected));
    }
    let rows = "select count(*)::text from contact_enrichment_proposals";
    assert_eq!(world.strings(rows).await, ["0"]);
}
