mod call_attempt;
mod consent;
mod dnc;
mod external_list;
mod lead_sequence_enrollment;
mod nurture_sequence;
mod opt_out_review;
mod suppression;
