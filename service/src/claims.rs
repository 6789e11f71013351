//! Taking work that is due, so that nobody else does.

use chrono::TimeDelta;

use crate::{Error, Result};

/// How much to claim, and for how long.
#[derive(Clone, Debug)]
pub struct Claims {
    /// How many at the most, 1 to 1000.
    pub limit: u64,
    /// How long nobody else may claim them. Long enough to act, since what was not recorded by then
    /// is claimed again.
    pub lease: TimeDelta,
}

impl Default for Claims {
    fn default() -> Self {
        Self { limit: 10, lease: TimeDelta::minutes(5) }
    }
}

/// How long a lease is, if it is one that makes sense.
pub(crate) fn lease_seconds(lease: TimeDelta) -> Result<f64> {
    match lease.num_seconds() {
        seconds @ 1..=86_400 => Ok(f64::from(i32::try_from(seconds).unwrap_or(i32::MAX))),
        _ => Err(Error::invalid("lease", "must be from a second to a day")),
    }
}
