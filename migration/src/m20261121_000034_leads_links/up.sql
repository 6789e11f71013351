create table erasures (
    tenant_id uuid not null,
    id uuid not null,
    subject_kind text not null,
    subject_id uuid not null,
    reason text not null,
    actor text not null,
    erased_by uuid,
    erased_at timestamptz not null,
    counts jsonb not null,
    kept_until timestamptz,
    constraint "pk-erasures" primary key (tenant_id, id),
    constraint erasures_kept_until_after check (kept_until > erased_at),
    constraint erasures_reason_length check (char_length(reason) >= 1 and char_length(reason) <= 500),
    constraint erasures_subject_kind_known check (subject_kind in ('lead', 'contact'))
);
create index erasures_of_subject on erasures (tenant_id, subject_id, id);
alter table erasures enable row level security;
alter table erasures force row level security;
create policy tenant on erasures for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger sealed before delete or update on erasures
    for each row
    execute function keel.refuse_change('erasures');
create trigger sealed_whole before truncate on erasures
    for each statement
    execute function keel.refuse_change('erasures');
grant insert, select on erasures to keel_app;

create table lead_links (
    tenant_id uuid not null,
    id uuid not null,
    kind text not null,
    from_lead_id uuid,
    from_contact_id uuid,
    from_client_id text,
    from_end text generated always as (coalesce('lead:'::text || from_lead_id::text, 'contact:'::text || from_contact_id::text, 'customer:'::text || from_client_id)) stored,
    to_lead_id uuid,
    to_contact_id uuid,
    to_client_id text,
    to_end text generated always as (coalesce('lead:'::text || to_lead_id::text, 'contact:'::text || to_contact_id::text, 'customer:'::text || to_client_id)) stored,
    started_at timestamptz not null,
    ended_at timestamptz,
    created_by uuid,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-lead_links" primary key (tenant_id, id),
    constraint lead_links_both_ways_once check ((kind not in ('same_household', 'works_with')) or (from_end collate "C") <= (to_end collate "C")),
    constraint lead_links_ended_after check (ended_at >= started_at),
    constraint lead_links_from_one check (num_nonnulls(from_lead_id, from_contact_id, from_client_id) = 1),
    constraint lead_links_kind_known check (kind in ('referred_by', 'reports_to', 'same_household', 'works_with')),
    constraint lead_links_not_to_itself check (from_end <> to_end),
    constraint lead_links_to_one check (num_nonnulls(to_lead_id, to_contact_id, to_client_id) = 1),
    constraint "fk-lead_links-tenant_id-from_client_id" foreign key (tenant_id, from_client_id) references customers (tenant_id, client_id) on delete cascade,
    constraint "fk-lead_links-tenant_id-from_contact_id" foreign key (tenant_id, from_contact_id) references contacts (tenant_id, id) on delete cascade,
    constraint "fk-lead_links-tenant_id-from_lead_id" foreign key (tenant_id, from_lead_id) references leads (tenant_id, id),
    constraint "fk-lead_links-tenant_id-to_client_id" foreign key (tenant_id, to_client_id) references customers (tenant_id, client_id) on delete cascade,
    constraint "fk-lead_links-tenant_id-to_contact_id" foreign key (tenant_id, to_contact_id) references contacts (tenant_id, id) on delete cascade,
    constraint "fk-lead_links-tenant_id-to_lead_id" foreign key (tenant_id, to_lead_id) references leads (tenant_id, id)
);
create index lead_links_back on lead_links (tenant_id, to_end, kind, from_end)
    where ended_at is null;
create index lead_links_from_client on lead_links (tenant_id, from_client_id);
create index lead_links_from_contact on lead_links (tenant_id, from_contact_id);
create index lead_links_from_lead on lead_links (tenant_id, from_lead_id);
create unique index lead_links_live on lead_links (tenant_id, from_end, kind, to_end)
    where ended_at is null;
create index lead_links_to_client on lead_links (tenant_id, to_client_id);
create index lead_links_to_contact on lead_links (tenant_id, to_contact_id);
create index lead_links_to_lead on lead_links (tenant_id, to_lead_id);
alter table lead_links enable row level security;
alter table lead_links force row level security;
create policy tenant on lead_links for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on lead_links
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant delete, insert, select, update on lead_links to keel_app;

create table lead_merges (
    tenant_id uuid not null,
    id uuid not null,
    kept_lead_id uuid not null,
    folded_lead_id uuid not null,
    reason text,
    changes jsonb,
    actor text not null,
    merged_by uuid,
    merged_at timestamptz not null,
    undone_at timestamptz,
    undone_by uuid,
    undo_reason text,
    constraint "pk-lead_merges" primary key (tenant_id, id),
    constraint lead_merges_reason_length check (char_length(reason) >= 1 and char_length(reason) <= 500),
    constraint lead_merges_two_leads check (kept_lead_id <> folded_lead_id),
    constraint lead_merges_undo_reason_length check (char_length(undo_reason) >= 1 and char_length(undo_reason) <= 500),
    constraint lead_merges_undone_after check (undone_at >= merged_at and (undone_by is null or undone_at is not null)),
    constraint "fk-lead_merges-tenant_id-folded_lead_id" foreign key (tenant_id, folded_lead_id) references leads (tenant_id, id),
    constraint "fk-lead_merges-tenant_id-kept_lead_id" foreign key (tenant_id, kept_lead_id) references leads (tenant_id, id)
);
create unique index lead_merges_live on lead_merges (tenant_id, folded_lead_id)
    where undone_at is null;
create index lead_merges_of_folded on lead_merges (tenant_id, folded_lead_id, id);
create index lead_merges_of_kept on lead_merges (tenant_id, kept_lead_id, id);
alter table lead_merges enable row level security;
alter table lead_merges force row level security;
create policy tenant on lead_merges for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
grant insert, select, update on lead_merges to keel_app;
