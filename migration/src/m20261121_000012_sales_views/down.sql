drop function public.seed_default_deal_stages(uuid);
drop view public.quote_win_rates;
drop view public.deal_stage_velocity;
