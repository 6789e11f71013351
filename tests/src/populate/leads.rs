//! A row in every table of leads.

use rust_decimal::Decimal;
use serde_json::json;
use service::{
    Result, Tx,
    leads::{
        lead::{self, Because, New, Status},
        lead_import::{self, Ask, File},
        lead_link::{self, End, Kind},
        lead_merge::{self, Choice},
        lead_source_cost::{self, Month},
        segment,
    },
    tenancy::user,
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

/// A segment that finds her, counted, and what her source cost.
async fn found(tx: &Tx) -> Result<()> {
    let lea = user::New {
        email: super::email("lea@tenant.example"),
        name: "Lea".to_owned(),
        role: "partner".to_owned(),
    };
    let filter = segment::read(json!({ "tags": { "contains_any": ["warm"] } }))?;
    let new = segment::New {
        user_id: Some(user::add(tx, lea).await?.id),
        ..segment::New::private("Warm", filter)
    };
    let warm = segment::create(tx, new).await?;
    segment::count(tx, warm.id).await?;
    let month = Month::of(tx.today().await?);
    let cost = lead_source_cost::New::of("referral", month, Decimal::from(100));
    lead_source_cost::record(tx, cost).await?;
    Ok(())
}

pub(super) async fn populate(tx: &Tx) -> Result<()> {
    let lead = lead::create(tx, grace()).await?;
    lead::move_to(tx, lead.id, Status::Contacted, &Because::manual(Some("she called"))).await?;
    // Somebody she referred, who was there twice.
    let referred = lead::create(tx, New::named("Jean", "Sammet", "+12025550119")).await?;
    let again = lead::create(tx, New::named("Jean E.", "Sammet", "+12025550120")).await?;
    let (from, to) = (End::Lead(again.id), End::Lead(lead.id));
    lead_link::add(tx, lead_link::New::between(from, Kind::ReferredBy, to)).await?;
    lead_merge::merge(tx, referred.id, again.id, &Choice::default()).await?;
    found(tx).await?;
    let table = "first name,last name,phone\nJean,Bartik,202-555-0113\nBetty,Holberton,none\n";
    let ask = Ask { idempotency_key: Some("first".to_owned()), ..Ask::default() };
    lead_import::import(tx, &File::new("leads.csv", table.as_bytes()), &ask).await?;
    Ok(())
}
