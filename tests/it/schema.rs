//! What must hold of every table, view and function, whoever adds it.

use integration::{SERVER, UNINDEXED_REFERENCES, World, strings};
use migration::{
    HISTORY, Migrator, MigratorTrait,
    catalog::Catalog,
    derive,
    run::{self, Options, Verb},
    scratch,
};
use sea_orm::ConnectionTrait;

const NONE: [&str; 0] = [];

async fn found(sql: &str) -> Vec<String> {
    World::new().await.strings(sql).await
}

#[tokio::test]
async fn the_entities_and_the_migrations_say_the_same_and_nothing_landed_was_changed() {
    assert_eq!(derive::check(&SERVER).await.unwrap(), NONE);
}

/// Everything that a migration can make, for comparison.
const CATALOG: &str = "
    select 'column ' || concat_ws(' ', table_name, column_name, data_type, is_nullable,
                                  column_default, generation_expression)
    from information_schema.columns where table_schema = 'public'
    union all
    select 'constraint ' || concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
    from pg_constraint where connamespace = 'public'::regnamespace
    union all
    select 'index ' || indexdef from pg_indexes where schemaname = 'public'
    union all
    select 'policy ' || concat_ws(' ', tablename, policyname, roles, cmd, qual, with_check)
    from pg_policies
    union all
    select 'function ' || pg_get_functiondef(oid) || coalesce(proacl::text, '') from pg_proc
    where pronamespace in ('public'::regnamespace, 'keel'::regnamespace)
    union all
    select 'table ' || concat_ws(' ', relname, relowner::regrole, relrowsecurity,
                                 relforcerowsecurity, relacl)
    from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v')
    union all
    select 'trigger ' || pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
    order by 1";

/// What the tables hold, as one checksum each.
async fn rows(db: &impl ConnectionTrait) -> Vec<String> {
    let tables = "select relname::text from pg_class
                  where relkind = 'r' and relnamespace = 'public'::regnamespace
                    and relname <> 'seaql_migrations' order by 1";
    let mut sums = vec![];
    for table in strings(db, tables).await {
        let sum = format!(
            "select '{table} ' || count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by \
             t::text)), '') from {table} t"
        );
        sums.extend(strings(db, &sum).await);
    }
    sums
}

#[tokio::test]
async fn every_migration_can_be_undone_and_done_again_on_a_database_with_rows() {
    let world = World::new().await;
    world.populate(&world.context).await;
    world.populate(&world.neighbour).await;
    let url = SERVER.url(&world.name);
    let before = (strings(&world.owner, CATALOG).await, rows(&world.owner).await);
    assert!(before.1.iter().all(|table| !table.contains(" 0 ")), "{:#?}", before.1);

    // As far back as no table is dropped: the rows must not have changed.
    let may_not = Options::default();
    let keeps = HISTORY.iter().rev().take_while(|m| !m.down.contains("drop table")).count();
    if keeps > 0 {
        let back = Verb::Down(u32::try_from(keeps).unwrap());
        run::run(&url, back, may_not, |_| {}).await.unwrap();
    }
    run::run(&url, Verb::Up(None), may_not, |_| {}).await.unwrap();
    assert_eq!((strings(&world.owner, CATALOG).await, rows(&world.owner).await), before);

    // All the way: the tables go, and come back as they were.
    for back in 1..=u32::try_from(Migrator::migrations().len()).unwrap() {
        run::run(&url, Verb::Down(back), Options { yes_drop_data: true }, |_| {}).await.unwrap();
        run::run(&url, Verb::Up(None), may_not, |_| {}).await.unwrap();
        assert_eq!(strings(&world.owner, CATALOG).await, before.0, "{back} steps back");
    }
}

#[tokio::test]
async fn migrations_are_in_the_order_of_their_names() {
    let names: Vec<_> = Migrator::migrations().iter().map(|m| m.name().to_owned()).collect();
    assert!(names.is_sorted(), "{names:#?}");
}

#[tokio::test]
async fn every_table_begins_with_its_tenant_and_has_one_policy_of_the_one_form() {
    let open = "
        select c.relname::text from pg_class c
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
          and c.relname <> 'seaql_migrations'
          and not (
            c.relrowsecurity and c.relforcerowsecurity
            and exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum = 1
                        and a.attnotnull and a.atttypid = 'uuid'::regtype
                        and a.attname = case c.relname when 'tenants' then 'id' else 'tenant_id' end)
            and (select array_agg(format('%s %s %s %s %s', p.policyname, p.permissive, p.roles, p.cmd,
                                         p.qual = p.with_check))
                 from pg_policies p where p.tablename = c.relname)
                = array['tenant PERMISSIVE {keel_app} ALL t']
            and (select p.qual from pg_policies p where p.tablename = c.relname)
                = format('(%s = (NULLIF(current_setting(''app.current_tenant_id''::text, true), \
                         ''''::text))::uuid)',
                         case c.relname when 'tenants' then 'id' else 'tenant_id' end))
        order by 1";
    assert_eq!(found(&open.replace("\\\n                         ", "")).await, NONE);
}

#[tokio::test]
async fn the_owner_owns_everything_and_the_application_only_has_verbs() {
    let wrong = "
        select relname || ' is owned by ' || relowner::regrole from pg_class
        where relnamespace in ('public'::regnamespace, 'keel'::regnamespace)
          and relkind in ('r', 'v', 'm', 'S') and relname <> 'seaql_migrations'
          and relowner <> 'keel_owner'::regrole
        union all
        select proname || ' is owned by ' || proowner::regrole from pg_proc
        where pronamespace in ('public'::regnamespace, 'keel'::regnamespace)
          and proowner <> 'keel_owner'::regrole
        union all
        select rolname || ' has powers' from pg_roles
        where (rolname = 'keel_app' and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb
                                         or not rolcanlogin))
           or (rolname = 'keel_owner' and (rolsuper or rolbypassrls or rolcanlogin))
        union all
        select c.relname || ' grants ' || a.privilege_type || ' to ' || a.grantee::regrole
        from pg_class c, aclexplode(c.relacl) a
        where c.relnamespace = 'public'::regnamespace and a.grantee <> c.relowner
          and (a.grantee <> 'keel_app'::regrole
               or a.privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE'))
        union all
        select 'default privileges of ' || defaclrole::regrole from pg_default_acl
        order by 1";
    assert_eq!(found(wrong).await, NONE);
}

#[tokio::test]
async fn nobody_keeps_rows_in_a_temporary_table_beyond_their_transaction() {
    let name = integration::name(); // a copy would not have the privileges of the database
    let db = scratch::migrated(&SERVER, &name).await.unwrap();
    let may = "select has_database_privilege('keel_app', current_database(), 'temporary')::text";
    assert_eq!(strings(&db, may).await, ["false"]);
}

#[tokio::test]
async fn every_key_and_unique_index_carries_the_tenant() {
    let bare = "
        select i.indexrelid::regclass::text from pg_index i
        join pg_class c on c.oid = i.indrelid
        where i.indisunique and c.relnamespace = 'public'::regnamespace
          and c.relname not in ('tenants', 'seaql_migrations')
          and not exists (select from pg_attribute a where a.attrelid = i.indrelid
                          and a.attname = 'tenant_id' and a.attnum = i.indkey[0])
        order by 1";
    assert_eq!(found(bare).await, NONE);
}

#[tokio::test]
async fn every_reference_within_a_tenant_carries_the_tenant_and_sets_nothing_to_null() {
    let bare = "
        select conname::text from pg_constraint
        where contype = 'f' and connamespace = 'public'::regnamespace
          and (confdeltype in ('n', 'd') or confupdtype <> 'a'
               or (confrelid <> 'tenants'::regclass and not pg_get_constraintdef(oid)
                   ~ 'FOREIGN KEY \\(tenant_id, .*REFERENCES .*\\(tenant_id, '))
        order by 1";
    assert_eq!(found(bare).await, NONE);
}

#[tokio::test]
async fn every_reference_can_be_followed_backwards_by_an_index() {
    assert_eq!(found(UNINDEXED_REFERENCES).await, NONE);
}

#[tokio::test]
async fn views_run_as_whoever_asks_and_functions_search_where_they_say() {
    let wrong = "
        select c.relname::text from pg_class c
        where c.relkind in ('v', 'm') and c.relnamespace = 'public'::regnamespace
          and (c.relkind = 'm' or not coalesce(c.reloptions, '{}') @> '{security_invoker=true}')
        union all
        select p.proname::text from pg_proc p
        where p.pronamespace in ('public'::regnamespace, 'keel'::regnamespace)
          and (p.prosecdef
               or not coalesce(p.proconfig, '{}') @> array['search_path=pg_catalog, pg_temp']
               or p.proacl is null or p.proacl::text like '{=%' or p.proacl::text like '%,=%')
        order by 1";
    assert_eq!(found(wrong).await, NONE);
}

#[tokio::test]
async fn names_are_short_enough_for_a_shard_and_nothing_is_left_half_made() {
    let wrong = "
        select relname::text from pg_class
        where relnamespace = 'public'::regnamespace and length(relname) > 55
        union all
        select conname::text from pg_constraint
        where connamespace = 'public'::regnamespace and (length(conname) > 55 or not convalidated)
        union all
        select indexrelid::regclass::text from pg_index where not indisvalid
        order by 1";
    assert_eq!(found(wrong).await, NONE);
}

#[expect(clippy::too_many_lines, reason = "a list")]
#[tokio::test]
async fn every_column_of_a_closed_list_has_the_enums_values_and_no_others() {
    use entity::{
        compliance, customers::customer, engine, feedback::feedback_request, health, leads, ledger,
        outreach, sales, support,
    };
    use sea_orm::{ActiveEnum, Iterable};

    fn list<E: ActiveEnum<Value = String> + Iterable>(table: &str, column: &str) -> String {
        let mut values: Vec<_> = E::iter().map(|e| e.to_value()).collect();
        values.sort();
        format!("{table}.{column} {}", values.join(" "))
    }

    let mut said = vec![
        list::<customer::Tier>("customers", "tier"),
        list::<customer::LifecycleStage>("customers", "lifecycle_stage"),
        list::<customer::Status>("customers", "status"),
        list::<customer::HealthTrend>("customers", "health_trend"),
        list::<sales::deal::Stage>("deals", "stage"),
        list::<sales::deal::Stage>("deal_stage_config", "stage"),
        list::<sales::deal::Stage>("deal_stage_history", "from_stage"),
        list::<sales::deal::Stage>("deal_stage_history", "to_stage"),
        list::<sales::deal_activity::Kind>("deal_activities", "activity_type"),
        list::<sales::quote::Status>("quotes", "status"),
        list::<sales::quote::Outcome>("quotes", "outcome"),
        list::<sales::quote::Stop>("quotes", "follow_up_stop"),
        list::<sales::quote_activity::Kind>("quote_activities", "activity_type"),
        list::<sales::quote::Outcome>("quote_outcomes", "outcome"),
        list::<outreach::dnc::Kind>("dnc_list", "kind"),
        list::<outreach::dnc_check::Purpose>("dnc_checks", "purpose"),
        list::<outreach::dnc_check::Verdict>("dnc_checks", "verdict"),
        list::<outreach::dnc_check::Refusal>("dnc_checks", "refusals"),
        list::<outreach::consent::Purpose>("consents", "purpose"),
        list::<outreach::consent::Channel>("consents", "channel"),
        list::<outreach::consent::Basis>("consents", "basis"),
        list::<outreach::consent::Purpose>("call_attempts", "purpose"),
        list::<outreach::consent::Channel>("call_attempts", "channel"),
        list::<outreach::call_attempt::Outcome>("call_attempts", "outcome"),
        list::<outreach::external_list::Kind>("external_lists", "kind"),
        list::<outreach::external_list_number::Answer>("external_list_numbers", "answer"),
        list::<outreach::opt_out_review::Grade>("opt_out_reviews", "grade"),
        list::<outreach::opt_out_review::State>("opt_out_reviews", "state"),
        list::<health::client_health_score::Zone>("client_health_scores", "health_zone"),
        list::<health::client_health_score::Momentum>("client_health_scores", "momentum_indicator"),
        list::<health::pattern::Status>("client_health_scores", "pattern_status"),
        list::<health::client_health_score::Level>("client_health_scores", "risk_category"),
        list::<health::client_health_score::Level>("client_health_scores", "intervention_priority"),
        list::<health::client_session::Status>("client_sessions", "status"),
        list::<health::client_health_score::Zone>("client_lifecycle_history", "health_zone"),
        list::<health::client_health_score::Zone>("client_lifecycle_history", "previous_zone"),
        list::<health::client_health_score::Momentum>(
            "client_lifecycle_history",
            "engagement_trend",
        ),
        list::<health::coach_performance::Trend>("coach_performance", "trend"),
        list::<health::client_health_score::Zone>("contact_owner_history", "health_zone_before"),
        list::<health::client_health_score::Zone>("contact_owner_history", "health_zone_after"),
        list::<health::intervention::Trigger>("intervention_log", "triggered_by"),
        list::<health::intervention::Kind>("intervention_log", "intervention_type"),
        list::<health::client_health_score::Level>("intervention_log", "intervention_priority"),
        list::<health::intervention::Status>("intervention_log", "status"),
        list::<health::client_health_score::Zone>("intervention_log", "health_zone"),
        list::<health::client_health_score::Momentum>("intervention_log", "momentum_indicator"),
        list::<health::intervention::Kind>("intervention_outcomes", "intervention_type"),
        list::<health::client_health_score::Zone>(
            "intervention_outcomes",
            "health_zone_at_intervention",
        ),
        list::<health::client_health_score::Momentum>("intervention_outcomes", "momentum_before"),
        list::<health::call_record::CallType>("call_records", "call_type"),
        list::<health::call_record::Status>("call_records", "status"),
        list::<health::call_record::Outcome>("call_records", "outcome"),
        list::<health::pattern::Status>("call_pattern_analysis", "pattern_status"),
        list::<health::pattern::Rule>("call_pattern_analysis", "rule"),
        list::<engine::outbox::Topic>("outbox", "topic"),
        list::<engine::outbox::State>("outbox", "state"),
        list::<engine::run::Step>("engine_runs", "step"),
        list::<sales::task::Status>("tasks", "status"),
        list::<support::case::Priority>("tasks", "priority"),
        list::<support::case::Status>("cases", "status"),
        list::<support::case::Priority>("cases", "priority"),
        list::<feedback_request::Status>("feedback_requests", "status"),
        list::<feedback_request::SkipReason>("feedback_requests", "skip_reason"),
        list::<feedback_request::Sentiment>("feedback_requests", "sentiment"),
        list::<feedback_request::Issue>("feedback_requests", "issues"),
        list::<sales::contact_enrichment::Source>("contact_enrichment_queue", "source"),
        list::<sales::contact_enrichment::Status>("contact_enrichment_queue", "status"),
        list::<sales::contact_enrichment::Skip>("contact_enrichment_queue", "skip_reason"),
        list::<sales::contact_enrichment::Source>("contact_enrichment_proposals", "source"),
        list::<sales::contact_enrichment_proposal::State>("contact_enrichment_proposals", "state"),
        list::<sales::contact_field::Field>("contact_enrichment_proposals", "field"),
        list::<sales::contact_enrichment::Source>("contact_fields", "source"),
        list::<sales::contact_field::Field>("contact_fields", "field"),
        list::<sales::opportunity_signal::SignalType>("opportunity_signals", "signal_type"),
        list::<sales::opportunity_signal::SourceType>("opportunity_signals", "source_type"),
        list::<compliance::compliance_schedule::Frequency>("compliance_schedule", "frequency"),
        list::<compliance::compliance_schedule::Cadence>("compliance_schedule", "cadence"),
        list::<compliance::compliance_schedule::Adjust>("compliance_schedule", "adjust"),
        list::<compliance::compliance_schedule::Joining>("compliance_schedule", "joining"),
        list::<compliance::compliance_schedule::Target>(
            "compliance_schedule",
            "target_entity_type",
        ),
        list::<compliance::compliance_schedule::Target>("compliance_checks", "entity_type"),
        list::<compliance::compliance_check::Status>("compliance_checks", "status"),
        list::<compliance::compliance_check_event::Kind>("compliance_check_events", "kind"),
        list::<leads::lead::Status>("leads", "status"),
        list::<leads::lead_import::Format>("lead_imports", "format"),
        list::<leads::lead_import::Status>("lead_imports", "status"),
        list::<leads::lead_import_row::Outcome>("lead_import_rows", "outcome"),
        list::<leads::lead_import_row::Warning>("lead_import_rows", "warning"),
        list::<leads::lead_import_row::Kept>("lead_import_rows", "kept"),
        list::<leads::lead::Status>("lead_status_history", "from_status"),
        list::<leads::lead::Status>("lead_status_history", "to_status"),
        list::<leads::lead_status_history::Trigger>("lead_status_history", "trigger_type"),
        list::<leads::lead_activity::Kind>("lead_activities", "activity_type"),
        list::<leads::lead_activity::Direction>("lead_activities", "direction"),
        list::<leads::lead_activity::Outcome>("lead_activities", "outcome"),
        list::<leads::lead_activity::Signal>("lead_activities", "signals"),
        list::<leads::lead_score::Class>("lead_score_history", "score_class"),
        list::<leads::lead_score::Cause>("lead_score_history", "cause"),
        list::<leads::distribution::Strategy>("distribution_pools", "strategy"),
        list::<leads::distribution::Strategy>("lead_assignments", "strategy"),
        list::<leads::distribution::Strategy>("lead_assignment_queue", "strategy"),
        list::<ledger::budget_transaction::TransactionType>(
            "budget_transactions",
            "transaction_type",
        ),
        list::<ledger::budget_hold::State>("budget_holds", "state"),
        list::<leads::system_config::Key>("system_config", "config_key"),
        list::<leads::system_config::Key>("system_config_history", "config_key"),
        list::<leads::lead_link::Kind>("lead_links", "kind"),
        list::<leads::erasure::Kind>("erasures", "subject_kind"),
        list::<outreach::nurture_sequence::ReEntry>("nurture_sequences", "re_entry"),
        list::<outreach::nurture_sequence::OnDnc>("nurture_sequences", "on_dnc"),
        list::<outreach::lead_sequence_enrollment::Status>("lead_sequence_enrollments", "status"),
        list::<outreach::lead_sequence_enrollment::Stop>("lead_sequence_enrollments", "stop"),
        list::<outreach::nurture_sequence::Channel>("lead_sequence_enrollments", "next_channel"),
        list::<outreach::nurture_sequence::Channel>("lead_sequence_enrollment_steps", "channel"),
        list::<outreach::lead_sequence_enrollment_step::Outcome>(
            "lead_sequence_enrollment_steps",
            "status",
        ),
        list::<outreach::lead_sequence_enrollment_step::Skip>(
            "lead_sequence_enrollment_steps",
            "skip_reason",
        ),
    ];
    said.sort();
    // Every CHECK of one column that lists words, whoever wrote it.
    let lists = "
        select format('%s.%s %s', c.conrelid::regclass, a.attname,
                      (select string_agg(m[1], ' ' order by m[1] collate \"C\")
                       from regexp_matches(pg_get_constraintdef(c.oid), '''([^'']*)''::text', 'g') m))
        from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
        where c.contype = 'c' and c.connamespace = 'public'::regnamespace
          and c.conname like '%\\_known' order by 1";
    let mut held = found(lists).await;
    held.sort();
    assert_eq!(held, said);
}

#[tokio::test]
async fn the_script_for_a_distributed_postgres_names_every_table_once_parents_first() {
    let world = World::new().await;
    let script = std::fs::read_to_string(derive::path("citus/distribute.sql")).unwrap();
    let catalog = Catalog::read(&world.owner).await.unwrap();
    assert_eq!(script, migration::citus::distribute(&catalog));
    let place = |table: &str| {
        let line = format!("_table('public.{table}'");
        let mut places = script.match_indices(&line).map(|(at, _)| at);
        let first = places.next().unwrap_or_else(|| panic!("{table} is not there"));
        // Once to distribute it, once to empty the local copy, and as what others lie beside.
        assert!(places.count() >= 1);
        first
    };
    let references = "select conrelid::regclass || ' ' || confrelid::regclass from pg_constraint
                      where contype = 'f' and conrelid <> confrelid";
    for pair in world.strings(references).await {
        let (child, parent) = pair.split_once(' ').unwrap();
        assert!(place(parent) < place(child), "{parent} comes after {child}");
    }
}

#[tokio::test]
async fn what_the_entities_make_is_distributable_too() {
    let name = integration::name();
    let db = scratch::declared(&SERVER, &name).await.unwrap();
    let sub_selects = "select tablename::text from pg_policies where qual ~* 'select'";
    assert_eq!(strings(&db, sub_selects).await, NONE);
}
