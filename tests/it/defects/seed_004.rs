//! The lead CRM.

use super::{
    Row,
    Settled::{By, Not},
};

pub const ROWS: &[Row] = &[
    (1, By(&["a_number_is_listed_however_it_is_written_and_for_this_tenant_only"])),
    (2, By(&["a_temporary_entry_holds_until_its_time_and_can_be_added_again_after"])),
    (3, By(&["a_lead_is_on_its_way_once_and_may_have_arrived_many_times"])),
    (4, By(&["no_verb_reaches_another_tenants_rows_and_every_verb_reaches_ones_own"])),
    (5, By(&["no_verb_reaches_another_tenants_rows_and_every_verb_reaches_ones_own"])),
    (6, By(&["every_key_and_unique_index_carries_the_tenant"])),
    (7, By(&["every_check_refuses_the_rows_that_break_it"])),
    (8, By(&["on_any_writing_of_a_number_the_service_and_the_sql_function_agree"])),
    (9, By(&["a_number_is_one_however_it_is_written_and_belongs_to_one_lead_of_a_tenant"])),
    (10, By(&["an_opt_out_between_clearing_and_dialling_is_seen"])),
    (11, By(&["adding_and_removing_are_both_recorded_with_who_when_and_why"])),
    (12, By(&["a_listed_number_blocks_its_lead_and_off_the_list_brings_its_status_back"])),
    (13, By(&["whoever_asks_for_no_calls_leaves_the_active_and_the_paused_ones"])),
    (14, By(&["every_check_refuses_the_rows_that_break_it"])),
    (15, By(&["a_fragment_a_refusal_or_a_mood_lists_nobody_and_is_looked_at"])),
    (16, By(&["a_temporary_entry_holds_until_its_time_and_can_be_added_again_after"])),
    (17, By(&["a_move_is_kept_with_who_why_and_how_long_the_status_lasted"])),
    (
        18,
        By(&[
            "nobody_changes_deletes_or_empties_the_entries_not_even_the_owner",
            "no_balance_moves_but_by_an_entry_whoever_writes",
        ]),
    ),
    (19, By(&["two_campaigns_of_a_source_do_not_collide_in_a_month_and_one_does_with_itself"])),
    (20, By(&["five_hundred_for_two_leads_stays_five_hundred"])),
    (21, By(&["the_funnel_of_five_leads_worked_by_hand"])),
    (22, Not("nothing is repaired by the smallest id: a number has one live lead from the first")),
    (
        23,
        By(&[
            "both_forms_of_a_weights_name_are_taken_and_the_long_one_is_stored",
            "a_component_gives_its_points_by_its_weight",
        ]),
    ),
    (24, By(&["what_is_not_set_reads_as_its_default"])),
    (
        25,
        By(&[
            "eighty_is_hot_sixty_warm_and_forty_cool",
            "the_first_rule_that_holds_says_what_to_do_and_why",
        ]),
    ),
    (26, By(&["other_systems_words_for_a_status_are_understood"])),
    (
        27,
        By(&[
            "a_quoted_cell_keeps_its_commas_quotes_and_line_ends_and_a_row_is_told_by_the_line_it_begins_on",
            "the_source_is_kept_in_the_files_own_words_and_none_is_made_up",
            "an_address_that_somebody_else_has_is_worth_a_look_and_no_obstacle",
        ]),
    ),
    (28, By(&["a_lead_that_somebody_makes_meanwhile_is_a_duplicate_and_no_error"])),
    (29, Not("the document counts its own lines and stories")),
    (30, By(&["money_of_other_currencies_is_named_apart_and_never_added"])),
    (31, By(&["a_zone_is_one_of_the_iana_database_and_a_country_one_that_can_be_dialled"])),
    (32, By(&["a_search_finds_beginnings_of_words_in_any_order_without_accents_and_case"])),
    (33, By(&["the_ten_leads_of_the_document_load_and_give_its_numbers"])),
    (34, By(&["the_record_of_changes_is_added_to_and_never_changed_but_for_what_is_taken_out"])),
    (
        35,
        By(&[
            "the_report_counts_attempts_against_all_guarded_calls_and_is_a_hundred_only_without_any",
        ]),
    ),
    (36, By(&["the_funnel_of_five_leads_worked_by_hand"])),
    (37, By(&["in_florida_selling_ends_at_eight_and_in_alaska_at_nine_by_the_clocks_there"])),
];
