//! Whom we may reach, and how.

pub mod dnc;
pub mod dnc_check;
