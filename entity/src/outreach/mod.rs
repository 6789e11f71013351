//! Whom we may reach, and how.

pub mod call_attempt;
pub mod consent;
pub mod dnc;
pub mod dnc_check;
pub mod external_list;
pub mod external_list_number;
pub mod lead_sequence_enrollment;
pub mod lead_sequence_enrollment_step;
pub mod nurture_sequence;
pub mod nurture_sequence_version;
pub mod opt_out_review;
pub mod suppression;
pub mod suppression_key;
