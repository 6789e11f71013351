//! What must hold of any input before the database is asked.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use entity::phone::is_region;
use rust_decimal::Decimal;
use validator::{Validate, ValidationError};

use crate::{Error, Result};

/// Refuses an input struct by the first field, in alphabetical order, that breaks its rules.
pub(crate) fn check(input: &impl Validate) -> Result<()> {
    let Err(errors) = input.validate() else { return Ok(()) };
    let mut fields: Vec<_> = errors.field_errors().into_iter().collect();
    fields.sort_by(|(a, _), (b, _)| a.cmp(b));
    let Some((field, broken)) = fields.into_iter().next() else {
        return Err(Error::invalid("input", "not valid"));
    };
    let why = broken.first().map_or(Cow::from("not valid"), |e| match &e.message {
        Some(message) => message.clone(),
        None => Cow::from(format!("breaks the rule {}", e.code)),
    });
    Err(Error::invalid(field, why))
}

fn broken(message: &'static str) -> ValidationError {
    ValidationError::new("rule").with_message(message.into())
}

/// Text that a person could have meant: no control characters but line ends and tabs.
pub(crate) fn plain(text: &str) -> Result<(), ValidationError> {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(broken("holds control characters"));
    }
    Ok(())
}

/// Text as above with something in it.
pub(crate) fn named(text: &str) -> Result<(), ValidationError> {
    if text.trim().is_empty() {
        return Err(broken("must not be empty"));
    }
    plain(text)
}

/// An amount of money: not below zero, not beyond what the columns hold, whole in its minor unit.
pub(crate) fn money(amount: &Decimal) -> Result<(), ValidationError> {
    let most = Decimal::from_i128_with_scale(99_999_999_999_999, 2);
    if amount.is_sign_negative() && !amount.is_zero() {
        return Err(broken("must not be below 0"));
    }
    if *amount > most {
        return Err(broken("must not be above 999999999999.99"));
    }
    if amount.normalize().scale() > 2 {
        return Err(broken("must not have more than two decimals"));
    }
    Ok(())
}

/// A share, from 0 to 1, of at most four decimals.
pub(crate) fn share(part: &Decimal) -> Result<(), ValidationError> {
    if *part < Decimal::ZERO || *part > Decimal::ONE || part.normalize().scale() > 4 {
        return Err(broken("must be from 0 to 1, with at most four decimals"));
    }
    Ok(())
}

/// A currency: three capital letters.
pub(crate) fn currency(code: &str) -> Result<(), ValidationError> {
    if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(broken("must be three capital letters, as in ISO 4217"))
}

/// A region that telephone numbers can be dialled from.
pub(crate) fn region(code: &str) -> Result<(), ValidationError> {
    if is_region(code) { Ok(()) } else { Err(broken("must be a country's two capital letters")) }
}

/// An instant that the database and every calendar know.
pub(crate) fn instant(at: &DateTime<Utc>) -> Result<(), ValidationError> {
    if (1970..=9999).contains(&at.year()) { Ok(()) } else { Err(broken("must be in 1970 to 9999")) }
}

/// A civil date that the database and every calendar know.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "validator passes it so")]
pub(crate) fn date(day: &NaiveDate) -> Result<(), ValidationError> {
    if (1900..=9999).contains(&day.year()) {
        Ok(())
    } else {
        Err(broken("must be in 1900 to 9999"))
    }
}

/// Text given as an argument of its own.
pub(crate) fn text(field: &'static str, text: &str, most: usize) -> Result<()> {
    if text.chars().count() > most {
        return Err(Error::invalid(field, format!("must not be longer than {most} characters")));
    }
    named(text).map_err(|e| Error::invalid(field, e.message.unwrap_or_default()))
}

/// An instant given as an argument of its own.
pub(crate) fn at(field: &'static str, at: DateTime<Utc>) -> Result<()> {
    instant(&at).map_err(|e| Error::invalid(field, e.message.unwrap_or_default()))
}
