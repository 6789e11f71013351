-- The seeds' questions about compliance, for psql and reports, and its two functions that write: the
-- same as `compliance_check::due`, `compliance_check::completion_rates`, `compliance_schedule::advance`
-- and `compliance_schedule::create_checks` do, which tests hold them to. They run with the caller's
-- rights, so that row-level security decides whose rows they see.

-- The due day of a period, as the calendar has it: counted from the anchor, never from the period
-- before, so that the end of a short month is not carried on. Period -1 is the one before the first.
create function keel.compliance_period_end(anchor date, frequency text, period_no integer)
    returns date
    language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select (anchor + make_interval(months => period_no * case frequency
        when 'monthly' then 1 when 'quarterly' then 3 when 'semi_annual' then 6 else 12 end))::date
$$;

-- That day, moved off a weekend if that is asked for.
create function keel.compliance_due_on(period_end date, adjust text) returns date
    language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select period_end + case adjust || extract(isodow from period_end)
        when 'following6' then 2 when 'following7' then 1
        when 'preceding6' then -1 when 'preceding7' then -2 else 0 end
$$;

-- The end of a civil day: the first instant of the next. An hour is taken off and put back, so that
-- a midnight which comes twice is taken the first time, as the service does.
create function keel.compliance_day_end(day date, zone text) returns timestamptz
    language sql stable set search_path = pg_catalog, pg_temp
as $$
    select ((day + 1)::timestamp - interval '1 hour') at time zone zone + interval '1 hour'
$$;

-- The checks that are to be completed, the longest overdue first.
create function public.get_compliance_due(
    tenant uuid, "limit" integer default 20, as_of timestamptz default now()
) returns table (
    check_id uuid, schedule_id uuid, entity_type text, entity_id text, entity_name text,
    due_at timestamptz, status text, days_until_due integer, is_overdue boolean,
    reminder_count integer, compliance_type text, missing_fields jsonb
)
    language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    today date;
    reach timestamptz;
begin
    select (get_compliance_due.as_of at time zone t.time_zone)::date into today
    from public.tenants t where t.id = get_compliance_due.tenant;
    select get_compliance_due.as_of + make_interval(hours => 24 * greatest(14, max(
               coalesce(nullif(s.notification_days_before, 0), 14)))) into reach
    from public.compliance_schedule s where s.tenant_id = get_compliance_due.tenant;
    return query
    select c.id, c.schedule_id, c.entity_type, c.entity_id, c.entity_name, c.due_at, c.status,
           c.due_on - today, c.due_at <= get_compliance_due.as_of, c.reminder_count,
           c.compliance_type, c.missing_fields
    from public.compliance_checks c
    left join public.compliance_schedule s
        on s.tenant_id = get_compliance_due.tenant and s.id = c.schedule_id
    where c.tenant_id = get_compliance_due.tenant
      and c.status in ('pending', 'in_progress', 'awaiting_response', 'overdue', 'escalated')
      and c.due_at <= reach
      and c.due_at <= get_compliance_due.as_of
          + make_interval(hours => 24 * coalesce(nullif(s.notification_days_before, 0), 14))
    order by c.due_at, c.id
    limit coalesce(get_compliance_due."limit", 20);
end $$;

-- Goes on to the schedule's next period. That anything was completed is another matter.
create function public.advance_compliance_schedule(schedule uuid) returns void
    language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
    found_one public.compliance_schedule;
    zone text;
    next_end date;
begin
    select s.* into found_one from public.compliance_schedule s
    where s.id = advance_compliance_schedule.schedule for update;
    if found_one.id is null then
        raise exception 'no such compliance schedule' using errcode = 'no_data_found';
    end if;
    if found_one.archived_at is not null then
        raise exception 'the schedule was archived' using errcode = 'object_not_in_prerequisite_state';
    end if;
    select t.time_zone into zone from public.tenants t where t.id = found_one.tenant_id;
    next_end := keel.compliance_period_end(
        found_one.anchor_date, found_one.frequency, found_one.period_no + 1);
    update public.compliance_schedule s
    set period_no = found_one.period_no + 1, generated_after = null, updated_at = now(),
        next_due_at = keel.compliance_day_end(
            keel.compliance_due_on(next_end, found_one.adjust), zone)
    where s.tenant_id = found_one.tenant_id and s.id = found_one.id;
end $$;

-- Makes the checks of the schedule's next period for those that are named (`[{"id": …, "name": …}]`,
-- the name may be left out), and returns how many were made: those that are there already stay as
-- they are.
create function public.create_compliance_checks_from_schedule(
    schedule uuid, entities jsonb, as_of timestamptz default now()
) returns integer
    language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
    s public.compliance_schedule;
    zone text;
    starts date;
    ends date;
    due date;
    one jsonb;
    named text;
    client text;
    contact uuid;
    waiver public.compliance_checks;
    made uuid;
    total integer := 0;
begin
    select x.* into s from public.compliance_schedule x
    where x.id = create_compliance_checks_from_schedule.schedule for update;
    if s.id is null then
        raise exception 'no such compliance schedule' using errcode = 'no_data_found';
    end if;
    if s.archived_at is not null then
        raise exception 'the schedule was archived' using errcode = 'object_not_in_prerequisite_state';
    end if;
    select t.time_zone into zone from public.tenants t where t.id = s.tenant_id;
    starts := keel.compliance_period_end(s.anchor_date, s.frequency, s.period_no - 1);
    ends := keel.compliance_period_end(s.anchor_date, s.frequency, s.period_no);
    due := keel.compliance_due_on(ends, s.adjust);
    for one in select e from jsonb_array_elements(entities) e loop
        named := one ->> 'name';
        client := null;
        contact := null;
        if s.target_entity_type = 'client' then
            select m.client_id, coalesce(named, m.client_name) into client, named
            from public.customers m
            where m.tenant_id = s.tenant_id and m.client_id = one ->> 'id' and m.deleted_at is null;
        elsif s.target_entity_type = 'contact' then
            select k.client_id, k.id, coalesce(named, k.first_name || ' ' || k.last_name)
                into client, contact, named
            from public.contacts k
            join public.customers m on m.tenant_id = s.tenant_id and m.client_id = k.client_id
            where k.tenant_id = s.tenant_id and k.id = (one ->> 'id')::uuid
              and k.deleted_at is null and m.deleted_at is null;
        end if;
        if client is null and s.target_entity_type <> 'vendor' then
            raise exception 'no such customer or contact' using errcode = 'no_data_found';
        end if;
        select w.* into waiver from public.compliance_checks w
        where w.tenant_id = s.tenant_id and w.schedule_id = s.id
          and w.entity_type = s.target_entity_type
          and w.entity_id = coalesce(contact::text, client, one ->> 'id')
          and w.status = 'waived' and w.waiver_until >= due
        order by w.period_start desc limit 1;
        insert into public.compliance_checks (
            tenant_id, id, schedule_id, compliance_type, entity_type, entity_id, entity_name,
            client_id, contact_id, period_start, period_end, due_on, due_at, status,
            required_fields, rule_version, waived_reason, waived_at, waived_by, waived_under,
            created_at, updated_at)
        values (
            s.tenant_id, gen_random_uuid(), s.id, s.compliance_type, s.target_entity_type,
            coalesce(contact::text, client, one ->> 'id'), named, client, contact, starts, ends,
            due, keel.compliance_day_end(due, zone),
            case when waiver.id is null then 'pending' else 'waived' end,
            s.required_fields, s.rule_version, waiver.waived_reason,
            case when waiver.id is not null then as_of end, waiver.waived_by, waiver.id, as_of, as_of)
        on conflict (tenant_id, schedule_id, entity_type, entity_id, period_start) do nothing
        returning id into made;
        if made is null then
            continue;
        end if;
        total := total + 1;
        insert into public.compliance_check_events (
            tenant_id, id, check_id, kind, actor, happened_at, notes)
        select s.tenant_id, gen_random_uuid(), made, e.kind, 'sql', as_of, e.notes
        from (values ('created', null), ('waived', 'under the waiver of ' || waiver.id))
             e (kind, notes)
        where e.kind = 'created' or waiver.id is not null;
    end loop;
    return total;
end $$;

-- How the checks of each type fared in the last 90 days: of those that were made then, and of those
-- that fell due.
create view public.compliance_completion_rates with (security_invoker = true) as
with made as (
    select c.tenant_id, c.compliance_type, count(*) as total,
           count(*) filter (where c.status = 'completed') as completed,
           count(*) filter (where c.due_at <= now() and c.status in
               ('pending', 'in_progress', 'awaiting_response', 'overdue', 'escalated')) as overdue,
           count(*) filter (where c.status = 'waived') as waived,
           round(avg(floor(extract(epoch from c.completed_at - c.created_at) / 86400)), 2) as days
    from public.compliance_checks c
    where c.created_at >= now() - interval '2160 hours' and c.created_at < now()
    group by c.tenant_id, c.compliance_type
),
fell_due as (
    select c.tenant_id, c.compliance_type, c.status, c.completed_at, c.due_at
    from public.compliance_checks c
    where c.status in ('pending', 'in_progress', 'awaiting_response', 'overdue', 'escalated')
      and c.due_at >= now() - interval '2160 hours' and c.due_at < now()
    union all
    select c.tenant_id, c.compliance_type, c.status, c.completed_at, c.due_at
    from public.compliance_checks c
    where c.status in ('completed', 'waived', 'skipped', 'cancelled')
      and c.due_at >= now() - interval '2160 hours' and c.due_at < now()
),
due as (
    select f.tenant_id, f.compliance_type,
           count(*) filter (where f.status not in ('waived', 'cancelled')) as due,
           count(*) filter (where f.completed_at < f.due_at) as on_time
    from fell_due f
    group by f.tenant_id, f.compliance_type
)
select coalesce(m.tenant_id, d.tenant_id) as tenant_id,
       coalesce(m.compliance_type, d.compliance_type) as compliance_type,
       coalesce(m.total, 0) as total_checks, coalesce(m.completed, 0) as completed_count,
       coalesce(m.overdue, 0) as overdue_count, coalesce(m.waived, 0) as waived_count,
       round(100.0 * m.completed / nullif(m.total, 0), 2) as completion_rate_pct,
       m.days as avg_days_to_complete, coalesce(d.due, 0) as due_count,
       coalesce(d.on_time, 0) as on_time_count,
       round(100.0 * d.on_time / nullif(d.due, 0), 2) as on_time_rate_pct
from made m
full join due d on d.tenant_id = m.tenant_id and d.compliance_type = m.compliance_type;

revoke all on function keel.compliance_period_end(date, text, integer) from public;
revoke all on function keel.compliance_due_on(date, text) from public;
revoke all on function keel.compliance_day_end(date, text) from public;
revoke all on function public.get_compliance_due(uuid, integer, timestamptz) from public;
revoke all on function public.advance_compliance_schedule(uuid) from public;
revoke all on function public.create_compliance_checks_from_schedule(uuid, jsonb, timestamptz) from public;
grant execute on function keel.compliance_period_end(date, text, integer) to keel_app;
grant execute on function keel.compliance_due_on(date, text) to keel_app;
grant execute on function keel.compliance_day_end(date, text) to keel_app;
grant execute on function public.get_compliance_due(uuid, integer, timestamptz) to keel_app;
grant execute on function public.advance_compliance_schedule(uuid) to keel_app;
grant execute on function public.create_compliance_checks_from_schedule(uuid, jsonb, timestamptz) to keel_app;
grant select on public.compliance_completion_rates to keel_app;
