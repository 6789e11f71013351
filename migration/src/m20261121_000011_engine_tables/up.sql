create trigger touched before update on tenants
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();

create trigger touched before update on customers
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();

create trigger touched before update on client_health_scores
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();

create trigger touched before update on call_pattern_analysis
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();

create trigger touched before update on call_records
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();

create table case_counters (
    tenant_id uuid not null,
    year integer not null,
    last_number bigint not null,
    constraint "pk-case_counters" primary key (tenant_id, year),
    constraint case_counters_range check (last_number > 0 and year >= 1970 and year <= 9999),
    constraint "fk-case_counters-tenant_id" foreign key (tenant_id) references tenants (id)
);
alter table case_counters enable row level security;
alter table case_counters force row level security;
create policy tenant on case_counters for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant delete, insert, select, update on case_counters to keel_app;

create trigger touched before update on contacts
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();

create table cases (
    tenant_id uuid not null,
    id uuid not null,
    client_id text not null,
    contact_id uuid,
    order_id uuid,
    case_number text not null,
    category text not null,
    subject text not null,
    description text,
    opened_by uuid,
    priority text not null,
    status text not null default 'new',
    resolved_at timestamptz,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-cases" primary key (tenant_id, id),
    constraint cases_category_length check (char_length(category) >= 1 and char_length(category) <= 100),
    constraint cases_number_form check (case_number ~ '^CASE-[0-9]{4}-[0-9]{4,}$'::text),
    constraint cases_priority_known check (priority in ('low', 'normal', 'high', 'urgent')),
    constraint cases_resolved_at check ((status in ('resolved', 'closed')) = (resolved_at is not null)),
    constraint cases_status_known check (status in ('new', 'open', 'in_progress', 'pending', 'resolved', 'closed')),
    constraint cases_subject_length check (char_length(subject) >= 1 and char_length(subject) <= 500),
    constraint "fk-cases-tenant_id-client_id" foreign key (tenant_id, client_id) references customers (tenant_id, client_id) on delete cascade,
    constraint "fk-cases-tenant_id-contact_id" foreign key (tenant_id, contact_id) references contacts (tenant_id, id)
);
create unique index cases_number on cases (tenant_id, case_number);
create index cases_of_client on cases (tenant_id, client_id, id);
create index cases_of_contact on cases (tenant_id, contact_id);
create index cases_open_of_order on cases (tenant_id, order_id)
    where status not in ('resolved', 'closed');
alter table cases enable row level security;
alter table cases force row level security;
create policy tenant on cases for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on cases
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant delete, insert, select, update on cases to keel_app;

create trigger touched before update on users
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();

create trigger touched before update on deals
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
create trigger deal_stage_entered before update on deals
    for each row when (new.stage <> old.stage and new.stage_entered_at = old.stage_entered_at)
    execute function keel.enter_deal_stage();
create trigger deal_stage_change after update on deals
    for each row when (new.stage <> old.stage)
    execute function keel.log_deal_stage_change();

create trigger deal_activity_update after insert on deal_activities
    for each row when (new.activity_type in ('email_two_way', 'call_connected', 'meeting_held', 'note', 'quote_viewed')) execute function keel.update_deal_last_activity();

create trigger touched before update on deal_stage_config
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();

create index deal_stage_history_velocity on deal_stage_history (tenant_id, changed_at, from_stage, days_in_previous_stage);

create table engine_runs (
    tenant_id uuid not null,
    id uuid not null,
    step text not null,
    slot timestamptz not null,
    began_at timestamptz not null,
    ended_at timestamptz,
    handled bigint not null default 0,
    failed bigint not null default 0,
    part integer not null default 0,
    again boolean not null default false,
    resume_at timestamptz,
    last_error text,
    constraint "pk-engine_runs" primary key (tenant_id, id),
    constraint engine_runs_counts check (handled >= 0 and failed >= 0 and part >= 0),
    constraint engine_runs_step_known check (step in ('compliance', 'deals', 'patterns', 'week', 'feedback', 'health', 'quotes', 'interventions', 'enrichment', 'day')),
    constraint "fk-engine_runs-tenant_id" foreign key (tenant_id) references tenants (id)
);
create unique index engine_runs_slot on engine_runs (tenant_id, step, slot);
alter table engine_runs enable row level security;
alter table engine_runs force row level security;
create policy tenant on engine_runs for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant delete, insert, select, update on engine_runs to keel_app;

create table outbox (
    tenant_id uuid not null,
    id uuid not null,
    topic text not null,
    subject_id uuid not null,
    key text not null,
    payload jsonb not null,
    why text not null,
    enqueued_at timestamptz not null,
    state text not null default 'pending',
    attempts integer not null default 0,
    not_before timestamptz,
    claim uuid,
    lease_until timestamptz,
    ended_at timestamptz,
    last_error text,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-outbox" primary key (tenant_id, id),
    constraint outbox_attempts_range check (attempts >= 0 and attempts <= 1000),
    constraint outbox_claim_whole check ((claim is null) = (lease_until is null)),
    constraint outbox_ended check ((state = 'pending'::text) = (ended_at is null)),
    constraint outbox_key_length check (char_length(key) >= 1 and char_length(key) <= 200),
    constraint outbox_state_known check (state in ('pending', 'delivered', 'cancelled', 'dead')),
    constraint outbox_topic_known check (topic in ('deal_follow_up', 'quote_follow_up', 'feedback_request', 'enrichment_request', 'compliance_reminder', 'compliance_escalation', 'intervention')),
    constraint outbox_why_length check (char_length(why) >= 1 and char_length(why) <= 500),
    constraint "fk-outbox-tenant_id" foreign key (tenant_id) references tenants (id)
);
create index outbox_dead on outbox (tenant_id, id) where state = 'dead'::text;
create index outbox_decided on outbox (tenant_id, topic, enqueued_at);
create unique index outbox_key on outbox (tenant_id, key);
create index outbox_line on outbox (tenant_id, subject_id, id) where state = 'pending'::text;
create index outbox_of_subject on outbox (tenant_id, topic, subject_id)
    where state in ('pending', 'dead');
create index outbox_pending on outbox (tenant_id, id) where state = 'pending'::text;
alter table outbox enable row level security;
alter table outbox force row level security;
create policy tenant on outbox for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on outbox
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant delete, insert, select, update on outbox to keel_app;

create trigger touched before update on quotes
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();

create table tasks (
    tenant_id uuid not null,
    id uuid not null,
    client_id text,
    contact_id uuid,
    deal_id uuid,
    assigned_to uuid,
    title text not null,
    description text,
    priority text not null,
    due_date timestamptz,
    created_by uuid,
    status text not null default 'pending',
    completed_at timestamptz,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-tasks" primary key (tenant_id, id),
    constraint tasks_completed_at check ((status = 'completed'::text) = (completed_at is not null)),
    constraint tasks_priority_known check (priority in ('low', 'normal', 'high', 'urgent')),
    constraint tasks_status_known check (status in ('pending', 'in_progress', 'completed', 'cancelled')),
    constraint tasks_title_length check (char_length(title) >= 1 and char_length(title) <= 500),
    constraint "fk-tasks-tenant_id-assigned_to" foreign key (tenant_id, assigned_to) references users (tenant_id, id),
    constraint "fk-tasks-tenant_id-client_id" foreign key (tenant_id, client_id) references customers (tenant_id, client_id) on delete cascade,
    constraint "fk-tasks-tenant_id-contact_id" foreign key (tenant_id, contact_id) references contacts (tenant_id, id),
    constraint "fk-tasks-tenant_id-deal_id" foreign key (tenant_id, deal_id) references deals (tenant_id, id) on delete cascade
);
create index tasks_of_assignee on tasks (tenant_id, assigned_to, due_date, id);
create index tasks_of_client on tasks (tenant_id, client_id);
create index tasks_of_contact on tasks (tenant_id, contact_id);
create index tasks_of_deal on tasks (tenant_id, deal_id);
alter table tasks enable row level security;
alter table tasks force row level security;
create policy tenant on tasks for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on tasks
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant delete, insert, select, update on tasks to keel_app;
