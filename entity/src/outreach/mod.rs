//! Whom we may reach, and how.

pub mod dnc;
pub mod dnc_check;
pub mod lead_sequence_enrollment;
pub mod lead_sequence_enrollment_step;
pub mod nurture_sequence;
pub mod nurture_sequence_version;
