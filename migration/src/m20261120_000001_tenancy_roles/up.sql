-- keel: as the migrator
-- Who may do what. `keel_owner` owns everything and cannot log in; `keel_app` is the application,
-- owns nothing and bypasses nothing. Roles belong to the server and not to the database, so another
-- database may have made them before.
do $$
begin
    create role keel_owner nologin;
exception when duplicate_object or unique_violation then null;
end $$;

do $$
begin
    create role keel_app login;
exception when duplicate_object or unique_violation then null;
end $$;

do $$
begin
    if not pg_has_role(current_user, 'keel_owner', 'usage') then
        execute format('grant keel_owner to %I', current_user);
    end if;
end $$;

create schema keel authorization keel_owner;
grant usage on schema keel to keel_app;
grant usage, create on schema public to keel_owner;
grant usage on schema public to keel_app;

-- A temporary table outlives the transaction on a pooled connection, and knows no tenant.
do $$
begin
    execute format('revoke temporary on database %I from public', current_database());
end $$;

set local role keel_owner;

-- Says for whom the current transaction acts. A distributed Postgres passes `set local` on to the
-- machines that hold the rows, which it does not do for set_config().
create function keel.set_tenant(tenant uuid) returns void
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
    if tenant is null then
        raise exception 'a transaction acts for a tenant' using errcode = 'null_value_not_allowed';
    end if;
    if nullif(current_setting('app.current_tenant_id', true), '') <> tenant::text then
        raise exception 'a transaction acts for one tenant' using errcode = 'insufficient_privilege';
    end if;
    execute format('set local app.current_tenant_id = %L', tenant);
end $$;

-- Behind each table of records and evidence. Its name is the argument, because on a distributed
-- Postgres the trigger runs on a shard, whose name says nothing.
create function keel.refuse_change() returns trigger
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception '% is a record: rows are added to it and never changed', tg_argv[0]
        using errcode = 'insufficient_privilege';
end $$;

revoke all on function keel.set_tenant(uuid) from public;
grant execute on function keel.set_tenant(uuid) to keel_app;
revoke all on function keel.refuse_change() from public;
