//! What is known about a number that is about to be called, and what speaks against the call: one
//! question, and a pure judgement of the answer.

use chrono::{DateTime, Months, TimeDelta, Utc};
use entity::{
    id::ContactId,
    outreach::{
        consent::{Basis, Channel, Purpose},
        dnc_check::Refusal,
        external_list::Kind,
    },
    phone::Phone,
};
use sea_orm::{ActiveEnum, ConnectionTrait, Statement, prelude::Uuid};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    super::{
        consent::{Said, in_force},
        external_list::SCRUB_DAYS,
        suppression::digests,
    },
    place::{Held, Whereabouts},
    rules::needed,
    window::is_open,
};
use crate::{Error, Result, Tx};

/// A call that somebody wants to make.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub phone: Phone,
    pub purpose: Purpose,
    pub channel: Channel,
    pub subject: Option<String>,
    pub whereabouts: Whereabouts,
    pub bought_at: Option<DateTime<Utc>>,
    pub asked_at: Option<DateTime<Utc>>,
    pub lead_id: Option<Uuid>,
    pub contact_id: Option<ContactId>,
}

/// A list of somebody else's that counts now.
#[derive(Debug, Deserialize)]
struct List {
    kind: Kind,
    jurisdiction: String,
    as_of: DateTime<Utc>,
    has: bool,
}

/// What the database knows.
#[derive(Debug)]
pub(super) struct Facts {
    listed: bool,
    suppressed: bool,
    said: Vec<Said>,
    attempts: Vec<DateTime<Utc>>,
    lists: Vec<List>,
}

/// Served by `dnc_list_live` or `dnc_list_of_number`, `suppression_keys_one`, `suppressions_live`,
/// `consents_of_subject`, `call_attempts_of_number`, `external_lists_live` and
/// `external_list_numbers_once`. `$1` tenant, `$2` time, `$3` number, `$4` purpose, `$5` channel, `$6`
/// since when calls are counted, `$7` their subject. A call that nobody knows the subject of counts.
pub const FACTS: &str = concat!(
    "with asked as materialized (",
    digests!("array[$3::text]"),
    "), lists as materialized (
  select l.id, l.kind, l.jurisdiction, l.as_of
  from external_lists l
  where l.tenant_id = $1 and l.superseded_at is null
)
select
  (select true from dnc_list n
   where n.tenant_id = $1 and n.phone_number = $3 and n.removed_at is null
     and (n.expires_at is null or n.expires_at > $2)
   limit 1) as listed,
  (select true from asked a
   join suppressions s on s.tenant_id = $1 and s.digest = a.digest and s.lifted_at is null
   limit 1) as suppressed,
  (select jsonb_agg(jsonb_build_object('basis', w.basis, 'granted_at', w.granted_at,
                                       'revoked_at', w.revoked_at, 'void_from', w.void_from))
   from (
     select c.basis, c.granted_at, c.revoked_at, c.void_from
     from consents c
     where c.tenant_id = $1 and c.subject = $3 and c.purpose = $4 and c.channel = $5
       and c.granted_at <= $2
     union all
     select 'none', n.added_at, n.added_at, null::timestamptz
     from dnc_list n
     where n.tenant_id = $1 and n.phone_number = $3 and n.added_at <= $2 and not n.retracted
       and n.reason in ('lead_requested', 'legal', 'litigator', 'invalid')
   ) w) as said,
  (select jsonb_agg(c.attempted_at)
   from (
     select a.attempted_at
     from call_attempts a
     where a.tenant_id = $1 and a.phone_number = $3 and a.attempted_at > $6
       and a.outcome <> 'refused'
       and ($7::text is null or a.subject is null or a.subject = $7)
     order by a.attempted_at desc, a.id desc
     limit 100
   ) c) as attempts,
  (select jsonb_agg(jsonb_build_object('kind', l.kind, 'jurisdiction', l.jurisdiction,
                                       'as_of', l.as_of, 'has', coalesce((
     select true from external_list_numbers x
     where x.tenant_id = $1 and x.list_id = l.id and x.phone_number = $3 and x.answer = 'listed'
     limit 1), false)))
   from lists l) as lists"
);

impl Case {
    fn sells(&self) -> bool {
        self.purpose == Purpose::Marketing
    }

    fn rules(&self, at: DateTime<Utc>) -> Vec<Held> {
        self.whereabouts.rules(self.sells(), at)
    }

    /// Whether calls like it are counted where the called party is or may be.
    pub(super) fn is_counted(&self, at: DateTime<Utc>) -> bool {
        self.rules(at).iter().any(|held| held.rule.most_calls.is_some())
    }

    fn ask(&self, tx: &Tx, at: DateTime<Utc>) -> Statement {
        let rules = self.rules(at);
        let hours = rules.iter().filter_map(|held| held.rule.most_calls).map(|(_, h)| h);
        let since = at - TimeDelta::hours(hours.max().unwrap_or(0));
        let values = [
            self.phone.as_str().into(),
            self.purpose.to_value().into(),
            self.channel.to_value().into(),
            since.into(),
            self.subject.clone().into(),
        ];
        tx.ask_at(at, FACTS, values)
    }

    /// What the database knows at an instant, by one statement.
    pub(super) async fn facts(&self, tx: &Tx, at: DateTime<Utc>) -> Result<Facts> {
        let row = tx.query_one_raw(self.ask(tx, at)).await?.ok_or(Error::NotFound("answer"))?;
        let is = |column: &str| row.try_get::<Option<bool>>("", column).map(|is| is == Some(true));
        Ok(Facts {
            listed: is("listed")?,
            suppressed: is("suppressed")?,
            said: list(row.try_get("", "said")?)?,
            attempts: list(row.try_get("", "attempts")?)?,
            lists: list(row.try_get("", "lists")?)?,
        })
    }

    /// Everything that speaks against the call at an instant, and not only the first.
    pub(super) fn refusals(&self, facts: &Facts, at: DateTime<Utc>) -> Vec<Refusal> {
        let rules = self.rules(at);
        let mut refusals = vec![];
        let mut refuse = |if_so: bool, why| refusals.extend(if_so.then_some(why));
        refuse(facts.listed, Refusal::Listed);
        refuse(facts.suppressed, Refusal::Suppressed);

        let consent = in_force(&facts.said, at).unwrap_or(Basis::None);
        let is_free = !self.sells()
            || consent == Basis::ExpressWritten
            || (self.channel == Channel::Call && self.is_in_business(&rules, at));
        let counts = |list: &&List| match list.kind {
            Kind::National => !is_free && list.jurisdiction == self.whereabouts.country(),
            Kind::State => !is_free && self.whereabouts.may_be_in(&list.jurisdiction),
            Kind::Litigator => true,
            Kind::Rnd | Kind::Wireless => false,
        };
        let lists: Vec<&List> = facts.lists.iter().filter(counts).collect();
        refuse(lists.iter().any(|list| list.has), Refusal::ListedExternally);
        let is_missing = !is_free
            && rules.iter().any(|held| held.rule.needs_national_list)
            && !lists.iter().any(|list| list.kind == Kind::National);
        let is_stale = |list: &&List| at - list.as_of > TimeDelta::days(SCRUB_DAYS);
        refuse(self.sells() && (is_missing || lists.iter().any(is_stale)), Refusal::StaleScrub);
        refuse(consent < needed(self.purpose, self.channel), Refusal::NoConsent);

        if self.whereabouts.zones().is_empty() {
            refuse(true, Refusal::UnknownZone);
        } else {
            let closed = |held: &Held| !is_open(held.rule.hours, &held.zones, at);
            refuse(rules.iter().any(closed), Refusal::OutsideWindow);
            refuse(rules.iter().any(|held| held.is_banned(at)), Refusal::BannedDay);
        }
        refuse(rules.iter().any(|held| facts.are_enough(held, at)), Refusal::Capped);
        refusals
    }

    /// Whether they bought or inquired so lately that every rule which may hold takes it for a reason.
    fn is_in_business(&self, rules: &[Held], at: DateTime<Utc>) -> bool {
        let within = |since: Option<DateTime<Utc>>, months: u32| {
            let earliest = at.checked_sub_months(Months::new(months));
            months > 0 && since.zip(earliest).is_some_and(|(at, earliest)| at >= earliest)
        };
        rules.iter().all(|held| {
            within(self.bought_at, held.rule.months_after_buying)
                || within(self.asked_at, held.rule.months_after_asking)
        })
    }
}

impl Held {
    /// Whether it is a day, where they may be, on which nobody calls.
    fn is_banned(&self, at: DateTime<Utc>) -> bool {
        self.zones.iter().any(|zone| {
            let day = at.with_timezone(zone).date_naive();
            let is_sunday = chrono::Datelike::weekday(&day) == chrono::Weekday::Sun;
            (self.rule.no_sundays && is_sunday) || (self.rule.no_holidays && super::is_holiday(day))
        })
    }
}

impl Facts {
    /// Whether as many calls were made as may be, in hours counted back from `at`: one that was made
    /// exactly so long ago counts no more.
    fn are_enough(&self, held: &Held, at: DateTime<Utc>) -> bool {
        held.rule.most_calls.is_some_and(|(most, hours)| {
            let since = at - TimeDelta::hours(hours);
            self.attempts.iter().filter(|made| **made > since).count() >= most
        })
    }
}

fn list<T: DeserializeOwned>(json: Option<serde_json::Value>) -> Result<Vec<T>> {
    let Some(json) = json else { return Ok(vec![]) };
    serde_json::from_value(json).map_err(|e| sea_orm::DbErr::Type(e.to_string()).into())
}
