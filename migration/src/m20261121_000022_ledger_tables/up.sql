-- The ledger, and what a tenant settles about its leads.

create table budget_accounts (
    tenant_id uuid not null,
    id uuid not null,
    user_id uuid not null,
    currency text not null,
    balance numeric(14,2) not null default 0,
    held numeric(14,2) not null default 0,
    floor numeric(14,2) not null default 0,
    last_entry_no bigint not null default 0,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-budget_accounts" primary key (tenant_id, id),
    constraint budget_accounts_balance_range check (balance >= '-999999999999.99'::numeric and balance <= 999999999999.99),
    constraint budget_accounts_currency_form check (currency ~ '^[A-Z]{3}$'::text),
    constraint budget_accounts_floor_kept check ((balance - held) >= floor),
    constraint budget_accounts_held_range check (held >= 0::numeric and held <= 999999999999.99),
    constraint budget_accounts_last_entry_no_range check (last_entry_no >= 0),
    constraint "fk-budget_accounts-tenant_id-user_id" foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create unique index budget_accounts_of_user on budget_accounts (tenant_id, user_id, currency);
alter table budget_accounts enable row level security;
alter table budget_accounts force row level security;
create policy tenant on budget_accounts for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger budget_account_empty after insert on budget_accounts
    for each row when (new.balance <> 0::numeric or new.held <> 0::numeric or new.last_entry_no <> 0)
    execute function keel.refuse_unentered_balance();
create trigger budget_account_entered after update on budget_accounts
    for each row when (new.balance <> old.balance or new.last_entry_no <> old.last_entry_no or new.currency <> old.currency or new.user_id <> old.user_id)
    execute function keel.refuse_unentered_balance();
create trigger touched before update on budget_accounts
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant insert, select, update on budget_accounts to keel_app;

create table budget_holds (
    tenant_id uuid not null,
    id uuid not null,
    account_id uuid not null,
    amount_usd numeric(14,2) not null,
    description text not null,
    reference_type text,
    reference_id uuid,
    idempotency_key text not null,
    state text not null default 'open',
    expires_at timestamptz not null,
    settled_at timestamptz,
    captured_usd numeric(14,2),
    entry_id uuid,
    created_by_user_id uuid,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-budget_holds" primary key (tenant_id, id),
    constraint budget_holds_amount_range check (amount_usd > 0::numeric and amount_usd <= 999999999999.99),
    constraint budget_holds_captured_whole check ((state = 'captured'::text) = (captured_usd is not null) and (state = 'captured'::text) = (entry_id is not null)),
    constraint budget_holds_captured_within check (captured_usd > 0::numeric and captured_usd <= amount_usd),
    constraint budget_holds_description_length check (char_length(description) >= 1 and char_length(description) <= 500),
    constraint budget_holds_expires_later check (expires_at > created_at),
    constraint budget_holds_idempotency_key_length check (char_length(idempotency_key) >= 1 and char_length(idempotency_key) <= 200),
    constraint budget_holds_reference_id_typed check (reference_id is null or reference_type is not null),
    constraint budget_holds_reference_type_length check (char_length(reference_type) >= 1 and char_length(reference_type) <= 50),
    constraint budget_holds_settled_when check ((state = 'open'::text) = (settled_at is null)),
    constraint budget_holds_state_known check (state in ('open', 'captured', 'released', 'expired')),
    constraint "fk-budget_holds-tenant_id-account_id" foreign key (tenant_id, account_id) references budget_accounts (tenant_id, id)
);
create index budget_holds_expiry on budget_holds (tenant_id, expires_at, id)
    where state = 'open'::text;
create unique index budget_holds_key on budget_holds (tenant_id, idempotency_key);
create index budget_holds_of_account on budget_holds (tenant_id, account_id, id desc);
create index budget_holds_open on budget_holds (tenant_id, account_id, expires_at) include (amount_usd)
    where state = 'open'::text;
alter table budget_holds enable row level security;
alter table budget_holds force row level security;
create policy tenant on budget_holds for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger budget_hold_settled after update on budget_holds
    for each row when (new.state <> old.state or new.amount_usd <> old.amount_usd or new.account_id <> old.account_id or new.captured_usd is distinct from old.captured_usd)
    execute function keel.settle_budget_hold();
create trigger budget_hold_taken after insert on budget_holds
    for each row
    execute function keel.hold_budget();
create trigger touched before update on budget_holds
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant insert, select, update on budget_holds to keel_app;

create table budget_transactions (
    tenant_id uuid not null,
    id uuid not null,
    account_id uuid not null,
    user_id uuid not null,
    entry_no bigint not null,
    transaction_type text not null,
    amount_usd numeric(14,2) not null,
    currency text not null,
    balance_before_usd numeric(14,2) not null,
    balance_after_usd numeric(14,2) not null,
    description text not null,
    reference_type text,
    reference_id uuid,
    metadata jsonb,
    refunds_id uuid,
    reverses_id uuid,
    idempotency_key text not null,
    effective_at timestamptz not null,
    created_at timestamptz not null default current_timestamp,
    created_by_user_id uuid,
    constraint "pk-budget_transactions" primary key (tenant_id, id),
    constraint budget_transactions_amount_range check (amount_usd >= '-999999999999.99'::numeric and amount_usd <= 999999999999.99),
    constraint budget_transactions_amount_sign check (amount_usd <> 0::numeric and (transaction_type <> 'debit'::text or amount_usd < 0::numeric) and ((transaction_type not in ('credit', 'refund')) or amount_usd > 0::numeric)),
    constraint budget_transactions_balance_adds_up check (balance_after_usd = (balance_before_usd + amount_usd)),
    constraint budget_transactions_currency_form check (currency ~ '^[A-Z]{3}$'::text),
    constraint budget_transactions_description_length check (char_length(description) >= 1 and char_length(description) <= 500),
    constraint budget_transactions_effective_at_past check (effective_at <= created_at),
    constraint budget_transactions_entry_no_range check (entry_no > 0),
    constraint budget_transactions_idempotency_key_length check (char_length(idempotency_key) >= 1 and char_length(idempotency_key) <= 200),
    constraint budget_transactions_metadata_form check (jsonb_typeof(metadata) = 'object'::text),
    constraint budget_transactions_reference_id_typed check (reference_id is null or reference_type is not null),
    constraint budget_transactions_reference_type_length check (char_length(reference_type) >= 1 and char_length(reference_type) <= 50),
    constraint budget_transactions_refunds_id_of_refund check ((transaction_type = 'refund'::text) = (refunds_id is not null)),
    constraint budget_transactions_reverses_id_adjusts check (reverses_id is null or transaction_type = 'adjustment'::text),
    constraint budget_transactions_transaction_type_known check (transaction_type in ('debit', 'credit', 'refund', 'adjustment')),
    constraint "fk-budget_transactions-tenant_id-account_id" foreign key (tenant_id, account_id) references budget_accounts (tenant_id, id),
    constraint "fk-budget_transactions-tenant_id-refunds_id" foreign key (tenant_id, refunds_id) references budget_transactions (tenant_id, id),
    constraint "fk-budget_transactions-tenant_id-reverses_id" foreign key (tenant_id, reverses_id) references budget_transactions (tenant_id, id)
);
create index budget_transactions_effective on budget_transactions (tenant_id, account_id, effective_at) include (amount_usd);
create unique index budget_transactions_entry on budget_transactions (tenant_id, account_id, entry_no);
create unique index budget_transactions_key on budget_transactions (tenant_id, idempotency_key);
create index budget_transactions_reference on budget_transactions (tenant_id, reference_type, reference_id, id)
    where reference_id is not null;
create index budget_transactions_refunds on budget_transactions (tenant_id, refunds_id);
create unique index budget_transactions_reversed_once on budget_transactions (tenant_id, reverses_id);
alter table budget_transactions enable row level security;
alter table budget_transactions force row level security;
create policy tenant on budget_transactions for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger budget_transaction_number before insert on budget_transactions
    for each row
    execute function keel.number_budget_transaction();
create trigger budget_transaction_post after insert on budget_transactions
    for each row
    execute function keel.post_budget_transaction();
create trigger sealed before delete or update on budget_transactions
    for each row
    execute function keel.refuse_change('budget_transactions');
create trigger sealed_whole before truncate on budget_transactions
    for each statement
    execute function keel.refuse_change('budget_transactions');
grant insert, select on budget_transactions to keel_app;

create table system_config (
    tenant_id uuid not null,
    id uuid not null,
    config_key text not null,
    config_value jsonb not null,
    updated_by_user_id uuid,
    updated_at timestamptz not null default current_timestamp,
    constraint "pk-system_config" primary key (tenant_id, id),
    constraint system_config_config_key_known check (config_key in ('lead_scoring_weights', 'lead_limits', 'nurture_settings')),
    constraint system_config_config_value_form check (jsonb_typeof(config_value) = 'object'::text),
    constraint "fk-system_config-tenant_id" foreign key (tenant_id) references tenants (id)
);
create unique index system_config_key on system_config (tenant_id, config_key);
alter table system_config enable row level security;
alter table system_config force row level security;
create policy tenant on system_config for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger touched before update on system_config
    for each row when (new.updated_at = old.updated_at)
    execute function keel.touch();
grant insert, select, update on system_config to keel_app;

create table system_config_history (
    tenant_id uuid not null,
    id uuid not null,
    config_key text not null,
    old_value jsonb,
    new_value jsonb not null,
    actor text not null,
    reason text not null,
    changed_at timestamptz not null,
    constraint "pk-system_config_history" primary key (tenant_id, id),
    constraint system_config_history_config_key_known check (config_key in ('lead_scoring_weights', 'lead_limits', 'nurture_settings')),
    constraint system_config_history_reason_length check (char_length(reason) >= 1 and char_length(reason) <= 500)
);
create index system_config_history_of_key on system_config_history (tenant_id, config_key, changed_at desc, id desc);
alter table system_config_history enable row level security;
alter table system_config_history force row level security;
create policy tenant on system_config_history for all to keel_app
    using (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id'::text, true), ''::text)::uuid);
create trigger sealed before delete or update on system_config_history
    for each row
    execute function keel.refuse_change('system_config_history');
create trigger sealed_whole before truncate on system_config_history
    for each statement
    execute function keel.refuse_change('system_config_history');
grant insert, select on system_config_history to keel_app;
