drop view public.signal_action_rates;
drop function public.calculate_signal_strength(text, jsonb);
