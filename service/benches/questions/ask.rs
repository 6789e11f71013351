//! The questions, put to the service and to a bare driver.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::{
    id::DealId,
    sales::deal::{Column, Entity},
};
use sea_orm::{ColumnTrait as _, DbBackend, QueryFilter as _, QuerySelect as _, QueryTrait as _};
use service::{
    Context, Db, Tx,
    compliance::compliance_check,
    feedback::feedback_request,
    health::pattern,
    outreach::dnc,
    sales::{deal, opportunity_signal, quote},
};
use tokio_postgres::{
    Client, Row, Statement,
    types::{FromSql, IsNull, ToSql, Type, to_sql_checked},
};
use uuid::Uuid;

use crate::{Failable, load};

/// A question.
#[derive(Clone, Copy, Debug)]
pub enum Ask {
    /// One deal by its id.
    Deal,
    /// The newest deals of a stage.
    Deals,
    /// The first page of stalled deals.
    Stalled,
    /// The first page of quotes to be followed up.
    Quotes,
    /// Whether so many numbers may be called.
    Check(u64),
    /// The first page of clients who call less.
    Breaks,
    /// The first page of customers to be asked for feedback.
    Feedback,
    /// The first page of signs about which nothing was done.
    Signals,
    /// The first page of compliance checks to be completed.
    Compliance,
}

/// How many rows a page has.
const PAGE: u64 = 50;
/// How many rows of evidence the service writes at once.
const AT_ONCE: u64 = 500;

impl Ask {
    /// Asks the service. Says how many rows were found, and how long that took.
    pub async fn of_service(
        self,
        db: &Db,
        context: &Context,
        rows: u64,
        turn: u64,
    ) -> Failable<(usize, Duration)> {
        let (stage, stalled) = (of_stage(), deal::Stalled::default());
        let (due, breaks) = (quote::Due::default(), pattern::Breaks::default());
        let requests = feedback_request::Due { limit: PAGE, after: None };
        let signals = opportunity_signal::Unactioned { limit: PAGE, ..Default::default() };
        let checks = compliance_check::Due { limit: PAGE, after: None };
        let id = DealId(load::nth(any(turn, rows)));
        let numbers = self.numbers(turn, rows);
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let who = context.clone();
        let asked = Instant::now();
        let found = match self {
            Self::Deal => db.read(who, async |tx| deal::get(tx, id).await).await.map(|_| 1)?,
            Self::Deals => db.read(who, async |tx| deal::list(tx, &stage).await).await?.items.len(),
            Self::Stalled => {
                db.read(who, async |tx| deal::stalled(tx, &stalled).await).await?.items.len()
            }
            Self::Quotes => {
                db.read(who, async |tx| quote::follow_ups_due(tx, &due).await).await?.items.len()
            }
            Self::Check(1) => {
                let number = numbers.first().copied().unwrap_or_default();
                db.run(who, async |tx| dnc::check(tx, number).await).await.map(|_| 1)?
            }
            Self::Check(_) => {
                db.run(who, async |tx| dnc::check_many(tx, &numbers).await).await?.len()
            }
            Self::Breaks => {
                db.read(who, async |tx| pattern::breaks(tx, &breaks).await).await?.items.len()
            }
            Self::Feedback => {
                let ask = async |tx: &Tx| feedback_request::due(tx, &requests).await;
                db.read(who, ask).await?.items.len()
            }
            Self::Signals => {
                let ask = async |tx: &Tx| opportunity_signal::unactioned(tx, &signals).await;
                db.read(who, ask).await?.items.len()
            }
            Self::Compliance => {
                let ask = async |tx: &Tx| compliance_check::due(tx, &checks).await;
                db.read(who, ask).await?.items.len()
            }
        };
        Ok((found, asked.elapsed()))
    }

    /// The SQL that the service sends, and the types that it says of the parameters: the question,
    /// and then what is to be written.
    async fn texts(self, db: &Db, context: &Context) -> Failable<Vec<(String, Vec<Type>)>> {
        let built = async |tx: &Tx| {
            let by_id = tx.find::<Entity>().filter(Column::Id.eq(load::nth(0))).limit(1);
            let of_stage = deal::queries::list_query(tx, &of_stage());
            Ok([by_id, of_stage].map(|select| select.build(DbBackend::Postgres).sql))
        };
        let [by_id, of_stage] = db.read(context.clone(), built).await?;
        let (question, rest): (_, &[Type]) = match self {
            Self::Deal => (by_id, &[Type::UUID, Type::INT8]),
            Self::Deals => (of_stage, &[Type::TEXT, Type::INT8]),
            Self::Stalled => (deal::queries::stalled_sql(), STALLED),
            Self::Quotes => (quote::queries::DUE.to_owned(), DUE),
            Self::Check(_) => (dnc::queries::LISTED.to_owned(), LISTED),
            Self::Breaks => (pattern::queries::BREAKS.to_owned(), BREAKS),
            Self::Feedback => (feedback_request::queries::DUE.to_owned(), FEEDBACK),
            Self::Signals => (opportunity_signal::queries::UNACTIONED.to_owned(), SIGNALS),
            Self::Compliance => (compliance_check::queries::DUE.to_owned(), DUE),
        };
        let mut texts = vec![(question, [&[Type::UUID], rest].concat())];
        if let Self::Check(count) = self {
            texts.push(evidence(count.min(AT_ONCE)));
        }
        Ok(texts)
    }

    /// What is bound to the question.
    fn parameters(self, context: &Context, rows: u64, turn: u64) -> Parameters {
        let (tenant, now) = (Box::new(context.tenant.0), Box::new(context.now));
        let page = Box::new(i64::try_from(PAGE + 1).unwrap_or(i64::MAX));
        let null = || Box::new(Null);
        match self {
            Self::Deal => vec![tenant, Box::new(load::nth(any(turn, rows))), Box::new(1_i64)],
            Self::Deals => vec![tenant, Box::new("proposal"), page],
            Self::Stalled => vec![tenant, now, page, null(), null(), null(), null(), null()],
            Self::Quotes | Self::Compliance => vec![tenant, now, page, null(), null()],
            Self::Feedback => {
                let since = context.now - TimeDelta::days(feedback_request::FATIGUE_DAYS);
                vec![tenant, now, page, null(), null(), Box::new(since)]
            }
            Self::Signals => {
                let gap = Box::new(50_i32); // what half the strength lacks
                vec![tenant, now, page, gap, null(), null(), null()]
            }
            Self::Check(_) => vec![tenant, now, Box::new(self.numbers(turn, rows))],
            Self::Breaks => {
                let since = Box::new(context.now - TimeDelta::days(7));
                vec![tenant, now, page, since, null(), null(), null()]
            }
        }
    }

    /// Half of them are listed, on average, and in no order.
    fn numbers(self, turn: u64, rows: u64) -> Vec<String> {
        let Self::Check(count) = self else { return vec![] };
        (0..count).map(|at| load::number(any(turn * count + at, 2 * rows))).collect()
    }
}

const STALLED: &[Type] = &[
    Type::TIMESTAMPTZ,
    Type::INT8,
    Type::TIMESTAMPTZ,
    Type::INT4,
    Type::NUMERIC,
    Type::NUMERIC,
    Type::UUID,
];
const DUE: &[Type] = &[Type::TIMESTAMPTZ, Type::INT8, Type::TIMESTAMPTZ, Type::UUID];
const LISTED: &[Type] = &[Type::TIMESTAMPTZ, Type::TEXT_ARRAY];
const BREAKS: &[Type] =
    &[Type::TIMESTAMPTZ, Type::INT8, Type::TIMESTAMPTZ, Type::TEXT, Type::NUMERIC, Type::UUID];
const FEEDBACK: &[Type] =
    &[Type::TIMESTAMPTZ, Type::INT8, Type::TIMESTAMPTZ, Type::UUID, Type::TIMESTAMPTZ];
const SIGNALS: &[Type] =
    &[Type::TIMESTAMPTZ, Type::INT8, Type::INT4, Type::INT4, Type::TIMESTAMPTZ, Type::UUID];

type Parameters = Vec<Box<dyn ToSql + Sync + Send>>;

/// A null of any type.
#[derive(Debug)]
struct Null;

impl ToSql for Null {
    fn to_sql(
        &self,
        _: &Type,
        _: &mut tokio_postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        Ok(IsNull::Yes)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A question on a connection without a service around it.
pub struct Bare<'a> {
    client: &'a Client,
    ask: Ask,
    context: Context,
    statements: Vec<Statement>,
}

impl<'a> Bare<'a> {
    pub async fn prepare(
        client: &'a Client,
        db: &Db,
        ask: Ask,
        context: &Context,
    ) -> Failable<Self> {
        let mut statements = Vec::new();
        for (text, types) in ask.texts(db, context).await? {
            statements.push(client.prepare_typed(&text, &types).await?);
        }
        Ok(Self { client, ask, context: context.clone(), statements })
    }

    /// Asks. Says how many rows were found, and how long that took.
    pub async fn ask(&self, rows: u64, turn: u64) -> Failable<(usize, Duration)> {
        let [question, write @ ..] = &*self.statements else { return Err("no statement".into()) };
        let numbers = self.ask.numbers(turn, rows);
        let asked = Instant::now();
        let mode = if write.is_empty() { "begin read only" } else { "begin" };
        let begin = format!("{mode}; select keel.set_tenant('{}')", self.context.tenant);
        self.client.batch_execute(&begin).await?;
        let parameters = self.ask.parameters(&self.context, rows, turn);
        let found = self.client.query(question, &borrowed(&parameters)).await?;
        for row in &found {
            read(row)?;
        }
        let Some(write) = write.first() else {
            let took = asked.elapsed();
            self.client.batch_execute("rollback").await?;
            return Ok((found.len().min(50), took));
        };
        for chunk in numbers.chunks(usize::try_from(AT_ONCE)?) {
            let records = records(&self.context, chunk);
            self.client.execute(write, &borrowed(&records)).await?;
        }
        self.client.batch_execute("commit").await?;
        Ok((numbers.len(), asked.elapsed()))
    }
}

/// Takes each value out of the row, as a caller would.
fn read(row: &Row) -> Result<(), tokio_postgres::Error> {
    for (at, column) in row.columns().iter().enumerate() {
        match *column.type_() {
            Type::BOOL => drop(black_box(row.try_get::<_, Option<bool>>(at)?)),
            Type::INT4 => drop(black_box(row.try_get::<_, Option<i32>>(at)?)),
            Type::UUID => drop(black_box(row.try_get::<_, Option<Uuid>>(at)?)),
            Type::DATE => drop(black_box(row.try_get::<_, Option<NaiveDate>>(at)?)),
            Type::TIMESTAMPTZ => drop(black_box(row.try_get::<_, Option<DateTime<Utc>>>(at)?)),
            Type::TEXT => drop(black_box(row.try_get::<_, Option<String>>(at)?)),
            Type::INT8 => drop(black_box(row.try_get::<_, Option<i64>>(at)?)),
            Type::NUMERIC | Type::JSONB => drop(black_box(row.try_get::<_, Option<Raw>>(at)?)),
            _ => return Ok(()),
        }
    }
    Ok(())
}

/// The bytes of a decimal or a document, which the driver alone cannot read.
struct Raw(#[expect(dead_code, reason = "they are taken out and nothing else")] Vec<u8>);

impl FromSql<'_> for Raw {
    fn from_sql(_: &Type, bytes: &[u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(bytes.to_vec()))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::NUMERIC | Type::JSONB)
    }
}

fn borrowed(parameters: &Parameters) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(|parameter| &**parameter as &(dyn ToSql + Sync)).collect()
}

/// The text by which the service leaves evidence of so many numbers.
fn evidence(count: u64) -> (String, Vec<Type>) {
    let rows = (0..count).map(|row| {
        let [id, to, said, because] = [5, 6, 7, 8].map(|at| at + 4 * row);
        format!("($1, $2, $3, $4, ${id}, ${to}, ${said}, ${because}::text::text[])")
    });
    let rows: Vec<_> = rows.collect();
    let text = format!(
        "insert into dnc_checks
             (tenant_id, checked_at, actor, purpose, id, number, verdict, refusals) values {}",
        rows.join(", ")
    );
    let mut types = vec![Type::UUID, Type::TIMESTAMPTZ, Type::TEXT, Type::TEXT];
    types.extend((0..count).flat_map(|_| [Type::UUID, Type::TEXT, Type::TEXT, Type::TEXT]));
    (text, types)
}

/// As if all of the numbers were clear.
fn records(context: &Context, numbers: &[String]) -> Parameters {
    let mut parameters: Parameters = vec![
        Box::new(context.tenant.0),
        Box::new(context.now),
        Box::new(context.actor.to_string()),
        Box::new("check"),
    ];
    for number in numbers {
        parameters.push(Box::new(Uuid::now_v7()));
        parameters.push(Box::new(number.clone()));
        parameters.push(Box::new("clear"));
        parameters.push(Box::new("{}"));
    }
    parameters
}

fn of_stage() -> deal::List {
    deal::List { stage: Some(deal::Stage::Proposal), limit: PAGE, ..deal::List::default() }
}

/// Any number below `end`, in no order.
fn any(turn: u64, end: u64) -> u64 {
    (turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16) % end
}
