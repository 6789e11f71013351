//! Leads.

mod erasure;
mod lead;
mod lead_link;
mod lead_merge;
mod system_config;
