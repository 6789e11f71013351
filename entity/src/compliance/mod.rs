//! What has to be in order, and whether it is.

pub mod compliance_check;
pub mod compliance_check_event;
pub mod compliance_schedule;
