//! Questions that follow links over several steps.

use chrono::{DateTime, Utc};
use entity::{id::LeadLinkId, leads::lead_link::Kind};
use sea_orm::{ActiveEnum, FromQueryResult, Iterable};
use serde::{Deserialize, Serialize};

use super::{End, there};
use crate::{Error, Page, Result, Tx, page};

/// How many steps a question follows at the most.
pub const MOST_STEPS: u32 = 10;
/// How many people a question looks at, at the most.
pub const MOST_IN_REACH: u32 = 20_000;

/// Whether the end of a link is still there.
macro_rules! live {
    ($side:literal) => {
        concat!(
            "(l.",
            $side,
            "_lead_id is null or (select k.deleted_at is null from leads k where k.tenant_id = $1 and k.id = l.",
            $side,
            "_lead_id)) and (l.",
            $side,
            "_contact_id is null or (select k.deleted_at is null from contacts k where k.tenant_id = $1 and k.id = l.",
            $side,
            "_contact_id)) and (l.",
            $side,
            "_client_id is null or (select k.deleted_at is null from customers k where k.tenant_id = $1 and k.client_id = l.",
            $side,
            "_client_id))"
        )
    };
}

/// Who is one step away from `$node`, by links of the kinds in `$kinds`.
macro_rules! next_to {
    ($node:literal, $kinds:literal) => {
        concat!(
            "(select l.to_end as node, l.id, l.kind, true as forwards from lead_links l
      where l.tenant_id = $1 and l.from_end = ",
            $node,
            " and l.ended_at is null and l.kind = any (",
            $kinds,
            "::text[]) and ",
            live!("to"),
            "
      union all
      select l.from_end, l.id, l.kind, false from lead_links l
      where l.tenant_id = $1 and l.to_end = ",
            $node,
            " and l.ended_at is null and l.kind = any (",
            $kinds,
            "::text[]) and ",
            live!("from"),
            ")"
        )
    };
}

fn words(kinds: &[Kind]) -> Vec<String> {
    let all: Vec<Kind> = Kind::iter().collect();
    let kinds = if kinds.is_empty() { &all } else { kinds };
    kinds.iter().map(ActiveEnum::to_value).collect()
}

fn end(text: String) -> Result<End> {
    End::try_from(text).map_err(|e| Error::invalid("end", e.to_string()))
}

fn steps(most: u32) -> Result<i32> {
    match i32::try_from(most) {
        Ok(n) if (1..=MOST_STEPS).contains(&most) => Ok(n),
        _ => Err(Error::invalid("max_depth", format!("must be from 1 to {MOST_STEPS}"))),
    }
}

fn too_many() -> Error {
    let why = format!("more than {MOST_IN_REACH} are in reach; ask for fewer steps or kinds");
    Error::invalid("max_depth", why)
}

/// What to follow, and how far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// By which links, whichever way they point; none: all.
    pub kinds: Vec<Kind>,
    /// How many steps at the most, 1 to 10.
    pub max_depth: u32,
}

impl Default for Ask {
    fn default() -> Self {
        Self { kinds: vec![], max_depth: 6 }
    }
}

/// The link by which a step was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// Which.
    pub link: LeadLinkId,
    /// What it says.
    pub kind: Kind,
    /// Whether it was followed the way that it points.
    pub forwards: bool,
}

/// A station of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Who.
    pub end: End,
    /// How one comes there from the station before; null at the beginning.
    pub by: Option<By>,
}

/// Served by `lead_links_live` one way, `lead_links_back` the other. `$3` whence, `$4` whither, `$5`
/// the most steps, `$6` the kinds, `$7` the most to look at. How far each is stands in one value, which
/// a hub's thousand neighbours are looked up in: joined, they would be compared each with each.
pub const PATH: &str = concat!(
    "with recursive walk(node, depth) as (
    select $3::text, 0
    union
    select n.node, w.depth + 1 from walk w
    cross join lateral ",
    next_to!("w.node", "$6"),
    " n where w.depth < $5::int
), seen as materialized (
    select node, depth from walk limit $7::bigint
), near as materialized (
    select node, min(depth) as depth from seen group by node
), far as materialized (
    select jsonb_object_agg(n.node, n.depth) as of from near n
), back(node, depth, id, kind, forwards) as (
    select n.node, n.depth, null::uuid, null::text, null::boolean from near n where n.node = $4
    union all
    select p.node, b.depth - 1, p.id, p.kind, p.forwards from back b
    cross join lateral (
        select a.node, a.id, a.kind, not a.forwards as forwards from ",
    next_to!("b.node", "$6"),
    " a, far f where (f.of ->> a.node)::int = b.depth - 1
        order by a.kind, a.node, a.id limit 1
    ) p
    where b.depth > 0
)
select b.node, b.depth, b.id, b.kind, b.forwards, (select count(*) from seen) as looked_at
from (select $2::timestamptz) t left join back b on true order by b.depth"
);

#[derive(FromQueryResult)]
struct Station {
    node: Option<String>,
    id: Option<LeadLinkId>,
    kind: Option<Kind>,
    forwards: Option<bool>,
    looked_at: i64,
}

/// The shortest path between two, the first of it at the beginning and the last at the end; none if
/// links do not join them in so many steps. Of paths that are equally short it is always the same.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has not both of them, or no more; [`Error::Invalid`] if the steps
/// are not 1 to 10, or none was found among the nearest 20,000.
#[tracing::instrument(name = "lead_link::path", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn path(tx: &Tx, from: &End, to: &End, ask: &Ask) -> Result<Option<Vec<Step>>> {
    let depth = steps(ask.max_depth)?;
    there(tx, from, None).await?;
    there(tx, to, None).await?;
    let most = i64::from(MOST_IN_REACH);
    let rest = [
        from.to_string().into(),
        to.to_string().into(),
        depth.into(),
        words(&ask.kinds).into(),
        (most + 1).into(),
    ];
    let found = Station::find_by_statement(tx.ask(PATH, rest)).all(tx).await?;
    let looked_at = found.first().map_or(0, |station| station.looked_at);
    // What joins a station to the one before stands with the one before, since the way was traced
    // back.
    let mut steps = vec![];
    let mut by = None;
    for station in found {
        let Some(node) = station.node else { break };
        steps.push(Step { end: end(node)?, by: by.take() });
        if let (Some(link), Some(kind), Some(forwards)) =
            (station.id, station.kind, station.forwards)
        {
            by = Some(By { link, kind, forwards });
        }
    }
    if steps.is_empty() && looked_at > most {
        return Err(too_many());
    }
    tracing::Span::current().record("rows", steps.len());
    Ok(Some(steps).filter(|steps| !steps.is_empty()))
}

/// One level of those whom somebody referred.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromQueryResult)]
pub struct Level {
    /// 1: referred by themselves; 2: referred by those; and so on.
    pub level: i32,
    /// How many, each where they are nearest.
    pub people: i64,
    /// How many of them are leads that were recruited.
    pub recruited: i64,
}

/// Served by `lead_links_back`. `$3` who, `$4` the most levels, `$5` the most to look at.
pub const INFLUENCE: &str = concat!(
    "with recursive walk(node, lead_id, depth) as (
    select $3::text, null::uuid, 0
    union
    select l.from_end, l.from_lead_id, w.depth + 1 from walk w
    join lead_links l on l.tenant_id = $1 and l.to_end = w.node and l.kind = 'referred_by'
                     and l.ended_at is null and ",
    live!("from"),
    " where w.depth < $4::int
), seen as materialized (
    select node, lead_id, depth from walk limit $5::bigint
), near as materialized (
    select node, lead_id, min(depth) as depth from seen group by node, lead_id
)
select n.depth as level, count(*) as people,
       count(*) filter (where k.status = 'recruited') as recruited,
       (select count(*) from seen) as looked_at
from near n left join leads k on k.tenant_id = $1 and k.id = n.lead_id
where $2::timestamptz is not null group by n.depth order by n.depth"
);

#[derive(FromQueryResult)]
struct LevelRow {
    level: i32,
    people: i64,
    recruited: i64,
    looked_at: i64,
}

/// Whom somebody referred, directly and over others, level by level.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such person or customer, or no more; [`Error::Invalid`] if
/// the levels are not 1 to 10, or more than 20,000 people are on them.
#[tracing::instrument(name = "lead_link::influence", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn influence(tx: &Tx, who: &End, levels: u32) -> Result<Vec<Level>> {
    let depth = steps(levels)?;
    there(tx, who, None).await?;
    let most = i64::from(MOST_IN_REACH) + 1;
    let rest = [who.to_string().into(), depth.into(), (most + 1).into()];
    let found = LevelRow::find_by_statement(tx.ask(INFLUENCE, rest)).all(tx).await?;
    if found.first().is_some_and(|row| row.looked_at > most) {
        return Err(too_many());
    }
    let told = found.into_iter().filter(|row| row.level > 0);
    let told: Vec<_> = told
        .map(|LevelRow { level, people, recruited, .. }| Level { level, people, recruited })
        .collect();
    tracing::Span::current().record("rows", told.len());
    Ok(told)
}

/// Served by `lead_links_live` one way, `lead_links_back` the other. `$3` who, `$4` the kind, as a
/// list, `$5` how many.
pub const HOUSEHOLD: &str = concat!(
    "with recursive walk(node) as (
    select $3::text
    union
    select n.node from walk w cross join lateral ",
    next_to!("w.node", "$4"),
    " n
)
select node from walk where $2::timestamptz is not null limit $5::bigint"
);

#[derive(FromQueryResult)]
struct Member {
    node: String,
}

/// Everybody who lives with somebody, over whomever that is known, themselves not among them; in
/// order of their kind and id.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such person, or no more; [`Error::Invalid`] if the
/// household has more than 1000 members, and so is none.
#[tracing::instrument(name = "lead_link::household", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn household(tx: &Tx, who: &End) -> Result<Vec<End>> {
    there(tx, who, None).await?;
    let most = i64::try_from(page::MOST).unwrap_or(1000);
    let rest = [who.to_string().into(), words(&[Kind::SameHousehold]).into(), (most + 2).into()];
    let found = Member::find_by_statement(tx.ask(HOUSEHOLD, rest)).all(tx).await?;
    if found.len() > usize::try_from(most).unwrap_or(usize::MAX) + 1 {
        return Err(Error::invalid("who", "the household has more than 1000 members"));
    }
    let mut members = vec![];
    for member in found {
        members.push(end(member.node)?);
    }
    members.retain(|member| member != who);
    members.sort();
    tracing::Span::current().record("rows", members.len());
    Ok(members)
}

/// Whose links to list.
#[derive(Clone, Debug)]
pub struct Neighbours {
    /// Of which kinds; none: all.
    pub kinds: Vec<Kind>,
    /// How many at the most, 1 to 1000.
    pub limit: u64,
    /// Behind which one to go on; `None`: at the beginning.
    pub after: Option<(bool, Kind, End)>,
}

impl Default for Neighbours {
    fn default() -> Self {
        Self { kinds: vec![], limit: 100, after: None }
    }
}

/// Somebody who is linked to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbour {
    /// By which link.
    pub link: LeadLinkId,
    /// What it says.
    pub kind: Kind,
    /// Whether it points to this one: who is asked about was referred by them, reports to them.
    pub forwards: bool,
    /// Who.
    pub end: End,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// Served by `lead_links_live` and `lead_links_back`, a page of each. `$3` who, `$4` the kinds, `$5`
/// how many, `$6` `$7` `$8` the last one's direction, kind and end, or nulls.
pub const NEIGHBOURS: &str = concat!(
    "select n.id, n.kind, n.forwards, n.node, n.started_at from (
    (select l.id, l.kind, true as forwards, l.to_end as node, l.started_at from lead_links l
     where l.tenant_id = $1 and l.from_end = $3 and l.ended_at is null and l.kind = any ($4::text[])
       and ($6::boolean is null or $6 and (l.kind, l.to_end) > ($7::text, $8::text)) and ",
    live!("to"),
    " order by l.kind, l.to_end limit $5::bigint)
    union all
    (select l.id, l.kind, false, l.from_end, l.started_at from lead_links l
     where l.tenant_id = $1 and l.to_end = $3 and l.ended_at is null and l.kind = any ($4::text[])
       and ($6::boolean is null or $6 or (l.kind, l.from_end) > ($7::text, $8::text)) and ",
    live!("from"),
    " order by l.kind, l.from_end limit $5::bigint)
) n where $2::timestamptz is not null order by n.forwards desc, n.kind, n.node limit $5::bigint"
);

#[derive(FromQueryResult)]
struct NeighbourRow {
    id: LeadLinkId,
    kind: Kind,
    forwards: bool,
    node: String,
    started_at: DateTime<Utc>,
}

/// Who is linked to somebody directly: first those to whom their links point, then those whose links
/// point to them; of each, in order of kind and end.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such person or customer, or no more; [`Error::Invalid`] if
/// the limit is not from 1 to 1000.
#[tracing::instrument(name = "lead_link::neighbours", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn neighbours(
    tx: &Tx,
    of: &End,
    ask: &Neighbours,
) -> Result<Page<Neighbour, (bool, Kind, End)>> {
    page::check(ask.limit)?;
    there(tx, of, None).await?;
    let after = ask.after.as_ref();
    let rest = [
        of.to_string().into(),
        words(&ask.kinds).into(),
        i64::try_from(ask.limit + 1).unwrap_or(i64::MAX).into(),
        after.map(|(forwards, ..)| *forwards).into(),
        after.map(|(_, kind, _)| kind.to_value()).into(),
        after.map(|(.., end)| end.to_string()).into(),
    ];
    let found = NeighbourRow::find_by_statement(tx.ask(NEIGHBOURS, rest)).all(tx).await?;
    let mut items = vec![];
    for NeighbourRow { id: link, kind, forwards, node, started_at: since } in found {
        items.push(Neighbour { link, kind, forwards, end: end(node)?, since });
    }
    let page = Page::new(items, ask.limit, |n| (n.forwards, n.kind, n.end.clone()));
    tracing::Span::current().record("rows", page.items.len());
    Ok(page)
}
