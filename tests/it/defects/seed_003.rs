//! Call patterns and client health.

use super::{
    Row,
    Settled::{By, Not},
};

pub const ROWS: &[Row] = &[
    (1, By(&["those_that_cannot_run_as_written_fail_and_what_replaces_them_runs"])),
    (
        2,
        By(&[
            "the_week_starts_in_sql_when_it_does_in_the_service",
            "the_week_begins_on_monday_where_the_tenant_is",
        ]),
    ),
    (3, By(&["no_verb_reaches_another_tenants_rows_and_every_verb_reaches_ones_own"])),
    (
        4,
        By(&[
            "every_column_of_a_closed_list_has_the_enums_values_and_no_others",
            "a_day_has_one_row_a_client_and_a_second_run_does_nothing",
        ]),
    ),
    (
        5,
        By(&[
            "monday_morning_is_no_break",
            "monday_morning_is_no_break_and_wednesday_may_be",
            "the_seeds_rule_gives_the_seeds_figures",
        ]),
    ),
    (6, By(&["a_week_is_compared_with_as_much_of_a_usual_one_as_has_passed"])),
    (7, By(&["only_conversations_count_at_the_time_they_took_place"])),
    (8, By(&["whoever_was_looked_at_longest_ago_comes_first_and_nobody_is_left_out"])),
    (9, By(&["breaks_come_before_shortfalls_and_many_lost_calls_before_few"])),
    (10, By(&["a_client_is_watched_once_in_a_tenant_and_belongs_to_its_customers_only"])),
    (11, By(&["a_client_that_fails_stops_nobody_and_keeps_its_old_figures"])),
    (12, By(&["a_client_seen_today_is_not_taken_for_one_who_was_never_seen"])),
    (
        13,
        Not(
            "the second tracker that its trigger kept in step is not built: leads have their own status",
        ),
    ),
    (14, By(&["a_client_is_scored_from_sessions_and_package_with_all_that_led_to_it"])),
    (15, By(&["a_client_has_a_name_to_be_known_by_and_one_of_each_column"])),
    (16, By(&["every_column_of_a_closed_list_has_the_enums_values_and_no_others"])),
    (17, By(&["a_broken_pattern_is_logged_once_with_what_was_usual_and_what_is_now"])),
    (
        18,
        By(&[
            "steps_come_in_their_order_and_each_once_for_its_hour",
            "nothing_is_done_about_clients_before_they_were_scored",
        ]),
    ),
    (19, By(&["the_risk_is_the_sum_of_its_reasons_within_0_and_100"])),
    (20, By(&["those_that_cannot_run_as_written_fail_and_what_replaces_them_runs"])),
    (21, By(&["the_seeds_own_rule_counts_whatever_was_recorded_in_thirty_days"])),
    (22, By(&["every_migration_can_be_undone_and_done_again_on_a_database_with_rows"])),
    (
        23,
        By(&[
            "of_a_new_client_nothing_is_known_and_nothing_is_made_up",
            "of_a_client_of_two_weeks_nothing_can_be_said_and_of_three_it_can",
        ]),
    ),
    (24, By(&["a_client_who_stops_stays_broken_until_the_next_call"])),
];
