//! A budget: the money that one person may spend in one currency.
//!
//! The balance is that of the last entry, and moves by an entry alone: a trigger on
//! [`budget_transaction`](super::budget_transaction) moves it, and another refuses every change that
//! no entry stands for. What open holds reserve is kept in step likewise.

use sea_orm::entity::prelude::*;

use crate::{
    id::{BudgetAccountId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Trigger, Verbs},
};

/// One row of `budget_accounts`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "budget_accounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BudgetAccountId,
    /// Whose it is. Never another's later.
    pub user_id: UserId,

    /// ISO 4217. Never another later.
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    /// What all entries add up to.
    #[sea_orm(column_type = "Decimal(Some((14, 2)))", default_value = 0)]
    pub balance: Decimal,
    /// What open holds reserve of it.
    #[sea_orm(column_type = "Decimal(Some((14, 2)))", default_value = 0)]
    pub held: Decimal,
    /// How low what is available, the balance less what is held, may get; below zero: a credit line.
    #[sea_orm(column_type = "Decimal(Some((14, 2)))", default_value = 0)]
    pub floor: Decimal,
    /// The number of the last entry; 0: there is none yet.
    #[sea_orm(default_value = 0)]
    pub last_entry_no: i64,

    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "(tenant_id, user_id)", to = "(tenant_id, id)")]
    pub user: BelongsTo<crate::tenancy::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        let within = "between -999999999999.99 and 999999999999.99";
        vec![
            Check::new("budget_accounts_currency_form", "currency ~ '^[A-Z]{3}$'"),
            Check::new("budget_accounts_balance_range", format!("balance {within}")),
            Check::new("budget_accounts_held_range", "held between 0 and 999999999999.99"),
            Check::new("budget_accounts_floor_kept", "balance - held >= floor"),
            Check::new("budget_accounts_last_entry_no_range", "last_entry_no >= 0"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::unique("budget_accounts_of_user", "tenant_id, user_id, currency")]
    }

    fn triggers() -> Vec<Trigger> {
        vec![
            Trigger::new(
                "budget_account_empty",
                "after insert",
                "when (new.balance <> 0 or new.held <> 0 or new.last_entry_no <> 0) \
                 execute function keel.refuse_unentered_balance()",
            ),
            Trigger::new(
                "budget_account_entered",
                "after update",
                "when (new.balance <> old.balance or new.last_entry_no <> old.last_entry_no \
                 or new.currency <> old.currency or new.user_id <> old.user_id) \
                 execute function keel.refuse_unentered_balance()",
            ),
        ]
    }
}
