//! How clients are doing.

pub mod client_health_score;
pub mod pattern;
