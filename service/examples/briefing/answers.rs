//! The first questions and their answers in words, but for the numbers to call: see `calls`.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use comfy_table::Cell;
use entity::{
    customers::customer, health::client_health_score::Zone as Health, id::ContactId,
    sales::contact, zone::date_at,
};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, QueryFilter};
use service::{
    Context, Db, Result, Tx,
    health::pattern::{self, Break, Breaks, Status},
    sales::{
        deal::{self, NotClaimable, Stalled, StalledDeal, Why},
        quote::{self, Due, DueQuote, Rates},
    },
};

use crate::{
    Failure,
    print::{
        Paper,
        Side::{Left, Right},
        amount, bad, count, day, fair, good, grouped, plain,
    },
};

/// How many rows of each answer are printed.
pub const SHOWN: usize = 8;

/// Who reads the briefing, and when.
pub struct Reader<'a> {
    pub db: &'a Db,
    pub context: &'a Context,
    pub zone: Tz,
    pub currency: &'a str,
}

/// Somebody at a customer.
pub struct Known {
    pub name: String,
    pub zone: Tz,
}

impl Reader<'_> {
    pub fn today(&self) -> NaiveDate {
        date_at(self.zone, self.context.now)
    }

    pub fn day(&self, at: DateTime<Utc>) -> String {
        day(date_at(self.zone, at), self.today())
    }

    /// The answer, and the median of the times of five askings, each in a transaction of its own.
    pub async fn ask<T>(&self, question: impl AsyncFn(&Tx) -> Result<T>) -> Result<(T, Duration)> {
        let mut times = vec![];
        loop {
            let began = Instant::now();
            let answer = self.db.read(self.context.clone(), &question).await?;
            times.push(began.elapsed());
            if times.len() == 5 {
                times.sort();
                return Ok((answer, times[2]));
            }
        }
    }

    /// What contacts are called, and where they are.
    pub async fn contacts(
        &self,
        ids: impl IntoIterator<Item = ContactId>,
    ) -> Result<HashMap<ContactId, Known>> {
        let ids: Vec<_> = ids.into_iter().collect();
        self.db
            .read(self.context.clone(), async |tx| {
                let found = tx.find::<contact::Entity>().filter(contact::Column::Id.is_in(ids));
                let found = found.all(tx).await?;
                let clients = found.iter().map(|contact| contact.client_id.clone());
                let clients = customer::Column::ClientId.is_in(clients);
                let clients = tx.find::<customer::Entity>().filter(clients).all(tx).await?;
                let names = clients.into_iter().map(|it| (it.client_id, it.client_name));
                let names: HashMap<_, _> = names.collect();
                let known = found.into_iter().map(|contact| {
                    let company = names.get(&contact.client_id).map_or("", String::as_str);
                    let name = format!("{} {}, {company}", contact.first_name, contact.last_name);
                    let zone = contact.time_zone.and_then(|zone| zone.rules().ok());
                    (contact.id, Known { name, zone: zone.unwrap_or(self.zone) })
                });
                Ok(known.collect())
            })
            .await
    }

    pub async fn stalled_deals(&self, paper: &mut Paper) -> Result<(), Failure> {
        let (page, took) =
            self.ask(async |tx| deal::stalled(tx, &Stalled::default()).await).await?;
        let all = self.db.read(self.context.clone(), async |tx| {
            let (mut all, mut ask) = (vec![], Stalled { limit: 1000, after: None });
            loop {
                let page = deal::stalled(tx, &ask).await?;
                all.extend(page.items);
                match page.next {
                    Some(next) => ask.after = Some(next),
                    None => return Ok(all),
                }
            }
        });
        let all = all.await?;
        let shown = &page.items[..page.items.len().min(SHOWN)];
        paper.heading("1  Which deals have gone quiet?")?;
        paper.table(
            &[("Deal", Left), (self.currency, Right), ("Follow-up", Left), ("Why", Left)],
            shown
                .iter()
                .map(|deal| {
                    let why = self.why_stalled(deal);
                    let next = follow_up(deal.not_claimable);
                    vec![plain(&deal.title), plain(amount(deal.value)), next, plain(why)]
                })
                .collect(),
        )?;
        let worth: Decimal = all.iter().filter_map(|deal| deal.value).sum();
        let free = all.iter().filter(|deal| deal.not_claimable.is_none()).count();
        paper.done(
            &format!(
                "{} in all, worth {} {}, of which {} can be followed up. A page of fifty:",
                grouped(all.len()),
                self.currency,
                grouped(worth.round()),
                grouped(free)
            ),
            took,
        )?;
        Ok(())
    }

    /// How long deals stay in each stage.
    pub async fn velocity(&self, paper: &mut Paper) -> Result<(), Failure> {
        let (stages, took) = self.ask(async |tx| deal::velocity(tx, None).await).await?;
        let stages = stages.iter().map(|it| {
            let stage = format!("{:?}", it.stage).to_lowercase();
            format!("{stage} in {}", it.median_days.normalize())
        });
        let stages: Vec<_> = stages.collect();
        let what = format!("Half that move on leave {} days", stages.join(", "));
        paper.done(&what, took)?;
        Ok(())
    }

    fn why_stalled(&self, deal: &StalledDeal) -> String {
        let stage = format!("{:?}", deal.stage).to_lowercase();
        let silent = count(deal.days_since_activity.unsigned_abs(), "day");
        let besides = deal.why.iter().filter_map(|why| match why {
            Why::Idle => None,
            Why::MissedFollowUp { planned } => {
                Some(format!("step of {} missed", self.day(*planned)))
            }
            Why::OverdueClose { expected } => {
                Some(format!("was to close {}", day(*expected, self.today())))
            }
        });
        let besides: Vec<_> = besides.collect();
        let gap = if besides.is_empty() { "" } else { "\n" };
        let days = deal.threshold_days;
        format!("{stage}: silent {silent}, allowed {days}{gap}{}", besides.join("; "))
    }

    pub async fn due_quotes(&self, paper: &mut Paper) -> Result<(), Failure> {
        let (page, took) =
            self.ask(async |tx| quote::follow_ups_due(tx, &Due::default()).await).await?;
        let all = Due { limit: 1000, after: None };
        let all = self.ask(async |tx| quote::follow_ups_due(tx, &all).await).await?.0;
        paper.heading("2  Which quotes want a follow-up?")?;
        paper.table(
            &[("Number", Left), ("Quote", Left), (self.currency, Right), ("Why", Left)],
            page.items
                .iter()
                .take(SHOWN)
                .map(|quote| {
                    vec![
                        plain(&quote.quote_number),
                        plain(&quote.title),
                        plain(amount(Some(quote.total_amount))),
                        plain(self.why_due(quote)),
                    ]
                })
                .collect(),
        )?;
        let more = if all.next.is_some() { "more than " } else { "" };
        let found = grouped(all.items.len());
        paper.done(&format!("{more}{found} in all. A page of fifty:"), took)?;
        let (rates, took) =
            self.ask(async |tx| quote::win_rates(tx, &Rates::default()).await).await?;
        let percent = |rate: Option<Decimal>| {
            rate.map_or_else(|| "–".to_owned(), |rate| format!("{} %", rate.round_dp(1)))
        };
        paper.done(
            &format!(
                "{} won, {} lost: {} of the decided, {} of all {} that ended of 90 days' quotes",
                rates.won_count,
                rates.lost_count,
                percent(rates.decided_win_rate_pct),
                percent(rates.win_rate_pct),
                rates.total_quotes
            ),
            took,
        )?;
        Ok(())
    }

    fn why_due(&self, quote: &DueQuote) -> String {
        let (nth, most) = (quote.attempt_no, quote.max_follow_ups);
        let opened = match quote.status {
            quote::Status::Viewed => "opened and not answered",
            _ => "never opened",
        };
        let until = match quote.valid_until {
            Some(date) if date == self.today() => "; ends today".to_owned(),
            Some(date) => format!("; good until {}", day(date, self.today())),
            None => String::new(),
        };
        let since = quote.due_since.with_timezone(&self.zone).format("%a %H:%M");
        format!("{nth} of {most}, due since {since}\n{opened}{until}")
    }

    pub async fn breaks(&self, paper: &mut Paper) -> Result<(), Failure> {
        let (page, took) =
            self.ask(async |tx| pattern::breaks(tx, &Breaks::default()).await).await?;
        let all = Breaks { limit: 1000, ..Breaks::default() };
        let all = self.ask(async |tx| pattern::breaks(tx, &all).await).await?.0;
        paper.heading("4  Which clients call less than they used to?")?;
        paper.table(
            &[
                ("Client", Left),
                ("Coach", Left),
                ("Usual week", Right),
                ("By now", Right),
                ("Change", Right),
                ("Why", Left),
            ],
            page.items.iter().take(SHOWN).map(|client| self.row_of(client)).collect(),
        )?;
        let broken = |client: &&Break| client.pattern_status == Status::PatternBreak;
        let broken = all.items.iter().filter(broken).count();
        let below = all.items.len() - broken;
        paper.done(&format!("{broken} have broken their pattern, {below} are below it"), took)?;
        Ok(())
    }

    fn row_of(&self, client: &Break) -> Vec<Cell> {
        let since = client.week_start.with_timezone(&self.zone).format("%A");
        let called = match client.calls_this_week {
            0 => format!("not one call since {since}"),
            n => format!("{} since {since}", count(n.unsigned_abs(), "call")),
        };
        let health = match client.health_zone {
            Some(Health::Red) => "; health red",
            Some(Health::Yellow) => "; health yellow",
            _ => "",
        };
        let less = client.deviation_pct.map(|percent| format!("{} %", percent.round()));
        let less = less.unwrap_or_default().replace('-', "−");
        let broken = client.pattern_status == Status::PatternBreak;
        vec![
            plain(&client.client_name),
            plain(client.assigned_coach.as_deref().unwrap_or("nobody")),
            plain(client.avg_calls_per_week.round_dp(1)),
            plain(client.expected_calls.round_dp(1)),
            if broken { bad(less) } else { fair(less) },
            plain(format!("{called}{health}")),
        ]
    }
}

/// Whether a stalled deal is followed up by itself, and if not, why not.
fn follow_up(not: Option<NotClaimable>) -> Cell {
    match not {
        None => good("can be sent"),
        Some(NotClaimable::FollowUpsOff) => fair("switched off"),
        Some(NotClaimable::Exhausted) => fair("all sent"),
        Some(NotClaimable::NoAddress) => bad("no address"),
        Some(NotClaimable::ContactGone) => bad("contact gone"),
        Some(NotClaimable::Unsubscribed) => bad("unsubscribed"),
        Some(NotClaimable::DoNotCall) => bad("do not call"),
    }
}
