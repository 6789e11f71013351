drop function public.consent_in_force(text, text, text, uuid, timestamptz);
