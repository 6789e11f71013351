//! What the sources brought, beside what they cost.

use integration::{World, populate};
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use service::{
    Context, Error, Tx,
    leads::{
        lead::{self, Because, Status},
        lead_source_cost::{self, Ask, By, Figures, New, Roi, roi},
    },
    sales::deal::{self, Stage},
};

use super::month;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

async fn spent(tx: &Tx, source: &str, sub_source: Option<&str>, cost: i64) {
    let new = New {
        sub_source: sub_source.map(str::to_owned),
        ..New::of(source, month("2026-02"), Decimal::from(cost))
    };
    lead_source_cost::record(tx, new).await.unwrap();
}

/// Leads of a source that came in on a day; those of the first numbers are recruited.
async fn came(
    world: &World,
    at: &str,
    source: &str,
    sub_source: Option<&str>,
    numbers: std::ops::Range<u32>,
    recruited: usize,
) -> Vec<entity::id::LeadId> {
    let who = world.at(at);
    world
        .run_as(&who, async |tx| {
            let mut ids = vec![];
            for number in numbers {
                let new = lead::New {
                    source: Some(source.to_owned()),
                    sub_source: sub_source.map(str::to_owned),
                    ..lead::New::named("Ada", "Byron", &format!("+1212555{number:04}"))
                };
                ids.push(lead::create(tx, new).await?.id);
            }
            for id in ids.iter().take(recruited) {
                lead::move_to(tx, *id, Status::Recruited, &Because::manual(None)).await?;
            }
            Ok(ids)
        })
        .await
}

fn ask() -> Ask {
    Ask::months(month("2026-02"), month("2026-02"))
}

async fn asked(world: &World, ask: &Ask) -> Roi {
    world.run(async |tx| roi(tx, ask).await).await
}

fn of<'a>(found: &'a Roi, source: &str, sub_source: Option<&str>) -> &'a Figures {
    let is = |row: &&lead_source_cost::Row| {
        row.source.as_deref() == Some(source) && row.sub_source.as_deref() == sub_source
    };
    &found.rows.iter().find(is).unwrap().figures
}

/// Defect 4-20: the document's query paid once for each lead.
#[tokio::test]
async fn five_hundred_for_two_leads_stays_five_hundred() {
    let world = World::new().await;
    world.populate(&world.neighbour).await;
    world
        .run(async |tx| {
            spent(tx, "facebook_ads", None, 500).await;
            Ok(())
        })
        .await;
    came(&world, "2026-02-10T12:00:00Z", "facebook_ads", None, 1..3, 1).await;
    let found = asked(&world, &ask()).await;
    let expected = Figures {
        cost: dec("500"),
        leads: 2,
        recruited: 1,
        revenue: Decimal::ZERO,
        cost_per_lead: Some(dec("250")),
        cost_per_recruit: Some(dec("500")),
        conversion: Some(dec("0.5")),
        roi: Some(dec("-1")),
    };
    assert_eq!(of(&found, "facebook_ads", None), &expected);
    assert_eq!(found.total, expected);
    assert_eq!(found.months[&month("2026-02")], expected);
    // What each recruit is worth: (1200 − 500) / 500.
    let ask = Ask { revenue_per_recruit: Some(dec("1200")), ..ask() };
    let found = asked(&world, &ask).await;
    assert_eq!((found.total.revenue, found.total.roi), (dec("1200"), Some(dec("1.4"))));
}

#[tokio::test]
async fn nothing_divides_by_nothing() {
    let world = World::new().await;
    world
        .run(async |tx| {
            spent(tx, "event", None, 100).await;
            Ok(())
        })
        .await;
    came(&world, "2026-02-10T12:00:00Z", "website", None, 1..3, 0).await;
    let found = asked(&world, &ask()).await;
    let paid = of(&found, "event", None);
    assert_eq!((paid.cost_per_lead, paid.cost_per_recruit, paid.conversion), (None, None, None));
    assert_eq!(paid.roi, Some(dec("-1")));
    let free = of(&found, "website", None);
    assert_eq!((free.cost_per_lead, free.cost_per_recruit), (Some(dec("0")), None));
    assert_eq!((free.conversion, free.roi), (Some(dec("0")), None));
}

#[tokio::test]
async fn what_was_paid_for_a_source_includes_its_campaigns() {
    let world = World::new().await;
    world
        .run(async |tx| {
            // 500 in all, of which 300 for two campaigns; and campaigns of which nobody recorded a whole.
            spent(tx, "facebook_ads", None, 500).await;
            spent(tx, "facebook_ads", Some("a"), 200).await;
            spent(tx, "facebook_ads", Some("b"), 100).await;
            spent(tx, "event", Some("expo"), 70).await;
            // Parts that are more than the whole: the whole was not kept up to date.
            spent(tx, "linkedin", None, 10).await;
            spent(tx, "linkedin", Some("x"), 30).await;
            Ok(())
        })
        .await;
    came(&world, "2026-02-10T12:00:00Z", "facebook_ads", Some("a"), 1..3, 0).await;
    let whole = asked(&world, &ask()).await;
    let costs = ["facebook_ads", "event", "linkedin"].map(|source| of(&whole, source, None).cost);
    assert_eq!(costs, [dec("500"), dec("70"), dec("30")]);
    assert_eq!((whole.total.cost, whole.rows.len()), (dec("600"), 3));
    let parts = asked(&world, &Ask { by: By::SubSource, ..ask() }).await;
    assert_eq!(of(&parts, "facebook_ads", None).cost, dec("200"));
    let a = of(&parts, "facebook_ads", Some("a"));
    assert_eq!((a.cost, a.leads, a.cost_per_lead), (dec("200"), 2, Some(dec("100"))));
    assert_eq!(of(&parts, "event", Some("expo")).cost, dec("70"));
    assert_eq!(parts.total, whole.total);
}

/// Defect 4-30.
#[tokio::test]
async fn money_of_other_currencies_is_named_apart_and_never_added() {
    let world = World::new().await;
    world
        .run(async |tx| {
            spent(tx, "event", None, 100).await;
            for (source, cost) in [("event", 50), ("website", 20)] {
                let new = New {
                    currency: Some("EUR".to_owned()),
                    ..New::of(source, month("2026-02"), Decimal::from(cost))
                };
                lead_source_cost::record(tx, new).await?;
            }
            Ok(())
        })
        .await;
    let found = asked(&world, &ask()).await;
    assert_eq!((found.currency.as_str(), found.total.cost), ("USD", dec("100")));
    let left: Vec<_> = found.left_out.iter().map(|f| (f.currency.as_str(), f.cost)).collect();
    assert_eq!(left, [("EUR", dec("70"))]);
}

async fn won(world: &World, at: &str, value: i64) {
    let who: Context = world.at(at);
    world
        .run_as(&who, async |tx| {
            let new = deal::New {
                value: Some(Decimal::from(value)),
                ..deal::New::titled(populate::client(), "A deal")
            };
            let id = deal::open(tx, new).await?.id;
            deal::move_to(tx, id, Stage::Won, None).await.map(drop)
        })
        .await;
}

#[tokio::test]
async fn a_customers_deals_count_once_for_the_lead_that_was_first_in_the_month_it_came_in() {
    let world = World::new().await;
    let early = world.at("2026-01-05T12:00:00Z");
    world.run_as(&early, async |tx| populate::acme(tx).await).await;
    world
        .run(async |tx| {
            spent(tx, "event", None, 100).await;
            Ok(())
        })
        .await;
    // Before anybody came in; after; and in the next month.
    won(&world, "2026-02-01T12:00:00Z", 1000).await;
    won(&world, "2026-02-20T12:00:00Z", 300).await;
    won(&world, "2026-03-01T12:00:00Z", 50).await;
    let first = came(&world, "2026-02-10T12:00:00Z", "event", None, 1..2, 1).await;
    let second = came(&world, "2026-02-11T12:00:00Z", "website", None, 2..3, 1).await;
    let convert = format!(
        "update leads set converted_client_id = 'cs_1_acme', converted_at = now() where id in ('{}', '{}')",
        first[0], second[0]
    );
    world.owner.execute_unprepared(&convert).await.unwrap();
    let found = asked(&world, &ask()).await;
    let event = of(&found, "event", None);
    assert_eq!((event.revenue, event.roi), (dec("350"), Some(dec("2.5"))));
    assert_eq!(of(&found, "website", None).revenue, Decimal::ZERO);
    // The first lead is first although another month is asked about.
    came(&world, "2026-03-01T12:00:00Z", "website", None, 3..4, 0).await;
    let march = asked(&world, &Ask::months(month("2026-03"), month("2026-03"))).await;
    assert_eq!(march.total.revenue, Decimal::ZERO);
}

#[tokio::test]
async fn who_was_recruited_and_then_left_was_recruited_and_who_was_deleted_never_came() {
    let world = World::new().await;
    let ids = came(&world, "2026-02-10T12:00:00Z", "event", None, 1..4, 2).await;
    world
        .run(async |tx| {
            lead::move_to(tx, ids[0], Status::Cold, &Because::manual(None)).await?;
            lead::delete(tx, ids[1], "gone").await.map(drop)
        })
        .await;
    let found = asked(&world, &ask()).await;
    assert_eq!((found.total.leads, found.total.recruited), (2, 1));
}

#[tokio::test]
async fn a_month_is_the_tenants_and_months_are_whole() {
    let world = World::new().await;
    let zone = format!(
        "update tenants set time_zone = 'America/New_York' where id = '{}'",
        world.context.tenant
    );
    world.owner.execute_unprepared(&zone).await.unwrap();
    came(&world, "2026-02-01T04:59:59Z", "event", None, 1..2, 0).await;
    came(&world, "2026-02-01T05:00:00Z", "event", None, 2..4, 0).await;
    let found = asked(&world, &Ask::months(month("2026-01"), month("2026-02"))).await;
    let leads: Vec<_> = found.months.iter().map(|(m, f)| (m.as_str(), f.leads)).collect();
    assert_eq!(leads, [("2026-01", 1), ("2026-02", 2)]);
    let turned = Ask::months(month("2026-02"), month("2026-01"));
    let many = Ask::months(month("2020-01"), month("2025-01"));
    for (ask, named) in [(turned, "from"), (many, "to")] {
        let done = world.db.read(world.context.clone(), async |tx| roi(tx, &ask).await).await;
        assert!(matches!(done, Err(Error::Invalid { field, .. }) if field == named));
    }
}
