create table dnc_checks (
    tenant_id uuid not null,
    id uuid not null,
    number text not null,
    purpose text not null,
    verdict text not null,
    refusals text[] not null,
    actor text not null,
    checked_at timestamptz not null,
    constraint "pk-dnc_checks" primary key (tenant_id, id),
    constraint dnc_checks_number_length check (char_length(number) <= 64),
    constraint dnc_checks_purpose_known check (purpose in ('check', 'clear', 'dial')),
    constraint dnc_checks_refusals_known check (refusals <@ array['unparseable'::text, 'listed'::text, 'premium'::text, 'outside_window'::text, 'unknown_zone'::text, 'clearance_expired'::text]),
    constraint dnc_checks_refused_with_reasons check ((verdict = 'refused'::text) = (cardinality(refusals) > 0)),
    constraint dnc_checks_verdict_known check (verdict in ('clear', 'refused'))
);
create index dnc_checks_of_number on dnc_checks (tenant_id, number, id desc);
alter table dnc_checks enable row level security;
alter table dnc_checks force row level security;
create policy tenant on dnc_checks for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger sealed before delete or update on dnc_checks
    for each row
    execute function keel.refuse_change('dnc_checks');
create trigger sealed_whole before truncate on dnc_checks
    for each statement
    execute function keel.refuse_change('dnc_checks');
grant insert, select on dnc_checks to keel_app;

create table dnc_list (
    tenant_id uuid not null,
    id uuid not null,
    phone_number text not null,
    raw_number text not null,
    kind text not null,
    reason text not null,
    source text,
    detected_phrase text,
    notes text,
    consent_withdrawal_documented boolean not null default true,
    added_by_user_id uuid,
    added_at timestamptz not null,
    expires_at timestamptz,
    removed_at timestamptz,
    removed_by uuid,
    removal_reason text,
    constraint "pk-dnc_list" primary key (tenant_id, id),
    constraint dnc_list_expires_if_temporary check ((kind = 'temporary'::text) = (expires_at is not null) and expires_at > added_at),
    constraint dnc_list_kind_known check (kind in ('permanent', 'temporary')),
    constraint dnc_list_phone_number_form check (phone_number ~ '^\+[1-9][0-9]{6,14}$'::text),
    constraint dnc_list_reason_length check (char_length(reason) >= 1 and char_length(reason) <= 100),
    constraint dnc_list_removal_has_a_reason check ((removed_at is null) = (removal_reason is null) and char_length(removal_reason) > 0 and removed_at >= added_at),
    constraint "fk-dnc_list-tenant_id" foreign key (tenant_id) references tenants (id)
);
create unique index dnc_list_live on dnc_list (tenant_id, phone_number) include (expires_at, id)
    where removed_at is null;
create index dnc_list_of_number on dnc_list (tenant_id, phone_number, id desc);
alter table dnc_list enable row level security;
alter table dnc_list force row level security;
create policy tenant on dnc_list for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select, update on dnc_list to keel_app;
