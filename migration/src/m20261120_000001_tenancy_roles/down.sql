-- keel: as the migrator
-- The roles stay: another database of the server may need them.
drop function keel.refuse_change();
drop function keel.set_tenant(uuid);
drop schema keel;
revoke usage, create on schema public from keel_owner;
revoke usage on schema public from keel_app;
do $$
begin
    execute format('grant temporary on database %I to public', current_database());
end $$;
