-- Seed 002's questions about signals, for psql and reports: the same answers as
-- `opportunity_signal::strength_of` and `opportunity_signal::rates` give, which tests hold them to.

-- How strong a signal is: as its type says, 0.50 for any other; 0.10 more for more than two words,
-- 0.05 more for somebody who decides; never more than 1. A count that is no number, nor written as a
-- whole one, is none, and raises nothing.
create function public.calculate_signal_strength(type text, context jsonb default '{}')
    returns numeric
    language sql immutable parallel safe security invoker set search_path = pg_catalog, pg_temp
as $$
    select round(least(1.00,
        case calculate_signal_strength.type
            when 'complaint' then 0.80 when 'urgency' then 0.90 when 'budget_mention' then 0.85
            when 'competitor_mention' then 0.75 when 'expansion' then 0.95 when 'renewal' then 0.90
            when 'upsell' then 0.85 when 'referral' then 0.95 when 'churn_risk' then 0.95
            else 0.50 end
        + case when case jsonb_typeof(calculate_signal_strength.context -> 'keyword_count')
                        when 'number'
                            then (calculate_signal_strength.context ->> 'keyword_count')::numeric > 2
                        when 'string' then
                            case when calculate_signal_strength.context ->> 'keyword_count'
                                      ~ '^-?[0-9]{1,18}$'
                                 then (calculate_signal_strength.context ->> 'keyword_count')::bigint > 2
                            end
                    end
               then 0.10 else 0 end
        + case when jsonb_typeof(calculate_signal_strength.context -> 'is_decision_maker')
                        in ('boolean', 'number', 'string')
                    and lower(calculate_signal_strength.context ->> 'is_decision_maker' collate "C")
                        in ('true', 't', 'yes', 'y', 'on', '1')
               then 0.05 else 0 end), 2)
$$;

-- About how many of the signals of the last 90 days something was done, for each tenant and type. The
-- mean strength and the mean hours from seeing to doing are to two decimals; where nothing was done,
-- there are no hours.
create view public.signal_action_rates with (security_invoker = true) as
select s.tenant_id, s.signal_type, count(*) as total_signals,
       count(*) filter (where s.actioned) as actioned_count,
       round(100.0 * count(*) filter (where s.actioned) / nullif(count(*), 0), 2)
           as action_rate_pct,
       round(avg(s.signal_strength), 2) as avg_strength,
       round(avg(extract(epoch from s.actioned_at - s.created_at) / 3600)
             filter (where s.actioned), 2) as avg_hours_to_action
from public.opportunity_signals s
where s.created_at >= now() - interval '2160 hours' and s.created_at < now()
group by s.tenant_id, s.signal_type;

revoke all on function public.calculate_signal_strength(text, jsonb) from public;
grant execute on function public.calculate_signal_strength(text, jsonb) to keel_app;
grant select on public.signal_action_rates to keel_app;
