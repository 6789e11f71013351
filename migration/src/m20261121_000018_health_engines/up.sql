alter table client_health_scores add column score_coverage integer;
alter table client_health_scores add column zone_since timestamptz;
alter table client_health_scores add column score_attempted_at timestamptz;
alter table client_health_scores add constraint client_health_scores_risk_category_known check (risk_category in ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL'));
alter table client_health_scores add constraint client_health_scores_priority_known check (intervention_priority in ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL'));
alter table client_health_scores add constraint client_health_scores_coverage_range check (score_coverage >= 0 and score_coverage <= 100);
create index client_health_scores_score_queue on client_health_scores (tenant_id, score_attempted_at nulls first, id);
create index client_health_scores_of_coach on client_health_scores (tenant_id, assigned_coach)
    where health_zone is not null;
create index client_health_scores_broken on client_health_scores (tenant_id, predictive_risk_score desc nulls last, id)
    where pattern_status = 'PATTERN_BREAK'::text;
create index client_health_scores_at_risk on client_health_scores (tenant_id, predictive_risk_score desc nulls last, id)
    where health_zone in ('RED', 'YELLOW');

create table client_lifecycle_history (
    tenant_id uuid not null,
    id uuid not null,
    email text not null,
    week_ending_date date not null,
    health_score numeric(5,2) not null,
    health_zone text not null,
    previous_zone text,
    predictive_risk_score numeric(5,2) not null,
    sessions_this_week integer not null default 0,
    sessions_previous_week integer not null default 0,
    week_over_week_change numeric(7,2),
    engagement_trend text not null,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-client_lifecycle_history" primary key (tenant_id, id),
    constraint client_lifecycle_history_previous_known check (previous_zone in ('RED', 'YELLOW', 'GREEN', 'PURPLE')),
    constraint client_lifecycle_history_score_range check (health_score >= 0::numeric and health_score <= 100::numeric and predictive_risk_score >= 0::numeric and predictive_risk_score <= 100::numeric),
    constraint client_lifecycle_history_sessions_range check (least(sessions_this_week, sessions_previous_week) >= 0 and week_over_week_change >= '-100'::integer::numeric and week_over_week_change <= 99999::numeric),
    constraint client_lifecycle_history_trend_known check (engagement_trend in ('ACCELERATING', 'STABLE', 'DECLINING')),
    constraint client_lifecycle_history_week_ends_on_sunday check (extract(isodow from week_ending_date) = 7::numeric),
    constraint client_lifecycle_history_zone_known check (health_zone in ('RED', 'YELLOW', 'GREEN', 'PURPLE')),
    constraint "fk-client_lifecycle_history-tenant_id-email" foreign key (tenant_id, email) references client_health_scores (tenant_id, email) on delete cascade
);
create index client_lifecycle_history_of_week on client_lifecycle_history (tenant_id, week_ending_date);
create unique index client_lifecycle_history_once on client_lifecycle_history (tenant_id, email, week_ending_date);
alter table client_lifecycle_history enable row level security;
alter table client_lifecycle_history force row level security;
create policy tenant on client_lifecycle_history for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on client_lifecycle_history
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant delete, insert, select, update on client_lifecycle_history to keel_app;

create table client_sessions (
    tenant_id uuid not null,
    id uuid not null,
    client_email text not null,
    external_id text,
    held_at timestamptz not null,
    status text not null default 'booked',
    coach text,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-client_sessions" primary key (tenant_id, id),
    constraint client_sessions_coach_length check (char_length(coach) >= 1 and char_length(coach) <= 200),
    constraint client_sessions_external_id_length check (char_length(external_id) >= 1 and char_length(external_id) <= 200),
    constraint client_sessions_status_known check (status in ('booked', 'attended', 'cancelled', 'no_show')),
    constraint "fk-client_sessions-tenant_id-client_email" foreign key (tenant_id, client_email) references client_health_scores (tenant_id, email) on delete cascade
);
create index client_sessions_attended on client_sessions (tenant_id, client_email, held_at)
    where status = 'attended'::text;
create index client_sessions_of_client on client_sessions (tenant_id, client_email, created_at);
create unique index client_sessions_once on client_sessions (tenant_id, external_id)
    where external_id is not null;
alter table client_sessions enable row level security;
alter table client_sessions force row level security;
create policy tenant on client_sessions for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on client_sessions
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant delete, insert, select, update on client_sessions to keel_app;

create table coach_performance (
    tenant_id uuid not null,
    id uuid not null,
    coach_name text not null,
    report_date date not null,
    total_clients integer not null default 0,
    avg_health_score numeric(5,2),
    red_clients integer not null default 0,
    yellow_clients integer not null default 0,
    green_clients integer not null default 0,
    purple_clients integer not null default 0,
    clients_improving integer not null default 0,
    clients_declining integer not null default 0,
    trend text not null,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-coach_performance" primary key (tenant_id, id),
    constraint coach_performance_coach_name_length check (char_length(coach_name) >= 1 and char_length(coach_name) <= 200),
    constraint coach_performance_counts_add_up check (least(red_clients, yellow_clients, green_clients, purple_clients, clients_improving, clients_declining) >= 0 and total_clients = (red_clients + yellow_clients + green_clients + purple_clients)),
    constraint coach_performance_score_range check (avg_health_score >= 0::numeric and avg_health_score <= 100::numeric),
    constraint coach_performance_trend_known check (trend in ('IMPROVING', 'STABLE', 'DECLINING')),
    constraint "fk-coach_performance-tenant_id" foreign key (tenant_id) references tenants (id)
);
create unique index coach_performance_day on coach_performance (tenant_id, report_date, coach_name);
alter table coach_performance enable row level security;
alter table coach_performance force row level security;
create policy tenant on coach_performance for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on coach_performance
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant delete, insert, select, update on coach_performance to keel_app;

create table intervention_log (
    tenant_id uuid not null,
    id uuid not null,
    client_email text not null,
    client_name text,
    assigned_coach text,
    client_persona text,
    triggered_by text not null,
    trigger_key text not null,
    intervention_type text not null,
    intervention_priority text not null,
    intervention_date timestamptz not null,
    due_at timestamptz not null,
    status text not null default 'pending',
    ai_recommendation text,
    ai_reasoning text,
    success_probability numeric(5,4) not null,
    health_score numeric(5,2),
    health_zone text,
    predictive_risk_score numeric(5,2),
    momentum_indicator text,
    usual_calls numeric(8,2),
    current_calls integer,
    sent_at timestamptz,
    send_claim uuid,
    send_lease_until timestamptz,
    closed_at timestamptz,
    outcome text,
    success_rating integer,
    follow_up_date timestamptz,
    notes text,
    outcome_measured_at timestamptz,
    intervention_effectiveness_score numeric(5,2),
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-intervention_log" primary key (tenant_id, id),
    constraint intervention_log_calls_of_pattern_break check (case when triggered_by = 'pattern_break'::text then usual_calls >= 0::numeric and usual_calls <= 999999.99 and usual_calls is not null and current_calls >= 0 and current_calls is not null else usual_calls is null and current_calls is null end),
    constraint intervention_log_claim_whole check ((send_claim is null) = (send_lease_until is null) and (send_claim is null or status = 'pending'::text)),
    constraint intervention_log_closed_with_outcome check ((status in ('completed', 'dismissed')) = (closed_at is not null) and (closed_at is null) = (outcome is null)),
    constraint intervention_log_momentum_known check (momentum_indicator in ('ACCELERATING', 'STABLE', 'DECLINING')),
    constraint intervention_log_outcome_length check (char_length(outcome) >= 1 and char_length(outcome) <= 500),
    constraint intervention_log_priority_known check (intervention_priority in ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')),
    constraint intervention_log_probability_range check (success_probability >= 0::numeric and success_probability <= 1::numeric),
    constraint intervention_log_rating_range check (success_rating >= 1 and success_rating <= 5),
    constraint intervention_log_scores_range check (health_score >= 0::numeric and health_score <= 100::numeric and predictive_risk_score >= 0::numeric and predictive_risk_score <= 100::numeric and intervention_effectiveness_score >= 0::numeric and intervention_effectiveness_score <= 100::numeric),
    constraint intervention_log_sent_when check ((status <> 'sent'::text or sent_at is not null) and (status <> 'pending'::text or sent_at is null)),
    constraint intervention_log_status_known check (status in ('pending', 'sent', 'completed', 'dismissed')),
    constraint intervention_log_trigger_key_length check (char_length(trigger_key) >= 1 and char_length(trigger_key) <= 100),
    constraint intervention_log_triggered_by_known check (triggered_by in ('pattern_break', 'zone', 'owner_change')),
    constraint intervention_log_type_known check (intervention_type in ('urgent_outreach', 'renewal', 're_engagement', 'wellness_check', 'celebration', 'incentive')),
    constraint intervention_log_zone_known check (health_zone in ('RED', 'YELLOW', 'GREEN', 'PURPLE')),
    constraint "fk-intervention_log-tenant_id-client_email" foreign key (tenant_id, client_email) references client_health_scores (tenant_id, email) on delete cascade
);
create unique index intervention_log_once on intervention_log (tenant_id, client_email, triggered_by, trigger_key);
create index intervention_log_pending on intervention_log (tenant_id, predictive_risk_score desc nulls last, id)
    where status = 'pending'::text;
alter table intervention_log enable row level security;
alter table intervention_log force row level security;
create policy tenant on intervention_log for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on intervention_log
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant insert, select, update on intervention_log to keel_app;

create table contact_owner_history (
    tenant_id uuid not null,
    id uuid not null,
    client_email text not null,
    old_owner text,
    new_owner text not null,
    changed_at timestamptz not null,
    reason text,
    health_before numeric(5,2),
    health_zone_before text,
    health_after numeric(5,2),
    health_zone_after text,
    triggered_intervention boolean not null default false,
    intervention_id uuid,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-contact_owner_history" primary key (tenant_id, id),
    constraint contact_owner_history_after_known check (health_zone_after in ('RED', 'YELLOW', 'GREEN', 'PURPLE')),
    constraint contact_owner_history_before_known check (health_zone_before in ('RED', 'YELLOW', 'GREEN', 'PURPLE')),
    constraint contact_owner_history_changes check (old_owner is distinct from new_owner),
    constraint contact_owner_history_health_range check (health_before >= 0::numeric and health_before <= 100::numeric and health_after >= 0::numeric and health_after <= 100::numeric),
    constraint contact_owner_history_intervention_whole check (triggered_intervention = (intervention_id is not null)),
    constraint contact_owner_history_new_owner_length check (char_length(new_owner) >= 1 and char_length(new_owner) <= 200),
    constraint contact_owner_history_reason_length check (char_length(reason) >= 1 and char_length(reason) <= 200),
    constraint "fk-contact_owner_history-tenant_id-client_email" foreign key (tenant_id, client_email) references client_health_scores (tenant_id, email) on delete cascade,
    constraint "fk-contact_owner_history-tenant_id-intervention_id" foreign key (tenant_id, intervention_id) references intervention_log (tenant_id, id) on delete cascade
);
create unique index contact_owner_history_intervention on contact_owner_history (tenant_id, intervention_id);
create index contact_owner_history_of_client on contact_owner_history (tenant_id, client_email, changed_at desc, id desc);
alter table contact_owner_history enable row level security;
alter table contact_owner_history force row level security;
create policy tenant on contact_owner_history for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on contact_owner_history
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant insert, select, update on contact_owner_history to keel_app;

create table daily_summary (
    tenant_id uuid not null,
    id uuid not null,
    summary_date date not null,
    total_active_clients integer not null default 0,
    avg_health_score numeric(5,2),
    critical_interventions integer not null default 0,
    at_risk_revenue numeric(16,2) not null default 0,
    red_clients integer not null default 0,
    yellow_clients integer not null default 0,
    green_clients integer not null default 0,
    purple_clients integer not null default 0,
    red_percentage numeric(5,2) not null default 0,
    yellow_percentage numeric(5,2) not null default 0,
    green_percentage numeric(5,2) not null default 0,
    purple_percentage numeric(5,2) not null default 0,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-daily_summary" primary key (tenant_id, id),
    constraint daily_summary_counts_add_up check (least(red_clients, yellow_clients, green_clients, purple_clients, critical_interventions) >= 0 and total_active_clients = (red_clients + yellow_clients + green_clients + purple_clients)),
    constraint daily_summary_revenue_range check (at_risk_revenue >= 0::numeric and at_risk_revenue <= 99999999999999.99),
    constraint daily_summary_score_range check (avg_health_score >= 0::numeric and avg_health_score <= 100::numeric),
    constraint daily_summary_shares_range check (red_percentage >= 0::numeric and red_percentage <= 100::numeric and yellow_percentage >= 0::numeric and yellow_percentage <= 100::numeric and green_percentage >= 0::numeric and green_percentage <= 100::numeric and purple_percentage >= 0::numeric and purple_percentage <= 100::numeric),
    constraint "fk-daily_summary-tenant_id" foreign key (tenant_id) references tenants (id)
);
create unique index daily_summary_day on daily_summary (tenant_id, summary_date);
alter table daily_summary enable row level security;
alter table daily_summary force row level security;
create policy tenant on daily_summary for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on daily_summary
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant delete, insert, select, update on daily_summary to keel_app;

create table intervention_outcomes (
    tenant_id uuid not null,
    id uuid not null,
    intervention_id uuid not null,
    client_email text not null,
    client_persona text,
    intervention_type text not null,
    health_zone_at_intervention text,
    momentum_before text,
    executed_at timestamptz not null,
    health_score_before numeric(5,2),
    health_score_7d_after numeric(5,2),
    health_score_30d_after numeric(5,2),
    risk_score_at_intervention numeric(5,2),
    risk_score_before numeric(5,2),
    risk_score_7d_after numeric(5,2),
    risk_score_30d_after numeric(5,2),
    sessions_booked_within_7d integer,
    trend_changed_to_positive boolean,
    outcome_success_score numeric(5,2),
    measured_7d_at timestamptz,
    measured_30d_at timestamptz,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-intervention_outcomes" primary key (tenant_id, id),
    constraint intervention_outcomes_momentum_known check (momentum_before in ('ACCELERATING', 'STABLE', 'DECLINING')),
    constraint intervention_outcomes_risks_range check (risk_score_at_intervention >= 0::numeric and risk_score_at_intervention <= 100::numeric and risk_score_before >= 0::numeric and risk_score_before <= 100::numeric and risk_score_7d_after >= 0::numeric and risk_score_7d_after <= 100::numeric and risk_score_30d_after >= 0::numeric and risk_score_30d_after <= 100::numeric),
    constraint intervention_outcomes_scores_range check (health_score_before >= 0::numeric and health_score_before <= 100::numeric and health_score_7d_after >= 0::numeric and health_score_7d_after <= 100::numeric and health_score_30d_after >= 0::numeric and health_score_30d_after <= 100::numeric and outcome_success_score >= 0::numeric and outcome_success_score <= 100::numeric),
    constraint intervention_outcomes_sessions_range check (sessions_booked_within_7d >= 0),
    constraint intervention_outcomes_type_known check (intervention_type in ('urgent_outreach', 'renewal', 're_engagement', 'wellness_check', 'celebration', 'incentive')),
    constraint intervention_outcomes_zone_known check (health_zone_at_intervention in ('RED', 'YELLOW', 'GREEN', 'PURPLE')),
    constraint "fk-intervention_outcomes-tenant_id-client_email" foreign key (tenant_id, client_email) references client_health_scores (tenant_id, email) on delete cascade,
    constraint "fk-intervention_outcomes-tenant_id-intervention_id" foreign key (tenant_id, intervention_id) references intervention_log (tenant_id, id) on delete cascade
);
create index intervention_outcomes_after_30d on intervention_outcomes (tenant_id, executed_at, id)
    where measured_30d_at is null;
create index intervention_outcomes_after_7d on intervention_outcomes (tenant_id, executed_at, id)
    where measured_7d_at is null;
create index intervention_outcomes_of_client on intervention_outcomes (tenant_id, client_email);
create unique index intervention_outcomes_once on intervention_outcomes (tenant_id, intervention_id);
alter table intervention_outcomes enable row level security;
alter table intervention_outcomes force row level security;
create policy tenant on intervention_outcomes for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on intervention_outcomes
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant insert, select, update on intervention_outcomes to keel_app;

create table weekly_patterns (
    tenant_id uuid not null,
    id uuid not null,
    week_start_date date not null,
    week_end_date date not null,
    total_clients integer not null default 0,
    red_clients integer not null default 0,
    yellow_clients integer not null default 0,
    green_clients integer not null default 0,
    purple_clients integer not null default 0,
    avg_health_score numeric(5,2),
    clients_improving integer not null default 0,
    clients_declining integer not null default 0,
    pattern_insights text,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-weekly_patterns" primary key (tenant_id, id),
    constraint weekly_patterns_counts_add_up check (least(red_clients, yellow_clients, green_clients, purple_clients, clients_improving, clients_declining) >= 0 and total_clients = (red_clients + yellow_clients + green_clients + purple_clients)),
    constraint weekly_patterns_score_range check (avg_health_score >= 0::numeric and avg_health_score <= 100::numeric),
    constraint weekly_patterns_whole_week check (extract(isodow from week_start_date) = 1::numeric and week_end_date = (week_start_date + 6)),
    constraint "fk-weekly_patterns-tenant_id" foreign key (tenant_id) references tenants (id)
);
create unique index weekly_patterns_week on weekly_patterns (tenant_id, week_start_date);
alter table weekly_patterns enable row level security;
alter table weekly_patterns force row level security;
create policy tenant on weekly_patterns for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on weekly_patterns
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant delete, insert, select, update on weekly_patterns to keel_app;
