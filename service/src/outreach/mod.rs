//! Whom we may reach, and how.

pub mod call_attempt;
pub mod consent;
pub mod dnc;
pub mod external_list;
pub mod lead_sequence_enrollment;
pub mod nurture_sequence;
pub mod opt_out_review;
pub mod suppression;
