//! Views and functions show a tenant its own, and of another's rows no more than of none.

use chrono::Utc;
use integration::{SERVER, World};
use migration::run;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use service::{Context, sales::deal};
use uuid::Uuid;

use super::code;

/// A call of each function that reads or writes rows; `ID` is a tenant's, or a row's of its.
const CALLS: &[(&str, &str)] = &[
    ("advance_compliance_schedule", "select advance_compliance_schedule('ID')::text"),
    ("calculate_lead_score", "select calculate_lead_score('ID')::text"),
    (
        "create_compliance_checks_from_schedule",
        "select create_compliance_checks_from_schedule('ID', '[{\"entity_id\": \"cs_1_acme\"}]')::text",
    ),
    (
        "consent_in_force",
        "select coalesce(consent_in_force('206 555 0010', 'marketing', 'call', 'ID'), 'none')",
    ),
    ("get_lead_funnel", "select coalesce(sum(entered), 0)::text from get_lead_funnel('ID')"),
    (
        "get_source_roi",
        "select count(*)::text from get_source_roi('ID', to_char(now(), 'YYYY-MM'), \
         to_char(now(), 'YYYY-MM'))",
    ),
    ("generate_quote_number", "select generate_quote_number('ID')"),
    ("get_compliance_due", "select count(*)::text from get_compliance_due('ID', 50, 'infinity')"),
    (
        "get_quotes_needing_followup",
        "select count(*)::text from get_quotes_needing_followup('ID', 50)",
    ),
    ("get_stalled_deals", "select count(*)::text from get_stalled_deals('ID', 50)"),
    ("is_on_dnc_list", "select is_on_dnc_list('206 555 0010', 'ID')::text"),
    ("is_on_dnc_list", "select is_on_dnc_list('206 555 0011', 'ID')::text"),
    ("seed_default_deal_stages", "select seed_default_deal_stages('ID')::text"),
];

/// Those that are asked about the tenant of the transaction: what nobody is told.
const OWN: &[(&str, &str)] = &[
    (
        "completion_rate",
        "select count(*)::text from nurture_sequences s where s.completion_rate is null",
    ),
    ("get_at_risk_clients", "select count(*)::text from get_at_risk_clients()"),
    ("get_overall_avg", "select coalesce(get_overall_avg()::text, '0')"),
    ("get_pattern_breaks", "select count(*)::text from get_pattern_breaks(9999)"),
    (
        "total_enrollments",
        "select coalesce(sum(s.total_enrollments), 0)::text from nurture_sequences s",
    ),
    ("get_zone_distribution", "select count(*)::text from get_zone_distribution()"),
];

/// Those that read nothing.
const PURE: &[&str] = &["calculate_signal_strength", "get_week_start"];

async fn answer(app: &DatabaseConnection, setting: Option<&str>, sql: &str) -> String {
    app.execute_unprepared("begin").await.unwrap();
    if let Some(setting) = setting {
        let set = format!("set local app.current_tenant_id = '{setting}'");
        app.execute_unprepared(&set).await.unwrap();
    }
    let row = app.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await;
    let said = match row {
        Ok(row) => row.and_then(|row| row.try_get_by_index(0).ok()).unwrap_or_default(),
        Err(error) => code(&error),
    };
    app.execute_unprepared("rollback").await.unwrap();
    said
}

async fn scene() -> (World, DatabaseConnection) {
    let world = World::new().await;
    // Views reach back from the real day.
    for who in [&world.context, &world.neighbour] {
        let who = Context { now: Utc::now(), ..who.clone() };
        world.populate(&who).await;
        let moved = async |tx: &service::Tx| {
            let deals = deal::list(tx, &deal::List::default()).await?;
            let later = deal::Stage::Qualified;
            deal::move_to(tx, deals.items[0].id, later, None).await.map(drop)
        };
        world.run_as(&who, moved).await;
    }
    let app = run::connect(&SERVER.url_as("keel_app", &world.name)).await.unwrap();
    (world, app)
}

#[tokio::test]
async fn every_view_shows_a_tenant_its_own_rows_and_nobody_elses() {
    let (world, app) = scene().await;
    let (ours, theirs) = (world.context.tenant.to_string(), world.neighbour.tenant.to_string());
    let views = "select relname::text from pg_class
                 where relkind = 'v' and relnamespace = 'public'::regnamespace";
    let views = world.strings(views).await;
    assert!(views.len() >= 4, "{views:?}");
    for view in views {
        let whose = format!("select string_agg(distinct tenant_id::text, ',') from {view}");
        assert_eq!(answer(&app, Some(&ours), &whose).await, ours, "{view}");
        assert_eq!(answer(&app, Some(&theirs), &whose).await, theirs, "{view}");
        assert_eq!(answer(&app, None, &whose).await, "", "{view}");
        assert_eq!(answer(&app, Some(""), &whose).await, "", "{view}");
    }
}

#[tokio::test]
async fn a_function_tells_of_another_tenants_rows_what_it_tells_of_none() {
    let (world, app) = scene().await;
    let ours = world.context.tenant.to_string();
    let theirs = world.neighbour.tenant;
    let schedule = format!("select id::text from compliance_schedule where tenant_id = '{theirs}'");
    let schedule = world.strings(&schedule).await.remove(0);
    for (name, call) in CALLS {
        let of = |id: &str| call.replace("ID", id);
        let nobodys = answer(&app, Some(&ours), &of(&Uuid::now_v7().to_string())).await;
        for id in [&theirs.to_string(), &schedule] {
            assert_eq!(answer(&app, Some(&ours), &of(id)).await, nobodys, "{name} of {id}");
        }
        let null = call.replace("'ID'", "null");
        assert_ne!(answer(&app, Some(&ours), &null).await, "XX000", "{name} of null");
        let unset = answer(&app, None, &of(&ours)).await;
        assert_eq!(unset, answer(&app, None, &of(&theirs.to_string())).await, "{name} for nobody");
    }
    for (name, call) in OWN {
        let own = answer(&app, Some(&ours), call).await;
        // Nobody's pattern is broken here; tests of patterns break some.
        assert!(own != "0" || *name == "get_pattern_breaks", "{name}");
        assert_eq!(answer(&app, None, call).await, "0", "{name}");
    }
}

#[tokio::test]
async fn every_function_is_asked_by_a_stranger() {
    let world = World::new().await;
    let functions = "select distinct proname::text from pg_proc
                     where pronamespace = 'public'::regnamespace order by 1";
    let asked = CALLS.iter().chain(OWN).map(|(name, _)| *name).chain(PURE.iter().copied());
    let asked: std::collections::BTreeSet<_> = asked.map(str::to_owned).collect();
    let there = world.strings(functions).await.into_iter().collect();
    assert_eq!(asked, there);
}
