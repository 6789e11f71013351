drop function keel.update_deal_last_activity();
drop function keel.log_deal_stage_change();
drop function keel.enter_deal_stage();
drop function keel.touch();
