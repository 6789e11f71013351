mod call_attempt;
mod consent;
mod dnc;
mod external_list;
mod opt_out_review;
mod suppression;
