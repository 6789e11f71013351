//! How the questions of leads are answered.

use sea_orm::{DbBackend, QueryTrait};
use service::{
    Tx,
    leads::system_config::{History, Key, queries as system_config},
};

use super::Query;

pub const ROWS: &str = "
insert into system_config_history (tenant_id, id, config_key, new_value, actor, reason, changed_at)
select 'TENANT', gen_random_uuid(), (array['lead_limits', 'nurture_settings'])[1 + n % 2], '{}',
       'x', 'x', now() - make_interval(hours => n)
from generate_series(1, 4000) n";

pub fn queries(tx: &Tx) -> Vec<Query> {
    vec![Query {
        name: "changes of a key",
        asked: system_config::history_query(tx, Key::LeadLimits, &History::default())
            .build(DbBackend::Postgres),
        served_by: &["system_config_history_of_key"],
    }]
}
