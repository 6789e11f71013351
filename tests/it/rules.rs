//! Every rule that a table keeps, broken: whoever writes, and by whatever road, the database says
//! no, and says by which rule.
//!
//! Which rules there are is the catalog's to say, so that a new one cannot be forgotten here.

use std::collections::BTreeSet;

use integration::World;
use sea_orm::{ConnectionTrait, DbErr, RuntimeErr, sqlx};

/// A rule by its name, and what breaks it and no other: Postgres tries a row's CHECKs in the order
/// of their names. A range is left on both sides, where the type lets it; NaN is above every number.
type Broken = (&'static str, &'static str);

/// What the rows of the rule's table are changed to; or a whole statement, where they are sealed.
const CHECKS: &[Broken] = &[
    ("call_pattern_analysis_calls_range", "calls_this_week = -1"),
    ("call_pattern_analysis_calls_range", "avg_calls_per_week = -0.01"),
    ("call_pattern_analysis_calls_range", "avg_calls_per_week = 'NaN'"),
    ("call_pattern_analysis_calls_range", "expected_calls = -0.01"),
    ("call_pattern_analysis_calls_range", "expected_calls = 'NaN'"),
    ("call_pattern_analysis_calls_range", "deviation_pct = 'NaN'"),
    ("call_pattern_analysis_rule_known", "rule = 'whim'"),
    ("call_pattern_analysis_status_known", "pattern_status = 'normal'"),
    ("call_records_duration_range", "duration_seconds = -1"),
    ("call_records_external_id_length", "external_id = ''"),
    ("call_records_external_id_length", "external_id = repeat('x', 201)"),
    ("call_records_outcome_known", "outcome = 'booked'"),
    ("call_records_status_known", "status = 'completed'"),
    ("call_records_type_known", "call_type = 'PIGEON'"),
    ("client_health_scores_calls_range", "avg_calls_per_week = -0.01"),
    ("client_health_scores_calls_range", "avg_calls_per_week = 'NaN'"),
    ("client_health_scores_calls_range", "expected_calls = -0.01, lost_calls = -1"),
    ("client_health_scores_calls_range", "expected_calls = 'NaN'"),
    ("client_health_scores_calls_range", "lost_calls = expected_calls + 0.01"),
    ("client_health_scores_change_range", "deviation_pct = 'NaN'"),
    ("client_health_scores_change_range", "rate_of_change_percent = 'NaN'"),
    ("client_health_scores_checked_week", "pattern_week_start = null"),
    ("client_health_scores_churn_range", "churn_risk_score = -0.01"),
    ("client_health_scores_churn_range", "churn_risk_score = 100.01"),
    ("client_health_scores_counts_range", "sessions_7d = -1"),
    ("client_health_scores_counts_range", "sessions_30d = -1"),
    ("client_health_scores_counts_range", "sessions_90d = -1"),
    ("client_health_scores_counts_range", "outstanding_sessions = -1"),
    ("client_health_scores_counts_range", "sessions_purchased = -1"),
    ("client_health_scores_counts_range", "owner_change_count = -1"),
    ("client_health_scores_counts_range", "calls_this_week = -1"),
    ("client_health_scores_counts_range", "days_inactive = -1"),
    ("client_health_scores_counts_range", "days_since_last_session = -1"),
    ("client_health_scores_email_form", "email = 'Kim@acme.example'"),
    ("client_health_scores_email_form", "email = 'a@'"),
    ("client_health_scores_email_form", "email = repeat('x', 255)"),
    ("client_health_scores_engagement_range", "engagement_score = -1"),
    ("client_health_scores_engagement_range", "engagement_score = 101"),
    ("client_health_scores_financial_range", "financial_score = -1"),
    ("client_health_scores_financial_range", "financial_score = 101"),
    ("client_health_scores_momentum_known", "momentum_indicator = 'SIDEWAYS'"),
    ("client_health_scores_momentum_range", "momentum_score = -1"),
    ("client_health_scores_momentum_range", "momentum_score = 101"),
    ("client_health_scores_package_range", "package_score = -1"),
    ("client_health_scores_package_range", "package_score = 101"),
    ("client_health_scores_pattern_known", "pattern_status = 'normal'"),
    ("client_health_scores_relationship_range", "relationship_score = -1"),
    ("client_health_scores_relationship_range", "relationship_score = 101"),
    ("client_health_scores_risk_range", "predictive_risk_score = -0.01"),
    ("client_health_scores_risk_range", "predictive_risk_score = 100.01"),
    ("client_health_scores_score_range", "health_score = -0.01"),
    ("client_health_scores_score_range", "health_score = 100.01"),
    ("client_health_scores_zone_known", "health_zone = 'BLUE'"),
    ("contacts_email_form", "email = 'Ada@acme.example'"),
    ("contacts_email_form", "email = repeat('x', 255)"),
    ("contacts_first_name_length", "first_name = ''"),
    ("contacts_first_name_length", "first_name = repeat('x', 101)"),
    ("contacts_last_name_length", "last_name = ''"),
    ("contacts_last_name_length", "last_name = repeat('x', 101)"),
    ("contacts_mobile_form", "mobile = '212 555 1001'"),
    ("contacts_phone_form", "phone = '+0125551001'"),
    ("customers_client_id_form", "client_id = 'cs_1_Acme'"),
    ("customers_client_id_length", "client_id = 'cs_1_' || repeat('x', 96)"),
    ("customers_client_name_length", "client_name = ''"),
    ("customers_client_name_length", "client_name = repeat('x', 201)"),
    ("customers_company_name_length", "company_name = ''"),
    ("customers_company_name_length", "company_name = repeat('x', 201)"),
    ("customers_contract_order", "contract_end_date = contract_start_date"),
    ("customers_contract_value_range", "contract_value = -0.01"),
    ("customers_contract_value_range", "contract_value = 'NaN'"),
    ("customers_health_score_range", "health_score = -0.01"),
    ("customers_health_score_range", "health_score = 100.01"),
    ("customers_health_trend_known", "health_trend = 'sideways'"),
    ("customers_lifecycle_stage_known", "lifecycle_stage = 'gone'"),
    ("customers_status_known", "status = 'gone'"),
    ("customers_tier_known", "tier = 'gold'"),
    ("deal_activities_attempt_of_follow_up", "attempt_no = 1, stage_entered_at = now()"),
    ("deal_activities_attempt_of_follow_up", "stage_entered_at = now()"),
    ("deal_activities_attempt_of_follow_up", "activity_type = 'follow_up'"),
    ("deal_activities_attempt_of_follow_up", "activity_type = 'follow_up', attempt_no = 1"),
    (
        "deal_activities_attempt_of_follow_up",
        "activity_type = 'follow_up', attempt_no = 0, stage_entered_at = now()",
    ),
    ("deal_activities_type_known", "activity_type = 'rumour'"),
    ("deal_stage_config_follow_ups_range", "max_follow_ups = -1"),
    ("deal_stage_config_follow_ups_range", "max_follow_ups = 101"),
    ("deal_stage_config_interval_range", "follow_up_interval_days = 0"),
    ("deal_stage_config_interval_range", "follow_up_interval_days = 366"),
    ("deal_stage_config_stage_known", "stage = 'closed_won'"),
    ("deal_stage_config_stale_range", "max_days_before_stale = -1"),
    ("deal_stage_config_stale_range", "max_days_before_stale = 3651"),
    ("deal_stage_history_days_range", "from_stage = 'won', days_in_previous_stage = -1"),
    ("deal_stage_history_days_when_moved", "days_in_previous_stage = 0"),
    ("deal_stage_history_days_when_moved", "from_stage = 'won'"),
    ("deal_stage_history_from_known", "from_stage = 'limbo', days_in_previous_stage = 0"),
    ("deal_stage_history_moves", "from_stage = to_stage, days_in_previous_stage = 0"),
    ("deal_stage_history_to_known", "to_stage = 'limbo'"),
    ("deals_closed_with_a_date", "stage = 'won'"),
    ("deals_closed_with_a_date", "actual_close_date = '2026-03-02'"),
    ("deals_currency_form", "currency = 'usd'"),
    ("deals_follow_up_claim_whole", "follow_up_claim = gen_random_uuid()"),
    ("deals_follow_up_claim_whole", "follow_up_lease_until = now()"),
    ("deals_follow_up_count_range", "follow_up_count = -1"),
    ("deals_follow_up_count_range", "follow_up_count = 1001"),
    ("deals_probability_range", "probability = -0.0001"),
    ("deals_probability_range", "probability = 1.0001"),
    ("deals_stage_known", "stage = 'closed_won'"),
    ("deals_stall_after_days_range", "stall_after_days = -1"),
    ("deals_stall_after_days_range", "stall_after_days = 3651"),
    ("deals_title_length", "title = ''"),
    ("deals_title_length", "title = repeat('x', 501)"),
    ("deals_value_range", "value = -0.01"),
    ("deals_value_range", "value = 'NaN'"),
    // Evidence is sealed against changes, so these come as new rows.
    (
        "dnc_checks_number_length",
        "insert into dnc_checks select tenant_id, gen_random_uuid(), repeat('9', 65), \
         purpose, verdict, refusals, actor, checked_at from dnc_checks",
    ),
    (
        "dnc_checks_purpose_known",
        "insert into dnc_checks select tenant_id, gen_random_uuid(), number, 'whim', verdict, \
         refusals, actor, checked_at from dnc_checks",
    ),
    (
        "dnc_checks_refusals_known",
        "insert into dnc_checks select tenant_id, gen_random_uuid(), number, purpose, \
         'refused', '{listed,whim}', actor, checked_at from dnc_checks",
    ),
    (
        "dnc_checks_refused_with_reasons",
        "insert into dnc_checks select tenant_id, gen_random_uuid(), number, purpose, \
         'refused', '{}', actor, checked_at from dnc_checks",
    ),
    (
        "dnc_checks_refused_with_reasons",
        "insert into dnc_checks select tenant_id, gen_random_uuid(), number, purpose, \
         'clear', '{listed}', actor, checked_at from dnc_checks",
    ),
    (
        "dnc_checks_verdict_known",
        "insert into dnc_checks select tenant_id, gen_random_uuid(), number, purpose, \
         'perhaps', '{}', actor, checked_at from dnc_checks",
    ),
    ("dnc_list_expires_if_temporary", "expires_at = added_at + interval '1 day'"),
    ("dnc_list_expires_if_temporary", "kind = 'temporary'"),
    ("dnc_list_expires_if_temporary", "kind = 'temporary', expires_at = added_at"),
    ("dnc_list_kind_known", "kind = 'forever'"),
    ("dnc_list_phone_number_form", "phone_number = '206 555 0010'"),
    ("dnc_list_reason_length", "reason = ''"),
    ("dnc_list_reason_length", "reason = repeat('x', 101)"),
    ("dnc_list_removal_has_a_reason", "removed_at = added_at"),
    ("dnc_list_removal_has_a_reason", "removal_reason = 'consent'"),
    ("dnc_list_removal_has_a_reason", "removed_at = added_at, removal_reason = ''"),
    (
        "dnc_list_removal_has_a_reason",
        "removed_at = added_at - interval '1 microsecond', removal_reason = 'consent'",
    ),
    ("quote_activities_attempt_of_follow_up", "attempt_no = 1"),
    ("quote_activities_attempt_of_follow_up", "activity_type = 'follow_up'"),
    ("quote_activities_attempt_of_follow_up", "activity_type = 'follow_up', attempt_no = 0"),
    ("quote_activities_session_of_view", "session = 's'"),
    ("quote_activities_session_of_view", "activity_type = 'viewed'"),
    ("quote_activities_session_of_view", "activity_type = 'viewed', session = ''"),
    ("quote_activities_session_of_view", "activity_type = 'viewed', session = repeat('x', 201)"),
    ("quote_activities_type_known", "activity_type = 'rumour'"),
    ("quote_counters_range", "last_number = 0"),
    ("quote_counters_range", "year = 1969"),
    ("quote_counters_range", "year = 10000"),
    ("quote_outcomes_competitor_amount_range", "competitor_amount = -0.01"),
    ("quote_outcomes_competitor_amount_range", "competitor_amount = 'NaN'"),
    ("quote_outcomes_our_amount_range", "our_amount = -0.01"),
    ("quote_outcomes_our_amount_range", "our_amount = 'NaN'"),
    ("quote_outcomes_outcome_known", "outcome = 'drawn'"),
    ("quotes_active_has_a_next", "status = 'sent', next_follow_up_at = now()"),
    (
        "quotes_active_has_a_next",
        "status = 'sent', follow_up_stop = null, follow_up_stopped_at = null",
    ),
    ("quotes_counts_range", "view_count = -1"),
    ("quotes_counts_range", "follow_up_count = -1"),
    ("quotes_currency_form", "currency = 'EURO'"),
    ("quotes_description_length", "description = ''"),
    ("quotes_description_length", "description = repeat('x', 5001)"),
    ("quotes_follow_up_claim_whole", "follow_up_claim = gen_random_uuid()"),
    ("quotes_follow_up_claim_whole", "follow_up_lease_until = now()"),
    ("quotes_follow_up_stop_known", "follow_up_stop = 'boredom'"),
    ("quotes_intel_form", "intel = '[]'"),
    ("quotes_line_items_form", "line_items = '{}'"),
    ("quotes_max_follow_ups_range", "max_follow_ups = -1"),
    ("quotes_max_follow_ups_range", "max_follow_ups = 101"),
    ("quotes_number_form", "quote_number = 'Q-2026-001'"),
    ("quotes_outcome_known", "outcome = 'drawn'"),
    ("quotes_sent_when", "status = 'viewed', sent_at = null"),
    ("quotes_status_known", "status = 'lost'"),
    ("quotes_stop_with_a_reason", "follow_up_stop = null"),
    ("quotes_stop_with_a_reason", "follow_up_stopped_at = null"),
    ("quotes_title_length", "title = ''"),
    ("quotes_title_length", "title = repeat('x', 501)"),
    ("quotes_total_amount_range", "total_amount = -0.01"),
    ("quotes_total_amount_range", "total_amount = 999999999.01"),
    ("quotes_total_amount_range", "total_amount = 'NaN'"),
    ("quotes_version_range", "version = 0"),
    ("tenants_currency_form", "currency = 'US'"),
    ("tenants_name_length", "name = ''"),
    ("tenants_name_length", "name = repeat('x', 201)"),
    ("tenants_phone_region_form", "phone_region = 'us'"),
    ("tenants_stall_after_days_range", "stall_after_days = -1"),
    ("tenants_stall_after_days_range", "stall_after_days = 3651"),
    ("users_email_length", "email = ''"),
    ("users_email_length", "email = repeat('x', 255)"),
    ("users_email_lower", "email = 'Sam@tenant.example'"),
    ("users_name_length", "name = ''"),
    ("users_name_length", "name = repeat('x', 201)"),
    ("users_role_length", "role = ''"),
    ("users_role_length", "role = repeat('x', 101)"),
];

/// Where no row is there to be repeated, a statement brings two.
const UNIQUE: &[Broken] = &[
    (
        "call_pattern_analysis_day",
        "insert into call_pattern_analysis (tenant_id, client_email, analysis_date, \
         pattern_status) select tenant_id, client_email, analysis_date, 'NORMAL' from \
         call_pattern_analysis",
    ),
    (
        "call_records_once",
        "insert into call_records (tenant_id, id, client_email, external_id, call_date, \
         call_type, status) select tenant_id, gen_random_uuid(), client_email, 'pbx-1', \
         call_date, call_type, status from call_records, generate_series(1, 2)",
    ),
    (
        "client_health_scores_email",
        "insert into client_health_scores (tenant_id, id, email) select tenant_id, \
         gen_random_uuid(), email from client_health_scores",
    ),
    (
        "deal_activities_follow_up_once",
        "insert into deal_activities (tenant_id, id, deal_id, activity_type, occurred_at, \
         attempt_no, stage_entered_at) select tenant_id, gen_random_uuid(), id, 'follow_up', \
         now() + n * interval '1 day', 1, stage_entered_at from deals, generate_series(1, 2) \
         n",
    ),
    (
        "deal_activities_stalled_once",
        "insert into deal_activities (tenant_id, id, deal_id, activity_type, occurred_at) \
         select tenant_id, gen_random_uuid(), id, 'stalled', now() from deals, \
         generate_series(1, 2)",
    ),
    (
        "deal_stage_config_stage",
        "insert into deal_stage_config (tenant_id, id, stage) select tenant_id, \
         gen_random_uuid(), stage from deal_stage_config",
    ),
    (
        "dnc_list_live",
        "insert into dnc_list (tenant_id, id, phone_number, raw_number, kind, reason, \
         added_at) select tenant_id, gen_random_uuid(), phone_number, raw_number, kind, \
         reason, added_at from dnc_list",
    ),
    (
        "quote_activities_follow_up_once",
        "insert into quote_activities (tenant_id, id, quote_id, activity_type, attempt_no) \
         select tenant_id, gen_random_uuid(), id, 'follow_up', 1 from quotes, \
         generate_series(1, 2)",
    ),
    (
        "quote_activities_view_once",
        "insert into quote_activities (tenant_id, id, quote_id, activity_type, session) \
         select tenant_id, gen_random_uuid(), id, 'viewed', 's' from quotes, \
         generate_series(1, 2)",
    ),
    (
        "quote_outcomes_once",
        "insert into quote_outcomes (tenant_id, id, quote_id, outcome, recorded_at) select \
         tenant_id, gen_random_uuid(), quote_id, 'lost', now() from quote_outcomes",
    ),
    (
        "quotes_number",
        "insert into quotes (tenant_id, id, client_id, quote_number, version, title, \
         total_amount) select tenant_id, gen_random_uuid(), client_id, quote_number, version, \
         'again', 1 from quotes",
    ),
    (
        "quotes_superseded_once",
        "insert into quotes (tenant_id, id, client_id, supersedes_id, quote_number, version, \
         title, total_amount) select tenant_id, gen_random_uuid(), client_id, id, \
         quote_number, version + n, 'again', 1 from quotes, generate_series(1, 2) n",
    ),
    (
        "users_email",
        "insert into users (tenant_id, id, email, name) select tenant_id, gen_random_uuid(), \
         email, 'Sam too' from users",
    ),
];

/// A rule, a statement that breaks it, and the code by which Postgres refuses that.
struct Try {
    rule: String,
    statement: String,
    code: &'static str,
}

/// What Postgres says to a statement, which is undone whatever it says: code and rule.
async fn answer(world: &World, statement: &str) -> String {
    world.owner.execute_unprepared("begin").await.unwrap();
    let done = world.owner.execute_unprepared(statement).await;
    world.owner.execute_unprepared("rollback").await.unwrap();
    match done {
        Ok(done) => format!("{} rows", done.rows_affected()),
        Err(error) => refusal(&error),
    }
}

fn refusal(error: &DbErr) -> String {
    let (DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e))) = error
    else {
        return error.to_string();
    };
    match &**e {
        sqlx::Error::Database(refused) => {
            let code = refused.code().unwrap_or_default();
            format!("{code} {}", refused.constraint().unwrap_or_default())
        }
        other => other.to_string(),
    }
}

/// A tenant with a row in every table, and a superuser, whom no policy holds back.
async fn crowded() -> World {
    let world = World::new().await;
    world.populate(&world.context).await;
    world
}

/// Every statement is refused, by the rule that it was meant for.
async fn all_hold(world: &World, tries: impl IntoIterator<Item = Try>) {
    let mut wrong = vec![];
    for Try { rule, statement, code } in tries {
        let said = answer(world, &statement).await;
        if said != format!("{code} {rule}") {
            wrong.push(format!("{rule}: {statement}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The list breaks every rule that there is, and none that there is not.
fn is_complete(list: &[Broken], rules: impl Iterator<Item = impl Into<String>>) {
    let listed: BTreeSet<String> = list.iter().map(|(rule, _)| (*rule).to_owned()).collect();
    let known: BTreeSet<String> = rules.map(Into::into).collect();
    let unbroken: Vec<_> = known.difference(&listed).collect();
    assert!(unbroken.is_empty(), "nobody breaks {unbroken:?}");
    let gone: Vec<_> = listed.difference(&known).collect();
    assert!(gone.is_empty(), "there is no {gone:?}");
}

#[tokio::test]
async fn every_check_refuses_the_rows_that_break_it() {
    let world = crowded().await;
    let sql = "select conname || ' ' || conrelid::regclass from pg_constraint
               where contype = 'c' and connamespace = 'public'::regnamespace";
    let rows = world.strings(sql).await;
    let checks: Vec<_> = rows.iter().map(|row| row.split_once(' ').unwrap()).collect();
    is_complete(CHECKS, checks.iter().map(|(rule, _)| *rule));
    let tries = CHECKS.iter().map(|(rule, change)| {
        let (_, table) = checks.iter().find(|(name, _)| name == rule).unwrap();
        let statement = match *change {
            whole if whole.starts_with("insert") => whole.to_owned(),
            change => format!("update {table} set {change}"),
        };
        Try { rule: (*rule).to_owned(), statement, code: "23514" }
    });
    all_hold(&world, tries).await;
}

#[tokio::test]
async fn every_unique_index_refuses_the_second_of_two_that_are_alike() {
    let world = crowded().await;
    let indexes = "select c.relname::text from pg_index i join pg_class c on c.oid = i.indexrelid
                   where i.indisunique and not i.indisprimary
                     and c.relnamespace = 'public'::regnamespace
                     and i.indrelid <> 'seaql_migrations'::regclass";
    is_complete(UNIQUE, world.strings(indexes).await.into_iter());
    let tries = UNIQUE.iter().map(|(rule, statement)| Try {
        rule: (*rule).to_owned(),
        statement: (*statement).to_owned(),
        code: "23505",
    });
    all_hold(&world, tries).await;
}

#[tokio::test]
async fn every_primary_key_refuses_a_row_that_is_there_already() {
    let world = crowded().await;
    // A copy of a row in all columns that are not computed.
    let copies = "
        select k.conname || ' ' || format('insert into %1$I (%2$s) select %2$s from %1$I',
                                          c.relname, string_agg(quote_ident(a.attname), ', '))
        from pg_constraint k join pg_class c on c.oid = k.conrelid
        join pg_attribute a on a.attrelid = c.oid
        where k.contype = 'p' and k.connamespace = 'public'::regnamespace
          and c.relname <> 'seaql_migrations' and a.attnum > 0 and not a.attisdropped
          and a.attgenerated = ''
        group by k.conname, c.relname";
    let copies = world.strings(copies).await;
    assert!(copies.len() >= 17, "{}", copies.len());
    let tries = copies.iter().map(|copy| {
        let (rule, statement) = copy.split_once(' ').unwrap();
        Try { rule: rule.to_owned(), statement: statement.to_owned(), code: "23505" }
    });
    all_hold(&world, tries).await;
}
