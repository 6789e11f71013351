-- What the database does by itself when a row is written, whoever writes it. The triggers
-- themselves come with the tables.

-- A statement that changes a row and leaves `updated_at` as it was changes it all the same. Whoever
-- says another time, as the service does, is not overruled.
create function keel.touch() returns trigger
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
    new.updated_at := statement_timestamp();
    return new;
end $$;

-- Whoever changes a deal's stage and says nothing else has moved it now: its stall and its
-- follow-ups begin anew, and it closes on this day of the tenant's calendar, or is open again.
create function keel.enter_deal_stage() returns trigger
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from public.deal_stage_history h
               where h.tenant_id = new.tenant_id and h.deal_id = new.id
                 and h.changed_at = new.stage_entered_at
                 and h.from_stage = old.stage and h.to_stage = new.stage) then
        return new; -- the service moves it, at the very instant at which it came
    end if;
    new.stage_entered_at := statement_timestamp();
    new.stalled_at := null;
    new.follow_up_count := 0;
    new.next_follow_up_at := null;
    new.follow_up_claim := null;
    new.follow_up_lease_until := null;
    if new.stage not in ('won', 'lost') then
        new.actual_close_date := null;
    elsif new.actual_close_date is not distinct from old.actual_close_date then
        select (statement_timestamp() at time zone t.time_zone)::date into new.actual_close_date
        from public.tenants t where t.id = new.tenant_id;
    end if;
    return new;
end $$;

-- One row of history for a move, with the days spent in the stage that was left. The service writes
-- it beforehand, with who and why; for everybody else it is written here. Whatever was to be done
-- for a deal that is won is done.
create function keel.log_deal_stage_change() returns trigger
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from public.deal_stage_history h
                   where h.tenant_id = new.tenant_id and h.deal_id = new.id
                     and h.changed_at = new.stage_entered_at
                     and h.from_stage = old.stage and h.to_stage = new.stage) then
        insert into public.deal_stage_history (tenant_id, id, deal_id, from_stage, to_stage,
                                               changed_at, days_in_previous_stage)
        values (new.tenant_id, gen_random_uuid(), new.id, old.stage, new.stage,
                new.stage_entered_at,
                greatest(0, floor(extract(epoch from new.stage_entered_at
                                                     - old.stage_entered_at) / 86400))::integer);
    end if;
    if new.stage = 'won' then
        update public.tasks t
        set status = 'completed', completed_at = new.stage_entered_at,
            updated_at = new.stage_entered_at
        where t.tenant_id = new.tenant_id and t.deal_id = new.id
          and t.status in ('pending', 'in_progress');
    end if;
    return null;
end $$;

-- What really happened to a deal ends its silence, and then also its stall.
create function keel.update_deal_last_activity() returns trigger
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
    update public.deals d
    set last_activity_at = new.occurred_at, stalled_at = null, updated_at = new.created_at
    where d.tenant_id = new.tenant_id and d.id = new.deal_id
      and (d.last_activity_at is null or d.last_activity_at < new.occurred_at);
    return null;
end $$;

revoke all on function keel.touch() from public;
revoke all on function keel.enter_deal_stage() from public;
revoke all on function keel.log_deal_stage_change() from public;
revoke all on function keel.update_deal_last_activity() from public;
