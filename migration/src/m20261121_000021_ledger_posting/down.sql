drop function keel.settle_budget_hold();
drop function keel.hold_budget();
drop function keel.refuse_unentered_balance();
drop function keel.post_budget_transaction();
drop function keel.number_budget_transaction();
