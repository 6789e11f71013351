//! How the questions of the ledger are answered.

use sea_orm::{DbBackend, QueryTrait};
use service::{
    Tx,
    entity::id::{BudgetAccountId, BudgetTransactionId},
    ledger::{
        budget_account::queries as account,
        budget_hold::queries as hold,
        budget_transaction::{Entries, queries as transaction},
    },
};
use uuid::Uuid;

use super::{Query, raw};

/// Ten accounts with hundreds of entries each, of which few took effect after the time of the test, and
/// hundreds of holds, most of them settled. One account has the id of the tenant.
pub const ROWS: &str = "
insert into users (tenant_id, id, email, name)
select 'TENANT', gen_random_uuid(), 'payer' || n || '@tenant.example', 'Payer'
from generate_series(1, 10) n;
insert into budget_accounts (tenant_id, id, user_id, currency)
select tenant_id, case email when 'payer1@tenant.example' then tenant_id else gen_random_uuid() end,
       id, 'EUR' from users
where tenant_id = 'TENANT' and name = 'Payer';
insert into budget_transactions (tenant_id, id, account_id, transaction_type, amount_usd,
                                 description, reference_type, reference_id, idempotency_key,
                                 effective_at, created_at)
select a.tenant_id, gen_random_uuid(), a.id, 'credit', 1, 'x', 'call', gen_random_uuid(),
       a.id || ' ' || n, timestamptz '2026-03-02 19:00+00' - make_interval(hours => 300 - n), now()
from budget_accounts a, generate_series(1, 300) n
where a.tenant_id = 'TENANT' and a.currency = 'EUR';
insert into budget_holds (tenant_id, id, account_id, amount_usd, description, idempotency_key,
                          expires_at)
select a.tenant_id, gen_random_uuid(), a.id, 0.01, 'x', a.id || ' ' || n,
       now() + make_interval(mins => n)
from budget_accounts a, generate_series(1, 200) n
where a.tenant_id = 'TENANT' and a.currency = 'EUR';
update budget_holds set state = 'released', settled_at = now()
where tenant_id = 'TENANT' and description = 'x' and expires_at > now() + interval '10 minutes'";

pub fn queries(tx: &Tx) -> Vec<Query> {
    let account_id = BudgetAccountId(tx.context().tenant.0);
    vec![
        Query {
            name: "balance as of an instant",
            asked: raw(tx, account::AS_OF, vec![account_id.into()]),
            served_by: &["pk-budget_accounts", "budget_transactions_effective"],
        },
        Query {
            name: "balance as of an instant, as known then",
            asked: raw(tx, account::AS_KNOWN, vec![account_id.into(), tx.now().into()]),
            served_by: &[
                "pk-budget_accounts",
                "budget_transactions_effective|budget_transactions_entry",
            ],
        },
        Query {
            name: "do the books add up",
            asked: raw(tx, account::RECONCILE, vec![account_id.into()]),
            served_by: &["pk-budget_accounts", "budget_transactions_entry", "budget_holds_open"],
        },
        Query {
            name: "entries of an account",
            asked: transaction::of_account_query(tx, account_id, &Entries::default())
                .build(DbBackend::Postgres),
            served_by: &["budget_transactions_entry"],
        },
        Query {
            name: "entries that refer to a call",
            asked: transaction::of_reference_query(tx, "call", Uuid::now_v7())
                .build(DbBackend::Postgres),
            served_by: &["budget_transactions_reference"],
        },
        Query {
            name: "refunds of a debit",
            asked: transaction::refunds_query(tx, BudgetTransactionId::new())
                .build(DbBackend::Postgres),
            served_by: &["budget_transactions_refunds"],
        },
        Query {
            name: "holds whose time has passed",
            asked: raw(tx, hold::EXPIRED, vec![100_i64.into()]),
            served_by: &["budget_holds_expiry"],
        },
        Query {
            name: "holds of an account",
            asked: hold::of_account_query(tx, account_id).build(DbBackend::Postgres),
            served_by: &["budget_holds_of_account"],
        },
    ]
}
