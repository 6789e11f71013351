-- On what the strongest consent rests that holds at an instant for reaching a number in E.164, or an
-- address in lower case, for a purpose by a channel; null where there is none. It leaves no evidence.
-- A request not to be called counts as a withdrawal, unless it turned out to be none.
create function public.consent_in_force(
    subject text, purpose text, channel text, tenant uuid, as_of timestamptz default now()
) returns text
    language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    withdrawn timestamptz;
begin
    select greatest(
        (select max(c.revoked_at) from public.consents c
         where c.tenant_id = consent_in_force.tenant and c.subject = consent_in_force.subject
           and c.purpose = consent_in_force.purpose and c.channel = consent_in_force.channel
           and c.granted_at <= consent_in_force.as_of
           and c.revoked_at <= consent_in_force.as_of),
        (select max(n.added_at) from public.dnc_list n
         where n.tenant_id = consent_in_force.tenant
           and n.phone_number = consent_in_force.subject and not n.retracted
           and n.reason in ('lead_requested', 'legal', 'litigator', 'invalid')
           and n.added_at <= consent_in_force.as_of)
    ) into withdrawn;
    return (
        select c.basis from public.consents c
        where c.tenant_id = consent_in_force.tenant and c.subject = consent_in_force.subject
          and c.purpose = consent_in_force.purpose and c.channel = consent_in_force.channel
          and c.basis <> 'none'
          and c.granted_at <= consent_in_force.as_of
          and (c.void_from is null or c.void_from > consent_in_force.as_of)
          and (withdrawn is null or c.granted_at > withdrawn)
        order by c.basis = 'express_written' desc
        limit 1
    );
end $$;

revoke all on function public.consent_in_force(text, text, text, uuid, timestamptz) from public;
grant execute on function public.consent_in_force(text, text, text, uuid, timestamptz) to keel_app;
