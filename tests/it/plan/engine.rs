//! How the questions of the engine are answered.

use entity::id::OutboxId;
use sea_orm::{DbBackend, QueryTrait};
use service::{Tx, engine::outbox::queries as outbox};
use uuid::Uuid;

use super::{Query, raw};

pub const ROWS: &str = "
insert into outbox (tenant_id, id, topic, subject_id, key, payload, why, enqueued_at, state, ended_at)
select 'TENANT', gen_random_uuid(), (array['deal_follow_up', 'intervention'])[1 + n % 2],
       gen_random_uuid(), 'k' || n, '{}', 'w', timestamptz '2026-03-02' - n * interval '1 hour',
       s.state, case when s.state <> 'pending' then now() end
from generate_series(1, 4000) n,
     lateral (select (array['delivered', 'pending', 'dead', 'cancelled'])[1 + n % 4] as state) s";

pub fn queries(tx: &Tx) -> Vec<Query> {
    let (rows, seconds, token) = (50_i64.into(), 300_f64.into(), Uuid::now_v7().into());
    vec![
        Query {
            name: "messages to send",
            asked: raw(
                tx,
                outbox::CLAIM,
                vec![rows, token, seconds, vec!["intervention".to_owned()].into()],
            ),
            served_by: &["outbox_pending", "outbox_line"],
        },
        Query {
            name: "messages given up",
            asked: outbox::dead_query(tx, 50, Some(OutboxId::new())).build(DbBackend::Postgres),
            served_by: &["outbox_dead"],
        },
        Query {
            name: "messages of the hour",
            asked: raw(tx, outbox::RECENT, vec!["intervention".into(), tx.now().into()]),
            served_by: &["outbox_decided"],
        },
    ]
}
