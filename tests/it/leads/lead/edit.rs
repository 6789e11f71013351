//! Changing what is known about a lead.

use integration::World;
use service::{
    Actor, Context,
    leads::lead::{self, Change, New, Origin, Update},
    tenancy::user,
};

use super::{made, why};

fn city(name: &str) -> Change {
    Change::City(Some(name.to_owned()))
}

#[tokio::test]
async fn each_field_that_is_another_now_is_written_down_with_who_why_and_from_where() {
    let world = World::new().await;
    let grace = made(&world).await;
    let sam = world
        .run(async |tx| {
            let email = integration::populate::email("sam@tenant.example");
            user::add(tx, user::New { email, name: "Sam".to_owned(), role: "sales".to_owned() })
                .await
        })
        .await;
    let by_sam = Context { actor: Actor::User(sam.id), ..world.context.clone() };
    let ask = Update {
        version: 1,
        changes: vec![
            city("Boston"),
            Change::State(Some("VA".to_owned())), // as it is
            Change::Tags(vec!["Cold ".to_owned(), "cold".to_owned(), "navy".to_owned()]),
            Change::Notes(None),
        ],
        reason: Some("moved".to_owned()),
        origin: Some(Origin {
            ip_address: Some("2001:db8::7".parse().unwrap()),
            user_agent: Some("curl".to_owned()),
        }),
    };
    let after = world.run_as(&by_sam, async |tx| lead::update(tx, grace.id, &ask).await).await;
    assert_eq!((after.version, after.city.as_deref()), (2, Some("Boston")));
    assert_eq!((after.tags, after.notes), (vec!["cold".to_owned(), "navy".to_owned()], None));
    let told = world.run(async |tx| lead::changes(tx, grace.id).await).await;
    let mut said: Vec<_> = told[..3]
        .iter()
        .map(|n| (n.field_name.as_str(), n.old_value.as_deref(), n.new_value.as_deref()))
        .collect();
    said.sort_unstable();
    let expected = [
        ("city", Some("Arlington"), Some("Boston")),
        ("notes", Some("Asked about compilers"), None),
        ("tags", Some("warm"), Some("cold, navy")),
    ];
    assert_eq!(said, expected);
    assert_eq!(told.len(), 4);
    assert_eq!((told[0].user_id, told[0].version), (Some(sam.id), 2));
    assert_eq!(told[0].change_reason.as_deref(), Some("moved"));
    assert_eq!(told[0].ip_address.as_deref(), Some("2001:db8::7"));
    // The same again changes nothing, and is no version.
    let same = Update { version: 2, ..ask };
    let again = world.run(async |tx| lead::update(tx, grace.id, &same).await).await;
    assert_eq!(again.version, 2);
}

#[tokio::test]
async fn a_stale_change_of_the_same_field_is_refused_and_told_which_and_of_others_it_merges() {
    let world = World::new().await;
    let grace = made(&world).await;
    let change = async |version, changes| {
        let ask = Update { changes, ..Update { version, ..Update::of(&grace, vec![]) } };
        world.db.run(world.context.clone(), async |tx| lead::update(tx, grace.id, &ask).await).await
    };
    let first =
        change(1, vec![city("Boston"), Change::Zip(Some("02101".to_owned()))]).await.unwrap();
    assert_eq!(first.version, 2);
    // Who saw version 1 and says something else about the same.
    let stale =
        change(1, vec![city("Berlin"), Change::Zip(None), Change::FirstName("G".to_owned())]).await;
    assert_eq!(why(&stale.unwrap_err()), "conflict: changed in the meantime: city, zip");
    // Who says the same has been heard already.
    assert_eq!(change(1, vec![city("Boston")]).await.unwrap().version, 2);
    // Who says something of another field.
    let merged = change(1, vec![Change::LastName("Murray Hopper".to_owned())]).await.unwrap();
    assert_eq!((merged.version, merged.city.as_deref()), (3, Some("Boston")));
    assert_eq!(merged.last_name, "Murray Hopper");
    // And a version that never was.
    for never in [0, 4, -1] {
        let error = change(never, vec![city("Rome")]).await.unwrap_err();
        assert_eq!(why(&error), "version: the lead has not come to it", "{never}");
    }
    let twice = change(3, vec![city("Rome"), city("Oslo")]).await.unwrap_err();
    assert_eq!(why(&twice), "city: is changed twice");
}

#[tokio::test]
async fn a_change_that_breaks_a_rule_is_refused_by_its_field_and_nothing_is_written() {
    let world = World::new().await;
    let grace = made(&world).await;
    let ada = world
        .run(async |tx| lead::create(tx, New::named("Ada", "Byron", "202 555 0109")).await)
        .await;
    let long = |n: usize| Some("x".repeat(n));
    for (field, change) in [
        ("first_name", Change::FirstName(" ".to_owned())),
        ("last_name", Change::LastName("x".repeat(101))),
        ("phone_number", Change::PhoneNumber("nobody".to_owned())),
        ("address", Change::Address(long(501))),
        ("city", Change::City(long(101))),
        ("state", Change::State(long(51))),
        ("zip", Change::Zip(long(21))),
        ("country", Change::Country(Some("us".to_owned()))),
        ("source", Change::Source(Some(String::new()))),
        ("sub_source", Change::SubSource(long(101))),
        ("tags", Change::Tags(vec![String::new()])),
        ("notes", Change::Notes(long(10_001))),
    ] {
        let ask = Update::of(&grace, vec![Change::Zip(Some("1".to_owned())), change]);
        let ask =
            if field == "zip" { Update { changes: ask.changes[1..].to_vec(), ..ask } } else { ask };
        let done =
            world.db.run(world.context.clone(), async |tx| lead::update(tx, grace.id, &ask).await);
        let error = done.await.unwrap_err();
        assert!(why(&error).starts_with(&format!("{field}: ")), "{field}: {error}");
    }
    let taken = Update::of(&ada, vec![Change::PhoneNumber("(202) 555 0108".to_owned())]);
    let done =
        world.db.run(world.context.clone(), async |tx| lead::update(tx, ada.id, &taken).await);
    assert_eq!(why(&done.await.unwrap_err()), "conflict: there is one already (leads_phone)");
    assert_eq!(world.run(async |tx| lead::get(tx, grace.id).await).await, grace);
    assert_eq!(world.run(async |tx| lead::get(tx, ada.id).await).await, ada);
}

#[tokio::test]
async fn of_many_who_change_one_field_of_the_same_version_one_does() {
    let world = World::new().await;
    let grace = made(&world).await;
    let change = |name: String| {
        let ask = Update::of(&grace, vec![city(&name)]);
        let (db, who, id) = (world.db.clone(), world.context.clone(), grace.id);
        async move { db.run(who, async |tx| lead::update(tx, id, &ask).await).await }
    };
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| change(name.to_owned()));
    let (a, b, c, d) = tokio::join!(a, b, c, d);
    assert_eq!([a, b, c, d].into_iter().flatten().count(), 1);
}
