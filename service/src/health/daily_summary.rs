//! How all of a tenant's clients did on a day.

use chrono::NaiveDate;
pub use entity::health::daily_summary::Model;
use entity::{
    health::daily_summary::{ActiveModel, Column, Entity},
    id::DailySummaryId,
};
use rust_decimal::{Decimal, RoundingStrategy};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, Set, sea_query::OnConflict};

use crate::{Error, Result, Tx, health::weekly_pattern::small};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::COUNTS;
}

/// Served by `client_health_scores_of_coach`, and for the revenue by `client_health_scores_at_risk`
/// or `client_health_scores_of_client`. Each customer's contract is counted once, however many clients it has.
pub const COUNTS: &str = "
select count(*) as total, round(avg(c.health_score), 2) as average,
       count(*) filter (where c.intervention_priority = 'CRITICAL') as critical,
       count(*) filter (where c.health_zone = 'RED') as red,
       count(*) filter (where c.health_zone = 'YELLOW') as yellow,
       count(*) filter (where c.health_zone = 'GREEN') as green,
       count(*) filter (where c.health_zone = 'PURPLE') as purple,
       (select coalesce(sum(k.contract_value), 0)
        from (select distinct r.client_id from client_health_scores r
              where r.tenant_id = $1 and r.health_zone in ('RED', 'YELLOW')
                and r.client_id is not null) r
        join customers k on k.tenant_id = $1 and k.client_id = r.client_id
        where k.deleted_at is null) as revenue
from client_health_scores c
where c.tenant_id = $1 and c.health_zone is not null and $2::timestamptz is not null
  and not exists (select from customers k
                  where k.tenant_id = $1 and k.client_id = c.client_id
                    and k.deleted_at is not null)";

#[derive(FromQueryResult)]
struct Counted {
    total: i64,
    average: Option<Decimal>,
    critical: i64,
    red: i64,
    yellow: i64,
    green: i64,
    purple: i64,
    revenue: Decimal,
}

/// Writes down how the tenant's clients do today, by their latest scores; later on the same day, how
/// they do by then. A client without a score, or of a deleted customer, is left out. Shares are
/// percentages to two decimals, and 0 where there are no clients.
///
/// # Errors
///
/// [`Error::Invalid`] if the date is not today, by the tenant's calendar: what the scores were on
/// another day is not known any more, and what they will be is not known yet.
#[tracing::instrument(name = "daily_summary::close", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn close(tx: &Tx, date: NaiveDate) -> Result<Model> {
    if date != tx.today().await? {
        return Err(Error::invalid("date", "must be today"));
    }
    let counted = Counted::find_by_statement(tx.ask(COUNTS, [])).one(tx).await?;
    let counted = counted.ok_or(Error::NotFound("client"))?;
    let share = |part: i64| {
        let share = Decimal::from(part * 100).checked_div(Decimal::from(counted.total));
        share.unwrap_or_default().round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
    };
    let row = ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(DailySummaryId::new()),
        summary_date: Set(date),
        total_active_clients: Set(small(counted.total)),
        avg_health_score: Set(counted.average),
        critical_interventions: Set(small(counted.critical)),
        at_risk_revenue: Set(counted.revenue),
        red_clients: Set(small(counted.red)),
        yellow_clients: Set(small(counted.yellow)),
        green_clients: Set(small(counted.green)),
        purple_clients: Set(small(counted.purple)),
        red_percentage: Set(share(counted.red)),
        yellow_percentage: Set(share(counted.yellow)),
        green_percentage: Set(share(counted.green)),
        purple_percentage: Set(share(counted.purple)),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    let again = OnConflict::columns([Column::TenantId, Column::SummaryDate])
        .update_columns([
            Column::TotalActiveClients,
            Column::AvgHealthScore,
            Column::CriticalInterventions,
            Column::AtRiskRevenue,
            Column::RedClients,
            Column::YellowClients,
            Column::GreenClients,
            Column::PurpleClients,
            Column::RedPercentage,
            Column::YellowPercentage,
            Column::GreenPercentage,
            Column::PurplePercentage,
            Column::UpdatedAt,
        ])
        .to_owned();
    #[expect(clippy::disallowed_methods, reason = "the row names the transaction's tenant")]
    let insert = Entity::insert(row).on_conflict(again);
    Ok(insert.exec_with_returning(tx).await?)
}

/// What was written down on a day.
///
/// # Errors
///
/// [`Error::NotFound`] if nothing was.
#[tracing::instrument(name = "daily_summary::of", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn of(tx: &Tx, date: NaiveDate) -> Result<Model> {
    let of = tx.find::<Entity>(); // served by daily_summary_day
    let found = of.filter(Column::SummaryDate.eq(date)).one(tx).await?;
    found.ok_or(Error::NotFound("summary"))
}
