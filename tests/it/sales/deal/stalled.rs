//! Which deals have stalled.

use chrono::TimeDelta;
use entity::{id::DealId, phone::Phone, zone::Zone};
use integration::{
    World,
    populate::{client, person},
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use rust_decimal::Decimal;
use sea_orm::{ConnectionTrait, IntoActiveModel, Set};
use service::{
    Context, Error, Tx,
    outreach::dnc,
    sales::{
        contact,
        deal::{self, Activity, Answer, New, NotClaimable, Stage, Stalled, StalledDeal, Why},
        deal_stage_config::{self, Expect},
    },
    tenancy::tenant,
};

use super::{SECOND, days, open};

async fn stalled(world: &World, at: &Context) -> Vec<StalledDeal> {
    let ask = Stalled::default();
    world.db.read(at.clone(), async |tx| deal::stalled(tx, &ask).await).await.unwrap().items
}

async fn titles(world: &World, at: &Context) -> Vec<String> {
    stalled(world, at).await.into_iter().map(|deal| deal.title).collect()
}

async fn answer(world: &World, at: &Context, id: DealId) -> Answer {
    world.db.read(at.clone(), async |tx| deal::why_not_stalled(tx, id).await).await.unwrap()
}

/// Changes a deal as no function does, to set a scene.
async fn alter(
    world: &World,
    id: DealId,
    change: impl FnOnce(&mut entity::sales::deal::ActiveModel),
) {
    world
        .run(async |tx| {
            let mut row = deal::get(tx, id).await?.into_active_model();
            change(&mut row);
            tx.update(row).await
        })
        .await;
}

fn phone(number: &str) -> Option<Phone> {
    Phone::parse(number, "US").ok().map(|parsed| parsed.phone)
}

#[tokio::test]
async fn an_untouched_lead_stalls_after_three_days_and_not_a_moment_before() {
    let world = World::new().await;
    let id = world.run(async |tx| open(tx, "ours").await).await.id;
    world.run_as(&world.neighbour, async |tx| open(tx, "theirs").await).await;

    let (on, after) = (world.later(days(3)), world.later(days(3) + TimeDelta::microseconds(1)));
    assert!(titles(&world, &on).await.is_empty());
    assert_eq!(answer(&world, &on, id).await, Answer::Active { stalls_at: on.now });
    assert_eq!(titles(&world, &after).await, ["ours"]);
    assert_eq!(answer(&world, &after, id).await, Answer::Stalled { since: on.now });
}

#[tokio::test]
async fn a_stalled_deal_says_since_when_by_how_much_and_why() {
    let world = World::new().await;
    world
        .run(async |tx| {
            let client = integration::populate::acme(tx).await?;
            let mut new = New::titled(client, "slow");
            new.expected_close_date = Some("2026-03-07".parse().unwrap());
            deal::open(tx, new).await
        })
        .await;
    let found = stalled(&world, &world.later(days(6))).await.remove(0);
    assert_eq!(found.idle_since, world.context.now);
    assert_eq!(found.threshold_days, 3);
    assert_eq!(found.stalled_since, world.context.now + days(3));
    assert_eq!(found.overdue_by(world.context.now + days(6)), days(3));
    assert_eq!(found.overdue_ratio, Decimal::from(2));
    assert_eq!(found.days_since_activity, 6);
    let expected = "2026-03-07".parse().unwrap();
    assert_eq!(found.why, [Why::Idle, Why::OverdueClose { expected }]);
    // On its expected day it is not overdue yet.
    let on_the_day = stalled(&world, &world.at("2026-03-07T23:59:59Z")).await.remove(0);
    assert_eq!(on_the_day.why, [Why::Idle]);
}

#[tokio::test]
async fn days_since_activity_are_dates_on_the_tenants_calendar() {
    let world = World::new().await;
    world
        .run(async |tx| {
            let new = tenant::New::named("tenant", Zone::parse("America/New_York").unwrap());
            tenant::change(tx, new).await
        })
        .await;
    // 04:30 UTC on the 3rd is 23:30 on the 2nd in New York; two hours later it is the 3rd there.
    let opened = world.at("2026-03-03T04:30:00Z");
    world.run_as(&opened, async |tx| open(tx, "late").await).await;
    let found = stalled(&world, &world.at("2026-03-06T06:30:00Z")).await.remove(0);
    assert_eq!(found.days_since_activity, 4);
}

#[tokio::test]
async fn each_stage_has_its_own_patience() {
    let world = World::new().await;
    world
        .run(async |tx| {
            for stage in [Stage::Qualified, Stage::Proposal, Stage::Negotiation, Stage::Won] {
                let opened = open(tx, &format!("{stage:?}")).await?;
                deal::move_to(tx, opened.id, stage, None).await?;
            }
            open(tx, "Lead").await
        })
        .await;
    assert_eq!(titles(&world, &world.later(days(3) + SECOND)).await, ["Lead"]);
    assert_eq!(titles(&world, &world.later(days(5) + SECOND)).await, ["Lead", "Proposal"]);
    let week = world.later(days(7) + SECOND);
    assert_eq!(titles(&world, &week).await, ["Lead", "Proposal", "Qualified", "Negotiation"]);
}

#[tokio::test]
async fn the_longest_overdue_comes_first_in_thresholds_then_the_dearest_then_by_id() {
    let world = World::new().await;
    world
        .run(async |tx| {
            // Silent for 12 days: a lead is 4 thresholds late, a proposal 2.4.
            let proposal = open(tx, "proposal").await?;
            deal::move_to(tx, proposal.id, Stage::Proposal, None).await?;
            for (title, value) in [("unpriced", None), ("cheap", Some(1)), ("dear", Some(9))] {
                let value = value.map(Decimal::from);
                deal::open(tx, New { value, ..New::titled(client(), title) }).await?;
            }
            deal::open(tx, New { value: Some(1.into()), ..New::titled(client(), "cheap too") })
                .await
        })
        .await;
    let order = ["dear", "cheap", "cheap too", "unpriced", "proposal"];
    assert_eq!(titles(&world, &world.later(days(12))).await, order);
}

#[tokio::test]
async fn what_is_said_about_a_stage_counts_at_once_and_a_deals_own_word_more() {
    let world = World::new().await;
    let id = world.run(async |tx| open(tx, "patient").await).await.id;
    let at = world.later(days(4));
    assert_eq!(titles(&world, &at).await, ["patient"]);
    let say = async |expect| {
        world.run(async |tx| deal_stage_config::set(tx, Stage::Lead, expect).await).await
    };
    say(Expect { max_days_before_stale: Some(4), ..Expect::default() }).await;
    assert!(titles(&world, &at).await.is_empty(), "four days are allowed, and not exceeded");
    say(Expect { max_days_before_stale: Some(0), ..Expect::default() }).await;
    assert_eq!(titles(&world, &at).await, ["patient"], "0 means the default again");
    say(Expect { never_stalls: true, ..Expect::default() }).await;
    assert!(titles(&world, &world.later(days(4000))).await.is_empty());
    assert_eq!(answer(&world, &at, id).await, Answer::Never);

    alter(&world, id, |row| row.stall_after_days = Set(Some(1))).await;
    assert_eq!(titles(&world, &world.later(days(1) + SECOND)).await, ["patient"]);
    assert!(titles(&world, &world.later(days(1))).await.is_empty());
    alter(&world, id, |row| row.never_stalls = Set(true)).await;
    assert!(titles(&world, &world.later(days(4000))).await.is_empty());
}

#[tokio::test]
async fn the_tenants_own_threshold_holds_where_nobody_else_has_one() {
    let world = World::new().await;
    world.run(async |tx| open(tx, "tenant's").await).await;
    let patient =
        tenant::New { stall_after_days: Some(30), ..tenant::New::named("tenant", Zone::utc()) };
    world.run(async |tx| tenant::change(tx, patient).await).await;
    assert!(titles(&world, &world.later(days(30))).await.is_empty());
    assert_eq!(titles(&world, &world.later(days(30) + SECOND)).await, ["tenant's"]);
}

#[tokio::test]
async fn a_snoozed_deal_is_silent_anew_from_when_the_snooze_ends() {
    let world = World::new().await;
    let id = world.run(async |tx| open(tx, "asleep").await).await.id;
    let until = world.context.now + days(10);
    world.run(async |tx| deal::snooze(tx, id, Some(until)).await).await;
    assert_eq!(answer(&world, &world.later(days(9)), id).await, Answer::Snoozed { until });
    assert!(titles(&world, &world.later(days(13))).await.is_empty());
    assert_eq!(titles(&world, &world.later(days(13) + SECOND)).await, ["asleep"]);

    world.run(async |tx| deal::snooze(tx, id, None).await).await;
    assert_eq!(titles(&world, &world.later(days(3) + SECOND)).await, ["asleep"]);
    let past = async |tx: &Tx| deal::snooze(tx, id, Some(tx.now())).await;
    let past = world.db.run(world.context.clone(), past).await;
    assert!(matches!(past, Err(Error::Invalid { field, .. }) if field == "until"));
}

#[tokio::test]
async fn a_step_that_is_planned_excuses_and_one_that_was_missed_does_not() {
    let world = World::new().await;
    let id = world.run(async |tx| open(tx, "planned").await).await.id;
    let at = world.context.now + days(5);
    alter(&world, id, |row| row.next_follow_up_at = Set(Some(at))).await;
    let before = world.later(days(5) - SECOND);
    assert!(titles(&world, &before).await.is_empty());
    assert_eq!(answer(&world, &before, id).await, Answer::FollowUpPlanned { at });
    let found = stalled(&world, &world.later(days(5))).await.remove(0);
    assert_eq!(found.why, [Why::Idle, Why::MissedFollowUp { planned: at }]);
}

#[tokio::test]
async fn what_cannot_be_followed_up_is_still_reported_and_says_why_it_is_not() {
    let world = World::new().await;
    world
        .run(async |tx| {
            let client = integration::populate::acme(tx).await?;
            deal::open(tx, New::titled(client.clone(), "nobody's")).await?;
            let (off, spent) = (open(tx, "off").await?, open(tx, "spent").await?);
            for (deal, off, count) in [(off, false, 0), (spent, true, 5)] {
                let mut row = deal.into_active_model();
                row.auto_follow_up_enabled = Set(off);
                row.follow_up_count = Set(count);
                tx.update(row).await?;
            }
            let people = ["deaf", "gone", "listed", "listed mobile", "silent"];
            for title in people {
                let who = person(tx).await?;
                let contact_id = Some(who.id);
                deal::open(tx, New { contact_id, ..New::titled(client.clone(), title) }).await?;
                if title == "deaf" {
                    contact::unsubscribe(tx, who.id).await?;
                    continue;
                }
                let mut row = who.into_active_model();
                row.phone = Set(None);
                match title {
                    "gone" => row.deleted_at = Set(Some(tx.now())),
                    "silent" => row.email = Set(None),
                    "listed" => row.phone = Set(phone("+12125550199")),
                    _ => row.mobile = Set(phone("+12125550199")),
                }
                tx.update(row).await?;
            }
            dnc::add(tx, dnc::New::for_good("(212) 555-0199", "lead_requested")).await
        })
        .await;
    let mut told: Vec<_> = stalled(&world, &world.later(days(4)))
        .await
        .into_iter()
        .map(|deal| (deal.title, deal.not_claimable))
        .collect();
    told.sort_by(|(a, _), (b, _)| a.cmp(b));
    let expected = [
        ("deaf", NotClaimable::Unsubscribed),
        ("gone", NotClaimable::ContactGone),
        ("listed", NotClaimable::DoNotCall),
        ("listed mobile", NotClaimable::DoNotCall),
        ("nobody's", NotClaimable::NoAddress),
        ("off", NotClaimable::FollowUpsOff),
        ("silent", NotClaimable::NoAddress),
        ("spent", NotClaimable::Exhausted),
    ];
    assert_eq!(told, expected.map(|(title, why)| (title.to_owned(), Some(why))));
    let claims = deal::Claims::default();
    let claimed = async |tx: &Tx| deal::claim_follow_ups(tx, &claims).await;
    assert_eq!(world.run_as(&world.later(days(4)), claimed).await, []);
}

#[tokio::test]
async fn a_deleted_deal_is_gone() {
    let world = World::new().await;
    let id = world.run(async |tx| open(tx, "deleted").await).await.id;
    let now = world.context.now;
    alter(&world, id, |row| row.deleted_at = Set(Some(now))).await;
    assert!(titles(&world, &world.later(days(30))).await.is_empty());
    let asked =
        world.db.read(world.context.clone(), async |tx| deal::why_not_stalled(tx, id).await);
    assert!(matches!(asked.await, Err(Error::NotFound("deal"))));
}

#[tokio::test]
async fn the_sweep_records_when_a_deal_stalled_once_however_late_and_often_it_comes() {
    let world = World::new().await;
    let id = world.run(async |tx| open(tx, "marked").await).await.id;
    let mark = async |tx: &Tx| deal::mark_stalled(tx, 100).await;
    let (late, later) = (world.later(days(8)), world.later(days(9)));
    assert_eq!(world.run_as(&world.later(days(3)), mark).await, 0);
    assert_eq!(world.run_as(&late, mark).await, 1);
    assert_eq!(world.run_as(&later, mark).await, 0);
    let stall = world.context.now + days(3);
    let marked = world.run(async |tx| deal::get(tx, id).await).await;
    assert_eq!(marked.stalled_at, Some(stall));

    let note = async |tx: &Tx| deal::record_activity(tx, id, Activity::Note, tx.now()).await;
    assert_eq!(world.run_as(&later, note).await.stalled_at, None);
    assert_eq!(world.run_as(&world.later(days(20)), mark).await, 1);
    let episodes = "select occurred_at::date::text from deal_activities
                    where activity_type = 'stalled' order by occurred_at";
    assert_eq!(world.strings(episodes).await, ["2026-03-05", "2026-03-14"]);
}

#[tokio::test]
async fn reading_what_is_stalled_changes_nothing() {
    let world = World::new().await;
    world.run(async |tx| open(tx, "looked at").await).await;
    let sum = "select md5(string_agg(d::text, '')) from deals d";
    let before = world.strings(sum).await;
    assert_eq!(titles(&world, &world.later(days(10))).await, ["looked at"]);
    assert_eq!(world.strings(sum).await, before);
}

/// Deals of every kind, and the answer worked out one by one, by the rule as it reads.
#[tokio::test]
async fn on_any_deals_the_list_the_single_answer_and_the_sql_function_agree() {
    let world = World::new().await;
    let scene = (
        0..4_usize,
        0..20_i64,
        prop::option::of(0..20_i64),
        prop::option::of(-5..5_i64),
        prop::option::of(-5..5_i64),
        prop::option::of(0..6_i32),
        (prop::bool::weighted(0.1), prop::bool::weighted(0.1), prop::option::of(0..3_u8)),
    );
    let mut runner = TestRunner::deterministic();
    let stages = [Stage::Lead, Stage::Qualified, Stage::Proposal, Stage::Negotiation];
    world
        .run(async |tx| {
            deal_stage_config::set(
                tx,
                Stage::Proposal,
                Expect { max_days_before_stale: Some(2), ..Expect::default() },
            )
            .await?;
            for n in 0..300 {
                let (stage, age, active, snooze, next, own, (never, deleted, value)) =
                    scene.new_tree(&mut runner).unwrap().current();
                let opened = open(tx, &format!("{n:03}")).await?;
                let mut row = opened.into_active_model();
                let ago = |days: i64| tx.now() - TimeDelta::days(days);
                row.created_at = Set(ago(age));
                row.stage = Set(stages[stage]);
                row.stage_entered_at = Set(ago(age));
                row.last_activity_at = Set(active.map(|d| ago(d.min(age))));
                row.snoozed_until = Set(snooze.map(ago));
                row.next_follow_up_at = Set(next.map(ago));
                row.stall_after_days = Set(own);
                row.never_stalls = Set(never);
                row.value = Set(value.map(Decimal::from));
                row.deleted_at = Set(deleted.then(|| tx.now()));
                tx.update(row).await?;
            }
            Ok(())
        })
        .await;

    // Page by page.
    let (mut listed, mut after) = (vec![], None);
    loop {
        let ask = Stalled { limit: 7, after };
        let page = world
            .db
            .read(world.context.clone(), async |tx| deal::stalled(tx, &ask).await)
            .await
            .unwrap();
        listed.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    // One by one.
    let ids: Vec<DealId> = world
        .strings("select id::text from deals where deleted_at is null")
        .await
        .iter()
        .map(|id| id.parse().unwrap())
        .collect();
    let mut single = vec![];
    for id in ids {
        if matches!(answer(&world, &world.context, id).await, Answer::Stalled { .. }) {
            single.push(id);
        }
    }
    let mut sorted: Vec<_> = listed.iter().map(|deal| deal.id).collect();
    sorted.sort();
    single.sort();
    assert!(single.len() > 50, "{}", single.len());
    assert_eq!(sorted, single);
    // In the order that the rule says.
    let rank = |deal: &StalledDeal| {
        let silent = Decimal::from((world.context.now - deal.idle_since).num_seconds());
        (
            -(silent / Decimal::from(deal.threshold_days)),
            -deal.value.unwrap_or(-Decimal::ONE),
            deal.id,
        )
    };
    assert!(listed.is_sorted_by_key(rank));
    // And as the seeds' function has it, for the tenant and for nobody else.
    let ask = format!(
        "select deal_id::text from get_stalled_deals('{}', 1000, '{}')",
        world.context.tenant,
        world.context.now.to_rfc3339()
    );
    let by_function = async |who: &Context| {
        let question = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, ask.clone());
        let read = async |tx: &Tx| Ok(tx.query_all_raw(question).await?);
        let rows = world.db.read(who.clone(), read).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect::<Vec<_>>()
    };
    let order: Vec<_> = listed.iter().map(|deal| deal.id.to_string()).collect();
    assert_eq!(by_function(&world.context).await, order);
    assert_eq!(by_function(&world.neighbour).await, [""; 0]);
}
