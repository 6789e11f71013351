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
    /// How many deals, quotes, listed numbers and clients each has.
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

async fn fill(client: &Client, rows: u64, tenant: TenantId, busy: bool) -> Result<(), Error> {
    let sql = ROWS
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

insert into contacts (tenant_id, id, client_id, first_name, last_name, email, phone)
select '{tenant}', pg_temp.nth(n), 'cs_' || n || '_acme', 'Kim', 'Client ' || n,
       'kim' || n || '@example.com', '+1206' || 2000000 + n
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
