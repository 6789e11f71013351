//! What the database keeps of a deal by itself, whoever writes, and how long deals stay in a stage.

use chrono::{DateTime, Utc};
use entity::id::DealId;
use integration::{World, populate::acme};
use rust_decimal::Decimal;
use sea_orm::{ActiveEnum, ConnectionTrait, FromQueryResult, Iterable};
use service::{
    Context, Error, Result, Tx,
    sales::{
        deal::{self, Activity, Stage, StageVelocity},
        deal_stage_config,
    },
};

use super::{SECOND, days, open};

/// Does something to the deal in SQL, as the application, without a word on when or who.
async fn by_hand(world: &World, sql: &str) -> Result<()> {
    let work = async |tx: &Tx| Ok(tx.execute_unprepared(sql).await.map(drop)?);
    world.db.run(world.context.clone(), work).await
}

async fn get(world: &World, id: DealId) -> deal::Model {
    world.run(async |tx| deal::get(tx, id).await).await
}

/// Defects 2-4 and 2-5: one row for a move, and the days since the deal entered the stage.
#[tokio::test]
async fn a_move_is_recorded_once_whether_by_the_service_or_by_hand() {
    let world = World::new().await;
    let id = world.run(async |tx| open(tx, "moving").await).await.id;
    let later = world.later(days(3));
    world
        .run_as(&later, async |tx| deal::move_to(tx, id, Stage::Qualified, Some("call")).await)
        .await;
    by_hand(&world, "update deals set description = 'edited since'").await.unwrap();
    by_hand(&world, "update deals set stage = 'proposal'").await.unwrap();
    let moves = world.run(async |tx| deal::moves(tx, id).await).await;
    let told: Vec<_> =
        moves.iter().map(|m| (m.from_stage, m.to_stage, m.reason.as_deref())).collect();
    assert_eq!(
        told,
        [
            (Some(Stage::Qualified), Stage::Proposal, None),
            (Some(Stage::Lead), Stage::Qualified, Some("call")),
            (None, Stage::Lead, None),
        ]
    );
    assert_eq!(moves[1].days_in_previous_stage, Some(3));
    // By hand the database's clock says when; its days are counted from the entry into the stage.
    let moved = get(&world, id).await;
    assert_eq!(moved.stage_entered_at, moves[0].changed_at);
    let stayed = (moves[0].changed_at - later.now).num_days();
    assert_eq!(moves[0].days_in_previous_stage.map(i64::from), Some(stayed));
}

#[tokio::test]
async fn a_move_by_hand_begins_the_stage_anew_and_closes_on_the_tenants_day() {
    let world = World::new().await;
    let id = world.run(async |tx| open(tx, "moving").await).await.id;
    let stall =
        "update deals set stalled_at = now(), follow_up_count = 3, next_follow_up_at = now()";
    by_hand(&world, stall).await.unwrap();
    by_hand(&world, "update deals set stage = 'won'").await.unwrap();
    let won = get(&world, id).await;
    let fresh = (won.stalled_at, won.follow_up_count, won.next_follow_up_at);
    assert_eq!(fresh, (None, 0, None));
    assert_eq!(won.actual_close_date, Some(won.stage_entered_at.date_naive()));
    by_hand(&world, "update deals set stage = 'negotiation'").await.unwrap();
    assert_eq!(get(&world, id).await.actual_close_date, None);
}

#[tokio::test]
async fn moves_at_one_instant_are_each_recorded_as_the_service_says() {
    let world = World::new().await;
    let moves = world
        .run(async |tx| {
            let id = open(tx, "moving").await?.id;
            for stage in [Stage::Qualified, Stage::Lead, Stage::Qualified] {
                let moved = deal::move_to(tx, id, stage, Some("to and fro")).await?;
                assert_eq!(moved.stage_entered_at, tx.now());
            }
            deal::moves(tx, id).await
        })
        .await;
    assert_eq!(moves.len(), 4);
    assert!(moves[..3].iter().all(|m| m.reason.as_deref() == Some("to and fro")));
}

/// What the trigger takes for a sign of life is what the enum does.
#[tokio::test]
async fn an_activity_written_by_hand_ends_a_silence_if_it_qualifies() {
    let world = World::new().await;
    let id = world.run(async |tx| open(tx, "quiet").await).await.id;
    for kind in Activity::iter().filter(|kind| *kind != Activity::FollowUp) {
        let reset = "update deals set last_activity_at = null, stalled_at = now()";
        by_hand(&world, reset).await.unwrap();
        let write = format!(
            "insert into deal_activities (tenant_id, id, deal_id, activity_type, occurred_at)
             select tenant_id, gen_random_uuid(), id, '{}', timestamptz '2026-03-01' from deals",
            kind.to_value()
        );
        by_hand(&world, &write).await.unwrap();
        let (deal, expected) = (get(&world, id).await, "2026-03-01T00:00:00Z".parse().unwrap());
        assert_eq!(deal.last_activity_at, kind.qualifies().then_some(expected), "{kind:?}");
        assert_eq!(deal.stalled_at.is_none(), kind.qualifies(), "{kind:?}");
    }
}

#[tokio::test]
async fn an_older_activity_that_comes_late_does_not_turn_back_the_clock() {
    let world = World::new().await;
    let id = world.run(async |tx| open(tx, "quiet").await).await.id;
    let now = world.context.now;
    for (happened, expected) in [(now - days(1), now - days(1)), (now - days(2), now - days(1))] {
        let note = async |tx: &Tx| deal::record_activity(tx, id, Activity::Note, happened).await;
        assert_eq!(world.run(note).await.last_activity_at, Some(expected));
    }
}

/// Defect 2-23.
#[tokio::test]
async fn whatever_changes_a_row_changes_when_it_was_updated() {
    let world = World::new().await;
    world.populate(&world.context).await;
    let tables = "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
                  where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
                    and a.attname = 'updated_at'
                    and has_table_privilege('keel_app', c.oid, 'update') order by 1";
    let tables = world.strings(tables).await;
    assert!(tables.len() >= 12, "{tables:?}");
    for table in tables {
        let before = format!("update {table} set updated_at = timestamptz '2026-01-01'");
        world.owner.execute_unprepared(&before).await.unwrap();
        let same = format!("update {table} set tenant_id = tenant_id");
        world.owner.execute_unprepared(&same).await.unwrap();
        let fresh = format!(
            "select (count(*) > 0 and bool_and(updated_at > now() - interval '1 hour'))::text
             from {table}"
        );
        assert_eq!(world.strings(&fresh).await, ["true"], "{table}");
        // Whoever says another time is not overruled.
        world.owner.execute_unprepared(&before).await.unwrap();
        let said = format!("select (bool_and(updated_at = '2026-01-01'))::text from {table}");
        assert_eq!(world.strings(&said).await, ["true"], "{table}");
    }
}

/// Moves deals as `(stage left, days there)` says, the last of them at `end`.
async fn moved(world: &World, end: DateTime<Utc>, stays: &[(Stage, i64)]) {
    let begin = end - stays.iter().map(|(_, n)| days(*n)).sum::<chrono::TimeDelta>();
    let at = |now| Context { now, ..world.context.clone() };
    let id = world
        .run_as(&at(begin), async |tx| {
            let client = acme(tx).await?;
            Ok(deal::open(tx, deal::New::titled(client, "moving")).await?.id)
        })
        .await;
    let mut now = begin;
    let next = stays.iter().map(|(stage, _)| *stage).skip(1).chain([Stage::Won]);
    for ((_, stay), stage) in stays.iter().zip(next) {
        now += days(*stay);
        world.run_as(&at(now), async |tx| deal::move_to(tx, id, stage, None).await).await;
    }
}

fn velocity(
    stage: Stage,
    n: i64,
    mean: &str,
    median: &str,
    least: i32,
    most: i32,
) -> StageVelocity {
    let decimal = |text: &str| text.parse::<Decimal>().unwrap();
    StageVelocity {
        stage,
        transitions: n,
        avg_days: decimal(mean),
        median_days: decimal(median),
        min_days: least,
        max_days: most,
    }
}

/// Defect 2-6: the days belong to the stage that was left. The view says the same.
#[tokio::test]
async fn time_in_a_stage_belongs_to_the_stage_that_was_left() {
    let world = World::new().await;
    // The view goes by the database's clock.
    let now = DateTime::from_timestamp_micros(Utc::now().timestamp_micros()).unwrap();
    moved(&world, now - days(1), &[(Stage::Lead, 2), (Stage::Qualified, 10)]).await;
    moved(&world, now - days(1), &[(Stage::Lead, 4), (Stage::Proposal, 1)]).await;
    moved(&world, now - days(2), &[(Stage::Lead, 9)]).await;
    // Left 90 days ago and a second counts no more; left 90 days ago less a minute does.
    moved(&world, now - days(90) - SECOND, &[(Stage::Lead, 500)]).await;
    moved(&world, now - days(90) + SECOND * 60, &[(Stage::Lead, 0), (Stage::Negotiation, 7)]).await;
    let expected = [
        velocity(Stage::Qualified, 1, "10", "10", 10, 10),
        velocity(Stage::Lead, 3, "5", "4", 2, 9),
        velocity(Stage::Proposal, 1, "1", "1", 1, 1),
        velocity(Stage::Negotiation, 1, "7", "7", 7, 7),
    ];
    let at = Context { now, ..world.context.clone() };
    let said = world.run_as(&at, async |tx| deal::velocity(tx, None).await).await;
    let sorted = |mut all: Vec<StageVelocity>| {
        all.sort_by_key(|v| v.stage);
        all
    };
    assert_eq!(sorted(said.clone()), sorted(expected.to_vec()));
    assert!(said.is_sorted_by_key(|v| std::cmp::Reverse(v.avg_days)));
    let view = async |tx: &Tx| {
        let sql = "select * from deal_stage_velocity";
        let ask = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
        Ok(StageVelocity::find_by_statement(ask).all(tx).await?)
    };
    assert_eq!(sorted(world.run_as(&at, view).await), sorted(said));
    assert_eq!(world.run_as(&world.neighbour, view).await, []);
    let future = async |tx: &Tx| deal::velocity(tx, Some(now + SECOND)).await;
    let refused = world.db.run(at, future).await;
    assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "since"));
}

/// Defects 2-3 and 2-8: the open stages, with the numbers that hold anyhow, and nothing overwritten.
#[tokio::test]
async fn the_seeded_stages_say_what_holds_without_them() {
    let world = World::new().await;
    let own = deal_stage_config::Expect { max_days_before_stale: Some(30), ..Default::default() };
    world.run(async |tx| deal_stage_config::set(tx, Stage::Lead, own).await.map(drop)).await;
    let seed = format!("select seed_default_deal_stages('{}')", world.context.tenant);
    for _ in 0..2 {
        by_hand(&world, &seed).await.unwrap();
    }
    let rows = "select concat_ws(' ', stage, max_days_before_stale, follow_up_interval_days,
                                 max_follow_ups)
                from deal_stage_config order by stage";
    let [_, qualified, proposal, negotiation] = deal_stage_config::DEFAULTS;
    let mut expected: Vec<_> = [qualified, proposal, negotiation]
        .map(|(stage, days, interval, most)| {
            format!("{} {days} {interval} {most}", stage.to_value())
        })
        .into();
    expected.insert(0, "lead 30".to_owned());
    expected.sort();
    assert_eq!(world.strings(rows).await, expected);
    let theirs = format!("select seed_default_deal_stages('{}')", world.neighbour.tenant);
    assert!(matches!(by_hand(&world, &theirs).await, Err(Error::Denied(_))));
}
