//! Leads.

mod lead;
mod system_config;
