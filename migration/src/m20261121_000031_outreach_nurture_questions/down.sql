drop function public.completion_rate(public.nurture_sequences);
drop function public.total_enrollments(public.nurture_sequences);

-- What nobody knows any more, once this is undone.
delete from outbox where topic = 'nurture_step';
delete from engine_runs where step = 'nurture';
alter table outbox drop constraint outbox_topic_known;
alter table outbox add constraint outbox_topic_known check (topic in ('deal_follow_up', 'quote_follow_up', 'feedback_request', 'enrichment_request', 'compliance_reminder', 'compliance_escalation', 'intervention'));

alter table engine_runs drop constraint engine_runs_step_known;
alter table engine_runs add constraint engine_runs_step_known check (step in ('compliance', 'deals', 'patterns', 'week', 'feedback', 'health', 'quotes', 'interventions', 'enrichment', 'leads', 'day'));
