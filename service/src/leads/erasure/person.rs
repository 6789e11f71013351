//! Who a person is, over all the rows that are theirs.

use std::collections::BTreeSet;

use entity::{
    id::{ContactId, LeadId},
    leads::{lead, lead_audit_log},
    phone::Phone,
    sales::contact,
};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::Subject;
use crate::{Error, Result, Tx, leads::lead_merge};

/// By what a person's rows are found.
#[derive(Clone, Debug, Default)]
pub(super) struct Handles {
    /// The lead, and all that were merged into it.
    pub leads: Vec<Uuid>,
    /// The contacts that it became.
    pub contacts: Vec<Uuid>,
    /// All numbers that they have or had, in E.164.
    pub phones: Vec<String>,
    /// All addresses that they have or had, in lower case.
    pub emails: Vec<String>,
    /// What is theirs and somebody else's, by which nothing is erased.
    pub shared: Vec<String>,
    /// The lead's status may change by what is done: it is locked.
    pub root: Option<LeadId>,
}

/// Finds out, and keeps it so until the transaction ends.
pub(super) async fn handles(tx: &Tx, subject: Subject, lock: bool) -> Result<Handles> {
    let mut of = Handles::default();
    match subject {
        Subject::Lead(id) => {
            let root = root(tx, id).await?;
            let leads = lead_merge::lineage(tx, root).await?;
            of.leads = leads.iter().map(|lead| lead.0).collect();
            of.root = Some(root);
        }
        Subject::Contact(id) => of.contacts.push(id.0),
    }
    let (mut phones, mut emails) = (BTreeSet::new(), BTreeSet::new());
    of.leads.sort_unstable();
    let mut find = tx.find::<lead::Entity>().filter(lead::Column::Id.is_in(of.leads.clone()));
    if lock {
        find = find.order_by_asc(lead::Column::Id).lock_exclusive();
    }
    let found = find.all(tx).await?;
    if lock && let Some(id) = of.root {
        // Whoever merged or parted them while this waited has changed whose records are theirs.
        let now = lead_merge::lineage(tx, root(tx, id).await?).await?;
        let mut now: Vec<Uuid> = now.iter().map(|lead| lead.0).collect();
        now.sort_unstable();
        if now != of.leads {
            return Err(Error::conflict("they were merged or parted at this moment: ask again"));
        }
    }
    for lead in found {
        phones.extend(lead.phone_number.map(|phone| phone.as_str().to_owned()));
        emails.extend(lead.email.map(|email| email.as_str().to_owned()));
        of.contacts.extend(lead.converted_contact_id.map(|id| id.0));
    }
    of.contacts.sort_unstable();
    of.contacts.dedup();
    let ids: Vec<ContactId> = of.contacts.iter().copied().map(ContactId).collect();
    let contacts = tx.find::<contact::Entity>().filter(contact::Column::Id.is_in(ids));
    let contacts = contacts.all(tx).await?;
    if contacts.is_empty() && matches!(subject, Subject::Contact(_)) {
        return Err(Error::NotFound("contact"));
    }
    for contact in contacts {
        let both = [contact.phone, contact.mobile].into_iter().flatten();
        phones.extend(both.map(|phone| phone.as_str().to_owned()));
        emails.extend(contact.email.map(|email| email.as_str().to_owned()));
    }
    let (numbers, addresses) = former(tx, &of.leads).await?;
    phones.extend(numbers);
    emails.extend(addresses);
    of.phones = phones.into_iter().collect();
    of.emails = emails.into_iter().collect();
    unshare(tx, &mut of).await?;
    Ok(of)
}

/// The lead that another was merged into in the end.
async fn root(tx: &Tx, id: LeadId) -> Result<LeadId> {
    let mut at = id;
    loop {
        let lead = tx.get::<lead::Entity>(at).await?.ok_or(Error::NotFound("lead"))?;
        match lead.merged_into_id {
            Some(next) => at = next,
            None => return Ok(at),
        }
    }
}

/// The numbers and addresses that leads had before. Served by `lead_audit_log_of_lead`.
async fn former(tx: &Tx, leads: &[Uuid]) -> Result<(Vec<String>, Vec<String>)> {
    use lead_audit_log::Column;
    let found = tx
        .find::<lead_audit_log::Entity>()
        .filter(Column::LeadId.is_in(leads.to_vec()))
        .filter(Column::FieldName.is_in(["phone_number", "email"]))
        .all(tx)
        .await?;
    let (mut phones, mut emails) = (vec![], vec![]);
    for row in found {
        for value in [row.old_value, row.new_value].into_iter().flatten() {
            match &*row.field_name {
                "email" => emails.push(value),
                _ if Phone::try_from(value.clone()).is_ok() => phones.push(value),
                _ => {}
            }
        }
    }
    Ok((phones, emails))
}

/// An address or number that a live lead or contact has who is not this person says nothing about
/// whose a row is: by it nothing is found.
async fn unshare(tx: &Tx, of: &mut Handles) -> Result<()> {
    let mut others: Vec<(String, String)> = vec![];
    let theirs = |leads: &[Uuid], id: LeadId| leads.contains(&id.0);
    let by_email = tx
        .find::<lead::Entity>() // served by leads_of_email
        .filter(lead::Column::Email.is_in(of.emails.clone()))
        .filter(lead::Column::Email.is_not_null())
        .filter(lead::Column::DeletedAt.is_null())
        .limit(crate::page::MOST)
        .all(tx)
        .await?;
    for lead in by_email.into_iter().filter(|lead| !theirs(&of.leads, lead.id)) {
        let email = lead.email.map(|email| email.as_str().to_owned());
        others.extend(
            email.map(|email| (email, format!("lead:{} has an address of theirs", lead.id))),
        );
    }
    let by_email = tx
        .find::<contact::Entity>() // served by contacts_of_email
        .filter(contact::Column::Email.is_in(of.emails.clone()))
        .filter(contact::Column::Email.is_not_null())
        .filter(contact::Column::DeletedAt.is_null())
        .limit(crate::page::MOST)
        .all(tx)
        .await?;
    for contact in by_email.into_iter().filter(|contact| !of.contacts.contains(&contact.id.0)) {
        let email = contact.email.map(|email| email.as_str().to_owned());
        let told = format!("contact:{} has an address of theirs", contact.id);
        others.extend(email.map(|email| (email, told)));
    }
    let by_phone = tx
        .find::<lead::Entity>() // served by leads_phone
        .filter(lead::Column::PhoneNumber.is_in(of.phones.clone()))
        .filter(lead::Column::DeletedAt.is_null())
        .limit(crate::page::MOST)
        .all(tx)
        .await?;
    for lead in by_phone.into_iter().filter(|lead| !theirs(&of.leads, lead.id)) {
        let phone = lead.phone_number.map(|phone| phone.as_str().to_owned());
        others
            .extend(phone.map(|phone| (phone, format!("lead:{} has a number of theirs", lead.id))));
    }
    of.emails.retain(|email| others.iter().all(|(value, _)| value != email));
    of.phones.retain(|phone| others.iter().all(|(value, _)| value != phone));
    of.shared = others.into_iter().map(|(_, told)| told).collect();
    of.shared.sort();
    Ok(())
}
