drop table lead_sequence_enrollment_steps;

drop table lead_sequence_enrollments;

drop table nurture_sequence_versions;

drop table nurture_sequences;
