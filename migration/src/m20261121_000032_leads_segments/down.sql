drop table segments;

drop index lead_status_history_entered;
drop index lead_audit_log_changed;

drop index leads_by_status_score;
drop index leads_created;
create index leads_by_status_score on leads (tenant_id, status, lead_score, id)
    where deleted_at is null;

drop table lead_source_costs;
