drop table quote_outcomes;

drop table quote_counters;

drop table quote_activities;

drop table quotes;

drop table deal_stage_history;

drop table deal_stage_config;

drop table deal_activities;

drop table deals;

drop table contacts;
