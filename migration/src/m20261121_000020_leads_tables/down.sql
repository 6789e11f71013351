drop table lead_words;

drop table lead_tags;

drop table lead_status_history;

drop table leads;

drop table lead_audit_log;
drop function keel.redact_only();
