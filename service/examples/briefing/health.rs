//! How clients do, who is most likely to leave, and what to do about it.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use comfy_table::Cell;
use entity::health::client_health_score::{Entity, Zone};
use rust_decimal::Decimal;
use sea_orm::PaginatorTrait;
use service::health::{
    client_health_score::{self, Compute},
    coach_performance::{self, Model as Coach},
    daily_summary,
    intervention::{self, Channel, Due, Kind, Model, channels},
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

/// Scores all clients, as is done before anybody comes in.
pub async fn score(reader: &Reader<'_>, paper: &mut Paper) -> Result<(), Failure> {
    let Reader { db, context, .. } = reader;
    let (mut clients, mut unknown, began) = (0, 0, Instant::now());
    let mut found = HashMap::<Zone, usize>::new();
    loop {
        let some = Compute::default();
        let work =
            db.run((*context).clone(), async |tx| client_health_score::compute(tx, &some).await);
        let done = work.await?;
        if done.looked_at == 0 {
            break;
        }
        if let Some(failed) = done.failed.into_iter().next() {
            return Err(failed.error.into());
        }
        (clients, unknown) = (clients + done.looked_at, unknown + done.unknown);
        for (zone, clients) in done.found {
            *found.entry(zone).or_default() += clients;
        }
    }
    let watched = db.read((*context).clone(), async |tx| Ok(tx.find::<Entity>().count(tx).await?));
    let watched = usize::try_from(watched.await?)?;
    if watched != found.values().sum::<usize>() + unknown {
        return Err(format!("{watched} are watched, and {clients} were scored").into());
    }
    let of = |zone| found.get(&zone).copied().unwrap_or_default();
    let what = format!(
        "{} scored: {} purple, {} green, {} yellow, {} red",
        count(clients, "client"),
        of(Zone::Purple),
        of(Zone::Green),
        of(Zone::Yellow),
        of(Zone::Red)
    );
    paper.done(&what, began.elapsed())?;
    Ok(())
}

/// Logs what is to be done, the greatest risk first, and says how the coaches' clients do.
pub async fn at_risk(reader: &Reader<'_>, paper: &mut Paper) -> Result<(), Failure> {
    let Reader { db, context, .. } = reader;
    let (mut logged, began) = (vec![], Instant::now());
    loop {
        let due = Due::default();
        let work = db.run((*context).clone(), async |tx| intervention::open_due(tx, &due).await);
        let some = work.await?;
        if some.is_empty() {
            break;
        }
        logged.extend(some);
    }
    let took = began.elapsed();
    let once: HashSet<_> = logged.iter().map(|it| (&it.client_email, it.triggered_by)).collect();
    if once.len() != logged.len() {
        return Err("the same cause has logged two interventions for a client".into());
    }
    logged.sort_by_key(|it| std::cmp::Reverse(it.predictive_risk_score));
    paper.heading("10  Which clients may leave, and what is to be done?")?;
    let mut kinds = HashSet::new();
    let few = logged.iter().filter(|it| kinds.insert(it.intervention_type));
    let columns = [
        ("Client", Left),
        ("Score", Right),
        ("Risk", Right),
        ("To do", Left),
        ("How and by when", Left),
        ("Why", Left),
    ];
    paper.table(&columns, few.map(|it| row_of(reader, it)).collect())?;
    let what = format!(
        "{} logged, once for each cause; the greatest risk of each kind",
        count(logged.len(), "intervention")
    );
    paper.done(&what, took)?;
    let (began, today) = (Instant::now(), reader.today());
    let (day, coaches) = db
        .run((*context).clone(), async |tx| {
            let day = daily_summary::close(tx, today).await?;
            Ok((day, coach_performance::close(tx, today).await?))
        })
        .await?;
    let took = began.elapsed();
    let what = format!(
        "{} % are red and {} % yellow; contracts at risk: {} {}",
        day.red_percentage.round_dp(1),
        day.yellow_percentage.round_dp(1),
        reader.currency,
        amount(Some(day.at_risk_revenue))
    );
    paper.done(&what, took)?;
    let by_score = |coach: &&Coach| coach.avg_health_score;
    if let (Some(best), Some(worst)) =
        (coaches.iter().max_by_key(by_score), coaches.iter().min_by_key(by_score))
    {
        let clients = |coach: &Coach| {
            let mean = coach.avg_health_score.unwrap_or_default().round_dp(1);
            let (red, all) = (coach.red_clients, coach.total_clients);
            let (name, trend) = (&coach.coach_name, format!("{:?}", coach.trend).to_lowercase());
            format!("{name}’s {all} clients score {mean} ({red} red, {trend})")
        };
        paper.line(&format!("  {}; {}", clients(best), clients(worst)))?;
    }
    Ok(())
}

fn row_of(reader: &Reader, of: &Model) -> Vec<Cell> {
    let whole = |value: Option<Decimal>| value.map_or(String::new(), |it| it.round().to_string());
    let score = whole(of.health_score);
    let score = match of.health_zone {
        Some(Zone::Red) => bad(score),
        Some(Zone::Yellow) => fair(score),
        _ => good(score),
    };
    let to_do = match of.intervention_type {
        Kind::UrgentOutreach => "reach out",
        Kind::Renewal => "renew",
        Kind::ReEngagement => "bring back",
        Kind::WellnessCheck => "ask how they are",
        Kind::Celebration => "celebrate",
        Kind::Incentive => "make an offer",
    };
    let how = match channels(of.intervention_type).first() {
        Some(Channel::Phone) => "phone",
        Some(Channel::Email) => "mail",
        Some(Channel::Sms) => "text message",
        Some(Channel::WhatsApp) => "WhatsApp",
        Some(Channel::InPerson) => "in person",
        None => "somehow",
    };
    let why = of.ai_recommendation.clone().unwrap_or_default();
    vec![
        plain(of.client_name.as_deref().unwrap_or(of.client_email.as_str())),
        score,
        plain(whole(of.predictive_risk_score)),
        plain(to_do),
        plain(format!("{how}, {}", reader.day(of.due_at))),
        plain(why),
    ]
}
