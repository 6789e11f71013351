//! What customers say when they are asked.

mod feedback_request;
