//! The engines.

use super::{
    Row,
    Settled::{By, Not},
};

pub const ROWS: &[Row] = &[
    (1, By(&["the_loss_of_an_index_is_noticed_by_a_plan_a_reference_or_a_rule"])),
    (2, By(&["every_migration_can_be_undone_and_done_again_on_a_database_with_rows"])),
    (3, By(&["the_seeded_stages_say_what_holds_without_them"])),
    (4, By(&["a_move_is_recorded_once_whether_by_the_service_or_by_hand"])),
    (5, By(&["each_move_records_the_whole_days_in_the_stage_that_was_left"])),
    (6, By(&["time_in_a_stage_belongs_to_the_stage_that_was_left"])),
    (
        7,
        By(&[
            "numbers_count_up_within_a_tenant_and_a_year_of_its_calendar",
            "the_ten_thousandth_number_is_not_cut",
            "a_number_given_in_vain_is_given_again_and_the_sql_function_counts_along",
        ]),
    ),
    (
        8,
        By(&[
            "a_stage_without_a_row_has_the_shipped_numbers",
            "a_lead_gets_five_follow_ups_the_last_in_another_tone_and_then_no_more",
        ]),
    ),
    (
        9,
        By(&[
            "the_database_and_the_service_say_the_same_of_whatever_they_are_asked",
            "a_signal_is_listed_from_half_strength_on_and_has_priority_from_seven_tenths",
            "there_is_no_detector_of_chances_to_sell_more",
        ]),
    ),
    (10, By(&["every_period_is_what_the_calendar_says_and_they_join_up"])),
    (
        11,
        By(&[
            "checks_are_made_from_the_moment_that_they_are_listed_and_once",
            "the_sql_function_makes_the_same_checks_and_counts_those_that_it_made",
        ]),
    ),
    (12, By(&["a_month_that_is_too_short_shortens_no_other"])),
    (13, By(&["advancing_counts_from_the_anchor_and_says_nothing_about_completion"])),
    (14, By(&["whoever_waits_or_was_told_is_still_listed_and_so_is_a_check_without_a_schedule"])),
    (
        15,
        By(&[
            "whoever_waits_or_was_told_is_still_listed_and_so_is_a_check_without_a_schedule",
            "a_check_that_was_reminded_of_twice_is_escalated_as_soon_as_it_is_late",
        ]),
    ),
    (
        16,
        By(&[
            "a_check_is_overdue_when_its_day_has_ended_and_not_before",
            "a_quote_expires_after_its_last_day_on_the_tenants_calendar",
            "a_request_expires_thirty_days_after_it_was_sent_and_not_a_moment_before",
            "the_sweep_records_when_a_deal_stalled_once_however_late_and_often_it_comes",
        ]),
    ),
    (
        17,
        By(&[
            "views_run_as_whoever_asks_and_functions_search_where_they_say",
            "the_view_shows_a_tenant_its_own",
            "the_view_says_the_same_of_each_type_and_shows_nobody_anothers",
        ]),
    ),
    (18, By(&["the_sql_function_lists_the_same_and_says_type_and_what_is_missing"])),
    (
        19,
        By(&[
            "every_migration_can_be_undone_and_done_again_on_a_database_with_rows",
            "the_seeded_stages_say_what_holds_without_them",
        ]),
    ),
    // People are kept by value and nothing sets null (house rule); what is known of a contact goes
    // with it.
    (20, By(&["with_a_customer_goes_what_was_found_out_about_its_people"])),
    (21, By(&["the_seeds_queries_run_as_written_and_see_one_tenant"])),
    (22, By(&["the_first_due_day_is_the_first_of_the_next_period_of_the_calendar"])),
    (
        23,
        By(&[
            "whatever_changes_a_row_changes_when_it_was_updated",
            "every_column_of_a_closed_list_has_the_enums_values_and_no_others",
        ]),
    ),
    (24, By(&["a_lead_gets_five_follow_ups_the_last_in_another_tone_and_then_no_more"])),
    (25, By(&["rates_of_nothing_are_null_and_those_of_something_divide_by_the_right_thing"])),
    (26, By(&["rates_of_nothing_are_null_and_those_of_something_divide_by_the_right_thing"])),
    (27, By(&["our_own_mail_is_no_activity_and_the_next_is_due_after_the_stages_interval"])),
    (28, By(&["a_stage_without_a_row_has_the_shipped_numbers"])),
    (
        29,
        Not(
            "out of scope: win rates by stage and competitor, and time to decision, were advertised only",
        ),
    ),
    (30, By(&["an_empty_field_is_filled_and_a_full_one_is_left_and_its_conflict_recorded"])),
    (
        31,
        By(&[
            "a_quote_that_nobody_could_get_or_accept_is_not_sent",
            "an_outcome_is_recorded_once_and_with_what_we_asked_for",
        ]),
    ),
    (
        32,
        By(&[
            "an_unhappy_one_opens_a_case_of_high_priority_about_the_order",
            "the_ladder_has_three_steps_each_told_to_whom_it_names_and_the_check_stays_due",
            "a_signature_is_read_and_fills_what_was_empty_in_one_call",
        ]),
    ),
    (33, By(&["an_order_with_a_case_in_any_status_but_resolved_and_closed_is_not_asked_about"])),
    (34, By(&["what_was_decided_is_sent_under_its_key_and_counted_when_it_was"])),
];
