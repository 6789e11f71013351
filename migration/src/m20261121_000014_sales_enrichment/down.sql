drop table opportunity_signals;

drop table contact_fields;

drop table contact_enrichment_proposals;

drop table contact_enrichment_queue;

drop index contacts_of_email;
alter table contacts drop constraint contacts_linkedin_url_length;
alter table contacts drop constraint contacts_website_length;
alter table contacts drop column website;
alter table contacts drop column linkedin_url;
