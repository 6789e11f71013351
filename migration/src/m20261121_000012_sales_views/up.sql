-- The seed's reports on deals and quotes, for psql and BI: with the rights of whoever asks, so that
-- row-level security decides whose rows they see. The service says the same for any time.

-- The days are those spent in the stage that was left.
create view public.deal_stage_velocity with (security_invoker = true) as
select h.tenant_id, h.from_stage as stage, count(*) as transitions,
       round(avg(h.days_in_previous_stage), 2) as avg_days,
       round((percentile_cont(0.5) within group (order by h.days_in_previous_stage))::numeric, 2)
           as median_days,
       min(h.days_in_previous_stage) as min_days, max(h.days_in_previous_stage) as max_days
from public.deal_stage_history h
where h.changed_at >= now() - interval '90 days' and h.from_stage is not null
group by h.tenant_id, h.from_stage;

-- A quote without a recorded outcome counts by its answer. Amounts are of the tenant's currency.
create view public.quote_win_rates with (security_invoker = true) as
with ended as (
    select q.tenant_id, q.status, q.total_amount, q.currency = t.currency as ours,
           coalesce(q.outcome, case q.status when 'accepted' then 'won'
                                             when 'rejected' then 'lost' end) as outcome
    from public.quotes q join public.tenants t on t.id = q.tenant_id
    where q.status in ('accepted', 'rejected', 'expired')
      and q.deleted_at is null and q.superseded_at is null
      and q.created_at >= now() - interval '90 days'
)
select e.tenant_id, count(*) as total_quotes,
       count(*) filter (where e.outcome = 'won') as won_count,
       count(*) filter (where e.outcome = 'lost') as lost_count,
       count(*) filter (where e.outcome = 'no_decision') as no_decision_count,
       count(*) filter (where e.status = 'expired') as expired_count,
       round(100.0 * count(*) filter (where e.outcome = 'won') / nullif(count(*), 0), 2)
           as win_rate_pct,
       round(100.0 * count(*) filter (where e.outcome = 'won')
             / nullif(count(*) filter (where e.outcome in ('won', 'lost')), 0), 2)
           as decided_win_rate_pct,
       round(avg(e.total_amount) filter (where e.outcome = 'won' and e.ours), 2) as avg_won_amount,
       round(avg(e.total_amount) filter (where e.outcome = 'lost' and e.ours), 2) as avg_lost_amount
from ended e
group by e.tenant_id;

-- What a stage expects where the tenant has said nothing, written down for the tenant to change.
-- Those of the open stages: a deal that is won or lost stalls no more.
create function public.seed_default_deal_stages(tenant uuid) returns void
    language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.deal_stage_config (tenant_id, id, stage, max_days_before_stale,
                                          follow_up_interval_days, max_follow_ups)
    values (seed_default_deal_stages.tenant, gen_random_uuid(), 'lead', 3, 2, 5),
           (seed_default_deal_stages.tenant, gen_random_uuid(), 'qualified', 7, 3, 5),
           (seed_default_deal_stages.tenant, gen_random_uuid(), 'proposal', 5, 2, 7),
           (seed_default_deal_stages.tenant, gen_random_uuid(), 'negotiation', 7, 3, 5)
    on conflict (tenant_id, stage) do nothing;
end $$;

revoke all on function public.seed_default_deal_stages(uuid) from public;
grant execute on function public.seed_default_deal_stages(uuid) to keel_app;
grant select on public.deal_stage_velocity to keel_app;
grant select on public.quote_win_rates to keel_app;
