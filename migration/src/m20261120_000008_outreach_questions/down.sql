drop function public.is_on_dnc_list(text, uuid, timestamptz);
drop function keel.e164(text, text);
