//! People who may become customers, and what was done to win them.

pub mod erasure;
pub mod lead;
pub mod lead_audit_log;
pub mod lead_import;
pub mod lead_import_row;
pub mod lead_link;
pub mod lead_merge;
pub mod lead_status_history;
pub mod lead_tag;
pub mod lead_word;
pub mod system_config;
pub mod system_config_history;
