drop table lead_merges;

drop table lead_links;

drop table erasures;
