drop function public.get_at_risk_clients(date);
drop function public.get_overall_avg(date);
drop function public.get_zone_distribution(date);
