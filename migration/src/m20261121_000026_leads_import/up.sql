create table lead_imports (
    tenant_id uuid not null,
    id uuid not null,
    file_name text not null,
    file_hash text not null,
    idempotency_key text,
    format text not null,
    mapping jsonb not null,
    source text,
    user_id uuid,
    ignored_columns text[] not null,
    rows integer not null,
    imported integer not null,
    do_not_call integer not null,
    duplicates_in_file integer not null,
    duplicates_of_leads integer not null,
    suppressed integer not null,
    invalid integer not null,
    status text not null default 'completed',
    imported_at timestamptz not null,
    imported_by uuid,
    reverted_at timestamptz,
    reverted_by uuid,
    revert_reason text,
    removed_leads integer,
    kept_leads integer,
    constraint "pk-lead_imports" primary key (tenant_id, id),
    constraint lead_imports_counts_add_up check (rows = (imported + do_not_call + duplicates_in_file + duplicates_of_leads + suppressed + invalid) and least(imported, do_not_call, duplicates_in_file, duplicates_of_leads, suppressed, invalid) >= 0),
    constraint lead_imports_file_hash_form check (file_hash ~ '^[0-9a-f]{64}$'::text),
    constraint lead_imports_file_name_length check (char_length(file_name) >= 1 and char_length(file_name) <= 255),
    constraint lead_imports_format_known check (format in ('csv', 'xlsx', 'json', 'email_text')),
    constraint lead_imports_key_length check (char_length(idempotency_key) >= 1 and char_length(idempotency_key) <= 200),
    constraint lead_imports_reverted_counts check (removed_leads >= 0 and kept_leads >= 0 and (removed_leads + kept_leads) <= (imported + do_not_call)),
    constraint lead_imports_reverted_whole check (case status when 'reverted'::text then reverted_at is not null and char_length(revert_reason) >= 1 and char_length(revert_reason) <= 500 and removed_leads is not null and kept_leads is not null else reverted_at is null and reverted_by is null and revert_reason is null and removed_leads is null and kept_leads is null end),
    constraint lead_imports_source_length check (char_length(source) >= 1 and char_length(source) <= 100),
    constraint lead_imports_status_known check (status in ('completed', 'reverted')),
    constraint "fk-lead_imports-tenant_id" foreign key (tenant_id) references tenants (id)
);
create unique index lead_imports_file on lead_imports (tenant_id, file_hash)
    where status <> 'reverted'::text;
create unique index lead_imports_key on lead_imports (tenant_id, idempotency_key);
create index lead_imports_latest on lead_imports (tenant_id, imported_at desc, id desc);
alter table lead_imports enable row level security;
alter table lead_imports force row level security;
create policy tenant on lead_imports for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select, update on lead_imports to keel_app;

create table lead_import_rows (
    tenant_id uuid not null,
    import_id uuid not null,
    row_no integer not null,
    line integer not null,
    outcome text not null,
    lead_id uuid,
    reason text,
    warning text,
    row_values jsonb,
    kept text,
    constraint "pk-lead_import_rows" primary key (tenant_id, import_id, row_no),
    constraint lead_import_rows_kept_known check (kept in ('edited', 'contacted', 'converted', 'assigned', 'gone')),
    constraint lead_import_rows_kept_of_imported check (kept is null or (outcome in ('imported', 'do_not_call'))),
    constraint lead_import_rows_lead_of_outcome check ((lead_id is not null) = (outcome in ('imported', 'do_not_call', 'duplicate_of_lead'))),
    constraint lead_import_rows_outcome_known check (outcome in ('imported', 'do_not_call', 'duplicate_in_file', 'duplicate_of_lead', 'suppressed', 'invalid')),
    constraint lead_import_rows_place_range check (row_no >= 1 and line >= 1),
    constraint lead_import_rows_reason_of_outcome check ((reason is not null) = (outcome in ('invalid', 'suppressed', 'duplicate_in_file')) and char_length(reason) >= 1 and char_length(reason) <= 2000),
    constraint lead_import_rows_values_of_invalid check (row_values is null or outcome = 'invalid'::text),
    constraint lead_import_rows_warning_known check (warning in ('email_in_file', 'email_of_lead')),
    constraint "fk-lead_import_rows-tenant_id-import_id" foreign key (tenant_id, import_id) references lead_imports (tenant_id, id),
    constraint "fk-lead_import_rows-tenant_id-lead_id" foreign key (tenant_id, lead_id) references leads (tenant_id, id)
);
create index lead_import_rows_odd on lead_import_rows (tenant_id, import_id, row_no)
    where outcome <> 'imported'::text;
create index lead_import_rows_of_lead on lead_import_rows (tenant_id, lead_id);
alter table lead_import_rows enable row level security;
alter table lead_import_rows force row level security;
create policy tenant on lead_import_rows for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select, update on lead_import_rows to keel_app;
