//! People who may become customers: found, won, and let go.

pub mod lead;
pub mod lead_import;
pub mod lead_link;
pub mod lead_merge;
pub mod system_config;
