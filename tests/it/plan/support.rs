//! How the questions of support are answered.

use service::{Tx, support::case::queries as case};
use uuid::Uuid;

use super::{Query, raw};

pub const ROWS: &str = "
insert into cases (tenant_id, id, client_id, order_id, case_number, category, subject, priority,
                   status, resolved_at)
select 'TENANT', gen_random_uuid(), 'cs_1_acme', gen_random_uuid(), 'CASE-2025-' || 10000 + n, 'x',
       'x', 'low', s.status, case when s.status = 'closed' then now() end
from generate_series(1, 3000) n,
     lateral (select (array['new', 'closed', 'pending'])[1 + n % 3] as status) s";

pub fn queries(tx: &Tx) -> Vec<Query> {
    vec![Query {
        name: "is a case of the order open",
        asked: raw(tx, case::OPEN_OF_ORDER, vec![Uuid::now_v7().into()]),
        served_by: &["cases_open_of_order"],
    }]
}
