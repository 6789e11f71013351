drop index leads_active_of_owner;

drop table lead_assignment_queue;

drop table lead_assignments;

drop table user_absences;

drop table distribution_members;

drop table distribution_pools;
