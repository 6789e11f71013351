//! A row in every table of nurture sequences.

use entity::zone::Zone;
use serde_json::json;
use service::{
    Claims, Error, Result, Tx,
    leads::lead,
    outreach::{
        lead_sequence_enrollment::{self as enrollment, Enrolled},
        nurture_sequence::{self, New, Steps, read_steps},
    },
};

/// The welcome sequence of seed 004, as it is written there.
///
/// # Panics
///
/// Never: the steps are good.
#[must_use]
pub fn welcome() -> Steps {
    let steps = json!([
        {"step": 1, "delay_days": 0, "channel": "sms", "template_id": "welcome_sms",
         "message": "Hi {{first_name}}, this is {{partner_name}}.", "conditions": {}},
        {"step": 2, "delay_days": 2, "channel": "email", "template_id": "welcome_email",
         "subject": "Welcome, {{first_name}}"},
        {"step": 3, "delay_days": 5, "channel": "sms", "template_id": "welcome_check_in"},
        {"step": 4, "delay_days": 7, "channel": "call", "template_id": "welcome_call"},
    ]);
    read_steps(&steps).expect("steps that are good")
}

pub(super) async fn populate(tx: &Tx) -> Result<()> {
    let welcome = nurture_sequence::create(tx, New::named("Welcome", welcome())).await?;
    let new = lead::New {
        time_zone: Some(Zone::utc()),
        email: Some(super::email("joan@navy.example")),
        ..lead::New::named("Joan", "Clarke", "+12025550109")
    };
    let joan = lead::create(tx, new).await?;
    match enrollment::enroll(tx, joan.id, welcome.id).await? {
        Enrolled::Enrolled(_) => {}
        Enrolled::Refused(why) => return Err(Error::Denied(format!("{why:?}").into())),
    }
    for claim in enrollment::claim(tx, &Claims::default()).await?.claims {
        enrollment::record_sent(tx, &claim).await?;
    }
    Ok(())
}
