//! From first contact to signature.

pub mod contact;
pub mod deal;
pub mod deal_activity;
pub mod deal_stage_config;
pub mod deal_stage_history;
pub mod quote;
pub mod quote_activity;
pub mod quote_counter;
pub mod quote_outcome;
pub mod task;
