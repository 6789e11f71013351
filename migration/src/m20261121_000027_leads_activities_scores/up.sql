-- A lead's score is to be computed again, at once: what it is computed from was changed.
create function keel.lead_score_due() returns trigger
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
    new.score_due_at := null;
    return new;
end $$;
revoke all on function keel.lead_score_due() from public;

alter table engine_runs drop constraint engine_runs_step_known;
alter table engine_runs add constraint engine_runs_step_known check (step in ('compliance', 'deals', 'patterns', 'week', 'feedback', 'health', 'quotes', 'interventions', 'enrichment', 'leads', 'day'));

alter table leads add column score_due_at timestamptz;
alter table leads add column score_since timestamptz;
alter table leads add column score_decay integer not null default 0;
alter table leads add constraint leads_score_decay_range check (score_decay >= 0);
create index leads_score_due on leads (tenant_id, score_due_at, id) where deleted_at is null;
create trigger score_due before update on leads
    for each row when (new.source is distinct from old.source or new.time_zone is distinct from old.time_zone or new.phone_number is distinct from old.phone_number or new.last_contact_date is distinct from old.last_contact_date or new.deleted_at is distinct from old.deleted_at)
    execute function keel.lead_score_due();

create table lead_activities (
    tenant_id uuid not null,
    id uuid not null,
    lead_id uuid not null,
    user_id uuid,
    activity_type text not null,
    direction text,
    occurred_at timestamptz not null,
    external_id text,
    outcome text,
    duration_seconds integer,
    notes text,
    transcript_length integer,
    signals text[] not null,
    created_at timestamptz not null default current_timestamp,
    constraint "pk-lead_activities" primary key (tenant_id, id),
    constraint lead_activities_activity_type_known check (activity_type in ('call', 'sms_sent', 'sms_reply', 'email_sent', 'email_opened', 'email_clicked', 'email_reply', 'meeting', 'note')),
    constraint lead_activities_direction_known check (direction in ('inbound', 'outbound')),
    constraint lead_activities_direction_unless_note check ((activity_type = 'note'::text) = (direction is null)),
    constraint lead_activities_duration_range check (duration_seconds is null or duration_seconds >= 0 and duration_seconds <= 86400 and (activity_type in ('call', 'meeting'))),
    constraint lead_activities_external_id_length check (char_length(external_id) >= 1 and char_length(external_id) <= 200),
    constraint lead_activities_notes_length check (char_length(notes) >= 1 and char_length(notes) <= 10000),
    constraint lead_activities_outcome_known check (outcome in ('connected', 'voicemail', 'no_answer', 'busy', 'wrong_number')),
    constraint lead_activities_outcome_of_call check ((activity_type = 'call'::text) = (outcome is not null)),
    constraint lead_activities_signals_known check (signals <@ array['reply'::text, 'opened'::text, 'clicked'::text, 'interest'::text, 'questions'::text, 'callback'::text, 'handled'::text, 'objection'::text]),
    constraint lead_activities_transcript_of_call check (transcript_length is null or transcript_length >= 1 and transcript_length <= 3000 and not outcome is distinct from 'connected'::text),
    constraint "fk-lead_activities-tenant_id-lead_id" foreign key (tenant_id, lead_id) references leads (tenant_id, id)
);
create index lead_activities_noted on lead_activities (tenant_id, lead_id, occurred_at desc, id desc)
    where activity_type in ('note', 'email_opened', 'email_clicked', 'email_reply', 'sms_reply');
create index lead_activities_of_lead on lead_activities (tenant_id, lead_id, occurred_at desc, id desc);
create unique index lead_activities_once on lead_activities (tenant_id, external_id)
    where external_id is not null;
create index lead_activities_spoken on lead_activities (tenant_id, lead_id, occurred_at desc, id desc)
    where outcome = 'connected'::text;
alter table lead_activities enable row level security;
alter table lead_activities force row level security;
create policy tenant on lead_activities for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger kept before delete on lead_activities
    for each row
    execute function keel.refuse_change('lead_activities');
create trigger redacted before update on lead_activities
    for each row
    execute function keel.redact_only('notes', 'external_id');
grant insert, select, update on lead_activities to keel_app;

create table lead_qualifications (
    tenant_id uuid not null,
    lead_id uuid not null,
    business_interest integer,
    employment integer,
    income_commitment integer,
    experience integer,
    decision_making integer,
    asked_by uuid,
    answered_at timestamptz not null,
    constraint "pk-lead_qualifications" primary key (tenant_id, lead_id),
    constraint lead_qualifications_business_interest_range check (business_interest >= 0 and business_interest <= 25),
    constraint lead_qualifications_decision_making_range check (decision_making >= 0 and decision_making <= 15),
    constraint lead_qualifications_employment_range check (employment >= 0 and employment <= 20),
    constraint lead_qualifications_experience_range check (experience >= 0 and experience <= 15),
    constraint lead_qualifications_income_commitment_range check (income_commitment >= 0 and income_commitment <= 25),
    constraint "fk-lead_qualifications-tenant_id-lead_id" foreign key (tenant_id, lead_id) references leads (tenant_id, id)
);
alter table lead_qualifications enable row level security;
alter table lead_qualifications force row level security;
create policy tenant on lead_qualifications for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant delete, insert, select, update on lead_qualifications to keel_app;

create table lead_score_history (
    tenant_id uuid not null,
    id uuid not null,
    lead_id uuid not null,
    score integer not null,
    previous_score integer,
    score_class text not null,
    cause text not null,
    decay_months integer not null default 0,
    factors jsonb,
    weights jsonb,
    actor text not null,
    reason text,
    calculated_at timestamptz not null,
    constraint "pk-lead_score_history" primary key (tenant_id, id),
    constraint lead_score_history_cause_known check (cause in ('computed', 'decayed', 'overridden')),
    constraint lead_score_history_decay_months_range check (decay_months >= 0),
    constraint lead_score_history_factors_sum check ((((factors ->> 'qualification'::text)::bigint) + ((factors ->> 'engagement'::text)::bigint) + ((factors ->> 'intent'::text)::bigint) + ((factors ->> 'demographic'::text)::bigint) + coalesce((factors ->> 'override'::text)::bigint, 0::bigint)) = score and ((factors ->> 'total'::text)::bigint) = score),
    constraint lead_score_history_previous_score_range check (previous_score >= 0 and previous_score <= 100),
    constraint lead_score_history_reason_length check (char_length(reason) >= 1 and char_length(reason) <= 500),
    constraint lead_score_history_score_class_known check (score_class in ('cold', 'cool', 'warm', 'hot')),
    constraint lead_score_history_score_range check (score >= 0 and score <= 100),
    constraint "fk-lead_score_history-tenant_id-lead_id" foreign key (tenant_id, lead_id) references leads (tenant_id, id)
);
create index lead_score_history_of_lead on lead_score_history (tenant_id, lead_id, calculated_at desc, id desc);
alter table lead_score_history enable row level security;
alter table lead_score_history force row level security;
create policy tenant on lead_score_history for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select on lead_score_history to keel_app;

create table lead_score_overrides (
    tenant_id uuid not null,
    id uuid not null,
    lead_id uuid not null,
    score integer not null,
    owner_id uuid not null,
    reason text not null,
    set_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    constraint "pk-lead_score_overrides" primary key (tenant_id, id),
    constraint lead_score_overrides_ended_after check (ended_at >= set_at),
    constraint lead_score_overrides_expires_after check (expires_at > set_at),
    constraint lead_score_overrides_reason_length check (char_length(reason) >= 1 and char_length(reason) <= 500),
    constraint lead_score_overrides_score_range check (score >= 0 and score <= 100),
    constraint "fk-lead_score_overrides-tenant_id-lead_id" foreign key (tenant_id, lead_id) references leads (tenant_id, id)
);
create index lead_score_overrides_of_lead on lead_score_overrides (tenant_id, lead_id);
create unique index lead_score_overrides_present on lead_score_overrides (tenant_id, lead_id)
    where ended_at is null;
alter table lead_score_overrides enable row level security;
alter table lead_score_overrides force row level security;
create policy tenant on lead_score_overrides for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select, update on lead_score_overrides to keel_app;
