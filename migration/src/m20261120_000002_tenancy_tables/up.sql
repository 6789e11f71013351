create table tenants (
    id uuid not null,
    name text not null,
    time_zone text not null default 'UTC',
    phone_region text not null default 'US',
    currency text not null default 'USD',
    stall_after_days integer,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint tenants_pkey primary key (id),
    constraint tenants_currency_form check (currency ~ '^[A-Z]{3}$'::text),
    constraint tenants_name_length check (char_length(name) >= 1 and char_length(name) <= 200),
    constraint tenants_phone_region_form check (phone_region ~ '^[A-Z]{2}$'::text),
    constraint tenants_stall_after_days_range check (stall_after_days >= 0 and stall_after_days <= 3650)
);
alter table tenants enable row level security;
alter table tenants force row level security;
create policy tenant on tenants for all to keel_app
    using (id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select, update on tenants to keel_app;

create table users (
    tenant_id uuid not null,
    id uuid not null,
    email text not null,
    name text not null,
    role text not null default 'user',
    time_zone text,
    active boolean not null default true,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-users" primary key (tenant_id, id),
    constraint users_email_length check (char_length(email) >= 1 and char_length(email) <= 254),
    constraint users_email_lower check (email = lower(email)),
    constraint users_name_length check (char_length(name) >= 1 and char_length(name) <= 200),
    constraint users_role_length check (char_length(role) >= 1 and char_length(role) <= 100),
    constraint "fk-users-tenant_id" foreign key (tenant_id) references tenants (id)
);
create unique index users_email on users (tenant_id, email);
alter table users enable row level security;
alter table users force row level security;
create policy tenant on users for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant delete, insert, select, update on users to keel_app;
