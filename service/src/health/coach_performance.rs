//! How the clients of each coach do.

use chrono::{Days, NaiveDate};
pub use entity::health::coach_performance::{Model, Trend};
use entity::{
    health::coach_performance::{ActiveModel, Column, Entity},
    id::CoachPerformanceId,
    zone::{date_at, week_before},
};
use rust_decimal::Decimal;
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Set, sea_query::OnConflict,
};

use super::weekly_pattern::small;
use crate::{Error, Result, Tx};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::COUNTS;
}

/// Served by `client_health_scores_of_coach`, and for the week before that of the score by
/// `client_lifecycle_history_once` or `client_lifecycle_history_of_week`. `$3` last week's Sunday,
/// `$4` and `$5` the starts of this week and the last.
pub const COUNTS: &str = "
select c.assigned_coach as coach_name, count(*) as total,
       round(avg(c.health_score), 2) as average,
       count(*) filter (where c.health_zone = 'RED') as red,
       count(*) filter (where c.health_zone = 'YELLOW') as yellow,
       count(*) filter (where c.health_zone = 'GREEN') as green,
       count(*) filter (where c.health_zone = 'PURPLE') as purple,
       count(*) filter (where c.health_score > p.health_score) as improving,
       count(*) filter (where c.health_score < p.health_score) as declining
from client_health_scores c
left join client_lifecycle_history p
    on p.tenant_id = $1 and p.email = c.email
    and p.week_ending_date between $3::date - 7 and $3::date
    and p.week_ending_date = case when c.calculated_at >= $4::timestamptz then $3::date
                                  when c.calculated_at >= $5::timestamptz then $3::date - 7 end
where c.tenant_id = $1 and c.health_zone is not null and c.assigned_coach <> ''
  and $2::timestamptz is not null
  and not exists (select from customers k
                  where k.tenant_id = $1 and k.client_id = c.client_id
                    and k.deleted_at is not null)
group by c.assigned_coach order by c.assigned_coach";

#[derive(FromQueryResult)]
struct Counted {
    coach_name: String,
    total: i64,
    average: Option<Decimal>,
    red: i64,
    yellow: i64,
    green: i64,
    purple: i64,
    improving: i64,
    declining: i64,
}

/// Writes down how each coach's clients do today, by their latest scores, each against that of
/// the week before the one in which it was given: on a Monday before the day's scores are there,
/// Sunday's against those of the week before Sunday's. A score older than last week's is compared
/// with none, and neither improves nor declines. There is a row for each coach who has any. Clients whom nobody looks after are in no row, nor
/// are those without a score or of a deleted customer. Asked again on the same day it writes the
/// rows anew, and takes away those of coaches who have no clients any more.
///
/// # Errors
///
/// [`Error::Invalid`] if the date is not today, by the tenant's calendar.
#[tracing::instrument(name = "coach_performance::close", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn close(tx: &Tx, date: NaiveDate) -> Result<Vec<Model>> {
    const AT_ONCE: usize = 500;
    if date != tx.today().await? {
        return Err(Error::invalid("date", "must be today"));
    }
    let zone = tx.zone().await?;
    let [this_week, last_week] = [0, 1].map(|weeks| week_before(zone, tx.now(), weeks));
    let last_sunday = date_at(zone, this_week) - Days::new(1);
    let question = tx.ask(COUNTS, [last_sunday.into(), this_week.into(), last_week.into()]);
    let counted = Counted::find_by_statement(question).all(tx).await?;
    tracing::Span::current().record("rows", counted.len());
    let coaches = counted.iter().map(|c| c.coach_name.clone()).collect::<Vec<_>>();
    tx.delete_many::<Entity>() // served by coach_performance_day
        .filter(Column::ReportDate.eq(date))
        .filter(Column::CoachName.is_not_in(coaches))
        .exec(tx)
        .await?;
    let again = OnConflict::columns([Column::TenantId, Column::CoachName, Column::ReportDate])
        .update_columns([
            Column::TotalClients,
            Column::AvgHealthScore,
            Column::RedClients,
            Column::YellowClients,
            Column::GreenClients,
            Column::PurpleClients,
            Column::ClientsImproving,
            Column::ClientsDeclining,
            Column::Trend,
            Column::UpdatedAt,
        ])
        .to_owned();
    for chunk in counted.chunks(AT_ONCE) {
        let rows = chunk.iter().map(|of| row(tx, date, of));
        #[expect(clippy::disallowed_methods, reason = "the rows name the transaction's tenant")]
        let insert = Entity::insert_many(rows).on_conflict(again.clone());
        insert.exec_without_returning(tx).await?;
    }
    self::of(tx, date).await
}

fn row(tx: &Tx, date: NaiveDate, of: &Counted) -> ActiveModel {
    ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(CoachPerformanceId::new()),
        coach_name: Set(of.coach_name.clone()),
        report_date: Set(date),
        total_clients: Set(small(of.total)),
        avg_health_score: Set(of.average),
        red_clients: Set(small(of.red)),
        yellow_clients: Set(small(of.yellow)),
        green_clients: Set(small(of.green)),
        purple_clients: Set(small(of.purple)),
        clients_improving: Set(small(of.improving)),
        clients_declining: Set(small(of.declining)),
        trend: Set(match of.improving.cmp(&of.declining) {
            std::cmp::Ordering::Greater => Trend::Improving,
            std::cmp::Ordering::Equal => Trend::Stable,
            std::cmp::Ordering::Less => Trend::Declining,
        }),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    }
}

/// What was written down about the coaches on a day, by name; nothing, if nothing was.
///
/// # Errors
///
/// [`Error::Database`].
#[tracing::instrument(name = "coach_performance::of", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn of(tx: &Tx, date: NaiveDate) -> Result<Vec<Model>> {
    let of = tx.find::<Entity>().filter(Column::ReportDate.eq(date)); // by coach_performance_day
    let found = of.order_by_asc(Column::CoachName).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}
