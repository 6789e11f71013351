//! Whom we may reach, and how.

pub mod dnc;
