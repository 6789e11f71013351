drop view public.compliance_completion_rates;
drop function public.create_compliance_checks_from_schedule(uuid, jsonb, timestamptz);
drop function public.advance_compliance_schedule(uuid);
drop function public.get_compliance_due(uuid, integer, timestamptz);
drop function keel.compliance_day_end(date, text);
drop function keel.compliance_due_on(date, text);
drop function keel.compliance_period_end(date, text, integer);
