drop table weekly_patterns;

drop table intervention_outcomes;

drop table daily_summary;

drop table contact_owner_history;

drop table intervention_log;

drop table coach_performance;

drop table client_sessions;

drop table client_lifecycle_history;

drop index client_health_scores_at_risk;
drop index client_health_scores_broken;
drop index client_health_scores_of_coach;
drop index client_health_scores_score_queue;
alter table client_health_scores drop constraint client_health_scores_coverage_range;
alter table client_health_scores drop constraint client_health_scores_priority_known;
alter table client_health_scores drop constraint client_health_scores_risk_category_known;
alter table client_health_scores drop column score_attempted_at;
alter table client_health_scores drop column zone_since;
alter table client_health_scores drop column score_coverage;
