//! The rows: of each size a busy tenant, of whom each question finds plenty, and a quiet one.

use chrono::{DateTime, Utc};
use entity::id::TenantId;
use tokio_postgres::{Client, Error};
use uuid::Uuid;

/// The time that the rows are about.
pub const NOW: &str = "2026-03-02T09:00:00Z";

/// The two tenants of one size.
#[derive(Clone, Copy, Debug)]
pub struct Tenants {
    /// How many deals, quotes, requests, signs, checks, listed numbers and clients each has.
    pub rows: u64,
    /// Much of what it has is stalled, due or broken.
    pub busy: TenantId,
    /// Nothing of what it has is. Sixty days later all of its deals would have stalled if no step
    /// were planned for each, and all of its quotes be due if they had not expired.
    pub quiet: TenantId,
}

/// The time that the rows are about.
pub fn now() -> DateTime<Utc> {
    NOW.parse().unwrap_or_default()
}

/// The id of the nth row of any table.
pub fn nth(n: u64) -> Uuid {
    let milliseconds = u128::from(1_700_000_000_000 + n * 1000);
    Uuid::from_u128(milliseconds << 80 | 0x7000 << 64 | 0x8000 << 48 | u128::from(n))
}

/// The nth number. The busy tenant has listed each second one, from the first on.
pub fn number(n: u64) -> String {
    format!("+1206{}", 2_000_000 + n)
}

/// Fills an empty database, as a superuser.
pub async fn load(client: &Client, sizes: &[u64]) -> Result<Vec<Tenants>, Error> {
    client.batch_execute(PREPARE).await?;
    let mut recreate = Vec::new();
    for row in client.query(INDEXES, &[]).await? {
        client.batch_execute(row.get("drop_it")).await?;
        recreate.push(row.get::<_, String>("create_it"));
    }
    let mut loaded = Vec::new();
    for &rows in sizes {
        let tenants = Tenants { rows, busy: TenantId::new(), quiet: TenantId::new() };
        fill(client, rows, tenants.busy, true).await?;
        fill(client, rows, tenants.quiet, false).await?;
        loaded.push(tenants);
    }
    for index in recreate {
        client.batch_execute(&index).await?;
    }
    for rest in ["reset session_replication_role", "vacuum (analyze)", "checkpoint"] {
        client.batch_execute(rest).await?;
    }
    Ok(loaded)
}

/// Fills one tenant's tables, while references are not looked at.
pub async fn fill(client: &Client, rows: u64, tenant: TenantId, busy: bool) -> Result<(), Error> {
    let sql = format!("{ROWS}\n{DUE_ROWS}")
        .replace("{tenant}", &tenant.to_string())
        .replace("{rows}", &rows.to_string())
        .replace("{customers}", &(rows / 10).max(1).to_string())
        .replace("{busy}", &busy.to_string())
        .replace("{now}", &format!("timestamptz '{NOW}'"));
    client.batch_execute(&sql).await
}

/// References are right by construction, and the indexes are quicker made afterwards. Evidence
/// grows while it is measured, which must not wake the vacuum.
const PREPARE: &str = "
set session_replication_role = replica;
set maintenance_work_mem = '1GB';
select setseed(0.5);
create function pg_temp.nth(n bigint) returns uuid language sql immutable as $$
    select (lpad(to_hex(1700000000000 + n * 1000), 12, '0') || '70008000'
            || lpad(to_hex(n), 12, '0'))::uuid
$$;
alter table dnc_checks set (autovacuum_enabled = off);";

/// Those that are no constraint's and that no foreign key rests on.
const INDEXES: &str = "
select format('drop index %s', indexrelid::regclass) as drop_it,
       pg_get_indexdef(indexrelid) as create_it
from pg_index i join pg_class c on c.oid = i.indrelid
where c.relnamespace = 'public'::regnamespace and c.relrowsecurity
  and not exists (select from pg_constraint where conindid = indexrelid)";

/// One tenant's. Times and amounts are in no order, as they would be after a while.
const ROWS: &str = "
insert into tenants (id, name) values ('{tenant}', 'Tenant');

insert into customers (tenant_id, client_id, client_name, company_name, contract_start_date)
select '{tenant}', 'cs_' || n || '_acme', 'Client ' || n, 'Company ' || n, '2025-01-01'
from generate_series(0, {customers} - 1) n;

insert into contacts (tenant_id, id, client_id, first_name, last_name, email, phone, is_primary)
select '{tenant}', pg_temp.nth(n), 'cs_' || n || '_acme', 'Kim', 'Client ' || n,
       'kim' || n || '@example.com', '+1206' || 2000000 + n, n % 7 > 0
from generate_series(0, {customers} - 1) n;

insert into deals (tenant_id, id, client_id, contact_id, title, value, stage, actual_close_date,
                   created_at, stage_entered_at, last_activity_at, snoozed_until,
                   stall_after_days, never_stalls, next_follow_up_at)
select '{tenant}', pg_temp.nth(n), 'cs_' || n % {customers} || '_acme',
       case when n % 5 > 0 then pg_temp.nth(n % {customers}) end, 'Deal ' || n,
       round((random() * 50000)::numeric, 2), stage,
       case when stage in ('won', 'lost') then date '2026-02-01' end,
       created, created,
       {now} - random() * interval '1 day' * case when {busy} then 60 else 1 end,
       case when n % 23 = 0 then {now} + interval '5 days' end,
       case when n % 19 = 0 then 5 + 5 * (n % 4) end, n % 29 = 0,
       case when not {busy} then {now} + interval '90 days'
            when n % 7 = 0 then {now} + interval '2 days'
            when n % 7 = 1 then {now} - interval '1 day' end
from (select n, {now} - interval '100 days' - random() * interval '300 days' as created,
             case when n % 20 < 3 then 'lead' when n % 20 < 6 then 'qualified'
                  when n % 20 < 9 then 'proposal' when n % 20 < 12 then 'negotiation'
                  when n % 20 < 17 then 'won' else 'lost' end as stage
      from generate_series(0, {rows} - 1) n) made;

insert into quotes (tenant_id, id, client_id, contact_id, deal_id, quote_number, title,
                    total_amount, valid_until, status, sent_at, responded_at, outcome,
                    follow_up_count, next_follow_up_at, created_at)
select '{tenant}', pg_temp.nth(n), 'cs_' || n % {customers} || '_acme',
       pg_temp.nth(n % {customers}), pg_temp.nth(n), 'Q-2026-' || lpad(n::text, 7, '0'),
       'Quote ' || n, round((random() * 50000)::numeric, 2), date '2026-03-07' + n % 30, status,
       case when status <> 'draft' then {now} - interval '10 days' end,
       case when status in ('accepted', 'rejected') then {now} - interval '1 day' end,
       case status when 'accepted' then 'won' when 'rejected' then 'lost' end, n % 4,
       case when status not in ('sent', 'viewed') then null
            when {busy} and n % 2 = 0 then {now} - random() * interval '5 days'
            else {now} + interval '1 hour' + random() * interval '20 days' end,
       {now} - interval '20 days' - random() * interval '300 days'
from (select n, case when n % 20 < 2 then 'draft' when n % 20 < 9 then 'sent'
                     when n % 20 < 12 then 'viewed' when n % 20 < 17 then 'accepted'
                     when n % 20 < 19 then 'rejected' else 'expired' end as status
      from generate_series(0, {rows} - 1) n) made;

insert into dnc_list (tenant_id, id, phone_number, raw_number, kind, reason, added_at, expires_at)
select '{tenant}', pg_temp.nth(n), phone, phone,
       case when n % 10 = 0 then 'temporary' else 'permanent' end, 'lead_requested',
       {now} - interval '30 days', case when n % 10 = 0 then {now} + interval '90 days' end
from (select n, '+1206' || 2000000 + 2 * n as phone
      from generate_series(0, case when {busy} then {rows} else 0 end - 1) n) made;

insert into client_health_scores (tenant_id, id, client_id, email, firstname, lastname,
                                  pattern_status, avg_calls_per_week, calls_this_week,
                                  expected_calls, lost_calls, deviation_pct, pattern_week_start,
                                  last_pattern_check, pattern_attempted_at)
select '{tenant}', pg_temp.nth(n), 'cs_' || n % {customers} || '_acme',
       'client' || n || '@example.com', 'Kim', 'Client ' || n, status, expected, 1, expected,
       expected - 1, -60, {now} - interval '9 hours', looked, looked
from (select n, round((2 + random() * 40)::numeric, 2) as expected,
             {now} - random() * interval '10 days' as looked,
             case when not {busy} then 'NORMAL' when n % 10 < 2 then 'PATTERN_BREAK'
                  when n % 10 = 2 then 'BELOW_PATTERN' when n % 10 = 3 then 'ABOVE_PATTERN'
                  else 'NORMAL' end as status
      from generate_series(0, {rows} - 1) n) made;";

/// What the engines ask for. The quiet tenant has as much of it, later, done or too weak.
const DUE_ROWS: &str = "
insert into feedback_requests (tenant_id, id, order_id, client_id, contact_id, status,
                               delivery_date, scheduled_for, sent_at, expires_at, skip_reason,
                               responded_at, sentiment, sentiment_score, response_summary,
                               created_at)
select '{tenant}', pg_temp.nth(n), pg_temp.nth(n), 'cs_' || n % {customers} || '_acme',
       case when n % 50 > 0 then pg_temp.nth(n % {customers}) end, status,
       planned - interval '7 days 3 hours', planned, sent, sent + interval '30 days',
       case when status = 'skipped' then 'unsubscribed' end,
       case when status = 'responded' then planned + interval '2 days' end,
       case when status = 'responded' then 'positive' end,
       case when status = 'responded' then 0.7 end,
       case when status = 'responded' then 'No specific issues' end, planned - interval '7 days'
from (select made.*, case when status in ('sent', 'responded', 'expired') then planned end as sent
      from (select n, status,
                   case when status <> 'pending'
                            then {now} - interval '1 hour' - random() * interval '300 days'
                        when {busy} and n % 2 = 0 then {now} - random() * interval '5 days'
                        else {now} + interval '1 hour' + random() * interval '20 days' end as planned
            from (select n, case when n % 20 < 8 then 'pending' when n % 20 < 10 then 'sent'
                                 when n % 20 < 14 then 'responded' when n % 20 < 18 then 'expired'
                                 else 'skipped' end as status
                  from generate_series(0, {rows} - 1) n) known) made) sent;

insert into cases (tenant_id, id, client_id, order_id, case_number, category, subject, priority,
                   status, resolved_at)
select '{tenant}', pg_temp.nth(n), 'cs_' || n % {customers} || '_acme', pg_temp.nth(n * 10),
       'CASE-2026-' || lpad(n::text, 7, '0'), 'quality', 'Order ' || n, 'normal',
       case when n % 5 > 0 then 'closed' else 'open' end,
       case when n % 5 > 0 then {now} - interval '1 day' end
from generate_series(0, {customers} - 1) n;

insert into opportunity_signals (tenant_id, id, source_type, source_id, client_id, contact_id,
                                 signal_type, signal_strength, extracted_text, context, actioned,
                                 actioned_at, action_taken, created_at)
select '{tenant}', pg_temp.nth(n), 'email', 'mail-' || n, 'cs_' || n % {customers} || '_acme',
       case when n % 5 > 0 then pg_temp.nth(n % {customers}) end, kind, strength,
       'what they wrote, a line of it or so', '{\"keyword_count\": 2}', done,
       case when done then {now} - interval '1 day' end, case when done then 'called' end,
       {now} - interval '2 days' - random() * interval '200 days'
from (select n, n % 2 = 0 as done,
             case when not {busy} then 0.3 + 0.01 * (n % 9) when n % 9 < 2 then 0.45
                  else 0.7 + 0.05 * (n % 6) end as strength,
             (array['complaint', 'urgency', 'budget_mention', 'competitor_mention', 'expansion',
                    'renewal', 'upsell', 'referral', 'churn_risk'])[1 + n % 9] as kind
      from generate_series(0, {rows} - 1) n) made;

insert into compliance_schedule (tenant_id, id, compliance_type, anchor_date, next_due_at,
                                 target_entity_type)
select '{tenant}', pg_temp.nth(n), 'Check ' || n, '2026-01-31', {now} + interval '80 days',
       case when n < 2 then 'client' else 'contact' end
from generate_series(0, 3) n;

insert into compliance_checks (tenant_id, id, schedule_id, compliance_type, entity_type, entity_id,
                               entity_name, client_id, contact_id, period_start, period_end,
                               due_on, due_at, status, required_fields, completed_at, created_at)
select '{tenant}', pg_temp.nth(n), pg_temp.nth(n % 4), 'Check ' || n % 4,
       case when of_contact then 'contact' else 'client' end,
       case when of_contact then pg_temp.nth(n % {customers})::text else client end,
       'Company ' || n % {customers}, client,
       case when of_contact then pg_temp.nth(n % {customers}) end,
       date '2020-01-01' + (n / {customers})::integer, due, due,
       (due + 1)::timestamp at time zone 'UTC', status, '[\"email\"]',
       case when status = 'completed' then {now} - interval '1 day' end, {now} - interval '90 days'
from (select n, n % 4 > 1 as of_contact, 'cs_' || n % {customers} || '_acme' as client,
             case when n % 20 < 7 then 'pending' when n % 20 < 9 then 'awaiting_response'
                  when n % 20 < 10 then 'in_progress' else 'completed' end as status,
             date '2026-03-02' + case when n % 20 > 9 then -(n % 300) when {busy} then n % 70 - 40
                                      else 20 + n % 70 end::integer as due
      from generate_series(0, {rows} - 1) n) made;";
