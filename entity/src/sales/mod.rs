//! From first contact to signature.

pub mod contact;
pub mod contact_enrichment;
pub mod contact_enrichment_proposal;
pub mod contact_field;
pub mod deal;
pub mod deal_activity;
pub mod deal_stage_config;
pub mod deal_stage_history;
pub mod opportunity_signal;
pub mod quote;
pub mod quote_activity;
pub mod quote_counter;
pub mod quote_outcome;
pub mod task;
