//! A tenant as it might be after a year: drawn by dice, the same every time, and loaded as any
//! caller would do it.

mod clients;
mod deals;
mod dice;
mod letters;
mod orders;
mod people;
mod quotes;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entity::{sales::deal::Stage, scope::TenantScoped, zone::Zone};
use indicatif::ProgressBar;
use sea_orm::{ActiveModelBehavior, ActiveModelTrait};
use service::{
    Context, Db,
    sales::deal_stage_config::{self, Expect},
    tenancy::tenant,
};

use self::{
    clients::Clients,
    deals::{Deals, Drawn},
    dice::Dice,
    orders::Orders,
    people::{People, Person},
    quotes::Quotes,
};
pub use self::{letters::Letter, people::Line};
use crate::Failure;

/// After how many days of silence the tenant's negotiations stall; the other stages keep to the
/// shipped defaults.
const NEGOTIATION_DAYS: u32 = 10;

/// Who the tenant is, and when.
pub struct Setting {
    pub name: &'static str,
    pub domain: &'static str,
    pub zone: Tz,
    pub region: &'static str,
    pub currency: &'static str,
    pub now: DateTime<Utc>,
    pub size: Size,
    pub seed: u64,
}

/// How much there is of everything.
#[derive(Clone, Copy)]
pub struct Size {
    pub customers: u32,
    pub deals: u32,
    pub quotes: u32,
    pub listed: u32,
    pub clients: u32,
    pub orders: u32,
    pub letters: u32,
}

/// Numbers that the list is asked about.
pub struct Lines {
    /// Those of all contacts, as somebody typed them.
    pub typed: Vec<String>,
    /// Those of contacts who may be called.
    pub free: Vec<Line>,
    /// One of each kind that the list knows: for good, for a time, expired, removed.
    pub of_each_kind: Vec<Line>,
}

/// All of a tenant's rows.
pub struct World {
    people: People,
    deals: Deals,
    quotes: Quotes,
    clients: Clients,
    orders: Orders,
    letters: Vec<Letter>,
}

impl World {
    pub fn draw(setting: &Setting) -> Result<Self, Failure> {
        let dice = &mut Dice::new(setting.seed);
        let people = people::draw(dice, setting, setting.size.listed)?;
        let deals = deals::draw(dice, setting, &people);
        let quotes = quotes::draw(dice, setting, &people, &deals.drawn);
        let clients = clients::draw(dice, setting, &people);
        let orders = orders::draw(dice, setting, &people)?;
        let letters = letters::draw(dice, setting, &people);
        Ok(Self { people, deals, quotes, clients, orders, letters })
    }

    pub fn rows(&self) -> usize {
        let Self { people, deals, quotes, clients, orders, letters: _ } = self;
        people.users.len()
            + people.customers.len()
            + people.contacts.len()
            + people.listed.len()
            + deals.rows.len()
            + deals.moves.len()
            + deals.activities.len()
            + quotes.counters.len()
            + quotes.rows.len()
            + quotes.activities.len()
            + quotes.outcomes.len()
            + clients.watched.len()
            + clients.calls.len()
            + clients.sessions.len()
            + orders.counters.len()
            + orders.cases.len()
            + orders.requests.len()
    }

    pub fn calls(&self) -> usize {
        self.clients.calls.len()
    }

    /// The numbers that there are to ask about.
    pub fn lines(&self) -> Lines {
        let persons = &self.people.persons;
        let typed = persons.iter().enumerate().map(|(nth, person)| match nth % 140 {
            77 => person.line.written.chars().take(9).collect(), // and no more was legible
            _ => person.line.written.clone(),
        });
        let free = persons.iter().filter(|person| !person.listed && !person.unsubscribed);
        Lines {
            typed: typed.collect(),
            free: free.map(|person| person.line.clone()).collect(),
            of_each_kind: self.people.of_each_kind.clone(),
        }
    }

    /// Loads it, and hands over the letters, which nobody has read yet.
    pub async fn load(
        self,
        db: &Db,
        context: &Context,
        setting: &Setting,
        bar: &ProgressBar,
    ) -> Result<Vec<Letter>, Failure> {
        let new = tenant::New {
            phone_region: setting.region.to_owned(),
            currency: setting.currency.to_owned(),
            ..tenant::New::named(setting.name, Zone::parse(setting.zone.name())?)
        };
        let patient = Expect {
            max_days_before_stale: i32::try_from(NEGOTIATION_DAYS).ok(),
            ..Expect::default()
        };
        db.run(context.clone(), async |tx| {
            tenant::open(tx, new).await?;
            deal_stage_config::set(tx, Stage::Negotiation, patient).await
        })
        .await?;
        let Self { people, deals, quotes, clients, orders, letters } = self;
        write(db, context, bar, people.users).await?;
        write(db, context, bar, people.customers).await?;
        write(db, context, bar, people.contacts).await?;
        // What only refers to those is written side by side.
        let sales = async {
            write(db, context, bar, deals.rows).await?;
            write(db, context, bar, deals.moves).await?;
            write(db, context, bar, deals.activities).await?;
            write(db, context, bar, quotes.counters).await?;
            write(db, context, bar, quotes.rows).await?;
            write(db, context, bar, quotes.activities).await?;
            write(db, context, bar, quotes.outcomes).await
        };
        let rest = async {
            write(db, context, bar, people.listed).await?;
            write(db, context, bar, clients.watched).await?;
            write(db, context, bar, clients.calls).await?;
            write(db, context, bar, clients.sessions).await?;
            write(db, context, bar, orders.counters).await?;
            write(db, context, bar, orders.cases).await?;
            write(db, context, bar, orders.requests).await
        };
        tokio::try_join!(sales, rest)?;
        Ok(letters)
    }
}

/// Writes the rows, each few of them in a transaction of their own.
async fn write<A>(
    db: &Db,
    context: &Context,
    bar: &ProgressBar,
    rows: Vec<A>,
) -> Result<(), service::Error>
where
    A: ActiveModelTrait + ActiveModelBehavior + Send,
    A::Entity: TenantScoped,
{
    const AT_ONCE: usize = 1000;
    let mut rows = rows.into_iter();
    loop {
        let some: Vec<_> = rows.by_ref().take(AT_ONCE).collect();
        if some.is_empty() {
            return Ok(());
        }
        let written = some.len() as u64;
        db.run(context.clone(), async |tx| tx.insert_many(some).await).await?;
        bar.inc(written);
    }
}
