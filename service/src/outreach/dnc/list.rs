//! The list read from its newest entry on, and how well it is kept to.

use chrono::{DateTime, Utc};
use entity::{
    id::DncId,
    outreach::dnc::{Column, Entity},
};
use sea_orm::{
    ColumnTrait, Condition, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait},
};
use serde::{Deserialize, Serialize};

use super::Model;
use crate::{Error, Page, Result, Tx, input, page};

/// Which entries are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those made for this reason.
    pub reason: Option<String>,
    /// Those from this source.
    pub source: Option<String>,
    /// Those made at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Those made before this time.
    pub to: Option<DateTime<Utc>>,
    /// Also those that have expired or were removed.
    pub ended_too: bool,
}

/// Where the next page starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewestAfter {
    /// When the first page was asked for.
    pub as_of: DateTime<Utc>,
    /// When the last entry on this page was made.
    pub added_at: DateTime<Utc>,
    /// Its id.
    pub id: DncId,
}

/// The entries of the list, newest first.
///
/// # Errors
///
/// [`Error::Invalid`] if `limit` is 0 or above 1000.
#[tracing::instrument(name = "dnc::list", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn list(
    tx: &Tx,
    filter: &Filter,
    limit: u64,
    after: Option<NewestAfter>,
) -> Result<Page<Model, NewestAfter>> {
    page::check(limit)?;
    let as_of = after.map_or(tx.now(), |after| after.as_of);
    let found = list_query(tx, filter, limit, after).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    let place = |last: &Model| NewestAfter { as_of, added_at: last.added_at, id: last.id };
    Ok(Page::new(found, limit, place))
}

/// Served by `dnc_list_newest`, or for one reason by `dnc_list_for_reason`, or from one source by
/// `dnc_list_from_source`.
#[must_use]
pub fn list_query(
    tx: &Tx,
    filter: &Filter,
    limit: u64,
    after: Option<NewestAfter>,
) -> Select<Entity> {
    let as_of = after.map_or(tx.now(), |after| after.as_of);
    let mut of = Condition::all()
        .add_option(filter.reason.as_ref().map(|reason| Column::Reason.eq(reason)))
        .add_option(filter.source.as_ref().map(|source| Column::Source.eq(source)))
        .add_option(filter.from.map(|from| Column::AddedAt.gte(from)))
        .add_option(filter.to.map(|to| Column::AddedAt.lt(to)));
    if !filter.ended_too {
        let lasts =
            Condition::any().add(Column::ExpiresAt.is_null()).add(Column::ExpiresAt.gt(as_of));
        of = of.add(Column::RemovedAt.is_null()).add(lasts);
    }
    if let Some(NewestAfter { added_at, id, .. }) = after {
        let place = Expr::tuple([Expr::col(Column::AddedAt), Expr::col(Column::Id)]);
        of = of.add(place.lt(Expr::tuple([Expr::value(added_at), Expr::value(id)])));
    }
    tx.find::<Entity>()
        .filter(of)
        .order_by_desc(Column::AddedAt)
        .order_by_desc(Column::Id)
        .limit(limit.saturating_add(1))
}

/// How the list was kept, and kept to, in a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Entries that were made.
    pub additions: i64,
    /// Of these, made by a program that heard a request (`call_transcript`).
    pub automatic: i64,
    /// Of these, made by somebody by hand (`manual_entry`).
    pub manual: i64,
    /// Entries that were removed, and not because another took their place.
    pub removals: i64,
    /// Calls that were to be made, and for which the list was asked.
    pub guarded_calls: i64,
    /// Of these, calls to somebody on the list, which were refused.
    pub blocked_attempts: i64,
    /// From 0 to 100: how rarely that was tried. 100 only if it never was.
    pub score: i64,
}

#[derive(FromQueryResult)]
struct Counted {
    additions: i64,
    automatic: i64,
    manual: i64,
    removals: i64,
    guarded: i64,
    blocked: i64,
}

/// How the list was kept from one time up to another. The score counts attempts against all calls for
/// which the list was asked (defect 4-35): half of them attempts, and it is 0.
///
/// # Errors
///
/// [`Error::Invalid`] if the time ends before it begins.
#[tracing::instrument(name = "dnc::compliance_report", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn compliance_report(tx: &Tx, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Report> {
    input::at("from", from)?;
    input::at("to", to)?;
    if to < from {
        return Err(Error::invalid("to", "must not be before the beginning"));
    }
    let ask = tx.ask(REPORT, [from.into(), to.into()]);
    let counted = Counted::find_by_statement(ask).one(tx).await?.ok_or(Error::NotFound("count"))?;
    let Counted { additions, automatic, manual, removals, guarded, blocked } = counted;
    let score = score(guarded, blocked);
    Ok(Report {
        additions,
        automatic,
        manual,
        removals,
        guarded_calls: guarded,
        blocked_attempts: blocked,
        score,
    })
}

/// 100 less 200 times the share of attempts, rounded down, so that 100 means none.
fn score(guarded: i64, blocked: i64) -> i64 {
    if blocked == 0 {
        return 100;
    }
    let lost = (200 * blocked + guarded - 1) / Ord::max(guarded, 1);
    Ord::max(100 - lost, 0)
}

/// Served by `dnc_list_newest`, `dnc_list_removed` and `dnc_checks_guarded`. `$1` tenant, `$2` time of
/// asking, `$3` and `$4` from when to when. What is refused at the moment of dialling had been
/// cleared before, and is counted as a call then.
pub const REPORT: &str = "
with added as materialized (
  select count(*) as additions,
         count(*) filter (where n.source = 'call_transcript') as automatic,
         count(*) filter (where n.source = 'manual_entry') as manual
  from dnc_list n
  where n.tenant_id = $1 and n.added_at >= $3 and n.added_at < $4
), removed as materialized (
  select count(*) as removals
  from dnc_list n
  where n.tenant_id = $1 and n.removed_at is not null and n.removed_at >= $3 and n.removed_at < $4
    and n.removal_reason <> 'a newer entry took its place'
), asked as materialized (
  select count(*) filter (where c.purpose = 'clear') as guarded,
         count(*) filter (where c.verdict = 'refused' and 'listed' = any (c.refusals)) as blocked
  from dnc_checks c
  where c.tenant_id = $1 and c.purpose in ('clear', 'dial')
    and c.checked_at >= $3 and c.checked_at < $4
)
select * from added, removed, asked where $2::timestamptz is not null";

#[cfg(test)]
mod tests {
    use super::score;

    #[test]
    fn the_score_is_a_hundred_only_without_attempts_and_nothing_if_every_other_call_was_one() {
        assert_eq!(score(0, 0), 100);
        assert_eq!(score(1_000_000, 0), 100);
        assert_eq!(score(1_000_000, 1), 99, "and not rounded up");
        assert_eq!(score(100, 1), 98);
        assert_eq!(score(100, 25), 50);
        assert_eq!(score(100, 50), 0);
        assert_eq!(score(1, 1), 0);
    }
}
