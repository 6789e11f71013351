//! Rows in the tables of outreach, beside the list itself.

use chrono::TimeDelta;
use entity::phone::Phone;
use service::{
    Result, Tx,
    outreach::{
        call_attempt,
        consent::{self, Basis, Channel, Purpose, Subject},
        dnc::{self, Heard, Medium},
        external_list::{self, Kind, Line},
        suppression,
    },
};

/// A number in E.164.
///
/// # Panics
///
/// If it is none.
#[must_use]
pub fn phone(number: &str) -> Phone {
    Phone::parse(number, "US").expect("a number").phone
}

pub(super) async fn populate(tx: &Tx) -> Result<()> {
    let grant = consent::Grant {
        subject: Subject::Phone(phone("+12125551001")),
        purpose: Purpose::Marketing,
        channel: Channel::Call,
        basis: Basis::ExpressWritten,
        text_version: Some("2026-01".to_owned()),
        source: "web_form".to_owned(),
        reference: Some("form 1".to_owned()),
        granted_at: tx.now() - TimeDelta::days(1),
    };
    consent::grant(tx, grant).await?;
    let list = external_list::New {
        kind: Kind::National,
        jurisdiction: "US".to_owned(),
        source: "FTC 10000001".to_owned(),
        as_of: tx.now() - TimeDelta::days(1),
    };
    external_list::load(tx, list, &[Line::listed("206 555 0077")]).await?;
    let call = call_attempt::New {
        number: "+12125551001".to_owned(),
        purpose: Purpose::Informational,
        channel: Channel::Call,
        subject: Some("delivery".to_owned()),
        lead_id: None,
        contact_id: None,
        at: tx.now() - TimeDelta::hours(2),
    };
    call_attempt::report(tx, call).await?;
    suppression::add(tx, &[phone("+12065550099").into()], "erasure").await?;
    let heard = Heard {
        number: "+12065550055".to_owned(),
        text: "I'm not interested.".to_owned(),
        medium: Medium::Speech,
        source: "call_transcript".to_owned(),
        reference: Some("call 1".to_owned()),
    };
    dnc::hear(tx, &heard).await?;
    Ok(())
}
