-- What the seed asks of the clients whose latest score was computed on a day of the current tenant's
-- calendar, without those of deleted customers. The day is null: today.
create function public.get_zone_distribution(at_date date default null)
    returns table (health_zone text, client_count bigint)
    language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    own uuid := nullif(current_setting('app.current_tenant_id', true), '')::uuid;
    zone text := (select t.time_zone from public.tenants t where t.id = own);
    day date := coalesce(get_zone_distribution.at_date, (now() at time zone zone)::date);
begin
    return query
    select c.health_zone, count(*)
    from public.client_health_scores c
    where c.tenant_id = own and c.health_zone is not null
      and c.calculated_at >= day::timestamp at time zone zone
      and c.calculated_at < (day + 1)::timestamp at time zone zone
      and not exists (select from public.customers k
                      where k.tenant_id = own and k.client_id = c.client_id
                        and k.deleted_at is not null)
    group by c.health_zone order by c.health_zone;
end $$;

-- The mean of their scores, to two decimals; null: there are none.
create function public.get_overall_avg(at_date date default null)
    returns numeric
    language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    own uuid := nullif(current_setting('app.current_tenant_id', true), '')::uuid;
    zone text := (select t.time_zone from public.tenants t where t.id = own);
    day date := coalesce(get_overall_avg.at_date, (now() at time zone zone)::date);
begin
    return (
        select round(avg(c.health_score), 2)
        from public.client_health_scores c
        where c.tenant_id = own and c.health_zone is not null
          and c.calculated_at >= day::timestamp at time zone zone
          and c.calculated_at < (day + 1)::timestamp at time zone zone
      and not exists (select from public.customers k
                      where k.tenant_id = own and k.client_id = c.client_id
                        and k.deleted_at is not null));
end $$;

-- Those of them in the red and the yellow zone, the lowest score first.
create function public.get_at_risk_clients(at_date date default null)
    returns table (
        client_email text, client_name text, health_score numeric, health_zone text,
        predictive_risk_score numeric, assigned_coach text
    )
    language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    own uuid := nullif(current_setting('app.current_tenant_id', true), '')::uuid;
    zone text := (select t.time_zone from public.tenants t where t.id = own);
    day date := coalesce(get_at_risk_clients.at_date, (now() at time zone zone)::date);
begin
    return query
    select c.email, coalesce(c.firstname || ' ' || c.lastname, c.email), c.health_score,
           c.health_zone, c.predictive_risk_score, c.assigned_coach
    from public.client_health_scores c
    where c.tenant_id = own and c.health_zone in ('RED', 'YELLOW')
      and c.calculated_at >= day::timestamp at time zone zone
      and c.calculated_at < (day + 1)::timestamp at time zone zone
      and not exists (select from public.customers k
                      where k.tenant_id = own and k.client_id = c.client_id
                        and k.deleted_at is not null)
    order by c.health_score, c.id;
end $$;

revoke all on function public.get_zone_distribution(date) from public;
revoke all on function public.get_overall_avg(date) from public;
revoke all on function public.get_at_risk_clients(date) from public;
grant execute on function public.get_zone_distribution(date) to keel_app;
grant execute on function public.get_overall_avg(date) to keel_app;
grant execute on function public.get_at_risk_clients(date) to keel_app;
