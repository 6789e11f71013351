-- A number in E.164, or null where it cannot be read. The service reads numbers by libphonenumber's
-- rules; this knows the form of North America's and of some others', and whatever it does not know
-- it leaves unread. `region` is where a number without a country code is dialled from.
create function keel.e164(raw text, region text) returns text
    language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
    number text := translate(raw, '０１２３４５６７８９٠١٢٣٤٥٦٧٨٩＋', '01234567890123456789+');
    code text;
begin
    number := regexp_replace(number, '[[:space:],;]*(ext(ension)?[.=:]?|x|#)[[:space:]]*[0-9]{1,7}[[:space:]]*$', '', 'i');
    if number is null or number !~ '^[[:space:]]*\+?[-0-9 ./()\u00a0\t]+$' then
        return null;
    end if;
    number := regexp_replace(number, '[^0-9+]', '', 'g');
    code := case region
        when 'US' then '1' when 'CA' then '1' when 'GB' then '44' when 'IE' then '353'
        when 'DE' then '49' when 'AT' then '43' when 'CH' then '41' when 'FR' then '33'
        when 'NL' then '31' when 'ES' then '34' when 'AU' then '61' when 'NZ' then '64'
    end;
    if number not like '+%' then
        if code = '1' and number like '011%' then
            number := '+' || substr(number, 4);
        elsif code <> '1' and number like '00%' then
            number := '+' || substr(number, 3);
        elsif code = '1' then
            number := '+1' || regexp_replace(number, '^1(?=[0-9]{10}$)', '');
        elsif code is null then
            return null;
        elsif code = '34' or number like '0%' then
            number := '+' || code || ltrim(number, '0');
        else
            return null;
        end if;
    end if;
    if number ~ '^\+1' then
        return case when number ~ '^\+1[2-9][0-9]{2}[2-9][0-9]{6}$' then number end;
    end if;
    -- A trunk zero is written, and not dialled, behind the code of some; the other countries are
    -- left unread.
    number := regexp_replace(number, '^\+(44|353|49|43|41|33|31|61|64)0+', '+\1');
    return case when number ~ '^\+(44|353|49|43|41|33|31|34|61|64)[1-9][0-9]{5,12}$' then number end;
end $$;

-- Whether a tenant must not call a number. What cannot be read counts as listed. It leaves no
-- evidence: whoever is about to call asks the service.
create function public.is_on_dnc_list(
    phone text, tenant uuid, as_of timestamptz default now()
) returns boolean
    language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
    number text;
begin
    select keel.e164(is_on_dnc_list.phone, t.phone_region) into number
    from public.tenants t where t.id = is_on_dnc_list.tenant;
    return number is null or exists (
        select from public.dnc_list n
        where n.tenant_id = is_on_dnc_list.tenant and n.phone_number = number
          and n.removed_at is null
          and (n.expires_at is null or n.expires_at > is_on_dnc_list.as_of));
end $$;

revoke all on function keel.e164(text, text) from public;
revoke all on function public.is_on_dnc_list(text, uuid, timestamptz) from public;
grant execute on function keel.e164(text, text) to keel_app;
grant execute on function public.is_on_dnc_list(text, uuid, timestamptz) to keel_app;
