//! How clients are doing.

pub mod call_record;
pub mod client_health_score;
pub mod client_lifecycle_history;
pub mod client_session;
pub mod coach_performance;
pub mod contact_owner_history;
pub mod daily_summary;
pub mod intervention;
pub mod intervention_outcome;
pub mod pattern;
pub mod weekly_pattern;
