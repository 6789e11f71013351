//! What psql is told is what the service says.

use entity::leads::lead::Status;
use integration::World;
use rust_decimal::Decimal;
use sea_orm::{ActiveEnum, ConnectionTrait, FromQueryResult};
use service::{
    Context, Tx,
    leads::{
        lead_source_cost::{Ask, Month, roi},
        lead_status_history::{Window, funnel},
    },
};

#[derive(Debug, PartialEq, FromQueryResult)]
struct Stage {
    status: String,
    reached: Option<i64>,
    conversion: Option<Decimal>,
    entered: i64,
    reentries: i64,
    present: i64,
    median_seconds: Option<i64>,
    moves_back: i64,
    exits: i64,
}

#[derive(Debug, PartialEq, FromQueryResult)]
struct Line {
    period: String,
    source: Option<String>,
    cost: Decimal,
    leads: i64,
    recruited: i64,
    revenue: Decimal,
    cost_per_lead: Option<Decimal>,
    cost_per_recruit: Option<Decimal>,
    conversion: Option<Decimal>,
    roi: Option<Decimal>,
}

async fn rows<T: FromQueryResult>(tx: &Tx, call: &str) -> Vec<T> {
    let sql = format!(
        "select * from {}",
        call.replace("TENANT", &tx.context().tenant.to_string())
            .replace("NOW", &tx.now().to_rfc3339())
    );
    let ask = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
    let found = tx.query_all_raw(ask).await.unwrap();
    found.iter().map(|row| T::from_query_result(row, "").unwrap()).collect()
}

/// On the document's ten leads, some of them moved on, in a zone that is not UTC.
#[tokio::test]
async fn the_functions_for_psql_answer_as_the_service_does() {
    let world = World::new().await;
    let zone = "update tenants set time_zone = 'America/New_York'";
    world.owner.execute_unprepared(zone).await.unwrap();
    for who in [&world.context, &world.neighbour] {
        let sample = world.ten_leads(who).await;
        world
            .run_as(who, async |tx| {
                use service::leads::{lead, lead_source_cost};
                for (lead, to) in [(0, Status::Recruited), (2, Status::Contacted), (4, Status::Hot)]
                {
                    let because = lead::Because::manual(None);
                    lead::move_to(tx, sample.leads[lead], to, &because).await?;
                }
                for (sub_source, cost) in [(None, 700), (Some("a"), 200), (Some("b"), 50)] {
                    let new = lead_source_cost::New {
                        sub_source: sub_source.map(str::to_owned),
                        ..lead_source_cost::New::of(
                            "referral",
                            Month::parse("2026-02").unwrap(),
                            Decimal::from(cost),
                        )
                    };
                    lead_source_cost::record(tx, new).await?;
                }
                Ok(())
            })
            .await;
    }
    let later =
        Context { now: world.context.now + chrono::TimeDelta::hours(3), ..world.context.clone() };
    world
        .run_as(&later, async |tx| {
            let told: Vec<Stage> = rows(tx, "get_lead_funnel('TENANT', null, null, 'NOW')").await;
            let said = funnel(tx, &Window::default()).await?;
            let said = said.stages.into_iter().map(|s| Stage {
                status: s.status.to_value(),
                reached: s.reached,
                conversion: s.conversion,
                entered: s.entered,
                reentries: s.reentries,
                present: s.present,
                median_seconds: s.median_seconds,
                moves_back: s.moves_back,
                exits: s.exits,
            });
            let said: Vec<_> = said.collect();
            assert_eq!(told, said);
            assert!(said.iter().any(|s| s.moves_back > 0 && s.median_seconds.is_some()));

            let told: Vec<Line> =
                rows(tx, "get_source_roi('TENANT', '2024-01', '2026-03', 'NOW')").await;
            let month = |text: &str| Month::parse(text).unwrap();
            let said = roi(tx, &Ask::months(month("2024-01"), month("2026-03"))).await?;
            let said = said.rows.into_iter().map(|row| Line {
                period: row.period.to_string(),
                source: row.source,
                cost: row.figures.cost,
                leads: row.figures.leads,
                recruited: row.figures.recruited,
                revenue: row.figures.revenue,
                cost_per_lead: row.figures.cost_per_lead,
                cost_per_recruit: row.figures.cost_per_recruit,
                conversion: row.figures.conversion,
                roi: row.figures.roi,
            });
            let said: Vec<_> = said.collect();
            assert_eq!(told, said);
            assert!(said.len() > 5 && said.iter().any(|s| s.recruited > 0 && s.roi.is_some()));

            let theirs = world.neighbour.tenant;
            let none: Vec<Line> =
                rows(tx, &format!("get_source_roi('{theirs}', '2024-01', '2026-03', 'NOW')")).await;
            assert!(none.is_empty());
            Ok(())
        })
        .await;
}
