//! A day of work: what is decided for a tenant, and what is to be sent because of it.

pub mod outbox;
