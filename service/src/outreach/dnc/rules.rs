//! Rules.

use chrono::NaiveDate;

/// From when on.
pub const REVOKES_ALL_FROM: NaiveDate = NaiveDate::from_ymd_opt(2027, 1, 31).unwrap();
