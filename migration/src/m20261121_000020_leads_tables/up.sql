-- A record may lose what tells who somebody was, in the columns named, and change in nothing else.
create function keel.redact_only() returns trigger
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    was jsonb := to_jsonb(old);
    becomes jsonb := to_jsonb(new);
    col text;
begin
    foreach col in array tg_argv loop
        if becomes ->> col is not null and becomes ->> col is distinct from was ->> col then
            raise exception '% of a record may be taken out, and not changed', col
                using errcode = 'insufficient_privilege';
        end if;
        was := was - col;
        becomes := becomes - col;
    end loop;
    if was <> becomes then
        raise exception 'a record may lose what it says, and not say another thing'
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
revoke all on function keel.redact_only() from public;

create table lead_audit_log (
    tenant_id uuid not null,
    id uuid not null,
    lead_id uuid not null,
    user_id uuid,
    actor text not null,
    field_name text not null,
    old_value text,
    new_value text,
    version integer not null,
    change_reason text,
    ip_address text,
    user_agent text,
    changed_at timestamptz not null,
    constraint "pk-lead_audit_log" primary key (tenant_id, id),
    constraint lead_audit_log_field_name_length check (char_length(field_name) >= 1 and char_length(field_name) <= 100),
    constraint lead_audit_log_ip_address_length check (char_length(ip_address) >= 1 and char_length(ip_address) <= 45),
    constraint lead_audit_log_reason_length check (char_length(change_reason) >= 1 and char_length(change_reason) <= 255),
    constraint lead_audit_log_user_agent_length check (char_length(user_agent) >= 1 and char_length(user_agent) <= 500),
    constraint lead_audit_log_version_range check (version >= 1)
);
create index lead_audit_log_of_lead on lead_audit_log (tenant_id, lead_id, version, id);
alter table lead_audit_log enable row level security;
alter table lead_audit_log force row level security;
create policy tenant on lead_audit_log for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger kept before delete on lead_audit_log
    for each row
    execute function keel.refuse_change('lead_audit_log');
create trigger redacted before update on lead_audit_log
    for each row
    execute function keel.redact_only('old_value', 'new_value', 'change_reason', 'ip_address', 'user_agent');
grant insert, select, update on lead_audit_log to keel_app;

create table leads (
    tenant_id uuid not null,
    id uuid not null,
    user_id uuid,
    first_name text not null,
    last_name text not null,
    phone_number text,
    phone_extension text,
    email text,
    address text,
    city text,
    state text,
    zip text,
    country text,
    time_zone text,
    source text,
    sub_source text,
    source_metadata jsonb,
    tags text[] not null,
    notes text,
    status text not null default 'new',
    status_since timestamptz not null,
    lead_score integer not null default 0,
    lead_score_factors jsonb,
    last_contact_date timestamptz,
    interaction_count integer not null default 0,
    calling_blocked boolean not null default false,
    version integer not null default 1,
    converted_client_id text,
    converted_contact_id uuid,
    converted_at timestamptz,
    merged_into_id uuid,
    deleted_at timestamptz,
    erased_at timestamptz,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-leads" primary key (tenant_id, id),
    constraint leads_address_length check (char_length(address) >= 1 and char_length(address) <= 500),
    constraint leads_city_length check (char_length(city) >= 1 and char_length(city) <= 100),
    constraint leads_converted_whole check ((converted_client_id is null) = (converted_at is null) and (converted_contact_id is null or converted_at is not null)),
    constraint leads_country_form check (country ~ '^[A-Z]{2}$'::text),
    constraint leads_email_form check (email = lower(email) and char_length(email) <= 254),
    constraint leads_erased_is_deleted check (erased_at is null or deleted_at is not null),
    constraint leads_first_name_length check (char_length(first_name) >= 1 and char_length(first_name) <= 100),
    constraint leads_interaction_count_range check (interaction_count >= 0),
    constraint leads_last_name_length check (char_length(last_name) >= 1 and char_length(last_name) <= 100),
    constraint leads_lead_score_range check (lead_score >= 0 and lead_score <= 100),
    constraint leads_merged_is_deleted check (merged_into_id is null or deleted_at is not null and merged_into_id <> id),
    constraint leads_notes_length check (char_length(notes) >= 1 and char_length(notes) <= 10000),
    constraint leads_phone_extension_length check (char_length(phone_extension) >= 1 and char_length(phone_extension) <= 20),
    constraint leads_phone_number_form check (phone_number ~ '^\+[1-9][0-9]{6,14}$'::text),
    constraint leads_phone_number_unless_erased check ((phone_number is null) = (erased_at is not null)),
    constraint leads_source_length check (char_length(source) >= 1 and char_length(source) <= 100),
    constraint leads_state_length check (char_length(state) >= 1 and char_length(state) <= 50),
    constraint leads_status_dnc_blocks check (status <> 'dnc'::text or calling_blocked),
    constraint leads_status_known check (status in ('new', 'contacted', 'qualified', 'nurturing', 'hot', 'cold', 'recruited', 'dnc')),
    constraint leads_sub_source_length check (char_length(sub_source) >= 1 and char_length(sub_source) <= 100),
    constraint leads_tags_number check (cardinality(tags) <= 50),
    constraint leads_version_range check (version >= 1),
    constraint leads_zip_length check (char_length(zip) >= 1 and char_length(zip) <= 20),
    constraint "fk-leads-tenant_id" foreign key (tenant_id) references tenants (id),
    constraint "fk-leads-tenant_id-converted_client_id" foreign key (tenant_id, converted_client_id) references customers (tenant_id, client_id),
    constraint "fk-leads-tenant_id-converted_contact_id" foreign key (tenant_id, converted_contact_id) references contacts (tenant_id, id),
    constraint "fk-leads-tenant_id-merged_into_id" foreign key (tenant_id, merged_into_id) references leads (tenant_id, id),
    constraint "fk-leads-tenant_id-user_id" foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index leads_by_contact on leads (tenant_id, last_contact_date, id) where deleted_at is null;
create index leads_by_score on leads (tenant_id, lead_score, id) where deleted_at is null;
create index leads_by_source on leads (tenant_id, source, id) where deleted_at is null;
create index leads_by_status on leads (tenant_id, status, id) where deleted_at is null;
create index leads_by_status_score on leads (tenant_id, status, lead_score, id)
    where deleted_at is null;
create index leads_merged on leads (tenant_id, merged_into_id);
create index leads_of_client on leads (tenant_id, converted_client_id);
create index leads_of_contact on leads (tenant_id, converted_contact_id);
create index leads_of_email on leads (tenant_id, email)
    where email is not null and deleted_at is null;
create index leads_of_owner on leads (tenant_id, user_id, id);
create unique index leads_phone on leads (tenant_id, phone_number) where deleted_at is null;
alter table leads enable row level security;
alter table leads force row level security;
create policy tenant on leads for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on leads
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant insert, select, update on leads to keel_app;

create table lead_status_history (
    tenant_id uuid not null,
    id uuid not null,
    lead_id uuid not null,
    from_status text,
    to_status text not null,
    changed_by_user_id uuid,
    actor text not null,
    trigger_type text not null,
    trigger_id uuid,
    reason text,
    changed_at timestamptz not null,
    left_at timestamptz,
    constraint "pk-lead_status_history" primary key (tenant_id, id),
    constraint lead_status_history_from_status_known check (from_status in ('new', 'contacted', 'qualified', 'nurturing', 'hot', 'cold', 'recruited', 'dnc')),
    constraint lead_status_history_is_a_change check (from_status <> to_status),
    constraint lead_status_history_left_after check (left_at >= changed_at),
    constraint lead_status_history_reason_length check (char_length(reason) >= 1 and char_length(reason) <= 500),
    constraint lead_status_history_to_status_known check (to_status in ('new', 'contacted', 'qualified', 'nurturing', 'hot', 'cold', 'recruited', 'dnc')),
    constraint lead_status_history_trigger_type_known check (trigger_type in ('manual', 'call', 'automation', 'ai_recommendation', 'import', 'dnc_list', 'merge')),
    constraint "fk-lead_status_history-tenant_id-lead_id" foreign key (tenant_id, lead_id) references leads (tenant_id, id)
);
create index lead_status_history_of_lead on lead_status_history (tenant_id, lead_id, changed_at, id);
create unique index lead_status_history_present on lead_status_history (tenant_id, lead_id)
    where left_at is null;
alter table lead_status_history enable row level security;
alter table lead_status_history force row level security;
create policy tenant on lead_status_history for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select, update on lead_status_history to keel_app;

create table lead_tags (
    tenant_id uuid not null,
    tag text not null,
    lead_id uuid not null,
    constraint "pk-lead_tags" primary key (tenant_id, tag, lead_id),
    constraint lead_tags_tag_form check (char_length(tag) >= 1 and char_length(tag) <= 50 and tag = lower(btrim(tag))),
    constraint "fk-lead_tags-tenant_id-lead_id" foreign key (tenant_id, lead_id) references leads (tenant_id, id) on delete cascade
);
create index lead_tags_of_lead on lead_tags (tenant_id, lead_id);
alter table lead_tags enable row level security;
alter table lead_tags force row level security;
create policy tenant on lead_tags for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant delete, insert, select, update on lead_tags to keel_app;

create table lead_words (
    tenant_id uuid not null,
    lead_id uuid not null,
    word text not null,
    constraint "pk-lead_words" primary key (tenant_id, lead_id, word),
    constraint lead_words_word_length check (char_length(word) >= 1 and char_length(word) <= 64),
    constraint "fk-lead_words-tenant_id-lead_id" foreign key (tenant_id, lead_id) references leads (tenant_id, id) on delete cascade
);
create index lead_words_prefix on lead_words (tenant_id, word text_pattern_ops, lead_id);
alter table lead_words enable row level security;
alter table lead_words force row level security;
create policy tenant on lead_words for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant delete, insert, select, update on lead_words to keel_app;
