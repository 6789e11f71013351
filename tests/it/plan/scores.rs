//! How the questions about what happens to leads, their scores and their distribution are answered.

use entity::id::LeadId;
use sea_orm::{DbBackend, QueryTrait, Value};
use service::{
    Tx,
    leads::{
        lead_activity::{self, queries as activity},
        lead_assignment::{self, queries as assignment},
        lead_score::{self, queries as score},
    },
};
use uuid::Uuid;

use super::{Query, raw};

/// On the leads that `leads::ROWS` makes.
pub const ROWS: &str = "
update leads set score_due_at = timestamptz '2026-03-02' + (('x' || substr(md5(id::text), 1, 4))::bit(16)::int - 600) * interval '1 hour'
where tenant_id = 'TENANT' and ('x' || substr(md5(id::text), 5, 2))::bit(8)::int > 4;
insert into lead_activities (tenant_id, id, lead_id, activity_type, direction, occurred_at, outcome,
                             transcript_length, signals)
select 'TENANT', gen_random_uuid(), md5('TENANT lead' || 1 + n % 60)::uuid,
       (array['call', 'note', 'email_opened', 'email_sent'])[1 + n % 4],
       case when n % 4 <> 1 then 'outbound' end,
       timestamptz '2026-03-01' - n * interval '1 minute',
       case when n % 4 = 0 then (array['connected', 'busy'])[1 + n / 4 % 2] end,
       case when n % 8 = 0 then 100 end, '{reply}'
from generate_series(1, 24000) n;
insert into lead_score_history (tenant_id, id, lead_id, score, score_class, cause, actor, calculated_at)
select 'TENANT', gen_random_uuid(), md5('TENANT lead' || 1 + n % 60)::uuid, 50, 'cool', 'computed', 'x',
       timestamptz '2026-03-01' - n * interval '1 minute'
from generate_series(1, 6000) n;
insert into users (tenant_id, id, email, name)
select 'TENANT', md5('TENANT user' || n)::uuid, 'u' || n || '@b.example', 'u'
from generate_series(1, 500) n;
update deals set assigned_to = md5('TENANT user' || 1 + ('x' || substr(md5(id::text), 1, 2))::bit(8)::int)::uuid
where tenant_id = 'TENANT' and assigned_to is null;
insert into distribution_pools (tenant_id, id, name, strategy)
select 'TENANT', md5('TENANT pool' || n)::uuid, 'p' || n, 'capacity' from generate_series(1, 50) n;
insert into distribution_members (tenant_id, id, pool_id, user_id, states, skills)
select 'TENANT', gen_random_uuid(), md5('TENANT pool' || 1 + n % 50)::uuid, md5('TENANT user' || n)::uuid,
       '{}', '{}'
from generate_series(1, 500) n;
insert into user_absences (tenant_id, id, user_id, starts_at, ends_at)
select 'TENANT', gen_random_uuid(), md5('TENANT user' || 1 + n % 500)::uuid,
       timestamptz '2025-01-01' + n * interval '1 hour', timestamptz '2025-01-02' + n * interval '1 hour'
from generate_series(1, 5000) n;
insert into lead_assignments (tenant_id, id, lead_id, to_user_id, actor, strategy, reason, assigned_at)
select 'TENANT', gen_random_uuid(), md5('TENANT lead' || 1 + n % 600)::uuid,
       md5('TENANT user' || 1 + n % 500)::uuid, 'x', 'capacity', 'x',
       timestamptz '2026-03-01' - n * interval '1 hour'
from generate_series(1, 6000) n;
insert into lead_assignment_queue (tenant_id, lead_id, pool_id, strategy, needs, waiting_since, tried_at,
                                   reason)
select 'TENANT', md5('TENANT lead' || n)::uuid, md5('TENANT pool' || 1 + n % 50)::uuid, 'capacity', '{}',
       timestamptz '2026-01-01' + n * interval '1 minute', timestamptz '2026-02-01', 'x'
from generate_series(1, 3000) n";

pub fn queries(tx: &Tx) -> Vec<Query> {
    let rows = || Value::from(50_i64);
    let id = || Value::from(Uuid::now_v7());
    let ids = || Value::from((0..20).map(|_| Uuid::now_v7()).collect::<Vec<_>>());
    let lead = LeadId::new();
    vec![
        Query {
            name: "what happened to a lead",
            asked: activity::of_query(tx, &lead_activity::Of { lead, limit: 50, after: None })
                .build(DbBackend::Postgres),
            served_by: &["lead_activities_of_lead"],
        },
        Query {
            name: "leads to score",
            asked: raw(tx, score::QUEUE, vec![rows()]),
            served_by: &["leads_score_due"],
        },
        Query {
            name: "what a score is made of",
            asked: raw(tx, score::KNOWN, vec![ids()]),
            served_by: &[
                "lead_activities_spoken",
                "lead_activities_noted",
                "pk-lead_qualifications",
            ],
        },
        Query {
            name: "the best leads",
            asked: raw(tx, score::TOP, vec![80.into(), rows()]),
            served_by: &["leads_by_score"],
        },
        Query {
            name: "a score before",
            asked: raw(tx, score::EARLIER, vec![id()]),
            served_by: &["lead_score_history_of_lead"],
        },
        Query {
            name: "scores of a lead",
            asked: score::history_query(tx, &lead_score::History { lead, limit: 50, after: None })
                .build(DbBackend::Postgres),
            served_by: &["lead_score_history_of_lead"],
        },
        Query {
            name: "people of a pool",
            asked: raw(tx, assignment::USERS, vec![id()]),
            served_by: &["distribution_members_once", "pk-users"],
        },
        Query {
            name: "what people of a pool have",
            asked: raw(tx, assignment::MEMBERS, vec![id()]),
            served_by: &[
                "distribution_members_once",
                "leads_active_of_owner",
                "user_absences_of_user",
            ],
        },
        Query {
            name: "leads to distribute",
            asked: raw(tx, assignment::LEADS, vec![ids()]),
            served_by: &["pk-leads"],
        },
        Query {
            name: "what people have won",
            asked: raw(tx, assignment::RATES, vec![ids(), tx.now().into()]),
            served_by: &["lead_assignments_to", "pk-leads"],
        },
        Query {
            name: "who knows leads",
            asked: raw(
                tx,
                assignment::KNOWN_TO,
                vec![ids(), Value::from(vec!["a@b.example".to_owned()])],
            ),
            served_by: &[
                "contacts_of_email",
                "deals_of_contact",
                "leads_of_email",
                "lead_assignments_of_lead",
            ],
        },
        Query {
            name: "leads of a pool that wait",
            asked: raw(tx, assignment::DUE, vec![id(), rows()]),
            served_by: &["lead_assignment_queue_of_pool"],
        },
        Query {
            name: "leads that wait",
            asked: assignment::queue_query(tx, &lead_assignment::Queue { limit: 50, after: None })
                .build(DbBackend::Postgres),
            served_by: &["lead_assignment_queue_waiting"],
        },
        Query {
            name: "assignments of a lead",
            asked: assignment::history_query(
                tx,
                &lead_assignment::History { lead, limit: 50, after: None },
            )
            .build(DbBackend::Postgres),
            served_by: &["lead_assignments_of_lead"],
        },
    ]
}
