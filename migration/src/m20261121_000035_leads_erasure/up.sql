create index contact_enrichment_queue_of_email on contact_enrichment_queue (tenant_id, email_address);

create index outbox_about on outbox (tenant_id, subject_id);
