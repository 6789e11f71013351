//! What the sources of leads brought, beside what they cost.
//!
//! Everything is counted in the month that the lead came in, whenever its money did (cohort months),
//! and for the lead that was there first, if several became the same customer (first touch).

use std::collections::BTreeMap;

use entity::{id::UserId, zone};
use rust_decimal::{Decimal, RoundingStrategy};
use sea_orm::{FromQueryResult, Value, sea_query::ArrayType};
use serde::Serialize;

use super::Month;
use crate::{Error, Result, Tx, input};

/// How many months can be asked about at once.
const MOST_MONTHS: usize = 60;

/// Whether campaigns are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// A row for each source and month.
    #[default]
    Source,
    /// A row for each campaign of a source. What was paid for the source beyond its campaigns is in
    /// a row without a campaign.
    SubSource,
}

/// What to compute.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The first month, by the tenant's calendar.
    pub from: Month,
    /// The last month.
    pub to: Month,
    /// Whether campaigns are told apart.
    pub by: By,
    /// Only what this user paid, and the leads that are theirs; `None`: the whole tenant.
    pub user_id: Option<UserId>,
    /// What each recruited lead is worth beyond the deals, in the tenant's currency.
    pub revenue_per_recruit: Option<Decimal>,
}

impl Ask {
    /// The sources of the whole tenant in these months.
    #[must_use]
    pub fn months(from: Month, to: Month) -> Self {
        Self { from, to, by: By::Source, user_id: None, revenue_per_recruit: None }
    }
}

/// What was paid and what it brought, in the tenant's currency. A ratio to nothing is null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// What was paid.
    pub cost: Decimal,
    /// How many leads came in, and are still there.
    pub leads: i64,
    /// How many of them were recruited, at any time up to now.
    pub recruited: i64,
    /// The won deals of the customers that they became, and what recruits are worth beyond that.
    pub revenue: Decimal,
    /// What a lead cost, to the cent.
    pub cost_per_lead: Option<Decimal>,
    /// What a recruited lead cost, to the cent.
    pub cost_per_recruit: Option<Decimal>,
    /// The share of leads that were recruited, from 0 to 1, to four decimals.
    pub conversion: Option<Decimal>,
    /// (revenue − cost) / cost, to four decimals.
    pub roi: Option<Decimal>,
}

/// The figures of a source or a campaign in a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The month in which the leads came in.
    pub period: Month,
    /// Where from; `None`: nobody knows.
    pub source: Option<String>,
    /// From which campaign; `None`: from none, or they were not told apart.
    pub sub_source: Option<String>,
    /// What it cost and brought.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Money in a currency that is not the tenant's, which counts for nothing above.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct Foreign {
    /// Which currency.
    pub currency: String,
    /// What was paid in it.
    pub cost: Decimal,
    /// What was won in it.
    pub revenue: Decimal,
}

/// What the sources cost and brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Roi {
    /// The currency of all the figures: the tenant's.
    pub currency: String,
    /// By month, source and campaign; those without a source or a campaign first.
    pub rows: Vec<Row>,
    /// By month.
    pub months: BTreeMap<Month, Figures>,
    /// Of all.
    pub total: Figures,
    /// What is left out, by currency.
    pub left_out: Vec<Foreign>,
}

/// What both questions begin with: the months, and the leads that came in in each. `$3` to `$5` the
/// months, where they begin and where they end, `$6` whose, or null, `$7` the tenant's currency, `$8` its
/// zone, `$9` its day; `$10` to `$13` what the months span, in instants and in months, which an index is
/// asked for at once.
///
/// A customer's deals count for the lead that was there first, from the day it came in.
macro_rules! cohort {
    ($rest:literal) => {
        concat!(
            "
with months as materialized (
    select m.period, m.starts_at, m.ends_at
    from unnest($3::text[], $4::text[]::timestamptz[], $5::text[]::timestamptz[])
         as m (period, starts_at, ends_at)),
cohort as materialized (
    select m.period, l.id, l.source, l.sub_source, l.converted_client_id, l.created_at
    from months m
    join leads l on l.tenant_id = $1 and l.created_at >= m.starts_at and l.created_at < m.ends_at
        and l.created_at <= $2 and l.deleted_at is null
        and l.created_at >= $10::timestamptz and l.created_at < $11::timestamptz
        and ($6::uuid is null or l.user_id = $6)),
first as materialized (
    select c.period, c.source, c.sub_source, c.converted_client_id,
           (c.created_at at time zone $8)::date as since
    from cohort c
    where c.converted_client_id is not null and (
        select true from leads e
        where e.tenant_id = $1 and e.converted_client_id = c.converted_client_id
          and e.deleted_at is null and (e.created_at, e.id) < (c.created_at, c.id)
        limit 1) is null),
won as materialized (
    select f.period, f.source, f.sub_source, d.currency, sum(d.value) as revenue
    from first f
    join deals d on d.tenant_id = $1 and d.client_id = f.converted_client_id
    where d.stage = 'won' and d.deleted_at is null and d.actual_close_date >= f.since
      and d.actual_close_date <= $9
    group by f.period, f.source, f.sub_source, d.currency),
",
            $rest
        )
    };
}

/// Served by `leads_created`, `leads_of_client`, `deals_of_client`, `lead_status_history_entered` and
/// `lead_source_costs_by_month`. Costs and leads are summed each for themselves, and then put side by
/// side; what was paid for a source includes what was paid for its campaigns.
pub const ROI: &str = cohort!(
    "paid as materialized (
    select c.period, c.source, c.sub_source, c.user_id, sum(c.cost_usd) as cost
    from months m
    join lead_source_costs c on c.tenant_id = $1 and c.period = m.period
        and c.period >= $12 and c.period <= $13
    where c.currency = $7 and ($6::uuid is null or c.user_id = $6)
    group by c.period, c.source, c.sub_source, c.user_id),
beyond as (
    select p.period, p.source,
           greatest(coalesce(sum(p.cost) filter (where p.sub_source is null), 0)
                    - coalesce(sum(p.cost) filter (where p.sub_source is not null), 0), 0) as cost
    from paid p group by p.period, p.source, p.user_id),
recruits as materialized (
    select distinct h.lead_id
    from lead_status_history h
    where h.tenant_id = $1 and h.to_status = 'recruited' and h.changed_at <= $2
      and h.changed_at >= (select min(m.starts_at) from months m)),
cells as (
    select p.period, p.source, p.sub_source, p.cost,
           0::bigint as leads, 0::bigint as recruited, 0::numeric as revenue
    from paid p where p.sub_source is not null
    union all
    select b.period, b.source, null, b.cost, 0, 0, 0 from beyond b
    union all
    select c.period, c.source, c.sub_source, 0, count(*),
           count(*) filter (where c.id in (select r.lead_id from recruits r)), 0
    from cohort c
    group by c.period, c.source, c.sub_source
    union all
    select w.period, w.source, w.sub_source, 0, 0, 0, w.revenue
    from won w where w.currency = $7)
select c.period, c.source, c.sub_source, sum(c.cost) as cost, sum(c.leads)::bigint as leads,
       sum(c.recruited)::bigint as recruited, sum(c.revenue) as revenue
from cells c
group by c.period, c.source, c.sub_source
order by c.period, c.source nulls first, c.sub_source nulls first"
);

/// Served as [`ROI`]: what was paid and won in other currencies.
pub const FOREIGN: &str = cohort!(
    "foreign_money as (
    select w.currency, 0::numeric as cost, w.revenue from won w where w.currency <> $7
    union all
    select c.currency, c.cost_usd, 0
    from months m
    join lead_source_costs c on c.tenant_id = $1 and c.period = m.period
        and c.period >= $12 and c.period <= $13
    where c.currency <> $7 and ($6::uuid is null or c.user_id = $6))
select f.currency, sum(f.cost) as cost, coalesce(sum(f.revenue), 0) as revenue
from foreign_money f group by f.currency order by f.currency"
);

#[derive(FromQueryResult)]
struct Cell {
    period: String,
    source: Option<String>,
    sub_source: Option<String>,
    cost: Decimal,
    leads: i64,
    recruited: i64,
    revenue: Decimal,
}

impl Figures {
    fn add(&mut self, cell: &Cell, per_recruit: Decimal) {
        self.cost += cell.cost;
        self.leads += cell.leads;
        self.recruited += cell.recruited;
        self.revenue += cell.revenue + per_recruit * Decimal::from(cell.recruited);
    }

    fn with_ratios(mut self) -> Self {
        let ratio = |of: Decimal, to: Decimal, decimals| {
            let to_the_nearest = RoundingStrategy::MidpointAwayFromZero;
            of.checked_div(to).map(|ratio| ratio.round_dp_with_strategy(decimals, to_the_nearest))
        };
        let (leads, recruited) = (Decimal::from(self.leads), Decimal::from(self.recruited));
        self.cost_per_lead = ratio(self.cost, leads, 2);
        self.cost_per_recruit = ratio(self.cost, recruited, 2);
        self.conversion = ratio(recruited, leads, 4);
        self.roi = ratio(self.revenue - self.cost, self.cost, 4);
        self
    }
}

/// What the sources cost and brought, by the month in which the leads came in.
///
/// # Errors
///
/// [`Error::Invalid`] if the months end before they begin, or are more than 60.
#[tracing::instrument(name = "lead_source_cost::roi", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn roi(tx: &Tx, ask: &Ask) -> Result<Roi> {
    let per_recruit = ask.revenue_per_recruit.unwrap_or_default();
    input::money(&per_recruit)
        .map_err(|e| Error::invalid("revenue_per_recruit", e.message.unwrap_or_default()))?;
    let currency = tx.tenant().await?.currency.clone();
    let values = values(tx, ask, &currency).await?;
    let cells = Cell::find_by_statement(tx.ask(ROI, values.clone())).all(tx).await?;
    let left_out = Foreign::find_by_statement(tx.ask(FOREIGN, values)).all(tx).await?;
    let mut rows = BTreeMap::<_, Figures>::new();
    let mut months = BTreeMap::<_, Figures>::new();
    let mut total = Figures::default();
    for cell in cells {
        let period = Month::parse(&cell.period)
            .map_err(|error| Error::invalid("period", error.to_string()))?;
        total.add(&cell, per_recruit);
        months.entry(period.clone()).or_default().add(&cell, per_recruit);
        let sub_source = cell.sub_source.clone().filter(|_| ask.by == By::SubSource);
        let row = rows.entry((period, cell.source.clone(), sub_source)).or_default();
        row.add(&cell, per_recruit);
    }
    tracing::Span::current().record("rows", rows.len());
    let row = |((period, source, sub_source), figures): ((_, _, _), Figures)| Row {
        period,
        source,
        sub_source,
        figures: figures.with_ratios(),
    };
    Ok(Roi {
        currency,
        // What says nothing is not there: a source that was paid for by campaign alone.
        rows: rows.into_iter().filter(|(_, f)| *f != Figures::default()).map(row).collect(),
        months: months.into_iter().map(|(month, of)| (month, of.with_ratios())).collect(),
        total: total.with_ratios(),
        left_out,
    })
}

async fn values(tx: &Tx, ask: &Ask, currency: &str) -> Result<Vec<Value>> {
    if ask.from > ask.to {
        return Err(Error::invalid("from", "must not be after the end"));
    }
    let after = |month: &Month| Some(month.next()).filter(|next| *next <= ask.to);
    let months: Vec<_> =
        std::iter::successors(Some(ask.from.clone()), after).take(MOST_MONTHS + 1).collect();
    if months.len() > MOST_MONTHS {
        return Err(Error::invalid("to", format!("must not be more than {MOST_MONTHS} months on")));
    }
    let zone = tx.zone().await?;
    let starts = |of: &Month| zone::day_start(zone, of.first()).to_rfc3339();
    let texts = |say: &dyn Fn(&Month) -> String| {
        let all = months.iter().map(|month| Value::from(say(month))).collect();
        Value::Array(ArrayType::String, Some(Box::new(all)))
    };
    Ok(vec![
        texts(&Month::to_string),
        texts(&starts),
        texts(&|month| starts(&month.next())),
        ask.user_id.map(|user| user.0).into(),
        currency.into(),
        zone.name().into(),
        tx.today().await?.into(),
        zone::day_start(zone, ask.from.first()).into(),
        zone::day_start(zone, ask.to.next().first()).into(),
        ask.from.as_str().into(),
        ask.to.as_str().into(),
    ])
}
