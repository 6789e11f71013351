//! From first contact to signature.

pub mod contact;
pub mod contact_enrichment;
pub mod deal;
pub mod deal_stage_config;
pub mod opportunity_signal;
pub mod quote;
pub mod task;
