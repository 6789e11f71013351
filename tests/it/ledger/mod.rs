//! The ledger.

mod budget_account;
mod budget_hold;
mod budget_transaction;
