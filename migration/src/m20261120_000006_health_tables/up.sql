create table client_health_scores (
    tenant_id uuid not null,
    id uuid not null,
    client_id text,
    email text not null,
    contact_id text,
    firstname text,
    lastname text,
    assigned_coach text,
    hubspot_owner_name text,
    previous_owner text,
    owner_changed_at timestamptz,
    owner_change_count integer not null default 0,
    health_score numeric(5,2),
    health_zone text,
    engagement_score integer,
    momentum_score integer,
    package_score integer,
    relationship_score integer,
    financial_score integer,
    days_inactive integer,
    days_since_last_session integer,
    sessions_7d integer not null default 0,
    sessions_30d integer not null default 0,
    sessions_90d integer not null default 0,
    outstanding_sessions integer not null default 0,
    sessions_purchased integer not null default 0,
    package_ends_on date,
    churn_risk_score numeric(5,2),
    momentum_indicator text,
    predictive_risk_score numeric(5,2),
    risk_category text,
    intervention_priority text,
    rate_of_change_percent numeric(7,2),
    early_warning_flag boolean not null default false,
    risk_factors jsonb not null default '[]',
    calculated_at timestamptz,
    pattern_status text not null default 'INSUFFICIENT_DATA',
    avg_calls_per_week numeric(8,2) not null default 0,
    calls_this_week integer not null default 0,
    expected_calls numeric(8,2) not null default 0,
    lost_calls numeric(8,2) not null default 0,
    deviation_pct numeric(9,2),
    pattern_week_start timestamptz,
    last_pattern_check timestamptz,
    pattern_attempted_at timestamptz,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-client_health_scores" primary key (tenant_id, id),
    constraint client_health_scores_calls_range check (avg_calls_per_week >= 0::numeric and avg_calls_per_week <= 999999.99 and expected_calls >= 0::numeric and expected_calls <= 999999.99 and lost_calls <= expected_calls),
    constraint client_health_scores_change_range check (deviation_pct >= '-9999999'::integer::numeric and deviation_pct <= 9999999::numeric and rate_of_change_percent >= '-99999'::integer::numeric and rate_of_change_percent <= 99999::numeric),
    constraint client_health_scores_checked_week check ((last_pattern_check is null) = (pattern_week_start is null)),
    constraint client_health_scores_churn_range check (churn_risk_score >= 0::numeric and churn_risk_score <= 100::numeric),
    constraint client_health_scores_counts_range check (least(sessions_7d, sessions_30d, sessions_90d, outstanding_sessions, sessions_purchased, owner_change_count, calls_this_week, days_inactive, days_since_last_session) >= 0),
    constraint client_health_scores_email_form check (email = lower(email) and char_length(email) >= 3 and char_length(email) <= 254),
    constraint client_health_scores_engagement_range check (engagement_score >= 0 and engagement_score <= 100),
    constraint client_health_scores_financial_range check (financial_score >= 0 and financial_score <= 100),
    constraint client_health_scores_momentum_known check (momentum_indicator in ('ACCELERATING', 'STABLE', 'DECLINING')),
    constraint client_health_scores_momentum_range check (momentum_score >= 0 and momentum_score <= 100),
    constraint client_health_scores_package_range check (package_score >= 0 and package_score <= 100),
    constraint client_health_scores_pattern_known check (pattern_status in ('NORMAL', 'BELOW_PATTERN', 'ABOVE_PATTERN', 'PATTERN_BREAK', 'INSUFFICIENT_DATA')),
    constraint client_health_scores_relationship_range check (relationship_score >= 0 and relationship_score <= 100),
    constraint client_health_scores_risk_range check (predictive_risk_score >= 0::numeric and predictive_risk_score <= 100::numeric),
    constraint client_health_scores_score_range check (health_score >= 0::numeric and health_score <= 100::numeric),
    constraint client_health_scores_zone_known check (health_zone in ('RED', 'YELLOW', 'GREEN', 'PURPLE')),
    constraint "fk-client_health_scores-tenant_id-client_id" foreign key (tenant_id, client_id) references customers (tenant_id, client_id) on delete cascade
);
create index client_health_scores_breaks on client_health_scores (tenant_id, pattern_status desc, lost_calls desc, id)
    where pattern_status in ('PATTERN_BREAK', 'BELOW_PATTERN');
create unique index client_health_scores_email on client_health_scores (tenant_id, email);
create index client_health_scores_of_client on client_health_scores (tenant_id, client_id);
create index client_health_scores_pattern_queue on client_health_scores (tenant_id, pattern_attempted_at nulls first, id);
alter table client_health_scores enable row level security;
alter table client_health_scores force row level security;
create policy tenant on client_health_scores for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant delete, insert, select, update on client_health_scores to keel_app;

create table call_pattern_analysis (
    tenant_id uuid not null,
    id uuid not null default gen_random_uuid(),
    client_email text not null,
    analysis_date date not null default (now() at time zone 'UTC'::text)::date,
    week_start timestamptz,
    calls_this_week integer not null default 0,
    avg_calls_per_week numeric(8,2) not null default 0,
    expected_calls numeric(8,2) not null default 0,
    deviation_pct numeric(9,2),
    pattern_status text not null,
    rule text not null default 'fair',
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-call_pattern_analysis" primary key (tenant_id, id),
    constraint call_pattern_analysis_calls_range check (calls_this_week >= 0 and avg_calls_per_week >= 0::numeric and avg_calls_per_week <= 999999.99 and expected_calls >= 0::numeric and expected_calls <= 999999.99 and deviation_pct >= '-9999999'::integer::numeric and deviation_pct <= 9999999::numeric),
    constraint call_pattern_analysis_rule_known check (rule in ('fair', 'seed')),
    constraint call_pattern_analysis_status_known check (pattern_status in ('NORMAL', 'BELOW_PATTERN', 'ABOVE_PATTERN', 'PATTERN_BREAK', 'INSUFFICIENT_DATA')),
    constraint "fk-call_pattern_analysis-tenant_id-client_email" foreign key (tenant_id, client_email) references client_health_scores (tenant_id, email) on delete cascade
);
create unique index call_pattern_analysis_day on call_pattern_analysis (tenant_id, client_email, analysis_date);
alter table call_pattern_analysis enable row level security;
alter table call_pattern_analysis force row level security;
create policy tenant on call_pattern_analysis for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant delete, insert, select, update on call_pattern_analysis to keel_app;

create table call_records (
    tenant_id uuid not null,
    id uuid not null,
    client_email text not null,
    external_id text,
    firstname text,
    lastname text,
    call_date timestamptz not null,
    call_type text not null,
    status text not null,
    outcome text,
    executed_by text,
    duration_seconds integer,
    notes text,
    follow_up_needed boolean not null default false,
    follow_up_date timestamptz,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-call_records" primary key (tenant_id, id),
    constraint call_records_duration_range check (duration_seconds >= 0),
    constraint call_records_external_id_length check (char_length(external_id) >= 1 and char_length(external_id) <= 200),
    constraint call_records_outcome_known check (outcome in ('BOOKED', 'INTERESTED', 'NOT_INTERESTED', 'CALLBACK', 'NO_ANSWER', 'OTHER')),
    constraint call_records_status_known check (status in ('COMPLETED', 'NO_ANSWER', 'VOICEMAIL', 'DECLINED', 'SCHEDULED')),
    constraint call_records_type_known check (call_type in ('PHONE', 'WHATSAPP', 'EMAIL', 'SMS', 'IN_PERSON')),
    constraint "fk-call_records-tenant_id-client_email" foreign key (tenant_id, client_email) references client_health_scores (tenant_id, email) on delete cascade
);
create index call_records_held on call_records (tenant_id, client_email, call_date)
    where status = 'COMPLETED'::text and (call_type in ('PHONE', 'WHATSAPP', 'IN_PERSON'));
create index call_records_of_client on call_records (tenant_id, client_email, call_date desc);
create unique index call_records_once on call_records (tenant_id, external_id)
    where external_id is not null;
alter table call_records enable row level security;
alter table call_records force row level security;
create policy tenant on call_records for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant delete, insert, select, update on call_records to keel_app;
