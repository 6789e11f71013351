//! What is known of leads that their scores are computed from.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{id::LeadId, leads::lead};
use sea_orm::{ActiveEnum, FromQueryResult};

use crate::{Result, Tx, leads::lead_activity::Signal};

/// What a score is computed from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The sum of what they answered to the five questions, 0 to 100.
    pub answers: i64,
    /// When we last reached them; `None`: never.
    pub last_contact: Option<DateTime<Utc>>,
    /// In how many calls we spoke; more than five are five.
    pub calls: i64,
    /// What the last five notes, and what they did with what we wrote, say.
    pub noted: Vec<Signal>,
    /// What the last three calls with a transcript of more than 50 characters say, of each call.
    pub said: Vec<Signal>,
    /// Their time zone.
    pub zone: Option<String>,
    /// Their number, in E.164.
    pub phone: Option<String>,
    /// Where they come from; `None`: nobody said.
    pub source: Option<String>,
}

impl Known {
    /// With what stands in the lead's own row.
    pub(super) fn with(self, lead: &lead::Model) -> Self {
        Self {
            last_contact: lead.last_contact_date,
            zone: lead.time_zone.as_ref().map(|zone| zone.as_str().to_owned()),
            phone: lead.phone_number.as_ref().map(|phone| phone.as_str().to_owned()),
            source: lead.source.clone(),
            ..self
        }
    }
}

/// Served by `lead_activities_spoken`, `lead_activities_noted` and the primary key of
/// `lead_qualifications`. `$3` leads.
pub const KNOWN: &str = "
select e.id,
       (select count(*) from (
            select 1 from lead_activities a
            where a.tenant_id = $1 and a.lead_id = e.id and a.outcome = 'connected'
              and a.occurred_at <= $2
            limit 5) c) as calls,
       (select array_agg(s.signal) from (
            select a.signals from lead_activities a
            where a.tenant_id = $1 and a.lead_id = e.id and a.occurred_at <= $2
              and a.activity_type in ('note', 'email_opened', 'email_clicked', 'email_reply',
                                      'sms_reply')
            order by a.occurred_at desc, a.id desc limit 5) n,
            unnest(n.signals) s (signal)) as noted,
       (select array_agg(s.signal) from (
            select a.signals from lead_activities a
            where a.tenant_id = $1 and a.lead_id = e.id and a.outcome = 'connected'
              and a.occurred_at <= $2 and a.transcript_length > 50
            order by a.occurred_at desc, a.id desc limit 3) n,
            unnest(n.signals) s (signal)) as said,
       (select coalesce(q.business_interest, 0) + coalesce(q.employment, 0)
               + coalesce(q.income_commitment, 0) + coalesce(q.experience, 0)
               + coalesce(q.decision_making, 0)
        from lead_qualifications q where q.tenant_id = $1 and q.lead_id = e.id) as answers
from unnest($3::uuid[]) e (id)";

#[derive(FromQueryResult)]
struct Row {
    id: LeadId,
    calls: i64,
    noted: Option<Vec<String>>,
    said: Option<Vec<String>>,
    answers: Option<i32>,
}

/// What is written down of leads, but for their own rows.
pub(super) async fn of(tx: &Tx, leads: &[LeadId]) -> Result<HashMap<LeadId, Known>> {
    let ids: Vec<uuid::Uuid> = leads.iter().map(|id| id.0).collect();
    let rows = Row::find_by_statement(tx.ask(KNOWN, [ids.into()])).all(tx).await?;
    let signals = |of: Option<Vec<String>>| {
        let known = of.unwrap_or_default().into_iter();
        known.filter_map(|signal| Signal::try_from_value(&signal).ok()).collect()
    };
    let known = rows.into_iter().map(|row| {
        let known = Known {
            answers: row.answers.unwrap_or_default().into(),
            calls: row.calls,
            noted: signals(row.noted),
            said: signals(row.said),
            ..Known::default()
        };
        (row.id, known)
    });
    Ok(known.collect())
}
