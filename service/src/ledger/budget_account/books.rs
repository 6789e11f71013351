//! What the entries say of an account: what it held at some time, and whether all adds up.

use chrono::{DateTime, Utc};
use entity::id::BudgetAccountId;
use rust_decimal::Decimal;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;

use crate::{Error, Result, Tx, input};

/// Of what time a balance is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// Entries count that had taken effect by then, that instant included.
    pub effective: DateTime<Utc>,
    /// Entries count that had been recorded by then, that instant included; `None`: all that are known
    /// now, also those that were recorded later for an earlier time.
    pub recorded: Option<DateTime<Utc>>,
}

impl AsOf {
    /// By what is known now.
    #[must_use]
    pub fn effective(at: DateTime<Utc>) -> Self {
        Self { effective: at, recorded: None }
    }
}

/// Whether an account's books are in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct Reconciliation {
    /// What the account says that it has.
    pub balance: Decimal,
    /// What its entries add up to.
    pub entries_total: Decimal,
    /// How many entries there are.
    pub entries: i64,
    /// The number of the last one, by the account.
    pub last_entry_no: i64,
    /// The first entry that does not follow on the one before it, or does not add up; null: none.
    pub first_break: Option<i64>,
    /// What the account says that is held.
    pub held: Decimal,
    /// What its open holds add up to.
    pub holds_total: Decimal,
}

impl Reconciliation {
    /// Whether the entries add up to the balance, in an unbroken chain, and the holds to what is held.
    #[must_use]
    pub fn in_order(&self) -> bool {
        self.balance == self.entries_total
            && self.entries == self.last_entry_no
            && self.first_break.is_none()
            && self.held == self.holds_total
    }
}

/// Served by `pk-budget_accounts` and `budget_transactions_effective`: reads what took effect later,
/// and so little, the less time has passed. `$1` tenant, `$2` as of when, `$3` account.
pub const AS_OF: &str = "
select (a.balance - coalesce((
    select sum(e.amount_usd) from budget_transactions e
    where e.tenant_id = $1 and e.account_id = $3 and e.effective_at > $2), 0))::numeric(14, 2)
from budget_accounts a
where a.tenant_id = $1 and a.id = $3";

/// Served by `pk-budget_accounts` and `budget_transactions_effective`. `$1` tenant, `$2` as of when,
/// `$3` account, `$4` as known when.
pub const AS_KNOWN: &str = "
select coalesce((
    select sum(e.amount_usd) from budget_transactions e
    where e.tenant_id = $1 and e.account_id = $3 and e.effective_at <= $2
      and e.created_at <= $4), 0)::numeric(14, 2)
from budget_accounts a
where a.tenant_id = $1 and a.id = $3";

/// Served by `pk-budget_accounts`, `budget_transactions_entry` and `budget_holds_open`. `$1` tenant,
/// `$2` time, `$3` account.
pub const RECONCILE: &str = "
with chain as (
    select e.entry_no, e.amount_usd,
           e.entry_no <> row_number() over w
               or e.balance_before_usd <> coalesce(lag(e.balance_after_usd) over w, 0)
               or e.balance_after_usd <> e.balance_before_usd + e.amount_usd as broken
    from budget_transactions e
    where e.tenant_id = $1 and e.account_id = $3
    window w as (order by e.entry_no)
),
entered as materialized (
    select count(*) as entries, coalesce(sum(c.amount_usd), 0)::numeric(14, 2) as entries_total,
           min(c.entry_no) filter (where c.broken) as first_break
    from chain c
)
select a.balance, e.entries_total, e.entries, a.last_entry_no, e.first_break, a.held,
       coalesce((select sum(h.amount_usd) from budget_holds h
                 where h.tenant_id = $1 and h.account_id = $3 and h.state = 'open'), 0)
           ::numeric(14, 2) as holds_total
from budget_accounts a cross join entered e
where a.tenant_id = $1 and a.id = $3 and $2::timestamptz is not null";

/// What was on the account at some time, in its currency, whatever was held of it.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such account; [`Error::Invalid`] if the time is none.
#[tracing::instrument(name = "budget_account::balance_as_of", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn balance_as_of(tx: &Tx, id: BudgetAccountId, as_of: AsOf) -> Result<Decimal> {
    input::at("effective", as_of.effective)?;
    let asked = match as_of.recorded {
        None => tx.ask_at(as_of.effective, AS_OF, [id.into()]),
        Some(recorded) => {
            input::at("recorded", recorded)?;
            tx.ask_at(as_of.effective, AS_KNOWN, [id.into(), recorded.into()])
        }
    };
    let row = tx.query_one_raw(asked).await?.ok_or(Error::NotFound("budget account"))?;
    Ok(row.try_get_by_index(0)?)
}

/// Adds up an account's entries and holds anew, and follows the chain of its entries: proof, from
/// every entry, that the balance is right. One statement, and so of one moment.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such account.
#[tracing::instrument(name = "budget_account::reconcile", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn reconcile(tx: &Tx, id: BudgetAccountId) -> Result<Reconciliation> {
    let row = tx.query_one_raw(tx.ask(RECONCILE, [id.into()])).await?;
    let row = row.ok_or(Error::NotFound("budget account"))?;
    Ok(Reconciliation::from_query_result(&row, "")?)
}
