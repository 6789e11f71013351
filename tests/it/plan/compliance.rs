//! How the questions of compliance are answered.

use chrono::TimeDelta;
use entity::id::{ClientId, ComplianceCheckId};
use sea_orm::{DbBackend, QueryTrait, Value};
use service::{
    Tx,
    compliance::{
        compliance_check::queries as check,
        compliance_schedule::{Condition, Filter, Target, queries as schedule},
    },
    customers::customer::Tier,
};
use uuid::Uuid;

use super::{Query, raw};

pub const ROWS: &str = "
insert into contacts (tenant_id, id, client_id, first_name, last_name, email, is_primary)
select 'TENANT', gen_random_uuid(), 'cs_' || 1 + n % 40 || '_other', 'F', 'L', 'f@c.example',
       n % 10 = 0
from generate_series(1, 2000) n;
insert into compliance_schedule (tenant_id, id, compliance_type, anchor_date, next_due_at,
                                 target_entity_type, is_active, notification_days_before)
select 'TENANT', gen_random_uuid(), 'x', '2026-03-02',
       timestamptz '2026-03-02' + (n - 100) * interval '1 day', 'client', n % 4 > 0, n % 3 * 10
from generate_series(1, 2000) n;
insert into compliance_checks (tenant_id, id, schedule_id, compliance_type, entity_type, entity_id,
                               client_id, period_start, period_end, due_on, due_at, status,
                               completed_at, escalation_count, escalation_sent_at, created_at)
select 'TENANT', gen_random_uuid(), (select id from compliance_schedule where tenant_id = 'TENANT'
                                     order by id limit 1),
       'x', 'client', 'cs_' || 1 + n % 40 || '_other', 'cs_' || 1 + n % 40 || '_other',
       date '2020-01-01' + n / 40, date '2026-03-02', date '2026-03-02',
       timestamptz '2026-03-02' + (n - 2000) * interval '1 hour', s.status,
       case when s.status = 'completed' then now() end,
       case when s.status = 'escalated' then 3 else 0 end,
       case when s.status = 'escalated' then timestamptz '2026-03-01' end,
       timestamptz '2026-03-02' - n * interval '1 hour'
from generate_series(1, 4000) n,
     lateral (select (array['pending', 'in_progress', 'completed', 'skipped', 'escalated',
                            'escalated', 'escalated'])[1 + n % 7] as status) s;
insert into compliance_check_events (tenant_id, id, check_id, kind, actor, happened_at)
select tenant_id, gen_random_uuid(), id, 'created', 'x', now() from compliance_checks
where tenant_id = 'TENANT'";

pub fn queries(tx: &Tx) -> Vec<Query> {
    let now = tx.now();
    let (rows, seconds, token) = (|| 50_i64.into(), || 300_f64.into(), || Uuid::now_v7().into());
    let filter = Filter { all: vec![Condition::Tier(vec![Tier::Enterprise])] };
    let some = ClientId::parse("cs_1_acme").unwrap();
    vec![
        Query {
            name: "compliance due",
            asked: raw(
                tx,
                check::DUE,
                vec![rows(), Value::ChronoDateTimeUtc(None), Value::Uuid(None)],
            ),
            served_by: &["compliance_checks_due", "contacts_of_client"],
        },
        Query {
            name: "compliance due, page 2",
            asked: raw(tx, check::DUE, vec![rows(), now.into(), token()]),
            served_by: &["compliance_checks_due", "contacts_of_client"],
        },
        Query {
            name: "checks of what is gone",
            asked: raw(tx, check::GONE, vec![rows()]),
            served_by: &["compliance_checks_due", "pk-customers", "pk-contacts"],
        },
        Query {
            name: "claim reminders",
            asked: raw(tx, check::CLAIM_REMINDERS, vec![rows(), token(), seconds()]),
            served_by: &["compliance_checks_to_remind"],
        },
        Query {
            name: "claim escalations",
            asked: raw(tx, check::CLAIM_ESCALATIONS, vec![rows(), token(), seconds()]),
            served_by: &["compliance_checks_to_escalate"],
        },
        Query {
            name: "completion rates",
            asked: raw(tx, check::RATES, vec![(now - TimeDelta::days(2)).into(), now.into()]),
            served_by: &[
                "compliance_checks_created",
                "compliance_checks_due",
                "compliance_checks_closed",
            ],
        },
        Query {
            name: "checks of a customer",
            asked: check::of_query(tx, Target::Client, some.as_str(), 10)
                .build(DbBackend::Postgres),
            served_by: &["compliance_checks_entity"],
        },
        Query {
            name: "history of a check",
            asked: check::history_query(tx, ComplianceCheckId::new()).build(DbBackend::Postgres),
            served_by: &["compliance_check_events_of_check"],
        },
        Query {
            name: "schedules to work",
            asked: raw(
                tx,
                schedule::DUE_SCHEDULES,
                vec![(now + TimeDelta::days(367)).into(), rows()],
            ),
            served_by: &["compliance_schedule_due"],
        },
        Query {
            name: "customers of a filter",
            asked: schedule::clients_query(tx, &filter, Some(now), Some("cs_2_other"), 50)
                .build(DbBackend::Postgres),
            served_by: &["pk-customers"],
        },
        Query {
            name: "contacts of a filter",
            asked: schedule::contacts_query(tx, &filter, Some(now), Some(Uuid::nil()), 50)
                .build(DbBackend::Postgres),
            served_by: &["pk-contacts|contacts_of_client", "pk-customers"],
        },
    ]
}
