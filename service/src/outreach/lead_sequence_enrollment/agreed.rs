//! Whether leads have agreed to be reached in the way that their next step takes.

use std::collections::HashSet;

use entity::outreach::nurture_sequence::Channel;
use sea_orm::{ActiveEnum, FromQueryResult, Iterable};

use super::judge::Facts;
use crate::{
    Result, Tx,
    outreach::{
        consent::{self, Basis, Purpose, Subject},
        dnc::needed,
        suppression,
    },
};

/// Served by `consents_of_subject`. `$3` subjects, `$4` purpose, `$5` channel.
pub const WITHDRAWN: &str = "
select c.subject from consents c
where c.tenant_id = $1 and c.subject = any ($3::text[]) and c.purpose = $4 and c.channel = $5
  and c.revoked_at <= $2";

#[derive(FromQueryResult)]
struct Withdrawn {
    subject: String,
}

/// Whether each of the leads has: to be texted takes a consent in writing, as [`needed`] has it; to be
/// written to or called takes none, but nobody is who has withdrawn it and not given it anew. Of a lead
/// who has no such address or number the answer does not matter. At most three statements a channel.
pub(super) async fn agreed(tx: &Tx, due: &[Facts]) -> Result<Vec<bool>> {
    let mut agreed = vec![true; due.len()];
    for channel in Channel::iter() {
        let (places, subjects): (Vec<_>, Vec<_>) = due
            .iter()
            .enumerate()
            .filter(|(_, facts)| facts.step().is_some_and(|step| step.channel == channel))
            .filter_map(|(place, facts)| Some((place, subject(facts, channel)?)))
            .unzip();
        if subjects.is_empty() {
            continue;
        }
        let by = match channel {
            Channel::Sms => consent::Channel::Sms,
            Channel::Email => consent::Channel::Email,
            Channel::Call => consent::Channel::Call,
        };
        let least = needed(Purpose::Marketing, by);
        let holds = consent::holds_many(tx, &subjects, Purpose::Marketing, by, tx.now()).await?;
        let withdrawn =
            if least == Basis::None { withdrawn(tx, &subjects, by).await? } else { HashSet::new() };
        let gone = suppression::holds(tx, &subjects).await?;
        let each = places.into_iter().zip(&subjects).zip(holds).zip(gone);
        for (((place, subject), holds), gone) in each {
            agreed[place] = !gone
                && match holds {
                    Some(basis) => basis >= least,
                    None => least == Basis::None && !withdrawn.contains(subject.as_str()),
                };
        }
    }
    Ok(agreed)
}

fn subject(facts: &Facts, channel: Channel) -> Option<Subject> {
    match channel {
        Channel::Email => facts.email.clone().map(Subject::from),
        Channel::Sms | Channel::Call => facts.phone_number.clone().map(Subject::from),
    }
}

async fn withdrawn(tx: &Tx, of: &[Subject], by: consent::Channel) -> Result<HashSet<String>> {
    let of: Vec<String> = of.iter().map(|subject| subject.as_str().to_owned()).collect();
    let values = [of.into(), Purpose::Marketing.to_value().into(), by.to_value().into()];
    let rows = Withdrawn::find_by_statement(tx.ask(WITHDRAWN, values)).all(tx).await?;
    Ok(rows.into_iter().map(|row| row.subject).collect())
}
