//! The document's ten leads give the document's numbers.

use integration::World;
use rust_decimal::Decimal;
use sea_orm::{ActiveEnum, Iterable};
use service::{
    leads::{
        lead::{self, List, Status},
        lead_source_cost::{Ask, Month, roi},
        lead_status_history::{Window, funnel},
        segment,
    },
    ledger::budget_account,
    outreach::dnc,
};

fn of_status(counts: &[(Status, usize)], status: Status) -> usize {
    counts.iter().find(|(s, _)| *s == status).map_or(0, |(_, n)| *n)
}

#[tokio::test]
async fn the_ten_leads_of_the_document_load_and_give_its_numbers() {
    use Status::{Cold, Contacted, Dnc, Hot, New, Nurturing, Qualified, Recruited};
    let world = World::new().await;
    world.ten_leads(&world.neighbour).await;
    let sample = world.ten_leads(&world.context).await;

    let all = world.run(async |tx| lead::list(tx, &List::default()).await).await.items;
    assert_eq!(all.len(), 10);
    let counts: Vec<_> =
        Status::iter().map(|s| (s, all.iter().filter(|lead| lead.status == s).count())).collect();
    for (status, expected) in [
        (New, 1),
        (Contacted, 1),
        (Qualified, 2),
        (Nurturing, 2),
        (Hot, 2),
        (Cold, 1),
        (Recruited, 0),
        (Dnc, 1),
    ] {
        assert_eq!(of_status(&counts, status), expected, "{}", status.to_value());
    }
    // Defect 4-14: who is on the list is blocked.
    let blocked: Vec<_> = all.iter().filter(|l| l.calling_blocked).map(|l| &*l.last_name).collect();
    assert_eq!(blocked, ["Taylor"]);

    world
        .run(async |tx| {
            for number in ["+12065550010", "+18005550011"] {
                assert!(!dnc::history(tx, number).await?.entries.is_empty(), "{number}");
            }
            // Defect 4-33: the cached counts of the document are right.
            let [hot, facebook] = sample.segments;
            assert_eq!(segment::count(tx, hot).await?, 2);
            assert_eq!(segment::count(tx, facebook).await?, 1);
            let found = segment::leads(tx, facebook, 9, None).await?.items;
            assert_eq!(found[0].last_name, "Martinez");

            // The rows that the document has of two leads (Q64): new 2, contacted 2, hot 2, qualified 1.
            let mut of_two = vec![];
            for id in &sample.leads[..2] {
                of_two.extend(lead::statuses(tx, *id).await?.into_iter().map(|row| row.to_status));
            }
            let times = |status| of_two.iter().filter(|s| **s == status).count();
            assert_eq!([New, Contacted, Hot, Qualified].map(times), [2, 2, 2, 1]);
            assert_eq!(of_two.len(), 7);

            // Of all ten: those who came in within thirty days are eight.
            let found = funnel(tx, &Window::default()).await?;
            let reached: Vec<_> = found.stages.iter().filter_map(|s| s.reached).collect();
            // Not Thomas; then Anderson stays behind; Davis and Wilson; Brown and Martinez.
            assert_eq!((found.leads, reached), (8, vec![8, 7, 6, 4, 2, 0]));

            let month = Month::parse("2024-01").unwrap();
            let costs = roi(tx, &Ask::months(month.clone(), month)).await?;
            assert_eq!((costs.total.cost, costs.rows.len()), (Decimal::from(1850), 3));
            assert_eq!((costs.total.leads, costs.total.cost_per_lead), (0, None));

            let account = budget_account::of_user(tx, sample.users[0]).await?.remove(0);
            assert_eq!(account.balance, Decimal::new(9923, 2));
            Ok(())
        })
        .await;
}
