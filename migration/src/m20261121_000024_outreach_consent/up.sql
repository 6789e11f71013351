create table call_attempts (
    tenant_id uuid not null,
    id uuid not null,
    phone_number text not null,
    purpose text not null,
    channel text not null,
    subject text,
    place text,
    lead_id uuid,
    contact_id uuid,
    outcome text not null,
    actor text not null,
    attempted_at timestamptz not null,
    constraint "pk-call_attempts" primary key (tenant_id, id),
    constraint call_attempts_actor_length check (char_length(actor) >= 1 and char_length(actor) <= 200),
    constraint call_attempts_channel_known check (channel in ('call', 'autodialled_call', 'sms', 'email')),
    constraint call_attempts_outcome_known check (outcome in ('dialled', 'refused', 'reported')),
    constraint call_attempts_phone_number_form check (phone_number ~ '^\+[1-9][0-9]{6,14}$'::text),
    constraint call_attempts_place_length check (char_length(place) >= 1 and char_length(place) <= 20),
    constraint call_attempts_purpose_known check (purpose in ('marketing', 'informational')),
    constraint call_attempts_subject_length check (char_length(subject) >= 1 and char_length(subject) <= 200)
);
create index call_attempts_of_lead on call_attempts (tenant_id, lead_id, attempted_at desc, id desc)
    where lead_id is not null;
create index call_attempts_of_number on call_attempts (tenant_id, phone_number, attempted_at desc, id desc);
alter table call_attempts enable row level security;
alter table call_attempts force row level security;
create policy tenant on call_attempts for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger sealed before delete or update on call_attempts
    for each row
    execute function keel.refuse_change('call_attempts');
create trigger sealed_whole before truncate on call_attempts
    for each statement
    execute function keel.refuse_change('call_attempts');
grant insert, select on call_attempts to keel_app;

create table consents (
    tenant_id uuid not null,
    id uuid not null,
    subject text not null,
    purpose text not null,
    channel text not null,
    basis text not null,
    text_version text,
    source text not null,
    captured_by text not null,
    reference text,
    granted_at timestamptz not null,
    revoked_at timestamptz,
    revoked_how text,
    void_from timestamptz,
    recorded_at timestamptz not null,
    constraint "pk-consents" primary key (tenant_id, id),
    constraint consents_basis_known check (basis in ('none', 'express', 'express_written')),
    constraint consents_captured_by_length check (char_length(captured_by) >= 1 and char_length(captured_by) <= 200),
    constraint consents_channel_known check (channel in ('call', 'autodialled_call', 'sms', 'email')),
    constraint consents_channel_of_subject check ((channel = 'email'::text) = (subject !~~ '+%'::text)),
    constraint consents_none_is_revoked check (basis <> 'none'::text or coalesce(revoked_at = granted_at, false)),
    constraint consents_purpose_known check (purpose in ('marketing', 'informational')),
    constraint consents_reference_length check (char_length(reference) >= 1 and char_length(reference) <= 500),
    constraint consents_revoked_somehow check ((revoked_at is null) = (revoked_how is null) and revoked_at >= granted_at and char_length(revoked_how) >= 1 and char_length(revoked_how) <= 500),
    constraint consents_source_length check (char_length(source) >= 1 and char_length(source) <= 100),
    constraint consents_subject_form check (subject ~ '^\+[1-9][0-9]{6,14}$'::text or subject ~~ '_%@_%'::text and char_length(subject) <= 254),
    constraint consents_text_version_length check (char_length(text_version) >= 1 and char_length(text_version) <= 200),
    constraint consents_written_has_a_text check (basis <> 'express_written'::text or text_version is not null),
    constraint "fk-consents-tenant_id" foreign key (tenant_id) references tenants (id)
);
create unique index consents_of_subject on consents (tenant_id, subject, purpose, channel, granted_at);
alter table consents enable row level security;
alter table consents force row level security;
create policy tenant on consents for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select, update on consents to keel_app;

alter table dnc_checks drop constraint dnc_checks_refusals_known;
alter table dnc_checks add constraint dnc_checks_refusals_known check (refusals <@ array['unparseable'::text, 'listed'::text, 'premium'::text, 'outside_window'::text, 'unknown_zone'::text, 'clearance_expired'::text, 'suppressed'::text, 'listed_externally'::text, 'stale_scrub'::text, 'no_consent'::text, 'capped'::text, 'banned_day'::text]);
create index dnc_checks_guarded on dnc_checks (tenant_id, checked_at) include (purpose, verdict)
    where purpose in ('clear', 'dial');

alter table dnc_list add column retracted boolean not null default false;
alter table dnc_list add constraint dnc_list_retracted_is_removed check (not retracted or removed_at is not null);
create index dnc_list_removed on dnc_list (tenant_id, removed_at) where removed_at is not null;
create index dnc_list_newest on dnc_list (tenant_id, added_at desc, id desc);
create index dnc_list_from_source on dnc_list (tenant_id, source, added_at desc, id desc);
create index dnc_list_for_reason on dnc_list (tenant_id, reason, added_at desc, id desc);

create table external_lists (
    tenant_id uuid not null,
    id uuid not null,
    kind text not null,
    jurisdiction text not null,
    source text not null,
    as_of timestamptz not null,
    loaded_at timestamptz not null,
    loaded_by text not null,
    superseded_at timestamptz,
    constraint "pk-external_lists" primary key (tenant_id, id),
    constraint external_lists_jurisdiction_form check (jurisdiction ~ '^[A-Z]{2}(-[A-Z0-9]{1,3})?$'::text),
    constraint external_lists_kind_known check (kind in ('national', 'state', 'rnd', 'wireless', 'litigator')),
    constraint external_lists_loaded_after check (loaded_at >= as_of),
    constraint external_lists_loaded_by_length check (char_length(loaded_by) >= 1 and char_length(loaded_by) <= 200),
    constraint external_lists_source_length check (char_length(source) >= 1 and char_length(source) <= 200),
    constraint external_lists_state_is_a_state check (kind <> 'state'::text or jurisdiction ~~ '%-%'::text),
    constraint "fk-external_lists-tenant_id" foreign key (tenant_id) references tenants (id)
);
create unique index external_lists_live on external_lists (tenant_id, kind, jurisdiction)
    where superseded_at is null;
create unique index external_lists_version on external_lists (tenant_id, kind, jurisdiction, as_of);
alter table external_lists enable row level security;
alter table external_lists force row level security;
create policy tenant on external_lists for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select, update on external_lists to keel_app;

create table external_list_numbers (
    tenant_id uuid not null,
    id uuid not null,
    list_id uuid not null,
    phone_number text not null,
    answer text not null,
    consent_date date,
    constraint "pk-external_list_numbers" primary key (tenant_id, id),
    constraint external_list_numbers_answer_known check (answer in ('listed', 'yes', 'no', 'no_data')),
    constraint external_list_numbers_date_if_asked check ((answer = 'listed'::text) = (consent_date is null)),
    constraint external_list_numbers_date_range check (consent_date >= '1970-01-01'::date and consent_date <= '9999-12-31'::date),
    constraint external_list_numbers_phone_number_form check (phone_number ~ '^\+[1-9][0-9]{6,14}$'::text),
    constraint "fk-external_list_numbers-tenant_id-list_id" foreign key (tenant_id, list_id) references external_lists (tenant_id, id)
);
create unique index external_list_numbers_once on external_list_numbers (tenant_id, list_id, phone_number, consent_date) nulls not distinct;
alter table external_list_numbers enable row level security;
alter table external_list_numbers force row level security;
create policy tenant on external_list_numbers for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select on external_list_numbers to keel_app;

create table opt_out_reviews (
    tenant_id uuid not null,
    id uuid not null,
    phone_number text not null,
    phrase text not null,
    excerpt text not null,
    grade text not null,
    source text not null,
    reference text,
    heard_by text not null,
    heard_at timestamptz not null,
    dnc_id uuid,
    state text not null,
    decided_at timestamptz,
    decided_by text,
    decided_because text,
    constraint "pk-opt_out_reviews" primary key (tenant_id, id),
    constraint opt_out_reviews_decided_because_length check (char_length(decided_because) >= 1 and char_length(decided_because) <= 500),
    constraint opt_out_reviews_decided_by_length check (char_length(decided_by) >= 1 and char_length(decided_by) <= 200),
    constraint opt_out_reviews_decided_by_somebody check ((state = 'pending'::text) = (decided_at is null) and (decided_at is null) = (decided_by is null) and (decided_at is null) = (decided_because is null) and decided_at >= heard_at),
    constraint opt_out_reviews_entry_if_listed check (dnc_id is not null or grade = 'review'::text and state <> 'confirmed'::text),
    constraint opt_out_reviews_excerpt_length check (char_length(excerpt) >= 1 and char_length(excerpt) <= 1000),
    constraint opt_out_reviews_grade_known check (grade in ('certain', 'review')),
    constraint opt_out_reviews_heard_by_length check (char_length(heard_by) >= 1 and char_length(heard_by) <= 200),
    constraint opt_out_reviews_phone_number_form check (phone_number ~ '^\+[1-9][0-9]{6,14}$'::text),
    constraint opt_out_reviews_phrase_length check (char_length(phrase) >= 1 and char_length(phrase) <= 200),
    constraint opt_out_reviews_reference_length check (char_length(reference) >= 1 and char_length(reference) <= 200),
    constraint opt_out_reviews_source_length check (char_length(source) >= 1 and char_length(source) <= 100),
    constraint opt_out_reviews_state_known check (state in ('pending', 'confirmed', 'dismissed')),
    constraint "fk-opt_out_reviews-tenant_id" foreign key (tenant_id) references tenants (id)
);
create index opt_out_reviews_of_number on opt_out_reviews (tenant_id, phone_number, heard_at desc, id desc);
create unique index opt_out_reviews_pending on opt_out_reviews (tenant_id, phone_number, phrase, grade)
    where state = 'pending'::text;
create index opt_out_reviews_queue on opt_out_reviews (tenant_id, heard_at, id)
    where state = 'pending'::text;
alter table opt_out_reviews enable row level security;
alter table opt_out_reviews force row level security;
create policy tenant on opt_out_reviews for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select, update on opt_out_reviews to keel_app;

create table suppression_keys (
    tenant_id uuid not null,
    id uuid not null,
    inner_pad text not null,
    outer_pad text not null,
    made_at timestamptz not null,
    constraint "pk-suppression_keys" primary key (tenant_id, id),
    constraint suppression_keys_pads_form check (inner_pad ~ '^[0-9a-f]{128}$'::text and outer_pad ~ '^[0-9a-f]{128}$'::text),
    constraint "fk-suppression_keys-tenant_id" foreign key (tenant_id) references tenants (id)
);
create unique index suppression_keys_one on suppression_keys (tenant_id);
alter table suppression_keys enable row level security;
alter table suppression_keys force row level security;
create policy tenant on suppression_keys for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger sealed before delete or update on suppression_keys
    for each row
    execute function keel.refuse_change('suppression_keys');
create trigger sealed_whole before truncate on suppression_keys
    for each statement
    execute function keel.refuse_change('suppression_keys');
grant insert, select on suppression_keys to keel_app;

create table suppressions (
    tenant_id uuid not null,
    id uuid not null,
    digest text not null,
    reason text not null,
    suppressed_by text not null,
    suppressed_at timestamptz not null,
    lifted_at timestamptz,
    lifted_because text,
    constraint "pk-suppressions" primary key (tenant_id, id),
    constraint suppressions_digest_form check (digest ~ '^[0-9a-f]{64}$'::text),
    constraint suppressions_lifting_has_a_reason check ((lifted_at is null) = (lifted_because is null) and lifted_at >= suppressed_at and char_length(lifted_because) >= 1 and char_length(lifted_because) <= 500),
    constraint suppressions_reason_length check (char_length(reason) >= 1 and char_length(reason) <= 100),
    constraint suppressions_suppressed_by_length check (char_length(suppressed_by) >= 1 and char_length(suppressed_by) <= 200),
    constraint "fk-suppressions-tenant_id" foreign key (tenant_id) references tenants (id)
);
create unique index suppressions_live on suppressions (tenant_id, digest) include (suppressed_at)
    where lifted_at is null;
alter table suppressions enable row level security;
alter table suppressions force row level security;
create policy tenant on suppressions for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select, update on suppressions to keel_app;
