//! Leads.

mod lead;
mod lead_link;
mod lead_merge;
mod lead_source_cost;
mod lead_status_history;
mod segment;
mod system_config;
