drop function public.generate_quote_number(uuid, timestamptz);
drop function public.get_quotes_needing_followup(uuid, integer, timestamptz);
drop function public.get_stalled_deals(uuid, integer, timestamptz);
