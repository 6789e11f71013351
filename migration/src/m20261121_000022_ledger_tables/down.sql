drop table system_config_history;

drop table system_config;

drop table budget_transactions;

drop table budget_holds;

drop table budget_accounts;
