//! What each user did for leads in some time, and what came of it.

use chrono::{DateTime, Utc};
use entity::{id::UserId, zone};
use rust_decimal::Decimal;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::{
    Window,
    funnel::{days, share},
};
use crate::{Result, Tx};

/// What a user did in some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Active {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// How many leads are theirs now.
    pub owned: i64,
    /// How many leads of theirs came in in that time.
    pub came_in: i64,
    /// How many leads they brought from new into another status, each once.
    pub contacted: i64,
    /// How many moves from status to status they made.
    pub moves: i64,
    /// How many leads they recruited, each once.
    pub recruited: i64,
    /// How many fields of leads they changed.
    pub edits: i64,
    /// `recruited` for each that was `contacted`, to four decimals; null: nobody was.
    pub conversion: Option<Decimal>,
    /// When they last moved or changed a lead in that time; null: never.
    pub last_active_at: Option<DateTime<Utc>>,
}

/// What the users did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// All active users, those too who did nothing, in the order of their ids.
    pub users: Vec<Active>,
    /// How many leads of the tenant's are nobody's.
    pub nobodys: i64,
}

/// Served by `leads_of_owner`, `leads_created`, `lead_status_history_entered` and
/// `lead_audit_log_changed`. `$3` and `$4` the time, the second excluded. Each is counted by itself, so
/// that none multiplies another; the last row is nobody's.
pub const ACTIVITY: &str = "
with owned as materialized (
    select l.user_id, count(*) as leads
    from leads l
    where l.tenant_id = $1 and l.deleted_at is null and l.created_at <= $2
    group by l.user_id),
came as materialized (
    select l.user_id, count(*) as leads
    from leads l
    where l.tenant_id = $1 and l.deleted_at is null and l.created_at >= $3::timestamptz
      and l.created_at < $4::timestamptz and l.created_at <= $2
    group by l.user_id),
moved as materialized (
    select h.changed_by_user_id as user_id, count(*) as moves,
           count(distinct h.lead_id)
               filter (where h.from_status = 'new' and h.to_status not in ('cold', 'dnc')) as contacted,
           count(distinct h.lead_id) filter (where h.to_status = 'recruited') as recruited,
           max(h.changed_at) as last_at
    from lead_status_history h
    join leads l on l.tenant_id = $1 and l.id = h.lead_id and l.deleted_at is null
    where h.tenant_id = $1 and h.changed_by_user_id is not null and h.from_status is not null
      and h.to_status in
          ('new', 'contacted', 'qualified', 'nurturing', 'hot', 'cold', 'recruited', 'dnc')
      and h.changed_at >= $3 and h.changed_at < $4 and h.changed_at <= $2
    group by h.changed_by_user_id),
edited as materialized (
    select a.user_id, count(*) as edits, max(a.changed_at) as last_at
    from lead_audit_log a
    where a.tenant_id = $1 and a.user_id is not null and a.changed_at >= $3 and a.changed_at < $4
      and a.changed_at <= $2 and a.field_name not in ('created', 'status')
    group by a.user_id)
select u.id as user_id, u.name, coalesce(o.leads, 0) as owned, coalesce(c.leads, 0) as came_in,
       coalesce(m.contacted, 0) as contacted, coalesce(m.moves, 0) as moves,
       coalesce(m.recruited, 0) as recruited, coalesce(e.edits, 0) as edits,
       greatest(m.last_at, e.last_at) as last_active_at
from users u
left join owned o on o.user_id = u.id
left join came c on c.user_id = u.id
left join moved m on m.user_id = u.id
left join edited e on e.user_id = u.id
where u.tenant_id = $1 and u.active
union all
select null, null, coalesce(sum(o.leads), 0)::bigint, 0, 0, 0, 0, 0, null
from owned o where o.user_id is null
order by user_id nulls last";

#[derive(FromQueryResult)]
struct Counted {
    user_id: Option<UserId>,
    name: Option<String>,
    owned: i64,
    came_in: i64,
    contacted: i64,
    moves: i64,
    recruited: i64,
    edits: i64,
    last_active_at: Option<DateTime<Utc>>,
}

/// What the users did on some days of the tenant's calendar. Leads that were deleted, merged away or
/// erased are not counted, edits of them are.
///
/// # Errors
///
/// [`Invalid`](crate::Error::Invalid) as [`funnel`](super::funnel).
#[tracing::instrument(name = "lead_status_history::activity", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn activity(tx: &Tx, window: &Window) -> Result<Activity> {
    let (from, to) = days(tx, window).await?;
    let zone = tx.zone().await?;
    let values = [from, to].map(|day| zone::day_start(zone, day).into());
    let found = Counted::find_by_statement(tx.ask(ACTIVITY, values)).all(tx).await?;
    let (mut users, mut nobodys) = (vec![], 0);
    for of in found {
        let Some((user_id, name)) = of.user_id.zip(of.name) else {
            nobodys = of.owned;
            continue;
        };
        users.push(Active {
            user_id,
            name,
            owned: of.owned,
            came_in: of.came_in,
            contacted: of.contacted,
            moves: of.moves,
            recruited: of.recruited,
            edits: of.edits,
            conversion: share(of.recruited, of.contacted),
            last_active_at: of.last_active_at,
        });
    }
    tracing::Span::current().record("rows", users.len());
    Ok(Activity { users, nobodys })
}
