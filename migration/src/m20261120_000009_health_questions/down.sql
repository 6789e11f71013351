drop function public.get_pattern_breaks(integer, timestamptz);
drop function public.get_week_start(timestamptz, text);
