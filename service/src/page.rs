//! Reading a long list a piece at a time.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How many rows are read at once at the most.
pub const MOST: u64 = 1000;

/// A piece of a list, and where the next one starts. A page and its cursor serialise, to go to a
/// client and come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T, C> {
    /// What was found, in the list's order.
    pub items: Vec<T>,
    /// Where to go on; null at the end of the list.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// Makes a page of `limit` items out of up to one more than that.
    pub(crate) fn new(mut items: Vec<T>, limit: u64, cursor: impl FnOnce(&T) -> C) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(cursor);
        Self { items, next }
    }
}

/// Refuses a limit of 0, which can only be a mistake, and one that would fill the memory.
pub(crate) fn check(limit: u64) -> Result<()> {
    if (1..=MOST).contains(&limit) {
        Ok(())
    } else {
        Err(Error::invalid("limit", format!("must be from 1 to {MOST}")))
    }
}
