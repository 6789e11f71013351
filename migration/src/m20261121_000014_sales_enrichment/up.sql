alter table contacts add column linkedin_url text;
alter table contacts add column website text;
alter table contacts add constraint contacts_website_length check (char_length(website) >= 1 and char_length(website) <= 500);
alter table contacts add constraint contacts_linkedin_url_length check (char_length(linkedin_url) >= 1 and char_length(linkedin_url) <= 500);
create index contacts_of_email on contacts (tenant_id, email)
    where email is not null and deleted_at is null;

create table contact_enrichment_queue (
    tenant_id uuid not null,
    id uuid not null,
    contact_id uuid,
    email_address text,
    source text not null,
    source_id text,
    source_text text,
    observed_at timestamptz not null,
    status text not null default 'pending',
    attempts integer not null default 0,
    most_attempts integer not null default 5,
    next_attempt_at timestamptz not null,
    claim uuid,
    lease_until timestamptz,
    handed_over_at timestamptz,
    extracted_data jsonb not null default '{}',
    merged_to_contact_id uuid,
    merge_conflicts jsonb not null default '[]',
    skip_reason text,
    error_message text,
    processed_at timestamptz,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-contact_enrichment_queue" primary key (tenant_id, id),
    constraint contact_enrichment_queue_attempts_range check (attempts >= 0 and attempts <= most_attempts),
    constraint contact_enrichment_queue_claim_whole check ((claim is null) = (lease_until is null)),
    constraint contact_enrichment_queue_conflicts_form check (jsonb_typeof(merge_conflicts) = 'array'::text),
    constraint contact_enrichment_queue_email_form check (email_address = lower(email_address) and char_length(email_address) <= 254),
    constraint contact_enrichment_queue_ended_when check ((status in ('completed', 'failed', 'skipped')) = (processed_at is not null)),
    constraint contact_enrichment_queue_error_length check (char_length(error_message) >= 1 and char_length(error_message) <= 1000),
    constraint contact_enrichment_queue_extracted_form check (jsonb_typeof(extracted_data) = 'object'::text),
    constraint contact_enrichment_queue_failed_why check (status <> 'failed'::text or error_message is not null),
    constraint contact_enrichment_queue_held_while_processing check ((status = 'processing'::text) = (claim is not null or handed_over_at is not null)),
    constraint contact_enrichment_queue_merged_to_its_contact check (merged_to_contact_id is null or status = 'completed'::text and not merged_to_contact_id is distinct from contact_id),
    constraint contact_enrichment_queue_skip_known check (skip_reason in ('suppressed', 'contact_gone', 'company_gone', 'no_match', 'ambiguous', 'unwanted')),
    constraint contact_enrichment_queue_skipped_why check ((status = 'skipped'::text) = (skip_reason is not null)),
    constraint contact_enrichment_queue_source_id_length check (char_length(source_id) >= 1 and char_length(source_id) <= 200),
    constraint contact_enrichment_queue_source_known check (source in ('email_signature', 'apollo', 'manual', 'web_search')),
    constraint contact_enrichment_queue_status_known check (status in ('pending', 'processing', 'completed', 'failed', 'skipped')),
    constraint contact_enrichment_queue_subject check (contact_id is not null or email_address is not null),
    constraint contact_enrichment_queue_text_length check (char_length(source_text) <= 10000),
    constraint contact_enrichment_queue_text_until_read check ((source = 'email_signature'::text and (status not in ('completed', 'skipped'))) = (source_text is not null)),
    constraint "fk-contact_enrichment_queue-tenant_id-contact_id" foreign key (tenant_id, contact_id) references contacts (tenant_id, id) on delete cascade
);
create index contact_enrichment_queue_awaited on contact_enrichment_queue (tenant_id, next_attempt_at, id)
    where handed_over_at is not null;
create unique index contact_enrichment_queue_live_contact on contact_enrichment_queue (tenant_id, contact_id, source)
    where contact_id is not null and (status in ('pending', 'processing'));
create unique index contact_enrichment_queue_live_email on contact_enrichment_queue (tenant_id, email_address, source)
    where contact_id is null and (status in ('pending', 'processing'));
create index contact_enrichment_queue_of_contact on contact_enrichment_queue (tenant_id, contact_id);
create index contact_enrichment_queue_pending on contact_enrichment_queue (tenant_id, created_at, id)
    where status = 'pending'::text;
create index contact_enrichment_queue_requests on contact_enrichment_queue (tenant_id, next_attempt_at, id)
    where source <> 'email_signature'::text and (status in ('pending', 'processing')) and handed_over_at is null;
create index contact_enrichment_queue_signatures on contact_enrichment_queue (tenant_id, next_attempt_at, id)
    where source = 'email_signature'::text and status = 'pending'::text;
alter table contact_enrichment_queue enable row level security;
alter table contact_enrichment_queue force row level security;
create policy tenant on contact_enrichment_queue for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on contact_enrichment_queue
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant insert, select, update on contact_enrichment_queue to keel_app;

create table contact_enrichment_proposals (
    tenant_id uuid not null,
    id uuid not null,
    enrichment_id uuid not null,
    contact_id uuid not null,
    field text not null,
    value text not null,
    current_value text,
    source text not null,
    confidence numeric(5,4) not null,
    observed_at timestamptz not null,
    state text not null,
    resolved_by uuid,
    resolved_at timestamptz,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-contact_enrichment_proposals" primary key (tenant_id, id),
    constraint contact_enrichment_proposals_confidence_range check (confidence >= 0::numeric and confidence <= 1::numeric),
    constraint contact_enrichment_proposals_field_known check (field in ('title', 'department', 'phone', 'mobile', 'linkedin_url', 'website')),
    constraint contact_enrichment_proposals_resolved_by_whom check ((state in ('accepted', 'rejected')) = (resolved_at is not null) and (resolved_at is null) = (resolved_by is null)),
    constraint contact_enrichment_proposals_source_known check (source in ('email_signature', 'apollo', 'manual', 'web_search')),
    constraint contact_enrichment_proposals_state_known check (state in ('applied', 'conflict', 'accepted', 'rejected', 'duplicate')),
    constraint contact_enrichment_proposals_value_length check (char_length(value) >= 1 and char_length(value) <= 500),
    constraint "fk-contact_enrichment_proposals-tenant_id-contact_id" foreign key (tenant_id, contact_id) references contacts (tenant_id, id) on delete cascade,
    constraint "fk-contact_enrichment_proposals-tenant_id-enrichment_id" foreign key (tenant_id, enrichment_id) references contact_enrichment_queue (tenant_id, id) on delete cascade
);
create unique index contact_enrichment_proposals_field on contact_enrichment_proposals (tenant_id, enrichment_id, field);
create index contact_enrichment_proposals_of_contact on contact_enrichment_proposals (tenant_id, contact_id, id);
create index contact_enrichment_proposals_open on contact_enrichment_proposals (tenant_id, created_at, id)
    where state = 'conflict'::text;
alter table contact_enrichment_proposals enable row level security;
alter table contact_enrichment_proposals force row level security;
create policy tenant on contact_enrichment_proposals for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on contact_enrichment_proposals
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant insert, select, update on contact_enrichment_proposals to keel_app;

create table contact_fields (
    tenant_id uuid not null,
    id uuid not null,
    contact_id uuid not null,
    field text not null,
    value text,
    source text not null,
    confidence numeric(5,4) not null,
    observed_at timestamptz not null,
    enrichment_id uuid,
    verified_by uuid,
    verified_at timestamptz,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-contact_fields" primary key (tenant_id, id),
    constraint contact_fields_confidence_range check (confidence >= 0::numeric and confidence <= 1::numeric),
    constraint contact_fields_field_known check (field in ('title', 'department', 'phone', 'mobile', 'linkedin_url', 'website')),
    constraint contact_fields_none_if_verified check (value is not null or verified_at is not null),
    constraint contact_fields_source_known check (source in ('email_signature', 'apollo', 'manual', 'web_search')),
    constraint contact_fields_value_length check (char_length(value) >= 1 and char_length(value) <= 500),
    constraint contact_fields_verified_by_whom check ((verified_at is null) = (verified_by is null)),
    constraint "fk-contact_fields-tenant_id-contact_id" foreign key (tenant_id, contact_id) references contacts (tenant_id, id) on delete cascade
);
create unique index contact_fields_field on contact_fields (tenant_id, contact_id, field);
alter table contact_fields enable row level security;
alter table contact_fields force row level security;
create policy tenant on contact_fields for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on contact_fields
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant delete, insert, select, update on contact_fields to keel_app;

create table opportunity_signals (
    tenant_id uuid not null,
    id uuid not null,
    source_type text not null,
    source_id text not null,
    client_id text,
    contact_id uuid,
    signal_type text not null,
    signal_strength numeric(3,2) not null default 0.5,
    strength_gap integer not null generated always as ((100::numeric - signal_strength * 100::numeric)::integer) stored,
    extracted_text text,
    context jsonb not null default '{}',
    actioned boolean not null default false,
    actioned_at timestamptz,
    actioned_by uuid,
    action_taken text,
    action_result text,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-opportunity_signals" primary key (tenant_id, id),
    constraint opportunity_signals_action_result_length check (char_length(action_result) >= 1 and char_length(action_result) <= 2000),
    constraint opportunity_signals_action_taken_length check (char_length(action_taken) >= 1 and char_length(action_taken) <= 200),
    constraint opportunity_signals_actioned_whole check (actioned = (actioned_at is not null) and actioned = (action_taken is not null) and (actioned or actioned_by is null and action_result is null)),
    constraint opportunity_signals_context_form check (jsonb_typeof(context) = 'object'::text),
    constraint opportunity_signals_source_id_length check (char_length(source_id) >= 1 and char_length(source_id) <= 200),
    constraint opportunity_signals_source_known check (source_type in ('email', 'case', 'order', 'deal', 'call')),
    constraint opportunity_signals_strength_range check (signal_strength >= 0::numeric and signal_strength <= 1::numeric),
    constraint opportunity_signals_text_length check (char_length(extracted_text) >= 1 and char_length(extracted_text) <= 2000),
    constraint opportunity_signals_type_known check (signal_type in ('complaint', 'urgency', 'budget_mention', 'competitor_mention', 'expansion', 'renewal', 'upsell', 'referral', 'churn_risk')),
    constraint "fk-opportunity_signals-tenant_id-client_id" foreign key (tenant_id, client_id) references customers (tenant_id, client_id) on delete cascade,
    constraint "fk-opportunity_signals-tenant_id-contact_id" foreign key (tenant_id, contact_id) references contacts (tenant_id, id) on delete cascade
);
create index opportunity_signals_created on opportunity_signals (tenant_id, created_at);
create index opportunity_signals_of_client on opportunity_signals (tenant_id, client_id, created_at desc);
create index opportunity_signals_of_contact on opportunity_signals (tenant_id, contact_id);
create unique index opportunity_signals_once on opportunity_signals (tenant_id, source_type, source_id, signal_type);
create index opportunity_signals_unactioned on opportunity_signals (tenant_id, strength_gap, created_at, id)
    where actioned = false;
alter table opportunity_signals enable row level security;
alter table opportunity_signals force row level security;
create policy tenant on opportunity_signals for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on opportunity_signals
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant delete, insert, select, update on opportunity_signals to keel_app;
