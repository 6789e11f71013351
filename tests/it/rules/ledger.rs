//! What breaks the rules of the ledger's tables.

use super::Broken;

pub const CHECKS: &[Broken] = &[
    ("budget_accounts_balance_range", "balance = 'NaN'"),
    ("budget_accounts_currency_form", "currency = 'usd'"),
    ("budget_accounts_floor_kept", "floor = 89.01"),
    ("budget_accounts_floor_kept", "held = 99.01"),
    ("budget_accounts_floor_kept", "balance = 9.99"),
    ("budget_accounts_held_range", "held = -0.01"),
    ("budget_accounts_last_entry_no_range", "last_entry_no = -1"),
    ("budget_holds_amount_range", "amount_usd = 0"),
    ("budget_holds_amount_range", "amount_usd = 'NaN'"),
    ("budget_holds_captured_whole", "state = 'captured', settled_at = now(), captured_usd = 1"),
    ("budget_holds_captured_whole", "state = 'captured', settled_at = now(), entry_id = id"),
    ("budget_holds_captured_whole", "state = 'released', settled_at = now(), captured_usd = 1"),
    (
        "budget_holds_captured_within",
        "state = 'captured', settled_at = now(), entry_id = id, captured_usd = 10.01",
    ),
    (
        "budget_holds_captured_within",
        "state = 'captured', settled_at = now(), entry_id = id, captured_usd = 0",
    ),
    ("budget_holds_description_length", "description = ''"),
    ("budget_holds_description_length", "description = repeat('x', 501)"),
    ("budget_holds_expires_later", "expires_at = created_at"),
    ("budget_holds_idempotency_key_length", "idempotency_key = ''"),
    ("budget_holds_idempotency_key_length", "idempotency_key = repeat('x', 201)"),
    ("budget_holds_reference_id_typed", "reference_type = null, reference_id = id"),
    ("budget_holds_reference_type_length", "reference_type = ''"),
    ("budget_holds_reference_type_length", "reference_type = repeat('x', 51)"),
    ("budget_holds_settled_when", "state = 'released'"),
    ("budget_holds_settled_when", "settled_at = now()"),
    ("budget_holds_state_known", "state = 'lost', settled_at = now()"),
    // Entries are sealed against changes, so these come as new ones: of the credit of 100.
    (
        "budget_transactions_transaction_type_known",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at) select tenant_id, \
         gen_random_uuid(), account_id, 'gift', amount_usd, description, 'other', created_at \
         from budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_amount_range",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at) select tenant_id, \
         gen_random_uuid(), account_id, transaction_type, 'NaN', description, 'other', \
         created_at from budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_amount_sign",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at) select tenant_id, \
         gen_random_uuid(), account_id, transaction_type, 0, description, 'other', created_at \
         from budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_amount_sign",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at) select tenant_id, \
         gen_random_uuid(), account_id, transaction_type, -1, description, 'other', created_at \
         from budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_amount_sign",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at) select tenant_id, \
         gen_random_uuid(), account_id, 'debit', 1, description, 'other', created_at from \
         budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_amount_sign",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at) select tenant_id, \
         gen_random_uuid(), account_id, 'refund', -1, description, 'other', created_at from \
         budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_balance_adds_up",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at, balance_after_usd) select \
         tenant_id, gen_random_uuid(), account_id, transaction_type, amount_usd, description, \
         'other', created_at, balance_after_usd from budget_transactions where transaction_type \
         = 'credit'",
    ),
    (
        "budget_transactions_balance_adds_up",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at, balance_before_usd, \
         balance_after_usd) select tenant_id, gen_random_uuid(), account_id, transaction_type, \
         amount_usd, description, 'other', created_at, 1, 1 from budget_transactions where \
         transaction_type = 'credit'",
    ),
    (
        "budget_transactions_currency_form",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at, currency) select tenant_id, \
         gen_random_uuid(), account_id, transaction_type, amount_usd, description, 'other', \
         created_at, 'usd' from budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_description_length",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at) select tenant_id, \
         gen_random_uuid(), account_id, transaction_type, amount_usd, '', 'other', created_at \
         from budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_description_length",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at) select tenant_id, \
         gen_random_uuid(), account_id, transaction_type, amount_usd, repeat('x', 501), 'other', \
         created_at from budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_effective_at_past",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at, effective_at) select tenant_id, \
         gen_random_uuid(), account_id, transaction_type, amount_usd, description, 'other', \
         created_at, created_at + interval '1 microsecond' from budget_transactions where \
         transaction_type = 'credit'",
    ),
    (
        "budget_transactions_entry_no_range",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at, entry_no) select tenant_id, \
         gen_random_uuid(), account_id, transaction_type, amount_usd, description, 'other', \
         created_at, 0 from budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_idempotency_key_length",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at) select tenant_id, \
         gen_random_uuid(), account_id, transaction_type, amount_usd, description, '', \
         created_at from budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_idempotency_key_length",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at) select tenant_id, \
         gen_random_uuid(), account_id, transaction_type, amount_usd, description, repeat('x', \
         201), created_at from budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_metadata_form",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at, metadata) select tenant_id, \
         gen_random_uuid(), account_id, transaction_type, amount_usd, description, 'other', \
         created_at, '[]'::jsonb from budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_reference_id_typed",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at, reference_id, reference_type) \
         select tenant_id, gen_random_uuid(), account_id, transaction_type, amount_usd, \
         description, 'other', created_at, gen_random_uuid(), null from budget_transactions \
         where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_reference_type_length",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at, reference_type) select tenant_id, \
         gen_random_uuid(), account_id, transaction_type, amount_usd, description, 'other', \
         created_at, '' from budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_reference_type_length",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at, reference_type) select tenant_id, \
         gen_random_uuid(), account_id, transaction_type, amount_usd, description, 'other', \
         created_at, repeat('x', 51) from budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_refunds_id_of_refund",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at) select tenant_id, \
         gen_random_uuid(), account_id, 'refund', amount_usd, description, 'other', created_at \
         from budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_refunds_id_of_refund",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at, refunds_id) select tenant_id, \
         gen_random_uuid(), account_id, transaction_type, amount_usd, description, 'other', \
         created_at, id from budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_reverses_id_adjusts",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at, reverses_id) select tenant_id, \
         gen_random_uuid(), account_id, transaction_type, amount_usd, description, 'other', \
         created_at, id from budget_transactions where transaction_type = 'credit'",
    ),
];

pub const UNIQUE: &[Broken] = &[
    (
        "budget_accounts_of_user",
        "insert into budget_accounts (tenant_id, id, user_id, currency) \
         select tenant_id, gen_random_uuid(), user_id, currency from budget_accounts",
    ),
    (
        "budget_holds_key",
        "insert into budget_holds (tenant_id, id, account_id, amount_usd, description, \
         idempotency_key, expires_at, created_at) select tenant_id, gen_random_uuid(), account_id, \
         amount_usd, description, idempotency_key, expires_at, created_at from budget_holds",
    ),
    (
        "budget_transactions_entry",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at, entry_no, balance_before_usd) \
         select tenant_id, gen_random_uuid(), account_id, transaction_type, amount_usd, \
         description, 'other', created_at, entry_no, balance_before_usd from budget_transactions \
         where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_key",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at) select tenant_id, \
         gen_random_uuid(), account_id, transaction_type, amount_usd, description, \
         idempotency_key, created_at from budget_transactions where transaction_type = 'credit'",
    ),
    (
        "budget_transactions_reversed_once",
        "insert into budget_transactions (tenant_id, id, account_id, transaction_type, \
         amount_usd, description, idempotency_key, created_at, reverses_id) select tenant_id, \
         gen_random_uuid(), account_id, 'adjustment', -1, description, 'undo ' || n, created_at, \
         id from budget_transactions cross join generate_series(1, 2) n where transaction_type = \
         'credit'",
    ),
];
