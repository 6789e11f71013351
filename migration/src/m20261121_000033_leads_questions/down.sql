drop function public.get_source_roi(uuid, text, text, timestamptz);
drop function public.get_lead_funnel(uuid, date, date, timestamptz);
