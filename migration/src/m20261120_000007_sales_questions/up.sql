-- The seeds' questions about deals and quotes, for psql and reports: the same answers as
-- `deal::stalled` and `quote::follow_ups_due` give, which a test holds them to. They run with the
-- caller's rights, so that row-level security decides whose rows they see.

-- The deals that have been silent for longer than they may be, the longest overdue first.
create function public.get_stalled_deals(
    tenant uuid, "limit" integer default 20, as_of timestamptz default now()
) returns table (
    deal_id uuid, title text, stage text, client_id text, contact_id uuid, value numeric,
    last_activity_at timestamptz, days_since_activity integer, stalled_threshold integer
)
    language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    with expected (stage, never, days) as materialized (
        select s.stage, coalesce(c.never_stalls, false),
               coalesce(nullif(c.max_days_before_stale, 0), nullif(t.stall_after_days, 0), s.days)
        from (values ('lead', 3), ('qualified', 7), ('proposal', 5), ('negotiation', 7))
             s (stage, days)
        join public.tenants t on t.id = get_stalled_deals.tenant
        left join public.deal_stage_config c
            on c.tenant_id = get_stalled_deals.tenant and c.stage = s.stage
    ),
    silent as (
        select d.*, coalesce(nullif(d.stall_after_days, 0), e.days) as days
        from public.deals d join expected e on e.stage = d.stage
        where d.tenant_id = get_stalled_deals.tenant and d.deleted_at is null
          and d.stage not in ('won', 'lost') and not d.never_stalls
          and (coalesce(d.stall_after_days, 0) > 0 or not e.never)
          and (d.next_follow_up_at is null or d.next_follow_up_at <= get_stalled_deals.as_of)
    )
    select s.id, s.title, s.stage, s.client_id, s.contact_id, s.value, s.last_activity_at,
           (get_stalled_deals.as_of at time zone t.time_zone)::date
               - (s.idle_since at time zone t.time_zone)::date,
           s.days
    from silent s join public.tenants t on t.id = get_stalled_deals.tenant
    where s.idle_since + make_interval(hours => 24 * s.days) < get_stalled_deals.as_of
    order by extract(epoch from get_stalled_deals.as_of - s.idle_since) / (86400.0 * s.days) desc,
             s.value desc nulls last, s.id
    limit coalesce(get_stalled_deals."limit", 20);
end $$;

-- The quotes that it is time to follow up, the longest due first.
create function public.get_quotes_needing_followup(
    tenant uuid, "limit" integer default 20, as_of timestamptz default now()
) returns table (
    quote_id uuid, quote_number text, title text, client_id text, contact_id uuid,
    total_amount numeric, status text, days_since_last_contact integer, follow_up_count integer,
    max_follow_ups integer
)
    language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    today date;
begin
    select (get_quotes_needing_followup.as_of at time zone t.time_zone)::date into today
    from public.tenants t where t.id = get_quotes_needing_followup.tenant;
    return query
    select q.id, q.quote_number, q.title, q.client_id, q.contact_id, q.total_amount, q.status,
           floor(extract(epoch from get_quotes_needing_followup.as_of
                         - coalesce(q.last_follow_up_at, q.sent_at)) / 86400)::integer,
           q.follow_up_count, coalesce(q.max_follow_ups, 5)
    from public.quotes q
    join public.customers c
        on c.tenant_id = get_quotes_needing_followup.tenant and c.client_id = q.client_id
    left join public.contacts k
        on k.tenant_id = get_quotes_needing_followup.tenant and k.id = q.contact_id
    left join public.deals d
        on d.tenant_id = get_quotes_needing_followup.tenant and d.id = q.deal_id
    where q.tenant_id = get_quotes_needing_followup.tenant and q.status in ('sent', 'viewed')
      and q.follow_up_stop is null and q.outcome is null and q.deleted_at is null
      and q.next_follow_up_at <= get_quotes_needing_followup.as_of
      and q.responded_at is null and q.superseded_at is null
      and q.follow_up_count < coalesce(q.max_follow_ups, 5)
      and (q.valid_until is null or q.valid_until >= today)
      and c.deleted_at is null and k.deleted_at is null and k.unsubscribed_at is null
      and (d.id is null or (d.stage not in ('won', 'lost') and d.deleted_at is null))
    order by q.next_follow_up_at, q.id
    limit coalesce(get_quotes_needing_followup."limit", 20);
end $$;

-- The tenant's next quote number of the year that it is there. The counter stays locked until the
-- transaction ends.
create function public.generate_quote_number(tenant uuid, as_of timestamptz default now())
    returns text
    language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
    this_year integer;
    given bigint;
begin
    select extract(year from generate_quote_number.as_of at time zone t.time_zone) into this_year
    from public.tenants t where t.id = generate_quote_number.tenant;
    if this_year is null then
        raise exception 'no such tenant' using errcode = 'no_data_found';
    end if;
    insert into public.quote_counters as c (tenant_id, year, last_number)
    values (generate_quote_number.tenant, this_year, 1)
    on conflict (tenant_id, year) do update set last_number = c.last_number + 1
    returning last_number into given;
    return 'Q-' || this_year || '-' || case when given < 10000 then lpad(given::text, 4, '0')
                                            else given::text end;
end $$;

revoke all on function public.get_stalled_deals(uuid, integer, timestamptz) from public;
revoke all on function public.get_quotes_needing_followup(uuid, integer, timestamptz) from public;
revoke all on function public.generate_quote_number(uuid, timestamptz) from public;
grant execute on function public.get_stalled_deals(uuid, integer, timestamptz) to keel_app;
grant execute on function public.get_quotes_needing_followup(uuid, integer, timestamptz) to keel_app;
grant execute on function public.generate_quote_number(uuid, timestamptz) to keel_app;
