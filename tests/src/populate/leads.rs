//! A row in every table of leads.

use service::{
    Result, Tx,
    leads::{
        lead::{self, Because, New, Status},
        lead_import::{self, Ask, File},
        lead_link::{self, End, Kind},
        lead_merge::{self, Choice},
    },
};

/// A lead of whom everything is told.
#[must_use]
pub fn grace() -> New {
    New {
        email: Some(super::email("grace@navy.example")),
        city: Some("Arlington".to_owned()),
        state: Some("VA".to_owned()),
        source: Some("referral".to_owned()),
        sub_source: Some("spring".to_owned()),
        tags: vec!["warm".to_owned()],
        notes: Some("Asked about compilers".to_owned()),
        ..New::named("Grace", "Hopper", "+12025550108")
    }
}

pub(super) async fn populate(tx: &Tx) -> Result<()> {
    let lead = lead::create(tx, grace()).await?;
    lead::move_to(tx, lead.id, Status::Contacted, &Because::manual(Some("she called"))).await?;
    // Somebody she referred, who was there twice.
    let referred = lead::create(tx, New::named("Jean", "Sammet", "+12025550109")).await?;
    let again = lead::create(tx, New::named("Jean E.", "Sammet", "+12025550110")).await?;
    let (from, to) = (End::Lead(again.id), End::Lead(lead.id));
    lead_link::add(tx, lead_link::New::between(from, Kind::ReferredBy, to)).await?;
    lead_merge::merge(tx, referred.id, again.id, &Choice::default()).await?;
    let table = "first name,last name,phone\nJean,Bartik,202-555-0113\nBetty,Holberton,none\n";
    let ask = Ask { idempotency_key: Some("first".to_owned()), ..Ask::default() };
    lead_import::import(tx, &File::new("leads.csv", table.as_bytes()), &ask).await?;
    Ok(())
}
