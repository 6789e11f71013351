//! The funnel, worked by hand and by another way.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::id::LeadId;
use integration::World;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use rust_decimal::Decimal;
use sea_orm::{ActiveEnum, ConnectionTrait, Iterable};
use service::{
    Context, Error,
    leads::{
        lead::{self, Because, New, Status},
        lead_status_history::{Funnel, STAGES, Stage, Window, funnel},
    },
};

const HOUR: i64 = 3600;

fn of(found: &Funnel, status: Status) -> &Stage {
    found.stages.iter().find(|stage| stage.status == status).unwrap()
}

/// A lead that came in `ago` hours before the test's time and moved, each so many hours later.
async fn lead_with(world: &World, number: u32, ago: i64, moves: &[(i64, Status)]) -> LeadId {
    let start = world.context.now - TimeDelta::hours(ago);
    let at = |hours| Context { now: start + TimeDelta::hours(hours), ..world.context.clone() };
    let new = New::named("Ada", "Byron", &format!("+1212555{number:04}"));
    let id = world.run_as(&at(0), async |tx| lead::create(tx, new).await).await.id;
    for (hours, to) in moves {
        let because = Because::manual(None);
        world.run_as(&at(*hours), async |tx| lead::move_to(tx, id, *to, &because).await).await;
    }
    id
}

/// Six leads of the last days, and what each line below follows from:
///
/// 1: new 2 h, contacted 4 h, qualified 10 h, contacted again 6 h, recruited since.
/// 2: new 4 h, then hot (three stages skipped) since 20 h.
/// 3: new 6 h, contacted since 2 h.      4: new since 50 h.
/// 5: new 8 h, cold since.               6: contacted 1 h after 1 h as new, and then deleted.
#[tokio::test]
async fn the_funnel_of_five_leads_worked_by_hand() {
    use Status::{Cold, Contacted, Hot, Qualified, Recruited};
    let world = World::new().await;
    world.populate(&world.neighbour).await;
    lead_with(&world, 1, 30, &[(2, Contacted), (6, Qualified), (16, Contacted), (22, Recruited)])
        .await;
    lead_with(&world, 2, 24, &[(4, Hot)]).await;
    lead_with(&world, 3, 8, &[(6, Contacted)]).await;
    lead_with(&world, 4, 50, &[]).await;
    lead_with(&world, 5, 40, &[(8, Cold)]).await;
    let gone = lead_with(&world, 6, 20, &[(1, Contacted)]).await;
    world.run(async |tx| lead::delete(tx, gone, "gone").await.map(drop)).await;
    // Long ago.
    lead_with(&world, 7, 24 * 40, &[(1, Contacted)]).await;

    let found = world.run(async |tx| funnel(tx, &Window::default()).await).await;
    assert_eq!(found.leads, 5);
    // 1 and 2 came to contacted and beyond, 3 to contacted; hot implies qualified and nurturing.
    let reached: Vec<_> = STAGES.iter().map(|s| of(&found, *s).reached).collect();
    assert_eq!(reached, [5, 3, 2, 2, 2, 1].map(Some));
    let shares: Vec<_> = STAGES.iter().map(|s| of(&found, *s).conversion).collect();
    let share = |text: &str| text.parse::<Decimal>().ok();
    assert_eq!(shares, [share("0.6"), share("0.6667"), share("1"), share("1"), share("0.5"), None]);
    assert_eq!(found.bottleneck, Some(Hot));
    let entered: Vec<_> = STAGES.iter().map(|s| of(&found, *s).entered).collect();
    assert_eq!(entered, [5, 2, 1, 0, 1, 1]);

    let (new, contacted) = (of(&found, Status::New), of(&found, Contacted));
    // New: left after 2, 4, 6 and 8 h, and 50 h so far. Of 5, 4, 3: 4/5 · 3/4 · 2/3 = 2/5 after 6 h.
    assert_eq!((new.median_seconds, new.present, new.exits), (Some(6 * HOUR), 1, 1));
    // Contacted: 4 + 6 h of lead 1, and 2 h so far of lead 3, who is no longer at risk at 10 h.
    assert_eq!((contacted.median_seconds, contacted.present), (Some(10 * HOUR), 1));
    assert_eq!((contacted.reentries, contacted.moves_back), (1, 0));
    let qualified = of(&found, Qualified);
    assert_eq!((qualified.moves_back, qualified.median_seconds), (1, Some(10 * HOUR)));
    // Nobody has left hot: no median, and not the mean of the finished either.
    assert_eq!((of(&found, Hot).median_seconds, of(&found, Hot).present), (None, 1));
    assert_eq!((of(&found, Cold).reached, of(&found, Cold).entered), (None, 1));
    // Contacted and qualified both take ten hours: the earlier.
    assert_eq!(found.slowest, Some(Contacted));
}

#[tokio::test]
async fn a_lead_is_in_the_window_from_the_first_instant_of_its_first_day_in_the_tenants_zone() {
    let world = World::new().await;
    let zone = format!(
        "update tenants set time_zone = 'America/New_York' where id = '{}'",
        world.context.tenant
    );
    world.owner.execute_unprepared(&zone).await.unwrap();
    // Midnights of New York at the beginning and the end of 27 February.
    for (number, at) in [
        "2026-02-27T04:59:59.999999Z",
        "2026-02-27T05:00:00Z",
        "2026-02-28T04:59:59.999999Z",
        "2026-02-28T05:00:00Z",
    ]
    .into_iter()
    .enumerate()
    {
        let new = New::named("Ada", "Byron", &format!("+1212555000{number}"));
        world.run_as(&world.at(at), async |tx| lead::create(tx, new).await).await;
    }
    let day = |d| NaiveDate::from_ymd_opt(2026, 2, d);
    let window = Window { from: day(27), to: day(28) };
    assert_eq!(world.run(async |tx| funnel(tx, &window).await).await.leads, 2);
    let turned = Window { from: day(28), to: day(27) };
    let done = world.db.read(world.context.clone(), async |tx| funnel(tx, &turned).await).await;
    assert!(matches!(done, Err(Error::Invalid { field, .. }) if field == "from"));
}

#[tokio::test]
async fn of_nobody_every_share_is_null_and_there_is_no_bottleneck() {
    let world = World::new().await;
    let found = world.run(async |tx| funnel(tx, &Window::default()).await).await;
    assert_eq!((found.leads, found.bottleneck, found.slowest), (0, None, None));
    assert_eq!(found.stages.len(), 8);
    assert!(found.stages.iter().all(|s| s.conversion.is_none() && s.median_seconds.is_none()));
}

#[tokio::test]
async fn a_funnel_of_an_earlier_time_knows_nothing_of_what_came_later() {
    let world = World::new().await;
    lead_with(&world, 1, 10, &[(2, Status::Contacted), (6, Status::Hot)]).await;
    let then = world.later(TimeDelta::hours(-5));
    let found = world.run_as(&then, async |tx| funnel(tx, &Window::default()).await).await;
    let contacted = of(&found, Status::Contacted);
    assert_eq!(
        (contacted.reached, contacted.present, contacted.median_seconds),
        (Some(1), 1, None)
    );
    assert_eq!(of(&found, Status::Hot).reached, Some(0));
}

/// A status, since when and until when.
type Stay = (Status, DateTime<Utc>, Option<DateTime<Utc>>);

/// The same from the raw rows, by loops.
fn by_loops(
    leads: &[Vec<Stay>],
    now: DateTime<Utc>,
) -> BTreeMap<Status, (Option<i64>, i64, i64, Option<i64>)> {
    let rank = |status: Status| STAGES.iter().position(|s| *s == status);
    let furthest: Vec<_> =
        leads.iter().map(|l| l.iter().filter_map(|s| rank(s.0)).max().unwrap_or(0)).collect();
    let mut answer = BTreeMap::new();
    for status in Status::iter() {
        let reached = rank(status).map(|r| furthest.iter().filter(|f| **f >= r).count());
        let (mut stays, mut back) = (vec![], 0);
        for lead in leads {
            let mine: Vec<_> = lead.iter().filter(|s| s.0 == status).collect();
            if !mine.is_empty() {
                let whole: TimeDelta = mine.iter().map(|s| s.2.unwrap_or(now) - s.1).sum();
                stays.push((whole.num_seconds(), mine.iter().any(|s| s.2.is_none())));
            }
            for pair in lead.windows(2) {
                if pair[0].0 == status
                    && let Some(to) = rank(pair[1].0)
                {
                    back += i64::from(rank(status).is_none_or(|from| to < from));
                }
            }
        }
        let mut lengths: Vec<_> = stays.iter().map(|s| s.0).collect();
        lengths.sort_unstable();
        lengths.dedup();
        let (mut share, mut median) = (1.0_f64, None);
        for length in lengths {
            let at_risk = stays.iter().filter(|s| s.0 >= length).count();
            let left = stays.iter().filter(|s| s.0 == length && !s.1).count();
            share *= 1.0
                - f64::from(u32::try_from(left).unwrap())
                    / f64::from(u32::try_from(at_risk).unwrap());
            if median.is_none() && share <= 0.5 + 1e-9 {
                median = Some(length);
            }
        }
        let entered = i64::try_from(stays.len()).unwrap();
        let reached = reached.map(|n| i64::try_from(n).unwrap());
        answer.insert(status, (reached, entered, back, median));
    }
    answer
}

#[tokio::test]
async fn generated_histories_give_the_same_by_loops_over_the_raw_rows() {
    let world = World::new().await;
    let mut runner = TestRunner::deterministic();
    let others = |status: Status| Status::iter().filter(move |s| *s != status).collect::<Vec<_>>();
    let step = || (1..40_i64, 0..7_usize);
    let histories = prop::collection::vec((1..600_i64, prop::collection::vec(step(), 0..6)), 0..60);
    for round in 0..25 {
        let drawn = histories.new_tree(&mut runner).unwrap().current();
        let now = world.context.now;
        let mut leads: Vec<Vec<Stay>> = vec![];
        let mut sql = format!(
            "delete from lead_status_history where tenant_id = '{0}'; delete from leads where tenant_id = '{0}';",
            world.context.tenant
        );
        for (number, (ago, steps)) in drawn.into_iter().enumerate() {
            let mut at = now - TimeDelta::hours(ago);
            let mut stays = vec![(Status::New, at, None)];
            for (hours, to) in steps {
                at += TimeDelta::hours(hours);
                if at > now {
                    break;
                }
                let last = stays.last_mut().unwrap();
                last.2 = Some(at);
                let to = others(last.0)[to];
                stays.push((to, at, None));
            }
            let id = LeadId::new();
            let last = stays.last().unwrap();
            sql += &format!(
                "insert into leads (tenant_id, id, first_name, last_name, phone_number, tags, status,
                                    status_since, calling_blocked, created_at)
                 values ('{}', '{id}', 'f', 'l', '+1212{round:02}{number:05}', '{{}}', '{}', '{}', true, '{}');",
                world.context.tenant, last.0.to_value(), last.1, stays[0].1
            );
            let mut from = "null".to_owned();
            for (status, since, until) in &stays {
                let until = until.map_or("null".to_owned(), |at| format!("'{at}'"));
                sql += &format!(
                    "insert into lead_status_history (tenant_id, id, lead_id, from_status, to_status,
                         actor, trigger_type, changed_at, left_at)
                     values ('{}', gen_random_uuid(), '{id}', {from}, '{}', 'x', 'manual', '{since}', {until});",
                    world.context.tenant, status.to_value()
                );
                from = format!("'{}'", status.to_value());
            }
            leads.push(stays);
        }
        world.owner.execute_unprepared(&sql).await.unwrap();
        let found = world.run(async |tx| funnel(tx, &Window::default()).await).await;
        assert_eq!(usize::try_from(found.leads).unwrap(), leads.len());
        for (status, expected) in by_loops(&leads, now) {
            let stage = of(&found, status);
            let got = (stage.reached, stage.entered, stage.moves_back, stage.median_seconds);
            assert_eq!(got, expected, "{status:?} of {leads:?}");
        }
    }
}
