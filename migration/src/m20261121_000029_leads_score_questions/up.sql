-- A lead's score: what `lead_score::compute` has last found, or, with a time, what it was then; 0 for a
-- lead that is not there, or had none yet. Seed 004 calls it a calculation; it is one look, since the
-- service keeps the score current: it is computed when something changes, a limit of days is crossed or
-- a month has gone by. It runs with the caller's rights, so that row-level security decides whose
-- leads there are.
create function public.calculate_lead_score(lead uuid, as_of timestamptz default null)
    returns integer
    language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
    found_score integer;
begin
    if calculate_lead_score.as_of is null then
        select l.lead_score into found_score from public.leads l
        where l.id = calculate_lead_score.lead and l.deleted_at is null;
    else
        select h.score into found_score from public.lead_score_history h
        join public.leads l on l.tenant_id = h.tenant_id and l.id = h.lead_id
        where h.lead_id = calculate_lead_score.lead and l.deleted_at is null
          and h.calculated_at <= calculate_lead_score.as_of
        order by h.calculated_at desc, h.id desc limit 1;
    end if;
    return coalesce(found_score, 0);
end $$;

revoke all on function public.calculate_lead_score(uuid, timestamptz) from public;
grant execute on function public.calculate_lead_score(uuid, timestamptz) to keel_app;
