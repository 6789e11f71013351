//! What can be settled, key by key: the members, their defaults and their bounds.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    Key,
    members::{Members, number, refused},
};
use crate::{Error, Result, input};

/// Something that can be settled under a key.
pub trait Setting: Clone + std::fmt::Debug + Default + PartialEq + Send + Sync {
    /// The key.
    const KEY: Key;

    /// As it is stored, every member under its name.
    fn to_json(&self) -> Value;

    /// As it was stored or said. A member that is missing, or null, is the default's.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`], naming the member that is not known, of another type or out of range.
    fn from_json(value: &Value) -> Result<Self>;

    /// Whether all of it is in range.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`], naming the member.
    fn check(&self) -> Result<()>;
}

/// `lead_scoring_weights`: what each component counts for in the score of a lead. Each is from 0 to 1
/// with at most four decimals, and together they are 1, give or take 0.01.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoringWeights {
    /// The five answers: 0.40.
    pub qualification: Decimal,
    /// Contacts, calls and replies: 0.30.
    pub engagement: Decimal,
    /// What was said on the phone: 0.20.
    pub intent: Decimal,
    /// Where the lead lives and came from: 0.10.
    pub demographic: Decimal,
}

impl Default for ScoringWeights {
    fn default() -> Self {
        let tenth = |tenths| Decimal::new(tenths, 1);
        Self {
            qualification: tenth(4),
            engagement: tenth(3),
            intent: tenth(2),
            demographic: tenth(1),
        }
    }
}

impl Setting for ScoringWeights {
    const KEY: Key = Key::LeadScoringWeights;

    fn to_json(&self) -> Value {
        json!({
            "qualification_weight": number(self.qualification),
            "engagement_weight": number(self.engagement),
            "intent_weight": number(self.intent),
            "demographic_weight": number(self.demographic),
        })
    }

    /// Takes `qualification` for `qualification_weight` and so on, as older callers say it.
    fn from_json(value: &Value) -> Result<Self> {
        let mut members = Members::of("lead_scoring_weights", value)?;
        let default = Self::default();
        let read = Self {
            qualification: members
                .decimal(&["qualification_weight", "qualification"], default.qualification)?,
            engagement: members
                .decimal(&["engagement_weight", "engagement"], default.engagement)?,
            intent: members.decimal(&["intent_weight", "intent"], default.intent)?,
            demographic: members
                .decimal(&["demographic_weight", "demographic"], default.demographic)?,
        };
        members.end()?;
        read.check()?;
        Ok(read)
    }

    fn check(&self) -> Result<()> {
        let each = [
            ("qualification_weight", self.qualification),
            ("engagement_weight", self.engagement),
            ("intent_weight", self.intent),
            ("demographic_weight", self.demographic),
        ];
        for (name, weight) in each {
            input::share(&weight).map_err(|broken| {
                refused("lead_scoring_weights", name, broken.message.unwrap_or_default())
            })?;
        }
        let sum: Decimal = each.iter().map(|(_, weight)| weight).sum();
        if (sum - Decimal::ONE).abs() > Decimal::new(1, 2) {
            let why =
                format!("must add up to 1, give or take 0.01, and not to {}", sum.normalize());
            return Err(Error::invalid("lead_scoring_weights", why));
        }
        Ok(())
    }
}

/// `lead_limits`: how many leads a partner may have and bring. 0: none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeadLimits {
    /// All that a partner owns: 100; at most 1,000,000.
    pub max_leads_per_partner: u32,
    /// Those of them that are worked on: 50; at most 1,000,000.
    pub max_active_leads_per_partner: u32,
    /// Imports on one day of the tenant's calendar: 5; at most 1,000.
    pub max_imports_per_day: u32,
}

impl Default for LeadLimits {
    fn default() -> Self {
        Self {
            max_leads_per_partner: 100,
            max_active_leads_per_partner: 50,
            max_imports_per_day: 5,
        }
    }
}

impl Setting for LeadLimits {
    const KEY: Key = Key::LeadLimits;

    fn to_json(&self) -> Value {
        json!({
            "max_leads_per_partner": self.max_leads_per_partner,
            "max_active_leads_per_partner": self.max_active_leads_per_partner,
            "max_imports_per_day": self.max_imports_per_day,
        })
    }

    fn from_json(value: &Value) -> Result<Self> {
        let mut members = Members::of("lead_limits", value)?;
        let default = Self::default();
        let read = Self {
            max_leads_per_partner: members
                .count("max_leads_per_partner", default.max_leads_per_partner)?,
            max_active_leads_per_partner: members
                .count("max_active_leads_per_partner", default.max_active_leads_per_partner)?,
            max_imports_per_day: members
                .count("max_imports_per_day", default.max_imports_per_day)?,
        };
        members.end()?;
        read.check()?;
        Ok(read)
    }

    fn check(&self) -> Result<()> {
        within(
            "lead_limits",
            &[
                ("max_leads_per_partner", self.max_leads_per_partner, 1_000_000),
                ("max_active_leads_per_partner", self.max_active_leads_per_partner, 1_000_000),
                ("max_imports_per_day", self.max_imports_per_day, 1000),
            ],
        )
    }
}

/// `nurture_settings`: how nurture sequences send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NurtureSettings {
    /// Texts that the tenant sends on one day: 100; at most 100,000. 0: none.
    pub max_sms_per_day: u32,
    /// E-mails that the tenant sends on one day: 100; at most 100,000. 0: none.
    pub max_emails_per_day: u32,
    /// Whether a sequence pauses when the lead answers: yes.
    pub auto_pause_on_reply: bool,
    /// Whether the do-not-call list stops a sequence: yes. That a number which is on the list is
    /// neither called nor texted does not depend on it.
    pub respect_dnc: bool,
}

impl Default for NurtureSettings {
    fn default() -> Self {
        Self {
            max_sms_per_day: 100,
            max_emails_per_day: 100,
            auto_pause_on_reply: true,
            respect_dnc: true,
        }
    }
}

impl Setting for NurtureSettings {
    const KEY: Key = Key::NurtureSettings;

    fn to_json(&self) -> Value {
        json!({
            "max_sms_per_day": self.max_sms_per_day,
            "max_emails_per_day": self.max_emails_per_day,
            "auto_pause_on_reply": self.auto_pause_on_reply,
            "respect_dnc": self.respect_dnc,
        })
    }

    fn from_json(value: &Value) -> Result<Self> {
        let mut members = Members::of("nurture_settings", value)?;
        let default = Self::default();
        let read = Self {
            max_sms_per_day: members.count("max_sms_per_day", default.max_sms_per_day)?,
            max_emails_per_day: members.count("max_emails_per_day", default.max_emails_per_day)?,
            auto_pause_on_reply: members
                .switch("auto_pause_on_reply", default.auto_pause_on_reply)?,
            respect_dnc: members.switch("respect_dnc", default.respect_dnc)?,
        };
        members.end()?;
        read.check()?;
        Ok(read)
    }

    fn check(&self) -> Result<()> {
        within(
            "nurture_settings",
            &[
                ("max_sms_per_day", self.max_sms_per_day, 100_000),
                ("max_emails_per_day", self.max_emails_per_day, 100_000),
            ],
        )
    }
}

fn within(key: &str, counts: &[(&str, u32, u32)]) -> Result<()> {
    match counts.iter().find(|(_, count, most)| count > most) {
        Some((name, _, most)) => Err(refused(key, name, format!("must be from 0 to {most}"))),
        None => Ok(()),
    }
}
