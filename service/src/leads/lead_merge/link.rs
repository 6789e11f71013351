//! What becomes of the folded lead's links, and how they come back.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use entity::{
    id::{LeadId, LeadLinkId},
    leads::lead_link::Kind,
};
use sea_orm::{ActiveEnum, ConnectionTrait, FromQueryResult};

use super::{How, MovedLink};
use crate::{
    Result, Tx,
    leads::lead_link::{self, End, Ends, is_mutual},
};

/// Served by `lead_links_from_lead` and `lead_links_to_lead`. `$3` a lead.
pub const LINKS: &str = "
select l.id, l.kind, l.from_end, l.to_end from lead_links l
where l.tenant_id = $1 and $2::timestamptz is not null and l.from_lead_id = $3 and l.ended_at is null
union all
select l.id, l.kind, l.from_end, l.to_end from lead_links l
where l.tenant_id = $1 and l.to_lead_id = $3 and l.ended_at is null";

/// Which of the folded lead's links the kept one has itself: served by `lead_links_live`, each way.
/// `$3` the folded lead's end, `$4` the kept one's.
pub const KEPT: &str = "
select f.id from lead_links f
join lead_links k on k.tenant_id = $1 and k.from_end = $4 and k.kind = f.kind and k.to_end = f.to_end
                 and k.ended_at is null
where f.tenant_id = $1 and $2::timestamptz is not null and f.from_end = $3 and f.ended_at is null
union all
select f.id from lead_links f
join lead_links k on k.tenant_id = $1 and k.from_end = f.from_end and k.kind = f.kind
                 and k.to_end = $4 and k.ended_at is null
where f.tenant_id = $1 and f.to_end = $3 and f.ended_at is null
union all
select f.id from lead_links f
join lead_links k on k.tenant_id = $1 and k.from_end = f.to_end and k.kind = f.kind
                 and k.to_end = $4 and k.ended_at is null
where f.tenant_id = $1 and f.from_end = $3 and f.ended_at is null
  and f.kind in ('same_household', 'works_with')
union all
select f.id from lead_links f
join lead_links k on k.tenant_id = $1 and k.from_end = $4 and k.kind = f.kind
                 and k.to_end = f.from_end and k.ended_at is null
where f.tenant_id = $1 and f.to_end = $3 and f.ended_at is null
  and f.kind in ('same_household', 'works_with')";

/// The links to the folded lead from whomever the kept one leads to. Served by `lead_links_live`.
/// `$3` the folded lead's end, `$4` the kept one's, `$5` the kind.
pub const CLOSING_BACK: &str = "
with recursive onward(node) as (
    select $4::text
    union
    select l.to_end from onward o
    join lead_links l on l.tenant_id = $1 and l.from_end = o.node and l.kind = $5
                     and l.ended_at is null
)
select l.id from onward o
join lead_links l on l.tenant_id = $1 and l.from_end = o.node and l.kind = $5 and l.to_end = $3
                 and l.ended_at is null
where $2::timestamptz is not null";

/// The links of the folded lead to whoever leads to the kept one. Served by `lead_links_back`.
pub const CLOSING_ON: &str = "
with recursive before(node) as (
    select $4::text
    union
    select l.from_end from before b
    join lead_links l on l.tenant_id = $1 and l.to_end = b.node and l.kind = $5
                     and l.ended_at is null
)
select l.id from before b
join lead_links l on l.tenant_id = $1 and l.to_end = b.node and l.kind = $5 and l.from_end = $3
                 and l.ended_at is null
where $2::timestamptz is not null";

/// How links are changed, each by its id: served by `pk-lead_links`. `$3` the links, `$4` the lead
/// that is their end from now on.
fn turning(how: How) -> &'static str {
    match how {
        How::From => {
            "update lead_links set from_lead_id = $4, updated_at = $2
             where tenant_id = $1 and id = any ($3::uuid[])"
        }
        How::To => {
            "update lead_links set to_lead_id = $4, updated_at = $2
             where tenant_id = $1 and id = any ($3::uuid[])"
        }
        How::FromTurned => {
            "update lead_links
             set from_lead_id = to_lead_id, from_contact_id = to_contact_id,
                 from_client_id = to_client_id,
                 to_lead_id = $4, to_contact_id = null, to_client_id = null, updated_at = $2
             where tenant_id = $1 and id = any ($3::uuid[])"
        }
        How::ToTurned => {
            "update lead_links
             set to_lead_id = from_lead_id, to_contact_id = from_contact_id,
                 to_client_id = from_client_id,
                 from_lead_id = $4, from_contact_id = null, from_client_id = null, updated_at = $2
             where tenant_id = $1 and id = any ($3::uuid[])"
        }
        // The lead is one of two that it is not, and so nothing is lost by naming it.
        How::Ended => {
            "update lead_links set ended_at = greatest(started_at, $2), updated_at = $2
             where tenant_id = $1 and id = any ($3::uuid[]) and $4::uuid is not null"
        }
    }
}

async fn turn(tx: &Tx, how: How, links: Vec<LeadLinkId>, end: LeadId) -> Result<()> {
    if links.is_empty() {
        return Ok(());
    }
    let ids: Vec<uuid::Uuid> = links.into_iter().map(|id| id.0).collect();
    tx.execute_raw(tx.ask(turning(how), [ids.into(), end.into()])).await?;
    Ok(())
}

/// Between whom some links are by now, live or not. Served by `pk-lead_links`. `$3` the links.
const ENDS: &str = "
select l.id, l.kind, l.from_end, l.to_end from lead_links l
where l.tenant_id = $1 and $2::timestamptz is not null and l.id = any ($3::uuid[])";

#[derive(FromQueryResult)]
struct Id {
    id: LeadLinkId,
}

/// The directed kinds among some links, in the order in which they are locked.
fn directed(kinds: impl Iterator<Item = Kind>) -> Vec<Kind> {
    let mut kinds: Vec<_> = kinds.filter(|kind| !is_mutual(*kind)).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

/// Lets the folded lead's links begin and end at the kept one, and says what became of each.
pub(super) async fn follow(tx: &Tx, keep: LeadId, fold: LeadId) -> Result<Vec<MovedLink>> {
    let links = Ends::find_by_statement(tx.ask(LINKS, [fold.into()])).all(tx).await?;
    let (kept, folded) = (End::Lead(keep).to_string(), End::Lead(fold).to_string());
    let ends = || [folded.clone().into(), kept.clone().into()];
    let mut ending: HashSet<LeadLinkId> = HashSet::new();
    for kind in directed(links.iter().map(|link| link.kind)) {
        lead_link::lock(tx, kind).await?;
        for sql in [CLOSING_BACK, CLOSING_ON] {
            let rest = ends().into_iter().chain([kind.to_value().into()]);
            let closing = Id::find_by_statement(tx.ask(sql, rest)).all(tx).await?;
            ending.extend(closing.into_iter().map(|link| link.id));
        }
    }
    if !links.is_empty() {
        let same = Id::find_by_statement(tx.ask(KEPT, ends())).all(tx).await?;
        ending.extend(same.into_iter().map(|link| link.id));
    }
    let mut moved = vec![];
    for link in links {
        let begins = link.from_end == folded;
        let other = if begins { &link.to_end } else { &link.from_end };
        let how = if *other == kept || ending.contains(&link.id) {
            How::Ended
        } else if is_mutual(link.kind) && begins == (kept > *other) {
            if begins { How::FromTurned } else { How::ToTurned }
        } else if begins {
            How::From
        } else {
            How::To
        };
        moved.push(MovedLink { id: link.id, kind: link.kind, how });
    }
    for how in [How::Ended, How::From, How::To, How::FromTurned, How::ToTurned] {
        let these = moved.iter().filter(|link| link.how == how).map(|link| link.id).collect();
        turn(tx, how, these, keep).await?;
    }
    Ok(moved)
}

/// What the merge ended holds again, unless somebody has ended it since. `$3` the links, `$4` when
/// they were ended.
const REVIVE: &str = "
update lead_links set ended_at = null, updated_at = $2
where tenant_id = $1 and id = any ($3::uuid[]) and ended_at = greatest(started_at, $4)";

/// Gives the folded lead its links back. One that would lead in a circle by now stays ended.
pub(super) async fn back(
    tx: &Tx,
    keep: LeadId,
    fold: LeadId,
    moved: &[MovedLink],
    at: DateTime<Utc>,
) -> Result<()> {
    for kind in directed(moved.iter().map(|link| link.kind)) {
        lead_link::lock(tx, kind).await?;
    }
    let (kept, folded) = (End::Lead(keep).to_string(), End::Lead(fold).to_string());
    let ids: Vec<uuid::Uuid> =
        moved.iter().filter(|link| link.how != How::Ended).map(|link| link.id.0).collect();
    let there = Ends::find_by_statement(tx.ask(ENDS, [ids.into()])).all(tx).await?;
    let mut turned: Vec<(How, LeadLinkId)> = vec![];
    // Whoever is at the other end may have been merged since, and the link have been turned.
    for link in there {
        let begins = link.from_end == kept;
        if !begins && link.to_end != kept {
            continue;
        }
        let other = if begins { &link.to_end } else { &link.from_end };
        let turns = is_mutual(link.kind) && begins == (folded > *other);
        let how = match (begins, turns) {
            (true, true) => How::FromTurned,
            (true, false) => How::From,
            (false, true) => How::ToTurned,
            (false, false) => How::To,
        };
        turned.push((how, link.id));
    }
    for how in [How::From, How::To, How::FromTurned, How::ToTurned] {
        let these = turned.iter().filter(|(is, _)| *is == how).map(|(_, id)| *id).collect();
        turn(tx, how, these, fold).await?;
    }
    for link in moved.iter().filter(|link| link.how == How::Ended) {
        if !is_mutual(link.kind) {
            let found = tx.get::<entity::leads::lead_link::Entity>(link.id).await?;
            let Some(there) = found else { continue };
            let (Some(from), Some(to)) = (there.from_end, there.to_end) else { continue };
            let end = |text: String| {
                End::try_from(text).map_err(|e| crate::Error::invalid("end", e.to_string()))
            };
            if lead_link::reaches(tx, link.kind, &end(to)?, &end(from)?).await? {
                continue;
            }
        }
        let ids = vec![link.id.0];
        tx.execute_raw(tx.ask(REVIVE, [ids.into(), at.into()])).await?;
    }
    Ok(())
}
