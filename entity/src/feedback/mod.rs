//! What customers say when they are asked.

pub mod feedback_request;
