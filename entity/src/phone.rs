//! A telephone number, in the one spelling that is compared and stored.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// A number in E.164 (`+12065550010`), without its extension. `Debug` hides all but its ends.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

/// What somebody wrote down as a number, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The number that is dialled and compared.
    pub phone: Phone,
    /// The extension behind it, kept for display only.
    pub extension: Option<String>,
    /// Whether each call to it costs the caller extra.
    pub premium: bool,
}

/// The text is not a number that anybody could be called at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPhone;

impl Phone {
    /// Understands a number as people write it, by libphonenumber's rules.
    ///
    /// `region` is where a number without a country code is dialled from (`US`).
    ///
    /// # Errors
    ///
    /// [`NotAPhone`] if it is no valid number there: too short, an emergency number, letters.
    pub fn parse(text: &str, region: &str) -> Result<Parsed, NotAPhone> {
        let number = understood(text, region)?;
        let e164 = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164);
        let kind = PHONE_NUMBER_UTIL.get_number_type(&number);
        Ok(Parsed {
            phone: Self(e164.into()),
            extension: Some(number.extension()).filter(|e| !e.is_empty()).map(str::to_owned),
            premium: matches!(kind, PhoneNumberType::PremiumRate),
        })
    }

    /// The number as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The country, or one of the countries, that the number belongs to (`US`).
    #[must_use]
    pub fn region(&self) -> Option<String> {
        let number = PHONE_NUMBER_UTIL.parse(&self.0, None).ok()?;
        PHONE_NUMBER_UTIL.get_region_for_number(&number).map(|region| format!("{region:?}"))
    }
}

/// Whether `region` is one that numbers can be dialled from.
#[must_use]
pub fn is_region(region: &str) -> bool {
    let known = |region| PHONE_NUMBER_UTIL.get_country_code_for_region(region).is_some();
    region.parse::<Region>().is_ok_and(known)
}

fn understood(text: &str, region: &str) -> Result<PhoneNumber, NotAPhone> {
    // Longer texts hold no number, and letters would be dialled as the digits of their keys.
    let head = text.to_ascii_lowercase();
    let head = head.split("ext").next().unwrap_or_default().trim_end_matches([' ', ';', ',']);
    let head = head.split('x').next().unwrap_or_default();
    let tail = text.get(head.len()..).unwrap_or_default().to_ascii_lowercase();
    let tail = tail.trim_start_matches([' ', ';', ',']);
    let tail =
        ["extension", "extn", "ext", "x"].iter().find_map(|w| tail.strip_prefix(w)).unwrap_or(tail);
    if text.len() > 64 || head.chars().chain(tail.chars()).any(char::is_alphabetic) {
        return Err(NotAPhone);
    }
    let region = region.parse::<Region>().map_err(|_| NotAPhone)?;
    let number = PHONE_NUMBER_UTIL.parse(text, Some(region)).map_err(|_| NotAPhone)?;
    if PHONE_NUMBER_UTIL.is_valid_number(&number) { Ok(number) } else { Err(NotAPhone) }
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (head, tail) = (self.0.get(..3), self.0.get(self.0.len().saturating_sub(2)..));
        write!(f, "Phone({}…{})", head.unwrap_or_default(), tail.unwrap_or_default())
    }
}

impl std::fmt::Display for NotAPhone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not a telephone number")
    }
}

impl std::error::Error for NotAPhone {}

impl TryFrom<String> for Phone {
    type Error = NotAPhone;

    /// Takes a number that is in E.164 already: what is read and written again comes out the same.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let read = Self::parse(&text, "US")?.phone;
        if read.0 == text { Ok(read) } else { Err(NotAPhone) }
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

impl sea_orm::TryFromU64 for Phone {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("Phone"))
    }
}
