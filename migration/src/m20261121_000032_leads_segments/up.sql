create table lead_source_costs (
    tenant_id uuid not null,
    id uuid not null,
    user_id uuid,
    source text not null,
    sub_source text,
    period text not null,
    cost_usd numeric(14,2) not null,
    currency text not null default 'USD',
    notes text,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-lead_source_costs" primary key (tenant_id, id),
    constraint lead_source_costs_cost_usd_range check (cost_usd >= 0::numeric and cost_usd <> 'NaN'::numeric),
    constraint lead_source_costs_currency_form check (currency ~ '^[A-Z]{3}$'::text),
    constraint lead_source_costs_notes_length check (char_length(notes) >= 1 and char_length(notes) <= 2000),
    constraint lead_source_costs_period_form check (period ~ '^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])$'::text),
    constraint lead_source_costs_source_length check (char_length(source) >= 1 and char_length(source) <= 100),
    constraint lead_source_costs_sub_source_length check (char_length(sub_source) >= 1 and char_length(sub_source) <= 100),
    constraint "fk-lead_source_costs-tenant_id-user_id" foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index lead_source_costs_by_month on lead_source_costs (tenant_id, period, id);
create index lead_source_costs_of_user on lead_source_costs (tenant_id, user_id);
create unique index lead_source_costs_one on lead_source_costs (tenant_id, period, source, sub_source, user_id, currency) nulls not distinct;
alter table lead_source_costs enable row level security;
alter table lead_source_costs force row level security;
create policy tenant on lead_source_costs for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on lead_source_costs
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant delete, insert, select, update on lead_source_costs to keel_app;

drop index leads_by_status_score;
create index leads_created on leads (tenant_id, created_at, id) include (source, sub_source, user_id, converted_client_id)
    where deleted_at is null;
create index leads_by_status_score on leads (tenant_id, status, lead_score, id) include (source, sub_source, state, city, country, user_id, last_contact_date, created_at, interaction_count)
    where deleted_at is null;

-- Two more ways to find what was done, by whomever, in some time.
create index lead_audit_log_changed on lead_audit_log (tenant_id, changed_at);
create index lead_status_history_entered on lead_status_history (tenant_id, to_status, changed_at, lead_id);

create table segments (
    tenant_id uuid not null,
    id uuid not null,
    user_id uuid not null,
    name text not null,
    description text,
    filter jsonb not null,
    filter_version integer not null default 1,
    grammar integer not null default 1,
    is_public boolean not null default false,
    lead_count bigint,
    last_calculated_at timestamptz,
    counted_version integer,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-segments" primary key (tenant_id, id),
    constraint segments_counted_version_range check (counted_version >= 1 and counted_version <= filter_version),
    constraint segments_counted_whole check ((lead_count is null) = (last_calculated_at is null) and (lead_count is null) = (counted_version is null)),
    constraint segments_description_length check (char_length(description) >= 1 and char_length(description) <= 2000),
    constraint segments_filter_is_an_object check (jsonb_typeof(filter) = 'object'::text),
    constraint segments_filter_version_range check (filter_version >= 1),
    constraint segments_grammar_first check (grammar = 1),
    constraint segments_lead_count_range check (lead_count >= 0),
    constraint segments_name_length check (char_length(name) >= 1 and char_length(name) <= 255),
    constraint "fk-segments-tenant_id-user_id" foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index segments_of_user on segments (tenant_id, user_id);
alter table segments enable row level security;
alter table segments force row level security;
create policy tenant on segments for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on segments
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant delete, insert, select, update on segments to keel_app;
