//! A hold: money that is set aside before something is bought whose price is not known yet.
//!
//! It ends once: captured, for at most what was set aside, with the rest let go; released; or expired.
//! A trigger keeps the account's `held` in step.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{BudgetAccountId, BudgetHoldId, BudgetTransactionId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Trigger, Verbs},
};

/// How far the hold has got.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum State {
    Open,
    Captured,
    Released,
    Expired,
}

/// One row of `budget_holds`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "budget_holds")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BudgetHoldId,
    pub account_id: BudgetAccountId,

    /// What is set aside, in the account's currency.
    #[sea_orm(column_type = "Decimal(Some((14, 2)))")]
    pub amount_usd: Decimal,
    #[sea_orm(column_type = "Text")]
    pub description: String,
    /// What kind of thing it is for, as in `call`, `sms`.
    #[sea_orm(column_type = "Text", nullable)]
    pub reference_type: Option<String>,
    /// Which of them, by value.
    pub reference_id: Option<Uuid>,
    /// What the request is known by, so that it is done once however often it is made.
    #[sea_orm(column_type = "Text")]
    pub idempotency_key: String,

    #[sea_orm(default_value = "open")]
    pub state: State,
    /// From when on it can only expire.
    pub expires_at: DateTimeUtc,
    /// When it was captured, released or found to have expired.
    pub settled_at: Option<DateTimeUtc>,
    /// What was taken of it in the end.
    #[sea_orm(column_type = "Decimal(Some((14, 2)))", nullable)]
    pub captured_usd: Option<Decimal>,
    /// The debit that took it, by value: the hold goes before it.
    pub entry_id: Option<BudgetTransactionId>,

    /// By value; null: a program.
    pub created_by_user_id: Option<UserId>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "(tenant_id, account_id)", to = "(tenant_id, id)")]
    pub account: BelongsTo<super::budget_account::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::new(
                "budget_holds_amount_range",
                "amount_usd > 0 and amount_usd <= 999999999999.99",
            ),
            Check::length("budget_holds_description_length", "description", 500),
            Check::length("budget_holds_reference_type_length", "reference_type", 50),
            Check::new(
                "budget_holds_reference_id_typed",
                "reference_id is null or reference_type is not null",
            ),
            Check::length("budget_holds_idempotency_key_length", "idempotency_key", 200),
            Check::one_of::<State>("budget_holds_state_known", "state"),
            Check::new("budget_holds_expires_later", "expires_at > created_at"),
            Check::new("budget_holds_settled_when", "(state = 'open') = (settled_at is null)"),
            Check::new(
                "budget_holds_captured_whole",
                "(state = 'captured') = (captured_usd is not null) \
                 and (state = 'captured') = (entry_id is not null)",
            ),
            Check::new(
                "budget_holds_captured_within",
                "captured_usd > 0 and captured_usd <= amount_usd",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("budget_holds_key", "tenant_id, idempotency_key"),
            Index::new("budget_holds_of_account", "tenant_id, account_id, id desc"),
            Index::new("budget_holds_open", "tenant_id, account_id, expires_at")
                .with("include (amount_usd) where state = 'open'"),
            Index::new("budget_holds_expiry", "tenant_id, expires_at, id")
                .with("where state = 'open'"),
        ]
    }

    fn triggers() -> Vec<Trigger> {
        vec![
            Trigger::new(
                "budget_hold_taken",
                "after insert",
                "execute function keel.hold_budget()",
            ),
            Trigger::new(
                "budget_hold_settled",
                "after update",
                "when (new.state <> old.state or new.amount_usd <> old.amount_usd \
                 or new.account_id <> old.account_id \
                 or new.captured_usd is distinct from old.captured_usd) \
                 execute function keel.settle_budget_hold()",
            ),
        ]
    }
}
