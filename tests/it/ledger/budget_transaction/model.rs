//! Random work on two accounts, held against a few lines of plain Rust.

use chrono::TimeDelta;
use integration::World;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use service::{
    Error, Result, Tx,
    entity::id::{BudgetAccountId, BudgetHoldId, BudgetTransactionId},
    ledger::{
        budget_account::{self, AsOf},
        budget_hold,
        budget_transaction::{self, New, Refund, Reversal},
    },
};

use super::super::{account_of, balance, books, cents, dollars};

#[derive(Clone, Debug)]
enum Step {
    Credit(usize, i64),
    Debit(usize, i64),
    Adjust(usize, i64),
    /// Of the entry at this place, of as many as there are.
    Refund(usize, i64),
    Reverse(usize),
    Hold(usize, i64),
    Capture(usize, i64),
    Release(usize),
    Expire,
    /// What was asked for at this place is asked for again.
    Again(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let (account, amount, place) = (0..2_usize, 1..120_i64, any::<usize>());
    prop_oneof![
        (account.clone(), amount.clone()).prop_map(|(a, n)| Step::Credit(a, n)),
        (account.clone(), amount.clone()).prop_map(|(a, n)| Step::Debit(a, n)),
        (account.clone(), -60..60_i64).prop_map(|(a, n)| Step::Adjust(a, n)),
        (place, amount.clone()).prop_map(|(p, n)| Step::Refund(p, n)),
        place.prop_map(Step::Reverse),
        (account, amount.clone()).prop_map(|(a, n)| Step::Hold(a, n)),
        (place, amount).prop_map(|(p, n)| Step::Capture(p, n)),
        place.prop_map(Step::Release),
        Just(Step::Expire),
        place.prop_map(Step::Again),
    ]
}

#[derive(Clone, Debug)]
struct Entry {
    account: usize,
    by: i64,
    is_debit: bool,
    refunds: Option<usize>,
    reverses: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
enum HoldIs {
    Open,
    Captured(i64),
    Let,
}

/// The whole ledger, without a database.
#[derive(Clone, Debug)]
struct Model {
    floor: [i64; 2],
    entries: Vec<Entry>,
    holds: Vec<(usize, i64, HoldIs)>,
}

impl Model {
    fn balance(&self, account: usize) -> i64 {
        self.entries.iter().filter(|e| e.account == account).map(|e| e.by).sum()
    }

    fn available(&self, account: usize) -> i64 {
        let open = |(of, amount, is): &(usize, i64, HoldIs)| {
            if *of == account && *is == HoldIs::Open { *amount } else { 0 }
        };
        let held: i64 = self.holds.iter().map(open).sum();
        self.balance(account) - held - self.floor[account]
    }

    fn is_reversed(&self, entry: usize) -> bool {
        self.entries.iter().any(|e| e.reverses == Some(entry))
    }

    fn refunded(&self, entry: usize) -> i64 {
        let refunds = self.entries.iter().enumerate().filter(|(_, e)| e.refunds == Some(entry));
        refunds.filter(|(at, _)| !self.is_reversed(*at)).map(|(_, e)| e.by).sum()
    }

    fn enter(&mut self, account: usize, by: i64) -> bool {
        let may = by != 0 && (by > 0 || self.available(account) + by >= 0);
        if may {
            let is_debit = false;
            self.entries.push(Entry { account, by, is_debit, refunds: None, reverses: None });
        }
        may
    }

    /// Whether the step is done.
    fn take(&mut self, step: &Step) -> bool {
        let place = |at: usize, of: usize| (of > 0).then(|| at % of.max(1));
        match *step {
            Step::Credit(account, by) | Step::Adjust(account, by) => self.enter(account, by),
            Step::Debit(account, amount) => {
                let done = self.enter(account, -amount);
                if done && let Some(last) = self.entries.last_mut() {
                    last.is_debit = true;
                }
                done
            }
            Step::Refund(at, amount) => {
                let Some(at) = place(at, self.entries.len()) else { return false };
                let of = self.entries[at].clone();
                let left = -of.by - self.refunded(at);
                let done = of.is_debit && !self.is_reversed(at) && amount <= left;
                if done {
                    self.enter(of.account, amount);
                    self.entries.last_mut().unwrap().refunds = Some(at);
                }
                done
            }
            Step::Reverse(at) => {
                let Some(at) = place(at, self.entries.len()) else { return false };
                let of = self.entries[at].clone();
                let may = of.reverses.is_none() && !self.is_reversed(at) && self.refunded(at) == 0;
                let done = may && self.enter(of.account, -of.by);
                if done {
                    self.entries.last_mut().unwrap().reverses = Some(at);
                }
                done
            }
            Step::Hold(account, amount) => {
                let done = self.available(account) >= amount;
                if done {
                    self.holds.push((account, amount, HoldIs::Open));
                }
                done
            }
            Step::Capture(at, amount) => {
                let Some(at) = place(at, self.holds.len()) else { return false };
                let (account, most, is) = self.holds[at].clone();
                let done = is == HoldIs::Open && amount <= most;
                if done {
                    self.holds[at].2 = HoldIs::Captured(amount);
                    self.enter(account, -amount);
                    self.entries.last_mut().unwrap().is_debit = true;
                }
                done || is == HoldIs::Captured(amount)
            }
            Step::Release(at) => {
                let Some(at) = place(at, self.holds.len()) else { return false };
                let may = !matches!(self.holds[at].2, HoldIs::Captured(_));
                if may {
                    self.holds[at].2 = HoldIs::Let;
                }
                may
            }
            Step::Expire => {
                for (_, _, is) in &mut self.holds {
                    if *is == HoldIs::Open {
                        *is = HoldIs::Let;
                    }
                }
                true
            }
            Step::Again(_) => true,
        }
    }
}

/// What the database has of what the model has, in the same order.
struct Real {
    accounts: [BudgetAccountId; 2],
    entries: Vec<BudgetTransactionId>,
    holds: Vec<BudgetHoldId>,
}

/// What was made by a step, if anything new was.
enum Made {
    Entry(BudgetTransactionId),
    Hold(BudgetHoldId),
    Nothing,
}

impl Real {
    async fn take(&self, tx: &Tx, step: &Step, key: &str) -> Result<Made> {
        let place = |at: usize, of: usize| {
            if of == 0 { Err(Error::NotFound("anything")) } else { Ok(at % of) }
        };
        let new = |account: usize, amount| dollars(self.accounts[account], amount, key);
        let entry = match *step {
            Step::Credit(a, amount) => budget_transaction::credit(tx, new(a, amount)).await?,
            Step::Debit(a, amount) => budget_transaction::debit(tx, new(a, amount)).await?,
            Step::Adjust(a, by) => {
                let new = New { amount: cents(by), ..new(a, 1) };
                budget_transaction::adjust(tx, new).await?
            }
            Step::Refund(at, amount) => {
                let of = self.entries[place(at, self.entries.len())?];
                let (amount, key) = (cents(amount), key.to_owned());
                let new = Refund { amount, description: "back".to_owned(), key };
                budget_transaction::refund(tx, of, new).await?
            }
            Step::Reverse(at) => {
                let of = self.entries[place(at, self.entries.len())?];
                let new = Reversal { reason: "wrong".to_owned(), key: key.to_owned() };
                budget_transaction::reverse(tx, of, new).await?
            }
            Step::Hold(account, amount) => {
                let new = budget_hold::New {
                    account_id: self.accounts[account],
                    amount: cents(amount),
                    currency: "USD".to_owned(),
                    description: "a call".to_owned(),
                    reference_type: None,
                    reference_id: None,
                    lasts: TimeDelta::days(1),
                    key: key.to_owned(),
                };
                return Ok(Made::Hold(budget_hold::authorise(tx, new).await?.id));
            }
            Step::Capture(at, amount) => {
                let of = self.holds[place(at, self.holds.len())?];
                budget_hold::capture(tx, of, cents(amount)).await?.entry
            }
            Step::Release(at) => {
                budget_hold::release(tx, self.holds[place(at, self.holds.len())?]).await?;
                return Ok(Made::Nothing);
            }
            Step::Expire => {
                budget_hold::expire(tx, 1000).await?;
                return Ok(Made::Nothing);
            }
            Step::Again(_) => return Ok(Made::Nothing),
        };
        Ok(Made::Entry(entry.id))
    }
}

/// Two accounts, the second with a credit line of half a dollar, and a day of work on them.
async fn play(world: &World, round: usize, steps: &[Step]) {
    let mut accounts = [BudgetAccountId::new(); 2];
    for (n, floor) in [0, -50].into_iter().enumerate() {
        accounts[n] = account_of(world, &world.context, &format!("r{round}a{n}"), 0).await;
        world.run(async |tx| budget_account::set_floor(tx, accounts[n], cents(floor)).await).await;
    }
    let mut real = Real { accounts, entries: vec![], holds: vec![] };
    let mut model = Model { floor: [0, -50], entries: vec![], holds: vec![] };
    let mut done: Vec<(Step, String)> = vec![];
    for (n, step) in steps.iter().enumerate() {
        // The sweep comes two days later, when every hold has expired.
        let at = if matches!(step, Step::Expire) { TimeDelta::days(2) } else { TimeDelta::zero() };
        let (asked, key) = match step {
            Step::Again(at) if !done.is_empty() => done[at % done.len()].clone(),
            step => (step.clone(), format!("{round} {n}")),
        };
        let came =
            world.db.run(world.later(at), async |tx| real.take(tx, &asked, &key).await).await;
        if matches!(step, Step::Again(_)) {
            assert!(came.is_ok(), "{asked:?} again: {:?}", came.err());
            continue;
        }
        let may = model.take(step);
        match came {
            Ok(made) => {
                assert!(may, "{step:?} was done");
                match made {
                    Made::Entry(id) if !real.entries.contains(&id) => real.entries.push(id),
                    Made::Hold(id) => real.holds.push(id),
                    _ => {}
                }
                let may_again = matches!(
                    step,
                    Step::Credit(..) | Step::Debit(..) | Step::Adjust(..) | Step::Hold(..)
                );
                if may_again {
                    done.push((step.clone(), key));
                }
            }
            Err(Error::Conflict(_) | Error::Invalid { .. } | Error::NotFound(_)) => {
                assert!(!may, "{step:?} was refused");
            }
            Err(error) => panic!("{step:?}: {error:?}"),
        }
    }
    for (n, id) in accounts.into_iter().enumerate() {
        assert_eq!(balance(world, id).await, model.balance(n), "{steps:?}");
        let account = world.run(async |tx| budget_account::get(tx, id).await).await;
        assert_eq!(budget_account::available(&account), cents(model.available(n)), "{steps:?}");
        assert!(model.available(n) >= 0);
        assert!(books(world, id).await.in_order());
        let now = AsOf::effective(world.context.now);
        let as_of = world.run(async |tx| budget_account::balance_as_of(tx, id, now).await).await;
        assert_eq!(as_of, account.balance);
    }
}

#[tokio::test]
async fn random_work_comes_out_as_in_a_ledger_of_plain_rust() {
    let world = World::new().await;
    let mut runner = TestRunner::deterministic();
    for round in 0..40 {
        let steps = prop::collection::vec(step(), 10..60).new_tree(&mut runner).unwrap().current();
        play(&world, round, &steps).await;
    }
}
