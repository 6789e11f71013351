-- Monday 00:00 of the week that an instant is in, in a zone that is said and not guessed.
create function public.get_week_start(at timestamptz default now(), zone text default 'UTC')
    returns timestamptz
    language sql stable set search_path = pg_catalog, pg_temp
as $$ select date_trunc('week', at, zone) $$;

-- The clients of the current tenant who were last found to break their pattern, or to be below it:
-- the same answer as `pattern::breaks` gives, which a test holds it to.
create function public.get_pattern_breaks(
    days_back integer default 7, as_of timestamptz default now()
) returns table (
    client_email text, client_name text, avg_calls_per_week numeric, calls_this_week integer,
    deviation_pct numeric, pattern_status text, health_zone text, assigned_coach text
)
    language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select c.email, coalesce(c.firstname || ' ' || c.lastname, c.email), c.avg_calls_per_week,
           c.calls_this_week, c.deviation_pct, c.pattern_status, c.health_zone, c.assigned_coach
    from public.client_health_scores c
    where c.tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid
      and c.pattern_status in ('PATTERN_BREAK', 'BELOW_PATTERN')
      and c.last_pattern_check <= get_pattern_breaks.as_of
      and c.last_pattern_check >= get_pattern_breaks.as_of
          - make_interval(hours => 24 * coalesce(get_pattern_breaks.days_back, 7))
    order by c.pattern_status desc, c.lost_calls desc, c.id;
end $$;

revoke all on function public.get_week_start(timestamptz, text) from public;
revoke all on function public.get_pattern_breaks(integer, timestamptz) from public;
grant execute on function public.get_week_start(timestamptz, text) to keel_app;
grant execute on function public.get_pattern_breaks(integer, timestamptz) to keel_app;
