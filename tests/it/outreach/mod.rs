mod dnc;
mod lead_sequence_enrollment;
mod nurture_sequence;
