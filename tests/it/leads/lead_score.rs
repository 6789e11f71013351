//! How promising leads are.

mod arithmetic;
mod by_hand;
mod compute;
mod decay;

use chrono::TimeDelta;
use entity::id::LeadId;
use integration::{World, populate::scores::INTERESTED};
use service::{
    Context,
    leads::{
        lead,
        lead_activity::{self, Kind, New},
        lead_score::{
            self, Class, Compute, Computed, Explained, Factors, History, Model, Qualify, Trend,
        },
    },
};

/// A lead of whom nothing is known but a number in America: an area code gives 5.
pub async fn made(world: &World, number: u32) -> LeadId {
    let phone = format!("+1202555{number:04}");
    let new = lead::New::named("Ada", "Byron", &phone);
    world.run(async |tx| lead::create(tx, new).await).await.id
}

/// Scores whoever is due, as often as there is somebody.
pub async fn scored(world: &World, at: &Context) -> Vec<Computed> {
    let mut done = vec![];
    loop {
        let computed =
            world.run_as(at, async |tx| lead_score::compute(tx, &Compute::default()).await).await;
        if computed.looked_at == 0 {
            return done;
        }
        done.push(computed);
    }
}

pub async fn history(world: &World, lead: LeadId) -> Vec<Model> {
    let ask = History { lead, limit: 100, after: None };
    world.run(async |tx| lead_score::history(tx, &ask).await).await.items
}

pub async fn explained(world: &World, at: &Context, id: LeadId) -> Explained {
    world.run_as(at, async |tx| lead_score::explain(tx, id).await).await
}

pub async fn of(world: &World, id: LeadId) -> lead::Model {
    world.run(async |tx| lead::get(tx, id).await).await
}

/// 25 + 20 + 25 + 15 + 15 is all that can be answered, and 40 points.
pub fn all_answers() -> Qualify {
    Qualify {
        business_interest: Some(25),
        employment: Some(20),
        income_commitment: Some(25),
        experience: Some(15),
        decision_making: Some(15),
    }
}

/// Makes a lead hot: 40 for answers, 15 for today, 3 for a call, 5 for a reply, 15 for what was said, 5
/// for the area code are 83.
pub async fn warm_up(world: &World, at: &Context, id: LeadId) {
    let now = at.now;
    world
        .run_as(at, async |tx| {
            lead_score::qualify(tx, id, all_answers()).await?;
            lead_activity::record(tx, id, New::call(now, Some(INTERESTED))).await?;
            lead_activity::record(tx, id, New::plain(Kind::EmailReply, now)).await
        })
        .await;
}

#[tokio::test]
async fn each_point_is_explained_and_the_parts_sum_to_the_score() {
    let world = World::new().await;
    let id = made(&world, 109).await;
    warm_up(&world, &world.context, id).await;
    let now = explained(&world, &world.context, id).await;
    let parts = Factors {
        qualification: 40,
        engagement: 23,
        intent: 15,
        demographic: 5,
        by_hand: None,
        total: 83,
    };
    assert_eq!((now.stored, now.factors, now.class), (0, parts, Class::Hot));
    let lines: Vec<_> = now.lines.iter().map(|line| (line.what, line.points)).collect();
    assert_eq!(
        lines,
        [
            ("answers", 40),
            ("days since the last contact", 15),
            ("calls", 3),
            ("a reply", 5),
            ("interest", 10),
            ("questions", 5),
            ("an area code", 5)
        ]
    );
    scored(&world, &world.context).await;
    let lead = of(&world, id).await;
    assert_eq!(lead.lead_score, 83);
    let factors = serde_json::to_value(lead.lead_score_factors.unwrap()).unwrap();
    assert_eq!(
        factors,
        serde_json::json!({"qualification": 40, "engagement": 23, "intent": 15,
                           "demographic": 5, "total": 83})
    );
    let sql = format!("select calculate_lead_score('{id}')::text");
    assert_eq!(world.strings(&sql).await, ["83"]);
}

#[tokio::test]
async fn the_databases_answer_is_the_services_on_leads_of_all_kinds() {
    let world = World::new().await;
    let mut ids = vec![];
    for n in 0..24 {
        let id = made(&world, n).await;
        let ago = TimeDelta::days(i64::from(n) * 5);
        let then = world.later(-ago);
        world
            .run(async |tx| {
                for _ in 0..n % 7 {
                    lead_activity::record(tx, id, New::call(then.now, Some(INTERESTED))).await?;
                }
                let answers = Qualify { employment: Some(20), ..Qualify::default() };
                lead_score::qualify(tx, id, if n % 2 == 0 { answers } else { all_answers() }).await
            })
            .await;
        ids.push(id);
    }
    scored(&world, &world.context).await;
    let mut seen = std::collections::BTreeSet::new();
    for id in ids {
        let ours = explained(&world, &world.context, id).await;
        assert_eq!(i64::from(ours.stored), ours.factors.total);
        seen.insert(ours.stored);
        let now = world.context.now.to_rfc3339();
        for asked in ["null".to_owned(), format!("'{now}'")] {
            let sql = format!("select calculate_lead_score('{id}', {asked})::text");
            assert_eq!(world.strings(&sql).await, [ours.stored.to_string()]);
        }
        let before = format!("select calculate_lead_score('{id}', '2026-01-01')::text");
        assert_eq!(world.strings(&before).await, ["0"]);
    }
    assert!(seen.len() > 5, "{seen:?}");
    assert_eq!(world.strings("select calculate_lead_score(null)::text").await, ["0"]);
}

#[tokio::test]
async fn a_stranger_is_told_nothing_of_a_score() {
    let world = World::new().await;
    let id = made(&world, 109).await;
    warm_up(&world, &world.context, id).await;
    scored(&world, &world.context).await;
    let of = |who: &Context| {
        world.db.run(who.clone(), async move |tx| lead_score::explain(tx, id).await)
    };
    assert!(of(&world.context).await.is_ok());
    assert_eq!(of(&world.neighbour).await.unwrap_err().to_string(), "no such lead");
    let top = world.run_as(&world.neighbour, async |tx| lead_score::top(tx).await).await;
    assert_eq!(top, []);
}

#[tokio::test]
async fn the_best_fifty_are_those_of_80_and_more_who_may_be_called() {
    use sea_orm::ConnectionTrait;
    let world = World::new().await;
    let set = |sql: &str| {
        let sql = sql.to_owned();
        let owner = world.owner.clone();
        async move { owner.execute_unprepared(&sql).await.unwrap() }
    };
    for n in 0..52 {
        made(&world, n).await;
    }
    set("update leads set lead_score = 80").await;
    let top = || world.run(async |tx| lead_score::top(tx).await);
    assert_eq!(top().await.len(), 50);
    set("update leads set lead_score = 79").await;
    assert_eq!(top().await, []);
    set("update leads set lead_score = 90 where phone_number in ('+12025550003', '+12025550004')")
        .await;
    set("update leads set lead_score = 80 where phone_number = '+12025550001'").await;
    set("update leads set calling_blocked = true where phone_number = '+12025550003'").await;
    let scores: Vec<_> = top().await.iter().map(|lead| lead.lead_score).collect();
    assert_eq!(scores, [90, 80]);
}

#[tokio::test]
async fn ten_points_in_a_month_are_a_trend_and_nine_are_none() {
    use sea_orm::ConnectionTrait;
    let world = World::new().await;
    let id = made(&world, 109).await;
    scored(&world, &world.context).await;
    assert_eq!(of(&world, id).await.lead_score, 5);
    let later = world.later(TimeDelta::days(10));
    for (score, trend) in
        [(15, Trend::Rising), (14, Trend::Stable), (5, Trend::Stable), (0, Trend::Stable)]
    {
        let sql = format!("update leads set lead_score = {score}");
        world.owner.execute_unprepared(&sql).await.unwrap();
        let found = world.run_as(&later, async |tx| lead_score::trend(tx, id).await).await;
        assert_eq!(found, trend, "{score}");
    }
    let sql = "insert into lead_score_history (tenant_id, id, lead_id, score, score_class, cause, actor, \
               calculated_at) select tenant_id, gen_random_uuid(), id, 50, 'cool', 'computed', 'x', \
               timestamptz '2026-01-31 09:00Z' from leads";
    world.owner.execute_unprepared(sql).await.unwrap();
    for (score, trend) in
        [(40, Trend::Falling), (41, Trend::Stable), (59, Trend::Stable), (60, Trend::Rising)]
    {
        let sql = format!("update leads set lead_score = {score}");
        world.owner.execute_unprepared(&sql).await.unwrap();
        let found = world.run(async |tx| lead_score::trend(tx, id).await).await;
        assert_eq!(found, trend, "{score}");
    }
}
