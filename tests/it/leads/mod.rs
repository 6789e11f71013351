//! Leads.

mod distribution;
mod lead;
mod lead_activity;
mod lead_assignment;
mod lead_link;
mod lead_merge;
mod lead_score;
mod system_config;
