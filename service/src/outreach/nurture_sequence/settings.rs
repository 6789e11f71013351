//! How a tenant's sequences send.

use crate::{Result, Tx};

/// How a tenant's sequences send: the numbers of seed 004.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub max_sms_per_day: u32,
    pub max_emails_per_day: u32,
    pub auto_pause_on_reply: bool,
    pub respect_dnc: bool,
}

/// What the tenant has settled. The one place that asks.
pub(crate) async fn settings(_: &Tx) -> Result<Settings> {
    Ok(Settings {
        max_sms_per_day: 100,
        max_emails_per_day: 100,
        auto_pause_on_reply: true,
        respect_dnc: true,
    })
}
