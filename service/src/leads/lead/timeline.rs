//! All that happened to a lead, in one list.

use chrono::{DateTime, Utc};
use entity::id::LeadId;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Error, Page, Result, Tx, page};

/// What kind of thing happened. Of several at one instant, the later in this list comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A field was changed, or the whole was created, deleted, restored, merged.
    Change,
    /// They came into a status.
    Status,
    /// A step of a sequence was sent or passed over.
    Step,
    /// Their score became another.
    Score,
    /// They became somebody's lead.
    Assignment,
    /// We or they called, wrote, met; or something was written down.
    Activity,
    /// A call was dialled, or refused to be.
    Call,
}

impl EventKind {
    const ALL: [Self; 7] = [
        Self::Change,
        Self::Status,
        Self::Step,
        Self::Score,
        Self::Assignment,
        Self::Activity,
        Self::Call,
    ];

    /// As [`TIMELINE`] numbers it, which also orders it.
    fn number(self) -> i32 {
        match self {
            Self::Change => 1,
            Self::Status => 2,
            Self::Step => 3,
            Self::Score => 4,
            Self::Assignment => 5,
            Self::Activity => 6,
            Self::Call => 7,
        }
    }
}

/// Something that happened to a lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When.
    pub at: DateTime<Utc>,
    /// What kind of thing.
    pub kind: EventKind,
    /// The id of the row that says so, in the table of its kind.
    pub id: Uuid,
    /// Who did it: `user:<id>` or `system:<name>`; null: nobody wrote that down.
    pub actor: Option<String>,
    /// What: the field, the channel, the strategy, the kind of activity; `status` of a status.
    pub what: String,
    /// What it was before; of a step its template, of an activity its direction, of a call its purpose.
    /// Null: nothing, or the person was erased.
    pub from: Option<String>,
    /// What it is since, or what became of it.
    pub to: Option<String>,
    /// Why, or what there was to say.
    pub note: Option<String>,
}

/// Where a page of a timeline ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    at: DateTime<Utc>,
    kind: EventKind,
    id: Uuid,
}

/// Served by `lead_status_history_of_lead`, `lead_audit_log_of_lead`, `lead_score_history_of_lead`,
/// `lead_sequence_enrollment_steps_of_lead`, `lead_assignments_of_lead`, `lead_activities_of_lead` and
/// `call_attempts_of_lead`: at most a page of each kind, of which the latest are taken.
/// `$3` the lead, `$4` how many, `$5` to `$7` where the page before ended. Changes of the status are told
/// by the history alone.
pub const TIMELINE: &str = "
select e.at, e.kind, e.id, e.actor, e.what, e.old, e.new, e.note
from (
    (select a.changed_at as at, 1 as kind, a.id, a.actor, a.field_name as what,
            a.old_value as old, a.new_value as new, a.change_reason as note
     from lead_audit_log a
     where a.tenant_id = $1 and a.lead_id = $3 and a.changed_at <= $5::timestamptz
       and a.field_name <> 'status' and (a.changed_at, 1, a.id) < ($5, $6::int, $7::uuid)
     order by a.changed_at desc, a.id desc limit $4)
    union all
    (select h.changed_at, 2, h.id, h.actor, 'status', h.from_status, h.to_status, h.reason
     from lead_status_history h
     where h.tenant_id = $1 and h.lead_id = $3 and h.changed_at <= $5
       and (h.changed_at, 2, h.id) < ($5, $6, $7)
     order by h.changed_at desc, h.id desc limit $4)
    union all
    (select s.executed_at, 3, s.id, null, s.channel, s.template_id, s.status, s.skip_reason
     from lead_sequence_enrollment_steps s
     where s.tenant_id = $1 and s.lead_id = $3 and s.executed_at <= $5
       and (s.executed_at, 3, s.id) < ($5, $6, $7)
     order by s.executed_at desc, s.id desc limit $4)
    union all
    (select s.calculated_at, 4, s.id, s.actor, 'lead_score', s.previous_score::text, s.score::text,
            s.reason
     from lead_score_history s
     where s.tenant_id = $1 and s.lead_id = $3 and s.calculated_at <= $5
       and (s.calculated_at, 4, s.id) < ($5, $6, $7)
     order by s.calculated_at desc, s.id desc limit $4)
    union all
    (select a.assigned_at, 5, a.id, a.actor, a.strategy, a.from_user_id::text, a.to_user_id::text,
            a.reason
     from lead_assignments a
     where a.tenant_id = $1 and a.lead_id = $3 and a.assigned_at <= $5
       and (a.assigned_at, 5, a.id) < ($5, $6, $7)
     order by a.assigned_at desc, a.id desc limit $4)
    union all
    (select a.occurred_at, 6, a.id, 'user:' || a.user_id, a.activity_type, a.direction, a.outcome,
            a.notes
     from lead_activities a
     where a.tenant_id = $1 and a.lead_id = $3 and a.occurred_at <= $5
       and (a.occurred_at, 6, a.id) < ($5, $6, $7)
     order by a.occurred_at desc, a.id desc limit $4)
    union all
    (select c.attempted_at, 7, c.id, c.actor, c.channel, c.purpose, c.outcome, c.subject
     from call_attempts c
     where c.tenant_id = $1 and c.lead_id = $3 and c.attempted_at <= $5
       and (c.attempted_at, 7, c.id) < ($5, $6, $7)
     order by c.attempted_at desc, c.id desc limit $4)) e
where e.at <= $2
  and (select true from leads l where l.tenant_id = $1 and l.id = $3 and l.deleted_at is null)
order by e.at desc, e.kind desc, e.id desc limit $4";

#[derive(FromQueryResult)]
struct Found {
    at: DateTime<Utc>,
    kind: i32,
    id: Uuid,
    actor: Option<String>,
    what: String,
    old: Option<String>,
    new: Option<String>,
    note: Option<String>,
}

/// What happened to a lead, the latest first: its statuses, fields, scores and owners, what it was sent,
/// and the calls and talks. The next page
/// begins with `after`, where the page before ended.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such lead, or it was deleted; [`Error::Invalid`] for a limit
/// that is not from 1 to 1000.
#[tracing::instrument(name = "lead::timeline", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn timeline(
    tx: &Tx,
    id: LeadId,
    limit: u64,
    after: Option<Earlier>,
) -> Result<Page<Event, Earlier>> {
    page::check(limit)?;
    let rows = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    // At first: before anything that comes after now.
    let (at, kind, last) = after.map_or((tx.now(), i32::MAX, Uuid::max()), |after| {
        (after.at, after.kind.number(), after.id)
    });
    let values = [id.0.into(), rows.into(), at.into(), kind.into(), last.into()];
    let found = Found::find_by_statement(tx.ask(TIMELINE, values)).all(tx).await?;
    // Whoever there is, was created.
    if found.is_empty() && after.is_none() {
        return Err(Error::NotFound("lead"));
    }
    let events = found.into_iter().filter_map(|row| {
        let kind = EventKind::ALL.into_iter().find(|kind| kind.number() == row.kind)?;
        Some(Event {
            at: row.at,
            kind,
            id: row.id,
            actor: row.actor,
            what: row.what,
            from: row.old,
            to: row.new,
            note: row.note,
        })
    });
    let page = Page::new(events.collect(), limit, |event: &Event| Earlier {
        at: event.at,
        kind: event.kind,
        id: event.id,
    });
    tracing::Span::current().record("rows", page.items.len());
    Ok(page)
}
