//! A day of work: what was decided, and what is to be sent.

pub mod outbox;
pub mod run;
