//! What is paid for by whom: a single-entry ledger of what was paid in and spent.

pub mod budget_account;
pub mod budget_hold;
pub mod budget_transaction;
