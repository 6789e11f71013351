//! The statements of the seeds' documents about our tables, word for word, on a database with rows.
//!
//! Those of seeds 002 and 003 about other tables come with those tables.

use integration::World;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use service::{Context, Tx};

/// A statement as its document has it; what has to be put in place of a placeholder; and how many
/// rows it returns to a tenant with [one row in each table](World::populate).
struct Seed {
    number: u8,
    sql: &'static str,
    rows: usize,
}

const AS_WRITTEN: &[Seed] = &[
    Seed { number: 28, sql: "SELECT COUNT(*) FROM feedback_requests;", rows: 1 },
    Seed {
        number: 29,
        sql: "SELECT id, last_activity_at, auto_follow_up_enabled\nFROM deals\nLIMIT 5;",
        rows: 1,
    },
    // `YOUR_TENANT_ID` stands for a tenant's id, in this and the next.
    Seed { number: 30, sql: "SELECT * FROM get_stalled_deals('YOUR_TENANT_ID', 5);", rows: 1 },
    Seed { number: 31, sql: "SELECT COUNT(*) FROM quotes;", rows: 1 },
    Seed { number: 32, sql: "SELECT * FROM get_quotes_needing_followup('YOUR_TENANT_ID', 5);", rows: 0 },
    Seed { number: 33, sql: "SELECT * FROM get_compliance_due('YOUR_TENANT_ID', 5);", rows: 1 },
    // It sets what nothing of ours reads; the tenant is said by keel.set_tenant.
    Seed { number: 35, sql: "SET request.jwt.claims TO '{\"sub\":\"USER_ID\"}';", rows: 0 },
    // The view is about the 90 days up to the database's own time.
    Seed {
        number: 46,
        sql: "SELECT * FROM signal_action_rates
WHERE tenant_id = 'YOUR_TENANT_ID'
ORDER BY action_rate_pct DESC;",
        rows: 0,
    },
    Seed { number: 36, sql: "SELECT COUNT(*) FROM quotes; -- Should be isolated by tenant", rows: 1 },
    // These views reach ninety days back from the real day.
    Seed {
        number: 44,
        sql: "SELECT * FROM deal_stage_velocity
WHERE tenant_id = 'YOUR_TENANT_ID'
ORDER BY avg_days DESC;",
        rows: 0,
    },
    Seed {
        number: 45,
        sql: "SELECT * FROM quote_win_rates\nWHERE tenant_id = 'YOUR_TENANT_ID';",
        rows: 0,
    },
    Seed {
        number: 47,
        sql: "SELECT * FROM compliance_completion_rates
WHERE tenant_id = 'YOUR_TENANT_ID'
ORDER BY completion_rate_pct ASC;",
        rows: 0,
    },
    Seed {
        number: 48,
        sql: "SELECT * FROM get_stalled_deals((SELECT id FROM tenants LIMIT 1), 5);",
        rows: 1,
    },
    Seed {
        number: 49,
        sql: "SELECT column_name, data_type, column_default
FROM information_schema.columns
WHERE table_name = 'client_health_scores'
  AND column_name IN ('avg_calls_per_week', 'calls_this_week', 'pattern_status', 'last_pattern_check');",
        rows: 4,
    },
    Seed {
        number: 50,
        sql: "SELECT table_name FROM information_schema.tables
WHERE table_name = 'call_pattern_analysis';",
        rows: 1,
    },
    Seed {
        number: 51,
        sql: "SELECT routine_name FROM information_schema.routines
WHERE routine_name IN ('get_pattern_breaks', 'get_week_start');",
        rows: 2,
    },
    Seed { number: 52, sql: "SELECT * FROM get_pattern_breaks(7);", rows: 0 },
    Seed {
        number: 54,
        sql: "SELECT avg_calls_per_week, calls_this_week, pattern_status
FROM client_health_scores LIMIT 5;",
        rows: 1,
    },
    Seed { number: 56, sql: "SELECT * FROM get_pattern_breaks(30);", rows: 0 },
    Seed { number: 57, sql: "SELECT get_week_start(NOW());", rows: 1 },
    Seed {
        number: 58,
        sql: "-- Check table sizes
SELECT
  schemaname,
  tablename,
  pg_size_pretty(pg_total_relation_size(schemaname||'.'||tablename)) AS size
FROM pg_tables
WHERE tablename IN ('client_health_scores', 'call_pattern_analysis')
ORDER BY pg_total_relation_size(schemaname||'.'||tablename) DESC;",
        rows: 2,
    },
    Seed { number: 60, sql: "SELECT version();", rows: 1 },
];

/// Those that cannot run as written: why, what the document has, and what to write instead.
const INSTEAD: &[(u8, &str, &str, &str, usize)] = &[
    (
        34,
        "our role is keel_app, and one connects as it instead of becoming it",
        "SET ROLE authenticated;",
        "SELECT current_user;",
        1,
    ),
    (
        37,
        "a `?` is another driver's placeholder: it stands for a tenant's id",
        "SELECT * FROM feedback_requests
WHERE tenant_id = ? AND status = 'pending' AND scheduled_for <= NOW()
ORDER BY scheduled_for LIMIT 20;",
        "SELECT * FROM feedback_requests
WHERE tenant_id = 'YOUR_TENANT_ID' AND status = 'pending' AND scheduled_for <= NOW()
ORDER BY scheduled_for LIMIT 20;",
        1,
    ),
    (
        38,
        "pseudo-SQL: `limit` is a reserved word, and the arguments are no values",
        "SELECT * FROM get_stalled_deals(tenant_id, limit);",
        "SELECT * FROM get_stalled_deals('YOUR_TENANT_ID', 20);",
        1,
    ),
    (
        39,
        "pseudo-SQL, as 38",
        "SELECT * FROM get_quotes_needing_followup(tenant_id, limit);",
        "SELECT * FROM get_quotes_needing_followup('YOUR_TENANT_ID', 20);",
        0,
    ),
    (
        42,
        "pseudo-SQL, as 38",
        "SELECT * FROM get_compliance_due(tenant_id, limit);",
        "SELECT * FROM get_compliance_due('YOUR_TENANT_ID', 20);",
        1,
    ),
    (
        43,
        "bookkeeping of the seed's own runner; ours is the migrator's, which the owner alone may change",
        "DELETE FROM migration_history WHERE migration_name IN (
  '20251223000000_p1_engines.sql',
  '20251223000001_p1_enhancements.sql'
);",
        "SELECT to_regclass('seaql_migrations');",
        1,
    ),
    (
        40,
        "a `?` is another driver's placeholder, as in 37",
        "SELECT * FROM contact_enrichment_queue
WHERE tenant_id = ? AND status = 'pending'
ORDER BY created_at LIMIT 20;",
        "SELECT * FROM contact_enrichment_queue
WHERE tenant_id = 'YOUR_TENANT_ID' AND status = 'pending'
ORDER BY created_at LIMIT 20;",
        1,
    ),
    (
        41,
        "a `?` is another driver's placeholder, as in 37",
        "SELECT * FROM opportunity_signals
WHERE tenant_id = ? AND actioned = FALSE
ORDER BY signal_strength DESC LIMIT 20;",
        "SELECT * FROM opportunity_signals
WHERE tenant_id = 'YOUR_TENANT_ID' AND actioned = FALSE
ORDER BY signal_strength DESC LIMIT 20;",
        2,
    ),
    (
        53,
        "needs pg_cron and pg_net; the caller's scheduler calls pattern::analyse until nobody is left",
        "SELECT cron.schedule('daily-pattern-analysis', '0 8 * * *', $$ SELECT 1 $$);",
        "SELECT email FROM client_health_scores ORDER BY pattern_attempted_at NULLS FIRST LIMIT 5;",
        1,
    ),
    (
        55,
        "a row names its tenant, and a client that is watched (defects 3-3, 3-10)",
        "INSERT INTO call_pattern_analysis (client_email, calls_this_week, avg_calls_per_week, pattern_status)
VALUES ('test@example.com', 1, 3, 'BELOW_PATTERN');",
        "INSERT INTO call_pattern_analysis (tenant_id, client_email, calls_this_week, avg_calls_per_week,
                                            pattern_status)
         VALUES ('YOUR_TENANT_ID', 'kim@acme.example', 1, 3, 'BELOW_PATTERN') RETURNING analysis_date;",
        1,
    ),
    (
        59,
        "the view calls its columns relname and indexrelname, and our indexes are named for the table",
        "SELECT
  schemaname,
  tablename,
  indexname,
  idx_scan,
  idx_tup_read,
  idx_tup_fetch
FROM pg_stat_user_indexes
WHERE indexname LIKE 'idx_pattern%'
ORDER BY idx_scan DESC;",
        "SELECT schemaname, relname, indexrelname, idx_scan, idx_tup_read, idx_tup_fetch
         FROM pg_stat_user_indexes WHERE relname = 'call_pattern_analysis' ORDER BY idx_scan DESC;",
        2,
    ),
];

async fn rows(world: &World, who: &Context, sql: &str) -> Result<usize, String> {
    let sql = sql.replace("YOUR_TENANT_ID", &who.tenant.to_string());
    let ask = Statement::from_string(DbBackend::Postgres, sql);
    let ask = async |tx: &Tx| Ok(tx.query_all_raw(ask).await?.len());
    world.db.run(who.clone(), ask).await.map_err(|error| format!("{error:?}"))
}

#[tokio::test]
async fn the_seeds_queries_run_as_written_and_see_one_tenant() {
    let world = World::new().await;
    world.populate(&world.context).await;
    for Seed { number, sql, rows: expected } in AS_WRITTEN {
        assert_eq!(rows(&world, &world.context, sql).await, Ok(*expected), "Q{number}");
    }
    let nothing = "SELECT id FROM quotes";
    assert_eq!(rows(&world, &world.neighbour, nothing).await, Ok(0));
}

#[tokio::test]
async fn those_that_cannot_run_as_written_fail_and_what_replaces_them_runs() {
    let world = World::new().await;
    world.populate(&world.context).await;
    for (number, why, written, instead, expected) in INSTEAD {
        assert!(rows(&world, &world.context, written).await.is_err(), "Q{number} runs: not {why}");
        assert_eq!(rows(&world, &world.context, instead).await, Ok(*expected), "Q{number}");
    }
}

/// Q63 is seed 004's: its number is listed by [`World::populate`].
#[tokio::test]
async fn the_seeds_listed_number_is_listed_for_its_tenant_and_unlisted_for_another() {
    let world = World::new().await;
    world.populate(&world.context).await;
    let sql = "SELECT is_on_dnc_list('+12065550010', 'YOUR_TENANT_ID')";
    let answer = async |who: &Context| {
        let sql = sql.replace("YOUR_TENANT_ID", &who.tenant.to_string());
        let ask = Statement::from_string(DbBackend::Postgres, sql);
        let ask = async |tx: &Tx| Ok(tx.query_one_raw(ask).await?.unwrap().try_get_by_index(0)?);
        world.db.read(who.clone(), ask).await.unwrap()
    };
    let (listed, theirs): (bool, bool) =
        (answer(&world.context).await, answer(&world.neighbour).await);
    assert_eq!((listed, theirs), (true, false));
}

/// Who writes the same in SQL gets the same Monday as the service, in any zone.
#[tokio::test]
async fn the_week_starts_in_sql_when_it_does_in_the_service() {
    let world = World::new().await;
    for zone in ["UTC", "America/New_York", "Asia/Dubai", "Pacific/Auckland", "Asia/Kathmandu"] {
        let rules: chrono_tz::Tz = zone.parse().unwrap();
        for hours in (0..24 * 400).step_by(17) {
            let at = world.context.now + chrono::TimeDelta::hours(hours);
            let sql = format!(
                "select (get_week_start('{}', '{zone}') = '{}')::text",
                at.to_rfc3339(),
                entity::zone::week_start(rules, at).to_rfc3339()
            );
            assert_eq!(world.strings(&sql).await, ["true"], "{zone} {at}");
        }
    }
}

/// Q61, Q62 and Q64, on the document's ten leads. Q61 finds the document's tables and ours; Q64 counts
/// what ours have in their histories, which the document's have not, but for two of them.
#[tokio::test]
async fn the_seeds_questions_about_leads_run_as_written_on_its_sample() {
    let world = World::new().await;
    let sample = world.ten_leads(&world.context).await;
    world.ten_leads(&world.neighbour).await;
    let found = async |sql: &str| {
        let ask = Statement::from_string(DbBackend::Postgres, sql.to_owned());
        let ask = async |tx: &Tx| Ok(tx.query_all_raw(ask).await?);
        world.db.read(world.context.clone(), ask).await.unwrap()
    };
    let q61 = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name LIKE 'lead%';";
    let tables: Vec<String> =
        found(q61).await.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    for table in [
        "leads",
        "lead_audit_log",
        "lead_status_history",
        "lead_source_costs",
        "lead_sequence_enrollments",
    ] {
        assert!(tables.iter().any(|t| t == table), "{table}");
    }
    assert_eq!(found("SELECT * FROM leads WHERE deleted_at IS NULL LIMIT 5;").await.len(), 5);
    let counts = async |sql: &str| {
        let rows = found(sql).await;
        let mut rows: Vec<(String, i64)> = rows
            .iter()
            .map(|row| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap()))
            .collect();
        rows.sort();
        rows
    };
    let named = |rows: &[(&str, i64)]| {
        rows.iter().map(|(status, n)| ((*status).to_owned(), *n)).collect::<Vec<_>>()
    };
    let q64 = "SELECT to_status, COUNT(*) FROM lead_status_history GROUP BY to_status;";
    let all = [
        ("cold", 1),
        ("contacted", 3),
        ("dnc", 1),
        ("hot", 2),
        ("new", 10),
        ("nurturing", 2),
        ("qualified", 3),
    ];
    assert_eq!(counts(q64).await, named(&all));
    let [first, second] = [sample.leads[0], sample.leads[1]];
    let of_two = format!(
        "SELECT to_status, COUNT(*) FROM lead_status_history
         WHERE lead_id IN ('{first}', '{second}') GROUP BY to_status"
    );
    let document = [("contacted", 2), ("hot", 2), ("new", 2), ("qualified", 1)];
    assert_eq!(counts(&of_two).await, named(&document));
}
