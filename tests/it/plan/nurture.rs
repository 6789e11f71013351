//! How the questions of nurture sequences are answered.

use entity::id::{LeadId, LeadSequenceEnrollmentId, NurtureSequenceId};
use sea_orm::{DbBackend, QueryTrait, Value};
use service::{
    Tx,
    outreach::{
        lead_sequence_enrollment::{List, queries as enrollment},
        nurture_sequence::{List as Sequences, queries as sequence},
    },
};
use uuid::Uuid;

use super::{Query, raw};

/// Of each lead an enrolment that ended and one that waits, with steps that were sent; of a hundred
/// one is on its way.
pub const ROWS: &str = "
insert into nurture_sequences (tenant_id, id, name, steps)
select 'TENANT', md5('TENANT seq' || n)::uuid, 's', '[1]' from generate_series(1, 100) n;
insert into nurture_sequence_versions (tenant_id, id, sequence_id, version, steps, created_at)
select 'TENANT', md5('TENANT seq' || n)::uuid, md5('TENANT seq' || n)::uuid, 1, '[1]', now()
from generate_series(1, 100) n;
insert into lead_sequence_enrollments (tenant_id, id, lead_id, sequence_id, version_id, status,
    enrolled_at, next_step_scheduled_at, next_channel, completed_at, claim, lease_until)
select 'TENANT', md5('TENANT enr' || n)::uuid, md5('TENANT lead' || 1 + n % 6000)::uuid,
       md5('TENANT seq' || 1 + n % 100)::uuid, md5('TENANT seq' || 1 + n % 100)::uuid,
       case when n > 6000 then 'completed' else 'active' end, now(),
       case when n <= 6000 then timestamptz '2026-02-24' + n * interval '1 hour' end,
       case when n <= 6000 then case when n % 3 = 0 then 'email' else 'sms' end end,
       case when n > 6000 then now() end,
       case when n % 100 = 0 then md5('TENANT' || n)::uuid end,
       case when n % 100 = 0 then now() - interval '1 hour' end
from generate_series(1, 12000) n;
insert into lead_sequence_enrollment_steps (tenant_id, id, enrollment, lead_id, step, channel,
    template_id, executed_at, status, status_at)
select 'TENANT', gen_random_uuid(), md5('TENANT enr' || n)::uuid,
       md5('TENANT lead' || 1 + n % 6000)::uuid, 1, case when n % 3 = 0 then 'email' else 'sms' end,
       't', timestamptz '2026-03-02' - n * interval '1 hour', 'sent', now()
from generate_series(1, 12000) n";

pub fn queries(tx: &Tx) -> Vec<Query> {
    let rows = || Value::from(50_i64);
    let none = || Value::from(0_i64);
    let id = || Value::from(Uuid::now_v7());
    let channels = || Value::from(vec!["sms".to_owned(), "email".to_owned()]);
    vec![
        Query {
            name: "claim nurture steps",
            asked: raw(tx, enrollment::DUE, vec![none(), rows(), channels()]),
            served_by: &[
                "lead_sequence_enrollments_due",
                "lead_sequence_enrollment_steps_of_lead",
                "lead_sequence_enrollments_of_lead|lead_sequence_enrollments_live",
                "dnc_list_live|dnc_list_of_number",
                "outbox_of_subject",
                "pk-leads",
            ],
        },
        Query {
            name: "a nurture step stands",
            asked: raw(tx, enrollment::STANDS, vec![none(), id(), id(), 1_i32.into()]),
            served_by: &["pk-lead_sequence_enrollments", "lead_sequence_enrollment_steps_of_lead"],
        },
        Query {
            name: "what was sent today",
            asked: raw(tx, enrollment::SPENT, vec![tx.now().into()]),
            served_by: &[
                "lead_sequence_enrollment_steps_by_day",
                "lead_sequence_enrollments_held",
                "outbox_of_subject",
            ],
        },
        Query {
            name: "an answer",
            asked: raw(tx, enrollment::REPLY, vec![id()]),
            served_by: &["lead_sequence_enrollments_live|lead_sequence_enrollments_of_lead"],
        },
        Query {
            name: "stop the sequences of leads",
            asked: raw(
                tx,
                enrollment::STOP,
                vec!["deleted".into(), vec![Uuid::now_v7()].into(), true.into()],
            ),
            served_by: &["lead_sequence_enrollments_live|lead_sequence_enrollments_of_lead"],
        },
        Query {
            name: "enrolments of a lead",
            asked: enrollment::of_lead_query(tx, LeadId::new()).build(DbBackend::Postgres),
            served_by: &["lead_sequence_enrollments_of_lead"],
        },
        Query {
            name: "enrolments of a sequence",
            asked: enrollment::of_sequence_query(tx, &List::of(NurtureSequenceId::new()))
                .build(DbBackend::Postgres),
            served_by: &["lead_sequence_enrollments_of_sequence"],
        },
        Query {
            name: "steps of an enrolment",
            asked: enrollment::steps_query(tx, LeadSequenceEnrollmentId::new())
                .build(DbBackend::Postgres),
            served_by: &["lead_sequence_enrollment_steps_once"],
        },
        Query {
            name: "rates of a sequence",
            asked: raw(tx, sequence::RATES, vec![id()]),
            served_by: &["lead_sequence_enrollments_of_sequence"],
        },
        Query {
            name: "sequences",
            asked: sequence::list_query(tx, &Sequences::default()).build(DbBackend::Postgres),
            served_by: &["pk-nurture_sequences"],
        },
    ]
}
