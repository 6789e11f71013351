//! People who may become customers: found, won, and let go.

pub mod distribution;
pub mod erasure;
pub mod lead;
pub mod lead_activity;
pub mod lead_assignment;
pub mod lead_import;
pub mod lead_link;
pub mod lead_merge;
pub mod lead_score;
pub mod lead_source_cost;
pub mod lead_status_history;
pub mod segment;
pub mod system_config;
