//! Leads.

mod system_config;
