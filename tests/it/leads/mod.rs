//! Leads.

mod lead;
mod system_config;
mod lead_link;
mod lead_merge;
