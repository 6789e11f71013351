create table feedback_requests (
    tenant_id uuid not null,
    id uuid not null,
    order_id uuid not null,
    client_id text not null,
    contact_id uuid,
    status text not null default 'pending',
    delivery_date timestamptz not null,
    scheduled_for timestamptz not null,
    sent_at timestamptz,
    responded_at timestamptz,
    expires_at timestamptz,
    has_open_case boolean not null default false,
    skip_reason text,
    response_email_id text,
    sentiment text,
    sentiment_score numeric(3,2),
    issues text[] not null default '{}',
    response_summary text,
    late boolean not null default false,
    case_created_id uuid,
    service_recovery_triggered boolean not null default false,
    claim uuid,
    lease_until timestamptz,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-feedback_requests" primary key (tenant_id, id),
    constraint feedback_requests_answer_when_answered check (responded_at is not null or not late and issues = '{}'::text[] and response_email_id is null),
    constraint feedback_requests_answer_whole check ((status = 'responded'::text) = (responded_at is not null) and (responded_at is null) = (sentiment is null) and (responded_at is null) = (response_summary is null)),
    constraint feedback_requests_claim_whole check ((claim is null) = (lease_until is null)),
    constraint feedback_requests_due_after_delivery check (scheduled_for > delivery_date),
    constraint feedback_requests_email_id_length check (char_length(response_email_id) >= 1 and char_length(response_email_id) <= 998),
    constraint feedback_requests_expires_when_sent check ((sent_at is null) = (expires_at is null) and expires_at > sent_at),
    constraint feedback_requests_has_open_case check (has_open_case = coalesce(skip_reason = 'open_case'::text, false)),
    constraint feedback_requests_issues_known check (issues <@ array['timeliness'::text, 'quality'::text, 'communication'::text, 'pricing'::text]),
    constraint feedback_requests_recovery_has_a_case check (service_recovery_triggered = (case_created_id is not null) and (case_created_id is null or responded_at is not null)),
    constraint feedback_requests_score_range check (sentiment_score >= '-1'::integer::numeric and sentiment_score <= 1::numeric),
    constraint feedback_requests_sent_when check (((status not in ('sent', 'expired')) or sent_at is not null) and ((status not in ('pending', 'skipped')) or sent_at is null)),
    constraint feedback_requests_sentiment_known check (sentiment in ('positive', 'neutral', 'negative')),
    constraint feedback_requests_sentiment_of_score check (coalesce(sentiment, ''::text) = coalesce(case sign(sentiment_score) when 1 then 'positive'::text when 0 then 'neutral'::text when '-1'::integer then 'negative'::text else null::text end, ''::text)),
    constraint feedback_requests_skip_reason_known check (skip_reason in ('customer_gone', 'open_case', 'no_contact', 'contact_gone', 'no_email', 'unsubscribed', 'do_not_call', 'recently_asked', 'order_cancelled', 'order_refunded', 'delivery_reversed')),
    constraint feedback_requests_skipped_with_a_reason check ((status <> 'skipped'::text or skip_reason is not null) and (skip_reason is null or (status in ('skipped', 'responded')))),
    constraint feedback_requests_status_known check (status in ('pending', 'sent', 'responded', 'expired', 'skipped')),
    constraint feedback_requests_summary_length check (char_length(response_summary) >= 1 and char_length(response_summary) <= 500),
    constraint "fk-feedback_requests-tenant_id-case_created_id" foreign key (tenant_id, case_created_id) references cases (tenant_id, id),
    constraint "fk-feedback_requests-tenant_id-client_id" foreign key (tenant_id, client_id) references customers (tenant_id, client_id) on delete cascade,
    constraint "fk-feedback_requests-tenant_id-contact_id" foreign key (tenant_id, contact_id) references contacts (tenant_id, id)
);
create unique index feedback_requests_case on feedback_requests (tenant_id, case_created_id);
create index feedback_requests_delivered on feedback_requests (tenant_id, delivery_date);
create index feedback_requests_due on feedback_requests (tenant_id, scheduled_for, id)
    where status = 'pending'::text;
create index feedback_requests_expiry on feedback_requests (tenant_id, expires_at, id)
    where status = 'sent'::text;
create index feedback_requests_of_client on feedback_requests (tenant_id, client_id);
create index feedback_requests_of_contact on feedback_requests (tenant_id, contact_id, sent_at);
create unique index feedback_requests_order on feedback_requests (tenant_id, order_id);
alter table feedback_requests enable row level security;
alter table feedback_requests force row level security;
create policy tenant on feedback_requests for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on feedback_requests
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant delete, insert, select, update on feedback_requests to keel_app;
