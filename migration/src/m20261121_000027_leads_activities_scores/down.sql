drop table lead_score_overrides;

drop table lead_score_history;

drop table lead_qualifications;

drop table lead_activities;

drop trigger score_due on leads;
drop index leads_score_due;
alter table leads drop constraint leads_score_decay_range;
alter table leads drop column score_decay;
alter table leads drop column score_since;
alter table leads drop column score_due_at;

alter table engine_runs drop constraint engine_runs_step_known;
delete from engine_runs where step = 'leads';
alter table engine_runs add constraint engine_runs_step_known check (step in ('compliance', 'deals', 'patterns', 'week', 'feedback', 'health', 'quotes', 'interventions', 'enrichment', 'day'));

drop function keel.lead_score_due();
