//! From first contact to signature.

pub mod contact;
pub mod deal;
pub mod deal_stage_config;
pub mod quote;
pub mod task;
