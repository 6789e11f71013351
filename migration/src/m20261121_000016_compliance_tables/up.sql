create table compliance_schedule (
    tenant_id uuid not null,
    id uuid not null,
    compliance_type text not null,
    description text,
    frequency text not null default 'quarterly',
    cadence text not null default 'fixed',
    adjust text not null default 'none',
    joining text not null default 'next_period',
    anchor_date date not null,
    period_no integer not null default 0,
    next_due_at timestamptz not null,
    generated_after text,
    last_completed_at timestamptz,
    target_entity_type text not null,
    target_filter jsonb not null default '{}',
    required_fields jsonb not null default '[]',
    rule_version integer not null default 1,
    notification_days_before integer default 14,
    escalation_days_after integer default 7,
    escalate_to jsonb not null default '[]',
    is_active boolean not null default true,
    archived_at timestamptz,
    created_by uuid,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-compliance_schedule" primary key (tenant_id, id),
    constraint compliance_schedule_adjust_known check (adjust in ('none', 'following', 'preceding')),
    constraint compliance_schedule_anchor_range check (anchor_date >= '1900-01-01'::date and anchor_date <= '9999-12-31'::date),
    constraint compliance_schedule_archived_rests check (archived_at is null or not is_active),
    constraint compliance_schedule_cadence_known check (cadence in ('fixed', 'rolling')),
    constraint compliance_schedule_description_length check (char_length(description) >= 1 and char_length(description) <= 5000),
    constraint compliance_schedule_escalation_range check (escalation_days_after >= 0 and escalation_days_after <= 366),
    constraint compliance_schedule_filter_form check (jsonb_typeof(target_filter) = 'object'::text),
    constraint compliance_schedule_frequency_known check (frequency in ('monthly', 'quarterly', 'semi_annual', 'annual')),
    constraint compliance_schedule_joining_known check (joining in ('next_period', 'pro_rata')),
    constraint compliance_schedule_ladder_form check (jsonb_typeof(escalate_to) = 'array'::text),
    constraint compliance_schedule_notification_range check (notification_days_before >= 0 and notification_days_before <= 366),
    constraint compliance_schedule_period_range check (period_no >= 0),
    constraint compliance_schedule_required_form check (jsonb_typeof(required_fields) = 'array'::text),
    constraint compliance_schedule_target_known check (target_entity_type in ('client', 'contact', 'vendor')),
    constraint compliance_schedule_type_length check (char_length(compliance_type) >= 1 and char_length(compliance_type) <= 100),
    constraint compliance_schedule_version_range check (rule_version > 0),
    constraint "fk-compliance_schedule-tenant_id" foreign key (tenant_id) references tenants (id)
);
create index compliance_schedule_due on compliance_schedule (tenant_id, next_due_at, id)
    where is_active;
alter table compliance_schedule enable row level security;
alter table compliance_schedule force row level security;
create policy tenant on compliance_schedule for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on compliance_schedule
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant insert, select, update on compliance_schedule to keel_app;

create table compliance_checks (
    tenant_id uuid not null,
    id uuid not null,
    schedule_id uuid,
    compliance_type text not null,
    entity_type text not null,
    entity_id text not null,
    entity_name text,
    client_id text,
    contact_id uuid,
    period_start date not null,
    period_end date not null,
    due_on date not null,
    due_at timestamptz not null,
    status text not null default 'pending',
    assigned_to uuid,
    required_fields jsonb not null default '[]',
    rule_version integer not null default 1,
    missing_fields jsonb not null default '[]',
    validation_errors jsonb not null default '[]',
    validated_at timestamptz,
    round integer not null default 1,
    reopened_at timestamptz,
    reminder_sent_at timestamptz,
    reminder_count integer not null default 0,
    reminder_claim uuid,
    reminder_lease_until timestamptz,
    escalation_sent_at timestamptz,
    escalation_count integer not null default 0,
    escalated_to uuid,
    escalation_claim uuid,
    escalation_lease_until timestamptz,
    completed_at timestamptz,
    completed_by uuid,
    waived_reason text,
    waived_at timestamptz,
    waived_by uuid,
    waiver_until date,
    waived_under uuid,
    notes text,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-compliance_checks" primary key (tenant_id, id),
    constraint compliance_checks_completed_when check ((status = 'completed'::text) = (completed_at is not null)),
    constraint compliance_checks_counts_range check (round > 0 and reminder_count >= 0 and escalation_count >= 0),
    constraint compliance_checks_due_near_the_end check (due_on >= (period_end - 2) and due_on <= (period_end + 2)),
    constraint compliance_checks_entity_id_length check (char_length(entity_id) >= 1 and char_length(entity_id) <= 200),
    constraint compliance_checks_entity_name_length check (char_length(entity_name) >= 1 and char_length(entity_name) <= 250),
    constraint compliance_checks_entity_type_known check (entity_type in ('client', 'contact', 'vendor')),
    constraint compliance_checks_entity_whole check (case entity_type when 'client'::text then client_id is not null and client_id = entity_id and contact_id is null when 'contact'::text then contact_id is not null and contact_id::text = entity_id and client_id is not null else client_id is null and contact_id is null end),
    constraint compliance_checks_errors_form check (jsonb_typeof(validation_errors) = 'array'::text),
    constraint compliance_checks_escalated_when check ((escalation_count = 0 or escalation_sent_at is not null) and (status <> 'escalated'::text or escalation_count > 0)),
    constraint compliance_checks_escalation_claim_whole check ((escalation_claim is null) = (escalation_lease_until is null)),
    constraint compliance_checks_missing_form check (jsonb_typeof(missing_fields) = 'array'::text),
    constraint compliance_checks_notes_length check (char_length(notes) >= 1 and char_length(notes) <= 5000),
    constraint compliance_checks_period_order check (period_start < period_end),
    constraint compliance_checks_reminded_when check (reminder_count = 0 or reminder_sent_at is not null),
    constraint compliance_checks_reminder_claim_whole check ((reminder_claim is null) = (reminder_lease_until is null)),
    constraint compliance_checks_required_form check (jsonb_typeof(required_fields) = 'array'::text),
    constraint compliance_checks_status_known check (status in ('pending', 'in_progress', 'awaiting_response', 'completed', 'overdue', 'escalated', 'waived', 'skipped', 'cancelled')),
    constraint compliance_checks_type_length check (char_length(compliance_type) >= 1 and char_length(compliance_type) <= 100),
    constraint compliance_checks_version_range check (rule_version > 0),
    constraint compliance_checks_waived_by_another check (waived_by <> assigned_to),
    constraint compliance_checks_waived_reason_length check (char_length(waived_reason) >= 1 and char_length(waived_reason) <= 1000),
    constraint compliance_checks_waived_with_a_reason check ((status = 'waived'::text) = (waived_reason is not null) and (status = 'waived'::text) = (waived_at is not null) and (status = 'waived'::text) = (waived_by is not null) and (status = 'waived'::text or waiver_until is null and waived_under is null)),
    constraint "fk-compliance_checks-tenant_id" foreign key (tenant_id) references tenants (id),
    constraint "fk-compliance_checks-tenant_id-schedule_id" foreign key (tenant_id, schedule_id) references compliance_schedule (tenant_id, id)
);
create index compliance_checks_closed on compliance_checks (tenant_id, due_at)
    where status in ('completed', 'waived', 'skipped', 'cancelled');
create index compliance_checks_to_escalate on compliance_checks (tenant_id, due_at, id)
    where escalation_count < 3 and status in ('pending', 'in_progress', 'awaiting_response', 'overdue', 'escalated');
create index compliance_checks_to_remind on compliance_checks (tenant_id, due_at, id)
    where status in ('pending', 'in_progress', 'awaiting_response', 'overdue');
create index compliance_checks_created on compliance_checks (tenant_id, created_at);
create index compliance_checks_due on compliance_checks (tenant_id, due_at, id)
    where status in ('pending', 'in_progress', 'awaiting_response', 'overdue', 'escalated');
create index compliance_checks_entity on compliance_checks (tenant_id, entity_type, entity_id, due_at, id);
create unique index compliance_checks_once on compliance_checks (tenant_id, schedule_id, entity_type, entity_id, period_start);
alter table compliance_checks enable row level security;
alter table compliance_checks force row level security;
create policy tenant on compliance_checks for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on compliance_checks
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant insert, select, update on compliance_checks to keel_app;

create table compliance_check_events (
    tenant_id uuid not null,
    id uuid not null,
    check_id uuid not null,
    kind text not null,
    round integer not null default 1,
    n integer,
    actor text not null,
    happened_at timestamptz not null,
    notes text,
    evidence jsonb,
    constraint "pk-compliance_check_events" primary key (tenant_id, id),
    constraint compliance_check_events_actor_length check (char_length(actor) >= 1 and char_length(actor) <= 200),
    constraint compliance_check_events_evidence_of_kind check ((kind in ('validated', 'completed')) = (evidence is not null)),
    constraint compliance_check_events_kind_known check (kind in ('created', 'assigned', 'reminder', 'escalation', 'validated', 'completed', 'waived', 'skipped', 'reopened', 'cancelled')),
    constraint compliance_check_events_notes_length check (char_length(notes) >= 1 and char_length(notes) <= 5000),
    constraint compliance_check_events_step_of_kind check ((kind in ('reminder', 'escalation')) = (n is not null) and n > 0 and round > 0),
    constraint "fk-compliance_check_events-tenant_id-check_id" foreign key (tenant_id, check_id) references compliance_checks (tenant_id, id)
);
create index compliance_check_events_of_check on compliance_check_events (tenant_id, check_id, happened_at desc, id desc);
create unique index compliance_check_events_step_once on compliance_check_events (tenant_id, check_id, kind, round, n)
    where kind in ('reminder', 'escalation');
alter table compliance_check_events enable row level security;
alter table compliance_check_events force row level security;
create policy tenant on compliance_check_events for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select on compliance_check_events to keel_app;
