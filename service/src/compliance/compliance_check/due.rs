//! Which checks are to be completed now.

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    compliance::{
        compliance_check::Status,
        compliance_schedule::{Fields, Target},
    },
    id::{ClientId, ComplianceCheckId, ComplianceScheduleId, ContactId, UserId},
};
use sea_orm::{DeriveActiveEnum, EnumIter, FromQueryResult};
use serde::{Deserialize, Serialize};

use crate::{Page, Result, Tx, input, page};

/// How many due checks to read.
#[derive(Clone, Debug)]
pub struct Due {
    /// How many to read at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before this one ended.
    pub after: Option<After>,
}

impl Default for Due {
    fn default() -> Self {
        Self { limit: 50, after: None }
    }
}

/// Where a page of due checks ended, and for what time the list was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    as_of: DateTime<Utc>,
    due_at: DateTime<Utc>,
    id: ComplianceCheckId,
}

/// Why nobody can be reminded of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Unreachable {
    /// The customer or contact was deleted.
    Gone,
    /// The customer has no primary contact, or it is of a vendor.
    NoContact,
    /// The contact has no e-mail address.
    NoEmail,
    /// The contact wants no automatic mail.
    Unsubscribed,
}

/// A check that is to be completed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct DueCheck {
    /// Which.
    pub id: ComplianceCheckId,
    /// Of which schedule; null: it was imported without one.
    pub schedule_id: Option<ComplianceScheduleId>,
    /// What it is about.
    pub compliance_type: String,
    /// What it is of.
    pub entity_type: Target,
    /// Which of those.
    pub entity_id: String,
    /// What that was called when the check was made.
    pub entity_name: Option<String>,
    /// The customer, or the contact's customer.
    pub client_id: Option<ClientId>,
    /// Whom to ask: the contact itself, or the customer's primary one.
    pub recipient_id: Option<ContactId>,
    /// Why nobody can be reminded; null: `recipient_id` can.
    pub unreachable: Option<Unreachable>,
    /// The first day of the period.
    pub period_start: NaiveDate,
    /// The day after its last.
    pub period_end: NaiveDate,
    /// The day on which it is due.
    pub due_on: NaiveDate,
    /// When that day ends. The list is in order of this, which brings the overdue first.
    pub due_at: DateTime<Utc>,
    /// How many civil days that is from today, in the tenant's zone; below zero once it is overdue.
    pub days_until_due: i32,
    /// Whether the due day has ended.
    pub is_overdue: bool,
    /// How far it has got.
    pub status: Status,
    /// What the last validation missed.
    pub missing_fields: Fields,
    /// How many reminders were sent.
    pub reminder_count: i32,
    /// How many steps of the ladder were taken.
    pub escalation_count: i32,
    /// Who is to complete it; null: nobody in particular.
    pub assigned_to: Option<UserId>,
    /// Who was told last that it is late.
    pub escalated_to: Option<UserId>,
}

/// The longest that any of the tenant's schedules looks ahead. The checks up to there are one range
/// of the index, in which those of schedules that look less far are passed over; there are few of
/// these, since checks are made when their schedule lists them.
macro_rules! reach {
    () => {
        "reach as materialized (
    select $2::timestamptz + make_interval(hours => 24 * greatest(14, max(
               coalesce(nullif(s.notification_days_before, 0), 14)))) as until
    from compliance_schedule s where s.tenant_id = $1
)"
    };
}

/// What is open and in the window of its schedule, as that is now.
macro_rules! listed {
    () => {
        "from compliance_checks c
left join compliance_schedule s on s.tenant_id = $1 and s.id = c.schedule_id
where c.tenant_id = $1
  and c.status in ('pending', 'in_progress', 'awaiting_response', 'overdue', 'escalated')
  and c.due_at <= (select until from reach)
  and c.due_at <= $2::timestamptz
      + make_interval(hours => 24 * coalesce(nullif(s.notification_days_before, 0), 14))"
    };
}
pub(super) use {listed, reach};

/// Served by `compliance_checks_due`, and the recipients by `contacts_of_client`. `$3` rows; `$4`
/// and `$5` the cursor: due at, id.
pub const DUE: &str = concat!(
    "with ",
    reach!(),
    ",
listed as materialized (
    select c.id, c.schedule_id, c.compliance_type, c.entity_type, c.entity_id, c.entity_name,
           c.client_id, c.period_start, c.period_end, c.due_on, c.due_at, c.status,
           c.missing_fields, c.reminder_count, c.escalation_count, c.assigned_to, c.escalated_to,
           case c.entity_type when 'contact' then c.contact_id
                else (select p.id from contacts p
                      where p.tenant_id = $1 and p.client_id = c.client_id and p.is_primary
                        and p.deleted_at is null
                      order by p.email is null, p.unsubscribed_at is not null, p.id limit 1)
           end as recipient_id
    ",
    listed!(),
    "
      and (c.due_at, c.id) > (coalesce($4::timestamptz, '-infinity'),
                              coalesce($5::uuid, '00000000-0000-0000-0000-000000000000'))
    order by c.due_at, c.id limit $3
)
select l.*, l.due_on - ($2::timestamptz at time zone t.time_zone)::date as days_until_due,
       l.due_at <= $2 as is_overdue,
       case when l.entity_type <> 'vendor' and m.client_id is null then 'gone'
            when l.entity_type = 'contact' and (k.id is null or k.deleted_at is not null) then 'gone'
            when k.id is null then 'no_contact'
            when k.email is null then 'no_email'
            when k.unsubscribed_at is not null then 'unsubscribed' end as unreachable
from listed l
join tenants t on t.id = $1
left join customers m
    on m.tenant_id = $1 and m.client_id = l.client_id and m.deleted_at is null
left join contacts k on k.tenant_id = $1 and k.id = l.recipient_id
order by l.due_at, l.id"
);

/// The checks that are to be completed: those that are open and fall due within the days that their
/// schedule says, or have fallen due, the longest overdue first. One that was escalated is still to
/// be completed, and stays; so does one whose schedule rests or was archived.
///
/// # Errors
///
/// [`Error::Invalid`](crate::Error::Invalid) if the limit is not from 1 to 1000.
#[tracing::instrument(name = "compliance_check::due", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn due(tx: &Tx, ask: &Due) -> Result<Page<DueCheck, After>> {
    page::check(ask.limit)?;
    let as_of = ask.after.map_or(tx.now(), |after| after.as_of);
    input::at("after", as_of)?;
    let rows = i64::try_from(ask.limit + 1).unwrap_or(i64::MAX);
    let after = (ask.after.map(|a| a.due_at), ask.after.map(|a| a.id));
    let question = tx.ask_at(as_of, DUE, [rows.into(), after.0.into(), after.1.into()]);
    let found = DueCheck::find_by_statement(question).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    let cursor = |check: &DueCheck| After { as_of, due_at: check.due_at, id: check.id };
    Ok(Page::new(found, ask.limit, cursor))
}
