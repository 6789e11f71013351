//! Leads.

mod distribution;
mod erasure;
mod lead;
mod lead_activity;
mod lead_assignment;
mod lead_import;
mod lead_link;
mod lead_merge;
mod lead_score;
mod lead_source_cost;
mod lead_status_history;
mod segment;
mod system_config;
