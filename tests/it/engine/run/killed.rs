//! Four workers and four senders on one tenant, whose connections are cut at random.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use integration::{SERVER, World};
use migration::run;
use sea_orm::ConnectionTrait;
use service::{
    Context, Db, Error,
    engine::{self, Limits, outbox},
    sales::deal::Claims,
};

use super::rows;

const ROUNDS: u64 = 50;
const WORKERS: usize = 4;
const DEALS: usize = 9;
const QUOTES: usize = 6;
const PEOPLE: usize = 4;
/// Clients who bought sessions and never came: they are scored red, and something is to be done.
const CLIENTS: usize = 3;
/// Leads on their way through a sequence, whose next step is due.
const LEADS: usize = 3;
/// A message for each, and four for each of the people: a request for feedback, a look-up, and of two
/// checks a reminder and an escalation.
const ALL: usize = DEALS + QUOTES + 4 * PEOPLE + CLIENTS + LEADS;

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap()
}

/// A number that looks like any other, and is the same in every run.
fn dice(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// Cuts some connection of the application's in this database some ten times a second.
fn killer(world: &World, seed: u64, stop: &Arc<AtomicBool>) -> tokio::task::JoinHandle<u64> {
    let (url, name, stop) = (SERVER.url(&world.name), world.name.clone(), Arc::clone(stop));
    tokio::spawn(async move {
        let admin = run::connect(&url).await.unwrap();
        let (mut state, mut cut) = (seed, 0);
        let kill = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = '{name}' and usename = 'keel_app' order by random() limit 1"
        );
        while !stop.load(Ordering::Relaxed) {
            cut += admin.execute_unprepared(&kill).await.unwrap().rows_affected();
            tokio::time::sleep(Duration::from_millis(25 + dice(&mut state) % 75)).await;
        }
        cut
    })
}

/// Works until it is told that nothing is left: what fails is a lost connection, and nothing else.
async fn work(db: Db, who: Context, limits: Limits) {
    loop {
        match engine::run_due(&db, &who, &limits).await {
            Ok(_) => return,
            Err(Error::Database(_)) => tokio::time::sleep(Duration::from_millis(1)).await,
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Sends until nothing is left, and writes down each message that it sent.
async fn send(db: Db, who: Context, sent: Arc<Mutex<HashMap<String, u32>>>) {
    loop {
        let ask = Claims { limit: 3, lease: TimeDelta::seconds(1) };
        let claimed = db.run(who.clone(), async |tx| outbox::claim(tx, &ask).await).await;
        let Ok(claimed) = claimed else { continue };
        if claimed.is_empty() {
            let left =
                "select from outbox where tenant_id = $1 and state = 'pending' and $2 is not null";
            let left = async |tx: &service::Tx| {
                let ask = sea_orm::Statement::from_sql_and_values(
                    sea_orm::DbBackend::Postgres,
                    left,
                    [who.tenant.into(), who.now.into()],
                );
                Ok(tx.query_all_raw(ask).await?.len())
            };
            match db.read(who.clone(), left).await {
                Ok(0) => return,
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        for message in claimed {
            *sent.lock().unwrap().entry(message.key.clone()).or_default() += 1;
            // Whoever loses the connection here cannot know; the message is claimed again then.
            let _ = db.run(who.clone(), async |tx| outbox::delivered(tx, &message).await).await;
        }
    }
}

#[expect(clippy::too_many_lines, reason = "one story")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_due_item_is_handled_once_by_four_workers_whose_connections_are_cut() {
    let world = World::new().await;
    world.populate(&world.context).await;
    // A working Tuesday, on which Monday is made up for as well.
    let who = world.at("2026-03-10T11:00:00Z");
    let tenant = who.tenant;
    let mut cut = 0;
    for round in 0..ROUNDS {
        let scene = format!(
            "delete from outbox; delete from engine_runs; delete from quote_activities;
             delete from quote_outcomes; delete from quotes; delete from deals;
             delete from feedback_requests; delete from contact_enrichment_queue;
             delete from compliance_check_events; delete from compliance_checks;
             delete from compliance_schedule; delete from tasks;
             delete from intervention_outcomes; delete from intervention_log;
             delete from client_lifecycle_history; delete from client_health_scores;
             delete from lead_sequence_enrollment_steps;
             delete from lead_sequence_enrollments;
             delete from contacts where first_name like 'c%';
             insert into leads (tenant_id, id, first_name, last_name, phone_number, time_zone, tags,
                                status_since)
             select '{tenant}', md5('lead' || n)::uuid, 'n', 'n', '+1206555010' || n, 'UTC', '{{}}',
                    timestamptz '2026-03-01'
             from generate_series(1, {LEADS}) n on conflict do nothing;
             insert into consents (tenant_id, id, subject, purpose, channel, basis, text_version,
                                   source, captured_by, granted_at, recorded_at)
             select '{tenant}', md5('consent' || n)::uuid, '+1206555010' || n, 'marketing', 'sms',
                    'express_written', 'v1', 'paper', 'x', timestamptz '2026-03-01', now()
             from generate_series(1, {LEADS}) n on conflict do nothing;
             insert into lead_sequence_enrollments (tenant_id, id, lead_id, sequence_id, version_id,
                                                    enrolled_at, next_step_scheduled_at, next_channel)
             select '{tenant}', gen_random_uuid(), l.id, v.sequence_id, v.id,
                    timestamptz '2026-03-02', timestamptz '2026-03-09', 'sms'
             from leads l, nurture_sequence_versions v where l.first_name = 'n';
             insert into contacts (tenant_id, id, client_id, first_name, last_name, email)
             select '{tenant}', gen_random_uuid(), 'cs_1_acme', 'c' || n, 'c', 'c' || n || '@a.example'
             from generate_series(1, {PEOPLE}) n;
             insert into feedback_requests (tenant_id, id, order_id, client_id, contact_id,
                                            delivery_date, scheduled_for)
             select '{tenant}', gen_random_uuid(), gen_random_uuid(), 'cs_1_acme', k.id,
                    timestamptz '2026-03-02', timestamptz '2026-03-09'
             from contacts k where k.first_name like 'c%';
             insert into contact_enrichment_queue (tenant_id, id, contact_id, source, observed_at,
                                                   next_attempt_at)
             select '{tenant}', gen_random_uuid(), k.id, 'apollo', timestamptz '2026-03-02',
                    timestamptz '2026-03-09'
             from contacts k where k.first_name like 'c%';
             insert into compliance_checks (tenant_id, id, compliance_type, entity_type, entity_id,
                                            client_id, contact_id, period_start, period_end,
                                            due_on, due_at)
             select '{tenant}', gen_random_uuid(), 'licence', 'contact', k.id, 'cs_1_acme', k.id,
                    d.day - 30, d.day, d.day, d.day + 1
             from contacts k, unnest(array[date '2026-03-15', date '2026-03-01']) d (day)
             where k.first_name like 'c%';
             insert into client_health_scores (tenant_id, id, email, sessions_purchased)
             select '{tenant}', gen_random_uuid(), 'h' || n || '@a.example', 10
             from generate_series(1, {CLIENTS}) n;
             insert into deals (tenant_id, id, client_id, contact_id, title, stage_entered_at,
                                created_at)
             select '{tenant}', gen_random_uuid(), 'cs_1_acme', k.id, 'd' || n,
                    timestamptz '2026-03-01', timestamptz '2026-03-01'
             from generate_series(1, {DEALS}) n, contacts k
             where k.tenant_id = '{tenant}' and k.first_name = 'Ada';
             insert into quotes (tenant_id, id, client_id, contact_id, quote_number, title,
                                 total_amount, status, sent_at, next_follow_up_at)
             select '{tenant}', gen_random_uuid(), 'cs_1_acme', k.id, 'Q-2026-' || 1000 + n, 'q', 1,
                    'sent', timestamptz '2026-03-05', timestamptz '2026-03-09'
             from generate_series(1, {QUOTES}) n, contacts k
             where k.tenant_id = '{tenant}' and k.first_name = 'Ada'"
        );
        world.owner.execute_unprepared(&scene).await.unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let killer = killer(&world, round, &stop);
        let limits = Limits { compliance: 100, ..Limits::default() };
        let workers: Vec<_> = (0..WORKERS)
            .map(|_| tokio::spawn(work(world.db.clone(), who.clone(), limits)))
            .collect();
        for worker in workers {
            worker.await.unwrap();
        }
        let decided = "outbox where state = 'pending'";
        assert_eq!(rows(&world, decided).await, whole(ALL), "round {round}: each once, none lost");
        let open = rows(&world, "engine_runs where ended_at is null").await;
        assert_eq!(open, 0, "round {round}: every step is done");

        let sent = Arc::new(Mutex::new(HashMap::new()));
        let senders: Vec<_> = (0..WORKERS)
            .map(|_| tokio::spawn(send(world.db.clone(), who.clone(), Arc::clone(&sent))))
            .collect();
        for sender in senders {
            sender.await.unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        cut += killer.await.unwrap();
        assert_eq!(sent.lock().unwrap().len(), ALL, "round {round}: each was sent");
        assert_eq!(rows(&world, "outbox where state = 'delivered'").await, whole(ALL));
        let recorded = "deals where follow_up_count = 1";
        assert_eq!(rows(&world, recorded).await, whole(DEALS));
        let activities = "deal_activities where activity_type = 'follow_up'";
        assert_eq!(rows(&world, activities).await, whole(DEALS));
        let quotes = "quotes where follow_up_count = 1";
        assert_eq!(rows(&world, quotes).await, whole(QUOTES));
        let asked = "feedback_requests where status = 'sent'";
        assert_eq!(rows(&world, asked).await, whole(PEOPLE));
        let reminded = "compliance_checks where reminder_count = 1 and escalation_count = 0";
        assert_eq!(rows(&world, reminded).await, whole(PEOPLE));
        let escalated = "compliance_checks where escalation_count = 1 and reminder_count = 0";
        assert_eq!(rows(&world, escalated).await, whole(PEOPLE));
        assert_eq!(rows(&world, "tasks").await, whole(PEOPLE), "one for each escalation");
        let scored = "client_lifecycle_history where health_zone = 'RED'";
        assert_eq!(rows(&world, scored).await, whole(CLIENTS));
        let done = "intervention_log where status = 'sent'";
        assert_eq!(rows(&world, done).await, whole(CLIENTS));
        let reached = "lead_sequence_enrollment_steps where step = 1 and status = 'sent'";
        assert_eq!(rows(&world, reached).await, whole(LEADS));
        let further = "lead_sequence_enrollments where current_step = 2 and status = 'active'";
        assert_eq!(rows(&world, further).await, whole(LEADS));
        let looked_up = "contact_enrichment_queue where handed_over_at is not null";
        assert_eq!(rows(&world, looked_up).await, whole(PEOPLE));
    }
    assert!(cut > ROUNDS, "connections were cut: {cut}");
}
