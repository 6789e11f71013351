mod call_attempt;
mod consent;
mod dnc;
mod lead_sequence_enrollment;
mod nurture_sequence;
mod external_list;
mod opt_out_review;
mod suppression;
