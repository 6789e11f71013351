drop function public.calculate_lead_score(uuid, timestamptz);
