//! Lists that others keep.

use chrono::TimeDelta;
use integration::World;
use service::{
    Error,
    outreach::external_list::{self, Answer, Kind, Line, New},
};

fn national(world: &World, days: i64) -> New {
    New {
        kind: Kind::National,
        jurisdiction: "US".to_owned(),
        source: "FTC 10000001".to_owned(),
        as_of: world.context.now + TimeDelta::days(days),
    }
}

#[tokio::test]
async fn a_version_is_loaded_whole_and_counts_instead_of_the_one_before_which_is_kept() {
    let world = World::new().await;
    let numbers: Vec<String> = (0..1200).map(|n| format!("206 555 {n:04}")).collect();
    let mut lines: Vec<Line<'_>> = numbers.iter().map(|number| Line::listed(number)).collect();
    lines.insert(2, Line::listed("junk"));
    lines.push(Line::listed("+1 206-555-0000")); // twice the same
    let first =
        world.run(async |tx| external_list::load(tx, national(&world, -9), &lines).await).await;
    assert_eq!((first.numbers, first.unreadable), (1200, vec![3]));
    let second = world
        .run(async |tx| external_list::load(tx, national(&world, -2), &lines[..9]).await)
        .await;
    let more =
        world.run(async |tx| external_list::append(tx, second.list.id, &lines[..12]).await).await;
    assert_eq!((second.numbers, more.numbers), (8, 3));
    let current = world.run(async |tx| external_list::current(tx).await).await;
    assert_eq!(current.iter().map(|list| list.id).collect::<Vec<_>>(), [second.list.id]);
    assert_eq!(world.strings("select count(*)::text from external_list_numbers").await, ["1211"]);
    let theirs = async |tx: &service::Tx| external_list::current(tx).await;
    assert!(world.run_as(&world.neighbour, theirs).await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_a_version_is_refused_and_nothing_of_it_is_kept() {
    let world = World::new().await;
    let load = async |new: New, line: Line<'static>| {
        world
            .db
            .run(world.context.clone(), async |tx| external_list::load(tx, new, &[line]).await)
            .await
    };
    let ok = Line::listed("206 555 0010");
    load(national(&world, -2), ok.clone()).await.unwrap();
    let day = Some(world.context.now.date_naive());
    let rnd = New { kind: Kind::Rnd, ..national(&world, -1) };
    let wrong = [
        ("as_of", national(&world, -2), ok.clone()),
        ("as_of", national(&world, -3), ok.clone()),
        ("as_of", national(&world, 1), ok.clone()),
        ("jurisdiction", New { jurisdiction: "XX".to_owned(), ..national(&world, -1) }, ok.clone()),
        (
            "jurisdiction",
            New { jurisdiction: "US-florid".to_owned(), ..national(&world, -1) },
            ok.clone(),
        ),
        ("source", New { source: String::new(), ..national(&world, -1) }, ok.clone()),
        ("answer", rnd.clone(), ok.clone()),
        (
            "answer",
            national(&world, -1),
            Line { answer: Answer::Yes, consent_date: day, ..ok.clone() },
        ),
        ("consent_date", rnd, Line { answer: Answer::Yes, consent_date: None, ..ok.clone() }),
        ("consent_date", national(&world, -1), Line { consent_date: day, ..ok.clone() }),
    ];
    for (named, new, line) in wrong {
        let refused = load(new, line).await;
        assert!(
            matches!(&refused, Err(Error::Invalid { field, .. }) if field == named),
            "{refused:?}"
        );
    }
    assert_eq!(world.strings("select count(*)::text from external_lists").await, ["1"]);
}
