//! A day of work: what is decided for a tenant, and what is to be sent because of it.
//!
//! [`run_due`] does what is due; [`outbox`] holds what it decided until a sender has sent it.

pub mod outbox;
pub mod run;

pub use self::run::{Limits, Report, dry_run, run_due};
