//! What sources of leads cost.

mod roi;

use integration::World;
use rust_decimal::Decimal;
use service::{
    Error,
    leads::lead_source_cost::{self, Change, List, Month, New},
};

pub fn month(text: &str) -> Month {
    Month::parse(text).unwrap()
}

#[test]
fn a_month_is_written_with_four_digits_and_two() {
    for good in ["2024-01", "1970-01", "2024-12", "9999-12"] {
        assert_eq!(Month::parse(good).unwrap().as_str(), good);
    }
    for bad in ["2024-13", "2024-00", "2024-1", "1969-12", "24-01", "2024-01-01", "", "2024-01 "] {
        assert!(Month::parse(bad).is_err(), "{bad}");
    }
    assert_eq!(month("2024-12").next(), month("2025-01"));
}

#[tokio::test]
async fn two_campaigns_of_a_source_do_not_collide_in_a_month_and_one_does_with_itself() {
    let world = World::new().await;
    let of = |sub_source: Option<&str>| New {
        sub_source: sub_source.map(str::to_owned),
        ..New::of("facebook_ads", month("2024-01"), Decimal::from(500))
    };
    world
        .run(async |tx| {
            for sub_source in [Some("a"), Some("b"), None] {
                lead_source_cost::record(tx, of(sub_source)).await?;
            }
            let euros = New { currency: Some("EUR".to_owned()), ..of(None) };
            lead_source_cost::record(tx, euros).await
        })
        .await;
    for again in [Some("a"), None] {
        let done = world
            .db
            .run(world.context.clone(), async |tx| lead_source_cost::record(tx, of(again)).await);
        assert!(matches!(done.await, Err(Error::Conflict(_))), "{again:?}");
    }
}

#[tokio::test]
async fn a_cost_is_corrected_and_listed_by_month() {
    let world = World::new().await;
    world.populate(&world.neighbour).await;
    let (listed, second) = world
        .run(async |tx| {
            for period in ["2024-03", "2024-01", "2024-02"] {
                let new = New::of("event", month(period), Decimal::from(10));
                lead_source_cost::record(tx, new).await?;
            }
            let ask = List { from: Some(month("2024-02")), limit: 1, ..List::default() };
            let first = lead_source_cost::list(tx, &ask).await?;
            let change = Change { cost: Some(Decimal::from(12)), notes: None };
            let changed = lead_source_cost::change(tx, first.items[0].id, change).await?;
            assert_eq!((changed.cost_usd, changed.source.as_str()), (Decimal::from(12), "event"));
            let ask = List { after: first.next.clone(), ..ask };
            Ok((first, lead_source_cost::list(tx, &ask).await?))
        })
        .await;
    assert_eq!(listed.items[0].period, month("2024-02"));
    assert_eq!(second.items[0].period, month("2024-03"));
    assert!(second.next.is_none());
}

#[tokio::test]
async fn a_cost_below_nothing_or_in_no_currency_is_refused_and_named() {
    let world = World::new().await;
    let good = New::of("event", month("2024-01"), Decimal::ZERO);
    let bad = [
        (New { cost: Decimal::from(-1), ..good.clone() }, "cost"),
        (New { currency: Some("usd".to_owned()), ..good.clone() }, "currency"),
        (New { source: " ".to_owned(), ..good.clone() }, "source"),
    ];
    for (new, named) in bad {
        let done = world
            .db
            .run(world.context.clone(), async |tx| lead_source_cost::record(tx, new.clone()).await);
        assert!(matches!(done.await, Err(Error::Invalid { field, .. }) if field == named));
    }
    world.run(async |tx| lead_source_cost::record(tx, good).await).await;
}
