//! Which reminders and escalations can be claimed, and which claims still stand.

use super::due::{listed, reach};

/// How late a check must be for the ladder's next step.
macro_rules! escalation_days {
    () => {
        "make_interval(hours => 24 * coalesce(nullif(s.escalation_days_after, 0), 7))"
    };
}

/// What the check is of is still there. Looked up row by row: `exists` would let Postgres read all
/// customers instead.
macro_rules! there {
    () => {
        "(c.entity_type = 'vendor' or (
          select true from customers m
          where m.tenant_id = $1 and m.client_id = c.client_id and m.deleted_at is null limit 1))"
    };
}

/// Whom a message of a check would go to.
macro_rules! contact {
    () => {
        "from contacts k
          where k.tenant_id = $1 and k.client_id = c.client_id and k.deleted_at is null
            and case c.entity_type when 'contact' then k.id = c.contact_id else k.is_primary end"
    };
}

/// That message could go.
macro_rules! reachable {
    () => {
        concat!(
            there!(),
            "
      and exists (
          select ",
            contact!(),
            "
            and k.email is not null and k.unsubscribed_at is null)"
        )
    };
}

macro_rules! told {
    () => {
        "c.compliance_type, c.entity_type, c.entity_id, c.entity_name, c.client_id, c.round,
          c.due_on, c.due_at <= $2 as is_overdue, c.missing_fields"
    };
}

/// Served by `compliance_checks_to_remind`. The conditions on the check are tried once more on a row
/// that changed after the statement began. `$3` rows, `$4` token, `$5` seconds.
pub const CLAIM_REMINDERS: &str = concat!(
    "with ",
    reach!(),
    ",
held as materialized (
    select c.id ",
    listed!(),
    "
      and c.status in ('pending', 'in_progress', 'awaiting_response', 'overdue')
      and (c.reminder_sent_at is null or c.reminder_sent_at <= $2 - interval '72 hours')
      and (c.reminder_count < 2 or (c.reminder_count < 5 and c.due_at > $2))
      and greatest(c.due_at, c.reopened_at) > $2 - ",
    escalation_days!(),
    "
      and (c.reminder_lease_until is null or c.reminder_lease_until < statement_timestamp())
      and ",
    reachable!(),
    "
      and not exists (
          select from outbox o where o.tenant_id = $1 and o.topic = 'compliance_reminder'
            and o.subject_id = c.id and o.state in ('pending', 'dead'))
    order by c.due_at, c.id limit $3 for update of c skip locked
)
update compliance_checks c
set reminder_claim = $4,
    reminder_lease_until = statement_timestamp() + make_interval(secs => $5)
from held where c.tenant_id = $1 and c.id = held.id
returning c.id as check_id, 'reminder' as step, c.reminder_count + 1 as n, ",
    told!(),
    ",
          (select k.id ",
    contact!(),
    "
           order by k.email is null, k.unsubscribed_at is not null, k.id limit 1) as contact_id,
          null::uuid as escalate_to, c.reminder_lease_until as lease_until,
          c.reminder_claim as token"
);

/// Served by `compliance_checks_to_escalate`. The conditions on the check are tried once more on a row
/// that changed after the statement began. `$3` rows, `$4` token, `$5` seconds.
pub const CLAIM_ESCALATIONS: &str = concat!(
    "with held as materialized (
    select c.id, s.escalate_to -> least(c.escalation_count,
                                        jsonb_array_length(s.escalate_to) - 1) as rung
    from compliance_checks c
    left join compliance_schedule s on s.tenant_id = $1 and s.id = c.schedule_id
    where c.tenant_id = $1
      and c.status in ('pending', 'in_progress', 'awaiting_response', 'overdue', 'escalated')
      and c.due_at <= $2 and c.escalation_count < 3
      and case when c.escalation_count > 0 then c.escalation_sent_at <= $2 - ",
    escalation_days!(),
    "
               else c.reminder_count >= 2
                    or greatest(c.due_at, c.reopened_at) <= $2 - ",
    escalation_days!(),
    " end
      and (c.escalation_lease_until is null or c.escalation_lease_until < statement_timestamp())
      and ",
    there!(),
    "
      and not exists (
          select from outbox o where o.tenant_id = $1 and o.topic = 'compliance_escalation'
            and o.subject_id = c.id and o.state in ('pending', 'dead'))
    order by c.due_at, c.id limit $3 for update of c skip locked
)
update compliance_checks c
set escalation_claim = $4,
    escalation_lease_until = statement_timestamp() + make_interval(secs => $5)
from held where c.tenant_id = $1 and c.id = held.id
returning c.id as check_id, 'escalation' as step, c.escalation_count + 1 as n, ",
    told!(),
    ",
          c.contact_id,
          coalesce((select u.id from users u
                    where u.tenant_id = $1 and u.active
                      and (u.id::text = held.rung ->> 'user' or u.role = held.rung ->> 'role')
                    order by u.id limit 1),
                   (select u.id from users u
                    where u.tenant_id = $1 and u.active and u.role = 'admin'
                    order by u.id limit 1)) as escalate_to,
          c.escalation_lease_until as lease_until, c.escalation_claim as token"
);

/// Found by the primary key. `$3` the check, `$4` the token, `$5` whom to remind.
pub const REMINDER_STANDS: &str = concat!(
    "select c.id from compliance_checks c
         where c.tenant_id = $1 and c.id = $3 and c.reminder_claim = $4 and $2 is not null
           and c.status in ('pending', 'in_progress', 'awaiting_response', 'overdue')
           and ",
    there!(),
    "
           and exists (select ",
    contact!(),
    "
                         and k.id = $5 and k.email is not null and k.unsubscribed_at is null)"
);

/// Found by the primary key. `$3` the check, `$4` the token.
pub const ESCALATION_STANDS: &str = concat!(
    "select c.id from compliance_checks c
         where c.tenant_id = $1 and c.id = $3 and c.escalation_claim = $4 and $2 is not null
           and c.status in ('pending', 'in_progress', 'awaiting_response', 'overdue', 'escalated')
           and ",
    there!()
);
