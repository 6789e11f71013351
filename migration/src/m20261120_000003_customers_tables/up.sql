create table customers (
    tenant_id uuid not null,
    client_id text not null,
    client_name text not null,
    company_name text not null,
    industry text not null default 'Technology',
    contract_value numeric(14,2) not null default 0,
    contract_start_date date not null,
    contract_end_date date,
    renewal_date date,
    primary_contact_email text,
    primary_contact_name text,
    csm_assigned text,
    tier text not null default 'standard',
    lifecycle_stage text not null default 'onboarding',
    status text not null default 'active',
    health_score numeric(5,2),
    health_trend text not null default 'stable',
    last_engagement_date timestamptz,
    deleted_at timestamptz,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-customers" primary key (tenant_id, client_id),
    constraint customers_client_id_form check (client_id ~ '^cs_[0-9]+_[a-z0-9_]+$'::text),
    constraint customers_client_id_length check (char_length(client_id) >= 1 and char_length(client_id) <= 100),
    constraint customers_client_name_length check (char_length(client_name) >= 1 and char_length(client_name) <= 200),
    constraint customers_company_name_length check (char_length(company_name) >= 1 and char_length(company_name) <= 200),
    constraint customers_contract_order check (contract_end_date > contract_start_date),
    constraint customers_contract_value_range check (contract_value >= 0::numeric and contract_value <= 999999999999.99),
    constraint customers_health_score_range check (health_score >= 0::numeric and health_score <= 100::numeric),
    constraint customers_health_trend_known check (health_trend in ('improving', 'stable', 'declining')),
    constraint customers_lifecycle_stage_known check (lifecycle_stage in ('onboarding', 'active', 'at_risk', 'churned', 'expansion', 'renewal')),
    constraint customers_status_known check (status in ('active', 'paused', 'churned', 'pending')),
    constraint customers_tier_known check (tier in ('starter', 'standard', 'professional', 'enterprise')),
    constraint "fk-customers-tenant_id" foreign key (tenant_id) references tenants (id)
);
alter table customers enable row level security;
alter table customers force row level security;
create policy tenant on customers for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant delete, insert, select, update on customers to keel_app;
