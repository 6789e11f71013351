//! How far the leads of a time have come since, and how long they stayed where.

use chrono::{Days, NaiveDate};
use entity::{leads::lead::Status, zone};
use rust_decimal::{Decimal, RoundingStrategy};
use sea_orm::FromQueryResult;
use serde::Serialize;

use crate::{Error, Result, Tx, input};

/// The stages in their order. Cold and dnc are not among them: they are ways out.
pub const STAGES: [Status; 6] = [
    Status::New,
    Status::Contacted,
    Status::Qualified,
    Status::Nurturing,
    Status::Hot,
    Status::Recruited,
];

/// How many days a window may have.
const MOST_DAYS: i64 = 1100;

/// Which leads: those that came in on these days of the tenant's calendar.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    /// The first day; `None`: the 30th day before the end.
    pub from: Option<NaiveDate>,
    /// The day after the last; `None`: tomorrow, so that today is in.
    pub to: Option<NaiveDate>,
}

/// What became of the leads of a window in one status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// Which status.
    pub status: Status,
    /// How many have come so far: been in it or in a later stage. Null of a way out.
    pub reached: Option<i64>,
    /// The share of those that have reached the next stage, from 0 to 1, to four decimals; null of
    /// the last stage and the ways out, and of nobody.
    pub conversion: Option<Decimal>,
    /// How many were in it at all. What is missing to `reached` skipped it.
    pub entered: i64,
    /// How many times one came back to it.
    pub reentries: i64,
    /// How many are in it now.
    pub present: i64,
    /// After how many seconds in it, all stays together, half have left it. Who is still in it counts
    /// as having stayed at least so long (a Kaplan–Meier estimate). Null: fewer than half would have.
    pub median_seconds: Option<i64>,
    /// How many moves went from it to an earlier stage; of a way out, how many back into the funnel.
    pub moves_back: i64,
    /// How many moves went from it to cold or dnc.
    pub exits: i64,
}

/// What became of the leads of a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Funnel {
    /// How many there are: live, each once.
    pub leads: i64,
    /// The stages in their order, and then cold and dnc.
    pub stages: Vec<Stage>,
    /// The stage of the lowest conversion, the earliest of such; null: nobody came in.
    pub bottleneck: Option<Status>,
    /// The stage of the longest median stay, of those that leads leave; null: none has a median.
    pub slowest: Option<Status>,
}

/// Served by `leads_created` and `lead_status_history_of_lead`. `$3` and `$4` the time that they came in,
/// the second excluded.
///
/// The time in a stage is the sum of a lead's stays there. It is censored if the last of them goes on;
/// at each length of time the logarithm of the share that stays longer is added up.
pub const FUNNEL: &str = "
with stages (stage, rank) as materialized (
    values ('new', 1), ('contacted', 2), ('qualified', 3), ('nurturing', 4), ('hot', 5),
           ('recruited', 6), ('cold', null), ('dnc', null)),
cohort as materialized (
    select l.id from leads l
    where l.tenant_id = $1 and l.created_at >= $3::timestamptz and l.created_at < $4::timestamptz
      and l.created_at <= $2 and l.deleted_at is null),
steps as materialized (
    select h.lead_id, h.to_status, h.changed_at,
           case when h.left_at <= $2 then h.left_at end as left_at,
           array_position(array['new', 'contacted', 'qualified', 'nurturing', 'hot', 'recruited'],
                          h.from_status) as from_rank,
           h.from_status,
           array_position(array['new', 'contacted', 'qualified', 'nurturing', 'hot', 'recruited'],
                          h.to_status) as to_rank
    from lead_status_history h
    where h.tenant_id = $1 and h.lead_id = any(array(select c.id from cohort c))
      and h.changed_at <= $2),
furthest as materialized (
    select reach.rank, count(*) as leads
    from (select max(s.to_rank) as rank from steps s group by s.lead_id) reach
    group by reach.rank),
stays as materialized (
    select s.lead_id, s.to_status as stage, count(*) as entries,
           trunc(extract(epoch from sum(coalesce(s.left_at, $2) - s.changed_at)))::bigint as seconds,
           bool_or(s.left_at is null) as goes_on
    from steps s group by s.lead_id, s.to_status),
lengths as (
    select s.stage, s.seconds, count(*) filter (where not s.goes_on) as ended,
           sum(count(*)) over (partition by s.stage order by s.seconds desc) as at_risk
    from stays s group by s.stage, s.seconds),
survival as (
    select n.stage, n.seconds,
           sum(case when n.ended = n.at_risk then -1000
                    else ln((n.at_risk - n.ended)::float8 / n.at_risk::float8) end)
               over (partition by n.stage order by n.seconds) as logarithm
    from lengths n),
medians as materialized (
    select v.stage, min(v.seconds) as seconds
    from survival v where v.logarithm <= ln(0.5::float8) + 1e-9 group by v.stage),
entered as materialized (
    select s.stage, count(*) as leads, (sum(s.entries) - count(*))::bigint as again,
           count(*) filter (where s.goes_on) as present
    from stays s group by s.stage),
moves as materialized (
    select s.from_status as stage,
           count(*) filter (where s.to_rank < coalesce(s.from_rank, 99)) as back,
           count(*) filter (where s.from_rank is not null and s.to_rank is null) as exits
    from steps s where s.from_status is not null group by s.from_status)
select t.stage as status, (select count(*) from cohort) as leads,
       case when t.rank = 1 then (select count(*) from cohort)
            when t.rank is not null then
           (select coalesce(sum(f.leads), 0) from furthest f where f.rank >= t.rank)
       end::bigint as reached,
       coalesce(e.leads, 0) as entered, coalesce(e.again, 0) as reentries,
       coalesce(e.present, 0) as present, m.seconds as median_seconds,
       coalesce(v.back, 0) as moves_back, coalesce(v.exits, 0) as exits
from stages t
left join entered e on e.stage = t.stage
left join medians m on m.stage = t.stage
left join moves v on v.stage = t.stage
order by t.rank nulls last, t.stage";

#[derive(FromQueryResult)]
struct Counted {
    status: Status,
    leads: i64,
    reached: Option<i64>,
    entered: i64,
    reentries: i64,
    present: i64,
    median_seconds: Option<i64>,
    moves_back: i64,
    exits: i64,
}

/// What became up to now of the leads that came in on some days. A lead that skipped a stage has
/// passed it; one that was deleted, merged away or erased is not counted.
///
/// # Errors
///
/// [`Error::Invalid`] if the days end before they begin, or are more than 1100.
#[tracing::instrument(name = "lead_status_history::funnel", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn funnel(tx: &Tx, window: &Window) -> Result<Funnel> {
    let (from, to) = days(tx, window).await?;
    let zone = tx.zone().await?;
    let values = [from, to].map(|day| zone::day_start(zone, day).into());
    let counted = Counted::find_by_statement(tx.ask(FUNNEL, values)).all(tx).await?;
    let leads = counted.first().map_or(0, |first| first.leads);
    let mut stages = vec![];
    for (place, of) in counted.iter().enumerate() {
        let next = counted.get(place + 1).and_then(|next| next.reached);
        let conversion = of.reached.zip(next).and_then(|(this, next)| share(next, this));
        stages.push(Stage {
            status: of.status,
            reached: of.reached,
            conversion,
            entered: of.entered,
            reentries: of.reentries,
            present: of.present,
            median_seconds: of.median_seconds,
            moves_back: of.moves_back,
            exits: of.exits,
        });
    }
    let lowest = stages.iter().filter_map(|s| Some((s.conversion?, s.status)));
    let bottleneck = lowest.min_by_key(|(conversion, _)| *conversion).map(|(_, status)| status);
    let left =
        stages.iter().filter(|s| STAGES.contains(&s.status) && s.status != Status::Recruited);
    let slowest = left.filter_map(|s| Some((s.median_seconds?, s.status)));
    let slowest = slowest.rev().max_by_key(|(seconds, _)| *seconds).map(|(_, status)| status);
    Ok(Funnel { leads, stages, bottleneck, slowest })
}

/// A part of a whole, to four decimals; `None`: of nothing.
pub(super) fn share(part: i64, whole: i64) -> Option<Decimal> {
    let share = Decimal::from(part).checked_div(Decimal::from(whole))?;
    Some(share.round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero))
}

/// The days of a window, both known.
pub(super) async fn days(tx: &Tx, window: &Window) -> Result<(NaiveDate, NaiveDate)> {
    let sound = |field, day: NaiveDate| {
        let checked = input::date(&day).map(|()| day);
        checked.map_err(|e| Error::invalid(field, e.message.unwrap_or_default()))
    };
    let tomorrow = tx.today().await? + Days::new(1);
    let to = sound("to", window.to.unwrap_or(tomorrow))?;
    let from = sound("from", window.from.unwrap_or(to - Days::new(30)))?;
    if from > to {
        return Err(Error::invalid("from", "must not be after the end"));
    }
    if (to - from).num_days() > MOST_DAYS {
        return Err(Error::invalid("from", format!("must not be more than {MOST_DAYS} days back")));
    }
    Ok((from, to))
}
