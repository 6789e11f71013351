//! An entry of the ledger: money that came to an account or left it, once and for all.
//!
//! It is a single-entry ledger: an entry says what it did to one account, and not where the money
//! came from. To add an entry is to post it: a trigger gives it the next number and the balances,
//! where it does not say them, and moves the account; and refuses it where it does not follow on the
//! last one. An error is corrected by an entry that reverses it.
//!
//! The columns ending in `_usd` are named by the document; they are in the account's currency, which
//! stands beside them.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{BudgetAccountId, BudgetTransactionId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Trigger, Verbs},
};

/// Why money moved.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum TransactionType {
    /// Something was paid for.
    Debit,
    /// Money was paid in.
    Credit,
    /// A debit is given back, whole or in part.
    Refund,
    /// A correction, up or down; also whatever reverses another entry.
    Adjustment,
}

/// One row of `budget_transactions`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "budget_transactions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BudgetTransactionId,
    pub account_id: BudgetAccountId,
    /// Whose account it is, by value.
    pub user_id: UserId,
    /// 1 for the account's first entry, and so on without a gap.
    pub entry_no: i64,

    pub transaction_type: TransactionType,
    /// In the account's currency: below zero what left it, above what came to it.
    #[sea_orm(column_type = "Decimal(Some((14, 2)))")]
    pub amount_usd: Decimal,
    /// The account's, ISO 4217.
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    #[sea_orm(column_type = "Decimal(Some((14, 2)))")]
    pub balance_before_usd: Decimal,
    #[sea_orm(column_type = "Decimal(Some((14, 2)))")]
    pub balance_after_usd: Decimal,

    #[sea_orm(column_type = "Text")]
    pub description: String,
    /// What kind of thing it is for, as in `call`, `sms`, `top_up`.
    #[sea_orm(column_type = "Text", nullable)]
    pub reference_type: Option<String>,
    /// Which of them, by value.
    pub reference_id: Option<Uuid>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub metadata: Option<Json>,
    /// The debit that this gives back.
    pub refunds_id: Option<BudgetTransactionId>,
    /// The entry that this undoes.
    pub reverses_id: Option<BudgetTransactionId>,
    /// What the request is known by, so that it is done once however often it is made.
    #[sea_orm(column_type = "Text")]
    pub idempotency_key: String,

    /// When it counts from: at the latest when it was recorded.
    pub effective_at: DateTimeUtc,
    /// When it was recorded.
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    /// By value; null: a program.
    pub created_by_user_id: Option<UserId>,

    #[sea_orm(belongs_to, from = "(tenant_id, account_id)", to = "(tenant_id, id)")]
    pub account: BelongsTo<super::budget_account::Entity>,
    #[sea_orm(
        self_ref,
        relation_enum = "Refunds",
        from = "(tenant_id, refunds_id)",
        to = "(tenant_id, id)"
    )]
    pub refunds: BelongsTo<Option<Entity>>,
    #[sea_orm(
        self_ref,
        relation_enum = "Reverses",
        from = "(tenant_id, reverses_id)",
        to = "(tenant_id, id)"
    )]
    pub reverses: BelongsTo<Option<Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Append;
    const SEALED: bool = true;

    fn checks() -> Vec<Check> {
        let within = "between -999999999999.99 and 999999999999.99";
        vec![
            Check::one_of::<TransactionType>(
                "budget_transactions_transaction_type_known",
                "transaction_type",
            ),
            Check::new("budget_transactions_amount_range", format!("amount_usd {within}")),
            Check::new(
                "budget_transactions_amount_sign",
                "amount_usd <> 0 and (transaction_type <> 'debit' or amount_usd < 0) \
                 and (transaction_type not in ('credit', 'refund') or amount_usd > 0)",
            ),
            Check::new(
                "budget_transactions_balance_adds_up",
                "balance_after_usd = balance_before_usd + amount_usd",
            ),
            Check::new("budget_transactions_currency_form", "currency ~ '^[A-Z]{3}$'"),
            Check::new("budget_transactions_entry_no_range", "entry_no > 0"),
            Check::length("budget_transactions_description_length", "description", 500),
            Check::length("budget_transactions_reference_type_length", "reference_type", 50),
            Check::new(
                "budget_transactions_reference_id_typed",
                "reference_id is null or reference_type is not null",
            ),
            Check::new("budget_transactions_metadata_form", "jsonb_typeof(metadata) = 'object'"),
            Check::length("budget_transactions_idempotency_key_length", "idempotency_key", 200),
            Check::new(
                "budget_transactions_refunds_id_of_refund",
                "(transaction_type = 'refund') = (refunds_id is not null)",
            ),
            Check::new(
                "budget_transactions_reverses_id_adjusts",
                "reverses_id is null or transaction_type = 'adjustment'",
            ),
            Check::new("budget_transactions_effective_at_past", "effective_at <= created_at"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("budget_transactions_entry", "tenant_id, account_id, entry_no"),
            Index::unique("budget_transactions_key", "tenant_id, idempotency_key"),
            Index::unique("budget_transactions_reversed_once", "tenant_id, reverses_id"),
            Index::new("budget_transactions_refunds", "tenant_id, refunds_id"),
            Index::new("budget_transactions_effective", "tenant_id, account_id, effective_at")
                .with("include (amount_usd)"),
            Index::new(
                "budget_transactions_reference",
                "tenant_id, reference_type, reference_id, id",
            )
            .with("where reference_id is not null"),
        ]
    }

    fn triggers() -> Vec<Trigger> {
        vec![
            Trigger::new(
                "budget_transaction_number",
                "before insert",
                "execute function keel.number_budget_transaction()",
            ),
            Trigger::new(
                "budget_transaction_post",
                "after insert",
                "execute function keel.post_budget_transaction()",
            ),
        ]
    }
}
