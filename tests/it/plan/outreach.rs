//! How the questions of outreach are answered.

use entity::phone::Phone;
use sea_orm::{DbBackend, QueryTrait};
use service::{Tx, outreach::dnc::queries as dnc};

use super::{Query, raw};

pub const ROWS: &str = "
insert into dnc_list (tenant_id, id, phone_number, raw_number, kind, reason, added_at)
select 'TENANT', gen_random_uuid(), '+1206' || 2000000 + n, '', 'permanent', 'x', now()
from generate_series(1, 4000) n;
insert into dnc_checks (tenant_id, id, number, purpose, verdict, refusals, actor, checked_at)
select 'TENANT', gen_random_uuid(), '+1206' || 2000000 + n, 'check', 'clear', '{}', 'x', now()
from generate_series(1, 4000) n";

pub fn queries(tx: &Tx) -> Vec<Query> {
    let phone = Phone::try_from("+12062000001".to_owned()).unwrap();
    let phones: Vec<String> = (1..40).map(|n| format!("+1206{}", 2_000_000 + n)).collect();
    vec![
        Query {
            name: "many numbers",
            asked: raw(tx, dnc::LISTED, vec![phones.into()]),
            served_by: &["dnc_list_live|dnc_list_of_number"],
        },
        Query {
            name: "checks of a number",
            asked: dnc::history_query(tx, &phone).build(DbBackend::Postgres),
            served_by: &["dnc_checks_of_number"],
        },
    ]
}
