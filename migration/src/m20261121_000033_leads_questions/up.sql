-- What the service says of leads, for psql and BI: the same answers as `lead_status_history::funnel` and
-- `lead_source_cost::roi` give, which a test holds them to. With the rights of whoever asks, so that
-- row-level security decides whose rows they see.

-- How far the leads that came in on some days (the second excluded; null: the last thirty) have come
-- since. Null of a way out: it is no stage.
create function public.get_lead_funnel(
    tenant uuid, "from" date default null, "to" date default null, as_of timestamptz default now()
) returns table (
    status text, reached bigint, conversion numeric, entered bigint, reentries bigint,
    present bigint, median_seconds bigint, moves_back bigint, exits bigint
)
    language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    starts_at timestamptz;
    ends_at timestamptz;
begin
    select w.first::timestamp at time zone w.time_zone, w.last::timestamp at time zone w.time_zone
    into starts_at, ends_at
    from (select t.time_zone, coalesce(get_lead_funnel."from", e.last - 30) as first, e.last
          from public.tenants t
          cross join lateral (
              select coalesce(get_lead_funnel."to",
                              (get_lead_funnel.as_of at time zone t.time_zone)::date + 1) as last) e
          where t.id = get_lead_funnel.tenant) w;
    return query
    with stages (stage, rank) as materialized (
        values ('new', 1), ('contacted', 2), ('qualified', 3), ('nurturing', 4), ('hot', 5),
               ('recruited', 6), ('cold', null), ('dnc', null)),
    cohort as materialized (
        select l.id from public.leads l
        where l.tenant_id = get_lead_funnel.tenant and l.created_at >= starts_at and l.created_at < ends_at
          and l.created_at <= get_lead_funnel.as_of and l.deleted_at is null),
    steps as materialized (
        select h.lead_id, h.to_status, h.changed_at,
               case when h.left_at <= get_lead_funnel.as_of then h.left_at end as left_at,
               array_position(array['new', 'contacted', 'qualified', 'nurturing', 'hot', 'recruited'],
                              h.from_status) as from_rank,
               h.from_status,
               array_position(array['new', 'contacted', 'qualified', 'nurturing', 'hot', 'recruited'],
                              h.to_status) as to_rank
        from cohort c
        join public.lead_status_history h on h.tenant_id = get_lead_funnel.tenant and h.lead_id = c.id and h.changed_at <= get_lead_funnel.as_of),
    furthest as materialized (
        select reach.rank, count(*) as leads
        from (select coalesce(max(s.to_rank), 1) as rank
              from cohort c left join steps s on s.lead_id = c.id group by c.id) reach
        group by reach.rank),
    stays as materialized (
        select s.lead_id, s.to_status as stage, count(*) as entries,
               trunc(extract(epoch from sum(coalesce(s.left_at, get_lead_funnel.as_of) - s.changed_at)))::bigint as seconds,
               bool_or(s.left_at is null) as goes_on
        from steps s group by s.lead_id, s.to_status),
    lengths as (
        select s.stage, s.seconds, count(*) filter (where not s.goes_on) as ended,
               sum(count(*)) over (partition by s.stage order by s.seconds desc) as at_risk
        from stays s group by s.stage, s.seconds),
    survival as (
        select n.stage, n.seconds,
               sum(case when n.ended = n.at_risk then -1000
                        else ln((n.at_risk - n.ended)::float8 / n.at_risk::float8) end)
                   over (partition by n.stage order by n.seconds) as logarithm
        from lengths n),
    medians as materialized (
        select v.stage, min(v.seconds) as seconds
        from survival v where v.logarithm <= ln(0.5::float8) + 1e-9 group by v.stage),
    entered as materialized (
        select s.stage, count(*) as leads, (sum(s.entries) - count(*))::bigint as again,
               count(*) filter (where s.goes_on) as present
        from stays s group by s.stage),
    moves as materialized (
        select s.from_status as stage,
               count(*) filter (where s.to_rank < coalesce(s.from_rank, 99)) as back,
               count(*) filter (where s.from_rank is not null and s.to_rank is null) as exits
        from steps s where s.from_status is not null group by s.from_status),
    counted as (
    select t.stage as status, t.rank,
           case when t.rank is not null then
               (select coalesce(sum(f.leads), 0) from furthest f where f.rank >= t.rank)
           end::bigint as reached,
           coalesce(e.leads, 0) as entered, coalesce(e.again, 0) as reentries,
           coalesce(e.present, 0) as present, m.seconds as median_seconds,
           coalesce(v.back, 0) as moves_back, coalesce(v.exits, 0) as exits
    from stages t
    left join entered e on e.stage = t.stage
    left join medians m on m.stage = t.stage
    left join moves v on v.stage = t.stage)
    select c.status, c.reached,
           round(lead(c.reached) over (order by c.rank nulls last, c.status)::numeric
                 / nullif(c.reached, 0), 4),
           c.entered, c.reentries, c.present, c.median_seconds, c.moves_back, c.exits
    from counted c
    order by c.rank nulls last, c.status;
end $$;

-- What the sources cost and brought, in the tenant's currency, by the month in which the leads came in:
-- `from` and `to` such as `2024-01`, both included. A ratio to nothing is null.
create function public.get_source_roi(
    tenant uuid, "from" text, "to" text, as_of timestamptz default now()
) returns table (
    period text, source text, cost numeric, leads bigint, recruited bigint, revenue numeric,
    cost_per_lead numeric, cost_per_recruit numeric, conversion numeric, roi numeric
)
    language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    zone text;
    money text;
    today date;
begin
    select t.time_zone, t.currency, (get_source_roi.as_of at time zone t.time_zone)::date
    into zone, money, today
    from public.tenants t where t.id = get_source_roi.tenant;
    return query
    with months as materialized (
        select to_char(d.first, 'YYYY-MM') as period, d.first at time zone zone as starts_at,
               (d.first + interval '1 month') at time zone zone as ends_at
        from generate_series((get_source_roi."from" || '-01')::timestamp,
                             (get_source_roi."to" || '-01')::timestamp, interval '1 month') d (first)),
    cohort as materialized (
        select m.period, l.id, l.source, l.sub_source, l.converted_client_id, l.created_at
        from months m
        join public.leads l on l.tenant_id = get_source_roi.tenant and l.created_at >= m.starts_at and l.created_at < m.ends_at
            and l.created_at <= get_source_roi.as_of and l.deleted_at is null),
    first as materialized (
        select c.id, c.converted_client_id, (c.created_at at time zone zone)::date as since
        from cohort c
        where c.converted_client_id is not null and (
            select true from public.leads e
            where e.tenant_id = get_source_roi.tenant and e.converted_client_id = c.converted_client_id
              and e.deleted_at is null and (e.created_at, e.id) < (c.created_at, c.id)
            limit 1) is null),
    won as materialized (
        select f.id, d.currency, sum(d.value) as revenue
        from first f
        join public.deals d on d.tenant_id = get_source_roi.tenant and d.client_id = f.converted_client_id
        where d.stage = 'won' and d.deleted_at is null and d.actual_close_date >= f.since
          and d.actual_close_date <= today
        group by f.id, d.currency),
    paid as materialized (
        select c.period, c.source, c.sub_source, c.user_id, sum(c.cost_usd) as cost
        from months m
        join public.lead_source_costs c on c.tenant_id = get_source_roi.tenant and c.period = m.period
        where c.currency = money
        group by c.period, c.source, c.sub_source, c.user_id),
    beyond as (
        select p.period, p.source,
               greatest(coalesce(sum(p.cost) filter (where p.sub_source is null), 0)
                        - coalesce(sum(p.cost) filter (where p.sub_source is not null), 0), 0) as cost
        from paid p group by p.period, p.source, p.user_id),
    recruits as materialized (
        select distinct h.lead_id
        from public.lead_status_history h
        where h.tenant_id = get_source_roi.tenant and h.to_status = 'recruited' and h.changed_at <= get_source_roi.as_of
          and h.changed_at >= (select min(m.starts_at) from months m)),
    cells as (
        select p.period, p.source, p.sub_source, p.cost,
               0::bigint as leads, 0::bigint as recruited, 0::numeric as revenue
        from paid p where p.sub_source is not null
        union all
        select b.period, b.source, null, b.cost, 0, 0, 0 from beyond b
        union all
        select c.period, c.source, c.sub_source, 0, count(*), count(r.lead_id),
               coalesce(sum(w.revenue), 0)
        from cohort c
        left join recruits r on r.lead_id = c.id
        left join won w on w.id = c.id and w.currency = money
        group by c.period, c.source, c.sub_source),
    sums as (
        select c.period, c.source, sum(c.cost) as cost, sum(c.leads)::bigint as leads,
               sum(c.recruited)::bigint as recruited, sum(c.revenue) as revenue
        from cells c group by c.period, c.source)
    select s.period, s.source, s.cost, s.leads, s.recruited, s.revenue,
           round(s.cost / nullif(s.leads, 0), 2), round(s.cost / nullif(s.recruited, 0), 2),
           round(s.recruited::numeric / nullif(s.leads, 0), 4),
           round((s.revenue - s.cost) / nullif(s.cost, 0), 4)
    from sums s
    where s.cost <> 0 or s.leads <> 0
    order by s.period, s.source nulls first;
end $$;

revoke all on function public.get_lead_funnel(uuid, date, date, timestamptz) from public;
grant execute on function public.get_lead_funnel(uuid, date, date, timestamptz) to keel_app;
revoke all on function public.get_source_roi(uuid, text, text, timestamptz) from public;
grant execute on function public.get_source_roi(uuid, text, text, timestamptz) to keel_app;
