//! How the questions of outreach are answered.

use chrono::TimeDelta;
use entity::phone::Phone;
use sea_orm::{DbBackend, QueryTrait};
use service::{
    Tx,
    outreach::{
        call_attempt::queries as call_attempt,
        consent::{Subject, queries as consent},
        dnc::{Filter, queries as dnc},
        external_list::queries as external_list,
        opt_out_review::queries as opt_out_review,
        suppression::queries as suppression,
    },
};
use uuid::Uuid;

use super::{Query, raw};

pub const ROWS: &str = "
insert into dnc_list (tenant_id, id, phone_number, raw_number, kind, reason, source, added_at,
                      removed_at, removal_reason)
select 'TENANT', gen_random_uuid(), '+1206' || 2000000 + n, '', 'permanent',
       case when n % 100 = 1 then 'rare' else 'x' end, case when n % 100 = 2 then 'rare' else 'y' end,
       now() - n * interval '1 hour', case when n % 50 = 3 then now() end,
       case when n % 50 = 3 then 'x' end
from generate_series(1, 4000) n;
insert into dnc_checks (tenant_id, id, number, purpose, verdict, refusals, actor, checked_at)
select 'TENANT', gen_random_uuid(), '+1206' || 2000000 + n / 2,
       case n % 2 when 0 then 'check' else 'clear' end, 'clear', '{}', 'x',
       now() - n * interval '1 hour'
from generate_series(1, 8000) n;
insert into consents (tenant_id, id, subject, purpose, channel, basis, source, captured_by,
                      granted_at, recorded_at)
select 'TENANT', gen_random_uuid(), '+1206' || 2000000 + n, 'marketing', 'call', 'express', 'x', 'x',
       now() - n * interval '1 hour', now()
from generate_series(1, 4000) n;
insert into call_attempts (tenant_id, id, phone_number, purpose, channel, lead_id, outcome, actor,
                           attempted_at)
select 'TENANT', gen_random_uuid(), '+1206' || 2000000 + n, 'marketing', 'call',
       case n % 2 when 0 then gen_random_uuid() end, 'dialled', 'x', now() - n * interval '1 hour'
from generate_series(1, 4000) n;
insert into external_lists (tenant_id, id, kind, jurisdiction, source, as_of, loaded_at, loaded_by,
                            superseded_at)
select 'TENANT', gen_random_uuid(), k, 'US-FL', 'x', now() - n * interval '1 day', now(), 'x', now()
from generate_series(1, 400) n, unnest(array['state', 'rnd']) k;
insert into external_list_numbers (tenant_id, id, list_id, phone_number, answer)
select 'TENANT', gen_random_uuid(), l.id, '+1206' || 2000000 + n, 'listed'
from external_lists l, generate_series(1, 20) n
where l.tenant_id = 'TENANT' and l.kind = 'state';
insert into suppressions (tenant_id, id, digest, reason, suppressed_by, suppressed_at)
select 'TENANT', gen_random_uuid(), encode(sha256(n::text::bytea), 'hex'), 'x', 'x', now()
from generate_series(1, 4000) n;
insert into opt_out_reviews (tenant_id, id, phone_number, phrase, excerpt, grade, source, heard_by,
                             heard_at, state, decided_at, decided_by, decided_because)
select 'TENANT', gen_random_uuid(), '+1206' || 2000000 + n, 'x', 'x', 'review', 'x', 'x',
       now() - n * interval '1 hour', case n % 20 when 0 then 'pending' else 'dismissed' end,
       case when n % 20 > 0 then now() end, case when n % 20 > 0 then 'x' end,
       case when n % 20 > 0 then 'x' end
from generate_series(1, 4000) n";

pub fn queries(tx: &Tx) -> Vec<Query> {
    let mut all = of_the_list(tx);
    all.extend(of_the_rest(tx));
    all
}

fn of_the_list(tx: &Tx) -> Vec<Query> {
    let phone = Phone::try_from("+12062000001".to_owned()).unwrap();
    let phones: Vec<String> = (1..40).map(|n| format!("+1206{}", 2_000_000 + n)).collect();
    let (now, hours) = (tx.now(), TimeDelta::hours(3));
    let list = |filter: &Filter| dnc::list_query(tx, filter, 50, None).build(DbBackend::Postgres);
    let period = || vec![(now - hours).into(), now.into()];
    vec![
        Query {
            name: "many numbers",
            asked: raw(tx, dnc::LISTED, vec![phones.clone().into()]),
            served_by: &["dnc_list_live|dnc_list_of_number", "suppressions_live"],
        },
        Query {
            name: "entries of many numbers",
            asked: raw(tx, dnc::LIVE, vec![phones.into()]),
            served_by: &["dnc_list_live|dnc_list_of_number"],
        },
        Query {
            name: "checks of a number",
            asked: dnc::history_query(tx, &phone).build(DbBackend::Postgres),
            served_by: &["dnc_checks_of_number"],
        },
        Query {
            name: "what speaks against a call",
            asked: raw(
                tx,
                dnc::FACTS,
                vec![
                    phone.as_str().into(),
                    "marketing".into(),
                    "call".into(),
                    (now - hours).into(),
                    Some("roof".to_owned()).into(),
                ],
            ),
            served_by: &[
                "dnc_list_live|dnc_list_of_number",
                "suppressions_live",
                "consents_of_subject",
                "call_attempts_of_number",
                "external_lists_live",
                "external_list_numbers_once",
            ],
        },
        Query {
            name: "the list",
            asked: list(&Filter::default()),
            served_by: &["dnc_list_newest"],
        },
        Query {
            name: "the list for a reason",
            asked: list(&Filter { reason: Some("rare".to_owned()), ..Filter::default() }),
            served_by: &["dnc_list_for_reason"],
        },
        Query {
            name: "the list from a source",
            asked: list(&Filter { source: Some("rare".to_owned()), ..Filter::default() }),
            served_by: &["dnc_list_from_source"],
        },
        Query {
            name: "how the list was kept to",
            asked: raw(tx, dnc::REPORT, period()),
            served_by: &["dnc_list_newest", "dnc_list_removed", "dnc_checks_guarded"],
        },
        Query {
            name: "why somebody was called",
            asked: raw(tx, dnc::WHY, [vec![phone.as_str().into()], period()].concat()),
            served_by: &[
                "call_attempts_of_number",
                "dnc_checks_of_number",
                "consents_of_subject",
                "dnc_list_of_number",
                "opt_out_reviews_of_number",
                "external_list_numbers_once",
                "suppressions_live",
            ],
        },
        Query {
            name: "for how long evidence is kept",
            asked: raw(tx, dnc::RETENTION, vec![phone.as_str().into()]),
            served_by: &["dnc_checks_of_number", "call_attempts_of_number", "consents_of_subject"],
        },
    ]
}

fn of_the_rest(tx: &Tx) -> Vec<Query> {
    let phone = Phone::try_from("+12062000001".to_owned()).unwrap();
    let one = || vec![phone.as_str().to_owned()];
    let words = |word: &str| vec![word.to_owned()];
    vec![
        Query {
            name: "consents of many",
            asked: raw(tx, consent::SAID, vec![one().into(), "marketing".into(), "call".into()]),
            served_by: &["consents_of_subject", "dnc_list_of_number|dnc_list_live"],
        },
        Query {
            name: "withdrawal",
            asked: raw(
                tx,
                consent::REVOKE,
                vec![
                    phone.as_str().into(),
                    words("marketing").into(),
                    words("call").into(),
                    tx.now().into(),
                    "STOP".into(),
                ],
            ),
            served_by: &["consents_of_subject"],
        },
        Query {
            name: "since when a number is somebody else's",
            asked: raw(
                tx,
                consent::VOID_SINCE,
                vec![phone.as_str().into(), tx.now().date_naive().into()],
            ),
            served_by: &[
                "external_lists_version|external_lists_live",
                "external_list_numbers_once",
            ],
        },
        Query {
            name: "consents that go with a number",
            asked: raw(
                tx,
                external_list::VOID,
                vec![one().into(), words("2026-01-01").into(), tx.now().into()],
            ),
            served_by: &["consents_of_subject"],
        },
        Query {
            name: "suppressed",
            asked: suppression::holds_query(tx, &[Subject::Phone(phone.clone())]),
            served_by: &["suppressions_live"],
        },
        Query {
            name: "calls to a number",
            asked: call_attempt::of_query(tx, &phone, 50, None).build(DbBackend::Postgres),
            served_by: &["call_attempts_of_number"],
        },
        Query {
            name: "calls to a lead",
            asked: call_attempt::of_lead_query(tx, Uuid::nil(), 50, None)
                .build(DbBackend::Postgres),
            served_by: &["call_attempts_of_lead"],
        },
        Query {
            name: "what waits for a person",
            asked: opt_out_review::pending_query(tx, 50, None).build(DbBackend::Postgres),
            served_by: &["opt_out_reviews_queue"],
        },
    ]
}
