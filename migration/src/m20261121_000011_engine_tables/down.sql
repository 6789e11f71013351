drop table tasks;

drop trigger touched on quotes;

drop table outbox;

drop table engine_runs;

drop index deal_stage_history_velocity;

drop trigger touched on deal_stage_config;

drop trigger deal_activity_update on deal_activities;

drop trigger deal_stage_change on deals;
drop trigger deal_stage_entered on deals;
drop trigger touched on deals;

drop trigger touched on users;

drop table cases;

drop trigger touched on contacts;

drop table case_counters;

drop trigger touched on call_records;

drop trigger touched on call_pattern_analysis;

drop trigger touched on client_health_scores;

drop trigger touched on customers;

drop trigger touched on tenants;
