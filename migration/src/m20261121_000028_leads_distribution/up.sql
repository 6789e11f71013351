create table distribution_pools (
    tenant_id uuid not null,
    id uuid not null,
    name text not null,
    strategy text not null,
    active boolean not null default true,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-distribution_pools" primary key (tenant_id, id),
    constraint distribution_pools_name_length check (char_length(name) >= 1 and char_length(name) <= 100),
    constraint distribution_pools_strategy_decides check (strategy <> 'manual'::text),
    constraint distribution_pools_strategy_known check (strategy in ('manual', 'round_robin', 'capacity', 'geographic', 'skill_based')),
    constraint "fk-distribution_pools-tenant_id" foreign key (tenant_id) references tenants (id)
);
create unique index distribution_pools_name on distribution_pools (tenant_id, name);
alter table distribution_pools enable row level security;
alter table distribution_pools force row level security;
create policy tenant on distribution_pools for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on distribution_pools
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant delete, insert, select, update on distribution_pools to keel_app;

create table distribution_members (
    tenant_id uuid not null,
    id uuid not null,
    pool_id uuid not null,
    user_id uuid not null,
    weight integer not null default 1,
    max_active integer,
    states text[] not null,
    skills text[] not null,
    active boolean not null default true,
    owed bigint not null default 0,
    assigned_count bigint not null default 0,
    last_assigned_at timestamptz,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-distribution_members" primary key (tenant_id, id),
    constraint distribution_members_assigned_count_range check (assigned_count >= 0),
    constraint distribution_members_max_active_range check (max_active >= 0 and max_active <= 100000),
    constraint distribution_members_skills_number check (cardinality(skills) <= 50),
    constraint distribution_members_states_number check (cardinality(states) <= 100),
    constraint distribution_members_weight_range check (weight >= 1 and weight <= 100),
    constraint "fk-distribution_members-tenant_id-pool_id" foreign key (tenant_id, pool_id) references distribution_pools (tenant_id, id),
    constraint "fk-distribution_members-tenant_id-user_id" foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index distribution_members_of_user on distribution_members (tenant_id, user_id);
create unique index distribution_members_once on distribution_members (tenant_id, pool_id, user_id);
alter table distribution_members enable row level security;
alter table distribution_members force row level security;
create policy tenant on distribution_members for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on distribution_members
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant delete, insert, select, update on distribution_members to keel_app;

create table user_absences (
    tenant_id uuid not null,
    id uuid not null,
    user_id uuid not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    reason text,
    created_at timestamptz not null default current_timestamp,
    constraint "pk-user_absences" primary key (tenant_id, id),
    constraint user_absences_order check (ends_at > starts_at),
    constraint user_absences_reason_length check (char_length(reason) >= 1 and char_length(reason) <= 500),
    constraint "fk-user_absences-tenant_id-user_id" foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index user_absences_of_user on user_absences (tenant_id, user_id, ends_at);
alter table user_absences enable row level security;
alter table user_absences force row level security;
create policy tenant on user_absences for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant delete, insert, select, update on user_absences to keel_app;

create table lead_assignments (
    tenant_id uuid not null,
    id uuid not null,
    lead_id uuid not null,
    from_user_id uuid,
    to_user_id uuid not null,
    assigned_by_user_id uuid,
    actor text not null,
    strategy text not null,
    pool_id uuid,
    reason text not null,
    metadata jsonb,
    assigned_at timestamptz not null,
    constraint "pk-lead_assignments" primary key (tenant_id, id),
    constraint lead_assignments_is_a_change check (from_user_id <> to_user_id),
    constraint lead_assignments_reason_length check (char_length(reason) >= 1 and char_length(reason) <= 500),
    constraint lead_assignments_strategy_known check (strategy in ('manual', 'round_robin', 'capacity', 'geographic', 'skill_based')),
    constraint "fk-lead_assignments-tenant_id-lead_id" foreign key (tenant_id, lead_id) references leads (tenant_id, id)
);
create index lead_assignments_of_lead on lead_assignments (tenant_id, lead_id, assigned_at desc, id desc);
create index lead_assignments_to on lead_assignments (tenant_id, to_user_id, assigned_at, lead_id);
alter table lead_assignments enable row level security;
alter table lead_assignments force row level security;
create policy tenant on lead_assignments for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select on lead_assignments to keel_app;

create table lead_assignment_queue (
    tenant_id uuid not null,
    lead_id uuid not null,
    pool_id uuid not null,
    strategy text not null,
    needs text[] not null,
    waiting_since timestamptz not null,
    tried_at timestamptz not null,
    reason text not null,
    constraint "pk-lead_assignment_queue" primary key (tenant_id, lead_id),
    constraint lead_assignment_queue_reason_length check (char_length(reason) >= 1 and char_length(reason) <= 500),
    constraint lead_assignment_queue_strategy_decides check (strategy <> 'manual'::text),
    constraint lead_assignment_queue_strategy_known check (strategy in ('manual', 'round_robin', 'capacity', 'geographic', 'skill_based')),
    constraint lead_assignment_queue_tried_after check (tried_at >= waiting_since),
    constraint "fk-lead_assignment_queue-tenant_id-lead_id" foreign key (tenant_id, lead_id) references leads (tenant_id, id),
    constraint "fk-lead_assignment_queue-tenant_id-pool_id" foreign key (tenant_id, pool_id) references distribution_pools (tenant_id, id)
);
create index lead_assignment_queue_of_pool on lead_assignment_queue (tenant_id, pool_id, waiting_since, lead_id);
create index lead_assignment_queue_waiting on lead_assignment_queue (tenant_id, waiting_since, lead_id);
alter table lead_assignment_queue enable row level security;
alter table lead_assignment_queue force row level security;
create policy tenant on lead_assignment_queue for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant delete, insert, select, update on lead_assignment_queue to keel_app;

create index leads_active_of_owner on leads (tenant_id, user_id)
    where deleted_at is null and user_id is not null and (status not in ('recruited', 'cold', 'dnc'));
