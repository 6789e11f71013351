//! Leads: a file that somebody kept by hand, who gets them, what became of those before, and what
//! they cost.

use std::time::Instant;

use chrono::{Days, TimeDelta};
use entity::{
    email::Email,
    id::{LeadId, UserId},
    leads::lead_source_cost::Month,
};
use rust_decimal::Decimal;
use sea_orm::ActiveEnum;
use service::{
    Context, Result, Tx,
    leads::{
        distribution::{self, Join, Strategy},
        lead::{self, Because, New, Status},
        lead_assignment::{self, Ask, Assigned},
        lead_import::{self, File, Outcome, Told},
        lead_source_cost::{self, By},
        lead_status_history::{self, Window},
    },
    ledger::{budget_account, budget_hold, budget_transaction},
    outreach::dnc,
    tenancy::user,
};

use crate::{
    Failure,
    answers::Reader,
    print::{
        Paper,
        Side::{Left, Right},
        amount, bad, count, fair, good, plain,
    },
};

/// As it came from a fair: a mark of byte order, semicolons, a comma within quotes, numbers in three
/// spellings, and what cannot be a lead.
const FILE: &str = "\u{feff}First name;Last name;Phone;E-mail;Source;Category\r
Anna;Brandt;089 99998 901;anna@brandt.example;referral;hot\r
Jonas;\"Meier; jun.\";+49 89 99998-902;Jonas@Meier.example;event;warm\r
Anna;Brandt;0049 (89) 99998 901;;website;\r
Carla;;089 99998 903;carla@holm.example;event;\r
Emil;Voss;ask at reception;;event;\r
Dora;Lang;089 99998 904;dora@;event;\r
Felix;Ruhe;089 99998 905;felix@ruhe.example;event;\r
Greta;Holm;089/99998906;;referral;fresh\r
Hugo;Lenz;+1 212 555 0147;hugo@lenz.example;linkedin;\r
";

/// The outcomes that were promised of those rows.
const OUTCOMES: [Outcome; 9] = [
    Outcome::Imported,
    Outcome::Imported,
    Outcome::DuplicateInFile,
    Outcome::Invalid,
    Outcome::Invalid,
    Outcome::Invalid,
    Outcome::DoNotCall,
    Outcome::Imported,
    Outcome::Imported,
];

/// Who answers for leads.
pub struct Sellers([UserId; 3]);

/// Forty leads of the last four weeks, what they cost, and who looks after the next.
pub async fn until_now(reader: &Reader<'_>) -> Result<Sellers, Failure> {
    let sellers = reader.db.run(reader.context.clone(), async |tx| hired(tx).await).await?;
    for n in 0_u32..40 {
        let days = |days: i64| Context {
            now: reader.context.now - TimeDelta::days(27 - i64::from(n / 2))
                + TimeDelta::days(days),
            ..reader.context.clone()
        };
        let source = ["referral", "facebook_ads", "event", "facebook_ads"][n as usize % 4];
        let new = New {
            source: Some(source.to_owned()),
            user_id: Some(sellers[n as usize % 3]),
            ..New::named("Lead", &format!("No. {}", n + 1), &format!("089 99998 1{n:02}"))
        };
        let id = reader.db.run(days(0), async |tx| Ok(lead::create(tx, new).await?.id)).await?;
        let becomes: &[(Status, i64)] = match n % 8 {
            0 => &[(Status::Contacted, 1), (Status::Qualified, 3), (Status::Recruited, 6)],
            1 | 2 => &[(Status::Contacted, 1), (Status::Qualified, 4)],
            3 | 4 => &[(Status::Contacted, 2)],
            5 => &[(Status::Contacted, 1), (Status::Cold, 5)],
            6 => &[(Status::Hot, 2)],
            _ => &[],
        };
        for &(to, after) in becomes {
            let at = days(after);
            if at.now <= reader.context.now {
                move_to(reader, at, id, to).await?;
            }
        }
    }
    Ok(Sellers(sellers))
}

async fn move_to(reader: &Reader<'_>, at: Context, id: LeadId, to: Status) -> Result<(), Failure> {
    let because = Because::manual(None);
    reader.db.run(at, async |tx| lead::move_to(tx, id, to, &because).await).await?;
    Ok(())
}

async fn hired(tx: &Tx) -> Result<[UserId; 3]> {
    let mut ids = vec![];
    for name in ["Ruth", "Samir", "Toni"] {
        let email = format!("{}@sales.alsterwerk.example", name.to_lowercase());
        let email = Email::parse(&email).map_err(|_| service::Error::NotFound("address"))?;
        let new = user::New { email, name: name.to_owned(), role: "sales".to_owned() };
        ids.push(user::add(tx, new).await?.id);
    }
    for (source, cost) in [("referral", 0), ("facebook_ads", 1_400), ("event", 900)] {
        for period in ["2026-02", "2026-03"] {
            let Ok(period) = Month::parse(period) else { continue };
            let new = lead_source_cost::New {
                user_id: None,
                source: source.to_owned(),
                sub_source: None,
                period,
                cost: Decimal::from(cost),
                currency: None,
                notes: None,
            };
            lead_source_cost::record(tx, new).await?;
        }
    }
    dnc::add(tx, dnc::New::for_good("089 99998 905", "lead_requested")).await?;
    ids.try_into().map_err(|_| service::Error::NotFound("seller"))
}

/// Reads the file, and gives what it brought to those who sell.
pub async fn import(
    reader: &Reader<'_>,
    paper: &mut Paper,
    sellers: &Sellers,
) -> Result<(), Failure> {
    paper.heading("11  What is in this morning's file, and who gets it?")?;
    let (file, ask) = (File::new("fair.csv", FILE.as_bytes()), lead_import::Ask::default());
    let began = Instant::now();
    let (done, rows, given) = reader
        .db
        .run(reader.context.clone(), async |tx| {
            let done = lead_import::import(tx, &file, &ask).await?;
            let told = Told { only_odd: false, ..Told::of(done.import.id) };
            let rows = lead_import::outcomes(tx, &told).await?.items;
            let made: Vec<LeadId> = rows.iter().filter_map(|row| row.lead_id).collect();
            let new = distribution::New { name: "Fair".to_owned(), strategy: Strategy::RoundRobin };
            let pool = distribution::open(tx, new).await?;
            for user in sellers.0 {
                distribution::join(tx, pool.id, Join::plain(user)).await?;
            }
            let given = lead_assignment::assign_many(tx, &made, &Ask::of(pool.id)).await?;
            Ok((done, rows, given))
        })
        .await?;
    let took = began.elapsed();
    let outcomes: Vec<_> = rows.iter().map(|row| row.outcome).collect();
    if outcomes != OUTCOMES {
        return Err(format!("the file's rows came to {outcomes:?}").into());
    }
    let mut table = vec![];
    for row in &rows {
        let what = match row.outcome {
            Outcome::Imported => good("a lead"),
            Outcome::DoNotCall => fair("do not call"),
            _ => bad("refused"),
        };
        let owner = given.iter().find(|(id, _)| Some(*id) == row.lead_id).map(|(_, a)| a);
        let why = match (owner, &row.reason) {
            (Some(Assigned::To(to)), _) => to.reason.clone(),
            (Some(Assigned::Refused(why)), _) => (*why).to_owned(),
            (Some(Assigned::Waiting(why)), _) | (_, Some(why)) => why.clone(),
            _ => String::new(),
        };
        let text =
            FILE.lines().nth(usize::try_from(row.line).unwrap_or_default().saturating_sub(1));
        let name: Vec<_> = text.unwrap_or_default().split(';').take(2).collect();
        table.push(vec![plain(row.line), plain(name.join(" ")), what, plain(why)]);
    }
    paper.table(&[("Line", Right), ("Whom", Left), ("", Left), ("Why", Left)], table)?;
    let import = &done.import;
    let what = format!(
        "{}: {} leads, {} not to be called, {} refused; read, written and distributed",
        count(import.rows, "row"),
        import.imported,
        import.do_not_call,
        import.invalid + import.duplicates_in_file
    );
    paper.done(&what, took)?;
    Ok(())
}

/// How far those of the last thirty days have come.
pub async fn funnel(reader: &Reader<'_>, paper: &mut Paper) -> Result<(), Failure> {
    paper.heading("12  How far do leads come?")?;
    let window = Window::default();
    let (funnel, took) =
        reader.ask(async |tx| lead_status_history::funnel(tx, &window).await).await?;
    let share = |part: Option<Decimal>| part.map_or_else(String::new, percent);
    let rows = funnel.stages.iter().map(|stage| {
        let days =
            stage.median_seconds.map_or_else(String::new, |s| format!("{} days", s / 86_400));
        vec![
            plain(stage.status.to_value()),
            plain(stage.reached.map_or_else(String::new, |n| n.to_string())),
            plain(share(stage.conversion)),
            plain(stage.present),
            plain(days),
        ]
    });
    let columns = [
        ("Status", Left),
        ("Came so far", Right),
        ("Went on", Right),
        ("Are there", Right),
        ("Half left after", Right),
    ];
    paper.table(&columns, rows.collect())?;
    let worst = funnel.bottleneck.map_or_else(String::new, |status| status.to_value());
    paper.done(
        &format!("{} of 30 days; most are lost in {worst}", count(funnel.leads, "lead")),
        took,
    )?;
    Ok(())
}

fn percent(part: Decimal) -> String {
    format!("{} %", (part * Decimal::ONE_HUNDRED).round_dp(1).normalize())
}

/// What each source costs and brings.
pub async fn roi(reader: &Reader<'_>, paper: &mut Paper) -> Result<(), Failure> {
    paper.heading("13  What does each source cost, and bring?")?;
    let today = reader.context.now.date_naive();
    let month = |day: chrono::NaiveDate| Month::parse(&day.format("%Y-%m").to_string());
    let (Ok(from), Ok(to)) = (month(today - Days::new(28)), month(today)) else {
        return Err("no month".into());
    };
    let ask = lead_source_cost::Ask {
        from,
        to,
        by: By::Source,
        user_id: None,
        revenue_per_recruit: Some(Decimal::from(1_200)),
    };
    let (roi, took) = reader.ask(async |tx| lead_source_cost::roi(tx, &ask).await).await?;
    let rows = roi.rows.iter().map(|row| {
        let figures = &row.figures;
        vec![
            plain(&row.period),
            plain(row.source.as_deref().unwrap_or("unknown")),
            plain(amount(Some(figures.cost))),
            plain(figures.leads),
            plain(figures.recruited),
            plain(amount(figures.cost_per_lead)),
            plain(amount(figures.cost_per_recruit)),
            plain(figures.roi.map_or_else(String::new, percent)),
        ]
    });
    let columns = [
        ("Month", Left),
        ("Source", Left),
        (reader.currency, Right),
        ("Leads", Right),
        ("Won", Right),
        ("A lead", Right),
        ("One won", Right),
        ("Return", Right),
    ];
    paper.table(&columns, rows.collect())?;
    let total = roi.total.roi.map_or_else(|| "not known".to_owned(), percent);
    paper.done(&format!("In all a return of {total}"), took)?;
    Ok(())
}

/// What is left of a budget that calls are paid from.
pub async fn balance(
    reader: &Reader<'_>,
    paper: &mut Paper,
    sellers: &Sellers,
) -> Result<(), Failure> {
    paper.heading("14  What is left of Ruth's budget?")?;
    let began = Instant::now();
    let (currency, user) = (reader.currency, sellers.0[0]);
    let account = reader
        .db
        .run(reader.context.clone(), async |tx| {
            let account = budget_account::open(tx, budget_account::New::of(user, currency)).await?;
            let new = |sum: &str, key: &str, what: &str| {
                let sum = sum.parse().unwrap_or_default();
                budget_transaction::New::of(account.id, sum, currency, what, key)
            };
            budget_transaction::credit(tx, new("100", "top-up-1", "top-up")).await?;
            // The second is the same, told twice.
            for _ in 0..2 {
                budget_transaction::debit(tx, new("0.75", "call-1", "a call")).await?;
            }
            budget_transaction::debit(tx, new("0.02", "sms-1", "a text message")).await?;
            let hold = budget_hold::New {
                account_id: account.id,
                amount: Decimal::from(5),
                currency: currency.to_owned(),
                description: "a call that is on".to_owned(),
                reference_type: None,
                reference_id: None,
                lasts: TimeDelta::minutes(30),
                key: "call-2".to_owned(),
            };
            budget_hold::authorise(tx, hold).await?;
            budget_account::get(tx, account.id).await
        })
        .await?;
    let took = began.elapsed();
    let sums = reader
        .db
        .read(reader.context.clone(), async |tx| budget_account::reconcile(tx, account.id).await)
        .await?;
    let (left, free) = (account.balance, budget_account::available(&account));
    if left != Decimal::new(9_923, 2) || free != Decimal::new(9_423, 2) || !sums.in_order() {
        return Err(format!("the account says {left} and {free}").into());
    }
    let what = format!(
        "{currency} {left}, of which {free} are free while a call is on; its entries come to the same"
    );
    paper.done(&what, took)?;
    Ok(())
}
