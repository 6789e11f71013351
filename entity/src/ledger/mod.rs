//! What is paid for by whom, entry by entry.

pub mod budget_account;
pub mod budget_hold;
pub mod budget_transaction;
