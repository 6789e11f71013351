//! Leads.

mod lead;
mod lead_import;
mod lead_link;
mod lead_merge;
mod system_config;
