//! How the questions about links, merges and erasures are answered.

use sea_orm::{DbBackend, QueryTrait, Value};
use service::{
    Tx,
    leads::{
        erasure::{Subject, queries as erasure},
        lead_link::queries as link,
        lead_merge::queries as merge,
    },
};
use uuid::Uuid;

use super::{Query, raw};

/// Each was referred by one of a hundred, and lives with the next; some were merged, some erased.
pub const ROWS: &str = "
insert into lead_links (tenant_id, id, kind, from_lead_id, to_lead_id, started_at)
select 'TENANT', gen_random_uuid(), 'referred_by', md5('TENANT lead' || n)::uuid,
       md5('TENANT lead' || 1 + n % 100)::uuid, now()
from generate_series(102, 6000) n;
insert into lead_links (tenant_id, id, kind, from_lead_id, to_lead_id, started_at)
select 'TENANT', gen_random_uuid(), 'same_household',
       least(md5('TENANT lead' || n)::uuid, md5('TENANT lead' || n + 1)::uuid),
       greatest(md5('TENANT lead' || n)::uuid, md5('TENANT lead' || n + 1)::uuid), now()
from generate_series(1, 5000, 2) n;
insert into lead_merges (tenant_id, id, kept_lead_id, folded_lead_id, actor, merged_at)
select 'TENANT', gen_random_uuid(), md5('TENANT lead' || n)::uuid,
       md5('TENANT lead' || n + 3000)::uuid, 'x', now()
from generate_series(1, 3000) n;
insert into erasures (tenant_id, id, subject_kind, subject_id, reason, actor, erased_at, counts)
select 'TENANT', gen_random_uuid(), 'lead', gen_random_uuid(), 'x', 'x', now(), '[]'
from generate_series(1, 3000) n;
insert into tasks (tenant_id, id, title, priority, status)
select 'TENANT', gen_random_uuid(), 'x', 'low', 'pending' from generate_series(1, 3000) n;
insert into lead_assignments (tenant_id, id, lead_id, to_user_id, actor, strategy, reason, assigned_at)
select 'TENANT', gen_random_uuid(), md5('TENANT lead' || n)::uuid, u.id, 'x', 'manual', 'x', now()
from (select id from users where tenant_id = 'TENANT' limit 1) u, generate_series(1, 5000) n;
insert into lead_assignment_queue (tenant_id, lead_id, pool_id, strategy, needs, waiting_since, tried_at,
                                   reason)
select 'TENANT', md5('TENANT lead' || n)::uuid, p.id, p.strategy, '{}', now(), now(), 'x'
from (select id, strategy from distribution_pools where tenant_id = 'TENANT' limit 1) p,
     generate_series(1, 5000) n on conflict do nothing";

pub fn queries(tx: &Tx) -> Vec<Query> {
    let id = || Value::from(Uuid::now_v7());
    let end = || Value::from(format!("lead:{}", Uuid::now_v7()));
    let kinds = || Value::from(vec!["same_household".to_owned()]);
    let kind = || Value::from("referred_by");
    let rows = || Value::from(1000_i64);
    let none = || Value::from(None::<String>);
    let both = &["lead_links_live", "lead_links_back"];
    let mut all = vec![
        Query {
            name: "path between two",
            asked: raw(tx, link::PATH, vec![end(), end(), 6.into(), kinds(), rows()]),
            served_by: both,
        },
        Query {
            name: "whom somebody referred",
            asked: raw(tx, link::INFLUENCE, vec![end(), 6.into(), rows()]),
            served_by: &["lead_links_back"],
        },
        Query {
            name: "household",
            asked: raw(tx, link::HOUSEHOLD, vec![end(), kinds(), rows()]),
            served_by: both,
        },
        Query {
            name: "neighbours",
            asked: raw(
                tx,
                link::NEIGHBOURS,
                vec![end(), kinds(), rows(), None::<bool>.into(), none(), none()],
            ),
            served_by: both,
        },
        Query {
            name: "neighbours, page 2",
            asked: raw(
                tx,
                link::NEIGHBOURS,
                vec![end(), kinds(), rows(), Some(true).into(), kind(), end()],
            ),
            served_by: both,
        },
        Query {
            name: "does a link lead back",
            asked: raw(tx, link::REACHES, vec![end(), end(), kind()]),
            served_by: &["lead_links_live"],
        },
        Query {
            name: "two leads",
            asked: raw(tx, merge::BOTH, vec![vec![Uuid::now_v7()].into()]),
            served_by: &["pk-leads"],
        },
        Query {
            name: "write a lead",
            asked: raw(tx, merge::WRITE, vec![id(), "{}".into()]),
            served_by: &["pk-leads"],
        },
        Query {
            name: "lineage",
            asked: raw(tx, merge::LINEAGE, vec![id()]),
            served_by: &["leads_merged"],
        },
        Query {
            name: "links of a lead",
            asked: raw(tx, merge::LINKS, vec![id()]),
            served_by: &["lead_links_from_lead", "lead_links_to_lead"],
        },
        Query {
            name: "links that both have",
            asked: raw(tx, merge::KEPT, vec![end(), end()]),
            served_by: &["lead_links_live", "lead_links_back|lead_links_live"],
        },
        Query {
            name: "links that would lead back",
            asked: raw(tx, merge::CLOSING_BACK, vec![end(), end(), kind()]),
            served_by: &["lead_links_live"],
        },
        Query {
            name: "links that would lead on",
            asked: raw(tx, merge::CLOSING_ON, vec![end(), end(), kind()]),
            served_by: &["lead_links_back"],
        },
        Query {
            name: "who has a number",
            asked: raw(tx, merge::TAKEN, vec!["+12062000001".into(), vec![Uuid::now_v7()].into()]),
            served_by: &["leads_phone"],
        },
        Query {
            name: "the latest erasure",
            asked: erasure::last_query(tx, Subject::Lead(entity::id::LeadId::new()))
                .build(DbBackend::Postgres),
            served_by: &["erasures_of_subject"],
        },
    ];
    let erasing = erasure::statements(tx).into_iter();
    all.extend(erasing.map(|(name, asked, served_by)| Query { name, asked, served_by }));
    all
}
