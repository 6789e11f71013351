create table nurture_sequences (
    tenant_id uuid not null,
    id uuid not null,
    name text not null,
    description text,
    version integer not null default 1,
    steps jsonb not null,
    trigger_conditions jsonb,
    active boolean not null default true,
    re_entry text not null default 'after_cool_down',
    cool_down_days integer not null default 30,
    on_dnc text not null default 'stop',
    created_by_user_id uuid,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-nurture_sequences" primary key (tenant_id, id),
    constraint nurture_sequences_cool_down_days_range check (cool_down_days >= 0 and cool_down_days <= 3650),
    constraint nurture_sequences_description_length check (char_length(description) >= 1 and char_length(description) <= 2000),
    constraint nurture_sequences_name_length check (char_length(name) >= 1 and char_length(name) <= 255),
    constraint nurture_sequences_on_dnc_known check (on_dnc in ('stop', 'email_only')),
    constraint nurture_sequences_re_entry_known check (re_entry in ('never', 'after_cool_down')),
    constraint nurture_sequences_steps_form check (case jsonb_typeof(steps) when 'array'::text then jsonb_array_length(steps) >= 1 and jsonb_array_length(steps) <= 50 else false end),
    constraint nurture_sequences_trigger_conditions_form check (jsonb_typeof(trigger_conditions) = 'object'::text),
    constraint nurture_sequences_version_range check (version >= 1),
    constraint "fk-nurture_sequences-tenant_id" foreign key (tenant_id) references tenants (id)
);
alter table nurture_sequences enable row level security;
alter table nurture_sequences force row level security;
create policy tenant on nurture_sequences for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on nurture_sequences
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant insert, select, update on nurture_sequences to keel_app;

create table nurture_sequence_versions (
    tenant_id uuid not null,
    id uuid not null,
    sequence_id uuid not null,
    version integer not null,
    steps jsonb not null,
    created_by_user_id uuid,
    created_at timestamptz not null,
    constraint "pk-nurture_sequence_versions" primary key (tenant_id, id),
    constraint nurture_sequence_versions_steps_form check (case jsonb_typeof(steps) when 'array'::text then jsonb_array_length(steps) >= 1 and jsonb_array_length(steps) <= 50 else false end),
    constraint nurture_sequence_versions_version_range check (version >= 1),
    constraint "fk-nurture_sequence_versions-tenant_id-sequence_id" foreign key (tenant_id, sequence_id) references nurture_sequences (tenant_id, id)
);
create unique index nurture_sequence_versions_once on nurture_sequence_versions (tenant_id, sequence_id, version);
alter table nurture_sequence_versions enable row level security;
alter table nurture_sequence_versions force row level security;
create policy tenant on nurture_sequence_versions for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select on nurture_sequence_versions to keel_app;

create table lead_sequence_enrollments (
    tenant_id uuid not null,
    id uuid not null,
    lead_id uuid not null,
    sequence_id uuid not null,
    version_id uuid not null,
    status text not null default 'active',
    current_step integer not null default 1,
    enrolled_at timestamptz not null,
    enrolled_by_user_id uuid,
    next_step_scheduled_at timestamptz,
    next_channel text,
    paused_at timestamptz,
    pause_reason text,
    completed_at timestamptz,
    stop text,
    stop_reason text,
    executed_steps jsonb not null default '[]',
    claim uuid,
    lease_until timestamptz,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-lead_sequence_enrollments" primary key (tenant_id, id),
    constraint lead_sequence_enrollments_channel_known check (next_channel in ('sms', 'email', 'call')),
    constraint lead_sequence_enrollments_claim_whole check ((claim is null) = (lease_until is null)),
    constraint lead_sequence_enrollments_current_step_range check (current_step >= 1),
    constraint lead_sequence_enrollments_ended_when check ((status in ('active', 'paused')) = (completed_at is null)),
    constraint lead_sequence_enrollments_executed_form check (jsonb_typeof(executed_steps) = 'array'::text),
    constraint lead_sequence_enrollments_live_has_a_next check ((status in ('active', 'paused')) = (next_step_scheduled_at is not null) and (next_step_scheduled_at is null) = (next_channel is null)),
    constraint lead_sequence_enrollments_pause_length check (char_length(pause_reason) >= 1 and char_length(pause_reason) <= 500),
    constraint lead_sequence_enrollments_paused_whole check ((status = 'paused'::text) = (paused_at is not null) and (paused_at is null) = (pause_reason is null)),
    constraint lead_sequence_enrollments_status_known check (status in ('active', 'paused', 'completed', 'cancelled', 'failed')),
    constraint lead_sequence_enrollments_stop_has_a_cause check ((status in ('cancelled', 'failed')) = (stop is not null) and (stop_reason is null or stop is not null)),
    constraint lead_sequence_enrollments_stop_known check (stop in ('do_not_call', 'unsubscribed', 'consent_withdrawn', 'meeting_booked', 'qualified', 'lost', 'recruited', 'merged', 'deleted', 'bounced', 'delivery_failed', 'requested')),
    constraint lead_sequence_enrollments_stop_length check (char_length(stop_reason) >= 1 and char_length(stop_reason) <= 500),
    constraint "fk-lead_sequence_enrollments-tenant_id-lead_id" foreign key (tenant_id, lead_id) references leads (tenant_id, id),
    constraint "fk-lead_sequence_enrollments-tenant_id-sequence_id" foreign key (tenant_id, sequence_id) references nurture_sequences (tenant_id, id),
    constraint "fk-lead_sequence_enrollments-tenant_id-version_id" foreign key (tenant_id, version_id) references nurture_sequence_versions (tenant_id, id)
);
create index lead_sequence_enrollments_due on lead_sequence_enrollments (tenant_id, next_step_scheduled_at, id)
    where status = 'active'::text;
create index lead_sequence_enrollments_held on lead_sequence_enrollments (tenant_id, next_channel, id)
    where claim is not null;
create unique index lead_sequence_enrollments_live on lead_sequence_enrollments (tenant_id, lead_id, sequence_id)
    where status in ('active', 'paused');
create index lead_sequence_enrollments_of_lead on lead_sequence_enrollments (tenant_id, lead_id, id);
create index lead_sequence_enrollments_of_sequence on lead_sequence_enrollments (tenant_id, sequence_id, id) include (status);
create index lead_sequence_enrollments_of_version on lead_sequence_enrollments (tenant_id, version_id);
alter table lead_sequence_enrollments enable row level security;
alter table lead_sequence_enrollments force row level security;
create policy tenant on lead_sequence_enrollments for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on lead_sequence_enrollments
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant insert, select, update on lead_sequence_enrollments to keel_app;

create table lead_sequence_enrollment_steps (
    tenant_id uuid not null,
    id uuid not null,
    enrollment uuid not null,
    lead_id uuid not null,
    step integer not null,
    channel text not null,
    template_id text not null,
    executed_at timestamptz not null,
    status text not null,
    status_at timestamptz not null,
    skip_reason text,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-lead_sequence_enrollment_steps" primary key (tenant_id, id),
    constraint lead_sequence_enrollment_steps_channel_known check (channel in ('sms', 'email', 'call')),
    constraint lead_sequence_enrollment_steps_skip_known check (skip_reason in ('conditions', 'do_not_call', 'no_consent', 'no_address', 'unknown_zone')),
    constraint lead_sequence_enrollment_steps_skipped_why check ((status = 'skipped'::text) = (skip_reason is not null)),
    constraint lead_sequence_enrollment_steps_status_after check (status_at >= executed_at),
    constraint lead_sequence_enrollment_steps_status_known check (status in ('skipped', 'sent', 'delivered', 'opened', 'clicked', 'bounced')),
    constraint lead_sequence_enrollment_steps_step_range check (step >= 1),
    constraint lead_sequence_enrollment_steps_template_length check (char_length(template_id) >= 1 and char_length(template_id) <= 100),
    constraint "fk-lead_sequence_enrollment_steps-tenant_id-enrollment" foreign key (tenant_id, enrollment) references lead_sequence_enrollments (tenant_id, id)
);
create index lead_sequence_enrollment_steps_by_day on lead_sequence_enrollment_steps (tenant_id, channel, executed_at);
create index lead_sequence_enrollment_steps_of_lead on lead_sequence_enrollment_steps (tenant_id, lead_id, executed_at desc);
create unique index lead_sequence_enrollment_steps_once on lead_sequence_enrollment_steps (tenant_id, enrollment, step);
alter table lead_sequence_enrollment_steps enable row level security;
alter table lead_sequence_enrollment_steps force row level security;
create policy tenant on lead_sequence_enrollment_steps for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on lead_sequence_enrollment_steps
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant insert, select, update on lead_sequence_enrollment_steps to keel_app;
