//! Whom we may reach, and how.

pub mod dnc;
pub mod lead_sequence_enrollment;
pub mod nurture_sequence;
