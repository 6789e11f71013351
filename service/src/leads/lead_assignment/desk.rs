//! A pool that is locked, with what its people have.

use std::collections::HashMap;

use chrono::{DateTime, Days, Utc};
use entity::{
    id::{DistributionMemberId, DistributionPoolId, LeadAssignmentId, LeadId, UserId},
    leads::{lead, lead_assignment::ActiveModel},
};
use sea_orm::{ConnectionTrait, FromQueryResult, Set};
use uuid::Uuid;

use super::{
    Assigned, GONE, Model, Waiting,
    choose::{Person, Rate, Wanted, choose},
};
use crate::{
    Result, Tx,
    leads::{
        distribution::{self, Strategy},
        lead::{Note, Status, note},
        system_config::{self, LeadLimits},
    },
};

/// Served by `distribution_members_once` and the primary key of `users`. `$3` the pool. Whoever is of
/// several pools is counted in one of them at a time.
pub const USERS: &str = "
select u.id from users u
where u.tenant_id = $1 and $2::timestamptz is not null
  and u.id in (select m.user_id from distribution_members m
               where m.tenant_id = $1 and m.pool_id = $3)
order by u.id for no key update of u";

/// Served by `distribution_members_once`, `leads_active_of_owner` and `user_absences_of_user`. `$3` the
/// pool.
pub const MEMBERS: &str = "
select m.id, m.user_id, m.weight, m.max_active, m.states, m.skills, m.owed, m.last_assigned_at,
       m.active and u.active as active,
       (select count(*) from leads l
        where l.tenant_id = $1 and l.user_id = m.user_id and l.deleted_at is null
          and l.user_id is not null and l.status not in ('recruited', 'cold', 'dnc')) as leads,
       (select true from user_absences a
        where a.tenant_id = $1 and a.user_id = m.user_id and a.ends_at > $2 and a.starts_at <= $2
        limit 1) as absent
from distribution_members m
join users u on u.tenant_id = $1 and u.id = m.user_id
where m.tenant_id = $1 and m.pool_id = $3
order by m.user_id";

/// Served by the primary key. `$3` leads. They are locked in the order of their ids.
pub const LEADS: &str = "
select l.* from leads l
where l.tenant_id = $1 and $2::timestamptz is not null and l.id = any($3::uuid[])
order by l.id for update";

/// Served by `lead_assignments_to` and the primary key of `leads`. `$3` users, `$4` since when.
pub const RATES: &str = "
select e.id as user_id, count(distinct a.lead_id) as given,
       count(distinct a.lead_id) filter (where l.status = 'recruited' and l.user_id = e.id) as won
from unnest($3::uuid[]) e (id)
join lead_assignments a
    on a.tenant_id = $1 and a.to_user_id = e.id and a.assigned_at > $4 and a.assigned_at <= $2
join leads l on l.tenant_id = $1 and l.id = a.lead_id and l.deleted_at is null
group by e.id";

/// Served by `contacts_of_email`, `deals_of_contact`, `leads_of_email` and `lead_assignments_of_lead`.
/// `$3` leads, `$4` their addresses: empty where there is none.
pub const KNOWN_TO: &str = "
select e.id as lead_id,
       (select d.assigned_to from contacts c
        join deals d on d.tenant_id = $1 and d.contact_id = c.id
        where c.tenant_id = $1 and c.email = e.email and c.email is not null
          and c.deleted_at is null and d.deleted_at is null and d.assigned_to is not null
        order by d.created_at desc, d.id desc limit 1) as by_deal,
       (select o.user_id from leads o
        where o.tenant_id = $1 and o.email = e.email and o.email is not null
          and o.deleted_at is null and o.user_id is not null and o.id <> e.id
        order by o.created_at desc, o.id desc limit 1) as by_lead,
       (select a.to_user_id from lead_assignments a
        where a.tenant_id = $1 and a.lead_id = e.id and a.assigned_at <= $2
        order by a.assigned_at desc, a.id desc limit 1) as by_past
from unnest($3::uuid[], $4::text[]) e (id, email)";

#[derive(FromQueryResult)]
struct Member {
    id: DistributionMemberId,
    user_id: UserId,
    weight: i32,
    max_active: Option<i32>,
    states: Vec<String>,
    skills: Vec<String>,
    owed: i64,
    last_assigned_at: Option<DateTime<Utc>>,
    active: bool,
    leads: i64,
    absent: Option<bool>,
}

#[derive(FromQueryResult)]
struct Rated {
    user_id: UserId,
    given: i64,
    won: i64,
}

#[derive(FromQueryResult)]
struct KnownTo {
    lead_id: LeadId,
    by_deal: Option<UserId>,
    by_lead: Option<UserId>,
    by_past: Option<UserId>,
}

/// A pool that is locked.
pub(super) struct Desk {
    pub pool: distribution::Model,
    members: Vec<DistributionMemberId>,
    people: Vec<Person>,
}

/// Locks a pool and its people, and counts what they have.
pub(super) async fn open(tx: &Tx, pool: DistributionPoolId) -> Result<Desk> {
    let pool = distribution::locked(tx, pool).await?;
    tx.query_all_raw(tx.ask(USERS, [pool.id.into()])).await?;
    let most = system_config::get::<LeadLimits>(tx).await?.max_active_leads_per_partner;
    let asked = tx.ask(MEMBERS, [pool.id.into()]);
    let rows = Member::find_by_statement(asked).all(tx).await?;
    let members = rows.iter().map(|row| row.id).collect();
    let people = rows.into_iter().map(|row| Person {
        user_id: row.user_id,
        active: row.active,
        absent: row.absent.is_some(),
        leads: row.leads,
        max_active: row.max_active.map_or(most.into(), i64::from),
        weight: row.weight.into(),
        owed: row.owed,
        states: row.states,
        skills: row.skills,
        last_assigned_at: row.last_assigned_at,
        rate: Rate::default(),
    });
    Ok(Desk { people: people.collect(), pool, members })
}

impl Desk {
    /// Whether anybody could be given anything.
    pub(super) fn is_open(&self) -> bool {
        let free = |person: &Person| person.leads < person.max_active;
        self.people.iter().any(|person| person.active && !person.absent && free(person))
    }

    /// Gives leads to people, in this order, each by its strategy and with what it needs.
    pub(super) async fn distribute(
        &mut self,
        tx: &Tx,
        asked: Vec<(LeadId, Strategy, Vec<String>)>,
    ) -> Result<Vec<(LeadId, Assigned)>> {
        let ids: Vec<_> = asked.iter().map(|(id, ..)| *id).collect();
        let leads = locked(tx, &ids).await?;
        let known_to = known_to(tx, &leads).await?;
        if asked.iter().any(|(_, strategy, _)| *strategy == Strategy::SkillBased) {
            self.rate(tx).await?;
        }
        let (mut done, mut given) = (vec![], vec![]);
        for (id, strategy, needs) in asked {
            let lead = leads.get(&id).filter(|lead| lead.deleted_at.is_none());
            let refused = match lead {
                None => Some(Assigned::Refused(GONE)),
                Some(lead) => settled(lead),
            };
            let (None, Some(lead)) = (&refused, lead) else {
                forget(tx, &[id]).await?;
                done.extend(refused.map(|refused| (id, refused)));
                continue;
            };
            let wanted = Wanted {
                strategy,
                score: lead.lead_score.into(),
                state: lead.state.as_deref().map(|state| state.trim().to_uppercase()),
                known_to: known_to.get(&id).cloned().unwrap_or_default(),
                needs,
            };
            let chosen = choose(&mut self.people, &wanted);
            let person = chosen.place.and_then(|place| self.people.get_mut(place));
            let Some(person) = person else {
                self.wait(tx, id, &wanted, &chosen.reason).await?;
                done.push((id, Assigned::Waiting(chosen.reason)));
                continue;
            };
            person.last_assigned_at = Some(tx.now());
            let given_to = Given {
                lead: lead.clone(),
                to: person.user_id,
                strategy,
                pool: Some(self.pool.id),
                reason: chosen.reason,
                considered: Some(chosen.considered),
            };
            let row = given_to.row(tx);
            done.push((id, Assigned::To(Box::new(row))));
            given.push(given_to);
        }
        let rows = done.iter().filter_map(|(_, done)| match done {
            Assigned::To(row) => Some((**row).clone()),
            _ => None,
        });
        write(tx, &given, rows.collect()).await?;
        self.keep(tx, &given).await?;
        Ok(done)
    }

    /// Reads how much of theirs people have won in a year.
    async fn rate(&mut self, tx: &Tx) -> Result<()> {
        let users: Vec<Uuid> = self.people.iter().map(|person| person.user_id.0).collect();
        let year = tx.now() - Days::new(365);
        let rated = Rated::find_by_statement(tx.ask(RATES, [users.into(), year.into()]));
        for Rated { user_id, given, won } in rated.all(tx).await? {
            let person = self.people.iter_mut().find(|person| person.user_id == user_id);
            if let Some(person) = person {
                person.rate = Rate { won, given };
            }
        }
        Ok(())
    }

    /// Lets a lead wait.
    async fn wait(&self, tx: &Tx, id: LeadId, wanted: &Wanted, reason: &str) -> Result<()> {
        const WAIT: &str = "
            insert into lead_assignment_queue as q
                (tenant_id, lead_id, pool_id, strategy, needs, waiting_since, tried_at, reason)
            values ($1, $3, $4, $5, $6, $2, $2, $7)
            on conflict (tenant_id, lead_id) do update
            set pool_id = $4, strategy = $5, needs = $6, tried_at = greatest($2, q.waiting_since),
                reason = $7";
        let strategy = sea_orm::ActiveEnum::to_value(&wanted.strategy);
        let rest = [
            id.into(),
            self.pool.id.into(),
            strategy.into(),
            wanted.needs.clone().into(),
            reason.into(),
        ];
        tx.execute_raw(tx.ask(WAIT, rest)).await?;
        Ok(())
    }

    /// Writes down how it stands with everybody.
    async fn keep(&self, tx: &Tx, given: &[Given]) -> Result<()> {
        // Found by the primary key.
        const KEEP: &str = "
            update distribution_members m
            set owed = v.owed, assigned_count = m.assigned_count + v.given, updated_at = $2,
                last_assigned_at = case when v.given > 0 then $2 else m.last_assigned_at end
            from unnest($3::uuid[], $4::bigint[], $5::bigint[]) v (id, owed, given)
            where m.tenant_id = $1 and m.id = v.id and (m.owed <> v.owed or v.given > 0)";
        if given.is_empty() {
            return Ok(());
        }
        let mut counts: HashMap<UserId, i64> = HashMap::new();
        for given in given {
            *counts.entry(given.to).or_default() += 1;
        }
        let ids: Vec<Uuid> = self.members.iter().map(|id| id.0).collect();
        let people = || self.people.iter();
        let owed: Vec<i64> = people().map(|person| person.owed).collect();
        let count = |person: &Person| counts.get(&person.user_id).copied().unwrap_or_default();
        let given: Vec<i64> = people().map(count).collect();
        let rest = [ids.into(), owed.into(), given.into()];
        tx.execute_raw(tx.ask(KEEP, rest)).await?;
        Ok(())
    }
}

/// What is to be said of a lead that is not to be given to anybody.
fn settled(lead: &lead::Model) -> Option<Assigned> {
    match (lead.user_id, lead.status) {
        (Some(owner), _) => Some(Assigned::Already(owner)),
        (None, Status::Dnc) => Some(Assigned::Refused("nobody may call them")),
        (None, Status::Recruited) => Some(Assigned::Refused("they were recruited")),
        _ if lead.calling_blocked => Some(Assigned::Refused("nobody may call them")),
        _ => None,
    }
}

async fn locked(tx: &Tx, ids: &[LeadId]) -> Result<HashMap<LeadId, lead::Model>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let found = lead::Model::find_by_statement(tx.ask(LEADS, [ids.into()])).all(tx).await?;
    Ok(found.into_iter().map(|lead| (lead.id, lead)).collect())
}

async fn known_to(
    tx: &Tx,
    leads: &HashMap<LeadId, lead::Model>,
) -> Result<HashMap<LeadId, Vec<(UserId, &'static str)>>> {
    let open: Vec<_> = leads.values().filter(|lead| lead.user_id.is_none()).collect();
    let ids: Vec<Uuid> = open.iter().map(|lead| lead.id.0).collect();
    let email = |lead: &&lead::Model| {
        lead.email.as_ref().map(|email| email.as_str().to_owned()).unwrap_or_default()
    };
    let emails: Vec<String> = open.iter().map(email).collect();
    let asked = tx.ask(KNOWN_TO, [ids.into(), emails.into()]);
    let found = KnownTo::find_by_statement(asked).all(tx).await?;
    let known = found.into_iter().map(|row| {
        let known = [
            (row.by_deal, "their deal with the same person"),
            (row.by_lead, "their lead of the same address"),
            (row.by_past, "it was theirs before"),
        ];
        let known = known.into_iter().filter_map(|(user, how)| Some((user?, how)));
        (row.lead_id, known.collect())
    });
    Ok(known.collect())
}

/// A lead that somebody is given.
pub(super) struct Given {
    pub lead: lead::Model,
    pub to: UserId,
    pub strategy: Strategy,
    pub pool: Option<DistributionPoolId>,
    pub reason: String,
    pub considered: Option<super::Considered>,
}

impl Given {
    pub(super) fn row(&self, tx: &Tx) -> Model {
        Model {
            tenant_id: tx.context().tenant,
            id: LeadAssignmentId::new(),
            lead_id: self.lead.id,
            from_user_id: self.lead.user_id,
            to_user_id: self.to,
            assigned_by_user_id: tx.context().user(),
            actor: tx.context().actor.to_string(),
            strategy: self.strategy,
            pool_id: self.pool,
            reason: self.reason.clone(),
            metadata: self.considered.clone(),
            assigned_at: tx.now(),
        }
    }
}

/// Writes down whose leads, which are locked, are from now on. They wait no longer.
pub(super) async fn write(tx: &Tx, given: &[Given], rows: Vec<Model>) -> Result<()> {
    // Found by the primary key.
    const OWN: &str = "
        update leads l set user_id = v.user_id, version = l.version + 1, updated_at = $2
        from unnest($3::uuid[], $4::uuid[]) v (id, user_id)
        where l.tenant_id = $1 and l.id = v.id";
    if given.is_empty() {
        return Ok(());
    }
    let ids: Vec<LeadId> = given.iter().map(|given| given.lead.id).collect();
    let leads: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let users: Vec<Uuid> = given.iter().map(|given| given.to.0).collect();
    tx.execute_raw(tx.ask(OWN, [leads.into(), users.into()])).await?;
    let rows = rows.into_iter().map(|row| ActiveModel {
        tenant_id: Set(row.tenant_id),
        id: Set(row.id),
        lead_id: Set(row.lead_id),
        from_user_id: Set(row.from_user_id),
        to_user_id: Set(row.to_user_id),
        assigned_by_user_id: Set(row.assigned_by_user_id),
        actor: Set(row.actor),
        strategy: Set(row.strategy),
        pool_id: Set(row.pool_id),
        reason: Set(row.reason),
        metadata: Set(row.metadata),
        assigned_at: Set(row.assigned_at),
    });
    tx.insert_many(rows.collect()).await?;
    for given in given {
        let said = Note {
            lead: given.lead.id,
            version: given.lead.version + 1,
            field: "user_id",
            old: given.lead.user_id.map(|user| user.to_string()),
            new: Some(given.to.to_string()),
        };
        let reason: String = given.reason.chars().take(255).collect();
        note(tx, vec![said], Some(&reason)).await?;
    }
    forget(tx, &ids).await
}

/// Takes leads out of the queue.
async fn forget(tx: &Tx, ids: &[LeadId]) -> Result<()> {
    use entity::leads::lead_assignment_queue::{Column, Entity};
    use sea_orm::{ColumnTrait, QueryFilter};
    let of = tx.delete_many::<Entity>(); // served by its primary key
    of.filter(Column::LeadId.is_in(ids.iter().copied())).exec(tx).await?;
    Ok(())
}

/// What waits, and how it is to be distributed.
pub(super) fn asked(waiting: Vec<Waiting>) -> Vec<(LeadId, Strategy, Vec<String>)> {
    waiting.into_iter().map(|row| (row.lead_id, row.strategy, row.needs)).collect()
}
