//! An e-mail address, in the one spelling that is compared and stored.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// An e-mail address in lower case, at most 254 characters. `Debug` shows only its domain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// The text is not an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnEmail;

impl Email {
    /// Checks the address and lowers its case.
    ///
    /// # Errors
    ///
    /// [`NotAnEmail`] if it is not `local@domain.tld`, with a top-level domain of two letters or
    /// more, or holds blanks or control characters.
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnEmail)?;
        let (name, top) = domain.rsplit_once('.').ok_or(NotAnEmail)?;
        let is_top = top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic());
        let is_name = !name.is_empty()
            && name.split('.').all(|part| !part.is_empty())
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'));
        let is_local = !local.is_empty()
            && !local.chars().any(|c| c.is_whitespace() || c.is_control() || c == '@');
        if is_top && is_name && is_local && text.len() <= 254 {
            Ok(Self(text.to_lowercase()))
        } else {
            Err(NotAnEmail)
        }
    }

    /// The address as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Email(…@{})", self.0.rsplit('@').next().unwrap_or_default())
    }
}

impl std::fmt::Display for NotAnEmail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not an e-mail address")
    }
}

impl std::error::Error for NotAnEmail {}

impl TryFrom<String> for Email {
    type Error = NotAnEmail;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl sea_orm::TryFromU64 for Email {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("Email"))
    }
}
