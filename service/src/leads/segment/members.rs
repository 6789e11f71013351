//! Whom a filter finds, and how many.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    id::{LeadId, SegmentId},
    leads::{
        lead,
        segment::{Column, Entity, Filter},
    },
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, ExprTrait, FromQueryResult, QueryFilter, Statement,
    sea_query::Expr,
};
use serde::{Deserialize, Serialize};

use super::{
    compile::{Compiled, compile},
    get, refused,
    when::Clock,
};
use crate::{Error, Result, Tx, page, page::Page};

/// Where the next piece of a segment begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    /// When the first piece was asked for: what "days ago" goes on to mean.
    pub as_of: DateTime<Utc>,
    /// The last one of the piece before.
    pub id: LeadId,
}

/// What a filter would find, before it is saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// How many leads.
    pub lead_count: i64,
    /// The first of them.
    pub leads: Vec<lead::Model>,
}

async fn compiled(tx: &Tx, filter: &Filter, as_of: DateTime<Utc>) -> Result<Compiled> {
    filter.check().map_err(refused)?;
    // A filter's cost depends on its values: which status, and how many have the tag.
    tx.execute_unprepared("set local plan_cache_mode = force_custom_plan").await?;
    Ok(compile(filter, Clock { as_of, zone: tx.zone().await? }))
}

/// Served by `leads_by_status_score` alone, or by an index that the filter's values make better.
#[must_use]
pub fn count_sql(of: &Compiled) -> String {
    format!(
        "select count(*) as lead_count from leads l
         where l.tenant_id = $1 and l.deleted_at is null and $2::timestamptz is not null
           and {}",
        of.text
    )
}

/// The ids of a piece, in order. Its last two values are the piece's length and where the one before
/// ended; served as the count, or by the key where many are found.
#[must_use]
pub fn members_sql(of: &Compiled) -> String {
    let limit = of.values.len() + 3;
    let after = limit + 1;
    format!(
        "select l.id from leads l
         where l.tenant_id = $1 and l.deleted_at is null and $2::timestamptz is not null
           and {} and l.id > ${after}::uuid
         order by l.id limit ${limit}",
        of.text
    )
}

/// The leads of a piece: the ids as above, and each lead by its key.
#[must_use]
pub fn leads_sql(of: &Compiled) -> String {
    format!(
        "with found as materialized ({})
         select l.* from found f join leads l on l.tenant_id = $1 and l.id = f.id
         order by l.id",
        members_sql(of)
    )
}

fn piece(
    tx: &Tx,
    sql: &str,
    of: Compiled,
    limit: u64,
    as_of: DateTime<Utc>,
    after: Option<After>,
) -> Statement {
    let after = after.map_or(uuid::Uuid::nil(), |after| after.id.0);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let values = of.values.into_iter().chain([limit.into(), after.into()]);
    tx.ask_at(as_of, sql, values)
}

async fn found(
    tx: &Tx,
    filter: &Filter,
    limit: u64,
    after: Option<After>,
) -> Result<Page<lead::Model, After>> {
    page::check(limit)?;
    let as_of = after.map_or(tx.now(), |after| after.as_of);
    let of = compiled(tx, filter, as_of).await?;
    let sql = leads_sql(&of);
    let question = piece(tx, &sql, of, limit, as_of, after);
    let found = lead::Model::find_by_statement(question).all(tx).await?;
    Ok(Page::new(found, limit, |lead| After { as_of, id: lead.id }))
}

async fn counted(tx: &Tx, filter: &Filter) -> Result<i64> {
    let of = compiled(tx, filter, tx.now()).await?;
    let sql = count_sql(&of);
    let row = tx.query_one_raw(tx.ask(&sql, of.values)).await?;
    Ok(row.ok_or(Error::NotFound("count"))?.try_get("", "lead_count")?)
}

/// The leads that a segment finds, oldest first, a piece at a time.
///
/// # Errors
///
/// [`Error::NotFound`] if the caller sees no such segment; [`Error::Invalid`] for a limit that is
/// not from 1 to 1000.
#[tracing::instrument(name = "segment::leads", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn leads(
    tx: &Tx,
    id: SegmentId,
    limit: u64,
    after: Option<After>,
) -> Result<Page<lead::Model, After>> {
    let segment = get(tx, id).await?;
    let page = found(tx, &segment.filter, limit, after).await?;
    tracing::Span::current().record("rows", page.items.len());
    Ok(page)
}

/// The ids of the leads that a segment finds, oldest first, a piece at a time: for a send, which
/// writes them down, since whom a segment finds changes.
///
/// # Errors
///
/// As [`leads`].
#[tracing::instrument(name = "segment::members", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn members(
    tx: &Tx,
    id: SegmentId,
    limit: u64,
    after: Option<After>,
) -> Result<Page<LeadId, After>> {
    page::check(limit)?;
    let segment = get(tx, id).await?;
    let as_of = after.map_or(tx.now(), |after| after.as_of);
    let of = compiled(tx, &segment.filter, as_of).await?;
    let sql = members_sql(&of);
    let rows = tx.query_all_raw(piece(tx, &sql, of, limit, as_of, after)).await?;
    let ids = rows.iter().map(|row| row.try_get("", "id")).collect::<Result<Vec<LeadId>, _>>()?;
    let page = Page::new(ids, limit, |id| After { as_of, id: *id });
    tracing::Span::current().record("rows", page.items.len());
    Ok(page)
}

/// What a filter would find now: how many, and the first `limit` of them. Nothing is kept.
///
/// # Errors
///
/// [`Error::Invalid`] for a filter that could not be saved, or a limit that is not from 1 to 1000.
#[tracing::instrument(name = "segment::preview", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn preview(tx: &Tx, filter: &Filter, limit: u64) -> Result<Preview> {
    let leads = found(tx, filter, limit, None).await?.items;
    Ok(Preview { lead_count: counted(tx, filter).await?, leads })
}

/// Counts the leads that a segment finds now, and keeps the number with it, for whom
/// [`cached_count`] is good enough.
///
/// # Errors
///
/// [`Error::NotFound`] if the caller sees no such segment.
#[tracing::instrument(name = "segment::count", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn count(tx: &Tx, id: SegmentId) -> Result<i64> {
    let segment = get(tx, id).await?;
    let number = counted(tx, &segment.filter).await?;
    // Not kept if the filter was changed meanwhile, or a later count was.
    tx.update_many::<Entity>()
        .col_expr(Column::LeadCount, Expr::value(number))
        .col_expr(Column::LastCalculatedAt, Expr::value(tx.now()))
        .col_expr(Column::CountedVersion, Expr::value(segment.filter_version))
        .filter(Column::Id.eq(id))
        .filter(Column::FilterVersion.eq(segment.filter_version))
        .filter(Column::LastCalculatedAt.is_null().or(Column::LastCalculatedAt.lte(tx.now())))
        .exec(tx)
        .await?;
    Ok(number)
}

/// The number that was counted last, if the filter is the same since and no more than `max_age` has
/// passed; else it counts anew.
///
/// # Errors
///
/// As [`count`].
#[tracing::instrument(name = "segment::cached_count", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn cached_count(tx: &Tx, id: SegmentId, max_age: TimeDelta) -> Result<i64> {
    let segment = get(tx, id).await?;
    let is_same = segment.counted_version == Some(segment.filter_version);
    let age = segment.last_calculated_at.map(|at| tx.now() - at);
    match segment.lead_count {
        Some(number) if is_same && age.is_some_and(|a| a >= TimeDelta::zero() && a <= max_age) => {
            Ok(number)
        }
        _ => count(tx, id).await,
    }
}
