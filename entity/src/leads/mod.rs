//! People who may become customers, and what was done to win them.

pub mod distribution;
pub mod distribution_member;
pub mod erasure;
pub mod lead;
pub mod lead_activity;
pub mod lead_assignment;
pub mod lead_assignment_queue;
pub mod lead_audit_log;
pub mod lead_import;
pub mod lead_import_row;
pub mod lead_link;
pub mod lead_merge;
pub mod lead_qualification;
pub mod lead_score;
pub mod lead_score_override;
pub mod lead_source_cost;
pub mod lead_status_history;
pub mod lead_tag;
pub mod lead_word;
pub mod segment;
pub mod system_config;
pub mod system_config_history;
