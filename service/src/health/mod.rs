//! How clients are doing.

pub mod client_health_score;
pub mod client_lifecycle_history;
pub mod client_session;
pub mod coach_performance;
pub mod contact_owner_history;
pub mod daily_summary;
pub mod intervention;
pub mod pattern;
pub mod weekly_pattern;

use entity::id::ClientHealthScoreId;

use crate::Error;

/// A client that could not be looked at or scored.
#[derive(Debug)]
pub struct Failure {
    /// Which.
    pub client: ClientHealthScoreId,
    /// Why not.
    pub error: Error,
}
