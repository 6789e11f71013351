//! Finding leads.

use integration::{World, populate::leads::grace};
use sea_orm::ConnectionTrait;
use service::{
    Error,
    leads::lead::{self, Change, List, New, Order, Owner, Status, Update},
    tenancy::user,
};

use super::{made, why};

async fn found(world: &World, ask: List) -> Vec<String> {
    let page = world.run(async |tx| lead::list(tx, &ask).await).await;
    page.items.into_iter().map(|lead| lead.first_name).collect()
}

async fn people(world: &World) {
    world
        .run(async |tx| {
            for (n, (first, last, source)) in [
                ("Zoë", "Müller", "event"),
                ("Grace", "Hopper", "event"),
                ("Jean-Luc", "Picard", "website"),
                ("Mary", "Müllerin", "website"),
            ]
            .into_iter()
            .enumerate()
            {
                let new = New {
                    source: Some(source.to_owned()),
                    tags: vec![format!("t{}", n % 2)],
                    email: Some(integration::populate::email(&format!("p{n}@fleet.example"))),
                    notes: (n == 3).then(|| "Knows Zoë from the fleet".to_owned()),
                    ..New::named(first, last, &format!("20255501{n:02}"))
                };
                lead::create(tx, new).await?;
            }
            Ok(())
        })
        .await;
    world.run_as(&world.neighbour, async |tx| lead::create(tx, grace()).await.map(drop)).await;
}

#[tokio::test]
async fn a_search_finds_beginnings_of_words_in_any_order_without_accents_and_case() {
    let world = World::new().await;
    people(&world).await;
    let by = |text: &str| List { text: Some(text.to_owned()), ..List::default() };
    for (text, names) in [
        ("muller", vec!["Mary", "Zoë"]),
        ("MÜLLER", vec!["Mary", "Zoë"]),
        ("müllerin", vec!["Mary"]),
        ("zoe mul", vec!["Mary", "Zoë"]), // Mary's notes name her
        ("hop gra", vec!["Grace"]),
        ("luc", vec!["Jean-Luc"]),
        ("uc", vec![]),
        ("fleet", vec!["Mary", "Jean-Luc", "Grace", "Zoë"]),
        ("P1@fleet.example", vec!["Grace"]),
        ("p1@fleet", vec!["Grace"]),
        ("(202) 555-0102", vec!["Jean-Luc"]),
        ("t1", vec!["Mary", "Grace"]),
        ("zoe hopper", vec![]),
        ("mul%", vec!["Mary", "Zoë"]),
    ] {
        assert_eq!(found(&world, by(text)).await, names, "{text}");
    }
    for nothing in ["", "  ", "%", "…"] {
        let ask = by(nothing);
        let done = world.db.run(world.context.clone(), async |tx| lead::list(tx, &ask).await).await;
        assert!(matches!(done.unwrap_err(), Error::Invalid { .. }), "{nothing}");
    }
}

#[tokio::test]
async fn what_is_searched_follows_what_is_changed() {
    let world = World::new().await;
    let grace = made(&world).await;
    let ask = Update::of(
        &grace,
        vec![
            Change::LastName("Murray".to_owned()),
            Change::Tags(vec!["navy".to_owned()]),
            Change::Notes(None),
        ],
    );
    world.run(async |tx| lead::update(tx, grace.id, &ask).await).await;
    let by = |text: &str| List { text: Some(text.to_owned()), ..List::default() };
    let tagged = |tag: &str| List { tag: Some(tag.to_owned()), ..List::default() };
    assert_eq!(found(&world, by("murray")).await, ["Grace"]);
    assert_eq!(found(&world, by("hopper")).await, [""; 0]);
    assert_eq!(found(&world, by("compilers")).await, [""; 0]);
    assert_eq!(found(&world, tagged(" Navy")).await, ["Grace"]);
    assert_eq!(found(&world, tagged("warm")).await, [""; 0]);
}

#[tokio::test]
async fn a_list_is_of_those_of_whom_everything_holds() {
    let world = World::new().await;
    people(&world).await;
    let sam = world
        .run(async |tx| {
            let email = integration::populate::email("sam@tenant.example");
            user::add(tx, user::New { email, name: "Sam".to_owned(), role: "sales".to_owned() })
                .await
        })
        .await;
    let mine = New { user_id: Some(sam.id), ..New::named("Own", "Ed", "202 555 0199") };
    world.run(async |tx| lead::create(tx, mine).await).await;
    world
        .owner
        .execute_unprepared(
            "update leads set lead_score = 70 where first_name = 'Mary';
             update leads set lead_score = 69, status = 'hot' where first_name in ('Zoë', 'Grace')",
        )
        .await
        .unwrap();
    let all = List::default;
    assert_eq!(found(&world, all()).await, ["Own", "Mary", "Jean-Luc", "Grace", "Zoë"]);
    let event = List { source: Some("event".to_owned()), ..all() };
    assert_eq!(found(&world, event).await, ["Grace", "Zoë"]);
    let hot = List { status: Some(Status::Hot), tag: Some("t0".to_owned()), ..all() };
    assert_eq!(found(&world, hot).await, ["Zoë"]);
    let owned = List { owner: Some(Owner::User(sam.id)), ..all() };
    assert_eq!(found(&world, owned).await, ["Own"]);
    let free = List { owner: Some(Owner::Nobody), limit: 2, ..all() };
    assert_eq!(found(&world, free).await, ["Mary", "Jean-Luc"]);
    let ready = List { min_score: Some(70), ..all() };
    assert_eq!(found(&world, ready).await, ["Mary"]);
    let best = List { order: Order::Score, limit: 3, ..all() };
    assert_eq!(found(&world, best).await, ["Mary", "Grace", "Zoë"]);
}

#[tokio::test]
async fn pages_join_up_in_every_order() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for n in 0..25 {
                lead::create(tx, New::named(&format!("p{n}"), "x", &format!("20255501{n:02}")))
                    .await?;
            }
            Ok(())
        })
        .await;
    world
        .owner
        .execute_unprepared(
            "update leads set lead_score = substr(first_name, 2)::int % 4,
                    last_contact_date = case when substr(first_name, 2)::int % 5 > 0 then
                        timestamptz '2026-01-01' + substr(first_name, 2)::int % 3 * interval '1 day' end",
        )
        .await
        .unwrap();
    for (order, expected) in [(Order::Newest, 25), (Order::Score, 25), (Order::LastContact, 20)] {
        let whole = found(&world, List { order, limit: 1000, ..List::default() }).await;
        assert_eq!(whole.len(), expected, "{order:?}");
        let (mut after, mut joined) = (None, vec![]);
        loop {
            let ask = List { order, limit: 4, after, ..List::default() };
            let page = world.run(async |tx| lead::list(tx, &ask).await).await;
            joined.extend(page.items.into_iter().map(|lead| lead.first_name));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(joined, whole, "{order:?}");
    }
    for limit in [0, 1001] {
        let ask = List { limit, ..List::default() };
        let done = world.db.run(world.context.clone(), async |tx| lead::list(tx, &ask).await).await;
        assert!(why(&done.unwrap_err()).starts_with("limit: "));
    }
}

#[tokio::test]
async fn the_words_of_every_lead_are_those_that_its_row_has() {
    let world = World::new().await;
    people(&world).await;
    let counted = "select count(*)::text from lead_words";
    let before = world.strings(counted).await;
    let theirs =
        world.run_as(&world.neighbour, async |tx| lead::list(tx, &List::default()).await).await;
    let theirs = &theirs.items[0];
    // The neighbour's change concerns nobody here.
    let ask = Update::of(theirs, vec![Change::City(None)]);
    world
        .run_as(&world.neighbour, async |tx| lead::update(tx, theirs.id, &ask).await.map(drop))
        .await;
    let after = world.strings(counted).await;
    assert_eq!(before[0].parse::<u32>().unwrap() - 1, after[0].parse::<u32>().unwrap());
}
