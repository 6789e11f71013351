//! How clients are doing.

pub mod call_record;
pub mod client_health_score;
pub mod pattern;
