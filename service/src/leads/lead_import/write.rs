//! Rows that become leads, in pieces, and the records of them all.

use std::{collections::HashMap, sync::atomic::Ordering};

use entity::{
    id::LeadImportId,
    leads::lead_import_row::{self, Outcome},
    phone::Parsed,
};
use sea_orm::Set;

use super::{
    candidate::Candidate,
    read::Rows,
    sort::{Counts, Sorted, Sorter, Survey, having},
    work::Ask,
};
use crate::{
    Error, Result, Tx,
    leads::lead::{self, Because, Fresh},
    outreach::{
        consent::Subject,
        dnc::{self, Batch},
        suppression,
    },
};

/// Makes leads of the rows, and writes down what became of each.
pub(super) async fn write(
    tx: &Tx,
    rows: &mut Rows<'_>,
    survey: &Survey,
    ask: &Ask,
    because: &Because,
    import: LeadImportId,
) -> Result<Counts> {
    if let Some(progress) = &ask.progress {
        progress.rows.store(survey.rows, Ordering::Relaxed);
    }
    opt_out(tx, survey).await?;
    let mut sorter = Sorter::new(tx, survey);
    let mut counts = Counts::default();
    loop {
        let mut sorted = sorter.next(rows).await?;
        if sorted.is_empty() {
            return Ok(counts);
        }
        add(tx, &mut sorted, ask, because).await?;
        for row in &sorted {
            counts.add(row.outcome);
        }
        tx.insert_many(sorted.into_iter().map(|row| record(tx, import, row)).collect()).await?;
        if let Some(progress) = &ask.progress {
            progress.done.store(counts.rows().unsigned_abs(), Ordering::Relaxed);
        }
    }
}

/// Puts the numbers of which the file says so on the do-not-call list, for good, and with them the
/// leads that have them already. Whoever was erased is left alone: nobody calls them.
async fn opt_out(tx: &Tx, survey: &Survey) -> Result<()> {
    let said = survey.opted_out();
    for some in said.chunks(dnc::MOST_ADDED) {
        let subjects: Vec<_> = some.iter().cloned().map(Subject::Phone).collect();
        let held = suppression::holds(tx, &subjects).await?;
        let numbers = subjects.iter().zip(held).filter(|(_, held)| !held);
        let batch = Batch {
            numbers: numbers.map(|(subject, _)| subject.as_str().to_owned()).collect(),
            reason: "lead_requested".to_owned(),
            source: Some("lead_import".to_owned()),
            expires_at: None,
        };
        dnc::add_many(tx, &batch).await?;
    }
    Ok(())
}

/// Makes the leads. Somebody else may have made one of the same number meanwhile: then that is it.
async fn add(tx: &Tx, sorted: &mut [Sorted], ask: &Ask, because: &Because) -> Result<()> {
    let candidates: Vec<_> =
        sorted.iter_mut().map(|row| row.candidate.take().map(|lead| *lead)).collect();
    let phones: Vec<_> =
        candidates.iter().map(|lead| lead.as_ref().map(|lead| lead.phone.clone())).collect();
    let fresh = candidates.into_iter().flatten().map(|lead| fresh(lead, ask));
    let made = lead::add_many(tx, fresh.collect::<Result<_>>()?, because).await?;
    let mut made: HashMap<_, _> = made
        .into_iter()
        .filter_map(|lead| Some((lead.phone_number?, (lead.id, lead.status))))
        .collect();
    let others = phones.iter().flatten().filter(|phone| !made.contains_key(phone));
    let others = having(tx, &others.cloned().collect::<Vec<_>>()).await?;
    for (row, phone) in sorted.iter_mut().zip(phones) {
        let Some(phone) = phone else { continue };
        if let Some((id, status)) = made.remove(&phone) {
            row.lead_id = Some(id);
            row.outcome = match status {
                lead::Status::Dnc => Outcome::DoNotCall,
                _ => Outcome::Imported,
            };
        } else if let Some(id) = others.get(&phone) {
            row.lead_id = Some(*id);
            row.outcome = Outcome::DuplicateOfLead;
            row.warning = None;
        } else {
            return Err(Error::conflict("a lead of the same number came and went: import again"));
        }
    }
    Ok(())
}

fn fresh(lead: Candidate, ask: &Ask) -> Result<Fresh> {
    let parsed = Parsed { phone: lead.phone, extension: lead.phone_extension, premium: false };
    let metadata = Some(lead.metadata).filter(|kept| !kept.is_empty());
    let new = lead::New {
        first_name: lead.first_name,
        last_name: lead.last_name,
        phone: parsed.phone.as_str().to_owned(),
        email: lead.email,
        address: lead.address,
        city: lead.city,
        state: lead.state,
        zip: lead.zip,
        country: lead.country,
        time_zone: lead.time_zone,
        source: lead.source,
        sub_source: lead.sub_source,
        source_metadata: metadata.map(serde_json::Value::Object),
        tags: lead.tags,
        notes: lead.notes,
        user_id: ask.user_id,
    };
    let status = match lead.status {
        lead::Status::Dnc => lead::Status::New, // the list makes it that
        status => status,
    };
    let last_contact_date = lead.last_contact_date;
    Ok(Fresh { status, last_contact_date, ..Fresh::checked(new, parsed)? })
}

fn record(tx: &Tx, import: LeadImportId, row: Sorted) -> lead_import_row::ActiveModel {
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    lead_import_row::ActiveModel {
        tenant_id: Set(tx.context().tenant),
        import_id: Set(import),
        row_no: Set(number(row.row_no)),
        line: Set(number(row.line)),
        outcome: Set(row.outcome),
        lead_id: Set(row.lead_id),
        reason: Set(row.reason),
        warning: Set(row.warning),
        row_values: Set(row.values),
        kept: Set(None),
    }
}
