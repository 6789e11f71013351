drop index outbox_about;

drop index contact_enrichment_queue_of_email;
