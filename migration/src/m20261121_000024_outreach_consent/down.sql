drop table suppressions;

drop table suppression_keys;

drop table opt_out_reviews;

drop table external_list_numbers;

drop table external_lists;

drop index dnc_list_for_reason;
drop index dnc_list_from_source;
drop index dnc_list_newest;
drop index dnc_list_removed;
alter table dnc_list drop constraint dnc_list_retracted_is_removed;
alter table dnc_list drop column retracted;

drop index dnc_checks_guarded;
alter table dnc_checks drop constraint dnc_checks_refusals_known;
alter table dnc_checks add constraint dnc_checks_refusals_known check (refusals <@ array['unparseable'::text, 'listed'::text, 'premium'::text, 'outside_window'::text, 'unknown_zone'::text, 'clearance_expired'::text]);

drop table consents;

drop table call_attempts;
