create table contacts (
    tenant_id uuid not null,
    id uuid not null,
    client_id text not null,
    first_name text not null,
    last_name text not null,
    title text,
    department text,
    email text,
    phone text,
    mobile text,
    time_zone text,
    notes text,
    is_primary boolean not null default false,
    unsubscribed_at timestamptz,
    deleted_at timestamptz,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-contacts" primary key (tenant_id, id),
    constraint contacts_email_form check (email = lower(email) and char_length(email) <= 254),
    constraint contacts_first_name_length check (char_length(first_name) >= 1 and char_length(first_name) <= 100),
    constraint contacts_last_name_length check (char_length(last_name) >= 1 and char_length(last_name) <= 100),
    constraint contacts_mobile_form check (mobile ~ '^\+[1-9][0-9]{6,14}$'::text),
    constraint contacts_phone_form check (phone ~ '^\+[1-9][0-9]{6,14}$'::text),
    constraint "fk-contacts-tenant_id-client_id" foreign key (tenant_id, client_id) references customers (tenant_id, client_id) on delete cascade
);
create index contacts_of_client on contacts (tenant_id, client_id);
alter table contacts enable row level security;
alter table contacts force row level security;
create policy tenant on contacts for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant delete, insert, select, update on contacts to keel_app;

create table deals (
    tenant_id uuid not null,
    id uuid not null,
    client_id text not null,
    contact_id uuid,
    assigned_to uuid,
    title text not null,
    description text,
    value numeric(14,2),
    currency text not null default 'USD',
    probability numeric(5,4) not null default 0.5,
    expected_close_date date,
    lost_reason text,
    created_by uuid,
    stage text not null default 'lead',
    stage_entered_at timestamptz not null default current_timestamp,
    actual_close_date date,
    last_activity_at timestamptz,
    snoozed_until timestamptz,
    stall_after_days integer,
    never_stalls boolean not null default false,
    idle_since timestamptz generated always as (greatest(created_at, stage_entered_at, last_activity_at, snoozed_until)) stored,
    stalled_at timestamptz,
    auto_follow_up_enabled boolean not null default true,
    follow_up_count integer not null default 0,
    last_follow_up_at timestamptz,
    next_follow_up_at timestamptz,
    follow_up_claim uuid,
    follow_up_lease_until timestamptz,
    deleted_at timestamptz,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-deals" primary key (tenant_id, id),
    constraint deals_closed_with_a_date check ((stage in ('won', 'lost')) = (actual_close_date is not null)),
    constraint deals_currency_form check (currency ~ '^[A-Z]{3}$'::text),
    constraint deals_follow_up_claim_whole check ((follow_up_claim is null) = (follow_up_lease_until is null)),
    constraint deals_follow_up_count_range check (follow_up_count >= 0 and follow_up_count <= 1000),
    constraint deals_probability_range check (probability >= 0::numeric and probability <= 1::numeric),
    constraint deals_stage_known check (stage in ('lead', 'qualified', 'proposal', 'negotiation', 'won', 'lost')),
    constraint deals_stall_after_days_range check (stall_after_days >= 0 and stall_after_days <= 3650),
    constraint deals_title_length check (char_length(title) >= 1 and char_length(title) <= 500),
    constraint deals_value_range check (value >= 0::numeric and value <= 999999999999.99),
    constraint "fk-deals-tenant_id-assigned_to" foreign key (tenant_id, assigned_to) references users (tenant_id, id),
    constraint "fk-deals-tenant_id-client_id" foreign key (tenant_id, client_id) references customers (tenant_id, client_id) on delete cascade,
    constraint "fk-deals-tenant_id-contact_id" foreign key (tenant_id, contact_id) references contacts (tenant_id, id)
);
create index deals_by_stage on deals (tenant_id, stage, id) where deleted_at is null;
create index deals_of_assignee on deals (tenant_id, assigned_to, id);
create index deals_of_client on deals (tenant_id, client_id, id);
create index deals_of_contact on deals (tenant_id, contact_id);
create index deals_stalled on deals (tenant_id, stage, idle_since, value desc nulls last, id)
    where (stage not in ('won', 'lost')) and deleted_at is null and not never_stalls and coalesce(stall_after_days, 0) = 0;
create index deals_stalled_by_own_rule on deals (tenant_id, stall_after_days, idle_since, value desc nulls last, id)
    where (stage not in ('won', 'lost')) and deleted_at is null and not never_stalls and stall_after_days > 0;
alter table deals enable row level security;
alter table deals force row level security;
create policy tenant on deals for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant delete, insert, select, update on deals to keel_app;

create table deal_activities (
    tenant_id uuid not null,
    id uuid not null,
    deal_id uuid not null,
    activity_type text not null,
    occurred_at timestamptz not null,
    attempt_no integer,
    stage_entered_at timestamptz,
    notes text,
    created_by uuid,
    created_at timestamptz not null default current_timestamp,
    constraint "pk-deal_activities" primary key (tenant_id, id),
    constraint deal_activities_attempt_of_follow_up check ((activity_type = 'follow_up'::text) = (attempt_no is not null) and (attempt_no is null) = (stage_entered_at is null) and attempt_no > 0),
    constraint deal_activities_type_known check (activity_type in ('email_two_way', 'call_connected', 'meeting_held', 'note', 'quote_viewed', 'field_edit', 'import', 'enrichment', 'follow_up', 'stalled')),
    constraint "fk-deal_activities-tenant_id-deal_id" foreign key (tenant_id, deal_id) references deals (tenant_id, id) on delete cascade
);
create unique index deal_activities_follow_up_once on deal_activities (tenant_id, deal_id, stage_entered_at, attempt_no)
    where activity_type = 'follow_up'::text;
create index deal_activities_of_deal on deal_activities (tenant_id, deal_id, occurred_at desc, id desc);
create unique index deal_activities_stalled_once on deal_activities (tenant_id, deal_id, occurred_at)
    where activity_type = 'stalled'::text;
alter table deal_activities enable row level security;
alter table deal_activities force row level security;
create policy tenant on deal_activities for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select on deal_activities to keel_app;

create table deal_stage_config (
    tenant_id uuid not null,
    id uuid not null,
    stage text not null,
    max_days_before_stale integer default 7,
    never_stalls boolean not null default false,
    follow_up_interval_days integer default 3,
    max_follow_ups integer default 5,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-deal_stage_config" primary key (tenant_id, id),
    constraint deal_stage_config_follow_ups_range check (max_follow_ups >= 0 and max_follow_ups <= 100),
    constraint deal_stage_config_interval_range check (follow_up_interval_days >= 1 and follow_up_interval_days <= 365),
    constraint deal_stage_config_stage_known check (stage in ('lead', 'qualified', 'proposal', 'negotiation', 'won', 'lost')),
    constraint deal_stage_config_stale_range check (max_days_before_stale >= 0 and max_days_before_stale <= 3650),
    constraint "fk-deal_stage_config-tenant_id" foreign key (tenant_id) references tenants (id)
);
create unique index deal_stage_config_stage on deal_stage_config (tenant_id, stage);
alter table deal_stage_config enable row level security;
alter table deal_stage_config force row level security;
create policy tenant on deal_stage_config for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant delete, insert, select, update on deal_stage_config to keel_app;

create table deal_stage_history (
    tenant_id uuid not null,
    id uuid not null,
    deal_id uuid not null,
    from_stage text,
    to_stage text not null,
    changed_at timestamptz not null,
    changed_by uuid,
    reason text,
    days_in_previous_stage integer,
    created_at timestamptz not null default current_timestamp,
    constraint "pk-deal_stage_history" primary key (tenant_id, id),
    constraint deal_stage_history_days_range check (days_in_previous_stage >= 0),
    constraint deal_stage_history_days_when_moved check ((from_stage is null) = (days_in_previous_stage is null)),
    constraint deal_stage_history_from_known check (from_stage in ('lead', 'qualified', 'proposal', 'negotiation', 'won', 'lost')),
    constraint deal_stage_history_moves check (from_stage is distinct from to_stage),
    constraint deal_stage_history_to_known check (to_stage in ('lead', 'qualified', 'proposal', 'negotiation', 'won', 'lost')),
    constraint "fk-deal_stage_history-tenant_id-deal_id" foreign key (tenant_id, deal_id) references deals (tenant_id, id) on delete cascade
);
create index deal_stage_history_of_deal on deal_stage_history (tenant_id, deal_id, changed_at desc, id desc);
alter table deal_stage_history enable row level security;
alter table deal_stage_history force row level security;
create policy tenant on deal_stage_history for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select on deal_stage_history to keel_app;

create table quotes (
    tenant_id uuid not null,
    id uuid not null,
    client_id text not null,
    contact_id uuid,
    deal_id uuid,
    supersedes_id uuid,
    quote_number text not null,
    version integer not null default 1,
    title text not null,
    description text,
    total_amount numeric(14,2) not null,
    currency text not null default 'USD',
    line_items jsonb not null default '[]',
    intel jsonb not null default '{}',
    valid_until date,
    created_by uuid,
    status text not null default 'draft',
    sent_at timestamptz,
    viewed_at timestamptz,
    responded_at timestamptz,
    view_count integer not null default 0,
    superseded_at timestamptz,
    outcome text,
    outcome_reason text,
    outcome_competitor text,
    outcome_notes text,
    follow_up_count integer not null default 0,
    max_follow_ups integer default 5,
    last_follow_up_at timestamptz,
    next_follow_up_at timestamptz,
    follow_up_stopped_at timestamptz,
    follow_up_stop text,
    follow_up_claim uuid,
    follow_up_lease_until timestamptz,
    deleted_at timestamptz,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-quotes" primary key (tenant_id, id),
    constraint quotes_active_has_a_next check ((status not in ('sent', 'viewed')) or (next_follow_up_at is null) = (follow_up_stop is not null)),
    constraint quotes_counts_range check (view_count >= 0 and follow_up_count >= 0),
    constraint quotes_currency_form check (currency ~ '^[A-Z]{3}$'::text),
    constraint quotes_description_length check (char_length(description) >= 1 and char_length(description) <= 5000),
    constraint quotes_follow_up_claim_whole check ((follow_up_claim is null) = (follow_up_lease_until is null)),
    constraint quotes_follow_up_stop_known check (follow_up_stop in ('accepted', 'rejected', 'countered', 'replied', 'bounced', 'outcome_recorded', 'unsubscribed', 'do_not_call', 'consent_withdrawn', 'contact_gone', 'company_gone', 'superseded', 'owner_override', 'deal_lost', 'deal_won', 'expired', 'exhausted', 'missed_window')),
    constraint quotes_intel_form check (jsonb_typeof(intel) = 'object'::text),
    constraint quotes_line_items_form check (jsonb_typeof(line_items) = 'array'::text),
    constraint quotes_max_follow_ups_range check (max_follow_ups >= 0 and max_follow_ups <= 100),
    constraint quotes_number_form check (quote_number ~ '^Q-[0-9]{4}-[0-9]{4,}$'::text),
    constraint quotes_outcome_known check (outcome in ('won', 'lost', 'no_decision')),
    constraint quotes_sent_when check ((status not in ('sent', 'viewed')) or sent_at is not null),
    constraint quotes_status_known check (status in ('draft', 'pending_approval', 'sent', 'viewed', 'accepted', 'rejected', 'expired', 'countered')),
    constraint quotes_stop_with_a_reason check ((follow_up_stopped_at is null) = (follow_up_stop is null)),
    constraint quotes_title_length check (char_length(title) >= 1 and char_length(title) <= 500),
    constraint quotes_total_amount_range check (total_amount >= 0::numeric and total_amount <= 999999999.00),
    constraint quotes_version_range check (version > 0),
    constraint "fk-quotes-tenant_id-client_id" foreign key (tenant_id, client_id) references customers (tenant_id, client_id) on delete cascade,
    constraint "fk-quotes-tenant_id-contact_id" foreign key (tenant_id, contact_id) references contacts (tenant_id, id),
    constraint "fk-quotes-tenant_id-deal_id" foreign key (tenant_id, deal_id) references deals (tenant_id, id),
    constraint "fk-quotes-tenant_id-supersedes_id" foreign key (tenant_id, supersedes_id) references quotes (tenant_id, id)
);
create index quotes_closed on quotes (tenant_id, created_at)
    where (status in ('accepted', 'rejected', 'expired')) and deleted_at is null;
create index quotes_expiry on quotes (tenant_id, valid_until, id)
    where (status in ('sent', 'viewed')) and deleted_at is null;
create index quotes_follow_up on quotes (tenant_id, next_follow_up_at, id)
    where (status in ('sent', 'viewed')) and follow_up_stop is null and outcome is null and deleted_at is null;
create unique index quotes_number on quotes (tenant_id, quote_number, version);
create index quotes_of_client on quotes (tenant_id, client_id);
create index quotes_of_contact on quotes (tenant_id, contact_id);
create index quotes_of_deal on quotes (tenant_id, deal_id);
create unique index quotes_superseded_once on quotes (tenant_id, supersedes_id);
alter table quotes enable row level security;
alter table quotes force row level security;
create policy tenant on quotes for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant delete, insert, select, update on quotes to keel_app;

create table quote_activities (
    tenant_id uuid not null,
    id uuid not null,
    quote_id uuid not null,
    activity_type text not null,
    attempt_no integer,
    session text,
    notes text,
    metadata jsonb,
    created_by uuid,
    created_at timestamptz not null default current_timestamp,
    constraint "pk-quote_activities" primary key (tenant_id, id),
    constraint quote_activities_attempt_of_follow_up check ((activity_type = 'follow_up'::text) = (attempt_no is not null) and attempt_no > 0),
    constraint quote_activities_session_of_view check ((activity_type = 'viewed'::text) = (session is not null) and char_length(session) >= 1 and char_length(session) <= 200),
    constraint quote_activities_type_known check (activity_type in ('created', 'sent', 'viewed', 'follow_up', 'response', 'outcome', 'revised', 'expired', 'stopped')),
    constraint "fk-quote_activities-tenant_id-quote_id" foreign key (tenant_id, quote_id) references quotes (tenant_id, id) on delete cascade
);
create unique index quote_activities_follow_up_once on quote_activities (tenant_id, quote_id, attempt_no)
    where activity_type = 'follow_up'::text;
create index quote_activities_of_quote on quote_activities (tenant_id, quote_id, created_at desc, id desc);
create unique index quote_activities_view_once on quote_activities (tenant_id, quote_id, session)
    where activity_type = 'viewed'::text;
alter table quote_activities enable row level security;
alter table quote_activities force row level security;
create policy tenant on quote_activities for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select on quote_activities to keel_app;

create table quote_counters (
    tenant_id uuid not null,
    year integer not null,
    last_number bigint not null,
    constraint "pk-quote_counters" primary key (tenant_id, year),
    constraint quote_counters_range check (last_number > 0 and year >= 1970 and year <= 9999),
    constraint "fk-quote_counters-tenant_id" foreign key (tenant_id) references tenants (id)
);
alter table quote_counters enable row level security;
alter table quote_counters force row level security;
create policy tenant on quote_counters for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant delete, insert, select, update on quote_counters to keel_app;

create table quote_outcomes (
    tenant_id uuid not null,
    id uuid not null,
    quote_id uuid not null,
    outcome text not null,
    primary_reason text,
    secondary_reasons text[],
    competitor text,
    our_amount numeric(14,2),
    competitor_amount numeric(14,2),
    learnings jsonb,
    recorded_at timestamptz not null,
    recorded_by uuid,
    constraint "pk-quote_outcomes" primary key (tenant_id, id),
    constraint quote_outcomes_competitor_amount_range check (competitor_amount >= 0::numeric and competitor_amount <= 999999999999.99),
    constraint quote_outcomes_our_amount_range check (our_amount >= 0::numeric and our_amount <= 999999999999.99),
    constraint quote_outcomes_outcome_known check (outcome in ('won', 'lost', 'no_decision')),
    constraint "fk-quote_outcomes-tenant_id-quote_id" foreign key (tenant_id, quote_id) references quotes (tenant_id, id) on delete cascade
);
create unique index quote_outcomes_once on quote_outcomes (tenant_id, quote_id);
alter table quote_outcomes enable row level security;
alter table quote_outcomes force row level security;
create policy tenant on quote_outcomes for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select on quote_outcomes to keel_app;
