drop table compliance_check_events;

drop table compliance_checks;

drop table compliance_schedule;
