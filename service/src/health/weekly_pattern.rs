//! How all of a tenant's clients did in a week, against the week before.

use chrono::{Datelike, Days, NaiveDate, Weekday};
pub use entity::health::weekly_pattern::Model;
use entity::{
    health::weekly_pattern::{ActiveModel, Column, Entity},
    id::WeeklyPatternId,
};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, Set, sea_query::OnConflict};

use crate::{Error, Result, Tx};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::COUNTS;
}

/// Served by `client_lifecycle_history_of_week`, and for the customers by the clients' e-mail
/// address. `$3` the Sunday of the week, `$4` that of the week
/// before.
pub const COUNTS: &str = "
select count(*) as total, round(avg(h.health_score), 2) as average,
       count(*) filter (where h.health_zone = 'RED') as red,
       count(*) filter (where h.health_zone = 'YELLOW') as yellow,
       count(*) filter (where h.health_zone = 'GREEN') as green,
       count(*) filter (where h.health_zone = 'PURPLE') as purple,
       count(*) filter (where h.health_score > p.health_score) as improving,
       count(*) filter (where h.health_score < p.health_score) as declining
from client_lifecycle_history h
left join client_lifecycle_history p
    on p.tenant_id = $1 and p.week_ending_date = $4::date and p.email = h.email
where h.tenant_id = $1 and h.week_ending_date = $3::date and $2::timestamptz is not null
  and not exists (select from client_health_scores c
                  join customers k on k.tenant_id = $1 and k.client_id = c.client_id
                  where c.tenant_id = $1 and c.email = h.email and k.deleted_at is not null)";

#[derive(FromQueryResult)]
struct Counted {
    total: i64,
    average: Option<Decimal>,
    red: i64,
    yellow: i64,
    green: i64,
    purple: i64,
    improving: i64,
    declining: i64,
}

/// Writes down how the tenant's clients did in the week that began on a Monday, by the last score
/// that each was given in it; of a week that still runs, how they do so far. A client improves whose
/// score is higher than that of the week before, and of whom there is none for that week neither
/// improves nor declines. Clients of deleted customers are left out. Asked again, it writes the same row anew, and leaves what somebody wrote
/// about it.
///
/// # Errors
///
/// [`Error::Invalid`] if the date is no Monday, or of a week that has not begun.
#[tracing::instrument(name = "weekly_pattern::close", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn close(tx: &Tx, week_start: NaiveDate) -> Result<Model> {
    if week_start.weekday() != Weekday::Mon || week_start.year() < 1970 {
        return Err(Error::invalid("week_start", "must be a Monday since 1970"));
    }
    if week_start > tx.today().await? {
        return Err(Error::invalid("week_start", "must not be in the future"));
    }
    let sunday = week_start + Days::new(6);
    let rest = [sunday.into(), (sunday - Days::new(7)).into()];
    let counted = Counted::find_by_statement(tx.ask(COUNTS, rest)).one(tx).await?;
    let counted = counted.ok_or(Error::NotFound("week"))?;
    let row = ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(WeeklyPatternId::new()),
        week_start_date: Set(week_start),
        week_end_date: Set(sunday),
        total_clients: Set(small(counted.total)),
        red_clients: Set(small(counted.red)),
        yellow_clients: Set(small(counted.yellow)),
        green_clients: Set(small(counted.green)),
        purple_clients: Set(small(counted.purple)),
        avg_health_score: Set(counted.average),
        clients_improving: Set(small(counted.improving)),
        clients_declining: Set(small(counted.declining)),
        pattern_insights: Set(None),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    let again = OnConflict::columns([Column::TenantId, Column::WeekStartDate])
        .update_columns([
            Column::TotalClients,
            Column::RedClients,
            Column::YellowClients,
            Column::GreenClients,
            Column::PurpleClients,
            Column::AvgHealthScore,
            Column::ClientsImproving,
            Column::ClientsDeclining,
            Column::UpdatedAt,
        ])
        .to_owned();
    #[expect(clippy::disallowed_methods, reason = "the row names the transaction's tenant")]
    let insert = Entity::insert(row).on_conflict(again);
    Ok(insert.exec_with_returning(tx).await?)
}

/// What was written down about the week that began on a Monday.
///
/// # Errors
///
/// [`Error::NotFound`] if nothing was.
#[tracing::instrument(name = "weekly_pattern::of", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn of(tx: &Tx, week_start: NaiveDate) -> Result<Model> {
    let of = tx.find::<Entity>(); // served by weekly_patterns_week
    let found = of.filter(Column::WeekStartDate.eq(week_start)).one(tx).await?;
    found.ok_or(Error::NotFound("week"))
}

/// A count as the columns hold it.
pub(crate) fn small(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
