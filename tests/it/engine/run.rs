//! A day of work: each step at its hour, in order, once, whoever dies on the way.

mod killed;

use chrono::TimeDelta;
use entity::{engine::outbox::Topic, id::DealId, zone::Zone};
use integration::{
    World,
    populate::{acme, client, person},
};
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use service::{
    Context, Result, Tx,
    engine::{
        self, Limits, Report, outbox,
        run::{self, Step, Worked},
    },
    leads::lead_import::{self, Ask, File},
    sales::{
        deal::{self, Claims},
        quote,
    },
    tenancy::tenant,
};

/// Leads with Ada that have been silent since the world began, a Monday at 09:00.
async fn leads(tx: &Tx, count: usize) -> Result<Vec<DealId>> {
    acme(tx).await?;
    let ada = person(tx).await?.id;
    let mut ids = vec![];
    for n in 0..count {
        let new = deal::New::titled(client(), &format!("Lead {n}"));
        ids.push(deal::open(tx, deal::New { contact_id: Some(ada), ..new }).await?.id);
    }
    Ok(ids)
}

async fn due(world: &World, who: &Context) -> Report {
    engine::run_due(&world.db, who, &Limits::default()).await.unwrap()
}

fn topics(report: &Report) -> Vec<Topic> {
    report.decided().map(|decided| decided.topic).collect()
}

async fn rows(world: &World, table: &str) -> i64 {
    let count = format!("select count(*)::text from {table}");
    world.strings(&count).await[0].parse().unwrap()
}

#[tokio::test]
async fn a_lead_that_has_stalled_is_followed_up_at_eight_and_not_before_and_once() {
    let world = World::new().await;
    let ids = world.run(async |tx| leads(tx, 1).await).await;
    world.run_as(&world.neighbour, async |tx| leads(tx, 1).await).await;
    // It stalls on Thursday at 09:00, so Thursday's eight o'clock is too early for it.
    assert_eq!(topics(&due(&world, &world.at("2026-03-05T08:00:00Z")).await), []);
    let early = due(&world, &world.at("2026-03-06T07:59:59Z")).await;
    assert_eq!((topics(&early), early.handled(Step::Deals)), (vec![], 0));
    let friday = due(&world, &world.at("2026-03-06T08:00:00Z")).await;
    assert_eq!(topics(&friday), [Topic::DealFollowUp]);
    assert!(
        friday
            .decided()
            .all(|d| d.why == "“Lead 0” of cs_1_acme is silent in stage lead: follow-up 1 of 5")
    );
    let marked = world.run(async |tx| deal::get(tx, ids[0]).await).await.stalled_at;
    assert_eq!(marked, Some(world.context.now + TimeDelta::days(3)));
    // The hour is done; the next one finds it decided already, since nobody has sent it.
    for time in ["2026-03-06T08:00:00Z", "2026-03-06T13:59:00Z", "2026-03-06T14:00:00Z"] {
        assert_eq!(topics(&due(&world, &world.at(time)).await), [], "{time}");
    }
    assert_eq!(rows(&world, "outbox").await, 1);
    let runs = world.run(async |tx| run::of(tx, Step::Deals, 10).await).await;
    let slots: Vec<_> = runs.iter().map(|run| run.slot.format("%d %H:%M").to_string()).collect();
    assert_eq!(slots, ["06 14:00", "06 08:00", "05 08:00"]);
    assert!(runs.iter().all(|run| run.ended_at.is_some()));
    assert_eq!((runs[1].handled, runs[1].failed), (2, 0), "marked, and followed up");
}

#[tokio::test]
async fn steps_come_in_their_order_and_each_once_for_its_hour() {
    let world = World::new().await;
    world.populate(&world.context).await;
    let monday = world.at("2026-03-09T18:00:00Z");
    let report = due(&world, &monday).await;
    let steps: Vec<Step> = report.pieces.iter().map(|piece| piece.step).collect();
    let order: Vec<Step> = run::PLAN.iter().map(|planned| planned.step).collect();
    let place = |step: &Step| order.iter().position(|s| s == step);
    assert!(steps.is_sorted_by_key(place), "{steps:?}");
    let done: Vec<Step> = report.pieces.iter().filter(|p| p.done).map(|p| p.step).collect();
    assert_eq!(done, order, "each of them is done once, in order");
    assert!(report.pieces.iter().all(|piece| piece.error.is_none()), "{report:#?}");
    assert_eq!(due(&world, &monday).await, Report::default());
}

#[tokio::test]
async fn no_more_is_decided_in_an_hour_than_the_limit_and_the_rest_is_not_lost() {
    let world = World::new().await;
    world.run(async |tx| leads(tx, 32).await).await;
    let decided = async |time: &str| topics(&due(&world, &world.at(time)).await).len();
    assert_eq!(decided("2026-03-06T08:00:00Z").await, 15);
    assert_eq!(decided("2026-03-06T08:00:00Z").await, 0);
    assert_eq!(decided("2026-03-06T08:59:59Z").await, 0);
    // Those of 08:00 are more than an hour old at 09:00, and no more of its hour.
    assert_eq!(decided("2026-03-06T09:10:00Z").await, 15);
    assert_eq!(decided("2026-03-06T09:30:00Z").await, 0);
    assert_eq!(decided("2026-03-06T10:20:00Z").await, 2);
    let runs = world.run(async |tx| run::of(tx, Step::Deals, 10).await).await;
    assert_eq!(runs.len(), 1);
    assert!(runs[0].ended_at.is_some());
    assert_eq!(runs[0].handled, 64, "32 marked, 32 followed up");
}

#[tokio::test]
async fn what_the_limit_kept_from_one_hour_is_made_up_for_by_the_next() {
    let world = World::new().await;
    world.run(async |tx| leads(tx, 20).await).await;
    assert_eq!(topics(&due(&world, &world.at("2026-03-06T08:00:00Z")).await).len(), 15);
    assert_eq!(topics(&due(&world, &world.at("2026-03-06T14:00:00Z")).await).len(), 5);
    let runs = world.run(async |tx| run::of(tx, Step::Deals, 10).await).await;
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[1].last_error.as_deref(), Some("a later hour made up for the rest"));
}

#[tokio::test]
async fn a_dry_run_says_what_the_run_then_does_and_does_nothing() {
    let world = World::new().await;
    world.run(async |tx| leads(tx, 3).await).await;
    let friday = world.at("2026-03-06T10:00:00Z");
    world
        .run(async |tx| {
            let offer = quote::New::over(client(), "An offer", Decimal::from(1000));
            let contact_id = Some(person(tx).await?.id);
            let offer = quote::create(tx, quote::New { contact_id, ..offer }).await?.id;
            quote::send(tx, offer).await
        })
        .await;
    let before = (rows(&world, "outbox").await, rows(&world, "engine_runs").await);
    let would = engine::dry_run(&world.db, &friday, &Limits::default()).await.unwrap();
    assert_eq!((rows(&world, "outbox").await, rows(&world, "engine_runs").await), before);
    let free = "select (count(*) = 4)::text from (select 1 from deals where follow_up_claim is null
                and stalled_at is null union all select 1 from quotes where follow_up_claim is null) r";
    assert_eq!(world.strings(free).await, ["true"]);
    assert_eq!(
        topics(&would),
        [[Topic::DealFollowUp; 3].as_slice(), &[Topic::QuoteFollowUp]].concat()
    );
    assert_eq!(due(&world, &friday).await, would);
}

#[tokio::test]
async fn hours_are_the_tenants_own() {
    let world = World::new().await;
    let new = tenant::New::named("tenant", Zone::parse("America/New_York").unwrap());
    world.run(async |tx| tenant::change(tx, new).await).await;
    world.run(async |tx| leads(tx, 1).await).await;
    // Eight o'clock in New York is 13:00 UTC.
    assert_eq!(topics(&due(&world, &world.at("2026-03-06T12:59:59Z")).await), []);
    assert_eq!(topics(&due(&world, &world.at("2026-03-06T13:00:00Z")).await).len(), 1);
}

#[tokio::test]
async fn after_an_outage_each_step_is_made_up_for_once_and_at_night_nobody_is_written_to() {
    let world = World::new().await;
    world.run(async |tx| leads(tx, 2).await).await;
    // Nothing ran from Friday to Sunday evening, and nothing is decided then.
    assert_eq!(topics(&due(&world, &world.at("2026-03-08T20:00:00Z")).await), []);
    assert_eq!(topics(&due(&world, &world.at("2026-03-09T07:59:00Z")).await), []);
    assert_eq!(topics(&due(&world, &world.at("2026-03-09T19:59:59Z")).await).len(), 2);
    let runs = world.run(async |tx| run::of(tx, Step::Deals, 10).await).await;
    assert_eq!(runs.len(), 1, "{runs:?}");
}

#[tokio::test]
async fn a_step_that_fails_says_so_waits_and_keeps_no_other_from_its_work() {
    let world = World::new().await;
    world.run(async |tx| leads(tx, 1).await).await;
    let friday = world.at("2026-03-06T10:00:00Z");
    let broken = "alter table deals add constraint broken check (follow_up_claim is null)";
    world.owner.execute_unprepared(broken).await.unwrap();
    let report = due(&world, &friday).await;
    let of = |step| -> Vec<&Worked> { report.pieces.iter().filter(|p| p.step == step).collect() };
    let [.., failed] = of(Step::Deals)[..] else { panic!("{report:#?}") };
    assert!(!failed.done && failed.error.as_deref().unwrap().contains("broken"), "{failed:?}");
    assert_eq!(report.handled(Step::Deals), 1, "what came before it is kept");
    assert!(of(Step::Quotes).iter().any(|piece| piece.done));
    // It is left alone for a while, and then tried again.
    world.owner.execute_unprepared("alter table deals drop constraint broken").await.unwrap();
    assert_eq!(due(&world, &world.at("2026-03-06T10:09:59Z")).await, Report::default());
    let again = due(&world, &world.at("2026-03-06T10:10:00Z")).await;
    assert_eq!(topics(&again), [Topic::DealFollowUp]);
    let runs = world.run(async |tx| run::of(tx, Step::Deals, 10).await).await;
    assert!(runs[0].ended_at.is_some() && runs[0].failed == 1);
}

/// Both draw on one limit; what is late comes first, and leaves something for the rest.
#[tokio::test]
async fn reminders_have_their_turn_though_escalations_are_at_their_limit() {
    let world = World::new().await;
    world.run(async |tx| leads(tx, 0).await).await;
    let tenant = world.context.tenant;
    let checks = format!(
        "insert into compliance_checks (tenant_id, id, compliance_type, entity_type, entity_id,
                                        client_id, contact_id, period_start, period_end, due_on,
                                        due_at)
         select '{tenant}', gen_random_uuid(), 'licence', 'contact', k.id, 'cs_1_acme', k.id,
                d.day - 30, d.day, d.day, d.day + 1
         from contacts k, generate_series(1, 3),
              unnest(array[date '2026-03-15', date '2026-02-15']) d (day)
         where k.tenant_id = '{tenant}'"
    );
    world.owner.execute_unprepared(&checks).await.unwrap();
    let limits = Limits { compliance: 3, escalations: 1, ..Limits::default() };
    let decided = async |time: &str| {
        topics(&engine::run_due(&world.db, &world.at(time), &limits).await.unwrap())
    };
    let (escalation, reminder) = (Topic::ComplianceEscalation, Topic::ComplianceReminder);
    assert_eq!(decided("2026-03-02T07:00:00Z").await, [escalation, reminder, reminder]);
    assert_eq!(decided("2026-03-02T07:59:59Z").await, []);
    assert_eq!(decided("2026-03-02T08:20:00Z").await, [escalation, reminder]);
    assert_eq!(decided("2026-03-02T09:30:00Z").await, [escalation]);
    let runs = world.run(async |tx| run::of(tx, Step::Compliance, 10).await).await;
    assert_eq!((runs.len(), runs[0].handled), (1, 6));
}

#[tokio::test]
async fn what_is_sent_in_time_is_followed_by_the_next_step_at_its_time() {
    let world = World::new().await;
    world.run(async |tx| leads(tx, 1).await).await;
    let friday = world.at("2026-03-06T08:00:00Z");
    due(&world, &friday).await;
    let sent = async |tx: &Tx| {
        let sending = outbox::claim(tx, &Claims::default()).await?;
        for message in &sending {
            outbox::delivered(tx, message).await?;
        }
        Ok(sending.len())
    };
    assert_eq!(world.run_as(&friday, sent).await, 1);
    // A lead is followed up every two days: on Sunday at 08:00.
    assert_eq!(topics(&due(&world, &world.at("2026-03-07T08:00:00Z")).await), []);
    let sunday = due(&world, &world.at("2026-03-08T08:00:00Z")).await;
    assert!(sunday.decided().all(|d| d.key.ends_with(":2")), "{sunday:?}");
    assert_eq!(topics(&sunday).len(), 1);
}

#[tokio::test]
async fn what_was_done_a_month_ago_is_forgotten() {
    let world = World::new().await;
    due(&world, &world.at("2026-03-02T18:00:00Z")).await;
    let kept = async |slot: &str| rows(&world, &format!("engine_runs where slot {slot}")).await;
    let (earlier, then) = ("< '2026-03-02T18:00Z'", "= '2026-03-02T18:00Z'");
    assert!(kept(earlier).await > 0 && kept(then).await > 0);
    let (file, ask) = (File::new("bad.csv", b"name,phone\nAnn Lee,none\n"), Ask::default());
    let at = world.at("2026-03-02T18:00:00Z");
    world.run_as(&at, async |tx| lead_import::import(tx, &file, &ask).await).await;
    let refused = "lead_import_rows where row_values is not null";
    due(&world, &world.at("2026-04-01T18:00:00Z")).await;
    assert_eq!(kept(earlier).await, 0);
    assert!(kept(then).await > 0, "that of 18:00 is thirty days old and no more");
    assert_eq!(rows(&world, refused).await, 1);
    due(&world, &world.at("2026-04-02T18:00:00Z")).await;
    assert_eq!(kept(then).await, 0);
    assert_eq!(rows(&world, refused).await, 0);
}

/// What was given up in one stage does not silence the deal in the next.
#[tokio::test]
async fn a_dead_letter_that_no_longer_stands_is_buried_and_the_next_step_is_decided() {
    let world = World::new().await;
    let ids = world.run(async |tx| leads(tx, 1).await).await;
    due(&world, &world.at("2026-03-06T08:00:00Z")).await;
    let kill = "update outbox set state = 'dead', ended_at = now()";
    world.owner.execute_unprepared(kill).await.unwrap();
    // While it stands, it keeps its place.
    due(&world, &world.at("2026-03-06T08:30:00Z")).await;
    assert_eq!(world.strings("select state from outbox").await, ["dead"]);
    let friday = world.at("2026-03-06T09:00:00Z");
    let moved = async |tx: &Tx| deal::move_to(tx, ids[0], deal::Stage::Proposal, None).await;
    world.run_as(&friday, moved).await;
    due(&world, &world.at("2026-03-06T09:00:00Z")).await;
    assert_eq!(world.strings("select state from outbox").await, ["cancelled"]);
    // A proposal stalls after five days.
    assert_eq!(
        topics(&due(&world, &world.at("2026-03-11T14:00:00Z")).await),
        [Topic::DealFollowUp]
    );
}

/// Defect 3-18: pattern, then health, then intervention, also when one of them fails.
#[tokio::test]
async fn nothing_is_done_about_clients_before_they_were_scored() {
    let world = World::new().await;
    let client = format!(
        "insert into client_health_scores (tenant_id, id, email, sessions_purchased)
         values ('{}', gen_random_uuid(), 'kim@acme.example', 10);
         revoke update on client_health_scores from keel_app",
        world.context.tenant
    );
    world.owner.execute_unprepared(&client).await.unwrap();
    let decided = async |time: &str| topics(&due(&world, &world.at(time)).await);
    assert_eq!(decided("2026-03-03T10:30:00Z").await, []);
    let runs = world.run(async |tx| run::of(tx, Step::Interventions, 10).await).await;
    assert!(runs[0].ended_at.is_none(), "it waits for the scores");
    let grant = "grant update on client_health_scores to keel_app";
    world.owner.execute_unprepared(grant).await.unwrap();
    assert_eq!(decided("2026-03-03T10:40:00Z").await, [Topic::Intervention]);
}
