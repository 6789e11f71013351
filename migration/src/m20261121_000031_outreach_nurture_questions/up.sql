alter table engine_runs drop constraint engine_runs_step_known;
alter table engine_runs add constraint engine_runs_step_known check (step in ('compliance', 'deals', 'patterns', 'week', 'feedback', 'health', 'quotes', 'interventions', 'enrichment', 'leads', 'nurture', 'day'));

alter table outbox drop constraint outbox_topic_known;
alter table outbox add constraint outbox_topic_known check (topic in ('deal_follow_up', 'quote_follow_up', 'feedback_request', 'enrichment_request', 'compliance_reminder', 'compliance_escalation', 'intervention', 'nurture_step'));

-- Columns of seed 004 that are not stored, so that its queries run: `s.total_enrollments` and
-- `s.completion_rate` of a row of `nurture_sequences`. The same answers as `nurture_sequence::rates`.

-- How many times a lead was enrolled in the sequence, whatever became of it.
create function public.total_enrollments(sequence public.nurture_sequences)
    returns bigint
    language plpgsql stable parallel safe security invoker set search_path = pg_catalog, pg_temp
as $$
begin
    return (select count(*) from public.lead_sequence_enrollments e
            where e.tenant_id = sequence.tenant_id and e.sequence_id = sequence.id);
end
$$;

-- Of the enrolments that have ended, how many came to the last step, in percent; null: none has ended.
create function public.completion_rate(sequence public.nurture_sequences)
    returns numeric
    language plpgsql stable parallel safe security invoker set search_path = pg_catalog, pg_temp
as $$
begin
    return (select round(100.0 * count(*) filter (where e.status = 'completed')
                         / nullif(count(*), 0), 2)
            from public.lead_sequence_enrollments e
            where e.tenant_id = sequence.tenant_id and e.sequence_id = sequence.id
              and e.status in ('completed', 'cancelled', 'failed'));
end
$$;

revoke all on function public.total_enrollments(public.nurture_sequences) from public;
revoke all on function public.completion_rate(public.nurture_sequences) from public;
grant execute on function public.total_enrollments(public.nurture_sequences) to keel_app;
grant execute on function public.completion_rate(public.nurture_sequences) to keel_app;
